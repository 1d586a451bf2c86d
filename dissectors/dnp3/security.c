/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * security.c - g120, secure authentication: its own functions, and around the objects of others (aggressive mode: the
 * request in front, v3, its authentication code behind, v9). Nothing is decrypted or proven here: it is let through in the
 * places where it belongs.
 */
#include "object.h"

#define V(variation) (1u << (variation))

bool dn_security_allows(uint8_t row, uint8_t variation)
{
    uint32_t allowed = 0;
    if (row == DN_ROW_AUTH_REQUEST)
        allowed = V(1) | V(2) | V(4) | V(6) | V(8) | V(10) | V(11) | V(13) | V(14) | V(15);
    if (row == DN_ROW_AUTH_REQUEST_NO_ACK)
        allowed = V(7);
    if (row == DN_ROW_AUTH_RESPONSE)
        allowed = V(1) | V(2) | V(5) | V(7) | V(12) | V(15);
    return variation < 32 && allowed & V(variation);
}

/* Obsolete functions are older than authentication; measuring a delay and recording a time change nothing. */
static bool may_be_secured(const struct dn_parse *p)
{
    switch (p->f->row) {
    case DN_ROW_CONFIRM:
    case DN_ROW_INITIALIZE_DATA:
    case DN_ROW_SAVE_CONFIGURATION:
    case DN_ROW_DELAY_MEASURE:
    case DN_ROW_RECORD_TIME:
        return false;
    default:
        return true;
    }
}

/* v3: sequence number 4, user 2. v9: authentication code. */
void dn_security_around(struct dn_parse *p, const struct dn_header *h)
{
    struct ps_rd *rd = p->f->rd;
    bool front = h->variation == 3, back = h->variation == 9;
    bool placed = front ? p->f->n_headers == 1 : p->challenged && !p->ended;
    if (!dn_require(p, may_be_secured(p) && (front || back) && placed, PS_REASON_DNP3_OBJECT))
        return;
    p->challenged = p->f->secured = true;
    p->ended = back;
    uint32_t len = front ? h->object.size : ps_rd_u16le(rd);
    dn_require(p, len >= h->object.size, PS_REASON_DNP3_VALUE);
    (void)ps_rd_bytes(rd, len);
    p->f->asks |= DN_ASK_SECURED; /* of the facts behind it: it stands in front of all */
}
