# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows of the link layer and of encapsulation: NV-L."""
import socket
import struct

from evasion_table import NONE, WIRE, row, skip
from evasion_wire import FORBIDDEN
from scapy.layers.inet import UDP
from scapy.packet import Raw

MAC_GROUP, MAC_BROADCAST, MAC_NONE, MAC_OTHER = "01:00:5e:00:00:01", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00", "02:00:00:99:01:77"


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def ethernet(client, ethertype, body, source=None, target=None):
    """A frame with these octets behind its Ethernet type."""
    client.rig.send(mac(target or client.rig.macs[1]) + mac(source or client.rig.macs[0]) + struct.pack(">H", ethertype) + body)


def evil_packet(client):
    """(Ethernet type, packet)."""
    return 0x86DD if client.version == 6 else 0x0800, bytes(client.packet(0, client.evil))


def evil_frame(client):
    return bytes(client.frame(client.packet(0, client.evil)))


def with_tags(*tags):
    """Evil behind VLAN tags, each (TPID, VLAN)."""
    def attack(client):
        ethertype, packet = evil_packet(client)
        head = b"".join(struct.pack(">HH", vlan, following)
                        for (_, vlan), following in zip(tags, [tpid for tpid, _ in tags[1:]] + [ethertype]))
        ethernet(client, tags[0][0], head + packet)
    return attack


def trailer(client):
    client.rig.send(bytes(client.frame(client.packet(0, client.good))) + client.evil)


def padding(client):
    client.rig.send(bytes(client.frame(client.packet(0, b"", "A"))) + FORBIDDEN + b"\x05")


def cropped(client):
    client.rig.send(bytes(client.frame(client.packet(0, client.good)))[:-3])
    client.put(client.evil)


def longer(client):
    """The frame ends before the packet; what comes next in the buffer is not the sender's."""
    ethertype, packet = evil_packet(client)
    at = 4 if client.version == 6 else 2
    ethernet(client, ethertype, packet[:at] + struct.pack(">H", len(packet) - 40 * (client.version == 6) + 8) + packet[at + 2:])


row("NV-L01", "octets behind the IP packet", trailer, reaches=WIRE)
row("NV-L01-pad", "padding that is not zero", padding, reaches=WIRE, over="4")
row("NV-L02", "a frame that ends within its packet, then other octets", cropped)
row("NV-L02-long", "a packet that is longer than its frame", longer, reaches=WIRE)

PRIORITY, PRIORITY_AD = (0x8100, 0), (0x88A8, 0)
row("NV-L03", "priority tag", with_tags(PRIORITY))
row("NV-L03-2", "two priority tags", with_tags(PRIORITY, PRIORITY))
row("NV-L03-ad", "priority tag of a provider", with_tags(PRIORITY_AD))


def half_tagged(client):
    """The first half as it is, the second behind a priority tag."""
    client.put(client.evil[:7])
    rest = bytes(client.packet(7, client.evil[7:]))
    ethernet(client, 0x8100, struct.pack(">HH", 0, evil_packet(client)[0]) + rest)


row("NV-L03-half", "half of it behind a priority tag", half_tagged)


def all_tagged(client):
    client.tagged = True
    client.open()
    client.put(client.evil, 7)


row("NV-L03-open", "a whole connection behind priority tags", all_tagged, opened=False)
for depth in range(1, 9):
    row(f"NV-L04-{depth}", f"{depth} tags of another VLAN", with_tags(*[(0x8100, 5)] * depth), reaches=WIRE, over="4")
for tpid in (0x9100, 0x9200, 0x9300):
    row(f"NV-L04-{tpid:x}", f"tag with type {tpid:x}", with_tags((tpid, 0)), reaches=WIRE, over="4")
row("NV-L04-mixed", "a VLAN inside a priority tag", with_tags(PRIORITY, (0x8100, 5)), reaches=WIRE)


def llc(client):
    ethertype, packet = evil_packet(client)
    body = b"\xaa\xaa\x03\0\0\0" + struct.pack(">H", ethertype) + packet
    ethernet(client, len(body), body)


def raw_8023(client):
    ethernet(client, 64, b"\xff\xff" + client.evil + bytes(50))


row("NV-L05", "IP in LLC and SNAP", llc, reaches=WIRE)
row("NV-L05-raw", "802.3 without LLC", raw_8023, reaches=WIRE, over="4")


def in_ip(protocol, head=b"", inner=evil_packet):
    """Behind an IP header with this protocol."""
    def attack(client):
        packet = inner(client)
        packet = packet if isinstance(packet, bytes) else packet[1]
        name = "nh" if client.version == 6 else "proto"
        client.rig.send(client.frame(client.ip(**{name: protocol}) / Raw(head + packet)))
    return attack


def in_udp(port, head, inner=evil_frame):
    def attack(client):
        packet = inner(client)
        packet = packet if isinstance(packet, bytes) else packet[1]
        client.rig.send(client.frame(client.ip() / UDP(sport=client.port, dport=port) / Raw(head + packet)))
    return attack


def in_ethernet(ethertype, head=b"", inner=evil_packet):
    def attack(client):
        packet = inner(client)
        ethernet(client, ethertype, head + (packet if isinstance(packet, bytes) else packet[1]))
    return attack


for name, attack in {
        "gre": in_ip(47, b"\0\0\x08\0"), "ipip": in_ip(4), "6in4": in_ip(41), "etherip": in_ip(97, b"\x30\0", evil_frame),
        "erspan": in_ip(47, b"\x10\0\x88\xbe\0\0\0\1" + bytes(8), evil_frame), "l2tp": in_ip(115, b"\0\0\0\1", evil_frame),
        "vxlan": in_udp(4789, b"\x08\0\0\0\0\0\1\0"), "geneve": in_udp(6081, b"\0\0\x65\x58\0\0\1\0"),
        "teredo": in_udp(3544, b"", evil_packet), "gtp": in_udp(2152, b"\x30\xff\0\x40\0\0\0\1", evil_packet),
        "mpls": in_ethernet(0x8847, b"\0\1\x01\x40"), "pppoe": in_ethernet(0x8864, b"\x11\0\0\1\0\x36\0\x21"),
        "macsec": in_ethernet(0x88E5, b"\0\0\0\0\0\1"), "802.1ah": in_ethernet(0x88E7, b"\0\0\0\1", evil_frame),
        "trill": in_ethernet(0x22F3, b"\0\0\0\1\0\2", evil_frame)}.items():
    row(f"NV-L06-{name}", f"inside {name}", attack, reaches=WIRE, over="4" if name != "6in4" else "46")

for name, ethertype in {"profinet": 0x8892, "goose": 0x88B8, "gse": 0x88B9, "sv": 0x88BA, "ethercat": 0x88A4, "powerlink": 0x88AB,
                        "sercos": 0x88CD, "lldp": 0x88CC, "hsr": 0x892F, "prp": 0x88FB, "ptp": 0x88F7, "eapol": 0x888E,
                        "loopback": 0x9000, "unknown": 0x1234}.items():
    row(f"NV-L07-{name}", f"frame of type {ethertype:04x}", in_ethernet(ethertype, b"", lambda client: client.evil + bytes(50)),
        reaches=WIRE, over="4")
row("NV-L07-stp", "bridge protocol data", lambda client: ethernet(client, 38, b"\x42\x42\x03" + FORBIDDEN + bytes(40),
                                                                   target="01:80:c2:00:00:00"), reaches=WIRE, over="4")


def arp(operation, sender_mac, sender_ip, target_ip, lengths=(6, 4), ethertype=0x0806):
    """ARP with FORBIDDEN nowhere in it: the row forbids what it says."""
    body = struct.pack(">HHBBH", 1, 0x0800, *lengths, operation) + mac(sender_mac) + socket.inet_aton(sender_ip) + bytes(6) + \
        socket.inet_aton(target_ip)

    def attack(client):
        ethernet(client, ethertype, body + bytes(18), source=sender_mac, target=MAC_BROADCAST)
    return {"attack": attack, "forbidden": (lambda frame: body in frame,), "reaches": WIRE, "over": "4"}


CLIENT, SERVER, CLIENT_MAC = "10.99.1.10", "10.99.2.11", "02:00:00:99:01:10"
row("NV-L08-server", "ARP: the attacker claims the server's address", **arp(2, CLIENT_MAC, SERVER, SERVER))
row("NV-L08-mac", "ARP: the client's address at another MAC address", **arp(1, MAC_OTHER, CLIENT, SERVER))
row("NV-L08-free", "ARP announcement of a strange address", **arp(1, CLIENT_MAC, "10.99.2.99", "10.99.2.99"))
row("NV-L08-length", "ARP with wrong lengths", **arp(1, CLIENT_MAC, CLIENT, SERVER, lengths=(255, 16)))
row("NV-L08-code", "ARP with an unknown operation", **arp(77, CLIENT_MAC, CLIENT, SERVER))
row("NV-L08-rarp", "reverse ARP", **arp(3, CLIENT_MAC, CLIENT, SERVER, ethertype=0x8035))


def from_mac(source=None, target=None):
    return lambda client: ethernet(client, *evil_packet(client), source=source, target=target)


OWN = {4: ("10.99.1.77", "10.99.1.78"), 6: ("fd99:1::77", "fd99:1::78")}
row("NV-L09-zero", "no source MAC address", from_mac(MAC_NONE), reaches=NONE)
row("NV-L09-group", "a group as source MAC address", from_mac(MAC_GROUP), reaches=NONE)
row("NV-L09-other", "another MAC address than the asset's", from_mac(MAC_OTHER))
row("NV-L09-broadcast", "one address in the packet, all in the frame", from_mac(None, MAC_BROADCAST), reaches=WIRE)
row("NV-L09-multicast", "one address in the packet, a group in the frame", from_mac(None, MAC_GROUP), reaches=WIRE)
row("NV-L09-own", "addresses of the attacker's own zone, to the server's MAC address", lambda client: client.rig.send(
    client.frame(client.udp(client.evil, ip={"src": OWN[client.version][0], "dst": OWN[client.version][1]}))), reaches=WIRE)
skip("NV-L10", "giant frames", "a veth takes no frame longer than its MTU")
row("NV-L11", "pause frame", lambda client: ethernet(client, 0x8808, b"\0\1\xff\xff" + FORBIDDEN + bytes(40),
                                                     target="01:80:c2:00:00:01"), reaches=NONE, over="4")
skip("NV-L12", "one flow on two queues", "a veth pair of this rig has one queue")
