/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fuzz_capture.c - libFuzzer: any octets as a capture file. Every octet that the reader hands out is read, so that
 * AddressSanitizer sees a packet that reaches outside the file.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int held)
{
    if (!held)
        abort();
}

static void touch(const struct ps_packet *packet)
{
    unsigned sum = 0;

    check(packet->len <= PS_CAPTURE_PACKET_MAX);
    for (uint32_t i = 0; i < packet->len; i++)
        sum += packet->data[i];
    check(sum <= packet->len * 255u);
}

static void read_all(struct ps_capture *capture)
{
    struct ps_packet packets[PS_BURST_MAX];
    uint64_t number = 0, position = 0, offset, handed_out = 0;
    uint32_t n;

    while ((n = ps_capture_burst(capture, packets)) > 0) {
        check(n <= PS_BURST_MAX);
        for (uint32_t i = 0; i < n; i++) {
            check(packets[i].number > number); /* some are counted and not handed out */
            number = packets[i].number;
            touch(&packets[i]);
        }
        handed_out += n;
        check(ps_capture_position(capture) >= position);
        position = ps_capture_position(capture);
        check(position <= ps_capture_size(capture));
    }
    const struct ps_capture_counts *counts = ps_capture_counts(capture);
    check(counts->packets == handed_out + counts->not_ip + counts->unknown_link);
    if (ps_capture_damage(capture, &offset))
        check(offset <= ps_capture_size(capture));
    check(ps_capture_burst(capture, packets) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("fuzz_capture", 0);
    char path[64], err[256];
    struct ps_capture *capture;

    check(fd >= 0);
    check(write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    ps_capture_sniff(path);
    capture = ps_capture_open(path, err, sizeof(err));
    if (capture)
        read_all(capture);
    ps_capture_close(capture);
    close(fd);
    return 0;
}
