/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * target.c - headers that only name points: read, freeze, enable and disable unsolicited, assign class. With an index in
 * front of each object they are lists of indices.
 */
#include "object.h"

static enum ps_op op_of(const struct dn_parse *p)
{
    switch ((enum dn_content)p->content) {
    case DN_CONTENT_READ:
        return PS_OP_READ;
    case DN_CONTENT_FREEZE:
    case DN_CONTENT_FREEZE_AT:
        return PS_OP_WRITE;
    case DN_CONTENT_CLASSES:
        return p->f->row == DN_ROW_ENABLE_UNSOLICITED ? PS_OP_EVENT : PS_OP_CONTROL;
    case DN_CONTENT_ASSIGN:
        return PS_OP_CONTROL;
    case DN_CONTENT_APPLICATION:
        return PS_OP_PROGRAM;
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
    return PS_OP_NONE;
}

/* What a freeze leaves in its points is not seen. */
static void name_points(struct dn_parse *p, const struct dn_header *h, struct ps_range points)
{
    enum ps_op op = op_of(p);
    struct ps_fact *fact = dn_point_fact(p, op, h, points);
    if (fact && op == PS_OP_WRITE)
        fact->values.kind = PS_VALUE_UNKNOWN;
}

void dn_targets(struct dn_parse *p, const struct dn_header *h)
{
    if (p->content == DN_CONTENT_APPLICATION) {
        dn_plain_fact(p, PS_OP_PROGRAM);
        return;
    }
    if (p->content == DN_CONTENT_ASSIGN && h->object.kind == DN_KIND_CLASS)
        return;
    if (h->form != DN_FORM_LIST) {
        name_points(p, h, (struct ps_range){h->first, h->last});
        return;
    }
    for (uint32_t i = 0; i < h->n && !ps_rd_failed(p->f->rd); i++) {
        uint32_t index = dn_index(p, h);
        dn_require(p, ++p->f->n_objects <= DN_OBJECTS_MAX, PS_REASON_DNP3_HEADERS);
        name_points(p, h, (struct ps_range){index, index});
    }
}
