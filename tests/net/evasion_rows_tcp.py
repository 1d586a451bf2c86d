# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows of TCP: opening (NV-H), sequence and overlap (NV-S), close (NV-C), urgent data (NV-URG)."""
from evasion_peers import adopt
from evasion_server import FAST_OPEN_PORT
from evasion_table import APP, NONE, WIRE, decoy, opening, plain, row, shape, skip
from evasion_wire import PORT, Client

MSS = ("MSS", 1460)


# NV-H: opening.

def opening_row(name, title, **more):
    row_more = {key: more.pop(key) for key in ("reaches", "over", "settle") if key in more}
    row("NV-H" + name, title, opening(**more), opened=False, **row_more)


def again(client, **fields):
    """Another connection of the attacker, with the same messages."""
    other = Client(client.rig, client.version, **fields)
    other.good, other.evil = client.good, client.evil
    return other


def data_in_syn(client):
    client.open(data=client.good, timeout=0.6)
    client.put(client.evil)


def fast_open(client):
    """The server takes data in a SYN."""
    client.target_port = FAST_OPEN_PORT
    client.open(data=client.evil, options=(MSS, (34, b"")), timeout=0.6)


def fast_open_data(client):
    client.target_port = FAST_OPEN_PORT
    client.send(-1, client.evil, "S", options=[MSS, (34, b"\x01\x02\x03\x04\x05\x06\x07\x08")])
    client.pump(0.05)


row("NV-H01", "data in the SYN, then other octets", data_in_syn, opened=False)
row("NV-H02", "fast open, asking for a cookie", fast_open, opened=False)
row("NV-H02-data", "fast open with data", fast_open_data, opened=False)


def two_syns(client):
    client.send(-1, b"", "S", options=[MSS])
    other = again(client, port=client.port, isn=client.isn + 5000 & 0xFFFFFFFF)
    other.send(-1, b"", "S", options=[MSS])
    client.open()
    client.send(0, client.evil)
    other.peer_isn, other.rcv_next, other.is_open = client.peer_isn, client.rcv_next, True
    other.send(0, client.evil)


row("NV-H03", "two SYNs with different numbers", two_syns, opened=False, reaches=APP, settle=0.05)


def own_syn_ack(client):
    client.send(-1, b"", "S", options=[MSS])
    client.send(-1, b"", "SA", ack=4711, options=[MSS])
    client.open()
    client.put(client.evil)


row("NV-H04", "a SYN-ACK from the client's side", own_syn_ack, opened=False)
for flags in ("", "F", "P", "U", "FPU", "FSPU", "SF", "SR", "SFRPAU", "R", "FRA", "SRA", "SFA"):
    row("NV-H06-" + (flags or "0"), f"opening with the flags {flags or 'none'}", opening(flags=flags, timeout=0.05), opened=False,
        reaches=WIRE)


def wrong_third(client):
    client.send(-1, b"", "S", options=[MSS])
    client.pump(0.3, lambda: client.peer_isn is not None)
    client.send(0, client.good, ack=client.rcv_next + 1)
    client.is_open = True
    client.put(client.evil)


row("NV-H07", "a wrong acknowledgement ends the opening, then other octets", wrong_third, opened=False)


def on_third(client, pdu):
    client.open(ack_data=pdu)


shape("NV-H08", "data on the third segment", on_third, opened=False)


def flood(client):
    """Openings that go no further, fewer than a conduit bears at one time."""
    for _ in range(150):
        client.rig.send(client.frame(client.packet(-1, b"", "S", sport=client.rig.new_port(), options=[MSS])))


row("NV-H09", "150 openings that go no further", flood, opened=False, reaches=NONE, over="4")


def port_zero(client):
    client.port = 0
    client.open(timeout=0.2)
    client.put(client.evil)


row("NV-H10", "from port 0", port_zero, opened=False, reaches=WIRE)


def server_port(client):
    client.port = PORT
    client.open()
    client.put(client.evil, 7)


row("NV-H10-502", "from the server's port", server_port, opened=False)
for name, options in {"0": (("MSS", 0),), "1": (("MSS", 1),), "8": (("MSS", 8),), "twice": (MSS, ("MSS", 8)),
                      "scale": (MSS, ("WScale", 15))}.items():
    opening_row("11-" + name, f"segment sizes and scales: {name}", options=options, timeout=0.3)
opening_row("11-window", "a SYN with window 0", window=0)

for name, option in {"mptcp": (30, b"\x01\x01" + bytes(8)), "ao": (29, b"\x01\x01" + bytes(12)), "md5": (19, bytes(16)),
                     "exp253": (253, b"\xf9\x89\x01\x02"), "exp254": (254, b"\xf9\x89\x01\x02"), "echo": (6, bytes(4)),
                     "echo-reply": (7, bytes(4)), "alt-checksum": (14, b"\x01"), "alt-data": (15, bytes(2)), "scps": (20, bytes(2)),
                     "skeeter": (16, bytes(2)), "sack": ("SAckOK", b""), "tfo-exp": (254, b"\xf9\x89"), "unknown": (99, bytes(2))}.items():
    opening_row("12-" + name, f"option in the SYN: {name}", options=(MSS, option), timeout=0.3,
                reaches=WIRE if name == "md5" else APP)
opening_row("12-timestamp", "timestamps in the SYN", options=(MSS, ("Timestamp", (1000, 0))))
opening_row("12-broken", "an option of no length in the SYN", options=((99, b""), MSS), timeout=0.3)


def reuse(close):
    """Opens, says something good, closes; then opens again at the same port, with other numbers."""
    def send(client, pdu):
        client.open()
        client.put(client.good)
        client.wait_acked(12)
        close(client)
        other = again(client, port=client.port, isn=client.isn + 70000 & 0xFFFFFFFF)
        client.rig.clients.remove(client)
        other.open(timeout=0.6)
        other.put(pdu)
    return send


def close_both(client):
    client.send(12, b"", "FA")
    client.next = 13
    client.pump(0.3, lambda: client.eof)


row("NV-H13-fin", "the same port again after a good end", lambda client: reuse(close_both)(client, client.evil), opened=False)
row("NV-H13-rst", "the same port again after a reset", lambda client: reuse(lambda c: c.send(12, b"", "R"))(client, client.evil),
    opened=False)
row("NV-H13-open", "the same port again while the connection is open", lambda client: reuse(lambda c: None)(client, client.evil),
    opened=False, reaches=WIRE)


def midstream(client):
    adopt(client, client.rig)
    client.put(client.evil)


row("NV-H14", "a connection whose opening nobody saw", midstream, opened=False)


def midstream_parts(client):
    adopt(client, client.rig)
    client.put(client.evil, 5, 9)


row("NV-H14-parts", "a connection whose opening nobody saw, in parts", midstream_parts, opened=False)
opening_row("15", "congestion bits in the SYN", flags="SEC")


def unopened(client):
    for _ in range(20):
        client.send(0, client.evil, "PA", ack=77)


row("NV-H16", "data without an opening", unopened, opened=False, reaches=WIRE)


# NV-S: sequence and overlap.

shape("NV-S00", "one plain segment", lambda client, pdu: client.put(pdu))
shape("NV-S01", "one octet a segment", lambda client, pdu: client.put(pdu, *range(1, 12)))


def backwards(*cuts):
    def send(client, pdu):
        parts = list(zip((0, *cuts), (*cuts, len(pdu))))
        for start, end in reversed(parts):
            client.send(start, pdu[start:end])
        client.next = len(pdu)
    return send


shape("NV-S02", "two parts, the second first", backwards(7))
shape("NV-S02-octets", "one octet a segment, backwards", backwards(*range(1, 12)))
shape("NV-S02-hole", "all but the first octet, then it", backwards(1))


def same_overlap(client, pdu):
    client.send(4, pdu[4:9])
    client.send(6, pdu[6:])
    client.send(0, pdu[:8])
    client.next = len(pdu)


shape("NV-S03", "overlaps with the same octets", same_overlap)


def overlaps(*parts):
    """Parts (start, end, is it good?) in this order. On Linux evil is what is left."""
    def attack(client):
        for start, end, is_good in parts:
            client.send(start, (client.good if is_good else client.evil)[start:end])
    return attack


row("NV-S04-same", "other octets for the same range", overlaps((8, 12, False), (8, 12, True), (0, 8, False)))
row("NV-S04-earlier", "other octets from an earlier start", overlaps((8, 12, True), (6, 12, False), (0, 6, False)))
row("NV-S04-cover", "other octets all around", overlaps((8, 10, True), (6, 12, False), (0, 6, False)))
row("NV-S04-later", "other octets from a later start", overlaps((6, 10, False), (8, 12, True), (0, 6, False)))
row("NV-S04-in-order", "other octets in order", overlaps((8, 12, True), (0, 12, False)))
row("NV-S04-late", "other octets after the first were read", overlaps((0, 10, False), (0, 12, True)))
row("NV-S04-past", "other octets where some were read, then the rest", overlaps((0, 9, False), (7, 9, True), (9, 12, False)))


def lost_and_changed(first_is_good, *cuts):
    """The server's host loses the first copy; the second has other octets."""
    def attack(client):
        client.rig.lose(client.port, True)
        client.put(client.good if first_is_good else client.evil)
        client.pump(0.03)
        client.rig.lose(client.port, False)
        client.next = 0
        client.put(client.evil, *cuts)
    return attack


row("NV-S05", "other octets when it is sent again", lost_and_changed(True))
row("NV-S05-parts", "other octets when it is sent again in parts", lost_and_changed(True, 4, 9))


def after_good(send):
    """Behind a good message that was acknowledged."""
    def attack(client):
        client.put(client.good)
        client.wait_acked(12)
        send(client)
    return attack


row("NV-S06", "other octets where it was acknowledged", after_good(lambda client: client.send(0, client.evil)), reaches=WIRE)
row("NV-S06-over", "from acknowledged octets into new ones", after_good(lambda client: client.send(
    4, client.evil[4:] + client.evil)), reaches=APP)
row("NV-S07", "beyond the window", lambda client: client.send(10_000_000, client.evil), reaches=WIRE)
row("NV-S07-far", "half a number space away", lambda client: client.send(0x7FFFFFF0, client.evil), reaches=WIRE)


def at_wrap(send, distance):
    def attack(client, pdu):
        client.isn = -distance & 0xFFFFFFFF
        client.open()
        send(client, pdu)
    return attack


for distance in (1, 2, 5, 9, 12):
    shape(f"NV-S08-{distance}", f"numbers wrap {distance} behind the start, the second part first", at_wrap(backwards(7), distance),
          opened=False)
    row(f"NV-S08-{distance}-overlap", f"numbers wrap {distance} behind the start, other octets in order",
        lambda client, distance=distance: at_wrap(lambda c, _: overlaps((8, 12, True), (0, 12, False))(c), distance)(client, b""),
        opened=False)


def is_garbage(frame):
    return frame.endswith(b"\xee\xee\xee\xee")


row("NV-S09", "an octet of garbage where it was acknowledged", after_good(lambda client: (
    client.send(11, b"\xee"), client.put(client.evil))))
row("NV-S09-more", "four octets of garbage where it was acknowledged", after_good(lambda client: client.send(8, b"\xee" * 4)),
    reaches=WIRE, forbidden=(is_garbage,))


def keep_alive(client, pdu):
    client.put(pdu)
    client.wait_acked(12)
    client.send(11, b"\0", "A")
    client.send(11, b"", "A")


shape("NV-S09-alive", "keep-alives", keep_alive)
skip("NV-S10", "probes of a closed window", "the server of this rig always reads; the unit tests of the engine do it")


def lost_once(client, pdu):
    client.rig.lose(client.port, True)
    client.put(pdu, 5)
    client.pump(0.03)
    client.rig.lose(client.port, False)
    client.send(0, pdu)


shape("NV-S11", "the server's host loses both parts", lost_once)
for name, flags in {"none": "", "psh": "P", "syn-ack": "SA", "syn": "S", "fin": "F", "xmas": "FPU"}.items():
    row("NV-S12-" + name, f"data with the flags {flags or 'none'}, then other octets", decoy(flags=flags))


def wrong_ack(distance):
    def attack(client):
        client.send(0, client.good, ack=client.rcv_next + distance)
        client.put(client.evil)
    return attack


for distance in (1, 100000, -100000, -10, 0x7FFFFFFF):
    row(f"NV-S13-{distance}", f"acknowledges {distance:+} octets, then other octets", wrong_ack(distance),
        reaches=APP)


def held_ack(client):
    """Acknowledges what the server will answer, before it does."""
    client.send(0, client.good, ack=client.rcv_next + 12)
    client.send(0, client.evil, ack=client.rcv_next)


row("NV-S14", "acknowledges an answer that was not given", held_ack)


def old_time(client):
    client.open(options=(MSS, ("Timestamp", (100000, 0))))
    now, client.tsval = client.tsval, 5
    client.send(0, client.good)
    client.tsval = now + 1
    client.put(client.evil)


row("NV-S15", "a timestamp of long ago, then other octets", old_time, opened=False)


def no_time(client):
    client.open(options=(MSS, ("Timestamp", (100000, 0))))
    client.tsval = None
    client.put(client.evil, 7)


row("NV-S15-none", "timestamps that stop", no_time, opened=False)
row("NV-S16", "wrong checksum, then other octets", decoy(chksum=0x1234))
row("NV-S16-zero", "checksum 0, then other octets", decoy(chksum=0))
row("NV-S17-short", "header of 16 octets, then other octets", decoy(dataofs=4))
row("NV-S17-long", "header beyond the packet, then other octets", decoy(dataofs=15))
for name, options in {"zero": [(99, b"")], "unknown": [(99, b"\0\0")], "mss": [MSS], "sack": [("SAck", (1, 2))],
                      "nop": [("NOP", None)] * 4, "timestamp": [("Timestamp", (1, 1))]}.items():
    row("NV-S18-" + name, f"option in a segment with data: {name}", plain(options=options))
row("NV-S17-option", "an option of length 0", lambda client: raw_options(client, b"\x63\x00\x00\x00"))
row("NV-S17-overrun", "an option beyond the header", lambda client: raw_options(client, b"\x01\x01\x63\x20"))


def raw_options(client, octets):
    client.put(octets + client.evil, dataofs=6)


row("NV-S19", "a signed segment, then other octets", decoy(options=[(19, bytes(16))]))
for bits in (1, 2, 4, 7):
    row(f"NV-S20-{bits}", f"reserved bits {bits:03b}", plain(reserved=bits))
row("NV-S20-ecn", "congestion bits", plain(flags="PACE"))
for window in (0, 1, 65535):
    row(f"NV-S21-{window}", f"the attacker's window is {window}", plain(window=window))


# NV-C: close.

row("NV-C01", "RST in the window at another number", lambda client: (client.send(5, b"", "R"), client.put(client.evil)))
row("NV-C01-ack", "RST and ACK in the window at another number", lambda client: (client.send(5, b"", "RA"), client.put(client.evil)))
row("NV-C02", "data after an exact RST", lambda client: (client.send(0, b"", "RA", ack=77), client.put(client.evil)), reaches=WIRE)
row("NV-C03", "RST with a wrong checksum, then data", lambda client: (client.send(0, b"", "R", chksum=1), client.put(client.evil)))
row("NV-C04", "RST beyond the window, then data", lambda client: (client.send(9_000_000, b"", "R"), client.put(client.evil)))
row("NV-C04-old", "RST before the window, then data", lambda client: (client.send(-50, b"", "R"), client.put(client.evil)))


def fin_first(client, pdu):
    client.send(12, b"", "FA")
    client.put(pdu)


shape("NV-C05", "FIN before the data", fin_first, ends=True)
row("NV-C06", "data behind the FIN", lambda client: (client.put(client.good, flags="FPA"), client.send(13, client.evil)), reaches=WIRE)
row("NV-C06-at", "data in the place of the FIN", lambda client: (client.put(client.good, flags="FPA"), client.send(12, client.evil)),
    reaches=WIRE)
shape("NV-C07", "FIN with the data", lambda client, pdu: client.put(pdu, flags="FPA"), ends=True)
row("NV-C07-parts", "FIN within a message, then the rest", lambda client: (
    client.send(0, client.evil[:7], "FPA"), client.send(7, client.evil[7:]), client.send(8, client.evil[7:])), reaches=WIRE)
row("NV-C08-fin", "FIN and RST with data", plain(flags="FRPA"), reaches=WIRE)
row("NV-C08-rst", "RST with data", plain(flags="RA"), reaches=WIRE)


def half_closed(client, pdu):
    connection = client.rig.wait_connection(client)
    if connection:
        connection.shut()
    client.pump(2, lambda: client.eof)
    client.put(pdu, 5)


row("NV-C09", "the server has nothing more to say", lambda client: half_closed(client, client.evil))
row("NV-C10", "SYN in an open connection", lambda client: (client.send(0, b"", "S"), client.put(client.evil)))
row("NV-C10-far", "SYN elsewhere in an open connection", lambda client: (client.send(5000, b"", "S"), client.put(client.evil)))
skip("NV-C11", "guessing from the side", "nobody of this rig stands at the side")
skip("NV-C12", "connections that are idle for hours", "it takes hours; the unit tests of the engine do it")


# NV-URG: Linux takes one octet out of the stream.

def urgent(pointer, size=13, taken=None):
    """Evil with an octet more, which the urgent pointer takes out again."""
    def attack(client):
        at = taken if taken is not None else max(pointer - 1, 0)
        octets = client.evil[:at] + b"\x77" + client.evil[at:]
        client.send(0, octets[:size], "PAU", urgptr=pointer)
        if size < 13:
            client.send(size, octets[size:], "PA")
    return attack


for pointer in (0, 1, 3, 8, 12, 13):
    row(f"NV-URG-{pointer}", f"urgent pointer {pointer}", urgent(pointer))
row("NV-URG-next", "urgent pointer into the next segment", urgent(8, size=6))
row("NV-URG-far", "urgent pointer 65535", lambda client: client.put(client.evil, flags="PAU", urgptr=65535))
row("NV-URG-empty", "urgent without data, then data", lambda client: (
    client.send(0, b"", "AU", urgptr=3), client.send(0, client.evil[:2] + b"\x77" + client.evil[2:])))
row("NV-URG-flag", "urgent pointer without the flag", plain(urgptr=5))
row("NV-URG-two", "two urgent octets", lambda client: (
    client.send(0, b"\x77" + client.evil[:5], "PAU", urgptr=1),
    client.send(6, b"\x77" + client.evil[5:], "PAU", urgptr=1)), reaches=APP)
