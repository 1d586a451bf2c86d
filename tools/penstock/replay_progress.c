/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * replay_progress.c - the bar on a terminal:
 *
 *     day1.pcapng  [##############----------------] 1,204,000 packets  6.1 M/s
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "replay.h"
#include "text.h"

#define BAR 30u
#define REDRAW_NS (100 * PS_NS_PER_MS)

struct replay_progress {
    pthread_mutex_t lock;
    const struct ps_inputs *inputs;
    uint64_t octets, octets_all, packets;
    size_t files;
    uint64_t start_ns, drawn_ns;
};

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * PS_NS_PER_S + (uint64_t)t.tv_nsec;
}

struct replay_progress *replay_progress_new(const struct ps_inputs *inputs)
{
    struct replay_progress *p;

    if (!isatty(STDERR_FILENO))
        return NULL;
    p = ps_need(calloc(1, sizeof *p));
    pthread_mutex_init(&p->lock, NULL);
    p->inputs = inputs;
    for (size_t i = 0; i < inputs->n; i++)
        p->octets_all += inputs->items[i].size;
    p->start_ns = now_ns();
    return p;
}

static void draw(const struct replay_progress *p, uint64_t now, const char *end)
{
    uint64_t done = p->octets_all == 0 || p->octets > p->octets_all ? BAR : p->octets * BAR / p->octets_all;
    double seconds = (double)(now - p->start_ns) / (double)PS_NS_PER_S;
    char bar[BAR + 1], packets[PS_COUNT_TEXT_MAX];

    for (unsigned i = 0; i < BAR; i++)
        bar[i] = i < done ? '#' : '-';
    bar[BAR] = '\0';
    if (p->inputs->n == 1)
        fprintf(stderr, "\r%.40s", p->inputs->items[0].path);
    else
        fprintf(stderr, "\r%zu of %zu files", p->files, p->inputs->n);
    fprintf(stderr, "  [%s] %s packets  %.2f s  %.1f M/s\033[K%s", bar, ps_text_count(p->packets, packets), seconds,
            seconds > 0 ? (double)p->packets / seconds / 1e6 : 0.0, end);
}

void replay_progress_add(struct replay_progress *p, uint64_t octets, uint64_t packets)
{
    uint64_t now;

    if (p == NULL)
        return;
    now = now_ns();
    pthread_mutex_lock(&p->lock);
    p->octets += octets;
    p->packets += packets;
    if (now - p->drawn_ns >= REDRAW_NS) {
        p->drawn_ns = now;
        draw(p, now, "");
    }
    pthread_mutex_unlock(&p->lock);
}

void replay_progress_file_done(struct replay_progress *p)
{
    if (p == NULL)
        return;
    pthread_mutex_lock(&p->lock);
    p->files++;
    pthread_mutex_unlock(&p->lock);
}

void replay_progress_free(struct replay_progress *p)
{
    if (p == NULL)
        return;
    p->octets = p->octets_all;
    draw(p, now_ns(), "\n");
    pthread_mutex_destroy(&p->lock);
    free(p);
}
