/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mutate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/reason.h"
#include "capture.h"
#include "checksums.h"
#include "learn_ranges.h"

#define N_FLOWS 8192u

static void keep_fact(struct mutate_pdus *pdus, const struct ps_fact *fact)
{
    size_t len = ps_values_len(&fact->values);
    struct ps_fact *copy;

    pdus->facts = ps_learn_grow(pdus->facts, pdus->n_facts, &pdus->fact_capacity, sizeof *pdus->facts);
    copy = &pdus->facts[pdus->n_facts++];
    *copy = *fact;
    copy->values.data = NULL;
    if (len > 0) {
        uint8_t *data = ps_learn_calloc(len, 1);

        memcpy(data, fact->values.data, len);
        copy->values.data = data;
    }
}

static void on_judged(void *ctx, const struct ps_judged *judged)
{
    struct mutate_pdus *pdus = ctx;
    struct mutate_pdu *pdu, *last = pdus->n > 0 ? &pdus->items[pdus->n - 1] : NULL;
    bool policy = judged->reason == PS_REASON_NONE || ps_reason_info(judged->reason)->class == PS_CLASS_POLICY;

    if (judged->what != PS_JUDGED_PDU || !policy || judged->facts->n_facts == 0)
        return;
    pdus->items = ps_learn_grow(pdus->items, pdus->n, &pdus->capacity, sizeof *pdus->items);
    pdu = &pdus->items[pdus->n];
    last = pdus->n > 0 ? &pdus->items[pdus->n - 1] : NULL;
    *pdu = (struct mutate_pdu){
        .number = judged->number,
        .dir = judged->dir,
        .granted = judged->reason == PS_REASON_NONE,
        .udp = judged->ip_proto == 17,
        .port = judged->server_port,
        .client = judged->path->client_asset,
        .server = judged->path->server_asset,
        .first_fact = pdus->n_facts,
        .n_facts = judged->facts->n_facts,
    };
    if (last != NULL && last->number == pdu->number && last->dir == pdu->dir)
        pdu->place = last->place + 1;
    pdus->n++;
    for (uint16_t i = 0; pdus->with_facts && i < judged->facts->n_facts; i++)
        keep_fact(pdus, &judged->facts->item[i]);
}

static void drain(struct ps_engine *engine)
{
    struct ps_event event;

    while (ps_engine_events(engine, &event, 1) > 0)
        ;
}

static void judge(struct ps_engine *engine, struct ps_capture *capture, uint64_t max_packets)
{
    struct ps_packet packets[PS_BURST_MAX];
    struct ps_decision decisions[PS_BURST_MAX];
    uint32_t n;

    for (uint64_t done = 0; done < max_packets && (n = ps_capture_burst(capture, packets)) > 0; done += n) {
        ps_engine_burst(engine, packets, n, decisions);
        drain(engine);
    }
    while (ps_engine_finish(engine))
        drain(engine);
}

bool mutate_run(const char *path, const struct ps_image *image, uint64_t max_packets, struct mutate_pdus *pdus)
{
    struct ps_engine_config config;
    struct ps_engine *engine;
    struct ps_capture *capture;
    char err[256];

    capture = ps_capture_open(path, err, sizeof err);
    if (capture == NULL) {
        fprintf(stderr, "%s: %s\n", path, err);
        return false;
    }
    ps_engine_config_init(&config);
    config.checksums = ps_checksums_settle(capture, PS_CHECKSUMS_AUTO);
    config.n_flows = N_FLOWS;
    config.on_judged = on_judged;
    config.on_judged_ctx = pdus;
    engine = ps_engine_new(&config, image);
    if (engine == NULL) {
        fputs("no memory for the engine\n", stderr);
        ps_capture_close(capture);
        return false;
    }
    judge(engine, capture, max_packets);
    ps_engine_free(engine);
    ps_capture_close(capture);
    return true;
}

void mutate_pdus_fini(struct mutate_pdus *pdus)
{
    for (uint32_t i = 0; i < pdus->n_facts; i++)
        free((void *)(uintptr_t)pdus->facts[i].values.data);
    free(pdus->facts);
    free(pdus->items);
    *pdus = (struct mutate_pdus){0};
}
