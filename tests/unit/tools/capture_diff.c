/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * capture_diff.c - our capture reader and libpcap over every capture of the corpus: the same packets, times, lengths
 * and octets. The corpus is $PENSTOCK_CORPUS, else ../shared/corpus beside the source tree; without it: skipped.
 */
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "capture.h"
#include "inputs.h"

#define SKIPPED 77

struct ours {
    struct ps_capture *capture;
    struct ps_packet packets[PS_BURST_MAX];
    uint32_t n, i;
};

static const struct ps_packet *next(struct ours *o)
{
    if (o->i == o->n) {
        o->n = ps_capture_burst(o->capture, o->packets);
        o->i = 0;
    }
    return o->n == 0 ? NULL : &o->packets[o->i++];
}

static bool same(const struct ours *o, const struct ps_packet *p, const struct pcap_pkthdr *h, const u_char *data)
{
    uint32_t head = ps_capture_head(o->capture, o->i - 1);
    uint32_t wire = h->len > h->caplen ? h->len : h->caplen;
    uint64_t time_ns = (uint64_t)h->ts.tv_sec * 1000000000u + (uint64_t)h->ts.tv_usec;

    return p->len + head == h->caplen && p->wire_len + head == wire && p->time_ns == time_ns &&
           memcmp(p->data - head, data, h->caplen) == 0;
}

/* Differences found in one file. */
static int compare(const char *path)
{
    char err[256], pcap_err[PCAP_ERRBUF_SIZE];
    struct ours o = {.capture = ps_capture_open(path, err, sizeof err)};
    pcap_t *pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, pcap_err);
    struct pcap_pkthdr *header;
    const u_char *data;
    const struct ps_packet *p;
    uint64_t number = 0, offset;
    int answer = 0;

    if (o.capture == NULL || pcap == NULL) {
        printf("%s: ours: %s; libpcap: %s\n", path, o.capture == NULL ? err : "opens",
               pcap == NULL ? pcap_err : "opens");
        return (o.capture == NULL) != (pcap == NULL);
    }
    p = next(&o);
    while ((answer = pcap_next_ex(pcap, &header, &data)) == 1) {
        number++;
        if (p == NULL || p->number > number)
            continue; /* not handed out: not IP, or an unknown link type; the sum below sees whether any is missing */
        if (p->number != number || !same(&o, p, header, data)) {
            printf("%s: packet %llu differs\n", path, (unsigned long long)number);
            return 1;
        }
        p = next(&o);
    }
    if (answer == PCAP_ERROR && strstr(pcap_geterr(pcap), "of the first interface") != NULL) {
        printf("%s: libpcap stops at packet %llu: %s\n", path, (unsigned long long)number, pcap_geterr(pcap));
    } else if (p != NULL || ps_capture_counts(o.capture)->packets != number) {
        printf("%s: ours has %llu packets, libpcap %llu\n", path,
               (unsigned long long)ps_capture_counts(o.capture)->packets, (unsigned long long)number);
        return 1;
    } else if ((answer == PCAP_ERROR) != (ps_capture_damage(o.capture, &offset) != NULL)) {
        printf("%s: damage: ours %s; libpcap %s\n", path, ps_capture_damage(o.capture, &offset), pcap_geterr(pcap));
        return 1;
    }
    pcap_close(pcap);
    ps_capture_close(o.capture);
    return 0;
}

int main(void)
{
    const char *corpus = getenv("PENSTOCK_CORPUS"), *root = getenv("PENSTOCK_SOURCE_ROOT");
    char path[4096];
    struct ps_inputs inputs;
    struct stat st;
    int n_different = 0;

    snprintf(path, sizeof path, "%s/../shared/corpus", root != NULL ? root : ".");
    if (corpus != NULL)
        snprintf(path, sizeof path, "%s", corpus);
    if (stat(path, &st) != 0) {
        printf("skipped: no corpus at %s; PENSTOCK_CORPUS names another place\n", path);
        return SKIPPED;
    }
    ps_inputs_collect(&inputs, (char *const[]){path}, 1);
    for (size_t i = 0; i < inputs.n; i++)
        n_different += compare(inputs.items[i].path);
    printf("%zu captures, %d differ\n", inputs.n, n_different);
    n_different += inputs.n == 0;
    ps_inputs_fini(&inputs);
    return n_different != 0;
}
