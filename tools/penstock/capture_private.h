/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * capture_private.h - what the parts of the capture reader share.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "capture.h"

/* Octets of packets in one burst: bounds what one burst can make of events. */
#define CAPTURE_BURST_BYTES 65536u

#define LINKTYPE_NULL 0u
#define LINKTYPE_ETHERNET 1u
#define LINKTYPE_RAW_BSD 12u
#define LINKTYPE_RAW_OPENBSD 14u
#define LINKTYPE_RAW 101u
#define LINKTYPE_LOOP 108u
#define LINKTYPE_LINUX_SLL 113u
#define LINKTYPE_IPV4 228u
#define LINKTYPE_IPV6 229u
#define LINKTYPE_NFLOG 239u
#define LINKTYPE_LINUX_SLL2 276u

/* How packets of a link type become packets of the engine. */
enum capture_link { CAPTURE_UNKNOWN = 0, CAPTURE_ETHERNET, CAPTURE_IP, CAPTURE_STRIP };

struct capture_interface {
    uint32_t linktype;
    uint32_t snaplen; /* 0: no limit */
    uint8_t link;     /* enum capture_link */
    uint8_t base2;    /* time unit: 2^-units seconds, else 10^-units */
    uint8_t units;
    int64_t offset_ns; /* added to every time */
    uint64_t scale;    /* unit in ns, or units per ns; see capture_time() */
};

struct ps_capture {
    const uint8_t *map;
    uint64_t len;
    uint64_t pos;
    uint64_t window; /* start of the pages that may be resident */
    bool swap;       /* the file (pcapng: section) has the other byte order */
    bool ng;
    uint32_t record_len; /* pcap: octets of a record header */
    struct capture_interface *interfaces;
    uint32_t n_interfaces;
    uint32_t max_interfaces;
    uint32_t linktype; /* of the burst */
    uint32_t n;        /* packets in the burst so far */
    uint32_t bytes;    /* of them */
    uint32_t head[PS_BURST_MAX];
    struct ps_capture_counts counts;
    uint64_t damage_at;
    const char *damage;
    const char *spool_damage; /* of the compression, NULL: none */
    const char *late_damage;  /* the same until it is reported, when the bursts end */
    char text[160];
};

static inline uint16_t capture_u16(const struct ps_capture *c, const uint8_t *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return c->swap ? __builtin_bswap16(v) : v;
}

static inline uint32_t capture_u32(const struct ps_capture *c, const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return c->swap ? __builtin_bswap32(v) : v;
}

/* Octets of the capture from pos to its end. */
static inline uint64_t capture_left(const struct ps_capture *c)
{
    return c->len - c->pos;
}

/* Room for one more packet in the burst. */
static inline bool capture_room(const struct ps_capture *c)
{
    return c->n < PS_BURST_MAX && c->bytes < CAPTURE_BURST_BYTES;
}

/* A packet as the file has it. */
struct capture_record {
    const uint8_t *data;
    uint32_t len, wire_len;
    uint64_t time_ns;
};

/* Ends the bursts here, with a sentence. printf-like. */
__attribute__((format(printf, 3, 4))) void capture_damaged(struct ps_capture *c, uint64_t offset, const char *format,
                                                           ...);

/* Sets linktype and link. */
void capture_interface_link(struct capture_interface *interface, uint32_t linktype);
/* Octets of link header before the IP header, or -1 when the packet is not IP. */
int32_t capture_strip(const struct ps_capture *c, uint32_t linktype, const uint8_t *data, uint32_t len);
/* Records lie one behind the other, so that what will be read soon is known: fetch it while others are worked on. The
 * processor's own prefetching ends at each page. */
#define AHEAD 4096u

static inline void prefetch_ahead(const uint8_t *data, uint32_t len)
{
    uintptr_t end = (uintptr_t)data + len + AHEAD; /* may lie behind the file: a hint only */

    __builtin_prefetch((const void *)end);
    __builtin_prefetch((const void *)(end + 64));
}

/* Adds a packet to the burst, or counts it. */
static inline void capture_emit(struct ps_capture *c, const struct capture_interface *interface,
                                const struct capture_record *record, struct ps_packet packets[PS_BURST_MAX])
{
    struct ps_packet *p = &packets[c->n];
    uint32_t head = 0;

    c->counts.packets++;
    prefetch_ahead(record->data, record->len);
    if (interface->link == CAPTURE_STRIP) {
        int32_t at = capture_strip(c, interface->linktype, record->data, record->len);

        if (at < 0) {
            c->counts.not_ip++;
            return;
        }
        head = (uint32_t)at;
    } else if (interface->link == CAPTURE_UNKNOWN) {
        if (c->counts.unknown_link++ == 0)
            c->counts.unknown_type = interface->linktype;
        return;
    }
    p->data = record->data + head;
    p->len = record->len - head;
    p->wire_len = (record->wire_len > record->len ? record->wire_len : record->len) - head;
    p->time_ns = record->time_ns;
    p->number = c->counts.packets;
    p->port = PS_PORT_UNKNOWN;
    p->link = interface->link == CAPTURE_ETHERNET ? PS_LINK_ETHERNET : PS_LINK_IP;
    c->head[c->n++] = head;
    c->bytes += record->len;
}

/* One format each: reads its file header (false: it is damaged), then fills bursts. */
bool capture_pcap_header(struct ps_capture *c);
void capture_pcap_burst(struct ps_capture *c, struct ps_packet packets[PS_BURST_MAX]);
bool capture_ng_header(struct ps_capture *c);
void capture_ng_burst(struct ps_capture *c, struct ps_packet packets[PS_BURST_MAX]);

/* Does a file that starts like this look like a pcap, a pcapng? */
bool capture_is_pcap(const uint8_t *data, uint64_t len);
bool capture_is_ng(const uint8_t *data, uint64_t len);

/* spool.c: path as a descriptor of a regular file that is not compressed (a temporary one where need be); -1 and err.
 * *damage is a sentence when compressed data ended badly. */
int capture_spool(const char *path, char *err, size_t err_size, const char **damage);
