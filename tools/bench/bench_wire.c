/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * bench_wire.c - clients and servers behind the two ports of a program that forwards between them.
 *
 *     LD_PRELOAD=bench_wire.so BENCH_WIRE=FILE,FLOWS,modbus PROGRAM
 *
 * For any program that runs two net_null ports of DPDK from one thread: penstockd, testpmd. In place of their burst functions,
 * it makes frames of many connections, in buffers of the port's pool, and reads and frees what leaves. Clients are behind the first port,
 * servers behind the second. Each side of a connection waits until it has heard the other, as TCP peers that poll do: what
 * is said next has the numbers that follow, and a frame that is lost or is not what was said ends the talk of its connection.
 *
 *     modbus  reads two registers, another pair on each connection; transaction numbers count up. 66 and 67 octets
 *     pass    6 octets to and fro that no dissector reads: 60 octets
 *     ack     the same without any octet, on connections to the port of Modbus: 60 octets
 *
 * What was said and heard, and the time spent in here, is counted in FILE: struct counters.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <inttypes.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CLIENTS UINT32_C(0x0a010000) /* the networks of both sides */
#define SERVERS UINT32_C(0x0a020000)
#define FLOWS_PER_CLIENT 64u         /* as many as a gateway lets one open at once */
#define FLOWS_MAX (1u << 20)
#define HEADERS_LEN 54u
#define FRAME_MIN 60u
#define FRAME_MAX 80u /* a template's, which is copied whole */
#define PAUSE_US 20u  /* a burst does not take that long: the processor was somebody else's */

/* One line of the file per word: what a reader of another processor asks for disturbs nobody. */
struct counters {
    uint64_t said, heard;
    uint64_t odd;    /* frames that nobody had said, or not like that */
    uint64_t talking; /* connections that are open */
    uint64_t tsc, hz; /* ticks spent in here but for interruptions, and how many there are in a second */
};

struct flow {
    uint32_t address[2]; /* of client and server */
    uint32_t seq[2];     /* of the next octet of each */
    uint32_t sum;        /* of the addresses, as 16-bit words */
    uint16_t port, number;
    uint8_t n_said[2];   /* up to 2: the handshake is over */
} __rte_aligned(32);

/* One side: which connections it has something to say on. */
struct end {
    unsigned dir; /* 1: the servers */
    uint32_t head, tail;
    uint32_t *queue;
    eth_rx_burst_t rx; /* the driver's */
    struct rte_mempool *pool;
    uint8_t frame[FRAME_MAX]; /* what it says again and again */
    uint32_t len, payload_len;
    uint32_t tcp_sum, ip_sum; /* of what does not change */
};

static struct end ends[2];
static struct flow *flows;
static uint32_t n_flows, n_clients, queue_mask, server_port;
static bool numbered; /* a transaction number leads the payload */
static struct counters *counters;

/* ---- frames ----------------------------------------------------------------------------------------------------- */

static uint32_t sum16(const uint8_t *p, uint32_t len)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < len; i++)
        sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
    return sum;
}

static uint32_t halves(uint32_t word)
{
    return (word >> 16) + (word & 0xffff);
}

static rte_be16_t folded(uint32_t sum)
{
    return rte_cpu_to_be_16((uint16_t)~halves(halves(sum)));
}

static void end_init(struct end *end, unsigned dir, const uint8_t *payload, uint32_t len)
{
    struct rte_ether_hdr *ether = (struct rte_ether_hdr *)end->frame;
    struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(ether + 1);
    struct rte_tcp_hdr *tcp = (struct rte_tcp_hdr *)(ip + 1);
    end->dir = dir;
    end->payload_len = len;
    end->len = HEADERS_LEN + len < FRAME_MIN ? FRAME_MIN : HEADERS_LEN + len;
    ether->dst_addr.addr_bytes[0] = ether->src_addr.addr_bytes[0] = 2;
    ether->dst_addr.addr_bytes[5] = dir ? 1 : 2;
    ether->src_addr.addr_bytes[5] = dir ? 2 : 1;
    ether->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
    *ip = (struct rte_ipv4_hdr){.version_ihl = 0x45, .total_length = rte_cpu_to_be_16((uint16_t)(40 + len)),
                                .fragment_offset = rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG), .time_to_live = 64,
                                .next_proto_id = 6};
    *tcp = (struct rte_tcp_hdr){.data_off = 0x50, .tcp_flags = RTE_TCP_ACK_FLAG | (len > 0 ? RTE_TCP_PSH_FLAG : 0),
                                .rx_win = rte_cpu_to_be_16(8192)};
    if (len > 0)
        memcpy(end->frame + HEADERS_LEN, payload, len);
    end->ip_sum = sum16((const uint8_t *)ip, sizeof *ip);
    end->tcp_sum = sum16((const uint8_t *)tcp, (uint32_t)sizeof *tcp + len) + 6 + 20 + len + server_port;
}

static void ends_init(const char *kind)
{
    static const uint8_t request[] = {0, 0, 0, 0, 0, 6, 1, 3, 0, 0, 0, 2};
    static const uint8_t reply[] = {0, 0, 0, 0, 0, 7, 1, 3, 4, 0, 10, 0, 11};
    static const uint8_t six[] = "sixsix";
    bool pass = strcmp(kind, "pass") == 0;
    numbered = strcmp(kind, "modbus") == 0;
    server_port = pass ? 8080 : 502;
    end_init(&ends[0], 0, numbered ? request : six, numbered ? sizeof request : pass ? 6 : 0);
    end_init(&ends[1], 1, numbered ? reply : six, numbered ? sizeof reply : pass ? 6 : 0);
}

/* The frame of a side with what is this connection's own. */
static void put_frame(const struct end *end, struct flow *flow, uint8_t *frame)
{
    unsigned dir = end->dir;
    memcpy(frame, end->frame, FRAME_MAX);
    struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(frame + RTE_ETHER_HDR_LEN);
    struct rte_tcp_hdr *tcp = (struct rte_tcp_hdr *)(ip + 1);
    uint32_t sum = end->tcp_sum + flow->sum + flow->port + halves(flow->seq[dir]) + halves(flow->seq[!dir]);
    if (numbered) {
        unaligned_uint16_t *words = (unaligned_uint16_t *)(tcp + 1);
        words[0] = rte_cpu_to_be_16(flow->number);
        sum += flow->number;
        if (dir == 0) {
            words[4] = rte_cpu_to_be_16(flow->port % 64);
            sum += flow->port % 64;
        }
    }
    ip->src_addr = rte_cpu_to_be_32(flow->address[dir]);
    ip->dst_addr = rte_cpu_to_be_32(flow->address[!dir]);
    ip->hdr_checksum = folded(end->ip_sum + flow->sum);
    tcp->src_port = rte_cpu_to_be_16((uint16_t)(dir ? server_port : flow->port));
    tcp->dst_port = rte_cpu_to_be_16((uint16_t)(dir ? flow->port : server_port));
    tcp->sent_seq = rte_cpu_to_be_32(flow->seq[dir]);
    tcp->recv_ack = rte_cpu_to_be_32(flow->seq[!dir]);
    tcp->cksum = folded(sum);
}

/* SYN, and SYN with ACK. */
static void put_opening(const struct end *end, const struct flow *flow, uint8_t *frame)
{
    unsigned dir = end->dir;
    struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(frame + RTE_ETHER_HDR_LEN);
    struct rte_tcp_hdr *tcp = (struct rte_tcp_hdr *)(ip + 1);
    ip->total_length = rte_cpu_to_be_16(40);
    memset(tcp + 1, 0, FRAME_MAX - HEADERS_LEN);
    tcp->tcp_flags = RTE_TCP_SYN_FLAG | (dir ? RTE_TCP_ACK_FLAG : 0);
    tcp->recv_ack = dir ? rte_cpu_to_be_32(flow->seq[0]) : 0;
    ip->hdr_checksum = tcp->cksum = 0;
    ip->hdr_checksum = folded(sum16((const uint8_t *)ip, sizeof *ip));
    tcp->cksum = folded(sum16((const uint8_t *)tcp, sizeof *tcp) + flow->sum + 6 + 20);
}

/* ---- the ends --------------------------------------------------------------------------------------------------- */

static void say_frame(struct end *end, struct flow *flow, struct rte_mbuf *mbuf)
{
    uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);
    uint8_t *n_said = &flow->n_said[end->dir];
    if (end->dir == 0)
        flow->number++;
    put_frame(end, flow, frame);
    mbuf->pkt_len = end->len;
    mbuf->data_len = (uint16_t)end->len;
    if (unlikely(*n_said == 0)) {
        put_opening(end, flow, frame);
        mbuf->pkt_len = mbuf->data_len = FRAME_MIN;
        flow->seq[end->dir]++;
    } else {
        flow->seq[end->dir] += end->payload_len;
    }
    if (unlikely(*n_said < 2)) {
        counters->talking += end->dir == 1 && *n_said == 1;
        ++*n_said;
    }
}

static void count_time(uint64_t ticks)
{
    if (ticks < counters->hz / 1000000 * PAUSE_US)
        counters->tsc += ticks;
}

static uint16_t say(struct end *end, void *queue, struct rte_mbuf **mbufs, uint16_t n)
{
    uint64_t start = rte_rdtsc();
    uint32_t waiting = end->head - end->tail;
    n = waiting < n ? (uint16_t)waiting : n;
    if (unlikely(!end->pool)) /* the driver's own way, to see where its buffers come from */
        n = end->rx(queue, mbufs, n);
    else if (rte_pktmbuf_alloc_bulk(end->pool, mbufs, n) != 0)
        n = 0;
    for (uint16_t i = 0; i < n; i++)
        say_frame(end, &flows[end->queue[end->tail++ & queue_mask]], mbufs[i]);
    if (n > 0)
        end->pool = mbufs[0]->pool;
    counters->said += n;
    count_time(rte_rdtsc() - start);
    return n;
}

/* The connection whose last frame by the other side this is; NULL: it is not. */
static const struct flow *hear_frame(const struct end *end, const struct rte_mbuf *mbuf)
{
    const struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod_offset(mbuf, const struct rte_ipv4_hdr *, RTE_ETHER_HDR_LEN);
    const struct rte_tcp_hdr *tcp = (const struct rte_tcp_hdr *)(ip + 1);
    unsigned from = !end->dir;
    uint32_t source = rte_be_to_cpu_32(ip->src_addr), target = rte_be_to_cpu_32(ip->dst_addr);
    uint32_t client = (from == 0 ? source : target) - CLIENTS - 1, server = (from == 0 ? target : source) - SERVERS - 1;
    uint32_t i = server * n_clients + client;
    uint32_t len = (uint32_t)rte_be_to_cpu_16(ip->total_length) - 40;
    if (client >= n_clients || i >= n_flows || mbuf->data_len < FRAME_MIN)
        return NULL;
    bool opens = (tcp->tcp_flags & RTE_TCP_SYN_FLAG) != 0;
    bool said = rte_be_to_cpu_32(tcp->sent_seq) + len + opens == flows[i].seq[from];
    return said && (opens || len == ends[from].payload_len) ? &flows[i] : NULL;
}

static uint16_t hear(struct end *end, struct rte_mbuf **mbufs, uint16_t n)
{
    uint64_t start = rte_rdtsc();
    uint32_t n_odd = 0;
    for (uint16_t i = 0; i < n; i++) {
        const struct flow *flow = hear_frame(end, mbufs[i]);
        if (likely(flow != NULL) && end->head - end->tail <= queue_mask)
            end->queue[end->head++ & queue_mask] = (uint32_t)(flow - flows);
        else
            n_odd++;
    }
    counters->heard += n - n_odd;
    counters->odd += n_odd;
    rte_pktmbuf_free_bulk(mbufs, n);
    count_time(rte_rdtsc() - start);
    return n;
}

static uint16_t say_0(void *queue, struct rte_mbuf **mbufs, uint16_t n)
{
    return say(&ends[0], queue, mbufs, n);
}

static uint16_t say_1(void *queue, struct rte_mbuf **mbufs, uint16_t n)
{
    return say(&ends[1], queue, mbufs, n);
}

static uint16_t hear_0(void *queue, struct rte_mbuf **mbufs, uint16_t n)
{
    (void)queue;
    return hear(&ends[0], mbufs, n);
}

static uint16_t hear_1(void *queue, struct rte_mbuf **mbufs, uint16_t n)
{
    (void)queue;
    return hear(&ends[1], mbufs, n);
}

/* ---- starting --------------------------------------------------------------------------------------------------- */

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "bench_wire: %s\n", what);
    exit(EXIT_FAILURE);
}

static void flows_init(void)
{
    uint32_t n_slots = 1;
    while (n_slots < n_flows)
        n_slots *= 2;
    queue_mask = n_slots - 1;
    n_clients = (n_flows + FLOWS_PER_CLIENT - 1) / FLOWS_PER_CLIENT;
    flows = aligned_alloc(64, ((size_t)n_flows * sizeof flows[0] + 63) / 64 * 64);
    ends[0].queue = calloc(n_slots, sizeof ends[0].queue[0]);
    ends[1].queue = calloc(n_slots, sizeof ends[1].queue[0]);
    if (!flows || !ends[0].queue || !ends[1].queue)
        fail("no memory");
    for (uint32_t i = 0; i < n_flows; i++) {
        uint32_t client = CLIENTS + 1 + i % n_clients, server = SERVERS + 1 + i / n_clients;
        flows[i] = (struct flow){.address = {client, server}, .seq = {i * 7919, i * 104729},
                                 .sum = halves(client) + halves(server), .port = (uint16_t)(40000 + i % 20000)};
        ends[0].queue[ends[0].head++] = i;
    }
}

__attribute__((constructor)) static void wire_init(void)
{
    char path[256], kind[16];
    const char *text = getenv("BENCH_WIRE");
    if (!text)
        return;
    bool good = sscanf(text, "%255[^,],%" SCNu32 ",%15s", path, &n_flows, kind) == 3 && n_flows > 0 && n_flows <= FLOWS_MAX;
    good = good && (strcmp(kind, "modbus") == 0 || strcmp(kind, "pass") == 0 || strcmp(kind, "ack") == 0);
    if (!good)
        fail("set BENCH_WIRE=FILE,FLOWS,KIND; a kind is modbus, pass or ack");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof *counters) != 0)
        fail("cannot write the file of BENCH_WIRE");
    counters = mmap(NULL, sizeof *counters, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (counters == MAP_FAILED)
        fail("cannot map the file of BENCH_WIRE");
    close(fd);
    ends_init(kind);
    flows_init();
}

/* In place of DPDK's own, which it calls. */
int rte_eth_dev_start(uint16_t port)
{
    static const eth_rx_burst_t says[] = {say_0, say_1};
    static const eth_tx_burst_t hears[] = {hear_0, hear_1};
    int (*real)(uint16_t);
    void *symbol = dlsym(RTLD_NEXT, "rte_eth_dev_start");
    memcpy(&real, &symbol, sizeof real); /* ISO C has no cast from data to function */
    int wrong = symbol ? real(port) : -1;
    if (wrong != 0 || !counters || port > 1)
        return wrong;
    counters->hz = rte_get_tsc_hz();
    ends[port].rx = rte_eth_fp_ops[port].rx_pkt_burst;
    rte_eth_fp_ops[port].rx_pkt_burst = says[port];
    rte_eth_fp_ops[port].tx_pkt_burst = hears[port];
    return 0;
}
