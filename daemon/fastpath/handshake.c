/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "handshake.h"

#include <string.h>

/* IANA "TCP Option Kind Numbers" */
enum option { OPT_END = 0, OPT_NOP = 1, OPT_MSS = 2, OPT_SCALE = 3, OPT_MD5 = 19, OPT_AO = 29 };

struct cleaning {
    struct ps_handshake *out;
    struct ps_handshake_how how;
    bool has_mss;
};

static void blank(uint8_t *p, uint32_t len, struct ps_handshake *out)
{
    memset(p, OPT_NOP, len);
    out->changed = true;
}

/* RFC 9293 3.7.1: kind, length 4, size 2. */
static enum ps_reason clean_mss(struct cleaning *c, uint8_t *p)
{
    uint32_t mss = (uint32_t)p[2] << 8 | p[3];
    if (p[1] != 4 || c->has_mss || mss < PS_MSS_MIN)
        return PS_REASON_SYN_OPTIONS;
    c->has_mss = true;
    if (mss > c->how.mss_max) {
        mss = c->how.mss_max;
        p[2] = (uint8_t)(mss >> 8);
        p[3] = (uint8_t)mss;
        c->out->changed = true;
    }
    c->out->mss = (uint16_t)mss;
    return PS_REASON_NONE;
}

/* RFC 7323 2.2: kind, length 3, shift 1. */
static enum ps_reason clean_scale(struct cleaning *c, uint8_t *p)
{
    if (p[1] != 3 || c->out->scales)
        return PS_REASON_SYN_OPTIONS;
    if (!c->how.may_scale) {
        blank(p, p[1], c->out);
        return PS_REASON_NONE;
    }
    if (p[2] > PS_SCALE_MAX) {
        p[2] = PS_SCALE_MAX;
        c->out->changed = true;
    }
    c->out->scales = true;
    c->out->scale = p[2];
    return PS_REASON_NONE;
}

static enum ps_reason clean_option(struct cleaning *c, uint8_t *p)
{
    switch (p[0]) {
    case OPT_MSS:
        return clean_mss(c, p);
    case OPT_SCALE:
        return clean_scale(c, p);
    case OPT_MD5:
    case OPT_AO:
        return PS_REASON_SYN_OPTIONS;
    default:
        blank(p, p[1], c->out);
        return PS_REASON_NONE;
    }
}

/* Octets behind the end of the list: nobody should read them. */
static void clean_end(uint8_t *p, uint32_t len, struct ps_handshake *out)
{
    for (uint32_t i = 0; i < len; i++) {
        out->changed |= p[i] != 0;
        p[i] = 0;
    }
}

enum ps_reason ps_handshake_clean(uint8_t *tcp, uint32_t header_len, struct ps_handshake_how how,
                                  struct ps_handshake *out)
{
    struct cleaning c = {.out = out, .how = how};
    *out = (struct ps_handshake){.mss = PS_MSS_DEFAULT};
    /* Reserved bits; ECN is not offered; nothing is urgent. */
    if (((tcp[12] & 0x0f) | (tcp[13] & 0xc0) | tcp[18] | tcp[19]) != 0) {
        tcp[12] &= 0xf0;
        tcp[13] &= 0x3f;
        tcp[18] = tcp[19] = 0;
        out->changed = true;
    }
    for (uint32_t at = 20; at < header_len;) {
        uint8_t *p = tcp + at;
        if (p[0] == OPT_END) {
            clean_end(p, header_len - at, out);
            return PS_REASON_NONE;
        }
        if (p[0] == OPT_NOP) {
            at++;
            continue;
        }
        if (header_len - at < 2 || p[1] < 2 || p[1] > header_len - at)
            return PS_REASON_SYN_OPTIONS;
        at += p[1];
        enum ps_reason reason = clean_option(&c, p);
        if (reason != PS_REASON_NONE)
            return reason;
    }
    return PS_REASON_NONE;
}
