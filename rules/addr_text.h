/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * addr_text.h - addresses as people write them, by inet_pton and inet_ntop.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"

#define PS_ADDR_TEXT_MAX 46 /* with the NUL */
#define PS_MAC_TEXT_MAX 18

/* "10.20.1.10" or "fd00:20:1::10"; IPv4-mapped IPv6 text is refused. */
bool ps_addr_parse(const char *text, struct ps_addr *out);
/* "10.20.1.0/24", one address, or "first-last": first and last address. Bits set behind the prefix are refused, and an
 * IPv6 block that holds the IPv4-mapped addresses: why says what is wrong or what to write instead. */
bool ps_net_parse(const char *text, struct ps_addr *first, struct ps_addr *last, char *why, size_t why_size);
void ps_addr_format(struct ps_addr addr, char buf[PS_ADDR_TEXT_MAX]);
/* A block as one CIDR prefix if it is one, else "first-last". buf of 2 * PS_ADDR_TEXT_MAX. */
void ps_net_format(struct ps_addr first, struct ps_addr last, char *buf, size_t size);
/* "00:1b:1b:aa:00:10", also with "-". */
bool ps_mac_parse(const char *text, struct ps_mac *out);
void ps_mac_format(struct ps_mac mac, char buf[PS_MAC_TEXT_MAX]);
