/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fuzz_frag.c - libFuzzer: fragments of a few datagrams into a small table, held against a model.
 *
 * Input: records of 6 octets: kind 1 (bits 0-1 which datagram, bit 2 IPv6, bit 3 more fragments, bit 4 other octets, bit 5
 * time passes, bit 6 all given out is released, bit 7 raw: the record's octets stand in the IP header), offset 2 (in units of 8
 * octets, modulo 64), length 2 (modulo 600), octet 1.
 *
 * The model: octets of a datagram follow from its number and their place, in two versions. What comes out whole must be
 * octets in their places, of versions that were sent there.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "checksum.h"
#include "frag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RECORD 6u
#define DATAGRAMS 4u
#define OFFSETS 64u
#define LENGTHS 600u
#define DATA_MAX (OFFSETS * 8 + LENGTHS)
#define LINK_LEN 14u

enum kind {
    KIND_DATAGRAM = 0x03,
    KIND_V6 = 0x04,
    KIND_MORE = 0x08,
    KIND_OTHER = 0x10,
    KIND_TIME = 0x20,
    KIND_RELEASE = 0x40,
    KIND_RAW = 0x80,
};

/* Which octets of a datagram have ever been sent, by version. */
struct sent {
    uint8_t versions[2][DATA_MAX];
};

static struct ps_frag_table table;
static bool raw; /* some record was: the model knows no better */
static struct sent sent[2 * DATAGRAMS];
static uint8_t frame[LINK_LEN + 48 + DATA_MAX];

static void check(bool held)
{
    if (!held)
        abort();
}

/* Of a UDP datagram or TCP segment: a header of 20 octets where TCP has its length. */
static uint8_t octet_of(unsigned datagram, uint32_t i, bool other)
{
    if (i == 12)
        return 5 << 4;
    return (uint8_t)(datagram * 41 + i * 7 + i / 64 + (other ? 128 : 0));
}

static void put16(uint8_t *out, uint32_t value)
{
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
}

static uint32_t build_v4(uint8_t *ip, unsigned datagram, uint32_t field, uint32_t len)
{
    const uint8_t head[20] = {0x45, 0, 0, 0, 0, 7, 0, 0, 64, datagram & 1 ? 6 : 17, 0, 0, 10, 0, 1,
                              (uint8_t)(1 + datagram / 2), 10, 0, 2, 1};
    memcpy(ip, head, sizeof head);
    put16(ip + 2, 20 + len);
    put16(ip + 6, field);
    return sizeof head;
}

static uint32_t build_v6(uint8_t *ip, unsigned datagram, uint32_t field, uint32_t len)
{
    const uint8_t head[48] = {0x60, [6] = 44, [7] = 64, [8] = 0xfd, [23] = (uint8_t)(1 + datagram / 2), [24] = 0xfd,
                              [39] = 2, [40] = datagram & 1 ? 6 : 17, [47] = 7};
    memcpy(ip, head, sizeof head);
    put16(ip + 4, 8 + len);
    put16(ip + 42, (field & 0x1fff) << 3 | (field >> 13 & 1));
    return sizeof head;
}

static void check_whole(const struct ps_frag_answer *answer, unsigned datagram, bool v6)
{
    const struct sent *of = &sent[datagram + (v6 ? DATAGRAMS : 0)];
    uint32_t head = LINK_LEN + (v6 ? 40 : 20);
    struct ps_desc desc;
    check(answer->whole.len > head && answer->whole.len <= head + DATA_MAX);
    for (uint32_t i = 0; i < answer->whole.len - head; i++) {
        uint8_t octet = answer->whole.data[head + i];
        bool plain = octet == octet_of(datagram, i, false) && of->versions[0][i];
        check(plain || (octet == octet_of(datagram, i, true) && of->versions[1][i]));
    }
    ps_decode(&answer->whole, (struct ps_decode_how){.checksums = PS_CHECKSUMS_IGNORE, .port_known = true}, &desc);
    check(desc.reason != PS_REASON_FRAGMENT && desc.kind != PS_KIND_NONE); /* its transport may be anything */
    check(desc.network == answer->whole.data + LINK_LEN);
}

/* The frame that a record means; *len: of its IP header and what is behind it. */
static void build(const uint8_t *record, uint32_t *len)
{
    unsigned datagram = record[0] & KIND_DATAGRAM;
    bool v6 = record[0] & KIND_V6, other = record[0] & KIND_OTHER;
    uint32_t offset = (uint32_t)(record[1] << 8 | record[2]) % OFFSETS;
    uint32_t n = (uint32_t)(record[3] << 8 | record[4]) % LENGTHS, field = offset | (record[0] & KIND_MORE ? 0x2000 : 0);
    uint8_t *ip = frame + LINK_LEN;
    memset(frame, 0, LINK_LEN);
    frame[5] = 1;
    frame[11] = 2;
    put16(frame + 12, v6 ? 0x86dd : 0x0800);
    uint32_t head = v6 ? build_v6(ip, datagram, field, n) : build_v4(ip, datagram, field, n);
    for (uint32_t i = 0; i < n; i++) {
        ip[head + i] = octet_of(datagram, offset * 8 + i, other);
        sent[datagram + (v6 ? DATAGRAMS : 0)].versions[other][offset * 8 + i] = 1;
    }
    if (record[0] & KIND_RAW)
        memcpy(ip + record[5] % (head - 4), record + 1, 4);
    *len = head + n;
    if (v6)
        return;
    put16(ip + 10, 0);
    uint16_t sum = (uint16_t)~ps_checksum_fold(ps_checksum_add(0, ip, 20));
    memcpy(ip + 10, &sum, sizeof sum);
}

static void take(const uint8_t *record, uint64_t now_ns)
{
    uint32_t len;
    struct ps_desc desc;
    build(record, &len);
    len += LINK_LEN;
    uint8_t *exact = malloc(len);
    check(exact != NULL);
    memcpy(exact, frame, len);
    struct ps_packet packet = {.data = exact, .len = len, .wire_len = len, .time_ns = now_ns, .port = 0};
    ps_decode(&packet, (struct ps_decode_how){.checksums = PS_CHECKSUMS_STRICT, .port_known = true}, &desc);
    if (desc.reason == PS_REASON_FRAGMENT) {
        struct ps_frag_answer answer = ps_frag_take(&table, &packet, &desc);
        check(answer.reason != PS_REASON_BUG && (answer.result == PS_FRAG_REFUSED) == (answer.reason != PS_REASON_NONE));
        if (answer.result == PS_FRAG_WHOLE && !raw)
            check_whole(&answer, record[0] & KIND_DATAGRAM, record[0] & KIND_V6);
    }
    free(exact);
    check(ps_frag_check(&table));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ps_frag_config config = {.n_datagrams = 6, .per_source = 3, .seed = {1, 2}};
    uint64_t now_ns = 1;
    check(ps_frag_init(&table, &config));
    memset(sent, 0, sizeof sent);
    raw = false;
    for (; size >= RECORD; data += RECORD, size -= RECORD) {
        if (data[0] & KIND_TIME)
            now_ns += UINT64_C(4000000000);
        if (data[0] & KIND_RELEASE)
            ps_frag_release(&table);
        raw = raw || data[0] & KIND_RAW;
        take(data, now_ns);
    }
    ps_frag_expire(&table, UINT64_MAX);
    ps_frag_release(&table);
    check(table.oldest == PS_NONE && ps_frag_check(&table));
    ps_frag_fini(&table);
    return 0;
}
