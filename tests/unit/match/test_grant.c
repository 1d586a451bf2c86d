/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One rule, one fact. Whole paths: test_match.c; every rule against every fact: test_reference.c.
 */
#include <math.h>

#include "grant.h"
#include "match_plant.h"

static struct plant plant;

static enum ps_miss miss(uint32_t rule, const struct ps_fact *fact)
{
    return ps_grant_fact(&plant.image, &ps_image_at_RULES(&plant.image)[rule], fact);
}

/* A value within 0.1, 1e39 and -0.5 .. -0.25. */
START_TEST(test_ps_grant_fact__floats__in_their_own_precision)
{
    static const struct {
        double number;
        enum ps_miss single, two; /* precision */
    } rows[] = {{0.1, PS_MISS_NOTHING, PS_MISS_NOTHING},   {(double)0.1f, PS_MISS_NOTHING, PS_MISS_VALUE},
                {-0.3, PS_MISS_NOTHING, PS_MISS_NOTHING},  {-0.25, PS_MISS_NOTHING, PS_MISS_NOTHING},
                {-0.2499, PS_MISS_VALUE, PS_MISS_VALUE},   {0.100001, PS_MISS_VALUE, PS_MISS_VALUE},
                {0, PS_MISS_VALUE, PS_MISS_VALUE},         {1e39, PS_MISS_VALUE, PS_MISS_NOTHING},
                {-INFINITY, PS_MISS_VALUE, PS_MISS_VALUE}, {INFINITY, PS_MISS_VALUE, PS_MISS_VALUE},
                {NAN, PS_MISS_VALUE, PS_MISS_VALUE}};
    plant_open(&plant, HEAD ZONES "conduits = ( { name = 'c'; from = 'sup'; to = 'ctl'; allow = ("
                                  "  { name = 'tenths'; protocol = 'modbus'; operations = ['write'];"
                                  "    values = ['0.1', '1e39', '-0.5..-0.25']; } ); } );");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_fact fact = {.op = PS_OP_WRITE, .protocol = PS_PROTOCOL_MODBUS};
        float single = (float)rows[i].number;
        fact.values = (struct ps_values){.kind = PS_VALUE_F64, .n = 1, .data = (const uint8_t *)&rows[i].number};
        ck_assert_msg(miss(0, &fact) == rows[i].two, "row %zu", i);
        fact.values = (struct ps_values){.kind = PS_VALUE_F32LE, .n = 1, .data = (const uint8_t *)&single};
        ck_assert_msg(miss(0, &fact) == rows[i].single, "row %zu", i);
    }
    plant_close(&plant);
}
END_TEST

/* Only the ends are known; both lie in one range, or not. */
START_TEST(test_ps_grant_fact__bounds_of_single_precision__in_their_own_precision)
{
    static const struct {
        double min, max;
        enum ps_miss single, two; /* precision */
    } rows[] = {{0.1, 0.1, PS_MISS_NOTHING, PS_MISS_NOTHING},
                {(double)0.1f, (double)0.1f, PS_MISS_NOTHING, PS_MISS_VALUE},
                {-0.5, -0.25, PS_MISS_NOTHING, PS_MISS_NOTHING},
                {-0.5, (double)0.1f, PS_MISS_VALUE, PS_MISS_VALUE},
                {-0.25, -0.3, PS_MISS_VALUE, PS_MISS_VALUE},
                {0.1, 1e39, PS_MISS_VALUE, PS_MISS_VALUE},
                {1e39, 1e39, PS_MISS_VALUE, PS_MISS_NOTHING},
                {-0.3, INFINITY, PS_MISS_VALUE, PS_MISS_VALUE},
                {-0.3, NAN, PS_MISS_VALUE, PS_MISS_VALUE},
                {NAN, NAN, PS_MISS_VALUE, PS_MISS_VALUE}};
    plant_open(&plant, HEAD ZONES "conduits = ( { name = 'c'; from = 'sup'; to = 'ctl'; allow = ("
                                  "  { name = 'tenths'; protocol = 'modbus'; operations = ['write'];"
                                  "    values = ['0.1', '1e39', '-0.5..-0.25']; } ); } );");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_fact fact = {.op = PS_OP_WRITE, .protocol = PS_PROTOCOL_MODBUS};
        fact.values = (struct ps_values){.kind = PS_VALUE_BOUNDS, .min = rows[i].min, .max = rows[i].max};
        ck_assert_msg(miss(0, &fact) == rows[i].two, "row %zu", i);
        fact.values.kind = PS_VALUE_BOUNDS_SINGLE;
        ck_assert_msg(miss(0, &fact) == rows[i].single, "row %zu", i);
    }
    plant_close(&plant);
}
END_TEST

UNIT_MAIN("match/grant", test_ps_grant_fact__bounds_of_single_precision__in_their_own_precision,
          test_ps_grant_fact__floats__in_their_own_precision)
