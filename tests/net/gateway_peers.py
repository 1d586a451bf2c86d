# SPDX-License-Identifier: GPL-2.0-or-later
"""gateway_peers.py PENSTOCKD PENSTOCK CASE SECONDS [PEER]: real peers through a live gateway, over IPv4 and IPv6.

CASE is the name of a function below. What is allowed goes on for SECONDS without any error; what is not is refused in each
way that a conduit may have it, and the events say what was refused. By hand SECONDS may be hours.
"""
import os
import re
import shutil
import subprocess
import sys
import time

from gateway_rig import N_WAIT, PLANT, SERVER, SERVER6, Rig, Skip, lines_of, main

HERE = os.path.dirname(os.path.abspath(__file__))
PORTS = 'ports: { plant = "af_packet:gw0"; field = "af_packet:gw1"; };'
DEBIAN_PYTHON = "/usr/bin/python3"  # has python3-pymodbus
ON_DENY = ("reset", "drop", "answer")
POLL = '{ name = "poll"; clients = ["scada"]; servers = ["plc"]; protocol = "modbus"; operations = ["read"]; }'
S7_RULES = """
{ name = "look"; clients = ["scada"]; servers = ["plc"]; protocol = "s7comm"; stations = ["op:0.2"];
  functions = ["read-var"]; objects = ["db10:0-99", "db20:0-15", "m:0-31", "i:0-15", "q:0-15"]; },
{ name = "setpoints"; clients = ["scada"]; servers = ["plc"]; protocol = "s7comm"; stations = ["op:0.2"];
  functions = ["write-var"]; types = ["int"]; objects = ["db20:0-7"]; values = ["0..600"]; },
{ name = "state"; clients = ["scada"]; servers = ["plc"]; protocol = "s7comm"; stations = ["op:0.2"];
  functions = ["read-szl"]; objects = ["szl:0x0011", "szl:0x001c", "szl:0x0424"]; },
{ name = "counters"; clients = ["scada"]; servers = ["plc"]; protocol = "s7comm"; stations = ["basic:0.2"];
  functions = ["read-var"]; objects = ["db30:0-99"]; }"""
DNP3_RULES = """
{ name = "poll"; clients = ["scada"]; servers = ["plc"]; protocol = "dnp3"; stations = ["3 -> 17"];
  operations = ["read", "event", "time"]; },
{ name = "breaker"; clients = ["scada"]; servers = ["plc"]; protocol = "dnp3"; stations = ["3 -> 17"];
  functions = ["select", "operate"]; objects = ["g12v1:0-3"]; controls = ["trip", "close"]; on_time = ["0..1000"];
  select_before_operate = true; }"""
MODBUS_RULES = """
{ name = "poll"; clients = ["scada"]; servers = ["plc"]; protocol = "modbus"; stations = ["1"]; operations = ["read"]; },
{ name = "setpoint"; clients = ["scada"]; servers = ["plc"]; protocol = "modbus"; stations = ["1"];
  functions = ["write-single-register", "write-multiple-registers"]; objects = ["holding:40-47"]; values = ["0..1000"]; }"""


def wait_for(what, test):
    end = time.monotonic() + N_WAIT
    while not test():
        assert time.monotonic() < end, f"{what}: not within {N_WAIT} s"
        time.sleep(0.05)


class Scene:
    def __init__(self, rig, penstock, rules):
        self.rig, self.penstock, self.rules = rig, os.path.abspath(penstock), rules
        assert POLL in PLANT
        self.path, self.n_refused = os.path.join(rig.work, "events.jsonl"), 0
        rig.gateway(self.plant("reset"), f'{PORTS}\nevents: ( {{ kind = "file"; path = "{self.path}"; }} );')

    def plant(self, on_deny):
        return PLANT.replace(POLL, self.rules).replace('on_deny = "reset"', f'on_deny = "{on_deny}"')

    def ask(self, *arguments):
        done = subprocess.run([self.penstock, *arguments, "--socket", self.rig.socket], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60, check=False)
        text = done.stdout.decode()
        assert done.returncode == 0, f"penstock {arguments}: {done.returncode}\n{text}{self.rig.log()}"
        return text

    def on_deny(self, way):
        self.rig.write("plant.conf", self.plant(way))
        self.ask("reload")

    def refusals(self):
        """On the conduit: what hosts say to all their neighbours over IPv6 belongs to none."""
        return [e for e in lines_of(self.path) if "reason" in e and "conduit" in e]

    def refused(self, operation, reason="no-rule"):
        """Waits for another event of this refusal, and looks it up among the last ones in words. What nobody acknowledges
        (on_deny = "drop") is sent again, and refused again."""
        def found():
            return [e for e in self.refusals()[self.n_refused:] if e.get("operation", "").startswith(operation)]
        wait_for(f"refusal of {operation}", found)
        event = found()[0]
        self.n_refused = len(self.refusals())
        ends = event["client"]["asset"], event["server"]["asset"], event["conduit"], event["reason"]
        assert ends == ("scada", "plc", "room-to-field", reason), event
        line = f"deny {reason} scada -> plc {event['operation']} on room-to-field"
        assert line in self.ask("events"), self.ask("events")
        print("   ", line)

    def nothing_refused(self):
        self.ask("status")  # what was refused before is told by now
        assert len(self.refusals()) == self.n_refused, self.refusals()

    def start_poll(self, *command):
        """A poller that goes on; all of them are ended together."""
        return subprocess.Popen(self.rig.command("client", *command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def end_polls(self, polls, seconds):
        for name, child in polls.items():
            self.rig.children.append(child)
            text = child.communicate(timeout=seconds + 60)[0].decode()
            assert child.returncode == 0, f"{name}:\n{text}\n{self.ask('events')}{self.ask('status')}{self.rig.log()}"
            rounds = re.search(r"(\d+) rounds", text)
            assert rounds and int(rounds[1]) > 1, f"{name}:\n{text}"
            print(f"    {name}: {text.strip().splitlines()[-1]}")
        self.nothing_refused()


# ---- Modbus -------------------------------------------------------------------------------------------------------

PYMODBUS = """
import sys, time
from pymodbus.client.tcp import ModbusTcpClient
client, end, rounds = ModbusTcpClient(sys.argv[1], timeout=10), time.monotonic() + float(sys.argv[2]), 0
assert client.connect()
opened = client.socket
while time.monotonic() < end:
    for answer in (client.read_holding_registers(0, 8, slave=1), client.read_coils(0, 8, slave=1),
                   client.write_registers(40, [rounds % 1000, 7], slave=1)):
        assert not answer.isError(), (rounds, answer)
    rounds += 1
    time.sleep(0.01)
assert client.socket is opened, "it connected anew"
print(rounds, "rounds")
"""


READ = "the device answers: 500 501"


def modbus(rig, penstock, seconds, peer):
    operations = ["holding 0 8", "input 0 16", "coil 0 24", "set-holding 40 900", "set-holding 44 1 2 3", "holding 40 8"]
    rig.start("server", peer, "serve", SERVER, ready="ready")
    rig.start("server", peer, "serve", SERVER6, ready="ready")
    scene = Scene(rig, penstock, MODBUS_RULES)
    polls = {f"libmodbus to {a}": scene.start_poll(peer, "poll", a, str(seconds), *operations) for a in (SERVER, SERVER6)}
    if subprocess.run([DEBIAN_PYTHON, "-c", "import pymodbus.client.tcp"], stderr=subprocess.DEVNULL, check=False).returncode:
        print("    no python3-pymodbus here: libmodbus alone")
    else:
        for address in (SERVER, SERVER6):
            polls[f"pymodbus to {address}"] = scene.start_poll(DEBIAN_PYTHON, "-c", PYMODBUS, address, str(seconds))
    scene.end_polls(polls, seconds)
    for on_deny in ("reset", "answer"):
        scene.on_deny(on_deny)
        for address in (SERVER, SERVER6):
            status, text = rig.run("client", peer, "show", address, "holding 0 2", "set-holding 41 1001", "holding 0 2", check=False)
            print(f"  {on_deny}: {text.strip().splitlines()[1]}")
            if on_deny == "answer":
                assert text.splitlines() == [READ, "the device answers: Illegal data address", READ], text
            else:
                assert status != 0 and "reset by peer" in text, text
            scene.refused("modbus write-single-register station=1 holding:41 value=1001")


# ---- S7 -----------------------------------------------------------------------------------------------------------

STOP = "stop", "s7comm plc-stop station=op:0.2", "CPU : Cannot stop PLC"  # what is asked, the words for it, an answer
WRITE = "set-int 20 0 601", "s7comm write-var station=op:0.2 db20:0-1 type=int value=601", "function refused by CPU"
# How, over what, and what. Where nobody answers snap7 waits for seconds, and it may not hear of a reset before.
S7_REFUSALS = (("reset", "IPv6", STOP), ("drop", "IPv4", WRITE),
               ("answer", "IPv4", STOP), ("answer", "IPv4", WRITE), ("answer", "IPv6", STOP), ("answer", "IPv6", WRITE))


def s7_refused(scene, command, how, refusal):
    operation, words, answer = refusal
    text = scene.rig.run("client", *command, "read db10 0 40", operation, "read db10 0 4")
    before, refused, after = text.splitlines()
    print(f"  {how}: {refused}")
    assert before == "read db10 0 40: done" and refused.startswith(operation), text
    if how.startswith("answer"):
        assert answer in refused and after == "read db10 0 4: done", text
    else:
        assert "TCP : " in refused and "TCP : " in after, text
        assert ("Connection timed out" in after) == how.startswith("drop"), text
    scene.refused(words)


def s7(rig, penstock, seconds, modules):
    """snap7 knows IPv4 alone: over IPv6 a relay stands beside each end."""
    if not os.path.exists(os.path.join(modules, "complete")):
        raise Skip("node-snap7 and nodes7 are not installed (tests/net/install_node_peers.sh)")
    if shutil.which("node") is None:
        raise Skip("node is not installed")
    peer = ["node", os.path.join(HERE, "s7_peer.js"), modules]
    relay = [sys.executable, os.path.join(HERE, "relay_peer.py")]
    allowed = ["read db10 0 40", "several db10 40 20 m 0 4 i 0 2 q 0 2", "set-int 20 0 350", "set-int 20 2 500 120 0",
               "szl 0x0011 0", "szl 0x0424 0"]
    rig.start("server", *peer, "serve", SERVER, ready="ready")
    rig.start("server", *relay, SERVER6, SERVER, "102", ready="ready")
    rig.start("client", *relay, "127.0.0.1", SERVER6, "102", ready="ready")
    scene = Scene(rig, penstock, S7_RULES)
    ways = {"IPv4": SERVER, "IPv6": "127.0.0.1"}
    polls = {f"snap7 over {way}": scene.start_poll(*peer, "poll", a, str(seconds), "op", *allowed) for way, a in ways.items()}
    scene.end_polls(polls, seconds)
    for way, address in ways.items():
        text = rig.run("client", *peer, "collect", address, "DB30,INT0", "DB30,INT2", "DB30,REAL20", "DB30,X60.0")
        assert text == "4 items\n", text
        print(f"    nodes7 over {way}: {text.strip()}")
    scene.nothing_refused()
    for on_deny, way, refusal in S7_REFUSALS:
        scene.on_deny(on_deny)
        s7_refused(scene, [*peer, "ask", ways[way], "op"], f"{on_deny}, {way}", refusal)
    text = rig.run("client", *peer, "ask", SERVER, "op", "read db20 0 8", "szl 0x0424 0")
    assert text.count(": done") == 2, text


# ---- DNP3 ---------------------------------------------------------------------------------------------------------

DNP3_REFUSALS = (  # what is asked, the words for it, IIN2 of the answer
    ("breaker select 5 trip", "dnp3 select station=3->17 g12v1:5 control=trip", "04"),
    ("cold-restart", "dnp3 cold-restart station=3->17", "01"))


def dnp3_refused(scene, command, on_deny, refusal):
    operation, words, iin2 = refusal
    status, text = scene.rig.run("client", *command, "integrity", operation, "classes 1", check=False)
    print(f"  {on_deny}: {text.strip().splitlines()[-1]}")
    assert text.startswith("integrity: IIN "), text
    if on_deny == "answer":
        assert status == 0 and re.search(rf"\n{operation}: IIN .. {iin2}, 4 octets\nclasses 1: IIN .. 00,", text), text
    else:
        ending = {"reset": "ConnectionResetError", "drop": "timed out"}[on_deny]
        assert status != 0 and f"\n{operation}: " not in text and ending in text, text
    scene.refused(words)


def dnp3(rig, penstock, seconds):
    """No usable implementation is at hand: both ends are the project's own."""
    peer = [sys.executable, os.path.join(HERE, "dnp3_peer.py")]
    allowed = ["integrity", "classes 1 2 3", "read 30 1 0 7", "enable", "breaker select 1 close", "events",
               "breaker select 1 trip", "events", "lan-time", "link-status"]
    scene = Scene(rig, penstock, DNP3_RULES)
    for address in (SERVER, SERVER6):
        rig.start("server", *peer, "serve", address, "17", "3", ready="ready")
    polls = {f"DNP3 to {a}": scene.start_poll(*peer, "poll", str(seconds), a, "3", "17", *allowed) for a in (SERVER, SERVER6)}
    scene.end_polls(polls, seconds)
    for on_deny in ON_DENY:
        scene.on_deny(on_deny)
        for address in (SERVER, SERVER6):
            for refusal in DNP3_REFUSALS:
                if on_deny != "drop" or (address, refusal) == (SERVER6, DNP3_REFUSALS[0]):  # the master waits for seconds
                    dnp3_refused(scene, [*peer, "ask", address, "3", "17"], on_deny, refusal)


CASES = {case.__name__: case for case in (modbus, s7, dnp3)}


def test(penstockd, penstock, case, seconds, *peer):
    with Rig(penstockd, ipv6=True) as rig:
        CASES[case](rig, penstock, float(seconds), *peer)
        print(rig.stop_gateway())


if __name__ == "__main__":
    main(lambda: test(*sys.argv[1:]))
