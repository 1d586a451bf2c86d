/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * netdev.h - a port that the kernel knows: taken when the daemon starts, given back as it was found.
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of frames merged or changed by the kernel or the card before the daemon sees them: what ps_netdev_take() turned off. */
#define PS_NETDEV_N_OFFLOADS 3

/* Of frames on their way through the kernel, for its firewall: "PENS", what penstockd sends. */
#define PS_NETDEV_MARK UINT32_C(0x50454e53)

struct ps_netdev {
    char name[IFNAMSIZ];
    int index;
    uint32_t mtu;
    int lock;             /* socket that keeps others off, -1: not taken */
    short flags;          /* IFF_... when taken */
    bool changed_flags;
    bool was_on[PS_NETDEV_N_OFFLOADS];
    int xdp;              /* its AF_XDP socket, -1: none */
    uint32_t n_channels;  /* before ps_netdev_one_channel() changed it, 0: it did not */
};

/* Its MTU, 0: there is no such netdev. */
uint32_t ps_netdev_mtu(const char *name);

/* Name of the bridge that the netdev is a port of, "": of none. */
void ps_netdev_bridge(const char *name, char bridge[IFNAMSIZ]);

/* Takes the netdev, and changes nothing of it: no other daemon may have it. false and a sentence in err. Give it back in
 * either case. */
bool ps_netdev_take(struct ps_netdev *dev, const char *name, char *err, size_t err_size);
/* It is up, and neither GRO nor LRO merges frames nor takes the card their tags off. false and a sentence in err. */
bool ps_netdev_prepare(struct ps_netdev *dev, char *err, size_t err_size);
/* And takes frames for whomever: nobody reads them, the kernel is to pass them on. */
bool ps_netdev_listen(struct ps_netdev *dev, char *err, size_t err_size);
void ps_netdev_give(struct ps_netdev *dev);
/* When it is given back it stays up and promiscuous. */
void ps_netdev_keep(struct ps_netdev *dev);
/* When it is given back it stays as it is altogether. */
void ps_netdev_leave(struct ps_netdev *dev);

/* All packets come in by one queue of the card: a socket of AF_XDP sees no more. false: it has several, for good. */
bool ps_netdev_one_channel(struct ps_netdev *dev);

/* Is it up, with something at the other end? */
bool ps_netdev_is_running(const struct ps_netdev *dev);

/* DPDK opens the sockets that the packets of a netdev come by, and keeps them to itself. They are found among the
 * descriptors of this process. */

/* Of its packet sockets: what the kernel itself sends is not received. false: no such socket, or it cannot be. */
bool ps_netdev_ignore_outgoing(const struct ps_netdev *dev);
/* Do fragments come by them as they came in? */
bool ps_netdev_keeps_fragments(const struct ps_netdev *dev);
/* What its packet sockets send has PS_NETDEV_MARK. This needs CAP_NET_ADMIN, so nobody else's does by chance. */
bool ps_netdev_mark(const struct ps_netdev *dev);
/* Frames that its packet sockets lost since the last call. */
uint64_t ps_netdev_take_drops(const struct ps_netdev *dev);

/* Its AF_XDP socket: the first that is none of the n others'. */
void ps_netdev_claim_xdp(struct ps_netdev *dev, const int *others, uint32_t n);
/* Frames that it lost; false: not known. */
bool ps_netdev_xdp_drops(const struct ps_netdev *dev, uint64_t *drops);
