/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * capture_pcap.c - pcap (draft-ietf-opsawg-pcap): a file header, then record header and packet, again and again.
 */
#include "base/time.h"
#include "capture_private.h"

#include <stdlib.h>

#define MAGIC_US 0xa1b2c3d4u
#define MAGIC_NS 0xa1b23c4du
#define MAGIC_KUZNETZOV 0xa1b2cd34u /* records are 8 octets longer: interface, protocol, packet type */

#define FILE_HEADER_LEN 24u
#define RECORD_LEN 16u
#define RECORD_LEN_KUZNETZOV 24u
#define LINKTYPE_MASK 0x03ffffffu /* above: whether frames end in a check sequence, and its length */

static bool known_magic(uint32_t magic)
{
    return magic == MAGIC_US || magic == MAGIC_NS || magic == MAGIC_KUZNETZOV;
}

static uint32_t host_u32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

bool capture_is_pcap(const uint8_t *data, uint64_t len)
{
    if (len < 4)
        return false;
    return known_magic(host_u32(data)) || known_magic(__builtin_bswap32(host_u32(data)));
}

bool capture_pcap_header(struct ps_capture *c)
{
    uint32_t magic;

    if (c->len < FILE_HEADER_LEN) {
        capture_damaged(c, c->len, "the file ends inside its header of %u octets", FILE_HEADER_LEN);
        return false;
    }
    c->swap = !known_magic(host_u32(c->map));
    magic = capture_u32(c, c->map);
    if (capture_u16(c, c->map + 4) != 2) {
        capture_damaged(c, 4, "pcap version %u is not known", capture_u16(c, c->map + 4));
        return false;
    }
    if (c->interfaces == NULL) /* not again after a rewind */
        c->interfaces = calloc(1, sizeof *c->interfaces);
    if (c->interfaces == NULL) {
        capture_damaged(c, 0, "out of memory");
        return false;
    }
    c->n_interfaces = 1;
    capture_interface_link(&c->interfaces[0], capture_u32(c, c->map + 20) & LINKTYPE_MASK);
    c->interfaces[0].scale = magic == MAGIC_NS ? 1 : PS_NS_PER_US;
    c->record_len = magic == MAGIC_KUZNETZOV ? RECORD_LEN_KUZNETZOV : RECORD_LEN;
    c->linktype = c->interfaces[0].linktype;
    c->pos = FILE_HEADER_LEN;
    return true;
}

void capture_pcap_burst(struct ps_capture *c, struct ps_packet packets[PS_BURST_MAX])
{
    const struct capture_interface *interface = &c->interfaces[0];

    while (capture_room(c) && capture_left(c) > 0) {
        const uint8_t *p = c->map + c->pos;
        struct capture_record record;

        if (capture_left(c) < c->record_len) {
            capture_damaged(c, c->pos, "the file ends inside a record header");
            return;
        }
        record.len = capture_u32(c, p + 8);
        if (record.len > PS_CAPTURE_PACKET_MAX) {
            capture_damaged(c, c->pos + 8, "a packet of %u octets cannot be", record.len);
            return;
        }
        if (record.len > capture_left(c) - c->record_len) {
            capture_damaged(c, c->pos, "the file ends inside a packet of %u octets", record.len);
            return;
        }
        record.data = p + c->record_len;
        record.wire_len = capture_u32(c, p + 12);
        record.time_ns = capture_u32(c, p) * PS_NS_PER_S + capture_u32(c, p + 4) * interface->scale;
        c->pos += c->record_len + record.len;
        capture_emit(c, interface, &record, packets);
    }
}
