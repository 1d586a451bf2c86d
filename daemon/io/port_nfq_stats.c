/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * port_nfq_stats.c - how ports and queues do.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "port_nfq.h"

/* A line for each queue: number, port id of its socket, packets that wait, copy mode, octets copied, packets dropped since
 * the queue was full, packets dropped since the socket was, last packet's number, 1. */
bool ps_nfq_stats_find(const char *text, uint16_t number, struct ps_io_queue_stats *stats)
{
    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        uint64_t waiting, full, overrun;
        unsigned its;
        line += *line == '\n';
        int n = sscanf(line, "%u %*u %" SCNu64 " %*u %*u %" SCNu64 " %" SCNu64, &its, &waiting, &full, &overrun);
        if (n != 4 || its != number)
            continue;
        *stats = (struct ps_io_queue_stats){.number = number, .waiting = waiting, .lost = full + overrun};
        return true;
    }
    return false;
}

bool ps_nfq_queue_stats(struct ps_io *io, uint32_t worker, struct ps_io_queue_stats *stats)
{
    char text[8192];
    ssize_t n = io->proc < 0 ? -1 : pread(io->proc, text, sizeof text - 1, 0);
    const struct ps_io_queue *queue = &io->queues[worker];
    if (n > 0) {
        text[n] = '\0';
        if (ps_nfq_stats_find(text, queue->verdicts.queue, stats))
            return true;
    }
    *stats = (struct ps_io_queue_stats){.number = queue->verdicts.queue,
                                        .lost = __atomic_load_n(&queue->overruns, __ATOMIC_RELAXED)};
    return true;
}

static void add(uint64_t *sum, const uint64_t *counter)
{
    *sum += __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* What is lost in front is lost in a queue, and the kernel does not say by which port it came. */
void ps_nfq_stats(struct ps_io *io, uint32_t number, struct ps_io_stats *stats)
{
    const struct ps_nfq_port *port = &io->ports[number];
    *stats = (struct ps_io_stats){.driver = io->bridged ? "bridge" : "route", .mtu = port->netdev.mtu,
                                  .link_up = ps_netdev_is_running(&port->netdev)};
    for (uint32_t w = 0; w < io->n_workers; w++) {
        const struct ps_nfq_counts *counts = &io->queues[w].counts[number];
        add(&stats->rx_packets, &counts->rx_packets);
        add(&stats->rx_bytes, &counts->rx_bytes);
        add(&stats->rx_unfit, &counts->rx_unfit);
        add(&stats->tx_packets, &counts->tx_packets);
        add(&stats->tx_bytes, &counts->tx_bytes);
        add(&stats->tx_lost, &counts->tx_lost);
        add(&stats->tx_oversize, &counts->tx_oversize);
    }
}
