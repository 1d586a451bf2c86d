/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "rig.h"
#include "unit.h"

static uint64_t random_state = 88172645463325252u;

static uint32_t random_below(uint32_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)((random_state >> 32) * n >> 32);
}

static void expect_same_notes(const struct ps_facts *a, const struct ps_facts *b)
{
    struct dn_notes one, other;
    ck_assert(dn_notes_load(&one, a) && dn_notes_load(&other, b));
    ck_assert_uint_eq(one.n_pairs, other.n_pairs);
    ck_assert_uint_eq(one.n_notes, other.n_notes);
    ck_assert_uint_eq(one.pair[0].master, other.pair[0].master);
    ck_assert_uint_eq(one.pair[0].outstation, other.pair[0].outstation);
    ck_assert_uint_eq(one.pair[0].master_dir, other.pair[0].master_dir);
    ck_assert_uint_eq(one.pair[0].fcb.digest, other.pair[0].fcb.digest);
    ck_assert_uint_eq(one.pair[0].fcb.known, other.pair[0].fcb.known);
    ck_assert_uint_eq(one.pair[0].fcb.bit, other.pair[0].fcb.bit);
    const struct dn_note *note = &one.note[0], *same = &other.note[0];
    ck_assert_uint_eq(note->digest, same->digest);
    ck_assert_uint_eq(note->echo, same->echo);
    ck_assert_uint_eq(note->handle, same->handle);
    ck_assert_uint_eq(note->file_mode, same->file_mode);
    ck_assert_uint_eq(note->file_act, same->file_act);
    ck_assert_uint_eq(note->act, same->act);
    ck_assert_uint_eq(note->row, same->row);
    ck_assert_uint_eq(note->control, same->control);
    ck_assert_uint_eq(note->slot, same->slot);
    ck_assert_uint_eq(note->flags, same->flags);
    ck_assert_uint_eq(note->pair, same->pair);
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
    for (unsigned i = 0; i < a->n_facts; i++) {
        const struct ps_fact *one = &a->item[i], *other = &b->item[i];
        ck_assert_uint_eq(one->op, other->op);
        ck_assert_uint_eq(one->protocol, other->protocol);
        ck_assert_uint_eq(one->function, other->function);
        ck_assert_uint_eq(one->choice, other->choice);
        ck_assert_uint_eq(one->asks, other->asks);
        ck_assert_uint_eq(one->n_params, other->n_params);
        ck_assert_mem_eq(one->params, other->params, sizeof one->params);
        ck_assert_uint_eq(one->station, other->station);
        ck_assert_uint_eq(one->space, other->space);
        ck_assert_uint_eq(one->first, other->first);
        ck_assert_uint_eq(one->last, other->last);
        ck_assert_uint_eq(one->housekeeping, other->housekeeping);
        ck_assert_uint_eq(one->values.kind, other->values.kind);
        ck_assert_mem_eq(&one->values.min, &other->values.min, 2 * sizeof(double));
    }
    expect_same_notes(a, b);
}

/* All that ps_facts_clear() sets. */
static void expect_untouched(const struct ps_facts *facts)
{
    static struct ps_facts clear;
    ps_facts_clear(&clear);
    ck_assert_uint_eq(facts->kind, PS_PDU_NONE);
    ck_assert_uint_eq(facts->status, 0);
    ck_assert_uint_eq(facts->function, PS_FUNCTION_UNKNOWN);
    ck_assert_uint_eq(facts->code, 0);
    ck_assert_uint_eq(facts->station, 0);
    ck_assert_uint_eq(facts->transaction, 0);
    ck_assert_uint_eq(facts->n_facts, 0);
    ck_assert_uint_eq(facts->protocol, PS_PROTOCOL_DNP3);
    ck_assert_mem_eq(facts->pairing, clear.pairing, PS_PAIRING_TAG);
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
    common.protocol = closely.protocol = PS_PROTOCOL_DNP3;
    uint32_t n = ps_dnp3.common(&rig->dialog, copy, len, &common);
    ps_rd_init(&rd, &fault, copy, len);
    bool sound = ps_dnp3.frame(&rig->dialog, &rd, &extent) == PS_OK;
    if (sound) {
        ps_rd_init(&rd, &fault, copy, extent);
        sound = ps_dnp3.decode(&rig->dialog, &rd, &closely) == PS_OK;
    }
    if (n > 0) {
        ck_assert(sound);
        ck_assert_uint_eq(n, extent);
        expect_same(&common, &closely);
    } else {
        expect_untouched(&common);
    }
    if (sound)
        ps_dnp3.accept(&rig->dialog, n > 0 ? &common : &closely);
    free(copy);
    return n > 0;
}

/* A fragment in one frame, the transport octet in front of it. */
static bool asked(struct rig *rig, const char *user)
{
    rig->n_octets = 0;
    rig_add(rig, 0xc4, 10, 1, user);
    return both_ways(rig, PS_TO_SERVER);
}

static bool answered(struct rig *rig, const char *user)
{
    rig->n_octets = 0;
    rig_add(rig, 0x44, 1, 10, user);
    return both_ways(rig, PS_TO_CLIENT);
}

/* The two know each other by a delay measurement. */
static void rig_open(struct rig *rig)
{
    rig_init(rig);
    ck_reason(ask(rig, "c0 17"), OK);
    ck_reason(answer(rig, "c0 81 0000 3402 07 01 0100"), OK);
}

#define CROB "0c0128 0100 0500 0301 64000000 64000000 00"
#define POINT "1e0128 0100 0500 01 01000000"

static const struct {
    const char *request, *answer;
} talks[] = {
    {"c0 c1 01 3c0206 3c0306 3c0406", "c0 c1 81 0000"},
    {"c0 c1 01 3c0206 3c0306 3c0406 3c0106", "c0 c1 81 0000 010200 0001 8101 1e0100 0001 0101000000 0102000000"},
    {"c0 c1 01 3c0206", "c0 e1 81 0000 200128 0200 0000 01 11000000 0100 01 12000000"},
    {"c0 c1 03 " CROB, "c0 c1 81 0000 " CROB},
    {"c0 c1 02 320107 01 010203040506", "c0 c1 81 0000"},
    {"c0 c1 02 500100 0707 00", "c0 c1 81 0000"},
    {"c0 c1 0d", "c0 c1 81 0000 3402 07 01 0100"},
    {"c0 c1 14 3c0206 3c0306 3c0406", "c0 c1 81 0000"},
};

#define N_TALKS (sizeof talks / sizeof talks[0])

START_TEST(test_dn_common__requests_and_answers__common_both_times)
{
    for (size_t i = 0; i < N_TALKS; i++) {
        struct rig rig;
        rig_open(&rig);
        ck_assert(asked(&rig, talks[i].request));
        ck_assert_uint_eq(rig_assoc(&rig)->n_pending, 1);
        ck_assert(answered(&rig, talks[i].answer));
        ck_assert_uint_eq(rig_assoc(&rig)->n_pending, 0);
    }
}
END_TEST

START_TEST(test_dn_common__select_operate_unsolicited_confirm__common)
{
    struct rig rig;
    rig_open(&rig);
    ck_assert(asked(&rig, "c0 c1 03 " CROB));
    ck_assert(answered(&rig, "c0 c1 81 0000 " CROB));
    ck_assert(asked(&rig, "c1 c2 04 " CROB));
    ck_assert_uint_ne(rig_assoc(&rig)->flags & DN_SELECTED, 0);
    ck_assert(answered(&rig, "c1 c2 81 0000 " CROB));
    ck_assert(answered(&rig, "c2 f3 82 0000 " POINT));
    ck_assert(asked(&rig, "c2 d3 00"));
    ck_assert(!asked(&rig, "c2 d3 00")); /* confirmed already */
}
END_TEST

#define POLL "c0 c1 01 3c0206"

START_TEST(test_dn_common__anything_else__looked_at_closely)
{
    struct rig rig;
    rig_init(&rig);
    ck_assert(!asked(&rig, POLL)); /* nothing known of the two */
    ck_assert_uint_eq(rig.state.n_assoc, 1);
    rig_open(&rig);
    ck_assert(!asked(&rig, "40 c1 01 3c0206"));       /* more will come */
    ck_assert(!asked(&rig, "80 c1 01 3c0206"));       /* something came before */
    ck_assert(!asked(&rig, "c0 c1 01 3c0206 3c0f06")); /* a fault */
    ck_assert(!asked(&rig, "c0 c1"));
    ck_assert(!answered(&rig, "c0 c5 81 0000"));
    rig.n_octets = 0;
    rig_add(&rig, 0xc4, 0xffff, 1, "c0 c1 02 320107 01 010203040506");
    ck_assert(!both_ways(&rig, PS_TO_SERVER)); /* to all */
    rig.n_octets = 0;
    rig_add(&rig, 0xc4, 10, 1, POLL);
    ck_assert(!both_ways(&rig, PS_TO_CLIENT)); /* the master changes sides */
    rig_init(&rig);
    ck_reason(rig_send(&rig, PS_TO_CLIENT, 0xc4, 10, "c0 c0 17"), OK);
    rig.n_octets = 0;
    rig_add(&rig, 0xc4, 10, 1, POLL);
    ck_assert(!both_ways(&rig, PS_TO_CLIENT)); /* the outstation has opened the connection */
    rig_open(&rig);
    rig_hex(LINK_STATUS, rig.octets);
    rig.n_octets = 10;
    ck_assert(!both_ways(&rig, PS_TO_SERVER));
}
END_TEST

START_TEST(test_dn_common__every_octet_wrong__looked_at_closely)
{
    struct rig rig;
    rig_open(&rig);
    uint32_t n = rig_hex(SELECT, rig.octets);
    for (uint32_t i = 0; i < n; i++) {
        rig.n_octets = n;
        rig.octets[i] ^= 0x10;
        ck_assert(!both_ways(&rig, PS_TO_SERVER));
        rig.octets[i] ^= 0x10;
        rig.n_octets = i;
        ck_assert(!both_ways(&rig, PS_TO_SERVER));
    }
    rig.n_octets = n;
    ck_assert(both_ways(&rig, PS_TO_SERVER));
}
END_TEST

START_TEST(test_dn_common__what_follows__is_left_alone)
{
    struct rig rig;
    rig_open(&rig);
    rig.n_octets = 0;
    rig_add(&rig, 0xc4, 10, 1, POLL);
    uint32_t n = rig.n_octets;
    rig_add(&rig, 0xc4, 10, 1, "c1 c2 01 3c0306");
    static struct ps_facts facts;
    rig.dialog.dir = PS_TO_SERVER;
    ps_facts_clear(&facts);
    ck_assert_uint_eq(ps_dnp3.common(&rig.dialog, rig.octets, rig.n_octets, &facts), n);
    ck_assert(both_ways(&rig, PS_TO_SERVER));
}
END_TEST

START_TEST(test_dn_common__several_outstations__each_its_own)
{
    struct rig rig;
    rig_init(&rig);
    for (unsigned round = 0; round < 2; round++)
        for (unsigned i = 0; i < DN_ASSOCIATIONS; i++) {
            rig.n_octets = 0;
            rig_add(&rig, 0xc4, 10 + i, 1, round ? "c0 c2 01 3c0206" : "c0 c1 0d");
            ck_assert(both_ways(&rig, PS_TO_SERVER) == (round == 1));
        }
    ck_assert_uint_eq(rig.state.assoc[31].n_pending, 2);
}
END_TEST

/* Frames of which some octets are wrong, now and then with CRCs that do not tell: whatever one way calls common, the
 * other way calls sound. */
static void put_spoilt(struct rig *rig, bool from_master, const char *text)
{
    uint8_t user[512];
    uint32_t n = rig_hex(text, user);
    for (uint32_t k = random_below(3); k > 0; k--) {
        uint32_t at = random_below(n);
        user[at] = (uint8_t)(random_below(2) ? user[at] + random_below(3) - 1 : random_below(256));
    }
    unsigned control = (from_master ? 0xc4u : 0x44u) ^ (random_below(40) ? 0 : 1u << random_below(8));
    unsigned other = random_below(20) ? 10 : random_below(2) ? 0xfffc + random_below(4) : 10 + random_below(3);
    unsigned master = random_below(40) ? 1 : 0xffee + random_below(4);
    rig->n_octets = 0;
    rig_put(rig, (uint8_t)control, (uint16_t)(from_master ? other : master), (uint16_t)(from_master ? master : other), user,
            n - (random_below(20) ? 0 : random_below(n)));
    if (random_below(20) == 0)
        rig->octets[random_below(rig->n_octets)] ^= (uint8_t)(1u << random_below(8));
    if (random_below(20) == 0)
        rig->n_octets -= random_below(rig->n_octets);
}

START_TEST(test_dn_common__random_conversations__never_another_answer)
{
    static struct rig rig;
    uint32_t n_common = 0;
    for (uint32_t round = 0; round < 100000; round++) {
        if (round % 16 == 0) {
            rig_open(&rig);
            rig.dialog.relax = random_below(4) ? 0 : random_below(8);
            rig.dialog.midstream = random_below(4) == 0;
            rig.dialog.datagram = random_below(4) == 0;
        }
        rig.dialog.now_ns += UINT64_C(1000000000) * random_below(12);
        size_t i = random_below((uint32_t)N_TALKS);
        put_spoilt(&rig, true, random_below(8) ? talks[i].request : "c1 c2 04 " CROB);
        n_common += both_ways(&rig, random_below(40) ? PS_TO_SERVER : PS_TO_CLIENT);
        put_spoilt(&rig, false, random_below(8) ? talks[i].answer : "c2 f3 82 0000 " POINT);
        n_common += both_ways(&rig, random_below(40) ? PS_TO_CLIENT : PS_TO_SERVER);
        put_spoilt(&rig, true, "c2 d3 00");
        n_common += both_ways(&rig, PS_TO_SERVER);
    }
    ck_assert_uint_gt(n_common, 30000);
    ck_assert_uint_lt(n_common, 270000);
}
END_TEST

UNIT_MAIN("dnp3/common", test_dn_common__requests_and_answers__common_both_times,
          test_dn_common__select_operate_unsolicited_confirm__common, test_dn_common__anything_else__looked_at_closely,
          test_dn_common__every_octet_wrong__looked_at_closely, test_dn_common__what_follows__is_left_alone,
          test_dn_common__several_outstations__each_its_own, test_dn_common__random_conversations__never_another_answer)
