/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * capture_ng.c - pcapng (draft-ietf-opsawg-pcapng): blocks of type, length, body, length again.
 */
#include "base/time.h"
#include "capture_private.h"

#include <stdlib.h>

#define BLOCK_SECTION 0x0a0d0d0au /* the same in both byte orders */
#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET_OLD 2u
#define BLOCK_PACKET_SIMPLE 3u
#define BLOCK_PACKET 6u
#define BYTE_ORDER_MARK 0x1a2b3c4du

#define BLOCK_MIN 12u /* type, length, length */
#define SECTION_MIN 28u
#define INTERFACE_MIN 20u
#define PACKET_MIN 32u
#define SIMPLE_MIN 16u
#define INTERFACES_MAX 65536u

#define OPTION_END 0u
#define OPTION_TSRESOL 9u
#define OPTION_TSOFFSET 14u

struct block {
    const uint8_t *at;
    uint64_t offset;
    uint32_t type;
    uint32_t len; /* of all of it, a multiple of 4 */
};

static uint32_t host_u32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

bool capture_is_ng(const uint8_t *data, uint64_t len)
{
    return len >= 4 && host_u32(data) == BLOCK_SECTION;
}

/* ---- sections and interfaces ----------------------------------------------------------------------------------- */

/* A section header says the byte order of everything up to the next one. */
static bool section_order(struct ps_capture *c)
{
    uint32_t order;

    if (capture_left(c) < BLOCK_MIN) {
        capture_damaged(c, c->pos, "the file ends inside a section header");
        return false;
    }
    order = host_u32(c->map + c->pos + 8);
    if (order != BYTE_ORDER_MARK && order != __builtin_bswap32(BYTE_ORDER_MARK)) {
        capture_damaged(c, c->pos + 8, "a section header without its byte-order mark");
        return false;
    }
    c->swap = order != BYTE_ORDER_MARK;
    return true;
}

static bool section(struct ps_capture *c, const struct block *b)
{
    if (b->len < SECTION_MIN) {
        capture_damaged(c, b->offset, "a section header of %u octets is too short", b->len);
        return false;
    }
    if (capture_u16(c, b->at + 12) != 1) {
        capture_damaged(c, b->offset + 12, "pcapng version %u is not known", capture_u16(c, b->at + 12));
        return false;
    }
    c->n_interfaces = 0;
    return true;
}

static void set_resolution(struct capture_interface *interface, uint8_t resolution)
{
    interface->base2 = resolution >> 7;
    interface->units = resolution & 0x7f;
    interface->scale = 1;
    if (interface->base2)
        return;
    /* 10^-units: the unit in ns, or the units in one ns; 10^19 is the last that fits */
    for (unsigned i = interface->units; i < 9; i++)
        interface->scale *= 10;
    for (unsigned i = 9; i < interface->units && i < 28; i++)
        interface->scale *= 10;
}

static uint64_t time_ns(const struct capture_interface *interface, uint64_t units)
{
    uint64_t ns;

    if (interface->base2) {
        unsigned shift = interface->units > 63 ? 63 : interface->units;
        uint64_t part = units & ((UINT64_C(1) << shift) - 1);
        unsigned part_shift = shift > 34 ? 34 : shift; /* 2^34 * 10^9 still fits in 64 bits */

        ns = (units >> shift) * PS_NS_PER_S + ((part >> (shift - part_shift)) * PS_NS_PER_S >> part_shift);
    } else {
        ns = interface->units <= 9 ? units * interface->scale : units / interface->scale;
    }
    return ns + (uint64_t)interface->offset_ns;
}

static void interface_options(struct ps_capture *c, const struct block *b, struct capture_interface *interface)
{
    uint32_t at = 16;
    uint32_t end = b->len - 4;

    while (end - at >= 4) {
        uint16_t code = capture_u16(c, b->at + at);
        uint16_t len = capture_u16(c, b->at + at + 2);
        const uint8_t *value = b->at + at + 4;

        if (code == OPTION_END || len > end - at - 4)
            return;
        if (code == OPTION_TSRESOL && len == 1)
            set_resolution(interface, value[0]);
        if (code == OPTION_TSOFFSET && len == 8) {
            uint64_t offset;

            memcpy(&offset, value, sizeof offset);
            offset = c->swap ? __builtin_bswap64(offset) : offset;
            interface->offset_ns = (int64_t)(offset * PS_NS_PER_S);
        }
        at += 4 + ((len + 3u) & ~3u);
        if (at > end)
            return;
    }
}

static bool interface_add(struct ps_capture *c, const struct block *b)
{
    struct capture_interface *interface;

    if (b->len < INTERFACE_MIN || c->n_interfaces == INTERFACES_MAX) {
        capture_damaged(c, b->offset, "an interface description that is too short, or one too many");
        return false;
    }
    if (c->n_interfaces == c->max_interfaces) {
        uint32_t max = c->max_interfaces == 0 ? 4 : 2 * c->max_interfaces;
        struct capture_interface *grown = realloc(c->interfaces, max * sizeof *grown);

        if (grown == NULL) {
            capture_damaged(c, b->offset, "out of memory");
            return false;
        }
        c->interfaces = grown;
        c->max_interfaces = max;
    }
    interface = &c->interfaces[c->n_interfaces++];
    memset(interface, 0, sizeof *interface);
    capture_interface_link(interface, capture_u16(c, b->at + 8));
    interface->snaplen = capture_u32(c, b->at + 12);
    set_resolution(interface, 6);
    interface_options(c, b, interface);
    return true;
}

/* ---- packets --------------------------------------------------------------------------------------------------- */

/* Index of the interface of a packet block; PS_NONE after damage. */
static uint32_t packet_interface(struct ps_capture *c, const struct block *b)
{
    uint32_t min = b->type == BLOCK_PACKET_SIMPLE ? SIMPLE_MIN : PACKET_MIN;
    uint32_t i = 0;

    if (b->len < min) {
        capture_damaged(c, b->offset, "a packet block of %u octets is too short", b->len);
        return PS_NONE;
    }
    if (b->type == BLOCK_PACKET)
        i = capture_u32(c, b->at + 8);
    else if (b->type == BLOCK_PACKET_OLD)
        i = capture_u16(c, b->at + 8);
    if (i >= c->n_interfaces) {
        capture_damaged(c, b->offset, "a packet of interface %u, but the section has %u", i, c->n_interfaces);
        return PS_NONE;
    }
    return i;
}

static bool packet(struct ps_capture *c, const struct block *b, const struct capture_interface *interface,
                   struct ps_packet packets[PS_BURST_MAX])
{
    struct capture_record record;
    uint32_t room = b->len - PACKET_MIN;

    if (b->type == BLOCK_PACKET_SIMPLE) {
        room = b->len - SIMPLE_MIN;
        record.data = b->at + 12;
        record.wire_len = capture_u32(c, b->at + 8);
        record.len = record.wire_len;
        if (interface->snaplen != 0 && record.len > interface->snaplen)
            record.len = interface->snaplen;
        record.time_ns = 0; /* the block has none */
    } else {
        record.data = b->at + 28;
        record.wire_len = capture_u32(c, b->at + 24);
        record.len = capture_u32(c, b->at + 20);
        record.time_ns = time_ns(interface, (uint64_t)capture_u32(c, b->at + 12) << 32 | capture_u32(c, b->at + 16));
    }
    if (record.len > room || record.len > PS_CAPTURE_PACKET_MAX) {
        capture_damaged(c, b->offset, "a packet of %u octets in a block of %u octets", record.len, b->len);
        return false;
    }
    capture_emit(c, interface, &record, packets);
    return true;
}

/* ---- blocks ---------------------------------------------------------------------------------------------------- */

static bool next_block(struct ps_capture *c, struct block *b)
{
    b->at = c->map + c->pos;
    b->offset = c->pos;
    if (capture_left(c) < BLOCK_MIN) {
        capture_damaged(c, c->pos, "the file ends inside a block header");
        return false;
    }
    if (host_u32(b->at) == BLOCK_SECTION && !section_order(c))
        return false;
    b->type = capture_u32(c, b->at);
    b->len = capture_u32(c, b->at + 4);
    if (b->len < BLOCK_MIN || b->len % 4 != 0) {
        capture_damaged(c, c->pos + 4, "a block of %u octets cannot be", b->len);
        return false;
    }
    if (b->len > capture_left(c)) {
        capture_damaged(c, c->pos, "the file ends inside a block of %u octets", b->len);
        return false;
    }
    if (capture_u32(c, b->at + b->len - 4) != b->len) {
        capture_damaged(c, c->pos + b->len - 4, "the length behind a block differs from the one in front of it");
        return false;
    }
    return true;
}

static bool is_packet(uint32_t type)
{
    return type == BLOCK_PACKET || type == BLOCK_PACKET_SIMPLE || type == BLOCK_PACKET_OLD;
}

void capture_ng_burst(struct ps_capture *c, struct ps_packet packets[PS_BURST_MAX])
{
    struct block b;

    while (capture_room(c) && capture_left(c) > 0 && next_block(c, &b)) {
        if (is_packet(b.type)) {
            uint32_t i = packet_interface(c, &b);

            if (i == PS_NONE)
                return;
            if (c->n > 0 && c->interfaces[i].linktype != c->linktype)
                return; /* it opens the next burst */
            c->linktype = c->interfaces[i].linktype;
            if (!packet(c, &b, &c->interfaces[i], packets))
                return;
        } else if (b.type == BLOCK_SECTION && !section(c, &b)) {
            return;
        } else if (b.type == BLOCK_INTERFACE && !interface_add(c, &b)) {
            return;
        }
        c->pos += b.len;
    }
}

bool capture_ng_header(struct ps_capture *c)
{
    struct block b;

    return next_block(c, &b) && section(c, &b);
}
