/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * rig.h - a connection to play link frames through: frame, decode and accept as the engine does it, written as hex text.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/reason.h"
#include "dnp3/core.h"
#include "dnp3/dnp3.h"
#include "unit.h"
#include "vocab.h"

struct rig {
    struct ps_dialog dialog;
    struct dn_state state;
    struct ps_facts facts; /* of the last PDU */
    uint8_t octets[DN_PDU_LEN_MAX + 4 * DN_FRAME_MAX];
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

static inline void rig_crc(uint8_t *data, uint32_t n)
{
    uint16_t crc = dn_crc(data, n);
    data[n] = (uint8_t)crc;
    data[n + 1] = (uint8_t)(crc >> 8);
}

/* Appends a frame with right CRCs. */
static inline void rig_put(struct rig *rig, uint8_t control, uint16_t destination, uint16_t source, const uint8_t *user,
                           uint32_t n)
{
    uint8_t *out = rig->octets + rig->n_octets;
    const uint8_t head[] = {5, 0x64, (uint8_t)(n + 5), control, (uint8_t)destination, (uint8_t)(destination >> 8),
                            (uint8_t)source, (uint8_t)(source >> 8)};
    memcpy(out, head, sizeof head);
    rig_crc(out, 8);
    out += 10;
    for (uint32_t i = 0; i < n; i += 16) {
        uint32_t block = n - i < 16 ? n - i : 16;
        memcpy(out, user + i, block);
        rig_crc(out, block);
        out += block + 2;
    }
    rig->n_octets = (uint32_t)(out - rig->octets);
}

/* The same, its user data as text: transport octet, application octets. */
static inline void rig_add(struct rig *rig, unsigned control, unsigned destination, unsigned source, const char *user)
{
    uint8_t octets[512];
    uint32_t n = rig_hex(user, octets);
    rig_put(rig, (uint8_t)control, (uint16_t)destination, (uint16_t)source, octets, n);
}

static inline enum ps_result rig_frame(struct rig *rig, uint32_t n, enum ps_reason *reason)
{
    struct ps_rd_fault fault;
    struct ps_rd rd;
    ps_rd_init(&rd, &fault, rig->octets, n);
    enum ps_result result = dn_frame(&rig->dialog, &rd, &rig->len);
    *reason = fault.reason;
    rig->offset = fault.offset;
    ck_assert_uint_eq(rd.pos, 0); /* it only looks */
    ck_assert_int_eq(result == PS_BAD, fault.reason != PS_REASON_NONE);
    return result;
}

#define ck_reason(got, want)                                                                                           \
    do {                                                                                                               \
        unsigned got_ = (got), want_ = (want);                                                                         \
        ck_assert_msg(got_ == want_, "%s instead of %s", ps_reason_info(got_)->name, ps_reason_info(want_)->name);      \
    } while (0)

#define OK PS_REASON_NONE
#define DN(id) PS_REASON_DNP3_##id

static inline enum ps_reason rig_decode(struct rig *rig)
{
    struct dn_state before = rig->state;
    struct ps_rd_fault fault;
    struct ps_rd rd;
    ps_facts_clear(&rig->facts);
    rig->facts.protocol = PS_PROTOCOL_DNP3;
    ps_rd_init(&rd, &fault, rig->octets, rig->n_octets);
    enum ps_result result = dn_decode(&rig->dialog, &rd, &rig->facts);
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
    if (reason == OK)
        dn_accept(&rig->dialog, &rig->facts);
    return reason;
}

/* Whole frames, as they are written. */
static inline enum ps_reason rig_raw(struct rig *rig, enum ps_dir dir, const char *hex)
{
    rig->n_octets = rig_hex(hex, rig->octets);
    return rig_judge(rig, dir);
}

/* One frame. */
static inline enum ps_reason rig_send(struct rig *rig, enum ps_dir dir, unsigned control, unsigned destination,
                                      const char *user)
{
    rig->n_octets = 0;
    rig_add(rig, control, destination, control & 0x80 ? 1 : 10, user);
    return rig_judge(rig, dir);
}

/* ---- master 1 is the client, outstation 10 the server ------------------------------------------------------------ */

/* An application fragment in one frame. */
static inline enum ps_reason ask(struct rig *rig, const char *fragment)
{
    char user[1024] = "c0";
    strcat(user, fragment);
    return rig_send(rig, PS_TO_SERVER, 0xc4, 10, user);
}

static inline enum ps_reason answer(struct rig *rig, const char *fragment)
{
    char user[1024] = "c0";
    strcat(user, fragment);
    return rig_send(rig, PS_TO_CLIENT, 0x44, 1, user);
}

static inline void rig_wait(struct rig *rig, unsigned ms)
{
    rig->dialog.now_ns += (uint64_t)ms * 1000000;
}

static inline const struct dn_assoc *rig_assoc(const struct rig *rig)
{
    ck_assert_uint_ge(rig->state.n_assoc, 1);
    return &rig->state.assoc[0];
}

/* The one fact of the last PDU. */
static inline const struct ps_fact *rig_fact(const struct rig *rig)
{
    ck_assert_uint_eq(rig->facts.n_facts, 1);
    return &rig->facts.item[0];
}

/* ---- vectors ----------------------------------------------------------------------------------------------------- */

#define RESET_LINK "05 64 05 C0 01 00 0A 00 E0 8C"
#define LINK_STATUS "05 64 05 C9 0A 00 01 00 FE DA"
#define INTEGRITY "05 64 14 C4 0A 00 01 00 8F ED C0 C0 01 3C 02 06 3C 03 06 3C 04 06 3C 01 06 8A 51"
#define SELECT "05 64 1A C4 0A 00 01 00 8A 1C C3 C3 03 0C 01 28 01 00 05 00 03 01 64 00 00 00 1B 41 64 00 00 00 00 00 5B"
#define OPERATE "05 64 1A C4 0A 00 01 00 8A 1C C4 C4 04 0C 01 28 01 00 05 00 03 01 64 00 00 00 27 13 64 00 00 00 00 00 5B"
#define DIRECT "05 64 1A C4 0A 00 01 00 8A 1C C1 C1 05 0C 01 28 01 00 05 00 03 01 64 00 00 00 13 80 64 00 00 00 00 00 5B"
#define RESTART "05 64 08 C4 0A 00 01 00 FC 42 C2 C2 0D 09 AE"
#define DISABLE "05 64 11 C4 0A 00 01 00 06 15 C6 C6 15 3C 02 06 3C 03 06 3C 04 06 9E D2"
#define CLEAR_RESTART "05 64 0E C4 0A 00 01 00 25 29 C7 C7 02 50 01 00 07 07 00 E7 A9"
#define NULL_UNSOLICITED "05 64 0A 44 01 00 0A 00 6E 25 C0 F0 82 90 00 43 A2"
#define CONFIRM_UNSOLICITED "05 64 08 C4 0A 00 01 00 FC 42 C5 D0 00 43 36"
#define RESPONSE "05 64 14 44 01 00 0A 00 AA AC C0 C0 81 00 00 1E 01 00 00 00 01 00 00 00 00 43 A1"

static const char *const vectors[] = {RESET_LINK, LINK_STATUS, INTEGRITY,     SELECT,           OPERATE,             DIRECT,
                                      RESTART,    DISABLE,     CLEAR_RESTART, NULL_UNSOLICITED, CONFIRM_UNSOLICITED, RESPONSE};

#define N_VECTORS (sizeof vectors / sizeof vectors[0])
