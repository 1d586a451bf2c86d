/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * compile.h - passes over the model: lint, proofs, and the flat image that match judges by.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "diag.h"
#include "model.h"

#define PS_DIGEST_LEN 32

/* Compiles a model that loaded without errors. Same model, same bytes. Errors (overlapping addresses, two conduits for
 * one pair of zones, a rule that breaks a `never`, ...) go to diags, and then the result is NULL. free() it. */
uint8_t *ps_compile(const struct ps_model *model, struct ps_diags *diags, size_t *len);

/* The errors of ps_compile() that addresses alone make. Also for a model that ps_policy_read() could only partly read. */
void ps_compile_addresses(const struct ps_model *model, struct ps_diags *diags);

/* Findings about single rules: can never match, shadowed by an earlier one, wildcard, uninspected. */
void ps_lint_rules(const struct ps_model *model, struct ps_diags *diags);

/* Findings about zones and conduits that IEC 62443-3-2 makes (ids ZL-...). Call it last: the model's exceptions, valid
 * until today (yyyymmdd), are then applied to every lint finding in diags, those of ps_lint_rules() included. */
void ps_lint_zones(const struct ps_model *model, uint32_t today, struct ps_diags *diags);

/* Is the digest stored in the image the SHA-256 of what it enforces? Names and lines of the plant file do not count. */
bool ps_image_digest_verify(const uint8_t *image, size_t len);

/* One line per thing in the image, for golden tests and `check --image`. false on a write error. */
bool ps_image_print(const uint8_t *image, size_t len, FILE *out);
