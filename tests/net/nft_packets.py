# SPDX-License-Identifier: GPL-2.0-or-later
"""Random packets for nft_property.py: mostly what honest devices send, each a little wrong now and then."""
import ipaddress
import struct

LEFT4, RIGHT4 = ["10.0.1.10", "10.0.1.20", "10.0.1.77"], ["10.0.2.10", "10.0.2.20", "10.0.2.77"]
LEFT6, RIGHT6 = ["fd00:1::10", "fd00:1::99"], ["fd00:2::10", "fd00:2::99"]
MACS = {"10.0.1.10": "020000000110", "fd00:1::10": "020000000110"}
WORDS = [0, 1, 5, 8, 99, 100, 120, 200, 300, 65500, 65535]
ASKING = [0, 8, 13, 128, 129]  # of ICMP: what is tracked, and echo's replies
SMALL = [1, 1, 1, 2, 3, 8, 9, 21, 36, 125, 126, 2000, 2001]


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def dnp3_crc(data):
    crc = 0
    for octet in data:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ (0xa6bc if crc & 1 else 0)
    return struct.pack("<H", ~crc & 0xffff)


class Packet:
    def __init__(self, number, side, frame, **facts):
        self.number, self.side, self.frame, self.facts = number, side, frame, facts
        self.before = []  # (side, frame): what opens its connection, where somebody tracks those

    def __str__(self):
        return f"side {self.side} {self.facts} {self.frame.hex()}"

    def excuses(self, kind, reason, shape):
        """May the kernel pass it although the engine does not? What servers say is not seen, nor what follows the function
        of a protocol that is told by octets, nor whether a datagram's length fields agree."""
        facts = self.facts
        if reason in ("bad-length", "tcp-options") and kind == "plain":
            return True
        if shape == "routed" and reason == "mac-binding":
            return True  # a MAC says who the last router was
        if reason == "midstream" and facts.get("both", False):
            return True  # both ends at one port: asked for under another tag
        if kind == "inspected" and (facts["reply"] or facts.get("both", False)):
            return True
        if kind == "inspected" and facts["payload"] in ("dnp3", "s7comm"):
            return reason.startswith(("dnp3-", "s7-")) or reason in ("truncated", "surplus", "no-facts")
        return False

    def is_only_refused(self, shape):
        """Things that the kernel refuses although the engine may not: two tags, clients at the port of a service, errors about
        other flows, and what stays on one side. A router takes no tags, and connection tracking knows no other ICMP than what
        asks for something."""
        inside = self.facts["ends"] in ("10.0.1. 10.0.1.", "10.0.2. 10.0.2.", "fd00:1: fd00:1:", "fd00:2: fd00:2:")
        error = self.facts.get("icmp", 8) in (3, 1)
        routed = shape == "routed" and (self.facts["tags"] > 0 or self.facts.get("icmp", 8) not in ASKING)
        return self.facts["tags"] > 1 or self.facts.get("both", False) or inside or error or routed

    def is_exact(self, shape):
        return self.facts.get("exact", False) and not self.is_only_refused(shape)


def plain_frame(source, target, segment):
    """A segment without its checksum, as a frame with number 0."""
    packed = ipaddress.ip_address(source).packed + ipaddress.ip_address(target).packed
    total = checksum(Packets.pseudo(source, target, 6, len(segment)) + segment)
    segment = segment[:16] + struct.pack(">H", total) + segment[18:]
    if ":" in source:
        packet = struct.pack(">IHBB", 0x60000000, len(segment), 6, 64) + packed + segment
    else:
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0x4000, 64, 6, 0) + packed
        packet = head[:10] + struct.pack(">H", checksum(head)) + head[12:] + segment
    mac = MACS.get(source, "0200000000aa")
    return bytes.fromhex("0200000000ff" + mac) + (b"\x86\xdd" if ":" in source else b"\x08\0") + packet


def opening(side, source, target, segment, reply):
    """What comes before a segment of a connection: its SYN, SYN-ACK and ACK, with numbers that it goes on with."""
    ports, flags = segment[:4], segment[13] & 0x17
    if flags == 0x02:
        return []
    ours, theirs = struct.unpack(">II", segment[4:12])
    theirs = theirs or 2000
    ends = [(side, source, target, ports, ours), (1 - side, target, source, ports[2:] + ports[:2], theirs)]
    if reply or flags == 0x12:
        ends.reverse()
    frames = []
    for n, flag in enumerate((0x02, 0x12, 0x10)[:1 if flags == 0x12 else 3]):
        where, sender, receiver, numbers, seq = ends[n % 2]
        ack = 0 if n == 0 else ends[1 - n % 2][4]
        seq -= flag != 0x10  # what opens takes a number
        frames.append((where, plain_frame(sender, receiver, numbers + struct.pack(">IIBBHHH", seq, ack, 0x50, flag, 1000, 0, 0))))
    return frames


class Packets:
    """Numbers are in the IPv4 identification or the IPv6 flow label: they come out as they went in."""

    def __init__(self, rng, plant):
        self.rng, self.n = rng, 1  # 0 is what resets of the kernel's own have
        self.asked, self.answer = [], None  # requests that may be answered, and the one that is
        self.back = 'from = "right"' in plant.text
        self.plant = plant.text
        self.known = plant.ports * 20 + [("tcp", 502), ("udp", 502), ("udp", 7), ("tcp", 1234), ("icmp", 0)]

    @staticmethod
    def number_of(frame):
        at = 12
        while frame[at:at + 2] in (b"\x81\0", b"\x88\xa8"):
            at += 4
        at += 2
        if frame[at] >> 4 == 4:
            return struct.unpack(">H", frame[at + 4:at + 6])[0]
        return struct.unpack(">I", frame[at:at + 4])[0] & 0xfffff

    def some(self, n):
        return [self.one() for _ in range(n)]

    def one(self):
        rng = self.rng
        side = 0 if rng.random() < (0.6 if self.back else 0.9) else 1
        six = rng.random() < 0.25
        ours, theirs = (LEFT6, RIGHT6) if six else (LEFT4, RIGHT4)
        if side:
            ours, theirs = theirs, ours
        source, target = (rng.choice(ours[:1] * 6 + ours), rng.choice(theirs[:1] * 6 + theirs))
        if rng.random() < 0.02:
            source = rng.choice(theirs)
        proto, self.server = rng.choice(self.known)
        facts = {"proto": proto, "six": six, "reply": False, "payload": ""}
        if self.asked and rng.random() < 0.15:
            side, source, target, proto, self.answer, tags = self.asked.pop()
            facts.update(proto=proto, six=":" in source)
            six, facts["vids"] = facts["six"], tags
        facts["ends"] = f"{source[:7]} {target[:7]}"
        transport = getattr(self, proto)(facts, source, target)
        packet = self.six(source, target, proto, transport) if six else self.four(source, target, proto, transport)
        frame = self.link(facts, source, packet, six)
        if proto != "tcp" and self.answer is None and not facts.get("bad") and rng.random() < 0.5:
            self.asked.append((1 - side, target, source, proto, transport[:8], facts["vids"]))
        self.answer = None
        self.n += 1
        made = Packet(self.n - 1, side, frame, **facts)
        if proto == "tcp":
            made.before = opening(side, source, target, transport, facts["reply"])
        return made

    # ---- link and network

    def link(self, facts, source, packet, six):
        rng = self.rng
        mac = MACS.get(source, "0200000000aa") if rng.random() < 0.97 else "020000000bad"
        tags = rng.choices([0, 1, 2], [85, 14, 1])[0]
        vids = b"".join(b"\x81\0" + struct.pack(">H", rng.choice([0, 20, 20, 30])) for _ in range(tags))
        vids = facts.setdefault("vids", vids)
        facts["tags"] = len(vids) // 4
        frame = bytes.fromhex("0200000000ff" + mac) + vids + (b"\x86\xdd" if six else b"\x08\0") + packet
        return frame + b"\xff" * max(0, 60 - len(frame))  # padding that is not zero

    def four(self, source, target, proto, transport):
        rng = self.rng
        number = {"tcp": 6, "udp": 17, "icmp": 1}[proto]
        fragment = rng.choices([0x4000, 0, 0x2000, 0x00b9, 0x8000], [50, 50, 1, 1, 1])[0]
        options = b"\x01\x01\x01\x00" if rng.random() < 0.01 else b""
        ttl = 0 if rng.random() < 0.005 else 64
        head = struct.pack(">BBHHHBBH", 0x45 + len(options) // 4, 0, 20 + len(options) + len(transport), self.n, fragment, ttl,
                           number, 0)
        head += ipaddress.ip_address(source).packed + ipaddress.ip_address(target).packed + options
        return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + transport

    def six(self, source, target, proto, transport):
        number = {"tcp": 6, "udp": 17, "icmp": 58}[proto]
        return (struct.pack(">IHBB", 0x60000000 | self.n, len(transport), number, 64) + ipaddress.ip_address(source).packed
                + ipaddress.ip_address(target).packed + transport)

    @staticmethod
    def pseudo(source, target, number, length):
        packed = ipaddress.ip_address(source).packed + ipaddress.ip_address(target).packed
        return packed + (struct.pack(">BBH", 0, number, length) if len(packed) == 8 else struct.pack(">IHBB", length, 0, 0, number))

    # ---- transport

    def ports(self, facts, servers):
        rng = self.rng
        client, server = 20000 + self.n, rng.choice(servers)
        if rng.random() < 0.03:
            client = rng.choice(servers)
            facts["both"] = True
        facts["reply"] = rng.random() < 0.15
        return (server, client) if facts["reply"] else (client, server)

    def tcp(self, facts, source, target):
        rng = self.rng
        server = self.server
        sport, dport = self.ports(facts, [server])
        payload = b"" if rng.random() < 0.15 else self.payload(facts, server)
        flags = rng.choices([0x18, 0x10, 0x02, 0x12, 0x11, 0x19, 0x04, 0x14, 0x38, rng.randrange(64)],
                            [70, 10, 5, 3, 3, 3, 2, 2, 1, 2])[0]
        if flags != 0x18:
            facts["exact"] = False
        if flags & 2 and rng.random() < 0.8:
            payload = b""
        options = rng.choices([b"", b"\1\1\x08\x0a" + b"\0" * 8, b"\x02\x04\x05\xb4", b"\1\1\1\0"], [6, 4, 1, 1])[0]
        if len(options) == 4:
            facts["exact"] = False
        if not payload and len(options) in (0, 12) and flags in (0x02, 0x10, 0x11, 0x18):
            facts["exact"] = True  # padded on the wire: still no payload
        if facts["reply"]:
            facts["exact"] = False
        head = struct.pack(">HHIIBBHHH", sport, dport, 1000, 2000 if flags & 0x10 else 0, (20 + len(options)) << 2, flags, 1000,
                           0, 0) + options
        segment = head + payload
        total = checksum(self.pseudo(source, target, 6, len(segment)) + segment)
        return segment[:16] + struct.pack(">H", total) + segment[18:]

    def udp(self, facts, source, target):
        server = self.server
        sport, dport = self.ports(facts, [server])
        if self.answer:
            dport, sport = struct.unpack(">HH", self.answer[:4])
            facts["reply"] = True
        payload = self.payload(facts, server) if server != 123 else b"\x1b" + b"\0" * 47
        facts["exact"] = facts.get("exact", False) and not facts["reply"]
        length = 8 + len(payload)
        facts["bad"] = self.rng.random() < 0.02
        head = struct.pack(">HHHH", sport, dport, length + facts["bad"], 0)
        total = checksum(self.pseudo(source, target, 17, length) + head + payload) or 0xffff
        return head[:6] + struct.pack(">H", total) + payload

    def icmp(self, facts, source, target):
        six = ":" in source
        kind = self.rng.choice([128, 129, 1, 135] if six else [8, 8, 0, 13, 14, 3, 5])
        number = self.n
        if self.answer:
            kind, number = (129 if six else 0), struct.unpack(">H", self.answer[4:6])[0]
        message = struct.pack(">BBHHH", kind, self.rng.random() < 0.05, 0, number, 1) + b"12345678"
        total = checksum((self.pseudo(source, target, 58, len(message)) if six else b"") + message)
        facts["icmp"] = kind
        return message[:2] + struct.pack(">H", total) + message[4:]

    # ---- payload

    def payload(self, facts, server):
        if server == 502:
            return self.modbus(facts)
        if server == 20000:
            facts["payload"] = "dnp3"
            return self.dnp3()
        if server == 102:
            facts["payload"] = "s7comm"
            return self.s7comm()
        return bytes(self.rng.randrange(256) for _ in range(self.rng.randint(1, 40)))

    def modbus(self, facts):
        rng = self.rng
        facts["payload"] = "modbus"
        function, body, exact = self.body()
        pdu = bytes([function]) + body
        facts["function"] = function
        length = len(pdu) + 1
        if rng.random() < 0.05:
            length, exact = max(0, length + rng.choice([-1, 1, 256])), False
        protocol = 0 if rng.random() < 0.97 else 1
        adu = struct.pack(">HHHB", self.n & 0xffff, protocol, length, rng.choice([0, 1, 1, 1, 2, 7, 9, 255])) + pdu
        spoil = rng.random()
        if spoil < 0.04:
            adu, exact = adu + adu, False  # two in a segment
        elif spoil < 0.08:
            adu, exact = adu[:rng.randrange(1, len(adu))], False  # a part of one
        elif spoil < 0.12:
            at = rng.randrange(len(adu))
            adu, exact = adu[:at] + bytes([rng.randrange(256)]) + adu[at + 1:], False
        facts["exact"] = exact
        return adu

    def body(self):
        """Function, body, and whether the kernel compares such requests exactly."""
        rng = self.rng
        function = rng.choice([1, 1, 2, 3, 3, 3, 4, 5, 5, 6, 6, 7, 8, 11, 15, 15, 16, 16, 16, 17, 20, 22, 23, 24, 43, 65, 90])
        address, n = rng.choice(WORDS[:6] * 2 + WORDS), rng.choice(SMALL)
        if function <= 4:
            return function, struct.pack(">HH", address, n), n <= 256
        if function == 5:
            return function, struct.pack(">HH", address, rng.choice([0, 0xff00, 1])), True
        if function == 6:
            return function, struct.pack(">HH", address, rng.choice(WORDS)), True
        if function == 8:
            return function, struct.pack(">HH", rng.choice([0, 1, 2, 3, 4, 10, 21]), rng.choice([0, 0xff00, 0x4100, 7])), True
        if function == 15:
            n = rng.choice([1, 2, 7, 8, 9, 20])
            octets = bytes(rng.choice([0, 1, 0xff, (1 << min(n, 8)) - 1]) for _ in range((n + 7) // 8))
            return function, struct.pack(">HHB", address, n, len(octets)) + octets, n <= 8
        if function == 16:
            n = rng.choice([1, 1, 2, 3, 8, 9, 123])
            values = [rng.choice(WORDS) for _ in range(n)]
            count = 2 * n + (rng.random() < 0.05)
            return function, struct.pack(f">HHB{n}H", address, n, count, *values), n <= 8
        if function == 22:
            return function, struct.pack(">HHH", address, 0xf0f0, 0x0101), "values =" not in self.plant
        if function == 23:
            return function, struct.pack(">HHHHBH", address, n, rng.choice(WORDS), 1, 2, 5), False
        if function == 24:
            return function, struct.pack(">H", address), True
        if function == 43:
            return function, bytes([rng.choice([13, 14]), rng.choice([0, 1, 4, 5]), 0]), False
        if function == 65:
            return function, bytes(rng.randint(0, 20)), True
        return function, b"" if function in (7, 11, 17) else bytes([7, 6, 0, 4, 0, 0, 0, 1]), function in (7, 11, 17)

    def dnp3(self):
        rng = self.rng
        master, outstation = rng.choice([3, 3, 4]), rng.choice([17, 17, 18, 0xfffd])
        function, objects = rng.choice([(1, "3c0206"), (1, "3c02063c03063c0406"), (1, "1e0206"), (1, "46050700"), (0, ""), (13, ""),
                                        (2, "3201070100112233445566"), (20, "3c0206"), (23, ""), (3, "0c0100"), (1, "780106")])
        user = bytes([0xc0 | rng.randrange(64), rng.choice([0xc0, 0xc5, 0xd0, 0xe0, 0x40]), function]) + bytes.fromhex(objects)
        control = rng.choice([0xc4, 0xc4, 0xc4, 0xe4, 0x44, 0xd3])
        if rng.random() < 0.1:
            user, control = b"", rng.choice([0xc0, 0xc9, 0xd2])
        head = struct.pack("<HBBHH", 0x6405, 5 + len(user), control, outstation, master)
        frame = head + dnp3_crc(head)
        for at in range(0, len(user), 16):
            frame += user[at:at + 16] + dnp3_crc(user[at:at + 16])
        return frame + (frame if rng.random() < 0.05 else b"")

    def s7comm(self):
        rng = self.rng
        item = bytes.fromhex("120a10020004000a84000020")
        parameters = rng.choice([bytes([4, 1]) + item, bytes([5, 1]) + item, bytes.fromhex("f0000001000101e0"),
                                 bytes.fromhex("29000000000009") + b"P_PROGRAM", bytes.fromhex("28000000000000fd000009") + b"P_PROGRAM"])
        data = bytes.fromhex("0004002001020304") if parameters[0] == 5 else b""
        kind = 1 if rng.random() < 0.9 else 3
        pdu = struct.pack(">BBHHHH", 0x32, kind, 0, self.n, len(parameters), len(data)) + parameters + data
        if rng.random() < 0.1:
            parameters = bytes.fromhex("000112041144") + bytes([1, 0])
            pdu = struct.pack(">BBHHHH", 0x32, 7, 0, self.n, 8, 8) + parameters + bytes.fromhex("ff09000401320004")
        tpkt = b"\3\0" + struct.pack(">H", 7 + len(pdu)) + b"\2\xf0\x80" + pdu
        if rng.random() < 0.1:
            tpkt = bytes.fromhex("0300001611e00000000100c1020100c2020102c0010a")
        return tpkt


