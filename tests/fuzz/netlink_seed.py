# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages of the kernel's packet filter as octets, for seeds: what a little-endian machine hears."""
import os
import struct


def attribute(kind, octets):
    """Padded to 4 octets, except by whoever cuts it."""
    return struct.pack("<HH", 4 + len(octets), kind) + octets + bytes(-len(octets) % 4)


def message(kind, group, *attributes, pad=True):
    body = struct.pack(">BBH", 2, 0, group) + b"".join(attributes)
    if not pad:
        body = body.rstrip(b"\0")
    return struct.pack("<IHHII", 16 + len(body), kind, 0, 0, 0) + body


def checksum(octets):
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets if len(octets) % 2 == 0 else octets + b"\0"))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return 0xffff - total


def ipv4(payload, proto=6, src="10.1.0.10", dst="10.2.0.20", fragment=0x4000):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 7, fragment, 64, proto, 0, address(src), address(dst))
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def ipv6(payload, proto=6):
    return struct.pack(">IHBB", 0x60000000, len(payload), proto, 64) + bytes([0xfd, 0, 0, 1]) + bytes(11) + b"\x10" + \
        bytes([0xfd, 0, 0, 2]) + bytes(11) + b"\x20" + payload


def address(text):
    return bytes(int(part) for part in text.split("."))


def tcp(payload, flags=0x18, sport=40000, dport=502, seq=1000, ack=5000):
    return struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 8192, 0, 0) + payload


def udp(payload, sport=40000, dport=502):
    return struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload


def write(directory, seeds):
    os.makedirs(directory, exist_ok=True)
    for name, octets in seeds.items():
        with open(os.path.join(directory, name), "wb") as out:
            out.write(octets)
