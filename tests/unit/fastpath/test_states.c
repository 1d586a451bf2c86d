/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "states.h"

#include <string.h>

#include "unit.h"

START_TEST(test_ps_states_take__up_to_capacity__all_different_and_zero)
{
    struct ps_states states;
    ck_assert(ps_states_init(&states, 16, 100));
    for (uint32_t i = 0; i < 16; i++) {
        uint8_t *slot = ps_states_at(&states, ps_states_take(&states));
        for (unsigned k = 0; k < 100; k++)
            ck_assert_uint_eq(slot[k], 0);
        memset(slot, 0xee, 100);
    }
    ps_states_fini(&states);
}
END_TEST

START_TEST(test_ps_states_give__used_slot__zero_for_the_next)
{
    struct ps_states states;
    ck_assert(ps_states_init(&states, 16, 100));
    uint32_t slot = ps_states_take(&states);
    memset(ps_states_at(&states, slot), 0xee, 100);
    ps_states_give(&states, slot);
    ck_assert_uint_eq(ps_states_take(&states), slot);
    const uint8_t *state = ps_states_at(&states, slot);
    for (unsigned i = 0; i < 100; i++)
        ck_assert_uint_eq(state[i], 0);
    ps_states_fini(&states);
}
END_TEST

UNIT_MAIN("fastpath/states", test_ps_states_take__up_to_capacity__all_different_and_zero,
          test_ps_states_give__used_slot__zero_for_the_next)
