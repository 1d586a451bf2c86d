/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ways.h - by which ports of the gateway something may leave: those behind which the zone that it is for lies.
 *
 * Made by the control thread for one policy and read by workers. What is for nobody behind another port than the one it
 * came in by leaves by none: members of a zone that talk among themselves, and broadcasts to them, stay where they are.
 */
#pragma once

#include <stdint.h>

#include "image.h"
#include "model.h"

struct ps_ways {
    const struct ps_image *image;
    uint32_t n_zones;
    uint32_t all;       /* mask of all ports */
    uint16_t zone[PS_MAX_ZONES]; /* mask of each zone */
};

/* port[i]: what port i of n is in that gateway of the image. */
void ps_ways_init(struct ps_ways *ways, const struct ps_image *image, uint32_t gateway, const uint16_t *port, uint32_t n);

/* Mask of the ports behind which a zone lies; PS_NONE: all. */
static inline uint32_t ps_ways_of_zone(const struct ps_ways *ways, uint32_t zone)
{
    return zone < ways->n_zones ? ways->zone[zone] : ways->all;
}

/* The same of the zone that the frame's receiver belongs to: by its IP address, or the one that ARP or a neighbour
 * solicitation asks for. All ports where that says nothing: multicast, frames that are not IP. */
uint32_t ps_ways_of_frame(const struct ps_ways *ways, const uint8_t *frame, uint32_t len);
