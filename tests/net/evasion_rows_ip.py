# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows of the network layer: NV-4, NV-F, NV-6."""
import struct

from evasion_table import APP, WIRE, decoy, plain, row, shape, skip
from scapy.layers.inet import IPOption
from scapy.packet import Raw

TCP_HEAD = 20
EVIL_BIT = 4  # in scapy's flags
BROADCASTS = ("255.255.255.255", "10.99.255.255", "224.0.0.1")


# NV-4: the header.

row("NV-401-version", "version 5, then other octets", decoy(ip={"version": 5}), over="4")
row("NV-401-ihl", "header of 16 octets, then other octets", decoy(ip={"ihl": 4}), over="4")
row("NV-401-short", "total length within the header, then other octets", decoy(ip={"len": 19}), over="4")
row("NV-401-long", "total length beyond the frame, then other octets", decoy(ip={"len": 400}), over="4")
row("NV-401-flag", "reserved flag", plain(ip={"flags": EVIL_BIT}), over="4")
row("NV-402", "wrong header checksum, then other octets", decoy(ip={"chksum": 1}), over="4")
for ttl in (0, 1):
    row(f"NV-403-{ttl}", f"time to live {ttl}", plain(ip={"ttl": ttl}))


def two_distances(client, pdu):
    client.put(pdu[:6], ip={"ttl": 64})
    client.put(pdu[6:], ip={"ttl": 3})


shape("NV-404", "time to live changes in the middle", two_distances)

for name, octets, ignored in (("nop", b"\x01\x01\x01\x01", False), ("rr", b"\x07\x07\x04\0\0\0\0\0", False),
                              ("ts", b"\x44\x08\x05\0\0\0\0\0", False), ("alert", b"\x94\x04\0\0", False),
                              ("security", b"\x82\x0b" + bytes(9) + b"\0", False), ("unknown", b"\x9e\x04\0\0", False),
                              ("lsrr", b"\x83\x07\x04\x0a\x63\x02\x0b\0", True), ("ssrr", b"\x89\x07\x04\x0a\x63\x02\x0b\0", True),
                              ("zero", b"\x07\0\0\0", True)):
    fields = {"ip": {"options": IPOption(octets)}}
    row(f"NV-405-{name}", f"IP option {name}" + (", then other octets" if ignored else ""),
        decoy(**fields) if ignored else plain(**fields), over="4")

for name, source in {"broadcast": "255.255.255.255", "group": "224.0.0.1", "loopback": "127.0.0.1", "none": "0.0.0.0",
                     "land": "10.99.2.11", "stranger": "10.98.7.6"}.items():
    row(f"NV-407-{name}", f"from {source}", plain(ip={"src": source}), reaches=WIRE, over="4")
for name, source in {"group": "ff02::1", "loopback": "::1", "none": "::", "land": "fd99:2::11"}.items():
    row(f"NV-407-{name}-6", f"from {source}", plain(ip={"src": source}), reaches=WIRE, over="6")
shape("NV-408", "all bits of the service field", lambda client, pdu: client.put(
    pdu, ip={"tc" if client.version == 6 else "tos": 0xB8}))
skip("NV-409", "identification as a channel", "it brings nothing to the server's application")


def every_protocol(client):
    for protocol in set(range(256)) - {1, 6, 17, 58}:
        name = "nh" if client.version == 6 else "proto"
        client.rig.send(client.frame(client.ip(**{name: protocol}) / Raw(client.evil + bytes(20))))


row("NV-410", "every protocol that is not TCP, UDP or ICMP", every_protocol, reaches=WIRE)
for target in BROADCASTS:
    row(f"NV-411-{target}", f"a datagram to {target}", lambda client, target=target: client.rig.send(
        client.frame(client.udp(client.evil, ip={"dst": target}), dst="ff:ff:ff:ff:ff:ff")), over="4")
row("NV-411-ff02::1", "a datagram to all nodes", lambda client: client.rig.send(
    client.frame(client.udp(client.evil, ip={"dst": "ff02::1"}), dst="33:33:00:00:00:01")), over="6", reaches=APP)


# NV-F: fragments.

def piece(client, octets, start, end, more, **fields):
    """Octets start to end of an IP payload as a fragment; fields are those of the IP header."""
    protocol, name = fields.pop("protocol", 6), fields.pop("id", client.port)
    if client.version == 6:
        head = struct.pack(">BBHI", protocol, 0, start | bool(more), name)
        packet = client.ip(nh=44, **fields) / Raw(head + octets[start:end])
    else:
        packet = client.ip(proto=protocol, id=name, flags=int(bool(more)) | fields.pop("flags", 0), frag=start // 8, **fields) / \
            Raw(octets[start:end])
    client.rig.send(client.frame(packet))


def payload(client, pdu, offset=0):
    """Of an IP packet with this PDU: TCP header and data."""
    packet = bytes(client.packet(offset, pdu))
    return packet[40 if client.version == 6 else 20:]


def in_order(*ends):
    """Fragments that end here."""
    def attack(client, pdu=None, **fields):
        octets = payload(client, pdu or client.evil)
        for start, end in zip((0, *ends), (*ends, len(octets))):
            piece(client, octets, start, end, end != len(octets), **fields)
    return attack


def is_fragment(frame):
    return (frame[12:14] == b"\x08\x00" and bool(struct.unpack_from(">H", frame, 20)[0] & 0x3FFF)) or \
        (frame[12:14] == b"\x86\xdd" and frame[20] == 44)


def fragments(name, title, attack, **more):
    row("NV-F" + name, title, attack, forbidden=(is_fragment,), **more)


def overlapping(*parts, finish=True):
    """Parts (start, end, of good?, more?), and at last the first 24 octets of evil."""
    def attack(client):
        octets = {False: payload(client, client.evil), True: payload(client, client.good)}
        for start, end, is_good, more in parts:
            piece(client, octets[is_good], start, end, more)
        if finish:
            piece(client, octets[False], 0, 24, True)
    return attack


def honest(send):
    """The twin comes in fragments too where the policy has them put together."""
    return lambda client, pdu: send(client, pdu) if client.rig.reassembles else client.put(pdu)


def backwards(client, pdu, twice=1):
    octets = payload(client, pdu)
    for _ in range(twice):
        piece(client, octets, 24, 32, False)
    piece(client, octets, 0, 24, True)


fragments("00", "in order", in_order(24), twin=honest(in_order(24)))
fragments("01", "first fragment of 8 octets", in_order(8), reaches={4: APP, 6: WIRE})
fragments("01-16", "first fragment without flags", in_order(8, 16, 24), reaches={4: APP, 6: WIRE})
fragments("02", "a fragment over the flags", overlapping((8, 24, False, True), (24, 32, False, False)), reaches=WIRE)
fragments("03-same", "the same range with other octets", overlapping((24, 32, False, False), (24, 32, True, False)))
fragments("03-front", "overlap with the front", overlapping((16, 32, True, False)), reaches=WIRE)
fragments("03-inside", "a fragment inside another", overlapping((8, 32, True, False), (16, 24, False, True)), reaches=WIRE)
fragments("04", "in reverse", lambda client: backwards(client, client.evil), twin=honest(backwards))
fragments("04-twice", "one fragment twice", lambda client: backwards(client, client.evil, 2),
          twin=honest(lambda client, pdu: backwards(client, pdu, 2)))
fragments("05-ttl", "fragments with other times to live", lambda client: (
    piece(client, payload(client, client.evil), 0, 24, True), piece(client, payload(client, client.evil), 24, 32, False, ttl=9)))
fragments("05-ends", "two fragments that are the last", overlapping((24, 32, False, False), (24, 30, True, False)),
          reaches={4: WIRE, 6: WIRE})
fragments("06", "fragments beyond 65535 octets", lambda client: piece(
    client, bytes(65528) + client.evil * 8, 65528, 65528 + 96, False), reaches=WIRE)
skip("NV-F07", "other waiting times than the host's", "it takes half a minute; the unit tests of the engine do it")
fragments("08", "the name of a datagram of another protocol", lambda client: (
    piece(client, bytes(8) + client.good + bytes(12), 0, 24, True, protocol=17), in_order(24)(client)),
    reaches={4: APP, 6: WIRE})
fragments("09", "a middle fragment of 13 octets", in_order(21), reaches=WIRE)
fragments("09-zero", "a fragment without octets", lambda client: (
    piece(client, b"", 8, 8, True), in_order(24)(client)), reaches={4: APP, 6: APP})
fragments("10", "a flood of first fragments", lambda client: [
    piece(client, payload(client, client.evil), 0, 24, True, id=1000 + name) for name in range(200)], reaches=WIRE)
fragments("11", "a fragment that must not be fragmented", lambda client: in_order(24)(client, flags=2), over="4")


# NV-6: extension headers, lengths and addresses.

PAD = b"\0\x01\x04\0\0\0\0"  # length of the header, then an option of padding


def behind(*headers, fields=None, inner=None):
    """Evil behind extension headers, each (number, octets behind the next header's number)."""
    def attack(client):
        octets = (inner or (lambda c: payload(c, c.evil)))(client)
        numbers = [number for number, _ in headers] + [6]
        chain = b"".join(bytes([following]) + body for (_, body), following in zip(headers, numbers[1:]))
        client.rig.send(client.frame(client.ip(nh=numbers[0], **(fields or {})) / Raw(chain + octets)))
    return attack


ATOMIC = b"\0\0\0" + bytes(4)
for name, headers, reaches in (
        ("hop", [(0, PAD)], APP), ("dst", [(60, PAD)], APP), ("both", [(0, PAD), (60, PAD)], APP), ("twice", [(60, PAD), (60, PAD)], APP),
        ("order", [(60, PAD), (0, PAD)], WIRE), ("many", [(60, PAD)] * 9, APP), ("long", [(60, bytes([15]) + bytes(126))], WIRE),
        ("router-alert", [(0, b"\0\x05\x02\0\0\x01\0")], APP), ("unknown-option", [(60, b"\0\x3e\x04\0\0\0\0")], APP),
        ("ah", [(51, b"\x04" + bytes(22))], WIRE), ("mobility", [(135, b"\0" + bytes(6))], WIRE), ("hip", [(139, b"\0" + bytes(6))], WIRE),
        ("shim6", [(140, b"\0" + bytes(6))], WIRE), ("253", [(253, b"\0" + bytes(6))], WIRE), ("254", [(254, b"\0" + bytes(6))], WIRE),
        ("unknown", [(200, b"\0" + bytes(6))], WIRE)):
    row(f"NV-601-{name}", f"extension headers: {name}", behind(*headers), reaches=reaches, over="6")
row("NV-602-0", "routing header 0", behind((43, b"\0\0\0" + bytes(4))), reaches=APP, over="6")
row("NV-602-4", "segment routing", behind((43, b"\x02\x04\0\0\0\0\0" + bytes(16))), reaches=WIRE, over="6")
row("NV-603-atomic", "an atomic fragment", behind((44, ATOMIC)), over="6", forbidden=(is_fragment,))
row("NV-603-nested", "a fragment header in a fragment", behind((44, ATOMIC), (44, ATOMIC)), reaches=WIRE, over="6",
    forbidden=(is_fragment,))
row("NV-603-chain", "the chain does not end in the first fragment", lambda client: (
    piece(client, bytes([6]) + PAD + payload(client, client.evil), 0, 8, True, protocol=60),
    piece(client, bytes([6]) + PAD + payload(client, client.evil), 8, 40, False, protocol=60)), reaches=WIRE, over="6",
    forbidden=(is_fragment,))
row("NV-604-zero", "payload length 0", plain(ip={"plen": 0}), reaches=WIRE, over="6")
row("NV-604-none", "no next header, and octets behind it", plain(ip={"nh": 59}), reaches=WIRE, over="6")
row("NV-604-long", "payload beyond the frame, then other octets", decoy(ip={"plen": 400}), over="6")


def icmp6(client, kind, body):
    """A message with its checksum."""
    packet = bytes(client.ip(nh=58) / Raw(bytes([kind, 0, 0, 0]) + body))
    pseudo = packet[8:40] + struct.pack(">II", len(packet) - 40, 58) + packet[40:]
    pseudo += bytes(len(pseudo) % 2)
    total = sum(struct.unpack(f">{len(pseudo) // 2}H", pseudo))
    total = (total & 0xFFFF) + (total >> 16)
    total = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    return packet[40:42] + struct.pack(">H", total) + packet[44:]


def icmp6_row(name, title, kind, body, **fields):
    def attack(client):
        message = icmp6(client, kind, body + client.evil)
        headers = fields.get("headers", b"")
        client.rig.send(client.frame(client.ip(nh=60 if headers else 58, hlim=fields.get("hlim", 255)) / Raw(headers + message)))
    row(name, title, attack, reaches=WIRE, over="6")


SOLICIT = bytes(4) + bytes.fromhex("fd990002000000000000000000000011")
icmp6_row("NV-605-ra", "router advertisement", 134, b"\x40\0\x07\x08" + bytes(8))
icmp6_row("NV-605-redirect", "redirect", 137, bytes(4) + bytes(32))
icmp6_row("NV-605-hops", "neighbour solicitation from afar", 135, SOLICIT, hlim=64)
icmp6_row("NV-605-header", "neighbour solicitation behind an extension header", 135, SOLICIT, headers=bytes([58]) + PAD)
icmp6_row("NV-605-name", "node information", 139, bytes(12))
for name, source in {"mapped": "::ffff:10.99.1.10", "6to4": "2002:a63:10a::1", "teredo": "2001:0:a63:10a::1",
                     "nat64": "64:ff9b::a63:10a"}.items():
    row(f"NV-606-{name}", f"from {source}", plain(ip={"src": source}), reaches=WIRE, over="6")
row("NV-607-udp", "datagram without checksum", lambda client: client.rig.send(client.frame(client.udp(client.evil, chksum=0))),
    reaches=WIRE, over="6", udp=True)
row("NV-608-6in4", "ICMPv6 over IPv4", lambda client: client.rig.send(client.frame(
    client.ip(proto=58) / Raw(b"\x80\0\0\0" + client.evil))), reaches=WIRE, over="4")
row("NV-608-4in6", "ICMPv4 over IPv6", lambda client: client.rig.send(client.frame(
    client.ip(nh=1) / Raw(b"\x08\0\0\0" + client.evil))), reaches=WIRE, over="6")
