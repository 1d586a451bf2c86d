/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plus_rig.h - a connection to play frames of S7comm-plus through.
 */
#pragma once

#include "rig.h"
#include "s7comm/plus_own.h"

#define S7P(id) PS_REASON_S7P_##id

#define TSAP_HMI "53494d415449432d524f4f542d484d49"
#define TSAP_ES "53494d415449432d524f4f542d4553"
#define TSAP_OTH "53494d415449432d524f4f542d4f5448"

#define CR_HMI "e0 0000 0009 00 c1020600 c210" TSAP_HMI "c0010a"
#define CR_ES "e0 0000 0009 00 c1020600 c20f" TSAP_ES "c0010a"
#define CR_OTH "e0 0000 0009 00 c1020600 c210" TSAP_OTH "c0010a"

#define SESSION 0x398u
#define SUBSCRIPTION "1000006a"

/* Ends of requests: an object qualifier, four zeros. */
#define QUALIFIER "000004e8 8969 0012 00000000 896a 0013 00 896b 0004 00 00"
#define ZEROS "00000000"
#define END QUALIFIER ZEROS

/* Puts a frame into rig->octets: data of n octets stands at rig->octets + 11. */
static inline void plus_wrap(struct rig *rig, unsigned version, uint32_t n, bool last)
{
    uint32_t whole = 11 + n + (last ? 4 : 0);
    const uint8_t head[] = {3, 0, (uint8_t)(whole >> 8), (uint8_t)whole, 2, 0xf0, 0x80, 0x72, (uint8_t)version,
                            (uint8_t)(n >> 8), (uint8_t)n};
    const uint8_t trailer[] = {0x72, (uint8_t)version, 0, 0};
    memcpy(rig->octets, head, sizeof head);
    if (last)
        memcpy(rig->octets + 11 + n, trailer, sizeof trailer);
    rig->n_octets = whole;
}

static inline enum ps_reason plus_data(struct rig *rig, enum ps_dir dir, unsigned version, const char *hex)
{
    plus_wrap(rig, version, rig_hex(hex, rig->octets + 11), true);
    return rig_judge(rig, dir);
}

/* A frame that others follow. */
static inline enum ps_reason plus_part(struct rig *rig, enum ps_dir dir, unsigned version, const char *hex)
{
    plus_wrap(rig, version, rig_hex(hex, rig->octets + 11), false);
    return rig_judge(rig, dir);
}

struct plus_request {
    unsigned version;
    unsigned code;
    unsigned sequence;
    unsigned session;
    unsigned flags;
    const char *body;
};

/* Head and body at rig->octets + 11, behind a digest in version 3; how many octets that are. */
static inline uint32_t plus_build(struct rig *rig, struct plus_request r)
{
    uint8_t *out = rig->octets + 11;
    uint32_t n = 0;
    if (r.version == 3) {
        memset(out, 0x5a, 33);
        out[0] = 32;
        n = 33;
    }
    const uint8_t head[] = {0x31, 0, 0, (uint8_t)(r.code >> 8), (uint8_t)r.code, 0, 0, (uint8_t)(r.sequence >> 8),
                            (uint8_t)r.sequence, (uint8_t)(r.session >> 24), (uint8_t)(r.session >> 16),
                            (uint8_t)(r.session >> 8), (uint8_t)r.session, (uint8_t)r.flags};
    memcpy(out + n, head, sizeof head);
    n += (uint32_t)sizeof head;
    return n + rig_hex(r.body, out + n);
}

static inline enum ps_reason plus_send(struct rig *rig, struct plus_request r)
{
    plus_wrap(rig, r.version, plus_build(rig, r), true);
    return rig_judge(rig, PS_TO_SERVER);
}

/* A request of the open session. */
static inline enum ps_reason plus_ask(struct rig *rig, unsigned code, unsigned sequence, const char *body)
{
    return plus_send(rig, (struct plus_request){2, code, sequence, SESSION, 0x34, body});
}

static inline enum ps_reason plus_reply(struct rig *rig, unsigned version, unsigned opcode, unsigned code,
                                        unsigned sequence, const char *body)
{
    uint8_t *out = rig->octets + 11;
    const uint8_t head[] = {(uint8_t)opcode, 0, 0, (uint8_t)(code >> 8), (uint8_t)code, 0, 0, (uint8_t)(sequence >> 8),
                            (uint8_t)sequence, 0x34};
    memcpy(out, head, sizeof head);
    plus_wrap(rig, version, (uint32_t)sizeof head + rig_hex(body, out + sizeof head), true);
    return rig_judge(rig, PS_TO_CLIENT);
}

static inline enum ps_reason plus_answer(struct rig *rig, unsigned code, unsigned sequence)
{
    return plus_reply(rig, 2, 0x32, code, sequence, "00" ZEROS);
}

#define CREATE_SESSION "0000011d 0004 00 00000000 a1 000000d3 821f 00 00 a3 8169 0015 02 4142 a2" ZEROS
#define SESSION_CREATED "11 02 8718 872f a1 00000120 821f 0000 a2" ZEROS

/* A subscription to parts 9 and 10 of the flags. */
#define CREATE_SUBSCRIPTION                                                                                            \
    "000003af 0004 00 00000000 a1 7fffc001 8769 00 00 a3 8818 2004 11 8880848000 00 02"                                \
    "8880908002 8fffffff7e 00 52 8ae28fb700 9d18 09 8880908002 8fffffff7f 00 52 8a8ee5ef36 9d18 0a a2" ZEROS
#define SUBSCRIPTION_CREATED "00 01 818080806a" ZEROS

static inline void plus_connect(struct rig *rig, const char *request)
{
    rig_init(rig);
    ck_reason(rig_tpdu(rig, PS_TO_SERVER, request), OK);
    ck_reason(rig_tpdu(rig, PS_TO_CLIENT, "d0 0009 0001 00 c0010a"), OK);
}

/* Connected, with a session; the next sequence number is 2. */
static inline void plus_open(struct rig *rig, const char *request)
{
    plus_connect(rig, request);
    ck_reason(plus_send(rig, (struct plus_request){1, 0x04ca, 1, 288, 0x36, CREATE_SESSION}), OK);
    ck_reason(plus_reply(rig, 1, 0x32, 0x04ca, 1, SESSION_CREATED), OK);
}

/* And with a subscription; the next sequence number is 3. */
static inline void plus_subscribe(struct rig *rig)
{
    plus_open(rig, CR_HMI);
    ck_reason(plus_ask(rig, 0x04ca, 2, CREATE_SUBSCRIPTION), OK);
    ck_reason(plus_reply(rig, 2, 0x32, 0x04ca, 2, SUBSCRIPTION_CREATED), OK);
}

static inline bool plus_is_opaque(const struct rig *rig)
{
    bool any = rig->facts.n_facts == 0;
    for (uint16_t i = 0; i < rig->facts.n_facts; i++)
        any = any || (rig->facts.item[i].asks & S7P_ASK_OPAQUE) != 0;
    return any;
}
