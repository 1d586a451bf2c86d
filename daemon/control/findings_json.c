/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "findings_json.h"

#include "json.h"

static json_t *finding_json(const struct ps_diag *d)
{
    static const char *const words[] = {"error", "warning", "accepted"};
    json_t *o = json_pack("{s:s}", "severity", words[d->severity]);

    if (d->id[0] != '\0')
        ps_json_put(o, "id", d->id);
    if (d->file != NULL)
        json_object_set_new(o, "file", json_string(d->file));
    if (d->line != 0)
        json_object_set_new(o, "line", json_integer(d->line));
    if (d->at != NULL)
        json_object_set_new(o, "at", json_string(d->at));
    json_object_set_new(o, "text", json_string(d->text));
    return o;
}

json_t *ps_findings_json(struct ps_plant *plant)
{
    const struct ps_model *m = plant->model;
    json_t *o = json_object(), *findings = json_array();

    if (m != NULL) {
        ps_json_put_any(o, "site", m->site);
        json_object_set_new(o, "revision", json_integer(m->revision));
        json_object_set_new(o, "zones", json_integer(m->n_zones));
        json_object_set_new(o, "assets", json_integer(m->n_assets));
        json_object_set_new(o, "conduits", json_integer(m->n_conduits));
        json_object_set_new(o, "rules", json_integer(m->n_rules));
    }
    json_object_set_new(o, "digest", plant->data != NULL ? json_string(plant->digest) : json_null());
    ps_diags_sort(&plant->diags);
    for (size_t i = 0; i < plant->diags.n; i++)
        json_array_append_new(findings, finding_json(&plant->diags.items[i]));
    json_object_set_new(o, "errors", json_integer((json_int_t)plant->diags.n_errors));
    json_object_set_new(o, "warnings", json_integer((json_int_t)plant->diags.n_warnings));
    json_object_set_new(o, "findings", findings);
    return o;
}

static const char *text_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text != NULL ? text : "";
}

void ps_findings_text(const json_t *o, FILE *out)
{
    const json_t *list = json_object_get(o, "findings");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *d = json_array_get(list, i), *line = json_object_get(d, "line");

        if (line != NULL)
            fprintf(out, "%s:%lld: ", text_of(d, "file"), (long long)json_integer_value(line));
        else if (text_of(d, "file")[0] != '\0')
            fprintf(out, "%s: ", text_of(d, "file"));
        fprintf(out, "%s: %s", text_of(d, "severity"), text_of(d, "text"));
        fprintf(out, text_of(d, "id")[0] != '\0' ? " [%s]\n" : "%s\n", text_of(d, "id"));
    }
}
