/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * server_peer.h - who is at the other end of the control socket, by what the kernel says.
 */
#pragma once

#include "server.h"

/* May whoever is at the other end of fd look? Fills in who it is, and whether it may change. */
bool ps_server_peer_ask(const struct ps_server_config *config, int fd, struct ps_peer *peer);
