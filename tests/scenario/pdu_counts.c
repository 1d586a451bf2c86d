/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * pdu_counts.c - what the PDUs are that the engine judges in a capture, allowed or refused: one line each, read off their
 * octets and not off what the dissector made of them.
 *
 *     modbus c2s 3              function code by direction
 *     modbus exception 3 2      function and exception code
 *     dnp3 link pri:4           each link frame: PRM and function
 *     dnp3 app master 1         each complete fragment: function by the DIR bit of its last frame
 *     s7comm job 0x04           each PDU: kind and function; "ack" alone
 *     s7comm userdata type4/group4/sub1
 *     s7comm-plus 0x01          each PDU: version octet
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "engine.h"
#include "learn_ranges.h"
#include "plant.h"

/* ---- Modbus -------------------------------------------------------------------------------------------------------- */

#define MBAP_LEN 8u /* with the function code */

/* Only whole PDUs count: what was refused with its end unknown is a piece of a stream. */
static void count_modbus(const struct ps_judged *judged)
{
    const uint8_t *pdu = judged->pdu;

    if (judged->pdu_len < MBAP_LEN || (pdu[2] | pdu[3]) != 0 ||
        judged->pdu_len != 6u + (uint32_t)(pdu[4] << 8 | pdu[5]))
        return;
    printf("modbus %s %u\n", judged->dir == PS_TO_SERVER ? "c2s" : "s2c", pdu[7] & 0x7f);
    if (pdu[7] & 0x80 && judged->pdu_len > MBAP_LEN)
        printf("modbus exception %u %u\n", pdu[7] & 0x7f, pdu[8]);
}

/* ---- DNP3 ---------------------------------------------------------------------------------------------------------- */

#define LINK_HEADER_LEN 10u /* 05 64, length, control, destination 2, source 2, CRC 2 */

/* A fragment that has begun, of one direction of one conversation. */
struct fragment {
    struct ps_addr client, server;
    uint16_t client_port, server_port;
    uint8_t dir;
    uint8_t addresses[4]; /* of the link header */
    bool begun;
    uint8_t function;
};

struct fragments {
    struct fragment *items;
    uint32_t n, capacity;
};

static struct fragment *fragment_of(struct fragments *all, const struct ps_judged *judged, const uint8_t *frame)
{
    for (uint32_t i = 0; i < all->n; i++) {
        struct fragment *f = &all->items[i];

        if (ps_addr_equal(f->client, judged->client) && ps_addr_equal(f->server, judged->server) &&
            f->client_port == judged->client_port && f->server_port == judged->server_port && f->dir == judged->dir &&
            memcmp(f->addresses, frame + 4, sizeof f->addresses) == 0)
            return f;
    }
    all->items = ps_learn_grow(all->items, all->n, &all->capacity, sizeof *all->items);
    all->items[all->n] = (struct fragment){.client = judged->client,
                                           .server = judged->server,
                                           .client_port = judged->client_port,
                                           .server_port = judged->server_port,
                                           .dir = judged->dir};
    memcpy(all->items[all->n].addresses, frame + 4, sizeof all->items->addresses);
    return &all->items[all->n++];
}

/* frame holds user data: a transport octet, and with FIR the control and the function of a fragment behind it. */
static void count_segment(struct fragment *f, const uint8_t *frame, uint32_t n_data)
{
    const uint8_t *data = frame + LINK_HEADER_LEN;

    if (n_data == 0)
        return;
    if (data[0] & 0x40) {
        f->begun = n_data >= 3;
        f->function = n_data >= 3 ? data[2] : 0;
    }
    if (!f->begun || !(data[0] & 0x80))
        return;
    printf("dnp3 app %s %u\n", frame[3] & 0x80 ? "master" : "outstation", f->function);
    f->begun = false;
}

static void count_dnp3(struct fragments *all, const struct ps_judged *judged)
{
    const uint8_t *frame = judged->pdu, *end = judged->pdu + judged->pdu_len;

    while (end - frame >= (long)LINK_HEADER_LEN && frame[0] == 0x05 && frame[1] == 0x64 && frame[2] >= 5) {
        uint32_t n_data = frame[2] - 5u, len = LINK_HEADER_LEN + n_data + 2 * ((n_data + 15) / 16);
        unsigned function = frame[3] & 0x0f;
        bool primary = (frame[3] & 0x40) != 0;

        if (end - frame < (long)len)
            return;
        printf("dnp3 link %s:%u\n", primary ? "pri" : "sec", function);
        if (primary && (function == 3 || function == 4))
            count_segment(fragment_of(all, judged, frame), frame, n_data);
        frame += len;
    }
}

/* ---- S7comm -------------------------------------------------------------------------------------------------------- */

#define TPKT_HEADER_LEN 7u /* TPKT, and COTP of data */
#define S7_START_LEN 32u   /* enough of a PDU to count it by */

/* The first octets behind TPKT and COTP, over all fragments; returns how many. 0: no data. */
static uint32_t join(const struct ps_judged *judged, uint8_t start[S7_START_LEN])
{
    const uint8_t *at = judged->pdu, *end = judged->pdu + judged->pdu_len;
    uint32_t n = 0;

    while (end - at >= (long)TPKT_HEADER_LEN && at[0] == 3 && at[5] == 0xf0 && n < S7_START_LEN) {
        uint32_t len = (uint32_t)(at[2] << 8 | at[3]), left;

        if (len < TPKT_HEADER_LEN || end - at < (long)len)
            return 0;
        left = len - TPKT_HEADER_LEN < S7_START_LEN - n ? len - TPKT_HEADER_LEN : S7_START_LEN - n;
        memcpy(start + n, at + TPKT_HEADER_LEN, left);
        n += left;
        at += len;
    }
    return n;
}

static void count_s7(const struct ps_judged *judged)
{
    static const char *const kinds[] = {[1] = "job", [2] = "ack", [3] = "ack_data", [7] = "userdata"};
    uint8_t start[S7_START_LEN] = {0};
    uint32_t n = join(judged, start), header;

    if (n >= 2 && start[0] == 0x72) {
        printf("s7comm-plus 0x%02x\n", start[1]);
        return;
    }
    if (n < 10 || start[0] != 0x32 || start[1] > 7 || kinds[start[1]] == NULL)
        return;
    header = start[1] == 2 || start[1] == 3 ? 12 : 10;
    if (start[1] == 2)
        puts("s7comm ack");
    else if (start[1] != 7)
        printf("s7comm %s 0x%02x\n", kinds[start[1]], start[header]);
    else if ((start[15] & 0x0f) == 0) /* of a group that has no sub-functions */
        printf("s7comm userdata type%u/group0/subNone\n", start[15] >> 4);
    else
        printf("s7comm userdata type%u/group%u/sub%u\n", start[15] >> 4, start[15] & 0x0f, start[16]);
}

/* ---- a capture ------------------------------------------------------------------------------------------------------ */

static void on_judged(void *ctx, const struct ps_judged *judged)
{
    if (judged->what != PS_JUDGED_PDU)
        return;
    if (judged->dissector->protocol == PS_PROTOCOL_MODBUS)
        count_modbus(judged);
    else if (judged->dissector->protocol == PS_PROTOCOL_DNP3)
        count_dnp3(ctx, judged);
    else
        count_s7(judged);
}

static void judge(const struct ps_image *image, struct ps_capture *capture, struct fragments *fragments)
{
    struct ps_packet packets[PS_BURST_MAX];
    struct ps_decision decisions[PS_BURST_MAX];
    struct ps_engine_config config;
    struct ps_engine *engine;
    uint32_t n;

    ps_engine_config_init(&config);
    config.checksums = PS_CHECKSUMS_IGNORE; /* as tshark did */
    config.on_judged = on_judged;
    config.on_judged_ctx = fragments;
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

int main(int argc, char **argv)
{
    struct fragments fragments = {0};
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
    judge(&plant.image, capture, &fragments);
    free(fragments.items);
    ps_capture_close(capture);
    ps_plant_fini(&plant);
    return 0;
}
