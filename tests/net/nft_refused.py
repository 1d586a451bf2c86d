# SPDX-License-Identifier: GPL-2.0-or-later
"""nft_refused.py PENSTOCK NFT_REFUSALS PEER SHAPE [PUSH]: what the ruleset of `penstock nft` refuses becomes events, and both ends
hear that their connection is over.

SHAPE: bump, routed or bridge, with a 6 behind it over IPv6. PEER: modbus_peer. PUSH: nft_push, which puts the ruleset there
instead of nft.
"""
import json
import signal
import subprocess
import sys
import time

import nft_modbus
from gateway_rig import N_WAIT, Rig, main

CLIENT6, SERVER6 = "fd71:1::10", "fd71:2::10"
FLOOD, DATAGRAMS = 60, 20000
LOGGED = 1000  # a second, and as many at once

# One connection after the other, each with a write that nobody may make, to a device that answers all it is asked.
REPEAT = """
import socket, sys
over = 0
for _ in range(int(sys.argv[2])):
    with socket.create_connection((sys.argv[1], 502), timeout=20) as s:
        s.settimeout(20)
        try:
            s.sendall(bytes.fromhex("000200000006010600040320"))
            over += s.recv(512) == b""
        except OSError as why:
            over += not isinstance(why, TimeoutError)
print("over", over)
"""

# Datagrams that nobody may send, each from the same port.
DATAGRAM = """
import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(int(sys.argv[2])):
    try:
        s.sendto(b"x", (sys.argv[1], 9))
    except OSError:
        pass
"""


def plant(shape):
    text = nft_modbus.PLANT
    if shape.endswith("6"):
        text = text.replace('"10.71.1.0/24"', '"fd71:1::/64"').replace('"10.71.2.0/24"', '"fd71:2::/64"')
        text = text.replace(f'"{nft_modbus.CLIENT}"', f'"{CLIENT6}"').replace(f'"{nft_modbus.SERVER}"', f'"{SERVER6}"')
    return text


def join6(rig, base):
    """The same as nft_modbus.join(), over IPv6."""
    for name, address, other in (("client", CLIENT6, "fd71:2::/64"), ("server", SERVER6, "fd71:1::/64")):
        rig.ip(name, "address", "add", f"{address}/64", "dev", "eth0", "nodad")
        if base == "routed":
            rig.ip(name, "route", "add", other, "via", address[:-2] + "1")
        else:
            rig.ip(name, "route", "add", other, "dev", "eth0", *nft_modbus.SLOW.get(base, ()))
    if base == "routed":
        for dev in ("all", "gw0", "gw1"):
            rig.run("gw", "sh", "-c", f"echo 0 >/proc/sys/net/ipv6/conf/{dev}/disable_ipv6")
        rig.ip("gw", "address", "add", "fd71:1::1/64", "dev", "gw0", "nodad")
        rig.ip("gw", "address", "add", "fd71:2::1/64", "dev", "gw1", "nodad")
        rig.run("gw", "sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding")


def load(rig, penstock, path, base, push):
    if push:
        rig.run("gw", push, path, base)
        return
    ruleset = subprocess.run([penstock, "nft", path, "--shape", base], stdout=subprocess.PIPE, check=True).stdout
    rig.run("gw", "nft", "-f", rig.write("rules.nft", ruleset.decode()))


class Lines:
    """What a program tells, a JSON object a line."""

    def __init__(self, child):
        self.child = child

    def lines(self):
        with open(self.child.log, encoding="utf-8") as log:
            text = log.read()
        return [json.loads(line) for line in text.splitlines() if line.endswith("}")]

    def refused(self):
        """Of the conduit: hosts have groups of IPv6 to talk about as well."""
        return [line for line in self.lines() if line.get("conduit") == "room-to-field" and "reason" in line]

    def await_refused(self, n):
        end = time.monotonic() + N_WAIT
        while len(self.refused()) < n and time.monotonic() < end:
            time.sleep(0.05)
        assert len(self.refused()) >= n, self.lines()
        return self.refused()


class Reader(Lines):
    """nft_refusals in the gateway's namespace."""

    def __init__(self, rig, program, path, base):
        super().__init__(rig.start("gw", program, path, base, ready="ready"))

    def end(self):
        """What it counted."""
        self.child.send_signal(signal.SIGTERM)
        assert self.child.wait(N_WAIT) == 0
        return self.lines()[-1]


def check_write(event, client, server):
    want = {"kind": "deny", "reason": "no-rule", "class": "policy", "what": "pdu", "conduit": "room-to-field", "flow": "tcp/502",
            "direction": "to-server", "protocol": "modbus", "octets": 12,
            "operation": "modbus write-single-register station=1 holding:4 value=800"}
    for key, value in want.items():
        assert event.get(key) == value, f"{key} is not {value}: {event}"
    for end, address, asset, zone in (("client", client, "hmi", "room"), ("server", server, "plc", "field")):
        told = event[end]
        assert (told["address"], told["asset"], told["zone"]) == (address, asset, zone), event
    assert event["server"]["port"] == 502


def ask(rig, peer, server, operation):
    """(did it work?, what it said). The device has 10 s to answer."""
    code, text = rig.run("client", peer, "ask", server, operation, check=False)
    return code == 0, text


def refuse_one(rig, reader, peer, ends):
    """The device has one place for clients, which the one whose write is refused has had."""
    client, server = ends
    assert ask(rig, peer, server, "holding 0 2")[0], "what may be asked is answered"
    good, said = ask(rig, peer, server, "set-holding 4 800")
    assert not good and "reset" in said, f"the client is reset: {said}"
    good, said = ask(rig, peer, server, "holding 0 2")
    assert good, f"the device's place is free again: {said}"
    check_write(reader.await_refused(1)[0], client, server)


def refuse_syn(rig, reader, server):
    """Another port: the kernel, or in a bridge we, say at once that nobody may."""
    family = "AF_INET6" if ":" in server else "AF_INET"
    said = rig.run("client", sys.executable, "-c", f"import socket\ns = socket.socket(socket.{family}); s.settimeout(20)\n"
                   f"print(s.connect_ex(('{server}', 80)))")
    assert int(said) == 111, said
    event = reader.await_refused(2)[1]
    assert (event["what"], event["flow"], event["reason"], event["conduit"]) == ("flow", "tcp/80", "no-rule", "room-to-field"), event


def counted(rig, family):
    return nft_modbus.counter(rig, family, "refuse/room-to-field/no-rule")


def repeat(rig, reader, peer, server, family):
    """A client that comes back at once, each time: every connection is over at both ends."""
    before = counted(rig, family)
    said = rig.run("client", sys.executable, "-c", REPEAT, server, str(FLOOD), timeout=120)
    assert said.split() == ["over", str(FLOOD)], f"each of them is told that it is over: {said}"
    assert counted(rig, family) - before >= FLOOD
    good, said = ask(rig, peer, server, "holding 0 2")
    assert good, f"the device's place is free again: {said}"
    assert len(reader.refused()) < FLOOD + 2, "floods are told in few lines"


def flood(rig, reader, server, family):
    """What is logged is bounded, and what is told stands for all of that."""
    before, began = counted(rig, family), time.monotonic()
    rig.run("client", sys.executable, "-c", DATAGRAM, server, str(DATAGRAMS), timeout=120)
    n = counted(rig, family) - before
    summary, seconds = reader.end(), time.monotonic() - began
    assert n > DATAGRAMS / 10, f"only {n} of {DATAGRAMS} datagrams came as far as the ruleset"
    told = sum(line.get("count", 1) for line in reader.lines()[:-1])
    assert told == summary["events"], (told, summary)
    assert summary["events"] + summary["lost"] <= before + LOGGED * (seconds + 2), (summary, seconds)
    assert summary["garbled"] == 0 and summary["resets_lost"] == 0 and summary["resets_over"] == 0, summary


def test(penstock, program, peer, shape, push=None):
    base, six = shape.rstrip("6"), shape.endswith("6")
    family = {"bump": "netdev", "routed": "inet", "bridge": "bridge"}[base]
    ends = (CLIENT6, SERVER6) if six else (nft_modbus.CLIENT, nft_modbus.SERVER)
    with Rig(penstock, ipv6=six) as rig:
        nft_modbus.join(rig, base)
        if six:
            join6(rig, base)
        path = rig.write("plant.conf", plant(shape))
        load(rig, penstock, path, base, push)
        reader = Reader(rig, program, path, base)
        rig.start("server", peer, "serve", ends[1], "1", ready="ready")
        refuse_one(rig, reader, peer, ends)
        time.sleep(0.5)  # whatever else comes of it has come
        assert len(reader.refused()) == 1, f"one write, one event: {reader.refused()}"
        assert counted(rig, family) == 1
        refuse_syn(rig, reader, ends[1])
        repeat(rig, reader, peer, ends[1], family)
        flood(rig, reader, ends[1], family)


if __name__ == "__main__":
    main(lambda: test(*sys.argv[1:]))
