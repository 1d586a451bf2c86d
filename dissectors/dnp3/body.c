/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * body.c - the data behind a header, object by object.
 */
#include "object.h"

#define RESTART_FLAG 7u /* index of IIN1.7 in g80v1 */

enum ps_op dn_write_op(uint32_t group, uint32_t variation)
{
    if (!(dn_object(group, variation).at & DN_AT(DN_CONTENT_WRITE)))
        return PS_OP_NONE;
    switch (group) {
    case 50:
        return PS_OP_TIME;
    case 70:
        return PS_OP_FILE;
    case 80:
        return PS_OP_SESSION;
    case 85:
    case 86:
        return PS_OP_PROGRAM;
    default:
        return PS_OP_WRITE;
    }
}

static void count(struct dn_parse *p, uint32_t n)
{
    p->f->n_objects += n;
    dn_require(p, p->f->n_objects <= DN_OBJECTS_MAX, PS_REASON_DNP3_HEADERS);
}

/* ---- packed bits ------------------------------------------------------------------------------------------------- */

static unsigned bit_at(const uint8_t *data, uint32_t i)
{
    return (unsigned)data[i / 8] >> (i % 8) & 1u;
}

/* One bit of g10v1 or g80v1. Of the internal indications only the restart flag can be written, and only be cleared. */
static void write_bit(struct dn_parse *p, const struct dn_header *h, uint32_t index, unsigned bit)
{
    enum ps_op op = dn_write_op(h->group, h->variation);
    if (op == PS_OP_SESSION) {
        dn_require(p, index == RESTART_FLAG, PS_REASON_DNP3_RANGE);
        dn_require(p, bit == 0, PS_REASON_DNP3_VALUE);
    }
    struct ps_fact *fact = dn_point_fact(p, op, h, (struct ps_range){index, index});
    if (!fact || op != PS_OP_WRITE)
        return;
    fact->values.kind = PS_VALUE_BOUNDS;
    fact->values.min = fact->values.max = bit;
}

/* All bits in a row, of one or two each, the lowest first. */
static void read_packed(struct dn_parse *p, const struct dn_header *h)
{
    uint32_t bits = h->n * h->object.size, octets = (bits + 7) / 8;
    const uint8_t *data = ps_rd_bytes(p->f->rd, octets);
    count(p, octets);
    if (!data)
        return;
    dn_require(p, bits % 8 == 0 || data[octets - 1] >> (bits % 8) == 0, PS_REASON_DNP3_PADDING);
    for (uint32_t i = 0; p->content == DN_CONTENT_WRITE && i < h->n && !ps_rd_failed(p->f->rd); i++)
        write_bit(p, h, h->first + i, bit_at(data, i));
}

/* ---- objects of a fixed size ------------------------------------------------------------------------------------- */

static void write_fixed(struct dn_parse *p, const struct dn_header *h, uint32_t index, const uint8_t *data)
{
    enum ps_op op = dn_write_op(h->group, h->variation);
    struct ps_fact *fact = dn_point_fact(p, op, h, (struct ps_range){index, index});
    double min, max;
    if (op != PS_OP_WRITE)
        return;
    if (dn_value_limits(h->group, h->variation, &min, &max))
        dn_value(p, h, data, fact);
    else if (fact)
        fact->values.kind = PS_VALUE_UNKNOWN;
}

static void take_fixed(struct dn_parse *p, const struct dn_header *h, uint32_t index, const uint8_t *data)
{
    if (p->content == DN_CONTENT_WRITE)
        write_fixed(p, h, index, data);
    else if (p->content == DN_CONTENT_CONTROL || (p->content == DN_CONTENT_RESPONSE && (h->group == 12 || h->group == 41)))
        dn_control(p, h, index, data);
    else if (p->content == DN_CONTENT_ACTIVATE)
        dn_plain_fact(p, PS_OP_PROGRAM);
    else if (p->content == DN_CONTENT_SECURITY)
        dn_plain_fact(p, PS_OP_SECURITY);
}

static void read_attribute(struct dn_parse *p, const struct dn_header *h, uint32_t index)
{
    dn_attribute(p);
    struct ps_fact *fact = NULL;
    if (p->content == DN_CONTENT_WRITE)
        fact = dn_point_fact(p, PS_OP_WRITE, h, (struct ps_range){index, index});
    if (fact)
        fact->values.kind = PS_VALUE_UNKNOWN;
}

/* A header of an unsolicited response: the points from the first to the last of it. Common times are part of the events
 * behind them. */
static void report(struct dn_parse *p, const struct dn_header *h, struct ps_range points)
{
    if (p->content == DN_CONTENT_RESPONSE && h->group != 51)
        dn_point_fact(p, PS_OP_EVENT, h, points);
}

/* Measured values of an answer are whatever they are, under any index that two octets can say: they are stepped over as one.
 * False: they have to be read one by one, also to tell where they end too soon. */
static bool skip_fixed(struct dn_parse *p, const struct dn_header *h)
{
    struct ps_rd *rd = p->f->rd;
    bool measured = p->content == DN_CONTENT_RESPONSE && !p->facts && h->object.kind == DN_KIND_FIXED && h->group != 12 &&
                    h->group != 41;
    if (!measured || h->prefix > 2 || h->n > DN_OBJECTS_MAX - p->f->n_objects)
        return false;
    uint32_t len = h->n * ((uint32_t)h->prefix + h->object.size);
    if (len > ps_rd_left(rd))
        return false;
    p->f->n_objects += h->n;
    return ps_rd_bytes(rd, len) != NULL;
}

static void read_fixed(struct dn_parse *p, const struct dn_header *h)
{
    if (skip_fixed(p, h))
        return;
    struct ps_rd *rd = p->f->rd;
    struct ps_range seen = {DN_INDEX_MAX, 0};
    for (uint32_t i = 0; i < h->n && !ps_rd_failed(rd); i++) {
        uint32_t index = h->form == DN_FORM_LIST ? dn_index(p, h) : h->first + i;
        seen.first = index < seen.first ? index : seen.first;
        seen.last = index > seen.last ? index : seen.last;
        count(p, 1);
        if (h->object.kind == DN_KIND_ATTRIBUTE) {
            read_attribute(p, h, index);
            continue;
        }
        const uint8_t *data = ps_rd_bytes(rd, h->object.size);
        if (data)
            take_fixed(p, h, index, data);
    }
    report(p, h, h->form == DN_FORM_COUNT ? (struct ps_range){0, DN_INDEX_MAX} : seen);
}

/* ---- objects that say how long they are -------------------------------------------------------------------------- */

/* Which data set is written stands inside it. */
static void write_sized(struct dn_parse *p, const struct dn_header *h)
{
    enum ps_op op = dn_write_op(h->group, h->variation);
    if (op == PS_OP_FILE)
        return;
    struct ps_fact *fact = dn_point_fact(p, op, h, (struct ps_range){0, DN_INDEX_MAX});
    if (fact && op == PS_OP_WRITE)
        fact->values.kind = PS_VALUE_UNKNOWN;
}

static void take_sized(struct dn_parse *p, const struct dn_header *h, struct ps_rd *rd)
{
    bool described = h->variation == 1 && (h->group == 85 || h->group == 86);
    if (h->group == 70)
        dn_file(p, h, rd);
    else if (described)
        dn_data_set(rd);
    else
        (void)ps_rd_bytes(rd, ps_rd_left(rd));
    if (p->content == DN_CONTENT_WRITE)
        write_sized(p, h);
    if (p->content == DN_CONTENT_APPLICATION || p->content == DN_CONTENT_ACTIVATE)
        dn_plain_fact(p, PS_OP_PROGRAM);
    if (p->content == DN_CONTENT_SECURITY)
        dn_plain_fact(p, PS_OP_SECURITY);
}

/* Length 2 and object, as often as the header counts. */
static void read_sized(struct dn_parse *p, const struct dn_header *h)
{
    struct ps_rd *rd = p->f->rd, object;
    for (uint32_t i = 0; i < h->n && !ps_rd_failed(rd); i++) {
        uint32_t len = ps_rd_u16le(rd);
        count(p, 1);
        dn_require(p, len >= h->object.size, h->group == 70 ? PS_REASON_DNP3_FILE : PS_REASON_DNP3_VALUE);
        ps_rd_sub(rd, &object, len);
        take_sized(p, h, &object);
        ps_rd_close(&object);
    }
    report(p, h, (struct ps_range){0, DN_INDEX_MAX});
}

void dn_data(struct dn_parse *p, const struct dn_header *h)
{
    if (h->object.kind == DN_KIND_PACKED) {
        read_packed(p, h);
        report(p, h, (struct ps_range){h->first, h->last});
    } else if (h->object.kind == DN_KIND_SIZED) {
        read_sized(p, h);
    } else {
        read_fixed(p, h);
    }
}
