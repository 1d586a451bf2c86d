/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mem.h - the engine's memory: taken once, zero, 64-aligned, not resident before it is touched.
 */
#pragma once

#include <stddef.h>

/* size octets, or NULL. Large blocks ask for huge pages: tables are visited at random. */
void *ps_mem_new(size_t size);
void ps_mem_free(void *mem, size_t size); /* NULL is fine */
