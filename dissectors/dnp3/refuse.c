/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * refuse.c - the answer that a master gets for a request that was refused, in the outstation's name: a response without
 * objects whose IIN2 says no (IEEE 1815, clause 4.2.2.6).
 *
 * Controls are not echoed with status 9: outstations that refuse the request as such answer like this too, and nothing of
 * what was refused comes back to be read by anybody.
 */
#include "core.h"

#define IIN2_FUNCTION 0x01u  /* not supported */
#define IIN2_OBJECT 0x02u    /* unknown */
#define IIN2_PARAMETER 0x04u /* error */

#define FUNCTION_RESPONSE 129u
#define FUNCTION_REQUEST_END 128u
#define TRANSPORT_FIN 0x80u
#define TRANSPORT_FIR 0x40u
#define TRANSPORT_SEQUENCE 0x3fu
#define CTRL_DIR 0x80u
#define CTRL_PRM 0x40u

#define USER_LEN 5u /* of the answer: transport 1, control 1, function 1, IIN 2 */
#define REFUSAL_LEN (DN_LINK_HEAD_LEN + USER_LEN + 2)

_Static_assert(DN_FRAGMENTS_MAX * REFUSAL_LEN <= PS_REFUSAL_MAX, "as many answers as a PDU has fragments");

/* Has the last frame that was taken to be answered? Function codes that do not exist have, by "not supported". */
enum wanted {
    WANTED_NO, /* there is no answer that could be given in somebody's name */
    WANTED_SILENCE,
    WANTED_YES,
};

/* The first two octets of a fragment that is whole. */
struct head {
    uint8_t n;
    uint8_t octets[2];
};

/* Whoever has the self-address answers with its own, which is not known. Of confirmed user data the master waits for
 * acknowledgements of the link, that only the outstation's link can give. Secure authentication has answers of its own. */
static enum wanted is_wanted(const struct dn_frame *frame, const struct head *head)
{
    uint8_t control = head->octets[0], row = dn_row_by_function(head->octets[1]);
    bool request = frame->from_master && head->n == 2 && head->octets[1] < FUNCTION_REQUEST_END &&
                   (control & ~DN_SEQUENCE) == (DN_FIR | DN_FIN);
    if (!request || frame->function != DN_UNCONFIRMED_DATA || frame->destination == DN_SELF_ADDRESS)
        return WANTED_NO;
    if (frame->destination >= DN_BROADCAST_FIRST)
        return WANTED_SILENCE;
    switch (row) {
    case DN_ROW_DIRECT_OPERATE_NO_ACK:
    case DN_ROW_FREEZE_NO_ACK:
    case DN_ROW_FREEZE_CLEAR_NO_ACK:
    case DN_ROW_FREEZE_AT_NO_ACK:
    case DN_ROW_CONFIRM:
    case DN_ROW_AUTH_REQUEST_NO_ACK:
        return WANTED_SILENCE;
    case DN_ROW_AUTH_REQUEST:
        return WANTED_NO;
    default:
        return WANTED_YES;
    }
}

static uint8_t iin2_of(uint8_t code)
{
    if (code == PS_REFUSE_OBJECT)
        return IIN2_PARAMETER;
    return code == IIN2_OBJECT || code == IIN2_PARAMETER ? code : IIN2_FUNCTION;
}

static void put16(uint8_t *out, uint16_t value)
{
    out[0] = (uint8_t)value;
    out[1] = (uint8_t)(value >> 8);
}

/* One frame, one segment, one fragment. FIR may have any transport sequence number: that of the request is at hand. */
static void put_answer(const struct dn_frame *frame, uint8_t transport, uint8_t control, uint8_t iin2, uint8_t *out)
{
    uint8_t link = (uint8_t)((frame->from_master ? 0 : CTRL_DIR) | CTRL_PRM | DN_UNCONFIRMED_DATA);
    uint8_t *user = out + DN_LINK_HEAD_LEN;
    out[0] = 0x05;
    out[1] = 0x64;
    out[2] = 5 + USER_LEN; /* control, destination, source are counted too */
    out[3] = link;
    put16(out + 4, frame->source);
    put16(out + 6, frame->destination);
    put16(out + 8, dn_crc(out, DN_LINK_HEAD_LEN - 2));
    user[0] = (uint8_t)(TRANSPORT_FIN | TRANSPORT_FIR | (transport & TRANSPORT_SEQUENCE));
    user[1] = (uint8_t)(DN_FIR | DN_FIN | (control & DN_SEQUENCE));
    user[2] = FUNCTION_RESPONSE;
    user[3] = 0;
    user[4] = iin2;
    put16(user + USER_LEN, dn_crc(user, USER_LEN));
}

/* Adds the octets of a segment to what is known of its fragment. */
static void take_head(struct head *head, const struct dn_frame *frame, const uint8_t *user)
{
    for (uint32_t i = 1; i < frame->n_user && head->n < 2; i++)
        head->octets[head->n++] = user[i];
}

/* An answer for each fragment that the PDU brings to its end; frames about the link alone have none: who asked asks again. */
uint32_t dn_refuse(const struct ps_dialog *dialog, const uint8_t *pdu, uint32_t len, uint8_t code, uint8_t *out)
{
    struct dn_walk walk;
    struct head heads[DN_FRAGMENTS_MAX] = {{0}};
    uint32_t n = 0;
    dn_walk_init(&walk, dialog);
    for (uint32_t pos = 0; pos < len; pos += walk.frame.len) {
        enum ps_reason reason;
        uint32_t at;
        uint8_t user[DN_USER_MAX];
        if (dn_walk_take(&walk, pdu + pos, len - pos, &reason, &at) != PS_OK)
            return 0;
        if (!dn_frame_is_data(&walk.frame) || walk.duplicate)
            continue;
        struct head *head = &heads[walk.pair[walk.at_pair].fragment];
        dn_frame_join(pdu + pos, &walk.frame, user);
        take_head(head, &walk.frame, user);
        enum wanted wanted = walk.ends ? is_wanted(&walk.frame, head) : WANTED_SILENCE;
        if (wanted == WANTED_NO)
            return 0;
        if (wanted == WANTED_SILENCE)
            continue;
        put_answer(&walk.frame, user[0], head->octets[0], iin2_of(code), out + n);
        n += REFUSAL_LEN;
    }
    return n ? n : PS_REFUSAL_SILENT;
}
