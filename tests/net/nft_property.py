#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""nft_property.py PENSTOCK ORACLE [--shape SHAPE] [--push PROGRAM] [--seed N] [--count N] [--packets N]: the property that
makes the kernel's ruleset a fallback.

Random plants, random packets, each through a real namespace. Whatever the kernel passes from a client to a server, the engine
passes; where no rule asks for inspection the two agree; and of Modbus requests that `check --fallback` calls exact the kernel
passes what the engine passes. Where the kernel routes, connections of TCP are opened first, and their numbers are not looked
at. With --push the ruleset is also put into the kernel by that program, and has to pass the same
packets as its text does. By hand, for longer: --seed 7 --count 100.
"""
import argparse
import os
import random
import socket
import struct
import subprocess
import tempfile

import nft_rig
from nft_packets import LEFT4, LEFT6, RIGHT4, RIGHT6, Packets

ASSETS = {"left": [("hmi", "10.0.1.10", "fd00:1::10"), ("eng", "10.0.1.20", None)],
          "right": [("plc", "10.0.2.10", "fd00:2::10"), ("rtu", "10.0.2.20", None)]}
SPACES = ["coil", "discrete", "input", "holding"]
FUNCTIONS = ["read-coils", "read-holding-registers", "read-input-registers", "write-single-coil", "write-single-register",
             "write-multiple-coils", "write-multiple-registers", "mask-write-register", "read-write-multiple-registers",
             "read-fifo-queue", "return-query-data", "restart-communications", "read-device-identification",
             "report-server-id", "function-65"]


def words(values):
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"


class Plant:
    """A random plant file of two zones."""

    def __init__(self, rng):
        self.rng, self.ports = rng, []  # ports: (protocol, number) that rules are about
        vlans = " vlans = [20];" if rng.random() < 0.3 else ""
        mac = ' mac = "02:00:00:00:01:10";' if rng.random() < 0.3 else ""
        zones = []
        for side, net, net6 in (("left", "10.0.1.0/24", "fd00:1::/64"), ("right", "10.0.2.0/24", "fd00:2::/64")):
            assets = ", ".join(
                f'{{ name = "{name}"; addresses = {words([a for a in (v4, v6) if a])};{mac if name == "hmi" else ""} }}'
                for name, v4, v6 in ASSETS[side])
            zones.append(f'{{ name = "{side}"; kind = "control"; networks = {words([net, net6])};'
                         f'{vlans if side == "right" else ""} assets = ( {assets} ); }}')
        conduits = [self.conduit("forth", "left", "right")]
        if rng.random() < 0.4:
            conduits.append(self.conduit("back", "right", "left"))
        self.text = (f'schema = 1; revision = 1; zones = ( {", ".join(zones)} );\nconduits = ( {", ".join(conduits)} );\n'
                     'gateways = ( { name = "gw"; ports = ( { name = "plant"; zones = ["left"]; },'
                     ' { name = "field"; zones = ["right"]; } ); } );\n')

    def conduit(self, name, source, target):
        rng = self.rng
        rules = [self.rule(f"r{i}", source, target) for i in range(rng.randint(2, 6))]
        deny = rng.choice(["reset", "drop"])
        return (f'{{ name = "{name}"; from = "{source}"; to = "{target}"; on_deny = "{deny}"; allow = (\n  '
                + ",\n  ".join(rules) + " ); }")

    def rule(self, name, source, target):
        rng = self.rng
        keys = [f'name = "{name}"']
        if rng.random() < 0.4:
            keys.append(f"clients = {words([rng.choice(ASSETS[source][:1] * 3 + ASSETS[source])[0]])}")
        if rng.random() < 0.4:
            keys.append(f"servers = {words([rng.choice(ASSETS[target][:1] * 3 + ASSETS[target])[0]])}")
        kind = rng.choice(["modbus", "modbus", "modbus", "modbus-udp", "dnp3", "s7comm", "tcp", "udp", "icmp"])
        return "{ " + "; ".join(keys + getattr(self, kind.replace("-", "_"))()) + "; }"

    def modbus(self, proto="tcp"):
        rng = self.rng
        self.ports.append((proto, 502))
        keys = ['protocol = "modbus"']
        if rng.random() < 0.5:
            keys.append(f'operations = {words(rng.sample(["read", "write", "diagnose", "control", "identify", "opaque"], 3))}')
        else:
            keys.append(f"functions = {words(rng.sample(FUNCTIONS, rng.randint(3, 9)))}")
        if rng.random() < 0.3:
            keys.append(f'stations = {words(rng.choice([["1"], ["1-3"], ["0", "7-9"]]))}')
        if rng.random() < 0.4:
            first = rng.choice([0, 0, 5, 90, 65500])
            last = first + rng.choice([3, 20, 35, 35])
            keys.append(f'objects = {words(f"{space}:{first}-{last}" for space in rng.sample(SPACES, 3))}')
        if rng.random() < 0.3:
            keys.append(f'values = {words(rng.choice([["0..1"], ["1..100", "200.5..300.5"], ["0..0"], ["-5..70000"]]))}')
        if rng.random() < 0.2:
            keys.append(f"max_quantity = {rng.choice([1, 2, 10])}")
        return keys

    def modbus_udp(self):
        return self.modbus("udp") + ['transport = "udp"']

    def dnp3(self):
        self.ports.append(("tcp", 20000))
        operations = self.rng.sample(["read", "event", "time", "control", "file"], 2)
        keys = ['protocol = "dnp3"', f"operations = {words(operations)}"]
        if self.rng.random() < 0.5:
            keys.append('stations = ["3 -> 17"]')
        if self.rng.random() < 0.4:
            keys.append(f'objects = {words(self.rng.sample(["g60v2", "g60v3", "g50v1", "g30"], 2))}')
        return keys

    def s7comm(self):
        self.ports.append(("tcp", 102))
        operations = self.rng.sample(["read", "write", "control", "identify"], 2)
        keys = ['protocol = "s7comm"', f"operations = {words(operations)}"]
        if self.rng.random() < 0.4:  # a connection that has called one is for nft_stations.py
            keys.append(f'stations = {words(self.rng.choice([["pg:0.2"], ["0.2", "unknown"], ["op:0.2"]]))}')
        return keys

    def tcp(self):
        self.ports += [("tcp", 80), ("tcp", 8005)]
        return ['protocol = "tcp"', f'ports = {words(self.rng.choice([["80"], ["8000-8010", "80"]]))}']

    def udp(self):
        self.ports.append(("udp", 123))
        return ['protocol = "udp"', 'ports = ["123"]']

    def icmp(self):
        self.ports.append(("icmp", 0))
        return ['protocol = "icmp"'] + (["icmp_types = [8, 128]"] if self.rng.random() < 0.5 else [])


class Oracle:
    def __init__(self, program, plant):
        self.child = subprocess.Popen([program, plant], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, packets):
        answers = []
        for side, frame in packets:
            self.child.stdin.write(struct.pack(">HH", side, len(frame)) + frame)
            self.child.stdin.flush()
            line = self.child.stdout.readline().decode()
            if not line:
                raise RuntimeError("the oracle ended")
            answers.append(line.split())
        return answers

    def close(self):
        self.child.stdin.close()
        self.child.wait(10)


def differences(packets, oracle, passed, shape):
    """What breaks the property, as texts."""
    for packet, (verdict, kind, reason) in zip(packets, oracle):
        kernel = packet.number in passed
        if kernel and verdict == "refuse" and not packet.excuses(kind, reason, shape):
            yield f"the kernel passes what the engine refuses ({kind} {reason}): {packet}"
        if not kernel and verdict == "pass" and kind == "plain" and not packet.is_only_refused(shape):
            yield f"the kernel refuses what the engine passes, which needs no inspection: {packet}"
        if not kernel and verdict == "pass" and kind == "inspected" and packet.is_exact(shape):
            yield f"the kernel refuses a request that it should compare exactly: {packet}"


def send(packets, wire, opens):
    """Numbers of those that arrive at the other side. opens: connections of TCP are opened before."""
    passed = set()
    wire.drain()
    if opens:
        nft_rig.forget_connections()
    for at in range(0, len(packets), 100):
        for packet in packets[at:at + 100]:
            for side, frame in packet.before if opens else []:
                wire.send(side, frame)
            wire.send(packet.side, packet.frame)
        for side, frame, _ in wire.drain():
            number = Packets.number_of(frame)
            if 0 < number <= len(packets) and side != packets[number - 1].side:
                passed.add(number)
    return passed


def try_plant(options, rng, wire):
    plant = Plant(rng)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "plant.conf")
        with open(path, "w", encoding="utf-8") as out:
            out.write(plant.text)
        done = subprocess.run([options.penstock, "nft", path, "--shape", options.shape], capture_output=True, text=True, check=False)
        if done.returncode:
            return None, []  # rules that contradict each other
        nft_rig.load(done.stdout)
        oracle = Oracle(options.oracle, path)
        packets = Packets(rng, plant).some(options.packets)
        answers = oracle.ask([(packet.side, packet.frame) for packet in packets])
        oracle.close()
        opens = options.shape == "routed"
        passed = send(packets, wire, opens)
        found = list(differences(packets, answers, passed, options.shape))
        if options.push:
            nft_rig.run(options.push, path, options.shape)
            for number in sorted(passed ^ send(packets, wire, opens)):
                found.append(f"{'the text' if number in passed else 'what was pushed'} alone passes {packets[number - 1]}")
        return (len(passed), sum(a[0] == "pass" for a in answers)), [f"{text}\n{plant.text}" for text in found]


def test():
    parser = argparse.ArgumentParser()
    parser.add_argument("penstock")
    parser.add_argument("oracle")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=5)
    parser.add_argument("--packets", type=int, default=300)
    parser.add_argument("--push", help="the program that puts the ruleset into the kernel without its text")
    parser.add_argument("--shape", choices=["bump", "routed", "bridge"], default="bump")
    options = parser.parse_args()
    nft_rig.enter()
    nft_rig.links()
    if options.shape == "bridge":
        nft_rig.bridge()
    if options.shape == "routed":
        nft_rig.route((("10.0.1.1/24", "fd00:1::1/64"), ("10.0.2.1/24", "fd00:2::1/64")), (LEFT4 + LEFT6, RIGHT4 + RIGHT6))
    wire = nft_rig.Wire()
    tried, kernel, engine = 0, 0, 0
    for seed in range(options.seed, options.seed + 20 * options.count):
        counts, found = try_plant(options, random.Random(seed), wire)
        if found:
            print(f"seed {seed}: {len(found)} differences; the first:\n{found[0]}")
            return 1
        if counts:
            tried, kernel, engine = tried + 1, kernel + counts[0], engine + counts[1]
        if tried == options.count:
            break
    print(f"{tried} plants, {tried * options.packets} packets: the kernel passed {kernel}, the engine {engine}")
    if kernel < tried * options.packets // 50:
        print("too few to show anything")
        return 1
    return 0


if __name__ == "__main__":
    socket.setdefaulttimeout(30)
    nft_rig.main(test)
