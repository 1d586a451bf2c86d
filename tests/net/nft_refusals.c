/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft_refusals.c - reads what a plant's ruleset refuses in this network namespace, as penstockd does it:
 *
 *     nft_refusals PLANT SHAPE [GROUP]
 *
 * Interfaces have the names of the first gateway's ports. Says "ready"; then each event as a JSON line, equal ones of a second
 * as one with its count; after SIGTERM what was counted. Exit status: 0, or 1 and a sentence.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "event_json.h"
#include "flood.h"
#include "nft.h"
#include "plant_image.h"
#include "policy_slot.h"
#include "refusals.h"

#define PORTS_MAX 64u

static volatile sig_atomic_t stopped;

struct told {
    const struct ps_image *image;
    struct ps_flood *flood;
};

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static void say(json_t *o)
{
    json_dumpf(o, stdout, JSON_COMPACT);
    putchar('\n');
    fflush(stdout);
    json_decref(o);
}

static void tell(void *ctx, const struct ps_event *event)
{
    const struct told *told = ctx;
    enum ps_flood_way way = ps_flood_take(told->flood, event);

    if (way == PS_FLOOD_COUNTED)
        return;
    json_t *o = ps_event_json(told->image, NULL, NULL, event);
    if (way == PS_FLOOD_HELD)
        ps_flood_hold(told->flood, o);
    else
        say(o);
}

static void tell_held(void *ctx, json_t *o, const struct ps_flood_count *count)
{
    (void)ctx;
    o = o ? o : json_object();
    json_object_set_new(o, "count", json_integer((json_int_t)count->n));
    say(o);
}

static void summarize(const struct ps_refusals_stats *s)
{
    say(json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "events", (json_int_t)s->events, "lost", (json_int_t)s->lost, "garbled",
                  (json_int_t)s->garbled, "resets", (json_int_t)s->resets, "resets_over", (json_int_t)s->resets_over,
                  "resets_lost", (json_int_t)s->resets_lost));
}

static void run(struct ps_refusals *refusals, const struct ps_policy_slot *slot)
{
    struct told told = {ps_policy_slot_image(slot), ps_flood_new()};
    time_t second = time(NULL);

    puts("ready");
    fflush(stdout);
    while (!stopped) {
        struct pollfd fd = {.fd = ps_refusals_fd(refusals), .events = POLLIN};
        (void)poll(&fd, 1, 50);
        (void)ps_refusals_read(refusals, slot, tell, &told);
        if (time(NULL) != second)
            ps_flood_flush(told.flood, tell_held, NULL);
        second = time(NULL);
    }
    while (ps_refusals_read(refusals, slot, tell, &told))
        ;
    ps_flood_flush(told.flood, tell_held, NULL);
    summarize(ps_refusals_stats(refusals));
    ps_flood_free(told.flood);
}

static int read_all(const struct ps_image *image, const char *shape, uint16_t group)
{
    const char *devices[PORTS_MAX];
    static const uint8_t families[] = {
        [PS_NFT_BUMP] = PS_NFT_NETDEV, [PS_NFT_ROUTED] = PS_NFT_INET, [PS_NFT_BRIDGED] = PS_NFT_BRIDGE};
    struct ps_refusals_config config = {.group = group, .devices = devices};
    unsigned number = ps_nft_shape_by_name(shape);
    struct ps_policy_slot *slot = ps_policy_slot_new(image, 1);
    char err[400] = "no such shape, or too many ports";

    for (; config.n_devices < ps_image_gateway_n_ports(image, 0) && config.n_devices < PORTS_MAX; config.n_devices++)
        devices[config.n_devices] = ps_image_gateway_port_name(image, 0, config.n_devices);
    if (number < PS_NFT_N_SHAPES)
        config.family = families[number];
    struct ps_refusals *refusals =
        slot && number < PS_NFT_N_SHAPES ? ps_refusals_open(&config, err, sizeof err) : NULL;
    if (refusals)
        run(refusals, slot);
    else
        fprintf(stderr, "%s\n", err);
    ps_refusals_close(refusals);
    ps_policy_slot_free(slot);
    return refusals ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = stop};
    struct ps_image image;
    uint8_t *loaded = argc > 2 ? plant_image_load(argv[1], &image) : NULL;

    sigaction(SIGTERM, &action, NULL);
    int answer = loaded ? read_all(&image, argv[2], argc > 3 ? (uint16_t)atoi(argv[3]) : PS_NFT_LOG_GROUP) : 1;
    free(loaded);
    return answer;
}
