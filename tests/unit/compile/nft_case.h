/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft_case.h - a plant with one conduit, compiled for the kernel and printed.
 */
#pragma once

#include "nft.h"

/* Rules of a conduit "c" from zone "a" (assets a1 10.1.0.1, a2 10.1.0.2) to zone "b" (b1 10.2.0.1), after whose names
 * `handling` stands. The text lives until the next call. */
const char *nft_case(unsigned shape, const char *handling, const char *rules);
/* The same of a whole plant file; its first gateway's ports are at eth0, eth1, ... */
const char *nft_case_plant(unsigned shape, const char *plant);
/* What the next cases are compiled with besides; zeroed: nothing. */
extern struct ps_nft_options nft_case_options;

/* Notes of the last case, one a line: "kind text". */
const char *nft_case_notes(void);

void nft_has(const char *whole, const char *part);
void nft_has_not(const char *whole, const char *part);
/* The lines of one chain or set. */
const char *nft_block(const char *whole, const char *head);
