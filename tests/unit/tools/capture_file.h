/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * capture_file.h - capture files made for tests, octet by octet, and opened again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture.h"

/* A file under construction. */
struct file {
    uint8_t data[8192];
    size_t len;
    bool big;
    size_t ends[64]; /* where a whole record ends */
    size_t n_ends;
    uint32_t at_end[64]; /* packets up to there */
    uint32_t n_packets;
};

/* Where store() writes; made and removed by the fixture. */
extern char path[64];
void setup(void);
void teardown(void);

void put(struct file *f, uint64_t v, unsigned n); /* a number of n octets, in the file's byte order */
void put_bytes(struct file *f, const void *bytes, size_t len);
void end(struct file *f); /* a whole record ends here */

/* The first len octets, as a file. */
void store(const struct file *f, size_t len);
struct ps_capture *open_good(void);
/* Opening fails, with this in the sentence. */
void open_bad(const char *part);

void pcap_file(struct file *f, uint32_t magic, uint32_t linktype, bool big);
/* part: of the second, in the file's unit. On the wire it was 60 octets longer when cut. */
void pcap_packet(struct file *f, uint32_t part, const void *bytes, uint32_t len, bool cut);

/* Every whole record is read from every truncation, and what is cut is said. */
void every_truncation(const struct file *f);
