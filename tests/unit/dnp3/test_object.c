/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "objects_rig.h"
#include "unit.h"

static struct objects_rig rig;

/* Sizes of variations 1, 2, ... in octets, as the standard's tables of objects have them; 0: packed, or no
 * fixed size. */
static const struct group {
    uint8_t group;
    uint8_t n;
    uint8_t sizes[12];
} groups[] = {
    {1, 2, {0, 1}},
    {2, 3, {1, 7, 3}},
    {3, 2, {0, 1}},
    {4, 3, {1, 7, 3}},
    {10, 2, {0, 1}},
    {11, 2, {1, 7}},
    {12, 1, {11}},
    {13, 2, {1, 7}},
    {20, 8, {5, 3, 5, 3, 4, 2, 4, 2}},
    {21, 12, {5, 3, 5, 3, 11, 9, 11, 9, 4, 2, 4, 2}},
    {22, 8, {5, 3, 5, 3, 11, 9, 11, 9}},
    {23, 8, {5, 3, 5, 3, 11, 9, 11, 9}},
    {30, 6, {5, 3, 4, 2, 5, 9}},
    {31, 8, {5, 3, 11, 9, 4, 2, 5, 9}},
    {32, 8, {5, 3, 11, 9, 5, 9, 11, 15}},
    {33, 8, {5, 3, 11, 9, 5, 9, 11, 15}},
    {34, 3, {2, 4, 4}},
    {40, 4, {5, 3, 5, 9}},
    {41, 4, {5, 3, 5, 9}},
    {42, 8, {5, 3, 11, 9, 5, 9, 11, 15}},
    {43, 8, {5, 3, 11, 9, 5, 9, 11, 15}},
    {50, 4, {6, 10, 6, 11}},
    {51, 2, {6, 6}},
    {52, 2, {2, 2}},
    {80, 1, {0}},
    {81, 1, {3}},
    {86, 3, {0, 1, 0}},
    {101, 3, {2, 4, 8}},
    {102, 1, {1}},
    {121, 1, {7}},
    {122, 2, {7, 13}},
};

#define N_GROUPS (sizeof groups / sizeof groups[0])

static const struct group *find(uint32_t group)
{
    for (size_t i = 0; i < N_GROUPS; i++)
        if (groups[i].group == group)
            return &groups[i];
    return NULL;
}

START_TEST(test_dn_object__every_fixed_size__as_the_standard_has_it)
{
    for (size_t i = 0; i < N_GROUPS; i++) {
        const struct group *g = &groups[i];
        for (uint32_t v = 1; v <= g->n; v++) {
            struct dn_object object = dn_object(g->group, v);
            uint8_t size = object.kind == DN_KIND_FIXED ? object.size : 0;
            ck_assert_msg(size == g->sizes[v - 1], "g%uv%u", g->group, v);
        }
        ck_assert_msg(dn_object(g->group, g->n + 1u).kind == DN_KIND_NONE, "g%uv%u", g->group, g->n + 1u);
    }
}
END_TEST

/* And no fixed size besides. */
START_TEST(test_dn_object__all_groups_and_variations__nothing_unheard_of)
{
    for (uint32_t group = 0; group < 300; group++) {
        for (uint32_t v = 0; v < 300; v++) {
            struct dn_object object = dn_object(group, v);
            bool series = group >= 110 && group <= 113 && v >= 1 && v <= 255;
            if (object.kind == DN_KIND_FIXED && series)
                ck_assert_uint_eq(object.size, v);
            else if (object.kind == DN_KIND_FIXED && group != 120)
                ck_assert_msg(find(group) && v >= 1 && v <= find(group)->n, "g%uv%u", group, v);
            if (object.kind == DN_KIND_NONE)
                ck_assert_uint_eq(object.at, 0);
            if (object.kind == DN_KIND_ANY)
                ck_assert_msg(v == 0 && !(object.at & (DN_AT(DN_CONTENT_WRITE) | DN_AT(DN_CONTENT_RESPONSE))), "g%u", group);
        }
    }
    ck_assert_int_eq(dn_object(120, 3).size, 6);
    ck_assert_int_eq(dn_object(120, 4).size, 2);
    ck_assert_int_eq(dn_object(0, 196).kind, DN_KIND_ATTRIBUTE);
    ck_assert_int_eq(dn_object(0, 195).kind, DN_KIND_NONE);
    ck_assert_int_eq(dn_object(12, 2).kind, DN_KIND_NONE);
    ck_assert_int_eq(dn_object(12, 3).kind, DN_KIND_NONE);
    ck_assert_int_eq(dn_object(112, 0).kind, DN_KIND_NONE);
}
END_TEST

static void put_answer(uint32_t group, uint32_t v, uint32_t size)
{
    const struct dn_object object = dn_object(group, v);
    rig.n = 0;
    rig_number(&rig, group, 1);
    rig_number(&rig, v, 1);
    if (group == 12 || group == 41) {
        rig_put(&rig, "17 01 05");
    } else if (object.at & DN_COUNTED) {
        rig_put(&rig, "07 01");
    } else {
        rig_put(&rig, "00 05 05");
    }
    memset(rig.octets + rig.n, 0, size);
    rig.n += size;
}

START_TEST(test_dn_objects__every_fixed_size_in_an_answer__not_one_octet_less_or_more)
{
    unsigned n = 0;
    for (uint32_t group = 0; group <= DN_GROUP_MAX; group++) {
        for (uint32_t v = 1; v <= 255; v++) {
            struct dn_object object = dn_object(group, v);
            if (object.kind != DN_KIND_FIXED || !(object.at & DN_AT(DN_CONTENT_RESPONSE)))
                continue;
            n++;
            put_answer(group, v, object.size);
            ck_reason(rig_judge(&rig, DN_ROW_RESPONSE), OK);
            put_answer(group, v, object.size - 1u);
            ck_reason(rig_judge(&rig, DN_ROW_RESPONSE), PS_REASON_TRUNCATED);
            put_answer(group, v, object.size + 1u);
            ck_assert_uint_ne(rig_judge(&rig, DN_ROW_RESPONSE), OK);
        }
    }
    ck_assert_uint_gt(n, 3 * 255);
}
END_TEST

START_TEST(test_dn_objects__packed_in_an_answer__as_many_octets_as_bits_need)
{
    static const struct {
        const char *head;
        uint32_t octets;
    } rows[] = {
        {"0101 00 0000", 1}, {"0101 00 0007", 1}, {"0101 00 0008", 2}, {"0101 01 0000 ff03", 128},
        {"0301 00 0000", 1}, {"0301 00 0003", 1}, {"0301 00 0004", 2}, {"0a01 00 0a13", 2},
        {"0101 02 00000000 ffff0000", 8192},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int d = -1; d <= 1; d++) {
            rig.n = 0;
            rig_put(&rig, rows[i].head);
            memset(rig.octets + rig.n, 0, rows[i].octets + 1);
            rig.n += rows[i].octets + (uint32_t)d;
            ck_reason(rig_judge(&rig, DN_ROW_RESPONSE), d == 0 ? OK : PS_REASON_TRUNCATED);
        }
    }
}
END_TEST

UNIT_MAIN("dnp3/object", test_dn_object__every_fixed_size__as_the_standard_has_it,
          test_dn_object__all_groups_and_variations__nothing_unheard_of,
          test_dn_objects__every_fixed_size_in_an_answer__not_one_octet_less_or_more,
          test_dn_objects__packed_in_an_answer__as_many_octets_as_bits_need)
