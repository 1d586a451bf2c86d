/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plant.h"

#include <stdlib.h>
#include <string.h>

#include "policy.h"
#include "text.h"

bool ps_plant_load(struct ps_plant *plant, const char *path)
{
    memset(plant, 0, sizeof *plant);
    ps_diags_init(&plant->diags);
    if (ps_policy_read(path, &plant->diags, &plant->model))
        return true;
    ps_compile_addresses(plant->model, &plant->diags); /* say everything in one run */
    ps_model_free(plant->model);
    plant->model = NULL;
    return false;
}

bool ps_plant_compile(struct ps_plant *plant)
{
    size_t len = 0;
    const char *wrong;

    plant->data = ps_compile(plant->model, &plant->diags, &len);
    if (plant->data == NULL)
        return false;
    wrong = ps_image_open(plant->data, len, &plant->image);
    if (wrong != NULL) {
        ps_diag_add(&plant->diags, PS_SEV_ERROR, NULL, NULL, 0, NULL,
                    "the compiled image does not pass its own check: %s; please report it", wrong);
        free(plant->data);
        plant->data = NULL;
        return false;
    }
    for (unsigned i = 0; i < PS_DIGEST_LEN; i++)
        snprintf(plant->digest + 2 * i, 3, "%02x", ps_image_digest(&plant->image)[i]);
    return true;
}

void ps_plant_fini(struct ps_plant *plant)
{
    free(plant->data);
    ps_model_free(plant->model);
    ps_diags_fini(&plant->diags);
}

bool ps_plant_open(struct ps_plant *plant, const char *path, const char *const *maps, size_t n_maps)
{
    char err[256];
    bool good = ps_plant_load(plant, path);

    for (size_t i = 0; good && i < n_maps; i++) {
        if (ps_map_apply(plant->model, maps[i], err, sizeof err))
            continue;
        ps_diag_add(&plant->diags, PS_SEV_ERROR, NULL, NULL, 0, NULL, "--map %s: %s", maps[i], err);
        good = false;
    }
    good = good && ps_plant_compile(plant);
    ps_plant_findings_print(&plant->diags, stderr);
    return good;
}

static void finding_print(const struct ps_diag *d, FILE *out)
{
    static const char *const words[] = {"error", "warning", "accepted"};
    static const enum ps_colour colours[] = {PS_COLOUR_RED, PS_COLOUR_YELLOW, PS_COLOUR_GREEN};

    if (d->file != NULL && d->line != 0)
        fprintf(out, "%s:%u: ", d->file, d->line);
    else if (d->file != NULL)
        fprintf(out, "%s: ", d->file);
    fprintf(out, "%s%s%s: %s", ps_text_colour(out, colours[d->severity]), words[d->severity],
            ps_text_colour(out, PS_COLOUR_PLAIN), d->text);
    if (d->id[0] != '\0')
        fprintf(out, " [%s]", d->id);
    fputc('\n', out);
}

void ps_plant_findings_print(struct ps_diags *diags, FILE *out)
{
    ps_diags_sort(diags);
    for (size_t i = 0; i < diags->n; i++)
        finding_print(&diags->items[i], out);
}
