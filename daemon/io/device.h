/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * device.h - what the configuration calls a port: a netdev, a PCI address, or a virtual device of DPDK.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum ps_device_kind {
    PS_DEVICE_NONE = 0,
    PS_DEVICE_NETDEV,    /* "eth1": af_xdp where it works, else af_packet */
    PS_DEVICE_AF_PACKET, /* "af_packet:eth1" */
    PS_DEVICE_AF_XDP,    /* "af_xdp:eth1" */
    PS_DEVICE_PCI,       /* "0000:03:00.0" or "03:00.0" */
    PS_DEVICE_VDEV,      /* "net_pcap0,rx_pcap=a.pcap" */
};

#define PS_DEVICE_NAME_MAX 64

struct ps_device {
    enum ps_device_kind kind;
    char name[PS_DEVICE_NAME_MAX]; /* of the netdev, PCI address in full, or "net_pcap0" */
};

/* NULL, or a sentence: what is wrong with the text and what to write. */
const char *ps_device_parse(const char *text, struct ps_device *device);

/* Does the kernel know it as a netdev? */
static inline bool ps_device_is_netdev(const struct ps_device *device)
{
    return device->kind == PS_DEVICE_NETDEV || device->kind == PS_DEVICE_AF_PACKET || device->kind == PS_DEVICE_AF_XDP;
}
