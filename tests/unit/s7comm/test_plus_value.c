/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>

#include "plus_rig.h"
#include "unit.h"

/* A value written to part 1 of the flags. */
static const struct ps_fact *write(struct rig *rig, const char *value)
{
    char body[1024] = "00000000 01 05 00 52 02 9d18 01 01";
    plus_open(rig, CR_HMI);
    strcat(body, value);
    strcat(body, "00" END);
    ck_reason(plus_ask(rig, 0x0542, 2, body), OK);
    return &rig->facts.item[0];
}

START_TEST(test_s7p_value__number__exactly)
{
    static const struct {
        const char *value;
        double number;
    } rows[] = {
        {"0001 01", 1},
        {"0002 ff", 255},
        {"0003 ffff", 65535},
        {"0004 8f ff ff ff 7f", 4294967295.0},
        {"0005 8f ff ff ff ff ff ff 7f", 9007199254740991.0},
        {"0006 ff", -1},
        {"0007 8000", -32768},
        {"0008 03", 3},
        {"0008 7f", -1},
        {"0008 bf 7f", 8191},
        {"0008 c0 00", -8192},
        {"0008 87 ff ff ff 7f", 2147483647.0},
        {"0008 f8 80 80 80 00", -2147483648.0},
        {"0009 41", -63},
        {"0011 80 40", 64},
        {"000a 7f", 127},
        {"000b 8000", 32768},
        {"000c ffffffff", 4294967295.0},
        {"000d 0000000000000100", 256},
        {"000e 3f800000", 1},
        {"000f bff0000000000000", -1},
        {"0010 0000000000000001", 1},
        {"0012 00000034", 52},
        {"0013 34", 52},
        {"8002 07", 7}, /* a flag that means nothing */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        double min, max;
        const struct ps_fact *fact = write(&rig, rows[i].value);
        ck_assert(!plus_is_opaque(&rig));
        ck_assert(ps_values_bounds(&fact->values, &min, &max));
        ck_assert_msg(min == rows[i].number && max == rows[i].number, "%s: %f..%f", rows[i].value, min, max);
    }
}
END_TEST

START_TEST(test_s7p_value__no_number__unseen)
{
    static const char *const rows[] = {
        "0000", "0015 03 414243", "0014 00 02 1234", "1002 02 0102", "2004 02 81 00 01", "4002 05 11 06 12 00",
        "0017 00000050 01 0002 05 02 0007 1234 00", "0017 00000050 01 0017 00000051 05 0001 01 00 00",
        "000d 0100000000000000", "0005 ff ff ff ff ff ff ff ff ff", "000f 7ff0000000000000", "0009 bf ff ff ff ff ff ff ff ff",
        "0009 c0 80 80 80 80 80 80 80 00","0009 ff ff ff ff ff ff ff 81 00",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        const struct ps_fact *fact = write(&rig, rows[i]);
        bool last = i + 1 == sizeof rows / sizeof rows[0];
        ck_assert_msg(last || !plus_is_opaque(&rig), "%s", rows[i]);
        ck_assert_msg(last || fact->values.kind == PS_VALUE_UNKNOWN, "%s", rows[i]);
    }
}
END_TEST

START_TEST(test_s7p_value__real_that_is_none__no_bounds)
{
    struct rig rig;
    double min, max;
    const struct ps_fact *fact = write(&rig, "000e 7fc00000");
    ck_assert(!ps_values_bounds(&fact->values, &min, &max) || isnan(min));
}
END_TEST

START_TEST(test_s7p_value__not_understood__opaque)
{
    static const char *const rows[] = {
        "0018", "0016", "00ff", "3002", "1000", "0018 00", "0016 00", "00ff 00", "0002 01 00", "0102 05", "0f02 05", "0102 05", "3002 01 05", "5002 01 05", "1000 01", "1017 01 00000050 00",
        "0017 90000001 00", "0017 9fffffff 00", "0017 02000000 00", "0017 02ffffff 00", "0014 01 02 1234",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        (void)write(&rig, rows[i]);
        ck_assert_msg(plus_is_opaque(&rig), "%s", rows[i]);
    }
}
END_TEST

START_TEST(test_s7p_value__structures_in_structures__to_a_depth)
{
    for (unsigned depth = 15; depth <= 17; depth++) {
        struct rig rig;
        char value[512] = "";
        for (unsigned i = 0; i < depth; i++)
            strcat(value, "0017 00000050 01");
        strcat(value, "0001 01");
        for (unsigned i = 0; i < depth; i++)
            strcat(value, "00");
        (void)write(&rig, value);
        ck_assert_int_eq(plus_is_opaque(&rig), depth > 16);
    }
}
END_TEST

START_TEST(test_s7p_value__number_too_long__refused)
{
    static const char *const rows[] = {
        "0008 80 80 80 80 80 00", "0004 80 80 80 80 80 00", "0004 90 80 80 80 00", "0013 90 80 80 80 00",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        char body[256] = "8a0e0001 01 9376";
        plus_open(&rig, CR_HMI);
        strcat(body, rows[i]);
        strcat(body, QUALIFIER "00" ZEROS);
        ck_reason(plus_ask(&rig, 0x04f2, 2, body), S7P(BODY));
    }
}
END_TEST

UNIT_MAIN("s7comm/plus_value", test_s7p_value__number__exactly, test_s7p_value__no_number__unseen,
          test_s7p_value__real_that_is_none__no_bounds, test_s7p_value__not_understood__opaque,
          test_s7p_value__structures_in_structures__to_a_depth, test_s7p_value__number_too_long__refused)
