# SPDX-License-Identifier: GPL-2.0-or-later
"""Ends of connections that are not the raw client: the attacker's own kernel, a raw server, a connection never opened."""
import socket
import struct
import time

from evasion_wire import FORBIDDEN_COIL, GRANTED_COIL, PATIENCE_S, PORT, RESEND_WAITS, RST, SYN, Client, write_coil

TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ = 19, 20, 21
RECEIVE_QUEUE, SEND_QUEUE = 1, 2
RAW_ADDRESSES, RAW_MAC = {4: "10.99.2.12", 6: "fd99:2::12"}, "02:00:00:99:02:12"


class KernelClient:
    """An ordinary socket, for what only a real sender does. It looks like evasion_wire.Client to those who run rows."""

    def __init__(self, rig, version):
        self.rig, self.version, self.target_port = rig, version, PORT
        self.sock, self.port = rig.client_socket(version), rig.new_port()
        self.sock.bind(("", self.port))  # what the kernel would choose may have been another connection's, over IPv4 or IPv6
        self.good = write_coil(rig.new_transaction(), GRANTED_COIL)
        self.evil = self.good[:8] + struct.pack(">H", FORBIDDEN_COIL) + self.good[10:]
        self.isn, self.received, self.resets, self.next = 0, b"", [], 0
        rig.clients.append(self)

    def open(self, timeout=2):
        self.sock.settimeout(timeout)
        try:
            self.sock.connect((self.rig.addresses[self.version][1], PORT))
        except OSError:
            return False
        return True

    def take(self, segment):
        """The kernel has it; here only the number is learned."""
        self.isn = segment.ack - 1 if segment.flags & 2 else self.isn

    def put(self, data, *cuts, pause=0.0):
        """One call for each part."""
        for start, end in zip((0, *cuts), (*cuts, len(data))):
            self.sock.sendall(data[start:end])
            time.sleep(pause)

    def deliver(self, stream, timeout=PATIENCE_S):
        deadline = time.monotonic() + timeout
        self.sock.settimeout(0.1)
        while time.monotonic() < deadline:
            if self.rig.server.got({self.port}) == [stream]:
                return self.read_answers(len(stream) // 12)
            self.rig.pump(0.01)
        return False

    def read_answers(self, n_answers):
        """The answers are 10 or 12 octets long."""
        self.sock.settimeout(PATIENCE_S)
        try:
            while len(self.received) < 12 * n_answers - 2:
                data = self.sock.recv(4096)
                if not data:
                    return False
                self.received += data
        except OSError:
            self.resets.append("error")
            return False
        return True

    def finish(self):
        self.sock.close()

    abort = finish


class RawServer:
    """A server that obeys nobody, at an address that no host has. It answers a SYN and acknowledges what comes in order."""

    SYN_ACK = {"flags": "SA", "options": [("MSS", 1460)], "window": 8192}

    def __init__(self, rig, version, **syn_ack):
        self.rig, self.version = rig, version
        self.client = Client(rig, version)
        self.client.target = RAW_ADDRESSES[version]
        self.syn_ack = {**self.SYN_ACK, **syn_ack}
        self.port, self.target_port, self.isn = PORT, self.client.port, rig.random.getrandbits(32)
        self.good, self.evil = self.client.good, self.client.evil
        self.rcv_next, self.got, self.next, self.acks, self.resets = 0, b"", 0, True, []
        self.window = self.syn_ack["window"]
        rig.servers.append(self)

    def send(self, offset, data=b"", flags="PA", ip=None, **fields):
        """One segment, whatever the state; the offset is that of its stream."""
        client = self.client
        fields.setdefault("ack", self.rcv_next)
        fields.setdefault("window", self.window)
        tcp = client.tcp(0, data, flags, sport=PORT, dport=client.port, **fields)
        tcp.seq = self.isn + 1 + offset & 0xFFFFFFFF
        packet = client.ip(**{"src": client.target, "dst": client.source, **(ip or {})}) / tcp
        self.rig.answer(client.frame(packet, src=RAW_MAC, dst=self.rig.macs[0]))

    def put(self, data, *cuts, **fields):
        for start, end in zip((0, *cuts), (*cuts, len(data))):
            self.send(self.next, data[start:end], **fields)
            self.next += end - start

    def take(self, segment):
        if segment.flags & RST:
            self.resets.append(segment)
        elif segment.flags & SYN:
            self.rcv_next = segment.seq + 1 & 0xFFFFFFFF
            self.send(-1, **self.syn_ack)
        elif segment.payload and segment.seq == self.rcv_next:
            self.got += segment.payload
            self.rcv_next = segment.seq + len(segment.payload) & 0xFFFFFFFF
            if self.acks:
                self.send(self.next, b"", "A")

    def deliver(self, stream):
        """The client reads this, at the latest when it has come again."""
        for wait in RESEND_WAITS:
            if self.rig.pump(wait, lambda: self.client.received == stream):
                return True
            self.send(0, stream)
        return False

    def ask(self, data, timeout=3):
        """The client asks this; false if it does not arrive."""
        before, client = len(self.got), self.client
        start = client.next
        for _ in range(2 * len(data)):
            end = min(start + len(data), max(client.acked, 0) + client.window)
            if client.next < end:
                client.put(data[client.next - start:end - start])
            if client.next == start + len(data) or not self.rig.pump(timeout, lambda: client.acked + client.window > client.next):
                break
        return self.rig.pump(timeout, lambda: len(self.got) >= before + len(data)) and self.got[before:] == data


def adopt(client, rig):
    """The server takes a connection of the client for open that no packet opened."""
    version = client.version
    with rig.inside("srv"):
        sock = socket.socket(socket.AF_INET6 if version == 6 else socket.AF_INET)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        sock.bind((client.target, PORT))
        client.rcv_next = 1000
        for queue, number in ((SEND_QUEUE, client.rcv_next), (RECEIVE_QUEUE, client.isn + 1 & 0xFFFFFFFF)):
            sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, queue)
            sock.setsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ, struct.pack("I", number))
        sock.connect((client.source, client.port))
        sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 0)
    client.is_open = True
    rig.server.adopt(sock, (client.source, client.port))
