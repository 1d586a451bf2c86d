/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sends.h"

#include <string.h>

#include "unit.h"

START_TEST(test_ps_sends_put__between_two_ports__leaves_by_the_other)
{
    static const uint16_t from[3] = {0, 1, 2}, port[3] = {1, 0, PS_PORT_UNKNOWN};
    struct ps_sends sends;
    ck_assert(ps_sends_init(&sends, 256));
    ps_sends_clear(&sends, PS_SEND_FIRST);
    for (unsigned i = 0; i < 3; i++) {
        memset(ps_sends_room(&sends, 60), (int)i, 60);
        ps_sends_put(&sends, 60, from[i]);
        ck_assert_uint_eq(sends.items[i].from, from[i]);
        ck_assert_uint_eq(sends.items[i].port, port[i]);
        ck_assert_uint_eq(sends.items[i].data[59], i);
    }
    ps_sends_fini(&sends);
}
END_TEST

START_TEST(test_ps_sends_room__full__none_until_cleared)
{
    struct ps_sends sends;
    ck_assert(ps_sends_init(&sends, 256));
    ps_sends_clear(&sends, 0);
    ck_assert_ptr_nonnull(ps_sends_room(&sends, 200));
    ps_sends_put(&sends, 200, 0);
    ck_assert_ptr_null(ps_sends_room(&sends, 60));
    ps_sends_clear(&sends, 7);
    ck_assert_ptr_nonnull(ps_sends_room(&sends, 256));
    ps_sends_put(&sends, 256, 0);
    ck_assert_uint_eq(sends.items[0].after, 7);
    ps_sends_fini(&sends);
}
END_TEST

UNIT_MAIN("fastpath/sends", test_ps_sends_put__between_two_ports__leaves_by_the_other,
          test_ps_sends_room__full__none_until_cleared)
