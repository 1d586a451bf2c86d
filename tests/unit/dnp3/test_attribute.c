/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "objects_rig.h"
#include "unit.h"

static struct objects_rig rig;

START_TEST(test_dn_attribute__types_and_lengths__as_they_go_together)
{
    static const struct {
        uint8_t type;
        uint64_t lengths; /* bit per length below 64 */
    } types[] = {{1, ~UINT64_C(0)}, {2, 0x1fe}, {3, 0x1fe}, {4, 0x110}, {5, ~UINT64_C(0)}, {6, ~UINT64_C(0)}, {7, 0x40},
                 {8, UINT64_C(0x5555555555555555)}, {254, UINT64_C(0x5555555555555555)}};
    for (unsigned type = 0; type < 256; type++) {
        uint64_t lengths = 0;
        for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
            lengths |= types[i].type == type ? types[i].lengths : 0;
        for (unsigned len = 0; len < 64; len++) {
            rig.n = 0;
            rig_put(&rig, "00d5 00 0000");
            rig_number(&rig, type, 1);
            rig_number(&rig, len, 1);
            rig.n += len;
            ck_reason(rig_judge(&rig, DN_ROW_RESPONSE), lengths >> len & 1 ? OK : PS_REASON_DNP3_VALUE);
        }
    }
}
END_TEST

START_TEST(test_dn_attribute__several_sets__one_after_the_other)
{
    ck_reason(rig_objects(&rig, DN_ROW_RESPONSE, "00d5 00 0001 02 04 01000000 01 02 4142 00d7 00 0000 02 01 03"), OK);
    ck_reason(rig_objects(&rig, DN_ROW_RESPONSE, "00d5 00 0001 02 04 01000000 01 02 41"), PS_REASON_TRUNCATED);
    ck_reason(rig_objects(&rig, DN_ROW_RESPONSE, "00d5 00 0000 02 04 01000000 01"), PS_REASON_TRUNCATED);
}
END_TEST

START_TEST(test_dn_data_set__elements__fill_their_object)
{
    ck_reason(rig_objects(&rig, DN_ROW_RESPONSE, "5501 5b 01 0b00 04 01000000 05 0f00004645"), OK);
    ck_reason(rig_objects(&rig, DN_ROW_RESPONSE, "5501 5b 01 0b00 04 01000000 06 0f00004645"), PS_REASON_TRUNCATED);
    ck_reason(rig_objects(&rig, DN_ROW_RESPONSE, "5601 5b 01 0600 04 01000000 00"), PS_REASON_DNP3_VALUE);
    ck_reason(rig_objects(&rig, DN_ROW_RESPONSE, "5501 5b 01 0000"), PS_REASON_DNP3_VALUE);
    ck_reason(rig_objects(&rig, DN_ROW_RESPONSE, "5701 5b 01 0300 040100"), OK); /* values: as their descriptor has them */
}
END_TEST

UNIT_MAIN("dnp3/attribute", test_dn_attribute__types_and_lengths__as_they_go_together,
          test_dn_attribute__several_sets__one_after_the_other, test_dn_data_set__elements__fill_their_object)
