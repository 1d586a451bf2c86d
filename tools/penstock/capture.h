/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * capture.h - capture files as bursts of packets: pcap and pcapng, read in place.
 *
 * The file is mapped and its packets are handed out where they lie; pages are dropped behind the reader, so that a
 * capture of any size takes little memory. What cannot be mapped (a pipe) or is compressed (gzip) is first written to
 * an unlinked temporary file in $TMPDIR.
 *
 * Formats: pcap with microseconds or nanoseconds in either byte order, also Kuznetzov's longer records; pcapng with
 * several sections and interfaces, enhanced, simple and old packet blocks, if_tsresol and if_tsoffset.
 * Link types: Ethernet; raw IP; null and loopback, Linux cooked v1 and v2 and NFLOG, whose packets are handed out as
 * IP from the right offset. A cooked packet that is not IP is counted as not judged; VLAN tags in a cooked packet are
 * stepped over. A packet of any other link type is counted as unknown.
 *
 * Damage: everything before it is handed out; then the bursts end and ps_capture_damage() says what is wrong and where.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine.h"

/* Octets of the longest packet taken from a capture; a longer one is damage. */
#define PS_CAPTURE_PACKET_MAX 262144u

struct ps_capture;

struct ps_capture_counts {
    uint64_t packets;      /* read so far, whatever became of them */
    uint64_t not_ip;       /* of them: cooked, null or NFLOG, and not IP: not handed out */
    uint64_t unknown_link; /* of them: of a link type that is not known: not handed out */
    uint32_t unknown_type; /* the first such link type */
};

/* Does the file start like a capture, compressed or not? */
bool ps_capture_sniff(const char *path);

/* path "-" or "/dev/stdin": standard input. NULL when it cannot be read or is not a capture: err holds a sentence. */
struct ps_capture *ps_capture_open(const char *path, char *err, size_t err_size);
void ps_capture_close(struct ps_capture *capture); /* NULL is fine */

/* The next packets, all of one link type; 0 at the end. Their data lives until the next call. */
uint32_t ps_capture_burst(struct ps_capture *capture, struct ps_packet packets[PS_BURST_MAX]);

/* Back to the first packet; counts and damage start anew. */
void ps_capture_rewind(struct ps_capture *capture);

/* Link type (LINKTYPE_...) of the packets of the last burst. */
uint32_t ps_capture_linktype(const struct ps_capture *capture);

/* Octets of link header that stand in front of data of packet i of the last burst and were stepped over. */
uint32_t ps_capture_head(const struct ps_capture *capture, uint32_t i);

const struct ps_capture_counts *ps_capture_counts(const struct ps_capture *capture);

/* After the last burst: what is wrong with the file, or NULL; *offset is the octet of the (uncompressed) file. */
const char *ps_capture_damage(const struct ps_capture *capture, uint64_t *offset);

/* For progress: octets of the capture, and how many are behind the reader. */
uint64_t ps_capture_size(const struct ps_capture *capture);
uint64_t ps_capture_position(const struct ps_capture *capture);
