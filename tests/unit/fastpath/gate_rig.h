/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * gate_rig.h - the plant of rig.h with a gateway in the line: zone ops behind port 0, ctl behind port 1. One packet at a
 * time, built in w.
 */
#pragma once

#include <stdio.h>
#include <string.h>

#include "decode.h"
#include "rig.h"
#include "unit.h"

static struct rig r;
static struct wire w;

static inline void begin(void)
{
    struct ps_engine_config config;
    ps_engine_config_init(&config);
    config.checksums = PS_CHECKSUMS_STRICT;
    config.inline_ = true;
    config.n_relays = 16;
    config.n_chunks = 256;
    rig_init(&r, &config);
}

static inline void end(void)
{
    ck_assert(ps_engine_check(r.engine));
    r.n_judged = 0;
    rig_fini(&r);
}

/* The frame that was sent in place of the last packet. */
static inline const struct ps_send *sent(void)
{
    const struct ps_send *sends;
    ck_assert_uint_eq(ps_engine_sends(r.engine, &sends), 1);
    return sends;
}

/* w comes in: "=" it passes, "~54" 54 octets are sent in its place, "!closed" it is refused. The link's MACs stay. */
static inline void expect_at(enum rig_port port, const char *what)
{
    char text[64];
    const struct ps_send *sends;
    r.port = (uint16_t)port;
    struct ps_decision d = rig_send(&r, &w);
    uint32_t n = ps_engine_sends(r.engine, &sends);
    if (d.verdict == PS_VERDICT_PASS)
        snprintf(text, sizeof text, "=");
    else if (d.replaced)
        snprintf(text, sizeof text, "~%u", n == 1 ? sends[0].len : n);
    else
        snprintf(text, sizeof text, "!%s", ps_reason_info(d.reason)->name);
    ck_assert_str_eq(text, what);
    r.n_judged = 0;
}

/* The same of a packet from HMI, or of one from PLC, whose MAC is not that of HMI. */
static inline void from_hmi(const char *what)
{
    expect_at(RIG_PORT_OPS, what);
}

static inline void from_plc(const char *what)
{
    wire_set_mac(&w, 0, 0x77);
    expect_at(RIG_PORT_FIELD, what);
}

/* n octets behind the end of the packet in w. */
static inline void trail(uint32_t n, uint8_t octet)
{
    memset(w.b + w.len, octet, n);
    w.len += n;
}

static inline void build_udp(uint32_t src, uint32_t dst, uint16_t sport, uint16_t dport)
{
    wire_udp(&w, src, dst, (const uint16_t[2]){sport, dport}, "abcdefghijklmnopqrst", 20);
}

static inline void build_echo(uint32_t src, uint32_t dst, uint8_t type, uint8_t id)
{
    const uint8_t head[8] = {type, 0, 0, 0, 0, id, 0, 1};
    wire_icmp(&w, src, dst, head, "abcdefghijklmnopqrst", 20);
}
