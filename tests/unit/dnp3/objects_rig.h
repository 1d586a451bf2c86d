/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * objects_rig.h - one fragment's objects, written as hex text or put together, played through dn_objects().
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/reason.h"
#include "dnp3/object.h"
#include "unit.h"
#include "vocab.h"

#define RIG_OCTETS 20000u

struct objects_rig {
    struct ps_dialog dialog;
    struct ps_facts facts;
    struct dn_fragment fragment; /* of the last fragment */
    struct dn_pending request;   /* that an answer is held against */
    uint8_t octets[RIG_OCTETS];
    uint32_t n;
    uint32_t offset; /* of the fault */
};

static inline unsigned rig_nibble(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
}

/* Octets of hex text, blanks anywhere, behind what there is. */
static inline void rig_put(struct objects_rig *rig, const char *hex)
{
    for (; *hex; hex++) {
        if (*hex == ' ')
            continue;
        ck_assert_uint_lt(rig->n, RIG_OCTETS);
        rig->octets[rig->n++] = (uint8_t)(rig_nibble(hex[0]) << 4 | rig_nibble(hex[1]));
        hex++;
    }
}

/* A number of `width` octets, the lowest first. */
static inline void rig_number(struct objects_rig *rig, uint64_t number, unsigned width)
{
    for (unsigned i = 0; i < width; i++)
        rig->octets[rig->n++] = (uint8_t)(number >> 8 * i);
}

/* What is in rig->octets, as objects behind this function. */
static inline enum ps_reason rig_judge(struct objects_rig *rig, enum dn_row row)
{
    struct ps_rd_fault fault;
    struct ps_rd rd;
    ps_facts_clear(&rig->facts);
    rig->facts.protocol = PS_PROTOCOL_DNP3;
    ps_rd_init(&rd, &fault, rig->octets, rig->n);
    rig->fragment = (struct dn_fragment){
        .dialog = &rig->dialog,
        .rd = &rd,
        .facts = &rig->facts,
        .row = (uint8_t)row,
        .from_master = dn_functions[row].code < 128,
        .station = DN_STATION(3, 17),
        .request = rig->request.row ? &rig->request : NULL,
    };
    dn_objects(&rig->fragment);
    rig->offset = fault.offset;
    ck_assert_uint_eq(fault.n_open, 0);
    ck_assert(fault.reason != PS_REASON_NONE || rd.pos == rig->n);
    return fault.reason;
}

static inline enum ps_reason rig_objects(struct objects_rig *rig, enum dn_row row, const char *hex)
{
    rig->n = 0;
    rig_put(rig, hex);
    return rig_judge(rig, row);
}

#define ck_reason(got, want)                                                                                           \
    do {                                                                                                               \
        unsigned got_ = (got), want_ = (want);                                                                         \
        ck_assert_msg(got_ == want_, "%s instead of %s", ps_reason_info(got_)->name, ps_reason_info(want_)->name);     \
    } while (0)

#define OK PS_REASON_NONE

/* Fact i: class, space, range. */
static inline const struct ps_fact *rig_fact(const struct objects_rig *rig, uint16_t i, enum ps_op op, uint32_t space)
{
    ck_assert_uint_lt(i, rig->facts.n_facts);
    const struct ps_fact *fact = &rig->facts.item[i];
    ck_assert_str_eq(ps_op_name(fact->op), ps_op_name(op));
    ck_assert_uint_eq(fact->space, space);
    ck_assert_uint_eq(fact->station, DN_STATION(3, 17));
    ck_assert_uint_eq(fact->function, rig->fragment.row);
    return fact;
}

static inline void rig_points(const struct ps_fact *fact, uint32_t first, uint32_t last)
{
    ck_assert_uint_eq(fact->first, first);
    ck_assert_uint_eq(fact->last, last);
}
