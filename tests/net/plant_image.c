/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plant_image.h"

#include <stdio.h>
#include <stdlib.h>

#include "compile.h"
#include "policy.h"

uint8_t *plant_image_load(const char *path, struct ps_image *image)
{
    struct ps_diags diags;
    size_t len = 0;

    ps_diags_init(&diags);
    struct ps_model *model = ps_policy_load(path, &diags);
    uint8_t *data = model ? ps_compile(model, &diags, &len) : NULL;
    for (size_t i = 0; i < diags.n && !data; i++)
        fprintf(stderr, "%s:%u: %s\n", path, diags.items[i].line, diags.items[i].text);
    ps_model_free(model);
    ps_diags_fini(&diags);
    if (!data || !ps_image_open(data, len, image))
        return data;
    free(data);
    return NULL;
}
