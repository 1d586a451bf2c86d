/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * inline_case.h - what a test of one connection through an inline engine begins and ends with.
 */
#pragma once

#include "rig_inline.h"

static struct two w;

/* The connection is open. */
static inline void begin(void)
{
    two_init(&w, NULL, NULL);
    two_open(&w);
}

/* Whatever was judged. */
static inline void end(void)
{
    w.r.n_judged = 0;
    two_fini(&w);
}
