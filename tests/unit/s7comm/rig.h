/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * rig.h - a connection to play TPKTs through: frame, decode and accept as the engine does it, written as hex text.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/reason.h"
#include "s7comm/classic.h"
#include "s7comm/s7comm.h"
#include "unit.h"
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

/* ---- classic S7comm -------------------------------------------------------------------------------------------- */

struct rig_pdu {
    uint8_t rosctr;
    uint16_t reference;
    uint16_t error; /* of acknowledgements */
    const char *param;
    const char *data;
};

/* Puts the PDU into rig->octets, with `drop` octets fewer (or -drop zeros more) of parameters and of data. */
static inline void rig_build(struct rig *rig, const struct rig_pdu *pdu, int drop_param, int drop_data)
{
    uint8_t *s7 = rig->octets + 7;
    uint32_t head = pdu->rosctr == 2 || pdu->rosctr == 3 ? 12 : 10;
    memset(rig->octets, 0, 2048);
    uint32_t param = rig_hex(pdu->param, s7 + head) - (uint32_t)drop_param;
    memset(s7 + head + param, 0, 16);
    uint32_t data = rig_hex(pdu->data, s7 + head + param) - (uint32_t)drop_data;
    const uint8_t fixed[12] = {0x32, pdu->rosctr, 0, 0, (uint8_t)(pdu->reference >> 8), (uint8_t)pdu->reference,
                               (uint8_t)(param >> 8), (uint8_t)param, (uint8_t)(data >> 8), (uint8_t)data,
                               (uint8_t)(pdu->error >> 8), (uint8_t)pdu->error};
    memcpy(s7, fixed, head);
    rig->n_octets = 7 + head + param + data;
    const uint8_t tpkt[] = {3, 0, (uint8_t)(rig->n_octets >> 8), (uint8_t)rig->n_octets, 2, 0xf0, 0x80};
    memcpy(rig->octets, tpkt, sizeof tpkt);
}

static inline enum ps_reason rig_send(struct rig *rig, enum ps_dir dir, struct rig_pdu pdu)
{
    rig_build(rig, &pdu, 0, 0);
    return rig_judge(rig, dir);
}

/* A job of the client, and its answer. */
static inline enum ps_reason ask(struct rig *rig, unsigned reference, const char *param, const char *data)
{
    return rig_send(rig, PS_TO_SERVER, (struct rig_pdu){1, (uint16_t)reference, 0, param, data});
}

static inline enum ps_reason answer(struct rig *rig, unsigned reference, const char *param, const char *data)
{
    return rig_send(rig, PS_TO_CLIENT, (struct rig_pdu){3, (uint16_t)reference, 0, param, data});
}

/* User data. */
static inline enum ps_reason ask_ud(struct rig *rig, unsigned reference, const char *param, const char *data)
{
    return rig_send(rig, PS_TO_SERVER, (struct rig_pdu){7, (uint16_t)reference, 0, param, data});
}

static inline enum ps_reason answer_ud(struct rig *rig, unsigned reference, const char *param, const char *data)
{
    return rig_send(rig, PS_TO_CLIENT, (struct rig_pdu){7, (uint16_t)reference, 0, param, data});
}

/* Connected and set up: PDUs of 480 octets, four jobs. */
static inline void rig_open(struct rig *rig)
{
    rig_connect(rig);
    ck_reason(ask(rig, 1, "f0 00 0004 0004 01e0", ""), OK);
    ck_reason(answer(rig, 1, "f0 00 0004 0004 01e0", ""), OK);
}

/* The one fact of the last PDU. */
static inline const struct ps_fact *rig_fact(const struct rig *rig)
{
    ck_assert_uint_eq(rig->facts.n_facts, 1);
    return &rig->facts.item[0];
}

/* One valid exchange, on a connection of its own. */
struct exchange {
    const char *param, *data;
    const char *reply_param, *reply_data;
    uint8_t rosctr;
    uint8_t open; /* OPEN_: what any number of octets may follow, or be missing of */
};

enum { OPEN_REQUEST = 1, OPEN_REPLY = 2 };

#define JOB(param, data, reply_param, reply_data, open) {param, data, reply_param, reply_data, 1, open}
#define USERDATA(param, data, reply_param, reply_data, open) {param, data, reply_param, reply_data, 7, open}
#define NO_DATA "0a000000"
#define SHORT(kind_group, sub) "000112 04 11 " kind_group sub "00"
#define LONG(kind_group, sub, sequence) "000112 08 12 " kind_group sub sequence "00 00 0000"
#define TIS_PARAMS "0014 0002 0000000000010000000000010001000100010000"

static const struct exchange exchanges[] = {
    JOB("f0 00 0004 0004 01e0", "", "f0 00 0004 0004 01e0", "", 0),
    JOB("04 01 120a10 02 0004 0001 84 000000", "", "04 01", "ff04 0020 01020304", 0),
    JOB("04 02 120a10 01 0001 0000 83 00001b 120a10 1d 0002 0000 1d 000005", "", "04 02",
        "ff03 0001 01 00 ff09 0004 00010002", 0),
    JOB("04 01 120cb0 02 04 0001 0000 05 0002 0010", "", "04 01", "ff09 000b ff01020304 ff0102030405", 0),
    JOB("05 01 120a10 08 0001 0000 83 000080", "0007 0004 79e9f642", "05 01", "ff", 0),
    JOB("05 02 120a10 02 0001 0000 83 000000 120a10 02 0001 0000 83 000008", "0004 0008 01 00 0004 0008 02", "05 02",
        "ff05", 0),
    JOB("1a 00 0100 00000000 09 5f30413030303031 50 0d 31 303030323136 303030303838", "", "1a", "", 0),
    JOB("1d 00 0000 00000000 09 5f30423030303030 41", "", "1d 00 0100 00000007 07 30303030323136", "", 0),
    JOB("28 000000000000fd 0000 09 505f50524f4752414d", "", "28", "", 0),
    JOB("28 000000000000fd 0002 4320 09 505f50524f4752414d", "", "28", "", 0),
    JOB("28 000000000000fd 000a 0100 3041303030303150 05 5f494e5345", "", "28", "", 0),
    JOB("28 000000000000fd 0012 0200 3038303030303141 3045303031303042 05 5f44454c45", "", "28", "", 0),
    JOB("28 000000000000fd 0002 4550 05 5f4d4f4455", "", "28", "", 0),
    JOB("28 000000000000fd 0000 05 5f47415242", "", "28", "", 0),
    JOB("28 000000000000fd 0004 03414243 09 5f4e5f4c4f47494e5f", "", "28", "", 0),
    JOB("29 0000000000 09 505f50524f4752414d", "", "29", "", 0),
    USERDATA(SHORT("43", "01"), NO_DATA, LONG("83", "01", "00"), "ff09 0008 3038000130450000", 0),
    USERDATA(SHORT("43", "02"), "ff09 0002 3041", LONG("83", "02", "01"), "ff09 0004 00012205", 0),
    USERDATA(SHORT("43", "03"), "ff09 0008 3041303030303142", LONG("83", "03", "00"), "ff09 0002 0100", OPEN_REPLY),
    USERDATA(SHORT("44", "01"), "ff09 0004 0131 0001", LONG("84", "01", "00"), "ff09 000c 0131 0001 0002 0002 01020304", 0),
    USERDATA(SHORT("44", "02"), "ff09 000a 01 00 5553455231000000", LONG("84", "02", "02"), "ff09 0002 0200", OPEN_REPLY),
    USERDATA(SHORT("44", "0b"), "ff09 0004 01020304", LONG("84", "0b", "00"), NO_DATA, OPEN_REQUEST | OPEN_REPLY),
    USERDATA(SHORT("44", "13"), "ff09 000c 000112081a00013400000004", LONG("84", "13", "02"), "ff09 0002 0001",
             OPEN_REQUEST | OPEN_REPLY),
    USERDATA(SHORT("45", "01"), "ff09 0008 0102030405060708", LONG("85", "01", "00"), NO_DATA, OPEN_REPLY),
    USERDATA(SHORT("45", "02"), NO_DATA, LONG("85", "02", "00"), NO_DATA, OPEN_REPLY),
    USERDATA(SHORT("46", "01"), "ff09 000a 1208130000000001 0102", LONG("86", "01", "00"), NO_DATA, OPEN_REQUEST | OPEN_REPLY),
    USERDATA(SHORT("42", "08"), "ff09 0004 01020304", LONG("82", "08", "00"), "ff09 0002 0102", OPEN_REQUEST | OPEN_REPLY),
    USERDATA(SHORT("47", "01"), NO_DATA, LONG("87", "01", "01"), "ff09 000a 00191408201159439124", 0),
    USERDATA(SHORT("47", "02"), "ff09 000a 00191408201159330400", LONG("87", "02", "01"), NO_DATA, OPEN_REPLY),
    USERDATA(SHORT("42", "05"), "ff09 000d 0001 01 01 1207b0010500510172", LONG("82", "05", "01"),
             "ff09 000c 0001 ff09 0006 ff43f6903560", 0),
    USERDATA(SHORT("42", "04"), "ff09 0002 0501", LONG("82", "04", "01"), NO_DATA, 0),
    USERDATA(LONG("41", "02", "00"), "ff09 0026 0014 000e 0000000100000012000100010001000100010000 0002 01060000000011010000"
             "0008", LONG("81", "02", "02"), NO_DATA, OPEN_REPLY),
    USERDATA(LONG("41", "08", "00"), "ff09 0040 0014 0028 0000000100010006000100010001000100010200 0003 030100000000"
             "020100000004 100100000008 0009 0004 4133851f 0009 0002 dead 0009 0001 01 00",
             LONG("81", "08", "02"), NO_DATA, OPEN_REPLY),
    USERDATA(LONG("41", "0c", "00"), "ff09 001a " TIS_PARAMS "0000", LONG("81", "0c", "00"), NO_DATA, OPEN_REPLY),
    USERDATA(LONG("41", "10", "00"), "ff09 001a " TIS_PARAMS "0000", LONG("81", "10", "03"), NO_DATA, OPEN_REPLY),
};

#define N_EXCHANGES (sizeof exchanges / sizeof exchanges[0])

static inline struct rig_pdu rig_request(const struct exchange *e)
{
    return (struct rig_pdu){e->rosctr, 9, 0, e->param, e->data};
}

static inline struct rig_pdu rig_reply(const struct exchange *e)
{
    return (struct rig_pdu){e->rosctr == 1 ? 3 : 7, 9, 0, e->reply_param, e->reply_data};
}
