/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * event_text.h - hosts and flows of events, on one line.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/txt.h"
#include "engine.h"

/* Is it IP, or ARP whose addresses were read? Else only the MACs say who it was. */
bool ps_event_has_addresses(const struct ps_event *event);

/* "scada-1", "10.20.1.77": an asset's name, else the address. */
void ps_event_text_end(const struct ps_image *image, uint32_t asset, struct ps_addr address, struct ps_txt *out);

/* "scada-1:1042", "[fd00::1]:502": the same and, when not 0, the port. */
void ps_event_text_host(const struct ps_image *image, uint32_t asset, struct ps_addr address, uint16_t port,
                        struct ps_txt *out);

/* "tcp/502", "icmp/8", "ip/47" */
void ps_event_text_service(uint8_t ip_proto, uint16_t server_port, struct ps_txt *out);

/* The same, and "arp", "ethernet/0x8892", "tcp" (refused before its ports were read): what a flow or packet is about
 * when there is no operation. */
void ps_event_text_flow(uint8_t ip_proto, uint16_t server_port, struct ps_txt *out);
