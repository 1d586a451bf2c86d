# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows of ICMP (NV-I) and UDP (NV-U)."""
import struct

from evasion_table import APP, WIRE, row
from evasion_rows_ip import icmp6, piece
from scapy.layers.inet import TCP, IPOption
from scapy.packet import Raw

UNREACHABLE, TIME_EXCEEDED = 3, 11



def error(kind, code, rest=b"\0\0\0\0", number=0, source=None, **fields):
    """An ICMP error about what the server said on this connection, `number` octets from where it is now. What is quoted of
    its IP header may be otherwise."""
    def attack(client):
        port = fields.pop("dport", client.port)
        quoted = client.ip(src=client.target, dst=client.source, **fields) / TCP(
            sport=502, dport=port, seq=client.rcv_next + number & 0xFFFFFFFF, ack=client.isn + 1, flags="A")
        if client.version == 6:
            client.rig.send(client.frame(client.ip(nh=58, **({"src": source} if source else {})) / Raw(
                icmp6(client, kind, rest + bytes(quoted)))))
        else:
            head = struct.pack(">BBH", kind, code, 0) + rest
            client.rig.send(client.frame(client.ip(proto=1, **({"src": source} if source else {})) / Raw(
                checksummed(head + bytes(quoted)))))
    return attack


def is_error(frame):
    return (frame[12:14] == b"\x08\x00" and frame[23] == 1 and frame[34] in (UNREACHABLE, TIME_EXCEEDED)) or \
        (frame[12:14] == b"\x86\xdd" and frame[20] == 58 and frame[54] < 5)


def error_row(name, title, attack, **more):
    """No error of this kind may come to the server."""
    row("NV-I" + name, title, attack, reaches=WIRE, forbidden=(is_error,), **{"over": "4", **more})


def checksummed(message):
    padded = message + bytes(len(message) % 2)
    total = sum(struct.unpack(f">{len(padded) // 2}H", padded))
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return message[:2] + struct.pack(">H", ~total & 0xFFFF) + message[4:]


def message(kind, code=0, rest=b"\0\0\0\0"):
    """An ICMP message with evil in it."""
    return lambda client: client.rig.send(client.frame(client.ip(proto=1) / Raw(checksummed(
        struct.pack(">BBH", kind, code, 0) + rest + client.evil + bytes(20)))))


error_row("01-port", "an error about no connection", error(UNREACHABLE, 3, dport=9))
error_row("01-time", "no time left, about no connection", error(TIME_EXCEEDED, 0, dport=9))
error_row("01-number", "an error about octets that nobody sent", error(UNREACHABLE, 3, number=100000))
error_row("01-old", "an error about octets of long ago", error(UNREACHABLE, 3, number=-100000))
error_row("01-peer", "an error in the name of a neighbour of the server", error(UNREACHABLE, 3, source="10.99.2.99"))
for mtu in (0, 68, 575):
    error_row(f"02-{mtu}", f"only packets of {mtu} octets pass", error(UNREACHABLE, 4, struct.pack(">I", mtu)))
error_row("02-v6", "only packets of 68 octets pass", error(2, 0, struct.pack(">I", 68)), over="6")
for name, kind in {"quench": 4, "redirect": 5, "router": 9, "solicit": 10, "timestamp": 13, "mask": 17, "traceroute": 30,
                   "unknown": 200, "reply": 0}.items():
    row("NV-I03-" + name, f"ICMP type {kind}", message(kind), reaches=WIRE, over="4")


def hard_error(client):
    error(UNREACHABLE, 2)(client)
    client.put(client.evil, 6)


row("NV-I04", "a hard error, and the connection goes on", hard_error, reaches=APP, over="4")
row("NV-I05", "messages in an echo", message(8, 0, b"\0\1\0\1"), reaches=WIRE, over="4")
error_row("06-options", "an error that quotes options", error(UNREACHABLE, 3, ihl=15))
error_row("06-short", "an error that quotes a shorter packet", error(UNREACHABLE, 3, len=20))
error_row("06-fragment", "an error that quotes a fragment", error(UNREACHABLE, 3, frag=9))
error_row("06-nested", "an error about an error", error(UNREACHABLE, 3, proto=1))
error_row("06-version", "an error that quotes another version", error(UNREACHABLE, 3, version=6))
row("NV-I07", "group membership", lambda client: client.rig.send(client.frame(client.ip(proto=2, ttl=1) / Raw(
    checksummed(b"\x22\0\0\0" + bytes(4) + client.evil)))), reaches=WIRE, over="4")


def datagram(**fields):
    """Evil in a datagram."""
    return lambda client: client.rig.send(client.frame(client.udp(client.evil, **fields)))


def with_tail(client):
    """The datagram ends before the packet does."""
    client.rig.send(client.frame(client.udp(client.good + client.evil, len=8 + len(client.good))))


def udp_row(name, title, attack, **more):
    row("NV-U" + name, title, attack, opened=False, udp=True, **more)


udp_row("00", "one plain datagram", datagram(), reaches=APP)
udp_row("01-short", "a datagram of 7 octets", datagram(len=7), reaches=WIRE)
udp_row("01-long", "a datagram beyond its packet", datagram(len=80), reaches=WIRE)
udp_row("01-tail", "octets behind the datagram", with_tail, reaches=WIRE)
udp_row("01-zero", "a datagram of length 0", datagram(len=0), reaches={4: WIRE, 6: APP})
udp_row("02", "no checksum", datagram(chksum=0), reaches=APP, over="4")
udp_row("02-wrong", "a wrong checksum", datagram(chksum=0x1234), reaches=WIRE)
udp_row("03-two", "two messages in a datagram", lambda client: client.rig.send(client.frame(client.udp(client.good + client.evil))),
        reaches=APP)
udp_row("03-parts", "a message in two datagrams", lambda client: (
    client.rig.send(client.frame(client.udp(client.evil[:7]))), client.rig.send(client.frame(client.udp(client.evil[7:])))),
    reaches=APP)
udp_row("04", "an answer that nobody waits for", datagram(sport=502, dport=40000), reaches=WIRE)
udp_row("04-both", "from the server's port to the server's port", datagram(sport=502), reaches=WIRE)


# Whoever stands before the gateway and speaks as a neighbour of the server, who needs no conduit.

PEERS = {4: "10.99.2.99", 6: "fd99:2::99"}


def from_peer(**fields):
    """Evil in a datagram from the server's own zone; fields are those of the IP header."""
    return lambda client: client.rig.send(client.frame(client.udp(client.evil, ip={"src": PEERS[client.version], **fields})))


def from_peer_behind(client):
    octets = bytes(client.udp(client.evil, ip={"src": PEERS[6]}))[40:]
    client.rig.send(client.frame(client.ip(src=PEERS[6], nh=60) / Raw(b"\x11\0\x01\x04\0\0\0\0" + octets)))


def from_peer_in_parts(client):
    octets = bytes(client.udp(client.evil, ip={"src": PEERS[client.version]}))[40 if client.version == 6 else 20:]
    for start, end in ((0, 8), (8, 16), (16, 20)):
        piece(client, octets, start, end, end != 20, protocol=17, src=PEERS[client.version])


def peer_row(name, title, attack, **more):
    udp_row("06" + name, "as a neighbour of the server: " + title, attack, reaches=APP, **more)


peer_row("", "a plain datagram", from_peer())
peer_row("-option", "an IP option", from_peer(options=IPOption(b"\x01\x01\x01\x01")), over="4")
peer_row("-flag", "the reserved flag", from_peer(flags=4), over="4")
peer_row("-ttl", "time to live 0", from_peer(ttl=0), over="4")
peer_row("-header", "an extension header", from_peer_behind, over="6")
peer_row("-parts", "fragments", from_peer_in_parts)
peer_row("-checksum", "no checksum", lambda client: client.rig.send(client.frame(client.udp(
    client.evil, ip={"src": PEERS[4]}, chksum=0))), over="4")
peer_row("-mac", "a datagram sent to a broadcast MAC address", lambda client: client.rig.send(client.frame(client.udp(
    client.evil, ip={"src": PEERS[client.version]}), dst="ff:ff:ff:ff:ff:ff")))
