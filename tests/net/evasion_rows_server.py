# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows of a hostile server (NV-R): the same tricks in the other direction, where evil is an answer that nobody asked for.

They reach the client's network. Both ends are raw; the honest twin is an honest answer in the same shape.
"""
import struct

from evasion_peers import RawServer
from evasion_table import ROWS, WIRE, Row
from evasion_wire import FORBIDDEN, GRANTED_COIL, write_coil


def reply_row(name, title, send, twin=None, asked=True, **more):
    """send(server): behind an opening and, unless asked is False, a request that waits for its answer."""
    syn_ack = more.pop("syn_ack", {})

    def attack(client):
        client.rig.clients.remove(client)
        server = RawServer(client.rig, client.version, **syn_ack)
        server.client.open(timeout=0.3)
        if asked:
            server.ask(server.good)
        send(server)
        server.client.pump(0.02)
    ROWS.append(Row("NV-R" + name, title, attack, twin=twin or (lambda server, pdu: server.put(pdu)), pair=True, opened=False,
                    **{"reaches": WIRE, **more}))


def reply_shape(name, title, send, **more):
    reply_row(name, title, lambda server: send(server, server.evil), twin=send, **more)


def parts(*ranges):
    """Parts (start, end) of the answer, in this order."""
    def send(server, pdu):
        for start, end in ranges:
            server.send(start, pdu[start:end])
        server.next = len(pdu)
    return send


OCTETS = [(at, at + 1) for at in range(12)]
reply_shape("00", "one plain segment", parts((0, 12)))
reply_shape("01", "one octet a segment", parts(*OCTETS))
reply_shape("02", "two parts, the second first", parts((7, 12), (0, 7)))
reply_shape("02-octets", "one octet a segment, backwards", parts(*OCTETS[::-1]))
reply_shape("03", "overlaps with the same octets", parts((4, 9), (6, 12), (0, 8)))


def mixed(*ranges):
    """Parts (start, end, of the good one?)."""
    def send(server):
        for start, end, is_good in ranges:
            server.send(start, (server.good if is_good else server.evil)[start:end])
    return send


reply_row("04-same", "other octets for the same range", mixed((8, 12, False), (8, 12, True), (0, 8, False)))
reply_row("04-in-order", "other octets in order", mixed((8, 12, True), (0, 12, False)))
reply_row("04-cover", "other octets all around", mixed((8, 10, True), (6, 12, False), (0, 6, False)))
reply_row("05", "other octets when it is sent again", mixed((0, 12, True), (0, 12, False)))
reply_row("06", "before anybody has asked", lambda server: server.put(server.evil), asked=False)
reply_row("06-twice", "an answer, and one more", lambda server: (server.put(server.good), server.put(server.evil)))
reply_row("06-one", "two answers in one segment", lambda server: server.put(server.good + server.evil))
reply_row("06-half", "an answer and a half, then the rest", lambda server: server.put(server.good + server.evil, 17))
reply_row("07", "beyond the window", lambda server: server.send(10_000_000, server.evil))
reply_row("08", "wrong checksum, then other octets", lambda server: (server.send(0, server.good, chksum=0x1234),
                                                                    server.send(0, server.evil)))
reply_row("09", "urgent", lambda server: server.send(0, server.evil, "PAU", urgptr=3))
reply_row("10", "data behind the FIN", lambda server: (server.send(0, server.good, "FPA"), server.send(13, server.evil)))
reply_row("10-rst", "data behind a RST", lambda server: (server.send(0, b"", "R"), server.send(0, server.evil)))
reply_row("10-rst-near", "data behind a RST at another number", lambda server: (server.send(3, b"", "R"), server.send(
    0, server.evil)))
reply_shape("10-fin", "FIN with the answer", lambda server, pdu: server.put(pdu, flags="FPA"), ends=True)
reply_row("11-options", "options in a segment with data", lambda server: server.send(0, server.evil, options=[("NOP", None)] * 4))
reply_row("11-ack", "acknowledges what was never sent", lambda server: (
    server.send(0, server.good, ack=server.rcv_next + 1000), server.send(0, server.evil)))
reply_row("12", "a SYN-ACK with data", lambda server: server.put(server.evil), syn_ack={"data": bytes(7) + FORBIDDEN})
reply_row("12-wrong", "a SYN-ACK of another number", lambda server: server.put(server.evil), syn_ack={"ack": 77}, asked=False)


def simultaneous(server):
    """The server answers a SYN with a SYN: then it is the client that is asked."""
    server.send(-1, b"", "S", options=[("MSS", 1460)])
    server.client.send(-1, b"", "SA", ack=server.isn + 1)
    server.send(0, b"", "A")
    server.send(0, server.evil)


reply_row("13", "a split handshake", simultaneous, syn_ack={"flags": "S", "ack": 0}, asked=False)


def second_syn_ack(server):
    server.send(-1, b"", "SA", options=[("MSS", 1460)])
    first, server.isn = server.isn, server.isn + 5000 & 0xFFFFFFFF
    server.send(-1, b"", "SA", options=[("MSS", 1460)])
    server.send(0, server.evil)
    server.isn = first
    server.send(0, server.evil)


reply_row("14", "two SYN-ACKs with different numbers", second_syn_ack)


def acknowledges_held(server):
    """Says that it has all of a message of which it was sent nothing."""
    client = server.client
    client.put(client.evil[:7])
    server.send(0, b"", "A", ack=server.rcv_next + 12)
    client.put(client.evil[7:])


reply_row("15", "the server acknowledges octets that are held", acknowledges_held)


def narrow(window):
    """A server with so small a window. What it gets must be whole and in order, in however many parts."""
    def send(server):
        server.client.put(server.client.evil, 7)
        server.client.pump(0.3)
    return {"send": send, "syn_ack": {"window": window}, "twin_syn_ack": {"window": window}, "asked": False}


for window in (1, 4, 64):
    reply_row(f"16-{window}", f"the server's window is {window}", **narrow(window))


def spoofed_request(server):
    """The server asks, from its own port."""
    server.send(0, write_coil(9, GRANTED_COIL)[:8] + struct.pack(">HH", 999, 0xFF00))


reply_row("17", "the server asks instead of answering", spoofed_request)
