/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * rig.h - a flow to play ADUs through: frame, decode and accept as the engine does it, written as hex text.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/reason.h"
#include "modbus/mb.h"
#include "modbus/modbus.h"
#include "unit.h"
#include "vocab.h"

struct rig {
    struct ps_dialog dialog;
    struct mb_state state;
    struct ps_facts facts; /* of the last ADU */
    uint8_t adu[2048];
    uint32_t adu_len;
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

/* Header for the PDU that stands in rig->adu from octet 7. */
static inline void rig_head(struct rig *rig, unsigned transaction, unsigned unit, uint32_t pdu_len)
{
    uint32_t length = pdu_len + 1;
    uint8_t head[7] = {(uint8_t)(transaction >> 8), (uint8_t)transaction, 0, 0, (uint8_t)(length >> 8),
                       (uint8_t)length, (uint8_t)unit};
    memcpy(rig->adu, head, sizeof head);
    rig->adu_len = 7 + pdu_len;
}

static inline enum ps_result rig_frame(struct rig *rig, uint32_t n, enum ps_reason *reason)
{
    struct ps_rd_fault fault;
    struct ps_rd rd;
    ps_rd_init(&rd, &fault, rig->adu, n);
    enum ps_result result = ps_modbus.frame(&rig->dialog, &rd, &rig->len);
    *reason = fault.reason;
    rig->offset = fault.offset;
    ck_assert_uint_eq(rd.pos, 0); /* it only looks */
    return result;
}

static inline enum ps_reason rig_decode(struct rig *rig)
{
    struct ps_rd_fault fault;
    struct ps_rd rd;
    ps_facts_clear(&rig->facts);
    ps_rd_init(&rd, &fault, rig->adu, rig->adu_len);
    enum ps_result result = ps_modbus.decode(&rig->dialog, &rd, &rig->facts);
    ck_assert_int_eq(result == PS_OK, fault.reason == PS_REASON_NONE);
    rig->offset = fault.offset;
    return fault.reason;
}

/* The ADU in rig->adu: refused by frame or decode with this reason, or accepted. */
static inline enum ps_reason rig_judge(struct rig *rig, enum ps_dir dir)
{
    enum ps_reason reason;
    rig->dialog.dir = (uint8_t)dir;
    ps_facts_clear(&rig->facts);
    enum ps_result result = rig_frame(rig, rig->adu_len, &reason);
    if (result == PS_BAD)
        return reason;
    ck_assert_int_eq(result, PS_OK);
    ck_assert_uint_eq(rig->len, rig->adu_len);
    reason = rig_decode(rig);
    if (reason == PS_REASON_NONE)
        ps_modbus.accept(&rig->dialog, &rig->facts);
    return reason;
}

static inline enum ps_reason rig_send(struct rig *rig, enum ps_dir dir, unsigned transaction, unsigned unit,
                                      const char *pdu)
{
    rig_head(rig, transaction, unit, rig_hex(pdu, rig->adu + 7));
    return rig_judge(rig, dir);
}

/* Unit 1 throughout, unless a test is about units. */
static inline enum ps_reason ask(struct rig *rig, unsigned transaction, const char *pdu)
{
    return rig_send(rig, PS_TO_SERVER, transaction, 1, pdu);
}

static inline enum ps_reason answer(struct rig *rig, unsigned transaction, const char *pdu)
{
    return rig_send(rig, PS_TO_CLIENT, transaction, 1, pdu);
}

#define ck_reason(got, want)                                                                                           \
    do {                                                                                                               \
        unsigned got_ = (got), want_ = (want);                                                                         \
        ck_assert_msg(got_ == want_, "%s instead of %s", ps_reason_info(got_)->name, ps_reason_info(want_)->name);      \
    } while (0)

/* Operation text of the last ADU. */
static inline const char *rig_text(const struct rig *rig)
{
    static char buf[PS_OPERATION_TEXT_MAX];
    struct ps_txt txt;
    ps_txt_init(&txt, buf, sizeof buf);
    ps_operation_format(&ps_modbus, &rig->facts, &txt);
    return buf;
}

/* One valid exchange per function; replies "" for none. */
struct exchange {
    const char *request;
    const char *reply;
};

static const struct exchange exchanges[] = {
    {"01 0000 000a", "01 02 ff03"},
    {"02 0010 0008", "02 01 55"},
    {"03 0000 0002", "03 04 0001 0002"},
    {"04 ffff 0001", "04 02 0001"},
    {"05 0001 ff00", "05 0001 ff00"},
    {"05 0001 0000", "05 0001 0000"},
    {"06 0029 0384", "06 0029 0384"},
    {"07", "07 55"},
    {"0b", "0b ffff 0108"},
    {"0c", "0c 08 0000 0108 0121 2000"},
    {"0f 0013 000a 02 cd01", "0f 0013 000a"},
    {"10 0001 0002 04 000a 0102", "10 0001 0002"},
    {"11", "11 03 42 ff 00"},
    {"14 0e 06 0004 0001 0002 06 0003 0009 0002", "14 0c 05 06 0dfe 0020 05 06 33cd 0040"},
    {"15 0d 06 0004 0007 0003 06af 04be 100d", "15 0d 06 0004 0007 0003 06af 04be 100d"},
    {"16 0004 00f2 0025", "16 0004 00f2 0025"},
    {"17 0003 0006 000e 0003 06 00ff 00ff 00ff", "17 0c 00fe 0acd 0001 0003 000d 00ff"},
    {"18 04de", "18 0006 0002 01b8 1284"},
    {"08 0000 a537", "08 0000 a537"},
    {"08 0001 0000", "08 0001 0000"},
    {"08 0001 ff00", "08 0001 ff00"},
    {"08 0002 0000", "08 0002 1234"},
    {"08 0003 0a00", "08 0003 0a00"},
    {"08 0004 0000", ""},
    {"08 000a 0000", "08 000a 0000"},
    {"08 000b 0000", "08 000b 0001"},
    {"08 000c 0000", "08 000c 0001"},
    {"08 000d 0000", "08 000d 0001"},
    {"08 000e 0000", "08 000e 0001"},
    {"08 000f 0000", "08 000f 0001"},
    {"08 0010 0000", "08 0010 0001"},
    {"08 0011 0000", "08 0011 0001"},
    {"08 0012 0000", "08 0012 0001"},
    {"08 0014 0000", "08 0014 0000"},
    {"2b 0d 00 01", "2b 0d 00 01 02"},
    {"2b 0e 01 00", "2b 0e 01 01 00 00 02 00 03 616263 01 01 64"},
    {"5a 00 01 00", "5a 00 fe fd00 0104"},
    {"5a 00 02", "5a 00 fe 10ff"},
    {"5a 00 10 434c", "5a 00 fe 07"},
    {"09 0102", "09 03"},
    {"41", "41 00"},
    {"6e 0102 0304", "6e"},
};

#define N_EXCHANGES (sizeof exchanges / sizeof exchanges[0])
