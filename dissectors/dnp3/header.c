/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * header.c - object headers: group 1, variation 1, qualifier 1, range 0..8, then what the function has behind them.
 *
 * Every one of the 256 qualifiers is decided here: 21 are legal, and which of them may stand in front of what depends on
 * the object and on the function. A fragment is consumed exactly.
 */
#include "object.h"

/* ---- facts ------------------------------------------------------------------------------------------------------- */

struct ps_fact *dn_fact(struct dn_fragment *f, enum ps_op op)
{
    struct ps_fact *fact = ps_facts_add(f->facts);
    if (!ps_rd_require(f->rd, fact != NULL, PS_REASON_TOO_MANY_FACTS))
        return NULL;
    fact->op = (uint8_t)op;
    fact->function = f->row;
    fact->station = f->station;
    fact->asks = f->asks;
    return fact;
}

struct ps_fact *dn_plain_fact(struct dn_parse *p, enum ps_op op)
{
    return p->facts && !ps_rd_failed(p->f->rd) ? dn_fact(p->f, op) : NULL;
}

struct ps_fact *dn_point_fact(struct dn_parse *p, enum ps_op op, const struct dn_header *h, struct ps_range points)
{
    struct ps_fact *fact = dn_plain_fact(p, op);
    if (!fact)
        return NULL;
    fact->space = dn_space(h);
    fact->first = points.first;
    fact->last = points.last;
    return fact;
}

/* ---- qualifiers -------------------------------------------------------------------------------------------------- */

static bool read_qualifier(struct dn_header *h)
{
    static const uint8_t widths[] = {1, 2, 4}; /* octets of an index or a count, by what says how wide it is */
    uint8_t prefix = h->qualifier >> 4, range = h->qualifier & 0x0f;
    if (h->qualifier == 0x5b) {
        h->form = DN_FORM_SIZED;
        h->width = 1;
        return true;
    }
    if (prefix > 3 || range > 9 || (range >= 3 && range <= 5))
        return false;
    if (range < 7) {
        h->form = range == 6 ? DN_FORM_ALL : DN_FORM_RANGE;
        h->width = range == 6 ? 0 : widths[range];
        return prefix == 0;
    }
    h->form = prefix == 0 ? DN_FORM_COUNT : DN_FORM_LIST;
    h->prefix = prefix == 0 ? 0 : widths[prefix - 1];
    h->width = widths[range - 7];
    return true;
}

/* g120 around the objects of another function. */
static bool is_around(const struct dn_parse *p, const struct dn_header *h)
{
    return h->group == 120 && p->content != DN_CONTENT_SECURITY;
}

static bool is_file_block(const struct dn_header *h)
{
    return h->group == 70 && h->variation == 5;
}

/* Does the content only name points, so that no data stand behind the header? */
static bool names_only(const struct dn_parse *p, const struct dn_header *h)
{
    switch ((enum dn_content)p->content) {
    case DN_CONTENT_READ:
        return !is_file_block(h);
    case DN_CONTENT_FREEZE:
    case DN_CONTENT_CLASSES:
    case DN_CONTENT_ASSIGN:
        return true;
    case DN_CONTENT_FREEZE_AT:
        return h->group != 50;
    case DN_CONTENT_APPLICATION:
        return h->form == DN_FORM_ALL;
    case DN_CONTENT_NOTHING:
    case DN_CONTENT_WRITE:
    case DN_CONTENT_CONTROL:
    case DN_CONTENT_ACTIVATE:
    case DN_CONTENT_FILE_COMMAND:
    case DN_CONTENT_FILE_STATUS:
    case DN_CONTENT_FILE_INFO:
    case DN_CONTENT_FILE_AUTH:
    case DN_CONTENT_SECURITY:
    case DN_CONTENT_RESPONSE:
        break;
    }
    return false;
}

/* A count without points limits how much is read; what is frozen or assigned is always named. */
static bool form_names(const struct dn_parse *p, const struct dn_header *h)
{
    bool reads = p->content == DN_CONTENT_READ;
    switch ((enum dn_form)h->form) {
    case DN_FORM_ALL:
        return true;
    case DN_FORM_COUNT:
        return reads && h->object.kind != DN_KIND_ATTRIBUTE;
    case DN_FORM_RANGE:
    case DN_FORM_LIST:
        return h->object.kind != DN_KIND_CLASS;
    case DN_FORM_SIZED:
        break;
    }
    return false;
}

static bool is_control(const struct dn_header *h)
{
    return h->group == 12 || h->group == 41;
}

/* What takes effect has one form each; answers may choose. */
static bool form_has_data(const struct dn_parse *p, const struct dn_header *h)
{
    bool answers = p->content == DN_CONTENT_RESPONSE;
    switch ((enum dn_kind)h->object.kind) {
    case DN_KIND_PACKED:
        return h->form == DN_FORM_RANGE;
    case DN_KIND_SIZED:
        return h->form == DN_FORM_SIZED;
    case DN_KIND_FIXED:
    case DN_KIND_ATTRIBUTE:
        break;
    case DN_KIND_NONE:
    case DN_KIND_ANY:
    case DN_KIND_CLASS:
        return false;
    }
    if (h->object.at & DN_COUNTED)
        return answers && h->group != 120 ? h->form != DN_FORM_ALL && h->form != DN_FORM_SIZED : h->qualifier == 0x07;
    if (is_control(h) && p->content != DN_CONTENT_WRITE)
        return h->qualifier == 0x17 || h->qualifier == 0x28;
    return h->form == DN_FORM_RANGE || h->form == DN_FORM_LIST;
}

/* ---- ranges ------------------------------------------------------------------------------------------------------ */

static uint32_t read_number(struct ps_rd *rd, uint8_t width)
{
    switch (width) {
    case 1:
        return ps_rd_u8(rd);
    case 2:
        return ps_rd_u16le(rd);
    default:
        return ps_rd_u32le(rd);
    }
}

uint32_t dn_index(struct dn_parse *p, const struct dn_header *h)
{
    uint32_t index = read_number(p->f->rd, h->prefix);
    return dn_require(p, index <= DN_INDEX_MAX, PS_REASON_DNP3_RANGE) ? index : 0;
}

/* Does one message say this once? */
static bool only_one(const struct dn_parse *p, const struct dn_header *h)
{
    if (p->content >= DN_CONTENT_FILE_COMMAND && p->content <= DN_CONTENT_FILE_AUTH)
        return true;
    return is_around(p, h) || (h->object.at & DN_COUNTED && p->content != DN_CONTENT_RESPONSE);
}

static void read_range(struct dn_parse *p, struct dn_header *h)
{
    struct ps_rd *rd = p->f->rd;
    h->last = DN_INDEX_MAX;
    if (h->form == DN_FORM_ALL)
        return;
    h->n = read_number(rd, h->width);
    if (h->form != DN_FORM_RANGE) {
        dn_require(p, only_one(p, h) ? h->n == 1 : h->n > 0, PS_REASON_DNP3_RANGE);
        return;
    }
    h->first = h->n;
    h->last = read_number(rd, h->width);
    if (dn_require(p, h->first <= h->last && h->last <= DN_INDEX_MAX, PS_REASON_DNP3_RANGE))
        h->n = h->last - h->first + 1;
}

/* ---- order ------------------------------------------------------------------------------------------------------- */

/* What must stand in front of what: the class of points, the time of a freeze; file commands stand alone. */
static bool in_order(struct dn_parse *p, const struct dn_header *h)
{
    bool first = p->n_plain == 0;
    switch ((enum dn_content)p->content) {
    case DN_CONTENT_ASSIGN: {
        bool is_class = h->object.kind == DN_KIND_CLASS;
        bool sound = is_class ? !p->wants_target : !first;
        p->wants_target = is_class;
        return sound;
    }
    case DN_CONTENT_FREEZE_AT:
        p->wants_target = first;
        return first == (h->group == 50);
    case DN_CONTENT_FILE_COMMAND:
    case DN_CONTENT_FILE_STATUS:
    case DN_CONTENT_FILE_INFO:
    case DN_CONTENT_FILE_AUTH:
        return first;
    case DN_CONTENT_SECURITY:
        return dn_security_allows(p->f->row, h->variation);
    case DN_CONTENT_NOTHING:
    case DN_CONTENT_READ:
    case DN_CONTENT_WRITE:
    case DN_CONTENT_CONTROL:
    case DN_CONTENT_FREEZE:
    case DN_CONTENT_CLASSES:
    case DN_CONTENT_APPLICATION:
    case DN_CONTENT_ACTIVATE:
    case DN_CONTENT_RESPONSE:
        break;
    }
    return true;
}

/* ---- one header -------------------------------------------------------------------------------------------------- */

static bool is_legal_form(const struct dn_parse *p, const struct dn_header *h)
{
    if (h->group == 60 && p->content != DN_CONTENT_READ)
        return h->form == DN_FORM_ALL;
    if (is_around(p, h))
        return form_has_data(p, h);
    return names_only(p, h) ? form_names(p, h) : form_has_data(p, h);
}

static void read_header(struct dn_parse *p)
{
    struct ps_rd *rd = p->f->rd;
    struct dn_header h = {0};
    h.group = ps_rd_u8(rd);
    h.variation = ps_rd_u8(rd);
    h.qualifier = ps_rd_u8(rd);
    if (!dn_require(p, ++p->f->n_headers <= DN_HEADERS_MAX, PS_REASON_DNP3_HEADERS))
        return;
    h.object = dn_object(h.group, h.variation);
    bool around = is_around(p, &h);
    if (!dn_require(p, around || h.object.at & DN_AT(p->content), PS_REASON_DNP3_OBJECT))
        return;
    if (!dn_require(p, read_qualifier(&h) && is_legal_form(p, &h), PS_REASON_DNP3_QUALIFIER))
        return;
    read_range(p, &h);
    if (around) {
        dn_security_around(p, &h);
        return;
    }
    dn_require(p, in_order(p, &h), PS_REASON_DNP3_OBJECT);
    p->n_plain++;
    if (ps_rd_failed(rd))
        return;
    dn_fold(p, (uint64_t)h.group << 56 | (uint64_t)h.variation << 48 | (uint64_t)h.qualifier << 40 | (h.first << 16 ^ h.n));
    if (names_only(p, &h))
        dn_targets(p, &h);
    else
        dn_data(p, &h);
}

/* What most requests have instead of all that: g60v1-4, qualifier 06, to read a class. False: it is another header, and
 * nothing has been read. */
static bool read_class(struct dn_parse *p)
{
    struct dn_fragment *f = p->f;
    if (p->content != DN_CONTENT_READ || ps_rd_left(f->rd) < 3 || f->n_headers >= DN_HEADERS_MAX)
        return false;
    const uint8_t *head = f->rd->data + f->rd->pos;
    if (head[0] != 60 || head[1] < 1 || head[1] > 4 || head[2] != 0x06)
        return false;
    f->rd->pos += 3;
    f->n_headers++;
    p->n_plain++;
    struct ps_fact *fact = dn_plain_fact(p, PS_OP_READ);
    if (fact) {
        fact->space = DN_SPACE(60, head[1]);
        fact->last = DN_INDEX_MAX;
    }
    return true;
}

/* Without objects: what the function itself does. A null unsolicited response only says that the outstation is there. */
static void read_nothing(struct dn_parse *p)
{
    uint32_t ops = dn_functions[p->f->row].ops;
    struct ps_fact *fact = ops ? dn_plain_fact(p, (enum ps_op)__builtin_ctz(ops)) : NULL;
    if (fact)
        fact->housekeeping = dn_functions[p->f->row].housekeeping || p->content == DN_CONTENT_RESPONSE;
}

static bool may_be_empty(const struct dn_parse *p)
{
    return p->content == DN_CONTENT_NOTHING || p->content == DN_CONTENT_RESPONSE;
}

void dn_objects(struct dn_fragment *f)
{
    struct dn_parse parse = {
        .f = f,
        .echo = UINT64_C(0xcbf29ce484222325),
        .content = dn_contents[f->row],
        .facts = f->row != DN_ROW_RESPONSE,
        .n_before = f->facts->n_facts,
    };
    struct dn_parse *p = &parse;
    while (ps_rd_left(f->rd) > 0 && !p->ended)
        if (!read_class(p))
            read_header(p);
    dn_require(p, p->n_plain > 0 || may_be_empty(p), PS_REASON_TRUNCATED);
    dn_require(p, !p->wants_target && p->challenged == p->ended, PS_REASON_TRUNCATED);
    if (may_be_empty(p) && (p->n_plain == 0 || f->facts->n_facts == p->n_before))
        read_nothing(p);
    if (p->has_controls)
        f->echo = p->echo ? p->echo : 1;
    (void)ps_rd_finish(f->rd);
}
