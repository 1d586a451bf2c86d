/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * link.c - one link frame (IEEE 1815, clause 9).
 *
 *     05 64 | LEN 1 | CTRL 1 | DST 2 | SRC 2 | CRC 2 | user data, 16 octets and a CRC at a time
 *
 * LEN counts CTRL, DST, SRC and the user data. Most stacks look for the next 05 64 behind whatever is wrong, so a frame
 * inside the body of a broken one is a frame to them: whatever is wrong here is never skipped octet by octet.
 */
#include "core.h"

#define LEN_MIN 5u
#define CTRL_DIR 0x80u
#define CTRL_PRM 0x40u
#define CTRL_FCB 0x20u
#define CTRL_FCV 0x10u
#define CTRL_FUNCTION 0x0fu

/* What a link function may look like. */
struct kind {
    bool exists;
    bool fcv;
    bool data;     /* has user data, and has to */
    bool switched; /* only behind DN_RELAX_CONFIRMED_LINK */
};

/* Reset user process (1) is obsolete. */
static const struct kind primary_kinds[CTRL_FUNCTION + 1] = {
    [DN_RESET_LINK] = {.exists = true},
    [DN_TEST_LINK] = {.exists = true, .fcv = true, .switched = true},
    [DN_CONFIRMED_DATA] = {.exists = true, .fcv = true, .data = true, .switched = true},
    [DN_UNCONFIRMED_DATA] = {.exists = true, .data = true},
    [DN_REQUEST_LINK_STATUS] = {.exists = true},
};

/* ACK answers reset-link too. Not functioning (14) is obsolete. */
static const struct kind secondary_kinds[CTRL_FUNCTION + 1] = {
    [DN_ACK] = {.exists = true},
    [DN_NACK] = {.exists = true, .switched = true},
    [DN_LINK_STATUS] = {.exists = true},
    [DN_NOT_SUPPORTED] = {.exists = true},
};

static uint16_t le16(const uint8_t *p)
{
    return (uint16_t)(p[1] << 8 | p[0]);
}

static enum ps_result bad(enum ps_reason *reason, enum ps_reason which, uint32_t *at, uint32_t offset)
{
    *reason = which;
    *at = offset;
    return PS_BAD;
}

enum ps_result dn_frame_read(const uint8_t *data, uint32_t n, struct dn_frame *frame, enum ps_reason *reason,
                             uint32_t *at)
{
    *frame = (struct dn_frame){.len = 0};
    if (n > 0 && data[0] != 0x05)
        return bad(reason, PS_REASON_DNP3_START, at, 0);
    if (n > 1 && data[1] != 0x64)
        return bad(reason, PS_REASON_DNP3_START, at, 1);
    if (n > 2 && data[2] < LEN_MIN)
        return bad(reason, PS_REASON_DNP3_LINK, at, 2);
    if (n < DN_LINK_HEAD_LEN)
        return PS_MORE;
    if (dn_crc(data, DN_LINK_HEAD_LEN - 2) != le16(data + 8))
        return bad(reason, PS_REASON_DNP3_CRC, at, 8);
    uint32_t n_user = data[2] - LEN_MIN;
    *frame = (struct dn_frame){.len = DN_LINK_HEAD_LEN + n_user + 2 * ((n_user + DN_BLOCK_LEN - 1) / DN_BLOCK_LEN),
                               .control = data[3],
                               .function = data[3] & CTRL_FUNCTION,
                               .primary = (data[3] & CTRL_PRM) != 0,
                               .from_master = (data[3] & CTRL_DIR) != 0,
                               .source = le16(data + 6),
                               .destination = le16(data + 4),
                               .n_user = n_user};
    return PS_OK;
}

/* DN-L02. FCB means nothing while FCV is 0, and masters leave it set; with PRM = 0 the one is reserved and the other is DFC,
 * which anybody may set. A transport octet with nothing behind it is no segment (DN-T05). */
static enum ps_reason check_control(const struct ps_dialog *dialog, const struct dn_frame *frame, uint32_t *at)
{
    const struct kind *kind = frame->primary ? &primary_kinds[frame->function] : &secondary_kinds[frame->function];
    bool bits = frame->primary ? kind->fcv == ((frame->control & CTRL_FCV) != 0) : !(frame->control & CTRL_FCB);
    *at = 3;
    if (!kind->exists || !bits || (kind->switched && !dn_relaxed(dialog, DN_RELAX_CONFIRMED_LINK)))
        return PS_REASON_DNP3_LINK;
    *at = 2;
    if (kind->data != (frame->n_user > 0))
        return PS_REASON_DNP3_LINK;
    return frame->n_user == 1 ? PS_REASON_DNP3_TRANSPORT : PS_REASON_NONE;
}

/* Broadcasts are user data of a master that nobody confirms; only masters look for whoever has the self-address. */
static bool may_be_destination(const struct dn_frame *frame)
{
    if (frame->destination <= DN_ADDRESS_MAX)
        return true;
    if (frame->destination < DN_SELF_ADDRESS || !frame->from_master || !frame->primary)
        return false;
    return frame->destination == DN_SELF_ADDRESS || frame->function == DN_UNCONFIRMED_DATA;
}

enum ps_reason dn_frame_check(const struct ps_dialog *dialog, const struct dn_frame *frame, uint32_t *at)
{
    enum ps_reason reason = check_control(dialog, frame, at);
    if (reason != PS_REASON_NONE)
        return reason;
    *at = 4;
    if (!may_be_destination(frame))
        return PS_REASON_DNP3_ADDRESS;
    *at = 6;
    return frame->source > DN_ADDRESS_MAX ? PS_REASON_DNP3_ADDRESS : PS_REASON_NONE;
}

/* Octets of user data in block i of them. */
static uint32_t block_len(const struct dn_frame *frame, uint32_t i)
{
    uint32_t left = frame->n_user - i * DN_BLOCK_LEN;
    return left < DN_BLOCK_LEN ? left : DN_BLOCK_LEN;
}

uint32_t dn_frame_body_bad(const uint8_t *data, const struct dn_frame *frame, uint32_t first, uint32_t last)
{
    for (uint32_t i = first; i <= last && i * DN_BLOCK_LEN < frame->n_user; i++) {
        uint32_t start = dn_frame_offset(i * DN_BLOCK_LEN), n = block_len(frame, i);
        if (dn_crc(data + start, n) != le16(data + start + n))
            return start + n;
    }
    return 0;
}

void dn_frame_join(const uint8_t *data, const struct dn_frame *frame, uint8_t *out)
{
    for (uint32_t i = 0; i * DN_BLOCK_LEN < frame->n_user; i++)
        memcpy(out + i * DN_BLOCK_LEN, data + dn_frame_offset(i * DN_BLOCK_LEN), block_len(frame, i));
}

#define MIX UINT64_C(0x9e3779b97f4a7c15)

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * MIX;
    return hash ^ hash >> 32;
}

/* Up to 7 octets as one number: two of the same length that differ give different ones. */
static uint64_t short_word(const uint8_t *data, uint32_t n)
{
    uint32_t low, high;
    if (n < sizeof low)
        return n == 0 ? 0 : (uint64_t)data[0] | (uint64_t)data[n / 2] << 8 | (uint64_t)data[n - 1] << 16;
    memcpy(&low, data, sizeof low);
    memcpy(&high, data + n - sizeof high, sizeof high);
    return low | (uint64_t)high << 32;
}

uint64_t dn_hash(const uint8_t *data, uint32_t len)
{
    uint64_t hash = len * MIX, word;
    for (; len >= sizeof word; data += sizeof word, len -= (uint32_t)sizeof word) {
        memcpy(&word, data, sizeof word);
        hash = mix(hash, word);
    }
    hash = mix(hash, short_word(data, len));
    return hash ? hash : 1;
}
