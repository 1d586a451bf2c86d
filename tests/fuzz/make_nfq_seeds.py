#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""make_nfq_seeds.py DIRECTORY - writes the seeds of fuzz_nfq: messages of the kernel's queue (linux/netfilter/nfnetlink_queue.h)."""
import struct
import sys

from netlink_seed import attribute, ipv4, ipv6, message, tcp, udp, write

PACKET = 3 << 8
HDR, MARK, INDEV, OUTDEV, PHYSIN, PHYSOUT, HWADDR, PAYLOAD, CAP_LEN, SKB_INFO = 1, 2, 4, 5, 6, 7, 8, 10, 13, 14
READ = bytes.fromhex("00010000000601030000000a")
V4, V6 = 0x0800, 0x86dd


def number(kind, value):
    return attribute(kind, struct.pack(">I", value))


def header(ethertype=V4):
    return attribute(HDR, struct.pack(">IHB", 12, ethertype, 2))


def source(octets=bytes([2, 0, 0, 0, 0, 7])):
    return attribute(HWADDR, struct.pack(">HH", len(octets), 0) + octets.ljust(8, b"\0"))


def payload(octets):
    return attribute(PAYLOAD, octets)


WHOLE = message(PACKET, 0, header(), number(INDEV, 3), number(OUTDEV, 4), source(), payload(ipv4(tcp(READ))))
SEEDS = {
    "whole": WHOLE,
    "bridge": message(PACKET, 1, header(), number(INDEV, 9), number(OUTDEV, 9), number(PHYSIN, 3), number(PHYSOUT, 4), source(),
                      payload(ipv4(tcp(READ)))),
    "checksum": message(PACKET, 0, header(), number(INDEV, 3), number(SKB_INFO, 1), payload(ipv4(tcp(READ)))),
    "checksum6": message(PACKET, 0, header(V6), number(INDEV, 3), number(SKB_INFO, 1), payload(ipv6(udp(READ), 17))),
    "cut": message(PACKET, 0, header(), number(CAP_LEN, 60000), number(SKB_INFO, 1), payload(ipv4(tcp(READ))[:39])),
    "no-payload": message(PACKET, 0, header(), number(INDEV, 3)),
    "no-header": message(PACKET, 0, number(INDEV, 3), payload(ipv4(tcp(READ)))),
    "odd": message(PACKET, 0, header(), payload(ipv4(udp(READ[:11], 17)) + b"\x05"), pad=False),
    "short-attributes": message(PACKET, 0, header(), attribute(INDEV, b"\x01"), attribute(HWADDR, b"\0\6"), payload(b"\x45")),
    "long-mac": message(PACKET, 0, header(), source(bytes(8)), payload(ipv4(tcp(READ)))),
    "twice": message(PACKET, 0, header(), payload(b""), payload(ipv4(tcp(READ)))),
    "answer-fine": struct.pack("<IHHIIi", 36, 2, 0, 0, 0, 0) + WHOLE[:16],
    "answer-refused": struct.pack("<IHHIIi", 36, 2, 0, 0, 0, -1) + WHOLE[:16],
    "another-subsystem": message(4 << 8, 0, header(), payload(ipv4(tcp(READ)))),
    "says-more": struct.pack("<I", 4000) + WHOLE[4:],
    "says-2-gb": struct.pack("<I", 1 << 31) + WHOLE[4:],
    "says-less": struct.pack("<I", 28) + WHOLE[4:],
}

if __name__ == "__main__":
    write(sys.argv[1], SEEDS)
