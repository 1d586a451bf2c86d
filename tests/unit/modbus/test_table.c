/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"
#include "unit.h"

START_TEST(test_table__rows__named_once_and_found_by_their_code)
{
    for (uint16_t i = 0; i < MB_N_ROWS; i++) {
        const struct ps_function *row = &mb_functions[i];
        uint8_t fc = (uint8_t)(row->code >> 16);
        uint8_t found = fc ? mb_row_by_sub(fc, row->code & 0xffff) : mb_row_by_fc((uint8_t)row->code);
        ck_assert_msg(found == i, "%s", row->name);
        ck_assert_uint_ne(row->ops, 0);
        ck_assert(mb_bodies[i].request != NULL);
        ck_assert(mb_bodies[i].reply != NULL);
        ck_assert_ptr_nonnull(row->label);
        for (uint16_t k = 0; k < i; k++) {
            ck_assert_str_ne(mb_functions[k].name, row->name);
            ck_assert_uint_ne(mb_functions[k].code, row->code);
        }
    }
}
END_TEST

/* Sub-functions have no row of their own function code, and no code outside the table has one. */
START_TEST(test_table__codes__only_those_of_rows)
{
    unsigned n = 0;
    for (unsigned fc = 0; fc < 256; fc++) {
        n += mb_row_by_fc((uint8_t)fc) != MB_ROW_NONE;
        for (uint32_t sub = 0; sub < 0x10000; sub++)
            n += mb_row_by_sub((uint8_t)fc, sub) != MB_ROW_NONE;
    }
    ck_assert_uint_eq(n, MB_N_ROWS);
    ck_assert_uint_eq(mb_row_by_fc(0), MB_ROW_NONE);
    ck_assert_uint_eq(mb_row_by_fc(8), MB_ROW_NONE);
    ck_assert_uint_eq(mb_row_by_fc(43), MB_ROW_NONE);
    ck_assert_uint_eq(mb_row_by_fc(90), MB_ROW_NONE);
    ck_assert_uint_eq(mb_row_by_fc(131), MB_ROW_NONE);
}
END_TEST

/* Every function decodes into facts of exactly the classes that its row promises to the policy. */
START_TEST(test_table__classes__those_of_the_facts)
{
    bool seen[MB_N_ROWS] = {false};
    for (size_t i = 0; i < N_EXCHANGES; i++) {
        struct rig rig;
        rig_init(&rig);
        ck_reason(ask(&rig, 1, exchanges[i].request), PS_REASON_NONE);
        uint32_t ops = 0;
        for (uint16_t k = 0; k < rig.facts.n_facts; k++) {
            const struct ps_fact *fact = &rig.facts.item[k];
            ops |= PS_OP_BIT(fact->op);
            ck_assert_uint_eq(fact->function, rig.facts.function);
            ck_assert(ps_modbus.vocab->addresses(fact->function, fact->op, fact->space));
            ck_assert(!ps_modbus.vocab->addresses(fact->function, fact->op, fact->space != 0 ? 0 : MB_SPACE_COIL));
            double min, max;
            bool visible = fact->values.kind != PS_VALUE_NONE && fact->values.kind != PS_VALUE_UNKNOWN;
            ck_assert_int_eq(ps_vocab_value_limits(ps_modbus.vocab, fact, &min, &max), visible);
            ck_assert_int_eq(ps_vocab_writes_unseen(ps_modbus.vocab, fact),
                             fact->values.kind == PS_VALUE_UNKNOWN);
        }
        ck_assert_uint_eq(ops, mb_functions[rig.facts.function].ops);
        ck_assert_uint_eq(rig.facts.code, mb_functions[rig.facts.function].code);
        seen[rig.facts.function] = true;
    }
    for (uint16_t i = 0; i < MB_N_ROWS; i++) {
        uint32_t fc = mb_functions[i].code >> 16 ? mb_functions[i].code >> 16 : mb_functions[i].code;
        bool standard = fc <= 24 && !(mb_functions[i].ops & PS_OP_BIT(PS_OP_PROGRAM));
        ck_assert_msg(seen[i] || !standard, "no exchange for %s", mb_functions[i].name);
    }
}
END_TEST

UNIT_MAIN("modbus/table", test_table__rows__named_once_and_found_by_their_code,
          test_table__codes__only_those_of_rows, test_table__classes__those_of_the_facts)
