#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""nft_stations.py PENSTOCK ORACLE [--shape SHAPE] [--push PROGRAM] [--seed N] [--count N]: the kernel's memory of the stations
that connections of S7comm call.

Random plants whose rules name stations; on a few connections, whose ports come again, clients say what they should and what
they should not: another station, a second one, none, the same once more, and go on behind that. The engine is the judge: of
each message that the kernel passes it says, on a connection of its own that calls the station of the only connect request
that the server has got since it opened, whether it passes. Nothing that it refuses may pass; what honest clients ask of plants
without objects has to pass. With --push the rules are also replaced by others while connections are open.
"""
import argparse
import os
import random
import socket
import struct
import subprocess
import tempfile

import nft_rig
from nft_packets import LEFT4, LEFT6, RIGHT4, RIGHT6, Packets, checksum, plain_frame
from nft_property import ASSETS, Oracle, words

STATIONS = [["op:0.2"], ["pg:0.2"], ["0.2"], ["basic:0.2", "op:0.3"], ["0.2-0.4"], ["tsap:0x4d57", "unknown"], ["pg:0.3"]]
TSAPS = [0x0202, 0x0202, 0x0102, 0x0102, 0x0302, 0x0203, 0x0103, 0x4d57, 0x0209]
OPERATIONS = ["read", "write", "control", "identify"]
SYN, SYN_ACK, ACK, DATA, FIN, RST = 0x02, 0x12, 0x10, 0x18, 0x11, 0x04
FORMS = ["s1d", "1ds", "1d", "sd1", "d1s", "d1"]  # size, calling (1) and called (d) TSAP
OPENING_MAX = 16384


def tpkt(pdu):
    return b"\3\0" + struct.pack(">H", 4 + len(pdu)) + pdu


def connect(form, tsap, reference=1):
    parts = {"s": b"\xc0\1\x0a", "1": b"\xc1\2\1\0", "d": b"\xc2\2" + struct.pack(">H", tsap)}
    fixed = b"\xe0\0\0" + struct.pack(">H", reference) + b"\0" + b"".join(parts[part] for part in form)
    return tpkt(bytes([len(fixed)]) + fixed)


def s7(kind, parameters, data=b"", reply=b""):
    return tpkt(b"\2\xf0\x80" + struct.pack(">BBHHHH", 0x32, kind, 0, 7, len(parameters), len(data)) + reply + parameters + data)


CONFIRM = tpkt(bytes.fromhex("06d00001000200"))
SETUP = s7(1, bytes.fromhex("f0000001000101e0"))
SETUP_REPLY = s7(3, bytes.fromhex("f0000001000100f0"), reply=b"\0\0")
MESSAGES = {
    "read": s7(1, bytes.fromhex("0401120a10020004000a84000020")),
    "write": s7(1, bytes.fromhex("0501120a10020004000a84000020"), bytes.fromhex("0004002001020304")),
    "stop": s7(1, bytes.fromhex("29000000000009") + b"P_PROGRAM"),
    "szl": s7(7, bytes.fromhex("0001120411440100"), bytes.fromhex("ff09000401320004")),
    "blocks": s7(7, bytes.fromhex("0001120411430100"), bytes.fromhex("0a000000")),
    "setup": SETUP,
}


def plant_text(rules, clients="10.0.1.0/24", mode="enforce"):
    assets = [", ".join(f'{{ name = "{name}"; addresses = {words([a for a in (v4, v6) if a])}; }}' for name, v4, v6 in ASSETS[side])
              for side in ("left", "right")]
    return ('schema = 1; revision = 1; zones = ('
            f'{{ name = "left"; kind = "control"; networks = {words([clients, "fd00:1::/64"])}; assets = ( {assets[0]} ); }},'
            f'{{ name = "right"; kind = "control"; networks = ["10.0.2.0/24", "fd00:2::/64"]; assets = ( {assets[1]} ); }} );\n'
            f'conduits = ( {{ name = "forth"; from = "left"; to = "right"; on_deny = "drop"; mode = "{mode}"; allow = (\n  '
            + ",\n  ".join(rules) + ' ); } );\ngateways = ( { name = "gw"; ports = ( { name = "plant"; zones = ["left"]; },'
            ' { name = "field"; zones = ["right"]; } ); } );\n')


def rule(name, operations, stations=None, more=""):
    return (f'{{ name = "{name}"; protocol = "s7comm"; operations = {words(operations)};'
            + (f" stations = {words(stations)};" if stations else "") + more + " }")


def some_rules(rng, objects):
    rules = []
    for n in range(rng.randint(2, 5)):
        more = ' clients = ["hmi"];' if rng.random() < 0.3 else ""
        more += ' servers = ["plc"];' if rng.random() < 0.3 else ""
        more += ' objects = ["db10:0-99"];' if objects and rng.random() < 0.4 else ""
        operations = ["read", "write"] if "objects" in more else rng.sample(OPERATIONS, rng.randint(1, 2))
        rules.append(rule(f"r{n}", operations, None if n and rng.random() < 0.3 else rng.choice(STATIONS), more))
    rules.append('{ name = "web"; protocol = "tcp"; ports = [80]; }')
    return rules


class Connection:
    """One pair of ports, over all the times that it is used."""

    def __init__(self, client, server, port):
        self.client, self.server, self.ports = client, server, struct.pack(">HH", port, 102)
        self.ours, self.theirs = 0, 0
        self.calls, self.request = None, None  # the first request that the server has got since it opened; with its number
        self.opened, self.honest = False, False

    def segment(self, flags, payload=b"", reply=False, seq=None):
        ports = self.ports[2:] + self.ports[:2] if reply else self.ports
        numbers = (self.theirs, self.ours) if reply else (self.ours if seq is None else seq, self.theirs)
        if flags in (SYN, RST):
            numbers = numbers[0], 0
        head = ports + struct.pack(">IIBBHHH", *numbers, 0x50, flags, 8000, 0, 0)
        return plain_frame(self.server if reply else self.client, self.client if reply else self.server, head + payload)


def numbered(frame, number):
    """In the IPv4 identification or the IPv6 flow label."""
    if frame[12:14] == b"\x08\0":
        head = frame[14:18] + struct.pack(">H", number) + frame[20:24] + b"\0\0" + frame[26:34]
        return frame[:14] + head[:10] + struct.pack(">H", checksum(head)) + head[12:] + frame[34:]
    return frame[:14] + struct.pack(">I", 0x60000000 | number) + frame[18:]


class Judge:
    """What the engine says on a connection of its own."""

    def __init__(self, program, plant):
        self.oracle, self.port, self.known = Oracle(program, plant), 1024, {}

    def passes(self, connection, request, message):
        """request: what opens it; None: nothing was said on it. message None: the request itself."""
        key = (connection.client, connection.server, request, message)
        if key not in self.known:
            self.known[key] = self.ask(*key)
        return self.known[key]

    def ask(self, client, server, request, message):
        self.port += 1
        c = Connection(client, server, self.port)
        c.ours, c.theirs = 1000, 5000
        frames = [(0, c.segment(SYN, seq=999))]
        c.theirs -= 1
        frames.append((1, c.segment(SYN_ACK, reply=True)))
        c.theirs += 1
        said = [(0, request), (1, CONFIRM), (0, SETUP), (1, SETUP_REPLY), (0, message)]
        if message is None:
            said = said[:1]
        elif request is None:
            frames, said = [], said[-1:]
        elif message == SETUP:
            said = said[:3]
        for side, payload in said:
            frames.append((side, c.segment(DATA, payload, side == 1)))
            if side:
                c.theirs += len(payload)
            else:
                c.ours += len(payload)
        return self.oracle.ask(frames)[-1][0] == "pass"


class Talk:
    """What is sent in a plant, and what came of it."""

    def __init__(self, rng, wire, judge, plain):
        self.rng, self.wire, self.judge, self.plain = rng, wire, judge, plain
        self.packets, self.counts, self.faults = [], {}, []
        self.known = [Connection(client, server, port) for client, server in
                      ((LEFT4[0], RIGHT4[0]), (LEFT4[1], RIGHT4[1]), (LEFT6[0], RIGHT6[0])) for port in (20001, 20002)]

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def put(self, connection, side, frame, then):
        self.packets.append((connection, side, numbered(frame, len(self.packets) + 1), then))

    # ---- what is sent; each with what is to be found when it has passed, or not

    def open(self, c, whole=True):
        rng = self.rng
        c.ours, c.theirs = rng.randrange(1, 1 << 31), rng.randrange(1, 1 << 31)
        if rng.random() < 0.5:
            self.put(c, 0, c.segment(RST), lambda passed: None)
        self.put(c, 0, c.segment(SYN), lambda passed: None)
        c.ours += 1
        if not whole:
            return
        self.put(c, 1, c.segment(SYN_ACK, reply=True), lambda passed: passed and self.opened(c))
        c.theirs += 1
        self.put(c, 0, c.segment(ACK), lambda passed: None)

    @staticmethod
    def opened(c):
        c.calls, c.request, c.opened, c.honest = None, None, True, True

    def call(self, c, payload, seq=None, form=True):
        seq = c.ours if seq is None else seq
        self.put(c, 0, c.segment(DATA, payload, seq=seq), lambda passed: self.called(c, seq, payload, passed, form))
        c.last = (seq, payload)
        c.ours = seq + len(payload)

    def called(self, c, seq, payload, passed, form):
        again = c.request == (seq, payload)
        granted = self.judge.passes(c, payload, None)
        first = c.opened and c.calls is None
        self.count(("again " if again else "first " if first else "more ") + ("passed" if passed else "refused"))
        if passed and not again and not first and any(
                self.judge.passes(c, c.calls or connect("s1d", 0x0999), said) != self.judge.passes(c, payload, said)
                for said in MESSAGES.values()):
            self.faults.append(f"a connect request on a connection that has another, or was not opened: {payload.hex()}")
        if passed and not granted:
            self.faults.append(f"a connect request that the engine refuses: {payload.hex()}")
        if not passed and granted and first and c.honest and form:
            self.faults.append(f"the kernel refuses a connect request that the engine passes: {payload.hex()}")
        if passed and first:
            c.calls, c.request = payload, (seq, payload)
        c.honest = c.honest and (passed or again)
        c.opened = c.opened and passed  # what is said first is the only thing

    def say(self, c, name):
        payload = MESSAGES[name]
        self.put(c, 0, c.segment(DATA, payload), lambda passed: self.said(c, name, passed))
        c.ours += len(payload)

    def said(self, c, name, passed):
        granted = self.judge.passes(c, c.calls, MESSAGES[name])
        self.count(f"{name} {'passed' if passed else 'refused'}")
        if passed and not granted:
            self.faults.append(f"the kernel passes {name}, which the engine refuses of {c.calls and c.calls.hex()}")
        if not passed and granted and c.calls and c.honest and self.plain:
            self.faults.append(f"the kernel refuses {name}, which the engine passes of {c.calls.hex()}")
        c.opened = c.opened and c.calls is not None

    def noise(self, c, payload):
        def then(_):
            c.opened = c.opened and c.calls is not None
        self.put(c, 0, c.segment(DATA, payload), then)

    def some(self, n):
        rng = self.rng
        while len(self.packets) < n:
            c = rng.choice(self.known)
            self.open(c, rng.random() < 0.9)
            if rng.random() < 0.15:
                self.noise(c, rng.choice([b"GET / HTTP/1.0\r\n\r\n", connect("s1d", 0x0202)[:9], tpkt(b"\2\xf0\0")]))
            if rng.random() < 0.05:
                self.call(c, connect("d", rng.choice(TSAPS)), form=False)
            if rng.random() < 0.9:
                self.call(c, connect(rng.choice(FORMS[:2] + FORMS), rng.choice(TSAPS)))
            if rng.random() < 0.15:
                self.call(c, connect("1ds", rng.choice(TSAPS)))
            for _ in range(rng.randint(0, 4)):
                self.say(c, rng.choice(list(MESSAGES)))
                if rng.random() < 0.1:
                    self.put(c, 0, c.segment(ACK), lambda passed: None)
            if rng.random() < 0.4:
                self.more(c)

    def more(self, c):
        rng = self.rng
        seq, payload = getattr(c, "last", (c.ours, connect("s1d", 0x0202)))
        how = rng.randrange(4)
        if how == 0:
            self.call(c, payload, seq)
        elif how == 1:
            self.call(c, connect("s1d", rng.choice(TSAPS)), seq)  # other octets in the same place
        elif how == 2:
            self.call(c, connect("1ds", rng.choice(TSAPS)))
        else:
            self.noise(c, connect("1ds", rng.choice(TSAPS)) + MESSAGES["stop"])
        for name in rng.sample(list(MESSAGES), 3):
            self.say(c, name)

    def go(self):
        passed = set()
        self.wire.drain()
        for at in range(0, len(self.packets), 100):
            for _, side, frame, _ in self.packets[at:at + 100]:
                self.wire.send(side, frame)
            for side, frame, _ in self.wire.drain():
                number = Packets.number_of(frame)
                if 0 < number <= len(self.packets) and side != self.packets[number - 1][1]:
                    passed.add(number)
        for number, (_, _, _, then) in enumerate(self.packets, 1):
            then(number in passed)


def load(options, folder, name, text, push=False):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    if push:
        nft_rig.run(options.push, path, options.shape)
        return path
    done = subprocess.run([options.penstock, "nft", path, "--shape", options.shape], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{done.stderr}\n{text}")
    nft_rig.load(done.stdout)
    return path


def forget(options):
    if options.shape == "routed":
        nft_rig.forget_connections()


def try_plant(options, rng, wire, folder, counts):
    plain = rng.random() < 0.6
    text = plant_text(some_rules(rng, not plain))
    forget(options)
    path = load(options, folder, "plant.conf", text, options.push and rng.random() < 0.5)
    judge = Judge(options.oracle, path)
    talk = Talk(rng, wire, judge, plain)
    talk.some(options.packets)
    talk.go()
    judge.oracle.close()
    for what, n in talk.counts.items():
        counts[what] = counts.get(what, 0) + n
    return [f"{fault}\n{text}" for fault in talk.faults]


class Line:
    """One connection, a segment at a time."""

    def __init__(self, wire, port=30000):
        self.wire, self.c, self.n = wire, Connection(LEFT4[0], RIGHT4[0], port), 0

    def send(self, side, frame):
        self.n += 1
        self.wire.send(side, numbered(frame, self.n))
        return any(Packets.number_of(frame) == self.n and at != side for at, frame, _ in self.wire.drain())

    def open(self, tsap):
        self.c.ours, self.c.theirs = self.c.ours + 100000, self.c.theirs + 100000
        assert self.send(0, self.c.segment(SYN))
        self.c.ours += 1
        assert self.send(1, self.c.segment(SYN_ACK, reply=True))
        self.c.theirs += 1
        return self.say(connect("s1d", tsap))

    def say(self, payload):
        passed = self.send(0, self.c.segment(DATA, payload))
        self.c.ours += len(payload) if passed else 0
        return passed


def test_full(options, wire, folder):
    """Where there is no room to remember, connections are refused."""
    load(options, folder, "full.conf", plant_text([rule("r", ["read"], ["op:0.2"])]))
    forget(options)
    line = Line(wire)
    assert line.open(0x0202) and line.say(MESSAGES["read"])
    c = Connection(LEFT4[0], RIGHT4[0], 0)
    for port in range(40000, 40000 + OPENING_MAX):
        c.ports = struct.pack(">HH", port, 102)
        wire.send(1, c.segment(SYN_ACK, reply=True))
        if port % 500 == 0:
            wire.drain()
    wire.drain()
    assert line.say(MESSAGES["read"]), "what is remembered stays"
    assert not Line(wire, 31000).open(0x0202), "no room"


def test_reload(options, wire, folder):
    """Rules take the place of others while a connection is open."""
    op, pg = rule("r", ["read"], ["op:0.2"]), rule("r", ["read"], ["pg:0.2"])
    more = rule("s", ["read"], ["basic:0.2"])
    load(options, folder, "a.conf", plant_text([op]), True)
    forget(options)
    line, read = Line(wire), MESSAGES["read"]

    def now(expected, why, *rules, **how):
        load(options, folder, "b.conf", plant_text(rules, **how), True)
        assert line.say(read) == expected, why

    assert line.open(0x0202) and line.say(read)
    now(True, "the same again", op)
    now(True, "a rule more", op, more)
    now(False, "another station", pg)
    now(False, "and back: it is not known any more", op)
    assert line.open(0x0202) and line.say(read)
    now(True, "in monitor mode everything passes", op, mode="monitor")
    now(False, "nobody has looked at it in the meantime", op)
    assert line.open(0x0202) and line.say(read)
    now(False, "the zone has other addresses", op, clients="10.0.1.0/25")
    assert line.open(0x0202) and line.say(read)
    now(True, "any station", rule("r", ["read"]), more)
    now(False, "no set of its station was there", op, more)
    assert not line.open(0x0102) and not line.say(read), "a port that comes again has to call its station again"


def test():
    parser = argparse.ArgumentParser()
    parser.add_argument("penstock")
    parser.add_argument("oracle")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--packets", type=int, default=400)
    parser.add_argument("--push", help="the program that puts the ruleset into the kernel without its text")
    parser.add_argument("--shape", choices=["bump", "routed", "bridge"], default="bump")
    options = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # so that packets of both sides go in the order they are sent
    nft_rig.enter()
    nft_rig.links()
    if options.shape == "bridge":
        nft_rig.bridge()
    if options.shape == "routed":
        nft_rig.route((("10.0.1.1/24", "fd00:1::1/64"), ("10.0.2.1/24", "fd00:2::1/64")), (LEFT4 + LEFT6, RIGHT4 + RIGHT6))
    wire, counts = nft_rig.Wire(), {}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(options.seed, options.seed + options.count):
            faults = try_plant(options, random.Random(seed), wire, folder, counts)
            if faults:
                print(f"seed {seed}: {len(faults)} faults; the first:\n{faults[0]}")
                return 1
        if options.shape != "routed":  # connection tracking takes no SYN and ACK that nobody has asked for
            test_full(options, wire, folder)
        if options.push:
            test_reload(options, wire, folder)
    print(f"{options.count} plants: " + ", ".join(f"{what} {n}" for what, n in sorted(counts.items())))
    wanted = [f"{what} {how}" for what in list(MESSAGES) + ["first"] for how in ("passed", "refused")] + ["again passed", "more refused"]
    missing = [what for what in wanted if not counts.get(what)]
    if missing:
        print(f"never seen: {', '.join(missing)}")
    return 1 if missing else 0


if __name__ == "__main__":
    socket.setdefaulttimeout(30)
    nft_rig.main(test)
