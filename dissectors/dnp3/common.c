/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * common.c - what nearly all traffic consists of: one link frame of unconfirmed user data with a whole fragment in it, between
 * a master and an outstation that have spoken before. Each octet is looked at once: one CRC a block, no walk, no copy of the
 * association, and none of the fragment where it has only one block. What the fragment says is read by app.c, as ever. It
 * says "sound" or "look closer" and nothing else: what is refused, and why, is for frame.c and decode.c to say.
 */
#include "core.h"

#define SOUND_CONTROL 0x44u /* PRM, unconfirmed user data */
#define DIR 0x80u
#define WHOLE 0xc0u         /* of the transport octet: FIN, FIR */
#define LINK_LEN 5u         /* that LEN counts besides user data */
#define USER_MIN 3u         /* transport octet, application control, function */

static uint32_t le16(const uint8_t *p)
{
    return (uint32_t)(p[1] << 8 | p[0]);
}

/* The frame at p; false: it is not all there, or another one. */
static bool read_frame(const uint8_t *p, uint32_t len, struct dn_frame *frame)
{
    if (len < DN_LINK_HEAD_LEN + USER_MIN + 2 || le16(p) != 0x6405 || (p[3] & ~DIR) != SOUND_CONTROL)
        return false;
    uint32_t n_user = p[2] - LINK_LEN;
    *frame = (struct dn_frame){.len = dn_frame_offset(n_user - 1) + 3,
                               .control = p[3],
                               .function = DN_UNCONFIRMED_DATA,
                               .primary = true,
                               .from_master = (p[3] & DIR) != 0,
                               .source = (uint16_t)le16(p + 6),
                               .destination = (uint16_t)le16(p + 4),
                               .n_user = n_user};
    bool whole = p[2] >= LINK_LEN + USER_MIN && frame->len <= len && (p[DN_LINK_HEAD_LEN] & WHOLE) == WHOLE;
    bool addressed = frame->source <= DN_ADDRESS_MAX && frame->destination <= DN_ADDRESS_MAX;
    return whole && addressed && dn_crc_8(p) == le16(p + 8);
}

/* User data without CRCs, at out where it is more than one block; NULL: a CRC is wrong. */
static const uint8_t *read_user(const uint8_t *p, uint32_t n, uint8_t *out)
{
    const uint8_t *user = n <= DN_BLOCK_LEN ? p : out;
    for (; n >= DN_BLOCK_LEN; n -= DN_BLOCK_LEN, p += DN_BLOCK_LEN + 2, out += DN_BLOCK_LEN) {
        if (dn_crc_16(p) != le16(p + DN_BLOCK_LEN))
            return NULL;
        memcpy(out, p, DN_BLOCK_LEN);
    }
    if (n == 0)
        return user;
    if (user != p)
        memcpy(out, p, n);
    return dn_crc(p, n) == le16(p + n) ? user : NULL;
}

/* An outstation that opens the connection is asked about. */
static bool master_is_client(const struct ps_dialog *dialog, const struct dn_frame *frame)
{
    return frame->from_master == (dialog->dir == PS_TO_SERVER);
}

static void start_notes(struct dn_notes *notes, const struct dn_assoc *assoc, uint8_t dir)
{
    notes->n_pairs = notes->n_notes = 1;
    notes->pair[0] = (struct dn_pair_note){.master = assoc->master,
                                           .outstation = assoc->outstation,
                                           .master_dir = assoc->master_dir,
                                           .fcb = assoc->fcb[dir & 1]};
    notes->note[0] = (struct dn_note){.slot = DN_NONE};
}

/* Field by field: a struct this long would be cleared by a string instruction, which costs as much as all the rest here. */
static void start_message(struct dn_message *message, const struct dn_assoc *assoc, struct dn_note *note)
{
    struct dn_fragment *fragment = &message->fragment;
    message->assoc = assoc;
    message->note = note;
    message->control = 0;
    message->iin = 0;
    message->repeated = false;
    fragment->row = 0;
    fragment->asks = 0;
    fragment->station = DN_STATION(assoc->master, assoc->outstation);
    fragment->request = NULL;
    fragment->n_headers = fragment->n_objects = 0;
    fragment->echo = 0;
    fragment->refused_point = fragment->secured = false;
    fragment->file.act = DN_FILE_NOTHING;
    fragment->file.handle = 0;
    fragment->file.mode = 0;
}

uint32_t dn_common(const struct ps_dialog *dialog, const uint8_t *data, uint32_t len, struct ps_facts *facts)
{
    uint8_t joined[DN_USER_MAX];
    struct dn_frame frame;
    if (!read_frame(data, len, &frame) || !master_is_client(dialog, &frame))
        return 0;
    const struct dn_assoc *assoc = dn_assoc_known(dialog, &frame);
    const uint8_t *user = assoc ? read_user(data + DN_LINK_HEAD_LEN, frame.n_user, joined) : NULL;
    if (!user)
        return 0;
    struct ps_rd_fault fault;
    struct ps_rd fragment;
    struct dn_notes notes;
    struct dn_message message;
    start_notes(&notes, assoc, dialog->dir);
    start_message(&message, assoc, &notes.note[0]);
    message.data = user + 1;
    message.len = frame.n_user - 1;
    message.tolerant = dn_is_tolerant(dialog, assoc);
    message.fragment.dialog = dialog;
    message.fragment.facts = facts;
    message.fragment.rd = &fragment;
    message.fragment.from_master = frame.from_master;
    ps_rd_init(&fragment, &fault, message.data, message.len);
    facts->kind = (uint8_t)dn_app_read(&message);
    if (ps_rd_finish(&fragment) != PS_OK) {
        ps_facts_clear(facts);
        return 0;
    }
    dn_notes_store(&notes, facts);
    return frame.len;
}
