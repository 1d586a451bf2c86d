/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>

static bool is_hex(const char *text, size_t len)
{
    return strspn(text, "0123456789abcdefABCDEF") >= len;
}

/* "03:00.0", with "0000:" in front or without. */
static bool parse_pci(const char *text, struct ps_device *device)
{
    size_t len = strlen(text);
    const char *bus = len == 12 ? text + 5 : text;
    bool form = (len == 12 && is_hex(text, 4) && text[4] == ':') || len == 7;
    if (!form || !is_hex(bus, 2) || bus[2] != ':' || !is_hex(bus + 3, 2) || bus[5] != '.' || bus[6] < '0' || bus[6] > '7')
        return false;
    device->kind = PS_DEVICE_PCI;
    snprintf(device->name, sizeof device->name, "%.5s%s", len == 12 ? text : "0000:", bus);
    return true;
}

static const char *parse_netdev(const char *text, enum ps_device_kind kind, struct ps_device *device)
{
    size_t len = strlen(text);
    if (len == 0 || len >= IFNAMSIZ || strpbrk(text, "/ \t\n,:=") || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
        return "no name of a netdev; write one of those that \"ip link\" lists, \"eth1\"";
    device->kind = kind;
    snprintf(device->name, sizeof device->name, "%s", text);
    return NULL;
}

static const char *parse_vdev(const char *text, struct ps_device *device)
{
    size_t len = strcspn(text, ",");
    if (len < 5 || len >= sizeof device->name)
        return "no device of DPDK; write its name and arguments, \"net_pcap0,iface=eth1\"";
    device->kind = PS_DEVICE_VDEV;
    memcpy(device->name, text, len);
    device->name[len] = '\0';
    return NULL;
}

const char *ps_device_parse(const char *text, struct ps_device *device)
{
    *device = (struct ps_device){0};
    if (parse_pci(text, device))
        return NULL;
    if (strncmp(text, "net_", 4) == 0)
        return parse_vdev(text, device);
    if (strncmp(text, "af_packet:", 10) == 0)
        return parse_netdev(text + 10, PS_DEVICE_AF_PACKET, device);
    if (strncmp(text, "af_xdp:", 7) == 0)
        return parse_netdev(text + 7, PS_DEVICE_AF_XDP, device);
    if (strchr(text, ':'))
        return "neither a netdev (\"eth1\", \"af_packet:eth1\", \"af_xdp:eth1\") nor a PCI address (\"0000:03:00.0\")";
    return parse_netdev(text, PS_DEVICE_NETDEV, device);
}
