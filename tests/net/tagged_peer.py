# SPDX-License-Identifier: GPL-2.0-or-later
"""Frames with VLAN tags, without a VLAN device.

    tagged_peer.py send DEV FROM TO TAGS...     one echo request for each of TAGS: "20", or "30.20" for two tags
    tagged_peer.py listen DEV                   prints the tags of each echo request that comes in: "tags 20"
"""
import os
import socket
import struct
import sys

ETH_P_ALL = 3
PACKET_AUXDATA = 8
TP_STATUS_VLAN_VALID = 1 << 4
AUXDATA = struct.Struct("IIIHHHH")  # status, len, snaplen, mac, net, vlan_tci, vlan_tpid


def checksum(octets):
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def echo_request(source, target, tags):
    icmp = struct.pack(">BBHHH8s", 8, 0, 0, 7, 1, b"abcdefgh")
    icmp = icmp[:2] + struct.pack(">H", checksum(icmp)) + icmp[4:]
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(icmp), 1, 0, 64, 1, 0, socket.inet_aton(source),
                     socket.inet_aton(target))
    ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
    macs = bytes.fromhex("020000000002" "020000000001")
    types = [0x88a8] * (len(tags) - 1) + [0x8100] * bool(tags)
    head = b"".join(struct.pack(">HH", tpid, vid) for tpid, vid in zip(types, tags))
    return (macs + head + struct.pack(">H", 0x0800) + ip + icmp).ljust(60, b"\0")


def send(dev, source, target, *lists):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # the kernel may swap what two processors send
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
        sock.bind((dev, 0))
        for text in lists:
            sock.send(echo_request(source, target, [int(tag) for tag in text.split(".") if tag != "-"]))


def tags_of(frame, ancillary):
    tags, at = [], 12
    for level, kind, data in ancillary:
        if level == 263 and kind == PACKET_AUXDATA:  # SOL_PACKET: the kernel takes the first tag off
            status, *_, tci, _ = AUXDATA.unpack(data[:AUXDATA.size])
            if status & TP_STATUS_VLAN_VALID:
                tags.append(tci & 0xfff)
    while frame[at:at + 2] in (b"\x81\x00", b"\x88\xa8"):
        tags.append(struct.unpack(">H", frame[at + 2:at + 4])[0] & 0xfff)
        at += 4
    is_request = frame[at:at + 2] == b"\x08\x00" and frame[at + 11] == 1 and frame[at + 22] == 8
    return tags if is_request else None


def listen(dev):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as sock:
        sock.setsockopt(263, PACKET_AUXDATA, 1)
        sock.bind((dev, ETH_P_ALL))
        print("ready", flush=True)
        while True:
            frame, ancillary, _, _ = sock.recvmsg(2048, 256)
            tags = tags_of(frame, ancillary)
            if tags is not None:
                print("tags " + (".".join(map(str, tags)) or "-"), flush=True)


if __name__ == "__main__":
    {"send": send, "listen": listen}[sys.argv[1]](*sys.argv[2:])
