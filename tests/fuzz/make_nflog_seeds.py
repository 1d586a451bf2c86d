#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""make_nflog_seeds.py DIRECTORY - writes the seeds of fuzz_nflog: messages of the packet log (linux/netfilter/nfnetlink_log.h)."""
import struct
import sys

from netlink_seed import attribute, ipv4, ipv6, message, tcp, udp, write

PACKET = 4 << 8
TIME, INDEV, OUTDEV, PHYSIN, PHYSOUT, PAYLOAD, PREFIX, SEQ, HWTYPE, HWHEADER, VLAN, L2HDR = 3, 4, 5, 6, 7, 9, 10, 12, 15, 16, 20, 21
NESTED = 0x8000
READ = bytes.fromhex("00010000000601030000000a")
WRITE = bytes.fromhex("000200000006010600040320")
REPLY = bytes.fromhex("0001000000050103020007")
S7_WRITE = bytes.fromhex("0300002402f080320100000001000e00050501120a1002000100148400004000040008" + "3c")
DNP3_READ = bytes.fromhex("056414c4110003003e0e" + "c0c001" + "3c02063c03063c0406" + "0000")
LINK = bytes.fromhex("020000000220" + "020000000110" + "0800")
DONE = struct.pack("<IHHII", 20, 3, 0, 0, 0) + bytes(4)


def number(kind, value):
    return attribute(kind, struct.pack(">I", value))


def prefix(text):
    return attribute(PREFIX, text.encode() + b"\0")


def link(octets=LINK, kind=1):
    return attribute(HWTYPE, struct.pack(">H", kind)) + attribute(HWHEADER, octets)


def tag(vid, kind=0x8100):
    return attribute(VLAN | NESTED, attribute(2, struct.pack(">H", vid)) + attribute(1, struct.pack(">H", kind)))


def logged(packet, *more, said="penstock c no-rule reset ", pad=True):
    return message(PACKET, 1347, attribute(TIME, struct.pack(">QQ", 1700000000, 5)), number(INDEV, 3), number(OUTDEV, 4),
                   prefix(said), number(SEQ, 9), *more, attribute(PAYLOAD, packet), pad=pad)


WHOLE = logged(ipv4(tcp(WRITE)), link())
SEEDS = {
    "write": WHOLE,
    "two-messages": logged(ipv4(tcp(WRITE)), link()) + logged(ipv4(tcp(READ)), link(), said="penstock c no-rule pass ") + DONE,
    "two-pdus": logged(ipv4(tcp(READ + WRITE)), link()),
    "part": logged(ipv4(tcp(WRITE[:7])), link()),
    "syn": logged(ipv4(tcp(b"", flags=2, dport=80)), link()),
    "reply": logged(ipv4(tcp(REPLY, sport=502, dport=40000), src="10.2.0.20", dst="10.1.0.10"), link(),
                    said="penstock c island reset "),
    "inside": logged(ipv4(tcp(WRITE), src="10.2.0.30"), link(), said="penstock i no-rule reset "),
    "s7": logged(ipv4(tcp(S7_WRITE, dport=102)), link()),
    "dnp3": logged(ipv4(tcp(DNP3_READ, dport=20000)), link()),
    "udp": logged(ipv4(udp(WRITE), 17), link(), said="penstock c no-rule drop "),
    "ipv6": logged(ipv6(tcp(WRITE)), link(LINK[:12] + b"\x86\xdd")),
    "tag": logged(ipv4(tcp(WRITE)), link(), tag(7), said="penstock c vlan reset "),
    "tags": logged(b"\x00\x09\x08\x00" + ipv4(tcp(WRITE)), link(LINK[:12] + b"\x81\x00"), tag(7, 0x88a8), said="penstock - vlan drop "),
    "bridge": logged(ipv4(tcp(WRITE)), number(PHYSIN, 5), number(PHYSOUT, 6), attribute(L2HDR, LINK)),
    "no-link": logged(ipv4(tcp(WRITE)), link(b"", 65534)),
    "arp": logged(bytes.fromhex("0001080006040001020000000110" + "0a01000a" + "000000000000" + "0a020014"),
                  link(LINK[:12] + b"\x08\x06"), said="penstock - no-conduit drop "),
    "frame": logged(bytes(46), link(LINK[:12] + b"\x88\x92"), said="penstock - no-zone drop "),
    "icmp": logged(ipv4(b"\x08\x00\0\0\0\1\0\1x", 1), link(), said="penstock c no-rule drop "),
    "fragment": logged(ipv4(udp(bytes(24)), 17, fragment=0x2000), link(), said="penstock - fragment drop "),
    "options": logged(b"\x46" + ipv4(bytes(4) + tcp(b""))[1:], link(), said="penstock - ip-options drop "),
    "long": logged(ipv4(tcp(bytes(2008))) + bytes(200), link()),
    "group": logged(ipv4(tcp(WRITE), dst="245.253.255.235"), link()),
    "spoofed": logged(ipv4(tcp(WRITE), src="10.9.0.1"), link(), said="penstock - spoofed drop "),
    "another-prefix": logged(ipv4(tcp(WRITE)), link(), said="IN=eth0 OUT= "),
    "no-prefix": message(PACKET, 1347, attribute(PAYLOAD, ipv4(tcp(WRITE)))),
    "no-payload": message(PACKET, 1347, prefix("penstock c no-rule reset ")),
    "odd": logged(ipv4(udp(WRITE + b"\x05"), 17), link(), pad=False),
    "says-more": struct.pack("<I", 4000) + WHOLE[4:],
    "says-2-gb": struct.pack("<I", 1 << 31) + WHOLE[4:],
    "says-less": struct.pack("<I", 28) + WHOLE[4:],
    "error": struct.pack("<IHHIIi", 36, 2, 0, 0, 0, -1) + WHOLE[:16],
}

if __name__ == "__main__":
    write(sys.argv[1], {name: b"\1" + octets for name, octets in SEEDS.items()} | {"no-policy": b"\0" + WHOLE})
