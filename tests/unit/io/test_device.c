/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device.h"

#include <string.h>

#include "unit.h"

static const struct {
    const char *text;
    enum ps_device_kind kind;
    const char *name;
} good[] = {
    {"eth1", PS_DEVICE_NETDEV, "eth1"},
    {"enp0s31f6", PS_DEVICE_NETDEV, "enp0s31f6"},
    {"eth0.20", PS_DEVICE_NETDEV, "eth0.20"},
    {"af_packet:eth1", PS_DEVICE_AF_PACKET, "eth1"},
    {"af_xdp:eth1", PS_DEVICE_AF_XDP, "eth1"},
    {"0000:03:00.0", PS_DEVICE_PCI, "0000:03:00.0"},
    {"03:00.1", PS_DEVICE_PCI, "0000:03:00.1"},
    {"aF01:Be:1f.7", PS_DEVICE_PCI, "aF01:Be:1f.7"},
    {"net_pcap0,rx_pcap=a.pcap,tx_pcap=b.pcap", PS_DEVICE_VDEV, "net_pcap0"},
    {"net_ring0", PS_DEVICE_VDEV, "net_ring0"},
};

static const char *const bad[] = {
    "", "eth1,eth2", "a-name-that-is-too-long", ".", "..", "a b", "af_packet:", "af_xdp:eth1:0", "0000:03:00.8",
    "0000:03:0g.0", "3:00.0", "af_pocket:eth1", "net_", "net_this_name_of_a_device_is_longer_than_dpdk_takes_it_for_any_device_of_its_own",
};

START_TEST(test_ps_device_parse__every_form__kind_and_name)
{
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct ps_device device;
        ck_assert_msg(ps_device_parse(good[i].text, &device) == NULL, "%s", good[i].text);
        ck_assert_msg(device.kind == good[i].kind && strcmp(device.name, good[i].name) == 0, "%s is %d %s",
                      good[i].text, (int)device.kind, device.name);
    }
}
END_TEST

START_TEST(test_ps_device_parse__no_device__a_sentence)
{
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ps_device device;
        ck_assert_msg(ps_device_parse(bad[i], &device) != NULL, "%s", bad[i]);
        ck_assert_int_eq(device.kind, PS_DEVICE_NONE);
    }
}
END_TEST

UNIT_MAIN("io/device", test_ps_device_parse__every_form__kind_and_name, test_ps_device_parse__no_device__a_sentence)
