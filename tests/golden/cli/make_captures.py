#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the captures of the golden tests into the directory that is named: make_captures.py DIR."""
import gzip
import os
import struct
import sys

SCADA, ENG, PLC1, PLC2, OFFICE, STRANGER = "10.20.1.10", "10.20.1.20", "10.20.2.11", "10.20.2.12", "10.30.0.5", "192.0.2.9"
START = 1795262673  # 2026-11-21T12:04:33Z
FIN, SYN, PSH, ACK = 1, 2, 8, 16


def octets(address):
    return bytes(int(part) for part in address.split("."))


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2 + len(data) % 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ipv4(src, dst, proto, payload):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0x4000, 64, proto, 0, octets(src), octets(dst))
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def with_checksum(src, dst, proto, segment, at):
    pseudo = octets(src) + octets(dst) + struct.pack(">BBH", 0, proto, len(segment))
    return segment[:at] + struct.pack(">H", checksum(pseudo + segment)) + segment[at + 2:]


def tcp(src, dst, ports, seq_ack, flags, payload=b""):
    segment = struct.pack(">HHIIBBHHH", *ports, *seq_ack, 5 << 4, flags, 8192, 0, 0) + payload
    return ipv4(src, dst, 6, with_checksum(src, dst, 6, segment, 16))


def udp(src, dst, ports, payload):
    return ipv4(src, dst, 17, with_checksum(src, dst, 17, struct.pack(">HHHH", *ports, 8 + len(payload), 0) + payload, 6))


def echo(src, dst, kind):
    message = struct.pack(">BBHHH", kind, 0, 0, 1, 1) + b"penstock"
    return ipv4(src, dst, 1, message[:2] + struct.pack(">H", checksum(message)) + message[4:])


def ethernet(packet):
    return b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0" + packet


def cooked(packet):
    return struct.pack(">HHH8sH", 0, 1, 6, b"\x02\0\0\0\0\x01\0\0", 0x0800) + packet


def mbap(transaction, station, pdu):
    return struct.pack(">HHHB", transaction, 0, 1 + len(pdu), station) + pdu


class Connection:
    """A TCP connection: packets in the order of the wire."""

    def __init__(self, client, server, port=502, client_port=40000):
        self.ends = (client, server)
        self.ports = (client_port, port)
        self.seq = [1000, 5000]
        self.packets = []

    def open(self):
        self.send(0, SYN)
        self.send(1, SYN | ACK)
        self.send(0, ACK)
        return self

    def send(self, side, flags, payload=b""):
        ends, ports = self.ends, self.ports
        if side == 1:
            ends, ports = ends[::-1], ports[::-1]
        ack = self.seq[1 - side] if flags & ACK else 0
        self.packets.append(tcp(*ends, ports, (self.seq[side], ack), flags, payload))
        self.seq[side] += len(payload) + (1 if flags & (SYN | FIN) else 0)

    def ask(self, transaction, pdu, answer=None, station=1):
        self.send(0, PSH | ACK, mbap(transaction, station, pdu))
        if answer is not None:
            self.send(1, PSH | ACK, mbap(transaction, station, answer))
        return self

    def close(self):
        self.send(0, FIN | ACK)
        self.send(1, FIN | ACK)
        self.send(0, ACK)
        return self


READ = bytes.fromhex("03002800020000")[:5]  # read-holding-registers holding:40-41
READ_ANSWER = bytes.fromhex("030400010002")


def write(register, value):
    return struct.pack(">BHH", 6, register, value)


def coil(number, on):
    return struct.pack(">BHH", 5, number, 0xff00 if on else 0)


def day():
    """One of everything that the summary counts."""
    hmi = Connection(SCADA, PLC1).open()
    for i in range(5):
        hmi.ask(i, READ, READ_ANSWER)
    hmi.ask(10, write(41, 900), write(41, 900))
    hmi.ask(11, write(48, 900), write(48, 900))
    hmi.ask(12, write(41, 1500), write(41, 1500))
    hmi.send(0, PSH | ACK, bytes.fromhex("000d000000ff0106002900ff"))  # MBAP length and function disagree
    hmi.close()
    eng = Connection(ENG, PLC1, client_port=40001).open()
    for i in range(3):
        eng.ask(i, coil(99, True), coil(99, True))
    office = Connection(OFFICE, SCADA, port=8080, client_port=40002).open()
    office.send(0, PSH | ACK, b"GET / HTTP/1.0\r\n\r\n")
    stranger = Connection(STRANGER, PLC1, port=80, client_port=40003)
    stranger.send(0, SYN)
    mixer = Connection(SCADA, PLC2, port=5020, client_port=40004).open().ask(1, coil(3, True), coil(3, True)).close()
    odd = [echo(ENG, PLC1, 8), echo(PLC1, ENG, 0), udp(SCADA, PLC2, (123, 123), b"\x23" + b"\0" * 47),
           tcp(SCADA, PLC1, (40009, 502), (1, 0), SYN | FIN), ipv4(SCADA, SCADA, 6, b"")]
    return hmi.packets + eng.packets + office.packets + stranger.packets + mixer.packets + odd


def frames_only():
    """What has no place in a cooked capture: ARP, a VLAN that the zone does not have, a frame that nobody knows."""
    macs = b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01"
    who_has = struct.pack(">HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, macs[6:], octets(STRANGER), b"\0" * 6, octets(PLC1))
    tag = struct.pack(">HH", 0x8100, 30)
    return [b"\xff" * 6 + macs[6:] + b"\x08\x06" + who_has, macs + tag + b"\x08\0" + echo(ENG, PLC1, 8),
            macs + b"\x88\x92" + b"\0" * 46]


def fine():
    return Connection(SCADA, PLC1).open().ask(1, READ, READ_ANSWER).ask(2, write(40, 1), write(40, 1)).close().packets


def scan():
    """A host that may do nothing reads 60 registers one by one."""
    eng = Connection(ENG, PLC1).open()
    for i in range(60):
        eng.ask(i, struct.pack(">BHH", 3, i, 1), b"\x03\x02\0\0")
    return eng.packets


def offloaded():
    """fine() with checksums that the sender's card had yet to fill in, and one that is wrong."""
    packets = [p[:36] + (b"\0\0" if p[12:16] == octets(SCADA) else p[36:38]) + p[38:] for p in fine()]
    packets[4] = packets[4][:36] + b"\x12\x34" + packets[4][38:]
    return packets


def gap():
    """Five polls, of which the capture misses the third request."""
    hmi = Connection(SCADA, PLC1).open()
    for i in range(5):
        hmi.ask(i, READ, READ_ANSWER)
    return hmi.packets[:7] + hmi.packets[8:]


def pcap(frames, linktype=1, nano=False, start=START):
    out = [struct.pack("<IHHIIII", 0xa1b23c4d if nano else 0xa1b2c3d4, 2, 4, 0, 0, 65535, linktype)]
    for i, frame in enumerate(frames):
        part = i * 1000 * (1000 if nano else 1)
        out += [struct.pack("<IIII", start, part, len(frame), len(frame)), frame]
    return b"".join(out)


def pcapng(interfaces):
    """interfaces: a list of (link type, frames)."""
    def block(kind, body):
        body += b"\0" * (-len(body) % 4)
        return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)
    out = block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1))
    for linktype, _ in interfaces:
        out += block(1, struct.pack("<HHI", linktype, 0, 0))
    time = START * 1000000
    for i, (_, frames) in enumerate(interfaces):
        for frame in frames:
            time += 1000
            out += block(6, struct.pack("<IIIII", i, time >> 32, time & 0xffffffff, len(frame), len(frame)) + frame)
    return out


def main(directory):
    def put(name, data):
        os.makedirs(os.path.dirname(os.path.join(directory, name)) or ".", exist_ok=True)
        with open(os.path.join(directory, name), "wb") as out:
            out.write(data)

    ethernet_day = [ethernet(p) for p in day()] + frames_only()
    put("day.pcap", pcap(ethernet_day))
    put("fine.pcap", pcap([ethernet(p) for p in fine()]))
    put("cut.pcap", pcap(ethernet_day, nano=True)[:-7])
    put("cooked.pcap", pcap([cooked(p) for p in day()] + [struct.pack(">HHH8sH", 1, 1, 6, b"\0" * 8, 0x0806) + b"\0" * 28],
                            linktype=113))
    put("radio.pcap", pcap([b"\0" * 40] * 2, linktype=127))
    put("mixed.pcapng", pcapng([(1, [ethernet(p) for p in fine()]), (101, day())]))
    put("many/1/a.pcap", pcap(ethernet_day))
    put("many/1/notes.txt", b"no capture\n")
    put("many/2/b.pcap.gz", gzip.compress(pcap([ethernet(p) for p in fine()]), mtime=0))
    put("many/c.pcapng", pcapng([(101, day())]))
    put("gap.pcap", pcap([ethernet(p) for p in gap()]))
    put("scan.pcap", pcap([ethernet(p) for p in scan()]))
    put("offloaded.pcap", pcap([ethernet(p) for p in offloaded()]))
    # the same traffic between addresses that the plant does not know
    put("lab.pcap", pcap([ethernet(lab(p)) for p in fine()]))


def lab(packet):
    """fine() between 192.168.7.1 and 192.168.7.2: addresses changed, checksums made again."""
    names = {octets(SCADA): "192.168.7.1", octets(PLC1): "192.168.7.2"}
    src, dst = names[packet[12:16]], names[packet[16:20]]
    segment = packet[20:36] + b"\0\0" + packet[38:]
    return ipv4(src, dst, 6, with_checksum(src, dst, 6, segment, 16))


if __name__ == "__main__":
    main(sys.argv[1])
