/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
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

void recut_packets_add(struct recut_packets *packets, const struct ps_packet *packet)
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
            recut_packets_add(packets, &burst[i]);
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

/* The captures of one folder of the corpus; what is no folder has none. */
static void add_folder(struct recut_inputs *inputs, const char *folder)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] == '.' || !ps_capture_sniff(path))
            continue;
        inputs->paths = grow(inputs->paths, inputs->n, &inputs->size, sizeof inputs->paths[0]);
        inputs->paths[inputs->n] = recut_alloc(strlen(path) + 1);
        memcpy(inputs->paths[inputs->n++], path, strlen(path) + 1);
    }
    closedir(dir);
}

bool recut_inputs_init(struct recut_inputs *inputs)
{
    const char *corpus = getenv("PENSTOCK_CORPUS"), *root = getenv("PENSTOCK_SOURCE_ROOT");
    char whole[1024];
    *inputs = (struct recut_inputs){0};
    if (corpus)
        snprintf(whole, sizeof whole, "%s", corpus);
    else
        snprintf(whole, sizeof whole, "%s/../shared/corpus", root ? root : ".");
    DIR *dir = opendir(whole);
    if (!dir)
        return false;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char folder[2048];
        snprintf(folder, sizeof folder, "%s/%s", whole, entry->d_name);
        if (entry->d_name[0] != '.')
            add_folder(inputs, folder);
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
