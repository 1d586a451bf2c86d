# SPDX-License-Identifier: GPL-2.0-or-later
"""Small captures written by hand: frames with sound lengths and checksums, one second apart."""
import ipaddress
import struct

MAC = {"a": "02:00:00:00:00:0a", "b": "02:00:00:00:00:0b"}
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet(ethertype, payload, source=MAC["a"], target=MAC["b"]):
    return mac(target) + mac(source) + struct.pack(">H", ethertype) + payload


def ip(source, target, protocol, payload):
    source, target = ipaddress.ip_address(source), ipaddress.ip_address(target)
    if source.version == 6:
        return ethernet(0x86DD, struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + source.packed +
                        target.packed + payload)
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0x4000, 64, protocol, 0)
    head += source.packed + target.packed
    return ethernet(0x0800, head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload)


def pseudo(source, target, protocol, length):
    source, target = ipaddress.ip_address(source), ipaddress.ip_address(target)
    return source.packed + target.packed + struct.pack(">II", length, protocol)


def udp(source, target, source_port, port, data):
    head = struct.pack(">HHHH", source_port, port, 8 + len(data), 0)
    total = checksum(pseudo(source, target, 17, 8 + len(data)) + head + data) or 0xFFFF
    return ip(source, target, 17, head[:6] + struct.pack(">H", total) + data)


def icmp(source, target, kind, body=b"\0\x01\0\x01ping"):
    v6 = ":" in source
    message = struct.pack(">BBH", kind, 0, 0) + body
    total = checksum((pseudo(source, target, 58, len(message)) if v6 else b"") + message)
    return ip(source, target, 58 if v6 else 1, message[:2] + struct.pack(">H", total) + message[4:])


def arp(source, target, operation=1):
    body = struct.pack(">HHBBH", 1, 0x0800, 6, 4, operation) + mac(MAC["a"]) + ipaddress.ip_address(source).packed
    return ethernet(0x0806, body + bytes(6) + ipaddress.ip_address(target).packed, target="ff:ff:ff:ff:ff:ff")


class Connection:
    """One TCP connection; frames collect in .frames."""

    def __init__(self, client, server, port, client_port=40000):
        self.ends, self.ports, self.seq, self.frames = (client, server), (client_port, port), [1000, 2000], []
        for sender, flags in ((0, SYN), (1, SYN | ACK), (0, ACK)):
            self.segment(sender, flags)

    def segment(self, sender, flags, data=b""):
        source, target = self.ends[sender], self.ends[1 - sender]
        head = struct.pack(">HHIIBBHHH", self.ports[sender], self.ports[1 - sender], self.seq[sender],
                           self.seq[1 - sender] if flags & ACK else 0, 0x50, flags, 8192, 0, 0)
        total = checksum(pseudo(source, target, 6, 20 + len(data)) + head + data)
        self.frames.append(ip(source, target, 6, head[:16] + struct.pack(">H", total) + head[18:] + data))
        self.seq[sender] += len(data) + (1 if flags & (SYN | FIN) else 0)

    def send(self, data):
        self.segment(0, PSH | ACK, data)

    def answer(self, data):
        self.segment(1, PSH | ACK, data)


def modbus(transaction, pdu, unit=1):
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu


def write_pcap(path, frames):
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for second, frame in enumerate(frames):
            out.write(struct.pack("<IIII", 1700000000 + second, 0, len(frame), len(frame)) + frame)
