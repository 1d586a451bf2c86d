/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "flow.h"

#include <string.h>

#include "unit.h"

static const uint64_t seed[2] = {1, 2};

/* State lengths by protocol, of which only one has some. */
static const uint32_t *modbus_of(uint32_t len)
{
    static uint32_t lens[PS_N_DISSECTORS];
    lens[PS_PROTOCOL_MODBUS] = len;
    return lens;
}

static struct ps_key key_of(uint32_t i)
{
    return (struct ps_key){.addr = {ps_addr_from_v4(0x0a000000 + i), ps_addr_from_v4(0x0a800001)},
                           .port = {(uint16_t)(1024 + i % 60000), 502},
                           .id = ps_key_id(6, 0)};
}

/* Fills the table with flows i < n of this phase and these flags, last seen at tick i. */
static void fill(struct ps_flow_table *t, uint32_t n, uint8_t phase, uint8_t flags)
{
    for (uint32_t i = 0; i < n; i++) {
        struct ps_key key = key_of(i);
        uint32_t line = ps_flow_insert(t, &key, ps_flow_hash(t, &key));
        ck_assert_uint_ne(line, PS_NONE);
        t->flows[line].phase = phase;
        t->flows[line].flags = flags;
        t->flows[line].seen = i;
    }
}

START_TEST(test_ps_flow_find__both_directions__the_same_line)
{
    struct ps_flow_table t;
    ck_assert(ps_flow_table_init(&t, 100, modbus_of(8), seed));
    ck_assert_uint_eq(t.capacity, 128);
    struct ps_key key = key_of(1), mirror = ps_key_mirror(&key);
    uint64_t hash = ps_flow_hash(&t, &key);
    ck_assert_uint_eq(hash, ps_flow_hash(&t, &mirror));
    ck_assert_uint_eq(ps_flow_find(&t, &key, hash), PS_NONE);
    uint32_t line = ps_flow_insert(&t, &key, hash);
    ck_assert_uint_ne(line, PS_NONE);
    ck_assert_uint_eq(ps_flow_find(&t, &key, hash), line);
    ck_assert_uint_eq(ps_flow_find(&t, &mirror, hash), line);
    ck_assert_uint_eq(ps_flow_hint(&t, hash), line);
    ck_assert_uint_eq(t.flows[line].half[0], PS_NONE);
    ps_flow_table_fini(&t);
}
END_TEST

START_TEST(test_ps_flow_hash__any_part_differs__other_hash)
{
    struct ps_flow_table t;
    ck_assert(ps_flow_table_init(&t, 16, modbus_of(8), seed));
    struct ps_key base = key_of(1);
    uint64_t hash = ps_flow_hash(&t, &base);
    struct ps_key other[7] = {base, base, base, base, base, base, base};
    other[0].addr[0].lo ^= 1;
    other[1].addr[1].hi ^= 1;
    other[2].port[0] ^= 1;
    other[3].port[1] ^= 1;
    other[4].id = ps_key_id(17, 0);
    other[5].id = ps_key_id(6, 20);
    other[6].port[0] = base.port[1], other[6].port[1] = base.port[0]; /* ports crossed, addresses not */
    for (unsigned i = 0; i < 7; i++) {
        ck_assert_uint_ne(ps_flow_hash(&t, &other[i]), hash);
        ck_assert(!ps_key_equal(&other[i], &base));
    }
    const uint64_t seed_b[2] = {1, 3};
    struct ps_flow_table u;
    ck_assert(ps_flow_table_init(&u, 16, modbus_of(8), seed_b));
    ck_assert_uint_ne(ps_flow_hash(&u, &base), hash);
    ps_flow_table_fini(&u);
    ps_flow_table_fini(&t);
}
END_TEST

START_TEST(test_ps_flow_remove__state_of_an_inspected_flow__zero_for_the_next)
{
    struct ps_flow_table t;
    ck_assert(ps_flow_table_init(&t, 16, modbus_of(100), seed));
    struct ps_key key = key_of(1);
    uint64_t hash = ps_flow_hash(&t, &key);
    uint32_t line = ps_flow_insert(&t, &key, hash);
    ps_flow_set_protocol(&t, line, PS_PROTOCOL_MODBUS);
    t.flows[line].flags = PS_FLOW_INSPECTED;
    memset(ps_flow_state(&t, line), 0xee, 100);
    ps_flow_cold(&t, line)->packets = 7;
    ps_flow_remove(&t, line);
    ck_assert_uint_eq(ps_flow_find(&t, &key, hash), PS_NONE);
    ck_assert_uint_eq(ps_flow_insert(&t, &key, hash), line);
    ck_assert_uint_eq(ps_flow_cold(&t, line)->protocol, PS_PROTOCOL_NONE);
    ps_flow_set_protocol(&t, line, PS_PROTOCOL_MODBUS);
    const uint8_t *state = ps_flow_state(&t, line);
    for (unsigned i = 0; i < 100; i++)
        ck_assert_uint_eq(state[i], 0);
    ck_assert_uint_eq(ps_flow_cold(&t, line)->packets, 0);
    ck_assert_uint_eq(t.flows[line].flags, 0);
    ps_flow_table_fini(&t);
}
END_TEST

START_TEST(test_ps_flow_insert__up_to_capacity__all_found_then_none)
{
    struct ps_flow_table t;
    ck_assert(ps_flow_table_init(&t, 4096, modbus_of(8), seed));
    fill(&t, 4000, PS_FLOW_OPEN, PS_FLOW_GRANTED);
    for (uint32_t i = 0; i < 4000; i++) {
        struct ps_key key = key_of(i);
        ck_assert_uint_eq(ps_flow_find(&t, &key, ps_flow_hash(&t, &key)), i);
    }
    for (uint32_t i = 4000; i < 4096; i++) {
        struct ps_key key = key_of(i);
        ps_flow_insert(&t, &key, ps_flow_hash(&t, &key));
    }
    struct ps_key key = key_of(5000);
    ck_assert_uint_eq(ps_flow_insert(&t, &key, ps_flow_hash(&t, &key)), PS_NONE);
    ps_flow_table_fini(&t);
}
END_TEST

START_TEST(test_ps_flow_victim__by_class__closed_then_half_open_or_refused)
{
    static const struct {
        uint8_t phase, flags;
    } order[] = {{PS_FLOW_CLOSED, PS_FLOW_GRANTED | PS_FLOW_INSPECTED},
                 {PS_FLOW_OPENING, PS_FLOW_GRANTED | PS_FLOW_INSPECTED},
                 {PS_FLOW_OPEN, 0}};
    struct ps_flow_table t;
    ck_assert(ps_flow_table_init(&t, 16, modbus_of(8), seed));
    fill(&t, 16, PS_FLOW_OPEN, PS_FLOW_GRANTED | PS_FLOW_INSPECTED);
    struct ps_key key = key_of(100);
    uint64_t hash = ps_flow_hash(&t, &key);
    ck_assert_uint_eq(ps_flow_victim(&t, hash, 16), PS_NONE);
    for (unsigned i = 3; i-- > 0;) {
        t.flows[4 + i].phase = order[i].phase;
        t.flows[4 + i].flags = order[i].flags;
        ck_assert_uint_eq(ps_flow_victim(&t, hash, 16), 4 + i);
    }
    t.flows[10].phase = PS_FLOW_CLOSED; /* younger than line 4 */
    ck_assert_uint_eq(ps_flow_victim(&t, hash, 16), 4);
    ps_flow_table_fini(&t);
}
END_TEST

START_TEST(test_ps_flow_victim__half_open_and_refused__the_one_that_was_idle_longest)
{
    struct ps_flow_table t;
    ck_assert(ps_flow_table_init(&t, 16, modbus_of(8), seed));
    fill(&t, 16, PS_FLOW_OPEN, PS_FLOW_GRANTED | PS_FLOW_INSPECTED);
    struct ps_key key = key_of(100);
    uint64_t hash = ps_flow_hash(&t, &key);
    t.flows[9].phase = PS_FLOW_OPENING; /* young: a handshake that goes its way */
    t.flows[5].flags = 0;
    ck_assert_uint_eq(ps_flow_victim(&t, hash, 16), 5);
    t.flows[5].seen = 15;
    ck_assert_uint_eq(ps_flow_victim(&t, hash, 16), 9);
    ps_flow_table_fini(&t);
}
END_TEST

START_TEST(test_ps_flow_victim__datagrams_that_nobody_answers__after_two_seconds)
{
    struct ps_flow_table t;
    ck_assert(ps_flow_table_init(&t, 16, modbus_of(8), seed));
    fill(&t, 16, PS_FLOW_OPEN, PS_FLOW_GRANTED | PS_FLOW_INSPECTED);
    struct ps_key key = key_of(100);
    uint64_t hash = ps_flow_hash(&t, &key);
    t.flows[3].phase = PS_FLOW_OPENING;
    t.flows[3].key.id = ps_key_id(PS_PROTO_UDP, 0);
    ck_assert_uint_eq(ps_flow_victim(&t, hash, 3 + 2 * PS_TICKS_PER_S - 1), PS_NONE);
    ck_assert_uint_eq(ps_flow_victim(&t, hash, 3 + 2 * PS_TICKS_PER_S), 3);
    t.flows[12].flags = PS_FLOW_GRANTED; /* answered, not inspected, idle for as long as that takes */
    ck_assert_uint_eq(ps_flow_victim(&t, hash, 12 + 10 * PS_TICKS_PER_S), 3);
    t.flows[12].flags = 0;
    ck_assert_uint_eq(ps_flow_victim(&t, hash, 12 + 10 * PS_TICKS_PER_S), 12);
    ps_flow_table_fini(&t);
}
END_TEST

START_TEST(test_ps_flow_victim__allowed_flows__only_after_long_silence)
{
    struct ps_flow_table t;
    ck_assert(ps_flow_table_init(&t, 16, modbus_of(8), seed));
    fill(&t, 16, PS_FLOW_OPEN, PS_FLOW_GRANTED | PS_FLOW_INSPECTED);
    struct ps_key key = key_of(100);
    uint64_t hash = ps_flow_hash(&t, &key);
    t.flows[7].flags = PS_FLOW_GRANTED; /* uninspected */
    ck_assert_uint_eq(ps_flow_victim(&t, hash, 7 + 9 * PS_TICKS_PER_S), PS_NONE);
    ck_assert_uint_eq(ps_flow_victim(&t, hash, 7 + 10 * PS_TICKS_PER_S), 7);
    t.flows[7].flags |= PS_FLOW_INSPECTED;
    ck_assert_uint_eq(ps_flow_victim(&t, hash, 86399 * PS_TICKS_PER_S), PS_NONE);
    ck_assert_uint_eq(ps_flow_victim(&t, hash, 86401 * PS_TICKS_PER_S), 0);
    ps_flow_table_fini(&t);
}
END_TEST

START_TEST(test_ps_flow_table__churn__bookkeeping_stays_exact)
{
    struct ps_flow_table t;
    ck_assert(ps_flow_table_init(&t, 64, modbus_of(8), seed));
    uint32_t present[256];
    memset(present, 0xff, sizeof present);
    uint32_t state = 1, n = 0;
    for (unsigned step = 0; step < 200000; step++) {
        state = state * 1664525u + 1013904223u;
        uint32_t i = state >> 24;
        struct ps_key key = key_of(i);
        uint64_t hash = ps_flow_hash(&t, &key);
        ck_assert_uint_eq(ps_flow_find(&t, &key, hash), present[i]);
        if (present[i] != PS_NONE) {
            ps_flow_remove(&t, present[i]);
            present[i] = PS_NONE;
            n--;
        } else {
            present[i] = ps_flow_insert(&t, &key, hash);
            n += present[i] != PS_NONE;
        }
        ck_assert_uint_eq(n, t.n_fresh - t.n_free);
    }
    ps_flow_table_fini(&t);
}
END_TEST

UNIT_MAIN("fastpath/flow", test_ps_flow_find__both_directions__the_same_line,
          test_ps_flow_hash__any_part_differs__other_hash,
          test_ps_flow_remove__state_of_an_inspected_flow__zero_for_the_next,
          test_ps_flow_insert__up_to_capacity__all_found_then_none,
          test_ps_flow_victim__by_class__closed_then_half_open_or_refused,
          test_ps_flow_victim__half_open_and_refused__the_one_that_was_idle_longest,
          test_ps_flow_victim__datagrams_that_nobody_answers__after_two_seconds,
          test_ps_flow_victim__allowed_flows__only_after_long_silence,
          test_ps_flow_table__churn__bookkeeping_stays_exact)
