/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plant.h - a plant file, from text to the image that judges: the way in of every subcommand.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "compile.h"
#include "diag.h"
#include "image.h"
#include "model.h"

#define PS_DIGEST_SHORT 8 /* hex digits that people compare */

struct ps_plant {
    struct ps_diags diags;  /* all findings so far */
    struct ps_model *model; /* NULL: the file has errors */
    uint8_t *data;          /* of the image; NULL: not compiled, or errors */
    struct ps_image image;
    char digest[2 * PS_DIGEST_LEN + 1];
};

/* The three steps. Findings collect in plant->diags. false: errors; ps_plant_fini() is always needed. */
bool ps_plant_load(struct ps_plant *plant, const char *path);
bool ps_plant_compile(struct ps_plant *plant);
void ps_plant_fini(struct ps_plant *plant);

/* Both steps, errors and warnings printed on stderr, with addresses bound to assets in between: maps[0..n) are
 * "ADDR=ASSET". */
bool ps_plant_open(struct ps_plant *plant, const char *path, const char *const *maps, size_t n_maps);

/* Sorts and prints findings: "plant.conf:60: error: ... [ZL-021]". */
void ps_plant_findings_print(struct ps_diags *diags, FILE *out);

/* map.c: binds the address of "ADDR=ASSET" to the asset, whatever the plant file says about it; the asset's MAC is no
 * longer asked for, since the packets are those of another place. false and a sentence in err. */
bool ps_map_apply(struct ps_model *model, const char *map, char *err, size_t err_size);
