/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * frame.c - where does the PDU end? Behind the first link frame that leaves no fragment unfinished.
 */
#include "core.h"

static enum ps_result lose(struct ps_rd *rd, enum ps_reason reason, uint32_t offset)
{
    struct ps_rd at = *rd;
    at.pos += offset;
    return ps_rd_fail(&at, reason);
}

/* The first segment of a pair that has an unfinished fragment belongs to the next PDU: the one before it is the bad one.
 * A datagram holds whole frames. */
enum ps_result dn_frame(const struct ps_dialog *dialog, struct ps_rd *rd, uint32_t *len)
{
    const uint8_t *data = rd->data + rd->pos;
    uint32_t n = ps_rd_left(rd), end = 0, at = 0;
    enum ps_reason reason = PS_REASON_NONE;
    struct dn_walk walk;
    dn_walk_init(&walk, dialog);
    *len = 0;
    while (end < n) {
        switch (dn_walk_take(&walk, data + end, n - end, &reason, &at)) {
        case PS_OK:
            break;
        case PS_MORE:
            return dialog->datagram ? lose(rd, PS_REASON_TRUNCATED, n) : PS_MORE;
        case PS_BAD:
            if (walk.frame.len > 0)
                *len = walk.behind ? end : end + walk.frame.len;
            return lose(rd, reason, end + at);
        }
        end += walk.frame.len;
        if (walk.n_open == 0) {
            *len = end;
            return PS_OK;
        }
    }
    return PS_MORE;
}
