/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * findings.h - what tests of the loader ask about findings.
 */
#pragma once

#include <stdio.h>
#include <string.h>

#include "diag.h"
#include "unit.h"

/* The finding whose text holds `part`, on that line (0: any); the test fails when there is none. */
static inline void ck_assert_finding(const struct ps_diags *diags, unsigned line, const char *part)
{
    for (size_t i = 0; i < diags->n; i++)
        if (strstr(diags->items[i].text, part) && (line == 0 || diags->items[i].line == line))
            return;
    for (size_t i = 0; i < diags->n; i++)
        fprintf(stderr, "%s:%u: %s\n", diags->items[i].file, diags->items[i].line, diags->items[i].text);
    ck_abort_msg("no finding with \"%s\" on line %u", part, line);
}
