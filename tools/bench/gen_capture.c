/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * gen_capture.c - writes a capture of any size, and a plant file under which all of it is allowed.
 *
 * Clients 10.1.0.1.. poll servers 10.2.0.1.., every client every server in turn, over one connection each. Connections
 * open with a handshake and go on in random turns until the packets are used up. One connection in four acknowledges
 * each answer with a segment of its own. The same seed gives the same octets.
 */
#include <errno.h>
#include <getopt.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen_capture.h"

#define HEADERS 54u /* Ethernet, IPv4, TCP */
#define FIN 1u
#define SYN 2u
#define PSH 8u
#define ACK 16u
#define SERVERS_MAX 250u

/* What a connection does next. */
enum step { STEP_SYN, STEP_SYN_ACK, STEP_ACK, STEP_OPENING, STEP_REQUEST, STEP_REPLY, STEP_ACK_REPLY };

struct connection {
    uint32_t seq[2]; /* next sequence number of client and server */
    uint16_t client, server, port;
    uint8_t step; /* enum step */
    uint8_t n_opened; /* PDUs of the opening that were sent */
    bool acks;
    struct gen_talk talk;
};

struct generator {
    uint64_t random;
    uint64_t time_us;
    uint32_t n_servers;
    const struct gen_protocol *protocol;
    pcap_dumper_t *out;
    uint8_t frame[HEADERS + GEN_PDU_MAX];
};

struct options {
    const char *output, *plant;
    unsigned long packets, flows, seed;
    const struct gen_protocol *protocol;
};

/* ---- octets ---------------------------------------------------------------------------------------------------- */

/* splitmix64 */
uint32_t gen_draw(struct generator *g, uint32_t n)
{
    uint64_t z = g->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ z >> 31) % n);
}

static uint32_t sum16(const uint8_t *at, size_t len, uint32_t sum)
{
    for (size_t i = 0; i + 1 < len; i += 2)
        sum += (uint32_t)(at[i] << 8 | at[i + 1]);
    if (len % 2 != 0)
        sum += (uint32_t)(at[len - 1] << 8);
    return sum;
}

static unsigned fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return ~sum & 0xffff;
}

/* ---- frames ---------------------------------------------------------------------------------------------------- */

static uint32_t address(const struct connection *c, bool server)
{
    return (server ? 0x0a020000u : 0x0a010000u) | ((uint32_t)(server ? c->server : c->client) + 1);
}

/* One segment with the len octets of payload that already stand in the frame. */
static void send_segment(struct generator *g, struct connection *c, bool from_server, unsigned flags, uint32_t len)
{
    uint8_t *ip = g->frame + 14, *tcp = ip + 20;
    struct pcap_pkthdr head = {.caplen = HEADERS + len, .len = HEADERS + len};
    uint32_t source = address(c, from_server), target = address(c, !from_server);
    uint16_t client_port = (uint16_t)(20000 + c->port);

    memset(g->frame, 0, HEADERS);
    gen_put16(g->frame, 0x0200);
    gen_put32(g->frame + 2, target);
    gen_put16(g->frame + 6, 0x0200);
    gen_put32(g->frame + 8, source);
    gen_put16(g->frame + 12, 0x0800);
    ip[0] = 0x45;
    gen_put16(ip + 2, 40 + len);
    ip[6] = 0x40;
    ip[8] = 64;
    ip[9] = 6;
    gen_put32(ip + 12, source);
    gen_put32(ip + 16, target);
    gen_put16(ip + 10, fold(sum16(ip, 20, 0)));
    gen_put16(tcp, from_server ? g->protocol->port : client_port);
    gen_put16(tcp + 2, from_server ? client_port : g->protocol->port);
    gen_put32(tcp + 4, c->seq[from_server]);
    gen_put32(tcp + 8, flags & ACK ? c->seq[!from_server] : 0);
    tcp[12] = 0x50;
    tcp[13] = (uint8_t)flags;
    gen_put16(tcp + 14, 8192);
    gen_put16(tcp + 16, fold(sum16(tcp, 20 + len, sum16(ip + 12, 8, 6 + 20 + len))));
    c->seq[from_server] += len + (flags & (SYN | FIN) ? 1 : 0);
    g->time_us += 1 + gen_draw(g, 20);
    head.ts.tv_sec = (time_t)(g->time_us / 1000000);
    head.ts.tv_usec = (suseconds_t)(g->time_us % 1000000);
    pcap_dump((u_char *)g->out, &head, g->frame);
}

static void connection_step(struct generator *g, struct connection *c)
{
    uint8_t *pdu = g->frame + HEADERS;
    uint32_t len;

    switch ((enum step)c->step) {
    case STEP_SYN:
        send_segment(g, c, false, SYN, 0);
        c->step = STEP_SYN_ACK;
        break;
    case STEP_SYN_ACK:
        send_segment(g, c, true, SYN | ACK, 0);
        c->step = STEP_ACK;
        break;
    case STEP_ACK:
        send_segment(g, c, false, ACK, 0);
        c->step = g->protocol->n_opening > 0 ? STEP_OPENING : STEP_REQUEST;
        break;
    case STEP_OPENING:
        len = g->protocol->opening(g, c->n_opened, pdu);
        send_segment(g, c, c->n_opened % 2, PSH | ACK, len);
        if (++c->n_opened == g->protocol->n_opening)
            c->step = STEP_REQUEST;
        break;
    case STEP_REQUEST:
        len = g->protocol->request(g, &c->talk, pdu);
        send_segment(g, c, false, PSH | ACK, len);
        c->step = STEP_REPLY;
        break;
    case STEP_REPLY:
        len = g->protocol->reply(g, &c->talk, pdu);
        send_segment(g, c, true, PSH | ACK, len);
        c->step = c->acks ? STEP_ACK_REPLY : STEP_REQUEST;
        break;
    case STEP_ACK_REPLY:
        send_segment(g, c, false, ACK, 0);
        c->step = STEP_REQUEST;
        break;
    }
}

static bool generate(const struct options *o)
{
    struct generator g = {.random = o->seed, .time_us = UINT64_C(1700000000000000), .n_servers = SERVERS_MAX,
                          .protocol = o->protocol};
    struct connection *connections = calloc(o->flows, sizeof(*connections));
    pcap_t *pcap = pcap_open_dead(DLT_EN10MB, 262144);

    g.out = pcap ? pcap_dump_open(pcap, o->output) : NULL;
    if (!connections || !g.out) {
        fprintf(stderr, "gen_capture: %s: %s\n", o->output, pcap && !g.out ? pcap_geterr(pcap) : strerror(errno));
        free(connections);
        return false;
    }
    for (uint32_t i = 0; i < o->flows; i++)
        connections[i] = (struct connection){
            .seq = {gen_draw(&g, UINT32_MAX), gen_draw(&g, UINT32_MAX)},
            .client = (uint16_t)(i / g.n_servers % 250),
            .server = (uint16_t)(i % g.n_servers),
            .port = (uint16_t)(i / (g.n_servers * 250) + i % 7 * 1000),
            .acks = i % 4 == 0,
        };
    for (unsigned long n = 0; n < o->packets; n++)
        connection_step(&g, &connections[gen_draw(&g, (uint32_t)o->flows)]);
    free(connections);
    pcap_dump_close(g.out);
    pcap_close(pcap);
    return true;
}

/* ---- plant file ------------------------------------------------------------------------------------------------ */

static bool write_plant(const struct gen_protocol *protocol, const char *path)
{
    FILE *out = fopen(path, "w");

    if (!out) {
        fprintf(stderr, "gen_capture: %s: %s\n", path, strerror(errno));
        return false;
    }
    fputs("schema = 1;\nsite = \"Generated\";\nrevision = 1;\nzones = (\n"
          "  { name = \"clients\"; kind = \"operations\"; sl_t = 1; networks = [\"10.1.0.0/24\"]; },\n"
          "  { name = \"servers\"; kind = \"control\"; sl_t = 1; networks = [\"10.2.0.0/24\"]; }\n);\n"
          "conduits = (\n"
          "  { name = \"polling\"; from = \"clients\"; to = \"servers\"; purpose = \"generated\"; owner = \"bench\";\n"
          "    on_failure = \"closed\";\n    allow = (\n",
          out);
    fputs(protocol->rules, out);
    fputs("    ); }\n);\n", out);
    return fclose(out) == 0;
}

/* ---- command line ---------------------------------------------------------------------------------------------- */

static const struct gen_protocol *protocol_by_name(const char *name)
{
    static const struct gen_protocol *const protocols[] = {&gen_modbus, &gen_dnp3, &gen_s7comm};

    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++)
        if (strcmp(protocols[i]->name, name) == 0)
            return protocols[i];
    fprintf(stderr, "gen_capture: '%s' is none of modbus, dnp3, s7comm\n", name);
    exit(2);
}

static unsigned long number(const char *text, unsigned long max)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || n < 1 || n > max) {
        fprintf(stderr, "gen_capture: '%s' is not a number from 1 to %lu\n", text, max);
        exit(2);
    }
    return n;
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {
        {"packets", required_argument, NULL, 'n'}, {"flows", required_argument, NULL, 'f'},
        {"seed", required_argument, NULL, 's'}, {"plant", required_argument, NULL, 'p'},
        {"protocol", required_argument, NULL, 'x'},
        {"help", no_argument, NULL, 'h'},          {0},
    };
    struct options o = {.packets = 2000000, .flows = 1000, .seed = 1, .protocol = &gen_modbus};
    int letter;

    while ((letter = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        switch (letter) {
        case 'n':
            o.packets = number(optarg, 1000000000);
            break;
        case 'f':
            o.flows = number(optarg, SERVERS_MAX * 250);
            break;
        case 's':
            o.seed = number(optarg, 1000000000);
            break;
        case 'p':
            o.plant = optarg;
            break;
        case 'x':
            o.protocol = protocol_by_name(optarg);
            break;
        default:
            fputs("Usage: gen_capture [--protocol=modbus|dnp3|s7comm] [--packets=N] [--flows=N] [--seed=N] "
                  "[--plant=PLANT.conf] OUT.pcap\n",
                  letter == 'h' ? stdout : stderr);
            return letter == 'h' ? 0 : 2;
        }
    }
    if (optind + 1 != argc) {
        fputs("gen_capture: one output file, please\n", stderr);
        return 2;
    }
    o.output = argv[optind];
    return generate(&o) && (!o.plant || write_plant(o.protocol, o.plant)) ? 0 : 1;
}
