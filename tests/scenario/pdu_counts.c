/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * pdu_counts.c - counts the Modbus PDUs that the engine judges in a capture, allowed or refused, by function code and
 * direction: one line "c2s 3 120" each, and "exception 3 2 1" for function, code and number.
 */
#include <stdio.h>
#include <stdlib.h>

#include "capture.h"
#include "engine.h"
#include "plant.h"

#define MBAP_LEN 8u /* with the function code */

struct counts {
    unsigned long functions[2][128];
    unsigned long exceptions[128][256];
};

/* Only whole PDUs count: what was refused with its end unknown is a piece of a stream. */
static void on_judged(void *ctx, const struct ps_judged *judged)
{
    struct counts *counts = ctx;
    const uint8_t *pdu = judged->pdu;

    if (judged->what != PS_JUDGED_PDU || judged->pdu_len < MBAP_LEN ||
        (pdu[2] | pdu[3]) != 0 || judged->pdu_len != 6u + (uint32_t)(pdu[4] << 8 | pdu[5]))
        return;
    counts->functions[judged->dir][pdu[7] & 0x7f]++;
    if (pdu[7] & 0x80 && judged->pdu_len > MBAP_LEN)
        counts->exceptions[pdu[7] & 0x7f][pdu[8]]++;
}

static void judge(const struct ps_image *image, struct ps_capture *capture, struct counts *counts)
{
    struct ps_packet packets[PS_BURST_MAX];
    struct ps_decision decisions[PS_BURST_MAX];
    struct ps_engine_config config;
    struct ps_engine *engine;
    uint32_t n;

    ps_engine_config_init(&config);
    config.checksums = PS_CHECKSUMS_IGNORE; /* as tshark did */
    config.on_judged = on_judged;
    config.on_judged_ctx = counts;
    engine = ps_engine_new(&config, image);
    if (!engine)
        abort();
    while ((n = ps_capture_burst(capture, packets)) > 0)
        ps_engine_burst(engine, packets, n, decisions);
    while (ps_engine_finish(engine)) {
        struct ps_event event;

        while (ps_engine_events(engine, &event, 1) > 0)
            ;
    }
    ps_engine_free(engine);
}

static void print(const struct counts *counts)
{
    static const char *const names[2] = {[PS_TO_SERVER] = "c2s", [PS_TO_CLIENT] = "s2c"};

    for (unsigned dir = 0; dir < 2; dir++)
        for (unsigned fc = 0; fc < 128; fc++)
            if (counts->functions[dir][fc] > 0)
                printf("%s %u %lu\n", names[dir], fc, counts->functions[dir][fc]);
    for (unsigned fc = 0; fc < 128; fc++)
        for (unsigned code = 0; code < 256; code++)
            if (counts->exceptions[fc][code] > 0)
                printf("exception %u %u %lu\n", fc, code, counts->exceptions[fc][code]);
}

int main(int argc, char **argv)
{
    static struct counts counts;
    struct ps_plant plant;
    struct ps_capture *capture;
    char err[256];

    if (argc != 3) {
        fputs("Usage: pdu_counts plant.conf capture\n", stderr);
        return 2;
    }
    if (!ps_plant_open(&plant, argv[1], NULL, 0))
        return 1;
    capture = ps_capture_open(argv[2], err, sizeof(err));
    if (!capture) {
        fprintf(stderr, "%s: %s\n", argv[2], err);
        return 1;
    }
    judge(&plant.image, capture, &counts);
    print(&counts);
    ps_capture_close(capture);
    ps_plant_fini(&plant);
    return 0;
}
