/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "match.h"

#include "match_plant.h"
#include "unit.h"

/* Nine rules of one flow, one more than a path holds. */
#define RULE(name, text) "{ name = '" name "'; protocol = 'modbus'; operations = ['read']; " text " },"
#define OTHER(name) RULE(name, "stations = ['200'];")

static const char text[] = HEAD ZONES "conduits = ( { name = 'c'; from = 'sup'; to = 'ctl'; allow = ("
    OTHER("a") OTHER("b") OTHER("c") OTHER("d") OTHER("e") OTHER("f") OTHER("g")
    RULE("h", "stations = ['2']; objects = ['holding:1'];")
    "{ name = 'i'; protocol = 'modbus'; operations = ['read']; stations = ['3']; objects = ['holding:1-9'];"
    " max_quantity = 2; } ); } );";

START_TEST(test_ps_match_nearest__any_candidate__the_latest_miss)
{
    static const struct {
        uint32_t station, first, last;
        const char *function;
        enum ps_op op;
        enum ps_miss miss;
    } rows[] = {
        {1, 1, 1, "read-holding-registers", PS_OP_READ, PS_MISS_STATION},
        {2, 1, 1, "write-multiple-registers", PS_OP_WRITE, PS_MISS_OPERATION},
        {2, 2, 2, "read-holding-registers", PS_OP_READ, PS_MISS_OBJECT},
        {3, 1, 9, "read-holding-registers", PS_OP_READ, PS_MISS_QUANTITY},
    };
    struct plant plant;
    struct ps_path path;
    plant_open(&plant, text);
    struct ps_ends ends = {addr("10.1.0.10"), addr("10.2.0.10"), 6, 502};
    ck_assert_int_eq(ps_match_path(&plant.image, &ends, &path), PS_REASON_NONE);
    ck_assert(path.more);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_fact fact = {.op = (uint8_t)rows[i].op, .protocol = PS_PROTOCOL_MODBUS, .function = function(rows[i].function),
                               .station = rows[i].station, .space = space("holding"), .first = rows[i].first,
                               .last = rows[i].last};
        enum ps_miss miss = ps_match_nearest(&plant.image, &path, &fact);
        ck_assert_msg(miss == rows[i].miss, "row %zu: %d", i, miss);
    }
    plant_close(&plant);
}
END_TEST

UNIT_MAIN("match/nearest", test_ps_match_nearest__any_candidate__the_latest_miss)
