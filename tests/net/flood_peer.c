/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * flood_peer.c - a hostile host at full rate: flood_peer DEV MILLISECONDS KIND FROM TO MAC
 *
 * FROM and TO are IPv4 addresses, MAC that of the card at TO. A KIND is one of
 *
 *     spoofed     SYNs to ports 502 and 5201 from every address of FROM/25
 *     syns        SYNs to port 502 from FROM, each from another port
 *     segments    TCP segments from FROM with any ports below 30000, numbers, flags and contents
 *     fragments   IP fragments of FROM that overlap, end early and never become whole
 *     frames      octets of any number and value, some of them with a head that is nearly right
 *     connects    no frames of its own: the host's TCP connects to port 502 as fast as it can, and hangs up
 *
 * At the end it says how many of them there were. The numbers are the same each time.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define N_BATCH 64
#define FRAME_MAX 1514u
#define HEAD 14u /* of Ethernet */
#define IP_HEAD 20u
#define TCP_HEAD 20u

struct flood {
    uint32_t from, to; /* host order */
    uint8_t own_mac[6], mac[6];
    uint64_t random;
};

static uint32_t any(struct flood *f)
{
    f->random = f->random * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)(f->random >> 32);
}

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value);
}

static uint32_t sum(const uint8_t *at, uint32_t len, uint32_t total)
{
    for (uint32_t i = 0; i < len; i++)
        total += i % 2 == 0 ? (uint32_t)at[i] << 8 : at[i];
    while (total > 0xffff)
        total = (total & 0xffff) + (total >> 16);
    return total;
}

/* An IPv4 head for so many octets behind it; fragment: the field with flags and offset. */
static void put_ip(struct flood *f, uint8_t *frame, uint32_t from, uint32_t fragment, uint32_t len)
{
    uint8_t *ip = frame + HEAD;

    memcpy(frame, f->mac, 6);
    memcpy(frame + 6, f->own_mac, 6);
    put16(frame + 12, ETH_P_IP);
    memset(ip, 0, IP_HEAD);
    ip[0] = 0x45;
    put16(ip + 2, IP_HEAD + len);
    put16(ip + 4, any(f));
    put16(ip + 6, fragment);
    ip[8] = 64;
    ip[9] = IPPROTO_TCP;
    put32(ip + 12, from);
    put32(ip + 16, f->to);
    put16(ip + 10, ~sum(ip, IP_HEAD, 0));
}

struct segment {
    uint32_t from, ports, seq, ack, flags, len;
};

static uint32_t put_tcp(struct flood *f, uint8_t *frame, const struct segment *s)
{
    uint8_t *tcp = frame + HEAD + IP_HEAD;
    uint32_t len = TCP_HEAD + s->len, pseudo;

    put_ip(f, frame, s->from, 0x4000, len);
    put32(tcp, s->ports);
    put32(tcp + 4, s->seq);
    put32(tcp + 8, s->ack);
    tcp[12] = TCP_HEAD / 4 << 4;
    tcp[13] = (uint8_t)s->flags;
    put16(tcp + 14, 64240);
    put32(tcp + 16, 0);
    for (uint32_t i = 0; i < s->len; i++)
        tcp[TCP_HEAD + i] = (uint8_t)any(f);
    pseudo = sum(frame + HEAD + 12, 8, IPPROTO_TCP + len);
    put16(tcp + 16, ~sum(tcp, len, pseudo));
    return HEAD + IP_HEAD + len;
}

static uint32_t put_spoofed(struct flood *f, uint8_t *frame)
{
    uint32_t port = any(f) % 2 ? 502 : 5201;
    struct segment s = {.from = (f->from & ~127u) | any(f) % 128, .ports = (1024 + any(f) % 28000) << 16 | port,
                        .seq = any(f), .flags = 0x02};

    return put_tcp(f, frame, &s);
}

static uint32_t put_syn(struct flood *f, uint8_t *frame)
{
    struct segment s = {.from = f->from, .ports = (1024 + any(f) % 28000) << 16 | 502, .seq = any(f), .flags = 0x02};

    return put_tcp(f, frame, &s);
}

static uint32_t put_segment(struct flood *f, uint8_t *frame)
{
    static const uint8_t flags[] = {0x10, 0x18, 0x11, 0x04, 0x14, 0x12, 0x30}; /* half of them are these, half any */
    uint32_t port = any(f) % 2 ? 502 : any(f) % 30000;
    struct segment s = {.from = f->from, .ports = any(f) % 30000 << 16 | port, .seq = any(f), .ack = any(f),
                        .flags = any(f) % 2 ? flags[any(f) % sizeof flags] : any(f) & 0xff, .len = any(f) % 300};

    return put_tcp(f, frame, &s);
}

static uint32_t put_fragment(struct flood *f, uint8_t *frame)
{
    uint32_t len = 8 + any(f) % 400, more = any(f) % 4 ? 0x2000 : 0;

    put_ip(f, frame, f->from, more | (any(f) % 64), len);
    put16(frame + HEAD + 4, any(f) % 512); /* few datagrams, so that their fragments meet */
    put16(frame + HEAD + 10, 0);
    put16(frame + HEAD + 10, ~sum(frame + HEAD, IP_HEAD, 0));
    for (uint32_t i = 0; i < len; i++)
        frame[HEAD + IP_HEAD + i] = (uint8_t)any(f);
    return HEAD + IP_HEAD + len;
}

static uint32_t put_frame(struct flood *f, uint8_t *frame)
{
    static const uint16_t types[] = {ETH_P_IP, ETH_P_IPV6, ETH_P_ARP, ETH_P_8021Q, ETH_P_8021AD, 0x0030, 0x88cc, 0x8892};
    uint32_t len = 14 + any(f) % (FRAME_MAX - 13), is_near = any(f) % 4;

    for (uint32_t i = 0; i < len; i++)
        frame[i] = (uint8_t)any(f);
    if (is_near > 0)
        put16(frame + 12, types[any(f) % 8]);
    if (is_near > 1)
        memcpy(frame, f->mac, 6);
    if (is_near > 2 && len > HEAD)
        frame[HEAD] = any(f) % 2 ? 0x45 : 0x60;
    return len;
}

static const struct kind {
    const char *name;
    uint32_t (*put)(struct flood *f, uint8_t *frame); /* the next frame; its length */
} kinds[] = {{"spoofed", put_spoofed}, {"syns", put_syn}, {"segments", put_segment},
             {"fragments", put_fragment}, {"frames", put_frame}, {"connects", NULL}};

static uint64_t now_ms(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static int fail(const char *what)
{
    perror(what);
    return 1;
}

static int connect_for(const struct flood *f, uint64_t ms)
{
    const struct linger hang_up = {.l_onoff = 1};
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(f->from)};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(f->to), .sin_port = htons(502)};
    uint64_t end = now_ms() + ms;
    unsigned long n = 0;
    int open[256];

    for (unsigned i = 0; i < 256; i++)
        open[i] = -1;
    for (; now_ms() < end; n++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), *place = &open[n % 256];

        if (fd < 0 || bind(fd, (const void *)&from, sizeof from) != 0)
            return fail("a socket");
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &hang_up, sizeof hang_up);
        (void)connect(fd, (const void *)&to, sizeof to);
        if (*place >= 0)
            close(*place);
        *place = fd;
    }
    printf("%lu connects\n", n);
    return 0;
}

static int open_card(struct flood *f, const char *dev)
{
    struct sockaddr_ll card = {.sll_family = AF_PACKET, .sll_protocol = 0};
    struct ifreq request = {0};
    int fd = socket(AF_PACKET, SOCK_RAW, 0), on = 1;

    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", dev);
    if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &request) != 0)
        return -1;
    memcpy(f->own_mac, request.ifr_hwaddr.sa_data, 6);
    card.sll_ifindex = (int)if_nametoindex(dev);
    (void)setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on);
    return bind(fd, (const void *)&card, sizeof card) == 0 ? fd : -1;
}

static int send_for(struct flood *f, const char *dev, const struct kind *kind, uint64_t ms)
{
    static uint8_t frames[N_BATCH][FRAME_MAX];
    static struct iovec parts[N_BATCH];
    static struct mmsghdr messages[N_BATCH];
    int fd = open_card(f, dev);
    uint64_t end = now_ms() + ms;
    unsigned long n = 0;

    if (fd < 0)
        return fail(dev);
    while (now_ms() < end) {
        int sent;

        for (unsigned i = 0; i < N_BATCH; i++) {
            parts[i] = (struct iovec){frames[i], kind->put(f, frames[i])};
            messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
        }
        sent = sendmmsg(fd, messages, N_BATCH, 0); /* a full queue takes some of them */
        n += sent > 0 ? (unsigned long)sent : 0;
    }
    close(fd);
    printf("%lu %s\n", n, kind->name);
    return 0;
}

int main(int argc, char **argv)
{
    struct flood f = {.random = 1};
    struct in_addr from, to;
    unsigned mac[6];

    if (argc != 7 || inet_aton(argv[4], &from) == 0 || inet_aton(argv[5], &to) == 0 ||
        sscanf(argv[6], "%x:%x:%x:%x:%x:%x", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5]) != 6) {
        fputs("usage: flood_peer DEV MILLISECONDS KIND FROM TO MAC\n", stderr);
        return 2;
    }
    f.from = ntohl(from.s_addr);
    f.to = ntohl(to.s_addr);
    for (unsigned i = 0; i < 6; i++)
        f.mac[i] = (uint8_t)mac[i];
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        uint64_t ms = strtoul(argv[2], NULL, 10);

        if (strcmp(argv[3], kinds[i].name) == 0)
            return kinds[i].put ? send_for(&f, argv[1], &kinds[i], ms) : connect_for(&f, ms);
    }
    fprintf(stderr, "flood_peer: no kind %s\n", argv[3]);
    return 2;
}
