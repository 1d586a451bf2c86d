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
    ck_assert_uint_eq(a->function, b->function);
    ck_assert_uint_eq(a->code, b->code);
    ck_assert_uint_eq(a->station, b->station);
    ck_assert_uint_eq(a->transaction, b->transaction);
    ck_assert_uint_eq(a->n_facts, b->n_facts);
    ck_assert_mem_eq(a->pairing, b->pairing, sizeof a->pairing);
    for (unsigned i = 0; i < a->n_facts; i++) {
        ck_assert_uint_eq(a->item[i].op, b->item[i].op);
        ck_assert_uint_eq(a->item[i].function, b->item[i].function);
        ck_assert_uint_eq(a->item[i].station, b->item[i].station);
        ck_assert_uint_eq(a->item[i].space, b->item[i].space);
        ck_assert_uint_eq(a->item[i].first, b->item[i].first);
        ck_assert_uint_eq(a->item[i].last, b->item[i].last);
        ck_assert_uint_eq(a->item[i].values.kind, b->item[i].values.kind);
    }
}

static void expect_state(const struct mb_state *glanced, const struct rig *rig, const struct ps_facts *accepted)
{
    static struct mb_state state;
    struct ps_dialog dialog = rig->dialog;
    state = rig->state;
    dialog.state = &state;
    if (accepted)
        ps_modbus.accept(&dialog, accepted);
    ck_assert_mem_eq(glanced, &state, sizeof state);
}

/* What the only fact asks for; `wrong` fields of it are others. */
static struct ps_asked asked_by(const struct ps_fact *fact, uint32_t wrong)
{
    return (struct ps_asked){.station = fact->station ^ (wrong & 1), .space = fact->space ^ (wrong >> 1 & 1),
                             .first = fact->first ^ (wrong >> 2 & 1), .last = fact->last ^ (wrong >> 3 & 1),
                             .function = (uint16_t)(fact->function ^ (wrong >> 4 & 1)),
                             .op = (uint8_t)(fact->op ^ (wrong >> 5 & 1))};
}

/* At a glance: the same answer about octets that are one PDU, and the same state afterwards. */
static void expect_glance(const struct rig *rig, const uint8_t *adu, uint32_t len, const struct ps_facts *facts, uint32_t n)
{
    static struct mb_state state;
    struct ps_dialog dialog = rig->dialog;
    struct ps_asked asked = {0};
    state = rig->state;
    dialog.state = &state;
    bool whole = n > 0 && n == len, asks = whole && facts->n_facts > 0;
    struct ps_asked same = asks ? asked_by(&facts->item[0], 0) : (struct ps_asked){0};
    struct ps_asked other = asks ? asked_by(&facts->item[0], 1u << random_below(6)) : same;
    enum ps_glance first = asks ? PS_GLANCE_ASKS : whole ? PS_GLANCE_REPLY : PS_GLANCE_NOT;
    ck_assert_int_eq(ps_modbus.glance(&dialog, adu, len, &other, &asked), first);
    expect_state(&state, rig, first == PS_GLANCE_REPLY ? facts : NULL);
    if (!asks)
        return;
    ck_assert(ps_asked_is_same(&asked, &same));
    ps_modbus.glanced(&dialog, adu);
    expect_state(&state, rig, facts);
    state = rig->state;
    ck_assert_int_eq(ps_modbus.glance(&dialog, adu, len, &same, &asked), PS_GLANCE_AGAIN);
    expect_state(&state, rig, facts);
}

/* Asks both ways about the first len octets of adu, from an exact heap copy. Whether it is common; accepted if sound. */
static bool both_ways(struct rig *rig, const uint8_t *adu, uint32_t len)
{
    static struct ps_facts common, closely;
    struct ps_rd_fault fault;
    struct ps_rd rd;
    uint32_t extent = 0;
    uint8_t *copy = malloc(len ? len : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, adu, len);
    ps_facts_clear(&common);
    ps_facts_clear(&closely);
    uint32_t n = ps_modbus.common(&rig->dialog, copy, len, &common);
    expect_glance(rig, copy, len, &common, n);
    ps_rd_init(&rd, &fault, copy, len);
    bool sound = ps_modbus.frame(&rig->dialog, &rd, &extent) == PS_OK;
    if (sound) {
        ps_rd_init(&rd, &fault, copy, extent);
        sound = ps_modbus.decode(&rig->dialog, &rd, &closely) == PS_OK;
    }
    if (n > 0) {
        ck_assert(sound);
        ck_assert_uint_eq(n, extent);
        expect_same(&common, &closely);
    }
    if (sound)
        ps_modbus.accept(&rig->dialog, &closely);
    free(copy);
    return n > 0;
}

/* A request of FC 1..4 and its reply, both sound. */
static uint32_t make_request(uint8_t *adu, uint8_t fc, uint32_t address, uint32_t quantity)
{
    const uint8_t octets[12] = {0, (uint8_t)random_below(3), 0, 0, 0, 6, (uint8_t)random_below(2), fc,
                                (uint8_t)(address >> 8), (uint8_t)address, (uint8_t)(quantity >> 8), (uint8_t)quantity};
    memcpy(adu, octets, sizeof octets);
    return sizeof octets;
}

static uint32_t make_reply(uint8_t *adu, const uint8_t *request)
{
    uint32_t quantity = (uint32_t)(request[10] << 8 | request[11]);
    uint32_t byte_count = request[7] <= 2 ? (quantity + 7) / 8 : 2 * quantity;
    memcpy(adu, request, 8);
    memset(adu + 9, 0, 256);
    adu[4] = (uint8_t)((3 + byte_count) >> 8);
    adu[5] = (uint8_t)(3 + byte_count);
    adu[8] = (uint8_t)byte_count;
    return 9 + (byte_count & 0xff);
}

START_TEST(test_mb_common__polls_that_read__common_both_times)
{
    static struct rig rig;
    static uint8_t request[16], reply[512];
    rig_init(&rig);
    for (uint8_t fc = 1; fc <= 4; fc++) {
        for (uint32_t quantity = 1; quantity <= (fc <= 2 ? 2000u : 125u); quantity++) {
            rig.dialog.dir = PS_TO_SERVER;
            ck_assert(both_ways(&rig, request, make_request(request, fc, 65536 - quantity, quantity)));
            rig.dialog.dir = PS_TO_CLIENT;
            ck_assert(both_ways(&rig, reply, make_reply(reply, request)));
            ck_assert_uint_eq(rig.state.n_pending, 0);
        }
    }
}
END_TEST

START_TEST(test_mb_common__anything_else__looked_at_closely)
{
    static struct rig rig;
    static uint8_t request[16];
    rig_init(&rig);
    make_request(request, 5, 0, 0);
    ck_assert(!both_ways(&rig, request, 12));
    make_request(request, 3, 0, 2);
    ck_assert(!both_ways(&rig, request, 11));
    rig.dialog.relax = MB_RELAX_UNIT_ANY;
    ck_assert(!both_ways(&rig, request, 12));
    rig_init(&rig);
    rig.dialog.datagram = true;
    ck_assert(!both_ways(&rig, request, 12));
    rig_init(&rig);
    ck_assert(both_ways(&rig, request, 12));
    ck_assert(!both_ways(&rig, request, 12)); /* one waits already */
}
END_TEST

static void mutate(uint8_t *adu, uint32_t len)
{
    for (uint32_t n = random_below(3); n > 0; n--)
        adu[random_below(len < 14 ? len : 14)] = (uint8_t)(random_below(2) ? random_below(8) : random_below(256));
}

/* Conversations in which much goes wrong: whatever one way calls common, the other way calls sound. */
START_TEST(test_mb_common__random_conversations__never_another_answer)
{
    static struct rig rig;
    static uint8_t request[16], reply[1024];
    uint32_t n_common = 0;
    rig_init(&rig);
    for (uint32_t round = 0; round < 300000; round++) {
        if (random_below(16) == 0) {
            rig_init(&rig);
            rig.dialog.midstream = random_below(2) != 0;
            rig.dialog.max_outstanding = (uint16_t)random_below(4);
            rig.dialog.timeout_ns = random_below(2) ? 0 : 5;
            rig.dialog.relax = random_below(4) ? 0 : random_below(256);
        }
        rig.dialog.now_ns += random_below(4);
        uint8_t fc = (uint8_t)(1 + random_below(5));
        if (random_below(3) > 0) {
            uint32_t len = make_request(request, fc, random_below(65536), 1 + random_below(130));
            if (random_below(3) == 0)
                mutate(request, len);
            rig.dialog.dir = PS_TO_SERVER;
            n_common += both_ways(&rig, request, random_below(8) ? len : random_below(len + 1));
        }
        uint32_t len = make_reply(reply, request);
        if (random_below(3) == 0)
            mutate(reply, len);
        if (random_below(8) == 0)
            reply[len - 1] = (uint8_t)random_below(256); /* padding */
        rig.dialog.dir = PS_TO_CLIENT;
        n_common += both_ways(&rig, reply, random_below(8) ? len + random_below(3) : random_below(len + 1));
    }
    ck_assert_uint_gt(n_common, 50000);
}
END_TEST

UNIT_MAIN("modbus/common", test_mb_common__polls_that_read__common_both_times,
          test_mb_common__anything_else__looked_at_closely,
          test_mb_common__random_conversations__never_another_answer)
