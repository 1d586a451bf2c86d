/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "load.h"

#include <stdlib.h>
#include <string.h>

#define SCHEMA 1
/* Suggestions compare at most this many names in one run: a file of nothing but mistakes still ends quickly. */
#define SUGGESTION_BUDGET 1000000u

/* ---- the tree -------------------------------------------------------------------------------------------------- */

/* Of the text of load->text at offset. */
static bool read_tree(struct ps_load *load, config_t *config, size_t offset)
{
    if (config_read_string(config, load->text->s + offset))
        return true;
    /* The scanner mends what it complains about, so this is what it does not know. libconfig keeps what it read so far.
     */
    struct ps_src src = ps_source_place(load->text, load->before + (size_t)config_error_line(config));
    ps_diag_add(load->diags, PS_SEV_ERROR, NULL, load->source->files[src.file], src.line, NULL,
                "%s; look here and on the line before for a missing ; , = or quotation mark",
                config_error_text(config));
    load->partial = true;
    return config_root_setting(config) != NULL;
}

bool ps_load_tree(struct ps_load *load, config_t *config)
{
    ps_load_no_batch(load);
    return !load->source->lost && read_tree(load, config, 0);
}

config_setting_t *ps_load_batch(struct ps_load *load, config_t *config, const struct ps_batch *batch)
{
    load->text = &load->source->apart;
    load->before = batch->before;
    return read_tree(load, config, batch->offset) ? ps_load_member(config_root_setting(config), "conduits") : NULL;
}

void ps_load_no_batch(struct ps_load *load)
{
    load->text = &load->source->text;
    load->before = 0;
}

/* ---- the top of the file --------------------------------------------------------------------------------------- */

static void read_schema(struct ps_load *load, config_setting_t *setting, void *into)
{
    (void)into;
    int64_t schema;
    if (ps_load_number(load, setting, 0, INT32_MAX, &schema) && schema != SCHEMA)
        ps_load_error(load, setting, "%lld is not known to this version; write schema = %d;", (long long)schema,
                      SCHEMA);
}

static void read_site(struct ps_load *load, config_setting_t *setting, void *into)
{
    const char *site = ps_load_copy(load, setting);
    if (site)
        ((struct ps_model *)into)->site = site;
}

static void read_revision(struct ps_load *load, config_setting_t *setting, void *into)
{
    int64_t revision;
    if (ps_load_number(load, setting, 1, INT32_MAX, &revision))
        ((struct ps_model *)into)->revision = (uint32_t)revision;
}

static const struct ps_key top_keys[] = {
    {"schema", read_schema, "schema = 1;"},
    {"site", read_site, NULL},
    {"revision", read_revision, "revision = 1; and raise it with every change"},
    {"zones", NULL, "zones = ( { name = \"...\"; networks = [\"...\"]; } );"},
    {"conduits", NULL, NULL},
    {"gateways", NULL, NULL},
    {"never", NULL, NULL},
    {"exceptions", NULL, NULL},
};

/* Names are declared before they are used, whatever the order of the file. */
static void load_plant(struct ps_load *load, config_setting_t *root)
{
    static const struct {
        const char *name;
        void (*read)(struct ps_load *load, config_setting_t *list);
    } parts[] = {
        {"zones", ps_load_zones},  {"gateways", ps_load_gateways},     {"conduits", ps_load_conduits},
        {"never", ps_load_nevers}, {"exceptions", ps_load_exceptions},
    };
    ps_load_group(load, root, PS_KEYS(top_keys), "the plant file", load->model);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        config_setting_t *list = ps_load_member(root, parts[i].name);
        if (list)
            parts[i].read(load, list);
    }
}

static void copy_files(struct ps_model *model, const struct ps_source *source)
{
    model->n_files = source->n_files;
    model->files = ps_model_alloc(model, source->n_files * sizeof *model->files);
    for (uint32_t i = 0; i < source->n_files; i++)
        model->files[i] = ps_model_strdup(model, source->files[i]);
}

/* What an error left without a name is still told of. */
static void name_nameless(struct ps_model *model)
{
    for (uint32_t i = 0; i < model->n_zones; i++)
        if (!model->zones[i].name)
            model->zones[i].name = "?";
    for (uint32_t i = 0; i < model->n_assets; i++)
        if (!model->assets[i].name)
            model->assets[i].name = "?";
}

/* Never NULL. */
static struct ps_model *load_source(const struct ps_source *source, struct ps_diags *diags)
{
    struct ps_model *model = ps_model_new();
    if (!model)
        abort();
    struct ps_load *load = calloc(1, sizeof *load);
    if (!load)
        abort();
    *load = (struct ps_load){
        .model = model, .diags = diags, .source = source, .partial = source->mended, .budget = SUGGESTION_BUDGET};
    config_t config;
    config_init(&config);
    copy_files(model, source);
    if (ps_load_tree(load, &config))
        load_plant(load, config_root_setting(&config));
    config_destroy(&config);
    ps_names_fini(&load->zones);
    ps_names_fini(&load->assets);
    ps_names_fini(&load->conduits);
    ps_names_fini(&load->gateways);
    free(load->rule_keys);
    free(load);
    name_nameless(model);
    ps_diags_sort(diags);
    return model;
}

static struct ps_model *free_unless(bool good, struct ps_model *model)
{
    if (good)
        return model;
    ps_model_free(model);
    return NULL;
}

bool ps_policy_read(const char *path, struct ps_diags *diags, struct ps_model **model)
{
    struct ps_source source;
    size_t n_errors = diags->n_errors;
    ps_source_read(&source, path, diags);
    *model = load_source(&source, diags);
    ps_source_fini(&source);
    return diags->n_errors == n_errors;
}

struct ps_model *ps_policy_load(const char *path, struct ps_diags *diags)
{
    struct ps_model *model;
    bool good = ps_policy_read(path, diags, &model);
    return free_unless(good, model);
}

struct ps_model *ps_policy_parse(const char *text, const char *name, struct ps_diags *diags)
{
    struct ps_source source;
    size_t n_errors = diags->n_errors;
    ps_source_from_text(&source, text, name, diags);
    struct ps_model *model = load_source(&source, diags);
    ps_source_fini(&source);
    return free_unless(diags->n_errors == n_errors, model);
}
