/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "packets.h"
#include "recut.h"

void *recut_no_memory(void)
{
    fprintf(stderr, "no memory\n");
    exit(EXIT_FAILURE);
}

void *recut_alloc(size_t size)
{
    void *mem = calloc(1, size ? size : 1);
    return mem ? mem : recut_no_memory();
}

/* Room for one more item of this size. */
static void *grow(void *items, size_t n, size_t *size, size_t item_size)
{
    if (n < *size)
        return items;
    *size = *size ? *size * 2 : 64;
    items = realloc(items, *size * item_size);
    return items ? items : recut_no_memory();
}

void recut_buf_add(struct recut_buf *buf, const uint8_t *data, size_t len)
{
    if (buf->len + len > buf->size) {
        buf->size = 2 * (buf->len + len);
        buf->data = realloc(buf->data, buf->size);
        if (!buf->data)
            recut_no_memory();
    }
    memcpy(buf->data + buf->len, data, len);
    buf->len += len;
}

void recut_times_add(struct recut_times *times, uint64_t time_ns, size_t count)
{
    for (; count > 0; count--) {
        times->items = grow(times->items, times->n, &times->size, sizeof times->items[0]);
        times->items[times->n++] = time_ns;
    }
}

/* ---- packets ---------------------------------------------------------------------------------------------------- */

static void add_packet(struct recut_packets *packets, const struct ps_packet *packet)
{
    packets->items = grow(packets->items, packets->n, &packets->size, sizeof packets->items[0]);
    uint8_t *copy = recut_alloc(packet->len);
    memcpy(copy, packet->data, packet->len);
    packets->items[packets->n] = *packet;
    packets->items[packets->n++].data = copy;
}

void recut_packets_read(struct recut_packets *packets, const char *path)
{
    struct ps_packet burst[PS_BURST_MAX];
    char err[256];
    *packets = (struct recut_packets){0};
    struct ps_capture *capture = ps_capture_open(path, err, sizeof err);
    if (!capture) {
        printf("%s: %s\n", path, err);
        return;
    }
    for (uint32_t n; (n = ps_capture_burst(capture, burst)) > 0;)
        for (uint32_t i = 0; i < n; i++)
            add_packet(packets, &burst[i]);
    ps_capture_close(capture);
}

void recut_packets_fini(struct recut_packets *packets)
{
    for (size_t i = 0; i < packets->n; i++)
        free((void *)(uintptr_t)packets->items[i].data);
    free(packets->items);
}

/* ---- inputs ----------------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool recut_inputs_init(struct recut_inputs *inputs)
{
    const char *corpus = getenv("PENSTOCK_CORPUS"), *root = getenv("PENSTOCK_SOURCE_ROOT");
    char folder[2048];
    size_t size = 0;
    *inputs = (struct recut_inputs){0};
    if (corpus)
        snprintf(folder, sizeof folder, "%s/modbus", corpus);
    else
        snprintf(folder, sizeof folder, "%s/../shared/corpus/modbus", root ? root : ".");
    DIR *dir = opendir(folder);
    if (!dir)
        return false;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] == '.' || !ps_capture_sniff(path))
            continue;
        inputs->paths = grow(inputs->paths, inputs->n, &size, sizeof inputs->paths[0]);
        inputs->paths[inputs->n] = recut_alloc(strlen(path) + 1);
        memcpy(inputs->paths[inputs->n++], path, strlen(path) + 1);
    }
    closedir(dir);
    if (inputs->n > 0)
        qsort(inputs->paths, inputs->n, sizeof inputs->paths[0], by_name);
    return inputs->n > 0;
}

void recut_inputs_fini(struct recut_inputs *inputs)
{
    for (size_t i = 0; i < inputs->n; i++)
        free(inputs->paths[i]);
    free(inputs->paths);
}

/* ---- conversations ---------------------------------------------------------------------------------------------- */

static struct recut_list *list_of(struct recut_flows *flows, const struct ps_desc *desc)
{
    struct ps_key mirror = ps_key_mirror(&desc->key);
    bool opens = (desc->tcp_flags & (PS_TCP_SYN | PS_TCP_ACK)) == PS_TCP_SYN;
    for (size_t i = flows->n; i-- > 0;) {
        struct recut_list *list = &flows->items[i];
        if (!ps_key_equal(&list->key, &desc->key) && !ps_key_equal(&list->key, &mirror))
            continue;
        if (opens && !(list->has_syn && list->syn == desc->seq))
            break;
        return list;
    }
    flows->items = grow(flows->items, flows->n, &flows->size, sizeof flows->items[0]);
    struct recut_list *list = &flows->items[flows->n++];
    *list = (struct recut_list){.key = desc->key, .syn = desc->seq, .has_syn = opens};
    return list;
}

void recut_flows_init(struct recut_flows *flows, const struct recut_packets *packets)
{
    const struct ps_decode_how how = {.checksums = PS_CHECKSUMS_IGNORE}; /* some captures have rewritten addresses */
    *flows = (struct recut_flows){0};
    for (size_t i = 0; i < packets->n; i++) {
        struct ps_desc desc;
        ps_decode(&packets->items[i], how, &desc);
        if (desc.kind != PS_KIND_TCP || desc.reason != PS_REASON_NONE)
            continue;
        struct recut_list *list = list_of(flows, &desc);
        list->items = grow(list->items, list->n, &list->size, sizeof list->items[0]);
        list->items[list->n++] = i;
    }
}

void recut_flows_fini(struct recut_flows *flows)
{
    for (size_t i = 0; i < flows->n; i++)
        free(flows->items[i].items);
    free(flows->items);
}

/* ---- our own ---------------------------------------------------------------------------------------------------- */

struct maker {
    struct recut_packets *packets;
    struct wire wire;
    uint32_t seq[2], state;
    uint64_t time_ns;
};

static uint32_t below(struct maker *m, uint32_t n)
{
    m->state = m->state * 1664525u + 1013904223u;
    return (m->state >> 8) % n;
}

static void put(struct maker *m, unsigned dir, uint8_t flags, const uint8_t *data, uint32_t len)
{
    struct wire_tcp tcp = {.src = dir ? IP(10, 2, 0, 1) : IP(10, 1, 0, 1), .dst = dir ? IP(10, 1, 0, 1) : IP(10, 2, 0, 1),
                           .src_port = dir ? 502 : 40000, .dst_port = dir ? 40000 : 502, .seq = m->seq[dir],
                           .ack = flags & PS_TCP_ACK ? m->seq[!dir] : 0, .flags = flags, .data = data, .len = len};
    wire_tcp(&m->wire, &tcp);
    struct ps_packet packet = wire_packet(&m->wire);
    packet.time_ns = m->time_ns += 1000000;
    packet.number = m->packets->n + 1;
    if (below(m, 60) != 0 || (flags & PS_TCP_SYN)) /* some are lost */
        add_packet(m->packets, &packet);
    m->seq[dir] += len + ((flags & PS_TCP_SYN) != 0);
}

static uint32_t make_request(struct maker *m, uint8_t *p, uint8_t id)
{
    uint8_t fc = (uint8_t[]){3, 3, 6, 4, 1, 0x55, 8}[below(m, 7)];
    const uint8_t adu[12] = {0, id, 0, 0, 0, 6, 1, fc, 0, (uint8_t)below(m, 200), 0, (uint8_t)(1 + below(m, 9))};
    memcpy(p, adu, sizeof adu);
    if (below(m, 40) == 0)
        p[5] = 7; /* one octet more than the function has */
    if (below(m, 300) == 0)
        p[3] = 1;
    if (p[5] == 7)
        p[12] = 0;
    return p[5] == 7 ? 13 : 12;
}

static uint32_t make_reply(const uint8_t *request, uint8_t *p)
{
    uint8_t fc = request[7];
    memcpy(p, request, 12);
    if (fc == 6 || fc == 8)
        return 12;
    uint8_t count = (uint8_t)(fc == 1 ? (request[11] + 7) / 8 : 2 * request[11]);
    bool refusal = fc == 0x55;
    p[5] = refusal ? 3 : (uint8_t)(3 + count);
    p[7] = refusal ? 0xd5 : fc;
    p[8] = refusal ? 1 : count;
    memset(p + 9, 0, refusal ? 0 : count);
    return refusal ? 9 : 9u + count;
}

void recut_packets_make(struct recut_packets *packets, unsigned seed)
{
    static struct maker m;
    uint8_t requests[8 * 16], replies[8 * 300];
    *packets = (struct recut_packets){0};
    m = (struct maker){.packets = packets, .seq = {0xffffff00u, 77}, .state = seed, .time_ns = 1000000000};
    if (seed % 3 != 0) {
        put(&m, 0, PS_TCP_SYN, NULL, 0);
        put(&m, 1, PS_TCP_SYN | PS_TCP_ACK, NULL, 0);
    }
    for (unsigned i = 0; i < 60; i++) {
        uint32_t n = 1 + below(&m, 4), len = 0, reply_len = 0;
        for (uint32_t k = 0; k < n; k++) {
            reply_len += make_request(&m, requests + len, (uint8_t)(i * 4 + k)) == 12 ? make_reply(requests + len, replies + reply_len) : 0;
            len += requests[len + 5] + 6u;
        }
        uint32_t first = below(&m, len);
        put(&m, 0, PS_TCP_ACK, requests, first);
        put(&m, 0, PS_TCP_ACK | PS_TCP_PSH, requests + first, len - first);
        put(&m, 1, PS_TCP_ACK | PS_TCP_PSH, replies, reply_len);
    }
}
