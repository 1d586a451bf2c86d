/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * replay_refused.c - penstock replay --write-denied: refused packets as a pcap file. A pcap file has one link type:
 * that of the first refused packet. Packets of another one are counted and named, not written.
 */
#include <errno.h>
#include <pcap/pcap.h>
#include <string.h>

#include "base/time.h"
#include "replay.h"
#include "text.h"

#define PCAP_HEADER_LEN 24
#define LINKTYPE_RAW 101u

/* The three numbers of raw IP are one for libpcap. */
static uint32_t one_raw(uint32_t linktype)
{
    return linktype == 12 || linktype == 14 ? LINKTYPE_RAW : linktype;
}

static void start(struct replay_refused *r, uint32_t linktype)
{
    r->linktype = linktype;
    r->spool = ps_need(tmpfile());
    r->pcap = ps_need(pcap_open_dead_with_tstamp_precision(linktype == LINKTYPE_RAW ? DLT_RAW : (int)linktype,
                                                           (int)PS_CAPTURE_PACKET_MAX, PCAP_TSTAMP_PRECISION_NANO));
    r->dumper = ps_need(pcap_dump_fopen(r->pcap, r->spool));
}

void replay_refused_add(struct replay_refused *r, const struct ps_capture *capture, uint32_t i,
                        const struct ps_packet *packet)
{
    uint32_t head = ps_capture_head(capture, i), linktype = one_raw(ps_capture_linktype(capture));
    struct pcap_pkthdr header = {
        .ts = {.tv_sec = (time_t)(packet->time_ns / PS_NS_PER_S),
               .tv_usec = (suseconds_t)(packet->time_ns % PS_NS_PER_S)},
        .caplen = packet->len + head,
        .len = packet->wire_len + head,
    };

    if (r->dumper == NULL)
        start(r, linktype);
    if (r->linktype != linktype) {
        if (r->n_other++ == 0)
            r->other_type = linktype;
        return;
    }
    pcap_dump(r->dumper, &header, packet->data - head);
    r->n++;
}

void replay_refused_fini(struct replay_refused *r)
{
    if (r->dumper != NULL)
        pcap_dump_close(r->dumper);
    if (r->pcap != NULL)
        pcap_close(r->pcap);
    memset(r, 0, sizeof *r);
}

static bool failed(const struct replay_writer *to, char *err, size_t err_size)
{
    snprintf(err, err_size, "%s: %s", to->path, strerror(errno));
    return false;
}

bool replay_copy(FILE *from, FILE *to)
{
    char chunk[65536];
    size_t n;

    while ((n = fread(chunk, 1, sizeof chunk, from)) > 0)
        if (fwrite(chunk, 1, n, to) != n)
            return false;
    return !ferror(from);
}

bool replay_writer_add(struct replay_writer *to, struct replay_refused *r, char *err, size_t err_size)
{
    uint64_t n_other = r->n_other;
    uint32_t other = r->other_type;

    if (r->n > 0) {
        if (pcap_dump_flush(r->dumper) != 0)
            return failed(to, err, err_size);
        if (!to->open || to->linktype == r->linktype) {
            fseek(r->spool, to->open ? PCAP_HEADER_LEN : 0, SEEK_SET);
            if (!replay_copy(r->spool, to->file))
                return failed(to, err, err_size);
            to->linktype = r->linktype;
            to->open = true;
        } else {
            n_other += r->n;
            other = r->linktype;
        }
    }
    if (n_other == 0)
        return true;
    snprintf(err, err_size, "%llu refused packet%s of link type %u not written: %s holds link type %u",
             (unsigned long long)n_other, ps_text_s(n_other), other, to->path, to->linktype);
    return false;
}

bool replay_writer_close(struct replay_writer *to, char *err, size_t err_size)
{
    struct replay_refused none = {0};
    bool good = true;

    if (to->file == NULL)
        return true;
    if (!to->open) {
        /* nothing was refused: a capture without packets */
        start(&none, 1);
        pcap_dump_flush(none.dumper);
        fseek(none.spool, 0, SEEK_SET);
        good = replay_copy(none.spool, to->file);
        replay_refused_fini(&none);
    }
    if (fclose(to->file) != 0 || !good)
        return failed(to, err, err_size);
    return true;
}
