/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft_oracle.c - what the engine says about single packets: for the property that the kernel's ruleset never passes more.
 *
 *     nft_oracle PLANT < packets
 *
 * A packet is its port and its length, 16 bits each in network order, and its octets. For each a line:
 *
 *     pass|refuse inspected|plain REASON
 *
 * Segments of TCP are judged passively, each as if its connection lived; everything else as a gateway would.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "engine.h"
#include "plant_image.h"

#define PACKET_MAX 2048u
#define STEP_NS UINT64_C(20000000) /* between packets: no cap on new flows is reached */

static struct ps_engine *start(const struct ps_image *image, bool gateway)
{
    struct ps_engine_config config;

    ps_engine_config_init(&config);
    config.checksums = PS_CHECKSUMS_STRICT;
    config.gateway = 0;
    config.inline_ = gateway;
    return ps_engine_new(&config, image);
}

static bool granted_to_dissector(const struct ps_image *image, const struct ps_key *key, unsigned client)
{
    struct ps_ends ends = {.client = key->addr[client], .server = key->addr[!client], .ip_proto = ps_key_proto(key),
                           .server_port = key->port[!client]};
    struct ps_path path;

    return ps_match_path(image, &ends, &path) == PS_REASON_NONE && path.granted && path.protocol < PS_N_DISSECTORS &&
           !path.not_ours;
}

static void judge(const struct ps_image *image, struct ps_engine *engines[2], const struct ps_packet *packet)
{
    const struct ps_decode_how how = {.checksums = PS_CHECKSUMS_STRICT, .port_known = true};
    struct ps_decision decision = {0};
    struct ps_desc desc;

    ps_decode_closely(packet, how, &desc);
    bool transport = desc.kind == PS_KIND_TCP || desc.kind == PS_KIND_UDP;
    bool inspected = transport && (granted_to_dissector(image, &desc.key, 0) || granted_to_dissector(image, &desc.key, 1));
    ps_engine_burst(engines[desc.kind != PS_KIND_TCP], packet, 1, &decision);
    bool passes = decision.verdict == PS_VERDICT_PASS || decision.replaced; /* by itself without its padding */
    printf("%s %s %s\n", passes ? "pass" : "refuse", inspected ? "inspected" : "plain",
           ps_reason_info(decision.reason)->name);
}

int main(int argc, char **argv)
{
    static uint8_t octets[PACKET_MAX];
    uint8_t head[4];
    struct ps_image image;
    uint64_t now = 1000000000;
    uint8_t *loaded = argc == 2 ? plant_image_load(argv[1], &image) : NULL;

    if (!loaded)
        return 1;
    struct ps_engine *engines[2] = {start(&image, false), start(&image, true)};
    while (engines[0] && engines[1] && fread(head, sizeof head, 1, stdin) == 1) {
        struct ps_packet packet = {.data = octets, .time_ns = now += STEP_NS, .link = PS_LINK_ETHERNET};
        packet.port = (uint16_t)(head[0] << 8 | head[1]);
        packet.len = packet.wire_len = (uint32_t)(head[2] << 8 | head[3]);
        if (packet.len > sizeof octets || fread(octets, 1, packet.len, stdin) != packet.len)
            return 1;
        judge(&image, engines, &packet);
        fflush(stdout);
    }
    ps_engine_free(engines[0]);
    ps_engine_free(engines[1]);
    free(loaded);
    return 0;
}
