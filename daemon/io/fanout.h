/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fanout.h - fragments as they came, also by packet sockets that DPDK opens.
 *
 * net_af_packet puts each of its sockets into a fanout group that has the kernel reassemble IPv4 fragments before anybody
 * sees them, and no argument of the driver's says otherwise: fragments that the policy refuses would pass as whole
 * datagrams, and long ones would come cut. A group keeps its flags, and a socket its group, as long as they live. So the
 * flag is taken off where DPDK asks for it: a program that links this has a setsockopt() in front of libc's, which the
 * drivers that DPDK loads find first when the program exports it (-Wl,--export-dynamic-symbol=setsockopt).
 */
#pragma once

#include <stdbool.h>

/* Does the kernel reassemble what comes by this packet socket? */
bool ps_fanout_reassembles(int fd);
