/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plant_image.h - the image of a plant file, for the programs of the network tests.
 */
#ifndef PS_PLANT_IMAGE_H
#define PS_PLANT_IMAGE_H

#include <stdint.h>

#include "image.h"

/* Loads and compiles the plant file; what is wrong goes to standard error. Returns the octets that image looks into, for the
 * caller to free, or NULL. */
uint8_t *plant_image_load(const char *path, struct ps_image *image);

#endif
