/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * loaded.h - an image in a sealed memory file: mapped, checked, and changed by nobody any more.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "image.h"

#define PS_LOADED_MAX (UINT64_C(1) << 30) /* octets of an image */

struct ps_loaded {
    int fd; /* sealed memory file; -1: none */
    struct ps_image image;
    char digest[65]; /* hexadecimal */
};

/* Seals fd, maps it and checks the image in it. fd is the loaded image's, or closed. false and a sentence in err. */
bool ps_loaded_open(struct ps_loaded *loaded, int fd, struct ps_error *err);
void ps_loaded_fini(struct ps_loaded *loaded);
