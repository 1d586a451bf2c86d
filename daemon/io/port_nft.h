/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * port_nft.h - what port_nft.c reads.
 */
#pragma once

#include <stdbool.h>

#include "port.h"

/* Fills in packets and octets of a netdev from the text of /proc/net/dev. false: it is not there. */
bool ps_nft_stats_find(const char *text, const char *device, struct ps_io_stats *stats);
