# SPDX-License-Identifier: GPL-2.0-or-later
"""What the evasion tests send and how they read what comes back: Modbus messages, and a TCP client that obeys nobody.

Offsets are those of the client's stream: 0 is the octet behind its SYN.
"""
import collections
import struct
import time

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1Q, Ether
from scapy.packet import Raw

PORT = 502
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
FORBIDDEN_COIL, GRANTED_COIL = 999, 1
FORBIDDEN = bytes.fromhex("0503e7ff00")  # write-single-coil coil:999 value=on: no rule grants it
PATIENCE_S = 20  # for what has to come: waiting ends when it does, and the machine may be busy
RESEND_WAITS = [0.25, 0.5, 1, 2, 4, 8, 8]  # seconds, as an honest sender has them

Segment = collections.namedtuple("Segment", "source target sport dport seq ack flags window options payload")


def write_coil(transaction, coil):
    return struct.pack(">HHHBBHH", transaction, 0, 6, 1, 5, coil, 0xFF00)


def read_coils(transaction):
    return struct.pack(">HHHBBHH", transaction, 0, 6, 1, 1, 0, 8)


def answer(request):
    """What the server says to one of the two above, or to anything that looks like Modbus."""
    if request[7] == 1:
        return request[:4] + bytes([0, 4, request[6], 1, 1, 0])
    return request[:12] if request[7] == 5 else request[:4] + bytes([0, 3, request[6], request[7] | 0x80, 1])


def split_pdus(stream):
    """(whole messages, what is left over)."""
    pdus = []
    while len(stream) >= 8:
        length = 6 + struct.unpack_from(">H", stream, 4)[0]
        if length < 8 or len(stream) < length:
            break
        pdus.append(stream[:length])
        stream = stream[length:]
    return pdus, stream


def is_granted(pdu):
    """By evasion.conf."""
    if pdu[2:4] != b"\0\0" or pdu[6] != 1 or len(pdu) != 12:
        return False
    return pdu[7] in (1, 2, 3, 4) or (pdu[7] == 5 and struct.unpack_from(">H", pdu, 8)[0] <= 3)


def serial(a, b):
    """a - b of sequence numbers, as a signed number."""
    return (a - b + 0x80000000 & 0xFFFFFFFF) - 0x80000000


def parse(frame):
    """The TCP segment in an untagged frame, None if it is something else."""
    ethertype = frame[12:14]
    if ethertype == b"\x08\x00" and len(frame) >= 34 and frame[23] == 6 and not struct.unpack_from(">H", frame, 20)[0] & 0x3FFF:
        start, end = 14 + (frame[14] & 15) * 4, 14 + struct.unpack_from(">H", frame, 16)[0]
        source, target = frame[26:30], frame[30:34]
    elif ethertype == b"\x86\xdd" and len(frame) >= 54 and frame[20] == 6:
        start, end = 54, 54 + struct.unpack_from(">H", frame, 18)[0]
        source, target = frame[22:38], frame[38:54]
    else:
        return None
    tcp = frame[start:end]
    if len(tcp) < 20:
        return None
    sport, dport, seq, ack, offset, flags, window = struct.unpack_from(">HHIIBBH", tcp)
    head = (offset >> 4) * 4
    return Segment(source, target, sport, dport, seq, ack, flags, window, tcp[20:head], tcp[head:])


def timestamp(options):
    """TSval, or None."""
    while len(options) >= 10:
        if options[0] == 8:
            return struct.unpack_from(">I", options, 2)[0]
        step = 1 if options[0] < 2 else options[1]
        if step < 1:
            return None
        options = options[step:]
    return None


class Client:
    """A TCP connection of the attacker's. It acknowledges what comes in order, and answers nothing else."""

    def __init__(self, rig, version, port=None, isn=None, target_port=PORT):
        self.rig, self.version, self.target_port = rig, version, target_port
        self.source, self.target = rig.addresses[version]
        self.port = port or rig.new_port()
        self.isn = rig.random.getrandbits(32) if isn is None else isn
        self.good = write_coil(rig.new_transaction(), GRANTED_COIL)
        self.evil = self.good[:8] + struct.pack(">H", FORBIDDEN_COIL) + self.good[10:]
        self.next = 0  # offset behind the last octet that put() sent
        self.peer_isn, self.rcv_next, self.acked, self.window = None, 0, 0, 0
        self.received, self.is_open, self.eof, self.resets = b"", False, False, []
        self.tsval, self.tsecr = None, 0
        self.tagged = False  # its frames carry a priority tag
        rig.clients.append(self)

    def ip(self, **fields):
        if self.version == 6:
            fields = {{"ttl": "hlim"}.get(name, name): value for name, value in fields.items()}
            return IPv6(src=fields.pop("src", self.source), dst=fields.pop("dst", self.target), **fields)
        return IP(src=fields.pop("src", self.source), dst=fields.pop("dst", self.target), **fields)

    def tcp(self, offset, data=b"", flags="PA", **fields):
        """TCP header and data; without fields as they should be."""
        options = list(fields.pop("options", []))
        if self.tsval is not None and not any(option[0] == "Timestamp" for option in options):
            options.append(("Timestamp", (self.tsval, self.tsecr)))
        ack = fields.pop("ack", self.rcv_next) & 0xFFFFFFFF
        return TCP(sport=fields.pop("sport", self.port), dport=fields.pop("dport", self.target_port),
                   seq=(self.isn + 1 + offset) & 0xFFFFFFFF, ack=ack if "A" in str(flags) or ack != self.rcv_next else 0,
                   flags=flags, window=fields.pop("window", 8192), options=options, **fields) / Raw(data)

    def frame(self, packet, **fields):
        head = Ether(src=fields.pop("src", self.rig.macs[0]), dst=fields.pop("dst", self.rig.macs[1]), **fields)
        return head / Dot1Q(vlan=0) / packet if self.tagged else head / packet

    def packet(self, offset, data=b"", flags="PA", ip=None, **fields):
        return self.ip(**(ip or {})) / self.tcp(offset, data, flags, **fields)

    def send(self, offset, data=b"", flags="PA", **fields):
        """One segment, whatever the state."""
        self.rig.send(self.frame(self.packet(offset, data, flags, **fields)))

    def put(self, data, *cuts, **fields):
        """The next octets of the stream, cut at these places of the data."""
        for start, end in zip((0, *cuts), (*cuts, len(data))):
            self.send(self.next, data[start:end], **fields)
            self.next += end - start

    def open(self, options=(("MSS", 1460),), flags="S", data=b"", timeout=3.0, ack_data=b"", **fields):
        """SYN, SYN-ACK, ACK. False if no SYN-ACK comes."""
        for name, value in options:
            if name == "Timestamp":
                self.tsval = value[0]
        deadline = time.monotonic() + (PATIENCE_S if self.rig.patient else timeout)
        while self.peer_isn is None and time.monotonic() < deadline:
            self.send(-1, data, flags, options=options, **fields)
            self.pump(0.4, lambda: self.peer_isn is not None)
        if self.peer_isn is None:
            return False
        self.is_open = True
        self.send(0, ack_data, "PA" if ack_data else "A")
        self.next = len(ack_data)
        return True

    def pump(self, timeout, done=lambda: False):
        """Takes what arrives for this and all other clients, until it is enough."""
        return self.rig.pump(timeout, done)

    def take(self, segment):
        if segment.flags & RST:
            self.resets.append(segment)
        elif segment.flags & SYN:
            self.peer_isn, self.rcv_next = segment.seq, segment.seq + 1 & 0xFFFFFFFF
        else:
            self.take_data(segment)
        if segment.flags & ACK:
            self.acked = max(self.acked, serial(segment.ack, self.isn + 1))
            self.window = segment.window
        self.tsecr = timestamp(segment.options) or self.tsecr

    def take_data(self, segment):
        if not self.is_open or not (segment.payload or segment.flags & FIN):
            return
        skip = serial(self.rcv_next, segment.seq)
        if 0 <= skip <= len(segment.payload):
            self.received += segment.payload[skip:]
            self.rcv_next = self.rcv_next + len(segment.payload) - skip & 0xFFFFFFFF
            if segment.flags & FIN and not self.eof:
                self.eof, self.rcv_next = True, self.rcv_next + 1 & 0xFFFFFFFF
        self.send(self.next, b"", "A")

    def wait_acked(self, offset, timeout=0.5):
        return self.pump(timeout, lambda: self.acked >= offset)

    def deliver(self, stream):
        """Sends again what is not acknowledged, as an honest client would. False when that does not end well."""
        for wait in RESEND_WAITS:
            if self.wait_acked(len(stream), wait):
                return True
            if self.resets:
                return False
            self.send(max(self.acked, 0), stream[max(self.acked, 0):])
        return False

    def abort(self):
        """Resets the server's end, if there is one."""
        if self.is_open and not self.resets:
            self.send(max(self.acked, 0), b"", "R")

    def finish(self):
        """Ends an honest connection."""
        self.next = max(self.acked, 0) + 1
        self.send(self.next - 1, b"", "FA")
        self.pump(0.2, lambda: self.eof)

    def udp(self, data, ip=None, sport=None, dport=PORT, **fields):
        return self.ip(**(ip or {})) / UDP(sport=sport or self.port, dport=dport, **fields) / Raw(data)
