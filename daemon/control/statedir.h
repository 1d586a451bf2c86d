/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * statedir.h - what the daemon remembers over a restart: small files in its state folder.
 *
 *     last-good.image      the image that was in force last and may be fallen back to
 *     unconfirmed          digest of an image that is in force but not confirmed: it is not loaded again by itself
 *     island               what is closed, as JSON (control socket: island)
 *     flows.snapshot       connections of the last clean stop (ps_engine_restore())
 *
 * A file is replaced as a whole (written beside, synced, renamed): after a power cut it is the old one or the new one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define PS_STATEDIR_IMAGE "last-good.image"
#define PS_STATEDIR_UNCONFIRMED "unconfirmed"
#define PS_STATEDIR_ISLAND "island"
#define PS_STATEDIR_FLOWS "flows.snapshot"

struct ps_statedir {
    int dir_fd; /* -1: none, and nothing is remembered */
};

/* Opens the folder, making its last part where it is missing (mode 0750). false and a sentence in err. */
bool ps_statedir_open(struct ps_statedir *dir, const char *path, struct ps_error *err);
void ps_statedir_close(struct ps_statedir *dir);

/* false and a sentence in err; the old file is unchanged then. */
bool ps_statedir_put(const struct ps_statedir *dir, const char *name, const void *data, size_t len,
                     struct ps_error *err);

/* The whole file, for free(), with a NUL behind it; NULL when there is none (err "") or it cannot be read or is longer
 * than max. */
uint8_t *ps_statedir_get(const struct ps_statedir *dir, const char *name, size_t max, size_t *len,
                         struct ps_error *err);

/* A read-only memory file with the content, to be sealed; -1 as NULL above. */
int ps_statedir_get_fd(const struct ps_statedir *dir, const char *name, size_t max, struct ps_error *err);

/* Gone, or it never was. */
bool ps_statedir_remove(const struct ps_statedir *dir, const char *name);
