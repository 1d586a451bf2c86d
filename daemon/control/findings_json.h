/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * findings_json.h - what a plant file says and what is wrong with it, as the JSON object of penstock check --json.
 */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "plant.h"

/* A new object; sorts the findings. */
json_t *ps_findings_json(struct ps_plant *plant);

/* Findings of such an object (NULL: none), a line each: "plant.conf:60: error: ... [ZL-021]". */
void ps_findings_text(const json_t *o, FILE *out);
