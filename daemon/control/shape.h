/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * shape.h - how the kernel joins the ports (nft.h): by a bridge, by routing, or not at all, so that they can be the two ends
 * of a bump in the wire.
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port.h"

/* What is known of a netdev. */
struct ps_shape_port {
    const char *device;
    char bridge[IFNAMSIZ]; /* that it is a port of, "": of none */
    bool numbered;         /* it has an address, other than those of the link that IPv6 gives to every netdev */
};

/* Looks at the netdevs of the ports. false and a sentence in err. */
bool ps_shape_look(const struct ps_io_port *ports, uint32_t n, struct ps_shape_port *out, char *err, size_t err_size);

/* The shape (enum ps_nft_shape) that the ports have; asked: the one that they are to have, PS_NFT_N_SHAPES: any.
 * PS_NFT_N_SHAPES and a sentence in err with the remedy: none, or another one. */
unsigned ps_shape_choose(const struct ps_shape_port *ports, uint32_t n, unsigned asked, char *err, size_t err_size);
