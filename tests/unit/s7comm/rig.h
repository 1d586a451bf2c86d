/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * rig.h - a connection to play TPKTs through: frame, decode and accept as the engine does it, written as hex text.
 */
#pragma once

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/reason.h"
#include "s7comm/s7.h"
#include "s7comm/s7comm.h"
#include "vocab.h"

struct rig {
    struct ps_dialog dialog;
    struct s7_state state;
    struct ps_facts facts; /* of the last PDU */
    uint8_t octets[S7_PDU_LEN_MAX + 16];
    uint32_t n_octets;
    uint32_t len;    /* what frame() said */
    uint32_t offset; /* of the fault */
};

static inline void rig_init(struct rig *rig)
{
    memset(rig, 0, sizeof *rig);
    rig->dialog.state = &rig->state;
    rig->dialog.now_ns = UINT64_C(1000000000);
}

static inline unsigned rig_nibble(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
}

/* Octets of hex text, blanks anywhere. */
static inline uint32_t rig_hex(const char *hex, uint8_t *out)
{
    uint32_t n = 0;
    for (; *hex; hex++) {
        if (*hex == ' ')
            continue;
        out[n++] = (uint8_t)(rig_nibble(hex[0]) << 4 | rig_nibble(hex[1]));
        hex++;
    }
    return n;
}

static inline enum ps_result rig_frame(struct rig *rig, uint32_t n, enum ps_reason *reason)
{
    struct ps_rd_fault fault;
    struct ps_rd rd;
    ps_rd_init(&rd, &fault, rig->octets, n);
    enum ps_result result = ps_s7comm.frame(&rig->dialog, &rd, &rig->len);
    *reason = fault.reason;
    rig->offset = fault.offset;
    ck_assert_uint_eq(rd.pos, 0); /* it only looks */
    return result;
}

static inline enum ps_reason rig_decode(struct rig *rig)
{
    struct s7_state before = rig->state;
    struct ps_rd_fault fault;
    struct ps_rd rd;
    ps_facts_clear(&rig->facts);
    rig->facts.protocol = PS_PROTOCOL_S7COMM;
    ps_rd_init(&rd, &fault, rig->octets, rig->n_octets);
    enum ps_result result = ps_s7comm.decode(&rig->dialog, &rd, &rig->facts);
    ck_assert_int_eq(result == PS_OK, fault.reason == PS_REASON_NONE);
    ck_assert_mem_eq(&before, &rig->state, sizeof before); /* only accept() changes it */
    rig->offset = fault.offset;
    return fault.reason;
}

/* The PDU in rig->octets: refused by frame or decode with this reason, or accepted. */
static inline enum ps_reason rig_judge(struct rig *rig, enum ps_dir dir)
{
    enum ps_reason reason;
    rig->dialog.dir = (uint8_t)dir;
    ps_facts_clear(&rig->facts);
    enum ps_result result = rig_frame(rig, rig->n_octets, &reason);
    if (result == PS_BAD)
        return reason;
    ck_assert_int_eq(result, PS_OK);
    ck_assert_uint_eq(rig->len, rig->n_octets);
    reason = rig_decode(rig);
    if (reason == PS_REASON_NONE)
        ps_s7comm.accept(&rig->dialog, &rig->facts);
    return reason;
}

/* Whole TPKTs, as they are written. */
static inline enum ps_reason rig_raw(struct rig *rig, enum ps_dir dir, const char *hex)
{
    rig->n_octets = rig_hex(hex, rig->octets);
    return rig_judge(rig, dir);
}

/* A TPDU other than data, its header but for LI written out. */
static inline enum ps_reason rig_tpdu(struct rig *rig, enum ps_dir dir, const char *hex)
{
    uint32_t n = rig_hex(hex, rig->octets + 5);
    const uint8_t head[] = {3, 0, 0, (uint8_t)(n + 5), (uint8_t)n};
    memcpy(rig->octets, head, sizeof head);
    rig->n_octets = n + 5;
    return rig_judge(rig, dir);
}

/* One payload in one data TPDU. */
static inline enum ps_reason rig_data(struct rig *rig, enum ps_dir dir, const char *hex)
{
    uint32_t n = rig_hex(hex, rig->octets + 7) + 7;
    const uint8_t head[] = {3, 0, (uint8_t)(n >> 8), (uint8_t)n, 2, 0xf0, 0x80};
    memcpy(rig->octets, head, sizeof head);
    rig->n_octets = n;
    return rig_judge(rig, dir);
}

#define RIG_CR "e0 0000 0001 00 c0010a c1020100 c2020102"
#define RIG_CC "d0 0001 0044 00 c0010a c1020100 c2020102"

#define ck_reason(got, want)                                                                                           \
    do {                                                                                                               \
        unsigned got_ = (got), want_ = (want);                                                                         \
        ck_assert_msg(got_ == want_, "%s instead of %s", ps_reason_info(got_)->name, ps_reason_info(want_)->name);      \
    } while (0)

#define OK PS_REASON_NONE
#define S7(id) PS_REASON_S7_##id

/* A connection to rack 0, slot 2, from an engineering station. */
static inline void rig_connect(struct rig *rig)
{
    rig_init(rig);
    ck_reason(rig_tpdu(rig, PS_TO_SERVER, RIG_CR), OK);
    ck_reason(rig_tpdu(rig, PS_TO_CLIENT, RIG_CC), OK);
}
