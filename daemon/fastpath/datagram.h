/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * datagram.h - packets that came in fragments, on conduits with fragments = "reassemble".
 *
 * The datagram is judged in the place of the fragment that completes it. The others are dropped without a reason, and so
 * is the last one by an inline engine, which sends the datagram itself, in parts that the link carries. Conduits in
 * monitor mode let every fragment pass as it came.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "frag.h"

struct ps_engine;

#define PS_DATAGRAM_MTU 1500u /* octets from the IP header on that every link carries */

struct ps_datagrams {
    struct ps_frag_table table;
    struct ps_packet whole; /* the one being judged */
    uint32_t id;            /* that its fragments had */
    bool watched;           /* no conduit enforces anything between its ends */
    uint8_t part[PS_FRAG_LINK_MAX + PS_DATAGRAM_MTU];
};

enum ps_datagram {
    PS_DATAGRAM_NONE = 0, /* the packet is to be judged as it is */
    PS_DATAGRAM_DONE,     /* it is a fragment, and was decided on */
    PS_DATAGRAM_WHOLE,    /* the current packet and its description are those of the datagram now */
};

/* False: no memory. */
bool ps_datagrams_init(struct ps_engine *engine);

/* The current packet, a fragment as engine->desc[i] says. */
enum ps_datagram ps_datagram_take(struct ps_engine *engine, uint32_t i);

/* The datagram that PS_DATAGRAM_WHOLE spoke of passes: sends it. */
void ps_datagram_send(struct ps_engine *engine, uint32_t i);
