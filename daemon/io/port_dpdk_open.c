/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * port_dpdk_open.c - one port, from its name in the configuration to packets.
 */
#include <errno.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_mbuf_pool_ops.h>
#include <stdio.h>
#include <string.h>

#include "port_dpdk.h"

/* The longest MTU with which buffers of af_xdp, with all that stands in front of the frame, fit into a page. */
#define XDP_MTU_MAX 3400u
#define XDP_HEADROOM 256u /* that the kernel keeps in front of a frame, out of our buffer */
#define FRAME_EXTRA 22u /* Ethernet header and two tags */
#define AF_PACKET_FRAMES 2048u
#define AF_PACKET_OCTETS (UINT32_C(8) << 20)
#define POOL_CACHE 256u
#define CAUSE_MAX 320

/* Why a port does not open. */
struct cause {
    char text[CAUSE_MAX];
};

__attribute__((format(printf, 2, 3))) static bool fail(struct cause *cause, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(cause->text, sizeof cause->text, format, list);
    va_end(list);
    return false;
}

/* ---- the device ------------------------------------------------------------------------------------------------ */

static bool probe(struct ps_dpdk_port *port, const char *args, struct cause *cause)
{
    if (rte_eth_dev_get_port_by_name(port->name, &port->id) == 0)
        return true;
    ps_dpdk_log_clear();
    if (args && rte_dev_probe(args) == 0 && rte_eth_dev_get_port_by_name(port->name, &port->id) == 0)
        return true;
    return fail(cause, "%s", ps_dpdk_log_reason());
}

static uint32_t at_most(uint32_t n, uint32_t max)
{
    return n < max ? n : max;
}

/* Both directions of a connection give the same hash: every 16 bits of the key are the same. */
static void symmetric_key(uint8_t *key, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        key[i] = i % 2 ? 0x5a : 0x6d;
}

static bool fill_table(const struct ps_dpdk_port *port, uint32_t n_slots)
{
    struct rte_eth_rss_reta_entry64 table[RTE_ETH_RSS_RETA_SIZE_512 / RTE_ETH_RETA_GROUP_SIZE] = {0};
    if (n_slots == 0 || n_slots > RTE_ETH_RSS_RETA_SIZE_512)
        return n_slots == 0;
    for (uint32_t i = 0; i < n_slots; i++) {
        table[i / RTE_ETH_RETA_GROUP_SIZE].mask |= UINT64_C(1) << i % RTE_ETH_RETA_GROUP_SIZE;
        table[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE] = (uint16_t)(i % port->n_queues);
    }
    return rte_eth_dev_rss_reta_update(port->id, table, (uint16_t)n_slots) == 0;
}

/* Buffers one behind the other. For a card, whose driver asks for physical addresses, none lies across two pages; af_xdp
 * however gives the kernel so many times the size of a buffer, and what lies behind that, because of the gaps at the end
 * of each page, is lost: with small pages nearly half of the pool, and the port stands still as soon as its turn comes. */
static struct rte_mempool *new_pool(const struct ps_io *io, const struct ps_dpdk_port *port, int node)
{
    struct rte_pktmbuf_pool_private room = {.mbuf_data_room_size = (uint16_t)(port->room + RTE_PKTMBUF_HEADROOM)};
    uint32_t len = (uint32_t)sizeof(struct rte_mbuf) + room.mbuf_data_room_size;
    unsigned flags = port->device.kind == PS_DEVICE_PCI ? 0 : RTE_MEMPOOL_F_NO_IOVA_CONTIG;
    char name[32];
    snprintf(name, sizeof name, "ps_pool_%u", (unsigned)(port - io->ports));
    struct rte_mempool *pool =
        rte_mempool_create_empty(name, ps_dpdk_pool_size(io), len, POOL_CACHE, sizeof room, node, flags);
    if (!pool)
        return NULL;
    rte_mempool_set_ops_byname(pool, rte_mbuf_best_mempool_ops(), NULL);
    rte_pktmbuf_pool_init(pool, &room);
    if (rte_mempool_populate_default(pool) < 0) {
        rte_mempool_free(pool);
        return NULL;
    }
    rte_mempool_obj_iter(pool, rte_pktmbuf_init, NULL);
    return pool;
}

static bool set_queues(const struct ps_io *io, struct ps_dpdk_port *port, bool in_one_piece, struct cause *cause)
{
    uint16_t n_rx = PS_DPDK_DESCRIPTORS, n_tx = PS_DPDK_DESCRIPTORS;
    int node = rte_eth_dev_socket_id(port->id), wrong;
    rte_mempool_free(port->pool);
    port->pool = new_pool(io, port, node);
    if (!port->pool)
        return fail(cause, "no memory for its packets: %s; give the machine more hugepages or memory",
                    rte_strerror(rte_errno));
    if (in_one_piece && port->pool->nb_mem_chunks != 1)
        return fail(cause, "no memory in one piece for its packets; give the machine more hugepages or memory");
    rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &n_rx, &n_tx);
    ps_dpdk_log_clear();
    for (uint16_t q = 0; q < port->n_queues; q++) {
        wrong = rte_eth_rx_queue_setup(port->id, q, n_rx, (unsigned)node, NULL, port->pool);
        if (wrong == 0)
            wrong = rte_eth_tx_queue_setup(port->id, q, n_tx, (unsigned)node, NULL);
        if (wrong != 0)
            return fail(cause, "queue %u: %s: %s", q, rte_strerror(-wrong), ps_dpdk_log_reason());
    }
    return true;
}

static bool configure(const struct ps_io *io, struct ps_dpdk_port *port, struct cause *cause)
{
    struct rte_eth_dev_info info;
    struct rte_eth_conf conf = {.rxmode.mq_mode = RTE_ETH_MQ_RX_NONE};
    uint8_t key[64];
    int wrong = rte_eth_dev_info_get(port->id, &info);
    if (wrong != 0)
        return fail(cause, "%s", rte_strerror(-wrong));
    snprintf(port->driver, sizeof port->driver, "%s", info.driver_name);
    if (io->rss) {
        symmetric_key(key, sizeof key);
        conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
        conf.rx_adv_conf.rss_conf.rss_hf =
            info.flow_type_rss_offloads & (io->by_host ? RTE_ETH_RSS_IP : RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP);
        conf.rx_adv_conf.rss_conf.rss_key = key;
        conf.rx_adv_conf.rss_conf.rss_key_len = (uint8_t)at_most(info.hash_key_size, sizeof key);
    }
    ps_dpdk_log_clear();
    wrong = rte_eth_dev_configure(port->id, port->n_queues, port->n_queues, &conf);
    if (wrong != 0)
        return fail(cause, "%s: %s", rte_strerror(-wrong), ps_dpdk_log_reason());
    if (!ps_device_is_netdev(&port->device))
        (void)rte_eth_dev_set_mtu(port->id, (uint16_t)port->mtu);
    return set_queues(io, port, strcmp(info.driver_name, "net_af_xdp") == 0, cause);
}

static bool start(const struct ps_io *io, struct ps_dpdk_port *port, struct cause *cause)
{
    struct rte_eth_dev_info info;
    if (!configure(io, port, cause))
        return false;
    ps_dpdk_log_clear();
    int wrong = rte_eth_dev_start(port->id);
    if (wrong != 0)
        return fail(cause, "it does not start: %s: %s", rte_strerror(-wrong), ps_dpdk_log_reason());
    port->started = true;
    (void)rte_eth_promiscuous_enable(port->id); /* a file or a ring has no such thing */
    if (io->rss && (rte_eth_dev_info_get(port->id, &info) != 0 || !fill_table(port, info.reta_size)))
        return fail(cause, "its packets cannot be spread over %u workers; set workers = 1", port->n_queues);
    return true;
}

static void stop(struct ps_dpdk_port *port)
{
    if (rte_eth_dev_get_port_by_name(port->name, &port->id) != 0)
        return;
    struct rte_eth_dev_info info = {0};
    struct rte_device *device = rte_eth_dev_info_get(port->id, &info) == 0 ? info.device : NULL;
    if (port->started)
        (void)rte_eth_dev_stop(port->id);
    port->started = false;
    (void)rte_eth_dev_close(port->id);
    if (device)
        (void)rte_dev_remove(device);
}

/* ---- netdevs --------------------------------------------------------------------------------------------------- */

static void claim_socket(const struct ps_io *io, struct ps_dpdk_port *port)
{
    int others[PS_IO_PORTS_MAX];
    uint32_t n = 0;
    for (uint32_t i = 0; i < io->n_ports; i++)
        if (io->ports[i].opened)
            others[n++] = io->ports[i].netdev.xdp;
    ps_netdev_claim_xdp(&port->netdev, others, n);
}

static bool open_xdp(const struct ps_io *io, struct ps_dpdk_port *port, struct cause *cause)
{
    char args[160];
    if (port->mtu > XDP_MTU_MAX)
        return fail(cause, "its MTU of %u is over %u", port->mtu, XDP_MTU_MAX);
    if (!ps_netdev_one_channel(&port->netdev))
        return fail(cause, "it has several queues; \"ethtool -L %s combined 1\" may help", port->netdev.name);
    if (port->mtu > RTE_ETHER_MTU)
        port->room = RTE_ALIGN_CEIL(port->max_frame + XDP_HEADROOM, 64u);
    snprintf(port->name, sizeof port->name, "net_af_xdp%u", (unsigned)(port - io->ports));
    snprintf(args, sizeof args, "%s,iface=%s,start_queue=0,queue_count=1", port->name, port->netdev.name);
    if (probe(port, args, cause) && start(io, port, cause)) {
        claim_socket(io, port);
        return true;
    }
    stop(port);
    return false;
}

static bool open_packet(const struct ps_io *io, struct ps_dpdk_port *port, struct cause *cause)
{
    char args[160];
    uint32_t room = port->room = ps_dpdk_frame_room(port->max_frame);
    uint32_t n = at_most(AF_PACKET_OCTETS / room, AF_PACKET_FRAMES) / 4 * 4;
    snprintf(port->name, sizeof port->name, "net_af_packet%u", (unsigned)(port - io->ports));
    snprintf(args, sizeof args, "%s,iface=%s,blocksz=%u,framesz=%u,framecnt=%u", port->name, port->netdev.name,
             4 * room, room, n);
    bool good = probe(port, args, cause) && start(io, port, cause);
    bool whole = good && ps_netdev_keeps_fragments(&port->netdev);
    if (whole && ps_netdev_ignore_outgoing(&port->netdev) && ps_netdev_mark(&port->netdev))
        return true;
    if (good && !whole)
        fail(cause, "the kernel would put fragments together before they are judged");
    else if (good)
        fail(cause, "what the kernel sends by it cannot be told from what penstockd sends: %s", strerror(errno));
    stop(port);
    return false;
}

static bool open_netdev(const struct ps_io *io, struct ps_dpdk_port *port, struct cause *cause)
{
    struct cause xdp = {.text = ""}, packet = {.text = ""};
    enum ps_device_kind kind = port->device.kind;
    if (!ps_netdev_prepare(&port->netdev, cause->text, sizeof cause->text))
        return false;
    port->mtu = io->mtu ? io->mtu : port->netdev.mtu;
    port->max_frame = port->mtu + FRAME_EXTRA;
    port->room = ps_dpdk_frame_room(port->max_frame);
    if (kind != PS_DEVICE_AF_PACKET && open_xdp(io, port, &xdp))
        return true;
    if (kind == PS_DEVICE_AF_XDP)
        return fail(cause, "af_xdp: %s", xdp.text);
    if (open_packet(io, port, &packet))
        return true;
    if (kind == PS_DEVICE_AF_PACKET)
        return fail(cause, "af_packet: %s", packet.text);
    return fail(cause, "af_xdp: %.140s; af_packet: %.140s", xdp.text, packet.text);
}

/* ---- others ---------------------------------------------------------------------------------------------------- */

bool ps_dpdk_port_probe(const struct ps_io *io, struct ps_dpdk_port *port, char *err, size_t err_size)
{
    struct cause cause;
    bool pci = port->device.kind == PS_DEVICE_PCI;
    port->mtu = io->mtu ? io->mtu : 1500;
    port->max_frame = port->mtu + FRAME_EXTRA;
    port->room = ps_dpdk_frame_room(port->max_frame);
    snprintf(port->name, sizeof port->name, "%s", port->device.name);
    if (probe(port, pci ? NULL : port->config->device, &cause))
        return true;
    if (pci)
        snprintf(err, err_size, "no driver of DPDK has it; bind it with \"dpdk-devbind.py -b vfio-pci %s\" (%s)",
                 port->device.name, cause.text);
    else
        snprintf(err, err_size, "%s", cause.text);
    return false;
}

static bool finding(struct ps_diags *diags, const struct ps_dpdk_port *port, const struct cause *cause)
{
    ps_diag_add(diags, PS_SEV_ERROR, NULL, port->config->file, port->config->line, NULL, "port \"%s\" (%s): %s",
                port->config->name, port->config->device, cause->text);
    return false;
}

bool ps_dpdk_port_take(struct ps_io *io, uint32_t number, struct ps_diags *diags)
{
    struct ps_dpdk_port *port = &io->ports[number];
    struct cause cause = {.text = ""};
    if (!ps_device_is_netdev(&port->device) ||
        ps_netdev_take(&port->netdev, port->device.name, cause.text, sizeof cause.text))
        return true;
    return finding(diags, port, &cause);
}

bool ps_dpdk_port_open(struct ps_io *io, uint32_t number, struct ps_diags *diags)
{
    struct ps_dpdk_port *port = &io->ports[number];
    struct cause cause = {.text = ""};
    port->n_queues = (uint16_t)(io->rss ? io->n_workers : 1);
    port->owner = (uint16_t)(number % io->n_workers);
    if (ps_device_is_netdev(&port->device))
        port->opened = open_netdev(io, port, &cause);
    else
        port->opened = ps_dpdk_port_probe(io, port, cause.text, sizeof cause.text) && start(io, port, &cause);
    return port->opened || finding(diags, port, &cause);
}

void ps_dpdk_port_close(struct ps_dpdk_port *port)
{
    if (port->name[0])
        stop(port);
    if (port->netdev.index)
        ps_netdev_give(&port->netdev);
    port->opened = false;
}
