/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/rd.h"

#include <string.h>

#include "unit.h"

/* A reader over an exact heap copy, so that the address sanitizer sees one octet too far. */
struct world {
    struct ps_rd rd;
    struct ps_rd_fault fault;
    uint8_t *data;
};

static const uint8_t counting[8] = {0xf1, 0x02, 0xf3, 0x04, 0xf5, 0x06, 0xf7, 0x08};

static void world_init(struct world *w, uint32_t len)
{
    w->data = malloc(len ? len : 1);
    ck_assert_ptr_nonnull(w->data);
    memcpy(w->data, counting, len);
    ps_rd_init(&w->rd, &w->fault, len ? w->data : NULL, len);
}

static void world_fini(struct world *w)
{
    free(w->data);
}

static void assert_fault(const struct ps_rd *rd, enum ps_reason reason, uint32_t offset)
{
    ck_assert(ps_rd_failed(rd));
    ck_assert_str_eq(ps_reason_info(rd->fault->reason)->name, ps_reason_info(reason)->name);
    ck_assert_uint_eq(rd->fault->offset, offset);
}

/* All number readers, as rows: width and what they make of the octets of `counting`. */
static uint64_t get_u8(struct ps_rd *rd)
{
    return ps_rd_u8(rd);
}
static uint64_t get_u16be(struct ps_rd *rd)
{
    return ps_rd_u16be(rd);
}
static uint64_t get_u16le(struct ps_rd *rd)
{
    return ps_rd_u16le(rd);
}
static uint64_t get_u24be(struct ps_rd *rd)
{
    return ps_rd_u24be(rd);
}
static uint64_t get_u32be(struct ps_rd *rd)
{
    return ps_rd_u32be(rd);
}
static uint64_t get_u32le(struct ps_rd *rd)
{
    return ps_rd_u32le(rd);
}

static const struct {
    uint64_t (*get)(struct ps_rd *rd);
    uint32_t width;
    uint64_t at_0, at_1; /* read at offset 0, and at offset 1 */
} numbers[] = {
    {get_u8, 1, 0xf1, 0x02},
    {get_u16be, 2, 0xf102, 0x02f3},
    {get_u16le, 2, 0x02f1, 0xf302},
    {get_u24be, 3, 0xf102f3, 0x02f304},
    {get_u32be, 4, 0xf102f304, 0x02f304f5},
    {get_u32le, 4, 0x04f302f1, 0xf504f302},
};

#define N_NUMBERS (sizeof numbers / sizeof numbers[0])

START_TEST(test_ps_rd_init__old_fault__cleared)
{
    struct ps_rd_fault fault = {.reason = PS_REASON_BUG, .offset = 9, .n_open = 3};
    struct ps_rd rd;
    ps_rd_init(&rd, &fault, counting, 8);
    ck_assert(!ps_rd_failed(&rd));
    ck_assert_uint_eq(fault.offset, 0);
    ck_assert_uint_eq(fault.n_open, 0);
    ck_assert_uint_eq(ps_rd_left(&rd), 8);
    ck_assert_uint_eq(ps_rd_pos(&rd), 0);
}
END_TEST

START_TEST(test_ps_rd_init__null_and_empty__reads_as_empty)
{
    struct ps_rd_fault fault;
    struct ps_rd rd, sub;
    ps_rd_init(&rd, &fault, NULL, 0);
    ck_assert_ptr_nonnull(ps_rd_bytes(&rd, 0));
    ps_rd_sub(&rd, &sub, 0);
    ck_assert_ptr_nonnull(ps_rd_bytes(&sub, 0));
    ps_rd_close(&sub);
    ck_assert_int_eq(ps_rd_finish(&rd), PS_OK);
    ps_rd_u8(&rd);
    assert_fault(&rd, PS_REASON_TRUNCATED, 0);
}
END_TEST

START_TEST(test_ps_rd_init__null_with_a_length__reads_as_empty)
{
    struct ps_rd_fault fault;
    struct ps_rd rd;
    ps_rd_init(&rd, &fault, NULL, 4);
    ck_assert_uint_eq(ps_rd_u8(&rd), 0);
    assert_fault(&rd, PS_REASON_TRUNCATED, 0);
}
END_TEST

START_TEST(test_ps_rd_numbers__exact_length__value_and_finish)
{
    for (size_t i = 0; i < N_NUMBERS; i++) {
        struct world w;
        world_init(&w, numbers[i].width);
        ck_assert_uint_eq(numbers[i].get(&w.rd), numbers[i].at_0);
        ck_assert_uint_eq(ps_rd_pos(&w.rd), numbers[i].width);
        ck_assert_uint_eq(ps_rd_left(&w.rd), 0);
        ck_assert_int_eq(ps_rd_finish(&w.rd), PS_OK);
        world_fini(&w);
    }
}
END_TEST

START_TEST(test_ps_rd_numbers__odd_offset__value)
{
    for (size_t i = 0; i < N_NUMBERS; i++) {
        struct world w;
        world_init(&w, 8);
        ps_rd_u8(&w.rd);
        ck_assert_uint_eq(numbers[i].get(&w.rd), numbers[i].at_1);
        world_fini(&w);
    }
}
END_TEST

START_TEST(test_ps_rd_numbers__any_shorter_length__truncated_where_the_number_starts)
{
    for (size_t i = 0; i < N_NUMBERS; i++) {
        for (uint32_t before = 0; before < 3; before++) {
            for (uint32_t have = 0; have < numbers[i].width; have++) {
                struct world w;
                world_init(&w, before + have);
                (void)ps_rd_bytes(&w.rd, before);
                ck_assert_uint_eq(numbers[i].get(&w.rd), 0);
                assert_fault(&w.rd, PS_REASON_TRUNCATED, before);
                ck_assert_uint_eq(ps_rd_pos(&w.rd), before);
                ck_assert_uint_eq(ps_rd_left(&w.rd), 0);
                ck_assert_int_eq(ps_rd_finish(&w.rd), PS_BAD);
                world_fini(&w);
            }
        }
    }
}
END_TEST

START_TEST(test_ps_rd_numbers__after_a_fault__zero_and_nothing_moves)
{
    for (size_t i = 0; i < N_NUMBERS; i++) {
        struct world w;
        world_init(&w, 8);
        ps_rd_u8(&w.rd);
        ps_rd_fail(&w.rd, PS_REASON_MODBUS_QUANTITY);
        ck_assert_uint_eq(numbers[i].get(&w.rd), 0);
        ck_assert_ptr_null(ps_rd_bytes(&w.rd, 1));
        ck_assert_ptr_null(ps_rd_bytes(&w.rd, 0));
        ck_assert_ptr_null(ps_rd_bytes(&w.rd, UINT32_MAX));
        ck_assert_uint_eq(ps_rd_pos(&w.rd), 1);
        assert_fault(&w.rd, PS_REASON_MODBUS_QUANTITY, 1);
        world_fini(&w);
    }
}
END_TEST

START_TEST(test_ps_rd_bytes__all_lengths__borrowed_or_truncated)
{
    for (uint32_t len = 0; len <= 8; len++) {
        for (uint32_t n = 0; n <= 9; n++) {
            struct world w;
            world_init(&w, len);
            const uint8_t *p = ps_rd_bytes(&w.rd, n);
            if (n <= len) {
                ck_assert_ptr_nonnull(p);
                ck_assert(n == 0 || p == w.data);
                ck_assert_uint_eq(ps_rd_left(&w.rd), len - n);
            } else {
                ck_assert_ptr_null(p);
                assert_fault(&w.rd, PS_REASON_TRUNCATED, 0);
            }
            world_fini(&w);
        }
    }
}
END_TEST

START_TEST(test_ps_rd_bytes__length_that_would_wrap__truncated)
{
    struct world w;
    world_init(&w, 8);
    ps_rd_u32be(&w.rd);
    ck_assert_ptr_null(ps_rd_bytes(&w.rd, UINT32_MAX));
    assert_fault(&w.rd, PS_REASON_TRUNCATED, 4);
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_rd_fail__second_fault__first_stays)
{
    struct world w;
    world_init(&w, 8);
    ps_rd_u16be(&w.rd);
    ck_assert_int_eq(ps_rd_fail(&w.rd, PS_REASON_MODBUS_ADDRESS), PS_BAD);
    ck_assert_int_eq(ps_rd_fail(&w.rd, PS_REASON_SURPLUS), PS_BAD);
    ck_assert(!ps_rd_require(&w.rd, false, PS_REASON_BUG));
    assert_fault(&w.rd, PS_REASON_MODBUS_ADDRESS, 2);
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_rd_fail__reason_none__is_a_bug)
{
    struct world w;
    world_init(&w, 1);
    ck_assert_int_eq(ps_rd_fail(&w.rd, PS_REASON_NONE), PS_BAD);
    assert_fault(&w.rd, PS_REASON_BUG, 0);
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_rd_require__held__true_until_a_fault)
{
    struct world w;
    world_init(&w, 8);
    ck_assert(ps_rd_require(&w.rd, true, PS_REASON_BUG));
    ck_assert(!ps_rd_failed(&w.rd));
    ps_rd_u8(&w.rd);
    ck_assert(!ps_rd_require(&w.rd, false, PS_REASON_MODBUS_FILE));
    assert_fault(&w.rd, PS_REASON_MODBUS_FILE, 1);
    ck_assert(!ps_rd_require(&w.rd, true, PS_REASON_BUG));
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_rd_finish__octets_left__surplus_at_the_first_of_them)
{
    for (uint32_t n = 0; n < 8; n++) {
        struct world w;
        world_init(&w, 8);
        (void)ps_rd_bytes(&w.rd, n);
        ck_assert_int_eq(ps_rd_finish(&w.rd), PS_BAD);
        assert_fault(&w.rd, PS_REASON_SURPLUS, n);
        world_fini(&w);
    }
}
END_TEST

START_TEST(test_ps_rd_finish__twice__same_answer)
{
    struct world w;
    world_init(&w, 1);
    ps_rd_u8(&w.rd);
    ck_assert_int_eq(ps_rd_finish(&w.rd), PS_OK);
    ck_assert_int_eq(ps_rd_finish(&w.rd), PS_OK);
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_rd_sub__every_split__reads_its_part_only)
{
    for (uint32_t before = 0; before <= 4; before++) {
        for (uint32_t n = 0; before + n <= 8; n++) {
            struct world w;
            world_init(&w, 8);
            (void)ps_rd_bytes(&w.rd, before);
            struct ps_rd sub;
            ps_rd_sub(&w.rd, &sub, n);
            ck_assert_uint_eq(ps_rd_pos(&w.rd), before + n);
            ck_assert_uint_eq(ps_rd_pos(&sub), before);
            for (uint32_t i = 0; i < n; i++)
                ck_assert_uint_eq(ps_rd_u8(&sub), counting[before + i]);
            ck_assert_uint_eq(ps_rd_left(&sub), 0);
            ps_rd_close(&sub);
            (void)ps_rd_bytes(&w.rd, 8 - before - n);
            ck_assert_int_eq(ps_rd_finish(&w.rd), PS_OK);
            world_fini(&w);
        }
    }
}
END_TEST

START_TEST(test_ps_rd_sub__reads_past_its_end__truncated_although_the_parent_has_more)
{
    struct world w;
    world_init(&w, 8);
    struct ps_rd sub;
    ps_rd_u8(&w.rd);
    ps_rd_sub(&w.rd, &sub, 3);
    ps_rd_u16be(&sub);
    ck_assert_uint_eq(ps_rd_u16be(&sub), 0);
    assert_fault(&w.rd, PS_REASON_TRUNCATED, 3);
    ck_assert_uint_eq(ps_rd_u8(&w.rd), 0);
    ck_assert_uint_eq(ps_rd_left(&w.rd), 0);
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_rd_sub__longer_than_its_parent__truncated_and_empty)
{
    static const uint32_t too_long[] = {6, 7, 255, 65535, UINT32_MAX - 2, UINT32_MAX};
    for (size_t i = 0; i < sizeof too_long / sizeof too_long[0]; i++) {
        struct world w;
        world_init(&w, 8);
        ps_rd_u24be(&w.rd);
        struct ps_rd sub;
        ps_rd_sub(&w.rd, &sub, too_long[i]);
        assert_fault(&sub, PS_REASON_TRUNCATED, 3);
        ck_assert_uint_eq(sub.end, sub.pos);
        ck_assert_uint_eq(ps_rd_u8(&sub), 0);
        ps_rd_close(&sub);
        ck_assert_uint_eq(w.fault.n_open, 0);
        ck_assert_int_eq(ps_rd_finish(&w.rd), PS_BAD);
        assert_fault(&w.rd, PS_REASON_TRUNCATED, 3);
        world_fini(&w);
    }
}
END_TEST

START_TEST(test_ps_rd_sub__after_a_fault__empty_and_the_balance_holds)
{
    struct world w;
    world_init(&w, 8);
    ps_rd_u8(&w.rd);
    ps_rd_fail(&w.rd, PS_REASON_MODBUS_FUNCTION);
    struct ps_rd sub, inner;
    ps_rd_sub(&w.rd, &sub, 4);
    ps_rd_sub(&sub, &inner, 2);
    ck_assert_uint_eq(w.fault.n_open, 2);
    ck_assert_uint_eq(sub.end, sub.pos);
    ck_assert_uint_eq(inner.end, inner.pos);
    ck_assert_ptr_null(ps_rd_bytes(&inner, 0));
    ps_rd_close(&inner);
    ps_rd_close(&sub);
    ck_assert_uint_eq(w.fault.n_open, 0);
    ck_assert_uint_eq(ps_rd_pos(&w.rd), 1);
    assert_fault(&w.rd, PS_REASON_MODBUS_FUNCTION, 1);
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_rd_sub__of_a_sub__cannot_leave_it)
{
    struct world w;
    world_init(&w, 8);
    struct ps_rd sub, inner;
    ps_rd_sub(&w.rd, &sub, 4);
    ps_rd_u8(&sub);
    ps_rd_sub(&sub, &inner, 4); /* three are left */
    assert_fault(&w.rd, PS_REASON_TRUNCATED, 1);
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_rd_sub__nested__offsets_count_from_the_outermost)
{
    struct world w;
    world_init(&w, 8);
    struct ps_rd sub, inner;
    ps_rd_u8(&w.rd);
    ps_rd_sub(&w.rd, &sub, 6);
    ps_rd_u16be(&sub);
    ps_rd_sub(&sub, &inner, 3);
    ps_rd_u8(&inner);
    ps_rd_fail(&inner, PS_REASON_MODBUS_DEVICE_ID);
    assert_fault(&w.rd, PS_REASON_MODBUS_DEVICE_ID, 4);
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_rd_sub__parent_reads_on_first__parts_stay_apart)
{
    struct world w;
    world_init(&w, 4);
    struct ps_rd sub;
    ps_rd_sub(&w.rd, &sub, 2);
    ck_assert_uint_eq(ps_rd_u16be(&w.rd), 0xf304);
    ck_assert_uint_eq(ps_rd_u16be(&sub), 0xf102);
    ps_rd_close(&sub);
    ck_assert_int_eq(ps_rd_finish(&w.rd), PS_OK);
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_rd_close__octets_left__surplus_at_the_first_of_them)
{
    struct world w;
    world_init(&w, 8);
    struct ps_rd sub;
    ps_rd_u8(&w.rd);
    ps_rd_sub(&w.rd, &sub, 5);
    ps_rd_u16be(&sub);
    ps_rd_close(&sub);
    assert_fault(&w.rd, PS_REASON_SURPLUS, 3);
    ck_assert_uint_eq(w.fault.n_open, 0);
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_rd_close__twice__is_a_bug)
{
    struct world w;
    world_init(&w, 0);
    struct ps_rd sub;
    ps_rd_sub(&w.rd, &sub, 0);
    ps_rd_close(&sub);
    ck_assert(!ps_rd_failed(&w.rd));
    ps_rd_close(&sub);
    ck_assert_uint_eq(w.fault.n_open, 0);
    ck_assert_int_eq(ps_rd_finish(&w.rd), PS_BAD);
    assert_fault(&w.rd, PS_REASON_BUG, 0);
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_rd_finish__sub_left_open__is_a_bug)
{
    struct world w;
    world_init(&w, 2);
    struct ps_rd sub;
    ps_rd_sub(&w.rd, &sub, 2);
    ps_rd_u16be(&sub);
    ck_assert_int_eq(ps_rd_finish(&w.rd), PS_BAD);
    assert_fault(&w.rd, PS_REASON_BUG, 2);
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_rd_finish__on_a_sub_reader__is_a_bug)
{
    struct world w;
    world_init(&w, 2);
    struct ps_rd sub;
    ps_rd_sub(&w.rd, &sub, 2);
    ps_rd_u16be(&sub);
    ck_assert_int_eq(ps_rd_finish(&sub), PS_BAD);
    assert_fault(&w.rd, PS_REASON_BUG, 2);
    world_fini(&w);
}
END_TEST

START_TEST(test_ps_rd_left__after_a_fault__zero_in_every_reader)
{
    struct world w;
    world_init(&w, 8);
    struct ps_rd sub;
    ps_rd_sub(&w.rd, &sub, 4);
    ck_assert_uint_eq(ps_rd_left(&w.rd), 4);
    ck_assert_uint_eq(ps_rd_left(&sub), 4);
    ps_rd_fail(&w.rd, PS_REASON_NO_FACTS);
    ck_assert_uint_eq(ps_rd_left(&w.rd), 0);
    ck_assert_uint_eq(ps_rd_left(&sub), 0);
    ck_assert(ps_rd_failed(&sub));
    world_fini(&w);
}
END_TEST

UNIT_MAIN("base/rd", test_ps_rd_init__old_fault__cleared, test_ps_rd_init__null_and_empty__reads_as_empty,
          test_ps_rd_init__null_with_a_length__reads_as_empty, test_ps_rd_numbers__exact_length__value_and_finish,
          test_ps_rd_numbers__odd_offset__value,
          test_ps_rd_numbers__any_shorter_length__truncated_where_the_number_starts,
          test_ps_rd_numbers__after_a_fault__zero_and_nothing_moves,
          test_ps_rd_bytes__all_lengths__borrowed_or_truncated,
          test_ps_rd_bytes__length_that_would_wrap__truncated, test_ps_rd_fail__second_fault__first_stays,
          test_ps_rd_fail__reason_none__is_a_bug, test_ps_rd_require__held__true_until_a_fault,
          test_ps_rd_finish__octets_left__surplus_at_the_first_of_them, test_ps_rd_finish__twice__same_answer,
          test_ps_rd_sub__every_split__reads_its_part_only,
          test_ps_rd_sub__reads_past_its_end__truncated_although_the_parent_has_more,
          test_ps_rd_sub__longer_than_its_parent__truncated_and_empty,
          test_ps_rd_sub__after_a_fault__empty_and_the_balance_holds,
          test_ps_rd_sub__of_a_sub__cannot_leave_it, test_ps_rd_sub__nested__offsets_count_from_the_outermost,
          test_ps_rd_sub__parent_reads_on_first__parts_stay_apart,
          test_ps_rd_close__octets_left__surplus_at_the_first_of_them, test_ps_rd_close__twice__is_a_bug,
          test_ps_rd_finish__sub_left_open__is_a_bug, test_ps_rd_finish__on_a_sub_reader__is_a_bug,
          test_ps_rd_left__after_a_fault__zero_in_every_reader)
