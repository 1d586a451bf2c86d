/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store.h"

#include <string.h>

#include "unit.h"

static struct ps_chunks chunks;
static struct ps_relay_dir dir;
static uint8_t octets[8192];

#define START 0xfffffff0u
#define UNACKED 65536u

static void begin(void)
{
    ck_assert(ps_chunks_init(&chunks, 64));
    for (size_t i = 0; i < sizeof octets; i++)
        octets[i] = (uint8_t)(i * 13 + i / 200);
    ps_relay_dir_start(&dir, START);
}

static void end(void)
{
    ck_assert(ps_relay_check(&chunks, &dir, UNACKED));
    ps_relay_dir_end(&chunks, &dir);
    ck_assert_uint_eq(chunks.n_used, 0);
    ps_chunks_fini(&chunks);
}

static enum ps_store_result add(uint32_t at, uint32_t len)
{
    enum ps_store_result result = ps_store_add(&chunks, &dir, START + at, octets + at, len);
    ck_assert(ps_relay_check(&chunks, &dir, UNACKED));
    return result;
}

/* Takes what is kept from judged on; how many octets, all of them the right ones. */
static uint32_t drain(void)
{
    const uint8_t *data;
    uint32_t n, total = 0;
    while ((n = ps_store_next(&chunks, &dir, &data)) > 0) {
        ck_assert_mem_eq(data, octets + (dir.judged - START), n);
        dir.una = dir.fwd = dir.allowed = dir.given = dir.judged += n;
        total += n;
    }
    return total;
}

START_TEST(test_ps_store_add__nv_s02_any_order__one_run)
{
    begin();
    ck_assert_int_eq(add(1000, 1460), PS_STORE_KEPT);
    ck_assert_int_eq(add(10, 5), PS_STORE_KEPT);
    ck_assert_int_eq(add(12, 1200), PS_STORE_KEPT); /* overlaps both, with the same */
    ck_assert_int_eq(add(10, 2450), PS_STORE_KEPT); /* all of it */
    ck_assert_uint_eq(drain(), 0);
    dir.una = dir.fwd = dir.allowed = dir.given = dir.judged = START + 10;
    ck_assert_uint_eq(drain(), 2450);
    ck_assert_uint_eq(dir.n_stored, 0);
    end();
}
END_TEST

START_TEST(test_ps_store_next__judged_moved_into_it__the_rest)
{
    begin();
    add(10, 600);
    add(700, 10);
    dir.una = dir.fwd = dir.allowed = dir.given = dir.judged = START + 505; /* past the first chunk */
    ck_assert_uint_eq(drain(), 105);
    dir.una = dir.fwd = dir.allowed = dir.given = dir.judged = START + 1000;
    ck_assert_uint_eq(drain(), 0);
    ck_assert_uint_eq(dir.n_stored, 0);
    end();
}
END_TEST

START_TEST(test_ps_store_add__nv_s04_one_octet_differs__says_so)
{
    uint8_t other[200];
    begin();
    add(100, 100);
    add(300, 100);
    for (uint32_t from = 0; from < 500; from += 50) {
        for (uint32_t wrong = 0; wrong < 200; wrong += 25) {
            memcpy(other, octets + from, sizeof other);
            other[wrong] ^= 0x80;
            uint32_t at = from + wrong;
            bool kept = (at >= 100 && at < 200) || (at >= 300 && at < 400);
            ck_assert_int_eq(ps_store_equals(&chunks, &dir, START + from, other, sizeof other), !kept);
            if (kept)
                ck_assert_int_eq(ps_store_add(&chunks, &dir, START + from, other, sizeof other), PS_STORE_DIFFERS);
        }
    }
    end();
}
END_TEST

START_TEST(test_ps_store_add__too_many_holes__full_but_runs_may_grow)
{
    begin();
    for (uint32_t i = 0; i < PS_STORE_HOLES; i++)
        ck_assert_int_eq(add(10 + 10 * i, 1), PS_STORE_KEPT);
    ck_assert_int_eq(add(5000, 1), PS_STORE_FULL);
    ck_assert_int_eq(add(11, 3), PS_STORE_KEPT);
    end();
}
END_TEST

START_TEST(test_ps_store_add__pool_empty__full)
{
    begin();
    chunks.n = 2;
    ck_assert_int_eq(add(10, 2 * PS_CHUNK_LEN), PS_STORE_KEPT);
    ck_assert_int_eq(add(10, 2 * PS_CHUNK_LEN + 1), PS_STORE_FULL);
    end();
}
END_TEST

UNIT_MAIN("fastpath/store",
    test_ps_store_add__nv_s02_any_order__one_run,
    test_ps_store_next__judged_moved_into_it__the_rest,
    test_ps_store_add__nv_s04_one_octet_differs__says_so,
    test_ps_store_add__too_many_holes__full_but_runs_may_grow,
    test_ps_store_add__pool_empty__full)
