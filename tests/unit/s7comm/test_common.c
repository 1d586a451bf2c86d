/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"

#include <stdlib.h>

#include "unit.h"

static uint64_t random_state = 88172645463325252u;

static uint32_t random_below(uint32_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)((random_state >> 32) * n >> 32);
}

static void expect_same(const struct ps_facts *a, const struct ps_facts *b)
{
    ck_assert_uint_eq(a->kind, b->kind);
    ck_assert_uint_eq(a->error, b->error);
    ck_assert_uint_eq(a->status, b->status);
    ck_assert_uint_eq(a->function, b->function);
    ck_assert_uint_eq(a->code, b->code);
    ck_assert_uint_eq(a->station, b->station);
    ck_assert_uint_eq(a->transaction, b->transaction);
    ck_assert_uint_eq(a->n_facts, b->n_facts);
    ck_assert_mem_eq(a->pairing, b->pairing, sizeof a->pairing);
    for (unsigned i = 0; i < a->n_facts; i++) {
        ck_assert_uint_eq(a->item[i].op, b->item[i].op);
        ck_assert_uint_eq(a->item[i].protocol, b->item[i].protocol);
        ck_assert_uint_eq(a->item[i].function, b->item[i].function);
        ck_assert_uint_eq(a->item[i].choice, b->item[i].choice);
        ck_assert_uint_eq(a->item[i].station, b->item[i].station);
        ck_assert_uint_eq(a->item[i].space, b->item[i].space);
        ck_assert_uint_eq(a->item[i].first, b->item[i].first);
        ck_assert_uint_eq(a->item[i].last, b->item[i].last);
        ck_assert_uint_eq(a->item[i].housekeeping, b->item[i].housekeeping);
        ck_assert_uint_eq(a->item[i].values.kind, b->item[i].values.kind);
    }
}

/* Asks both ways about what stands in rig->octets, from an exact heap copy. Whether it is common; accepted if sound. */
static bool both_ways(struct rig *rig, enum ps_dir dir)
{
    static struct ps_facts common, closely;
    struct ps_rd_fault fault;
    struct ps_rd rd;
    uint32_t extent = 0, len = rig->n_octets;
    uint8_t *copy = malloc(len ? len : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, rig->octets, len);
    rig->dialog.dir = (uint8_t)dir;
    ps_facts_clear(&common);
    ps_facts_clear(&closely);
    common.protocol = closely.protocol = PS_PROTOCOL_S7COMM;
    uint32_t n = ps_s7comm.common(&rig->dialog, copy, len, &common);
    ps_rd_init(&rd, &fault, copy, len);
    bool sound = ps_s7comm.frame(&rig->dialog, &rd, &extent) == PS_OK;
    if (sound) {
        ps_rd_init(&rd, &fault, copy, extent);
        sound = ps_s7comm.decode(&rig->dialog, &rd, &closely) == PS_OK;
    }
    if (n > 0) {
        ck_assert(sound);
        ck_assert_uint_eq(n, extent);
        expect_same(&common, &closely);
    } else {
        ck_assert_uint_eq(common.n_facts, 0);
        ck_assert_uint_eq(common.kind, PS_PDU_NONE);
    }
    if (sound)
        ps_s7comm.accept(&rig->dialog, &closely);
    free(copy);
    return n > 0;
}

static bool asked(struct rig *rig, unsigned reference, const char *param)
{
    rig_build(rig, &(struct rig_pdu){1, (uint16_t)reference, 0, param, ""}, 0, 0);
    return both_ways(rig, PS_TO_SERVER);
}

static bool answered(struct rig *rig, unsigned reference, const char *param, const char *data)
{
    rig_build(rig, &(struct rig_pdu){3, (uint16_t)reference, 0, param, data}, 0, 0);
    return both_ways(rig, PS_TO_CLIENT);
}

START_TEST(test_s7_common__polls_that_read__common_both_times)
{
    static const struct {
        const char *job, *param, *data;
    } rows[] = {
        {"04 01 120a10 02 0004 0001 84 000000", "04 01", "ff04 0020 01020304"},
        {"04 02 120a10 02 0001 0001 84 000000 120a10 04 0002 0000 83 000010", "04 02", "ff04 0008 01 ac ff04 0020 00010002"},
        {"04 03 120a10 07 0001 0002 84 000000 120a10 08 0001 0000 81 000010 120a10 03 0003 0002 84 000000", "04 03",
         "ff05 0020 00000001 ff07 0004 00000000 ff09 0003 414243"},
        {"04 01 120a10 1d 0002 0000 1d 000005", "04 01", "ff09 0004 00010002"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        rig_open(&rig);
        ck_assert(asked(&rig, 2, rows[i].job));
        ck_assert(answered(&rig, 2, rows[i].param, rows[i].data));
        ck_assert_uint_eq(rig.state.classic.n_pending, 0);
    }
}
END_TEST

#define READ "04 01 120a10 02 0001 0001 84 000000"

START_TEST(test_s7_common__anything_else__looked_at_closely)
{
    struct rig rig;
    rig_open(&rig);
    ck_assert(!asked(&rig, 2, "04 01 120a10 02 0001 0000 84 000000")); /* a fault */
    ck_assert(!asked(&rig, 2, "04 01 120a10 02 01e0 0001 84 000000")); /* an answer of more than a PDU */
    ck_assert(!asked(&rig, 2, "29 0000000000 09 505f50524f4752414d"));
    rig_open(&rig);
    ck_assert(asked(&rig, 2, READ));
    ck_assert(!asked(&rig, 3, READ)); /* one waits already */
    ck_assert(!answered(&rig, 2, "04 01", "ff04 0008 01"));
    ck_assert(!answered(&rig, 3, "04 01", "0a00 0000")); /* failed, which the answer may say */
    ck_assert_uint_eq(rig.state.classic.n_pending, 0);
    rig_connect(&rig);
    ck_assert(!asked(&rig, 2, READ)); /* nothing agreed on */
    rig_init(&rig);
    rig.dialog.midstream = true;
    ck_assert(!asked(&rig, 2, READ)); /* nor connected */
    ck_assert_uint_eq(rig.state.classic.n_pending, 1);
}
END_TEST

/* Jobs and answers of which some octets are wrong: whatever one way calls common, the other way calls sound. */
static void spoil(struct rig *rig)
{
    for (uint32_t n = random_below(3); n > 0; n--) {
        uint32_t at = random_below(rig->n_octets < 48 ? rig->n_octets : 48);
        rig->octets[at] = (uint8_t)(random_below(2) ? rig->octets[at] + random_below(3) - 1 : random_below(256));
    }
    rig->n_octets -= random_below(20) == 0 ? random_below(rig->n_octets) : 0;
}

static void make_job(struct rig *rig, unsigned reference, char *answer)
{
    char param[256];
    unsigned n = 1 + random_below(4), types[] = {1, 2, 3, 4, 5, 6, 7, 8, 28};
    int at = snprintf(param, sizeof param, "04 %02x", n), end = 0;
    for (unsigned i = 0; i < n; i++) {
        unsigned type = types[random_below(9)], count = type == 1 ? 1 : 1 + random_below(4);
        unsigned octets = count * (type < 4 ? 1 : type < 6 || type == 28 ? 2 : 4);
        unsigned size = type == 1 ? 3 : type == 28 ? 9 : type == 8 && random_below(2) ? 7 : type == 7 && random_below(2) ? 5 : 4;
        at += snprintf(param + at, sizeof param - (size_t)at, " 120a10 %02x %04x %s 0000%02x", type, count,
                       type == 28 ? "0000 1c" : "0001 84", 8 * random_below(32));
        end += snprintf(answer + end, 256 - (size_t)end, "ff%02x %04x", size, size == 3 ? 1 : size < 6 ? 8 * octets : octets);
        for (unsigned k = 0; k < octets + (i + 1 < n ? octets % 2 : 0); k++)
            end += snprintf(answer + end, 256 - (size_t)end, "00");
    }
    rig_build(rig, &(struct rig_pdu){1, (uint16_t)reference, 0, param, ""}, 0, 0);
}

START_TEST(test_s7_common__random_conversations__never_another_answer)
{
    static struct rig rig;
    char data[256], param[16];
    uint32_t n_common = 0;
    rig_open(&rig);
    for (uint32_t round = 0; round < 100000; round++) {
        if (round % 8 == 0)
            rig_open(&rig);
        rig.dialog.now_ns += UINT64_C(1000000000) * random_below(20);
        make_job(&rig, 1 + random_below(3), data);
        snprintf(param, sizeof param, "04 %02x", rig.octets[18]);
        unsigned reference = rig.octets[12];
        spoil(&rig);
        n_common += both_ways(&rig, PS_TO_SERVER);
        rig_build(&rig, &(struct rig_pdu){3, (uint16_t)reference, 0, param, data}, 0, 0);
        spoil(&rig);
        n_common += both_ways(&rig, PS_TO_CLIENT);
    }
    ck_assert_uint_gt(n_common, 20000);
    ck_assert_uint_lt(n_common, 180000);
}
END_TEST

UNIT_MAIN("s7comm/common", test_s7_common__polls_that_read__common_both_times,
          test_s7_common__anything_else__looked_at_closely, test_s7_common__random_conversations__never_another_answer)
