/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * refusal_reset.h - the ends of a TCP connection hear that it is over.
 *
 * The kernel's `reject` resets the sender of a refused segment. The receiver keeps a connection that will never say anything
 * again: a server with one place for clients stays taken for good. So the receiver gets a RST in the sender's name, at the
 * very number that the refused segment had, which is the one that it waits for (RFC 9293 3.10.7.4). Where the kernel resets
 * nobody, in a bridge, or without the tag that the sender listens to, in a bump, the sender gets one as well.
 *
 * Frames leave by the port behind which their receiver lives, past all rules of forwarding: of a bump and a bridge by a packet
 * socket, with the MACs and the tag that the refused segment had; else by a raw socket, by way of the host's routes and
 * rules of output. There connection tracking sees the RST, as it has seen the refused segment, and knows that the connection is
 * over.
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decode.h"
#include "segment.h"

struct ps_refusal_rst {
    uint8_t frame[PS_TEMPLATE_MAX + PS_TCP_LEN];
    uint32_t len;
    uint32_t ip; /* where its IP header is; 0: there is nothing in front */
};

/* For the receiver of a refused packet. false: it is none that the receiver has a connection by: no sound TCP, a SYN alone, or a
 * RST itself. */
bool ps_refusal_rst_onward(const struct ps_desc *desc, struct ps_refusal_rst *out);

/* For its sender. false: no sound TCP, or a RST. */
bool ps_refusal_rst_back(const struct ps_desc *desc, struct ps_refusal_rst *out);

/* ---- sockets ---------------------------------------------------------------------------------------------------- */

#define PS_REFUSAL_PORTS_MAX 16u

struct ps_refusal_sender {
    bool routed;
    int packet;     /* of bump and bridge; -1: none */
    int raw4, raw6; /* routed; -1: none */
    uint32_t n_ports;
    struct ps_refusal_port {
        char device[IF_NAMESIZE];
        uint32_t index; /* as last looked up: a device that went and came has another */
    } ports[PS_REFUSAL_PORTS_MAX];
};

void ps_refusal_sender_init(struct ps_refusal_sender *sender, bool routed);
/* Needs CAP_NET_RAW, and CAP_NET_ADMIN where packets are routed; nothing else does. false and a sentence in err. */
bool ps_refusal_sender_open(struct ps_refusal_sender *sender, char *err, size_t err_size);
void ps_refusal_sender_close(struct ps_refusal_sender *sender);

/* One more port. false and a sentence in err. */
bool ps_refusal_sender_add(struct ps_refusal_sender *sender, const char *device, char *err, size_t err_size);

/* The port of two that is not this one; 0: there are not two, or it is neither. */
uint32_t ps_refusal_other_port(struct ps_refusal_sender *sender, uint32_t index);

/* Out of the device with this index, which is one of the ports. false: it did not leave. */
bool ps_refusal_send(struct ps_refusal_sender *sender, const struct ps_refusal_rst *rst, uint32_t index);
