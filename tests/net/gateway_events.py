# SPDX-License-Identifier: GPL-2.0-or-later
"""gateway_events.py PENSTOCKD PENSTOCK PEER SOURCE-ROOT: every line that a live gateway tells is as docs/events.schema.json
says, in the event file and in penstock events --follow --json, and both tell the same.
"""
import json
import os
import signal
import socket
import subprocess
import sys
import time

from gateway_rig import CLIENT, N_WAIT, PLANT, SERVER, Rig, Skip, lines_of, main

PORTS = 'ports: { plant = "af_packet:gw0"; field = "af_packet:gw1"; };'
# What has to be among the lines: kind, and what was done or why.
EXPECTED = {("deny", "no-rule"), ("deny", "no-conduit"), ("would-deny", "no-rule"),
            ("policy", "start"), ("policy", "reload"), ("policy", "confirm"), ("policy", "revert"),
            ("mode", "island on"), ("mode", "island off"), ("mode", "mode"), ("mode", "shutdown"), ("system", "link"), ("overload", "flood")}


def wait_for(what, test):
    end = time.monotonic() + N_WAIT
    while time.monotonic() < end:
        if test():
            return
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {N_WAIT} s")


def name_of(event):
    return event["kind"], event.get("did", event.get("reason"))


# argv: an address, how many, and their port, or "each": others in each round.
DATAGRAMS = """
import socket, sys
first = 0 if sys.argv[3] == "same" else 4000 * int(sys.argv[4])
for i in range(int(sys.argv[2])):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("0.0.0.0", 30000 + i))
        s.sendto(b"x", (sys.argv[1], 9999 if sys.argv[3] == "same" else 1 + first + i))
"""


def total(events, flow=None):
    """How many events these lines stand for."""
    return sum(e.get("count", 1) for e in events if e["kind"] == "deny" and flow in (None, e["flow"]))


class Scene:
    def __init__(self, rig, penstock, peer):
        self.rig, self.penstock, self.peer = rig, penstock, peer
        self.path = os.path.join(rig.work, "events.jsonl")

    def start(self, plant):
        """Starts the gateway, and somebody who follows."""
        sink = f'events: ( {{ kind = "file"; path = "{self.path}"; }} );'
        self.rig.gateway(plant, f"{PORTS}\n{sink}")
        follower = subprocess.Popen([self.penstock, "events", "--follow", "--json", "--socket", self.rig.socket],
                                    stdout=open(os.path.join(self.rig.work, "followed.jsonl"), "ab"))
        self.rig.children.append(follower)
        wait_for("a follower", lambda: json.loads(self.ask("status", "--json"))["followers"] == 1)

    def ask(self, *arguments, good=True):
        done = subprocess.run([self.penstock, *arguments, "--socket", self.rig.socket], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60, check=False)
        text = done.stdout.decode()
        assert (done.returncode == 0) == good, f"penstock {arguments}: {done.returncode}\n{text}{self.rig.log()}"
        return text

    def until(self, kind, did, n=1):
        try:
            wait_for(f"{n} x {kind} {did}", lambda: [name_of(e) for e in lines_of(self.path)].count((kind, did)) >= n)
        except AssertionError as error:
            raise AssertionError(f"{error}; there were {lines_of(self.path)}\n{self.rig.log()}") from error

    def write_register(self):
        self.rig.run("client", self.peer, "ask", SERVER, "holding 0 8", "set-holding 1 900", check=False)

    def refusals(self):
        self.write_register()
        self.until("deny", "no-rule")
        self.rig.run("server", "ping", "-c1", "-W1", CLIENT, check=False)
        self.until("deny", "no-conduit")

    def reloads(self):
        self.rig.write("plant.conf", PLANT.replace("revision = 1", "revision = 2"))
        self.ask("reload")
        self.rig.write("plant.conf", PLANT.replace('"modbus"', '"modbsu"'))
        self.ask("reload", good=False)
        self.rig.write("plant.conf", PLANT.replace("revision = 1", "revision = 3"))
        self.ask("reload", "--confirm", "60")
        self.ask("confirm")
        self.rig.write("plant.conf", PLANT.replace("revision = 1", "revision = 4"))
        self.ask("reload", "--confirm", "1")
        self.until("policy", "revert")

    def send(self, n, port, number=0):
        self.rig.run("client", sys.executable, "-c", DATAGRAMS, SERVER, str(n), port, str(number))

    def is_flooded(self):
        return ("overload", "flood") in map(name_of, lines_of(self.path))

    def floods(self):
        """Equal refusals are counted, different ones are too when there are too many."""
        self.send(300, "same")
        wait_for("all of a flood", lambda: total(lines_of(self.path), "udp/9999") == 300)
        held = [e for e in lines_of(self.path) if "count" in e]
        assert 1 <= len(held) < 10, held
        for number in range(15):  # a busy machine may take seconds for one, and it is no flood then
            self.send(4000, "each", number)
            end = time.monotonic() + 2
            while not self.is_flooded() and time.monotonic() < end:
                time.sleep(0.1)
            if self.is_flooded():
                return
        self.until("overload", "flood")

    def changes(self):
        self.ask("island", "on", "--zone", "field")
        self.ask("island", "on")
        self.ask("island", "off")
        self.ask("mode", "room-to-field", "monitor")
        self.write_register()
        self.until("would-deny", "no-rule")
        self.ask("mode", "room-to-field", "plant")

    def links(self):
        self.rig.ip("client", "link", "set", "eth0", "down")
        self.until("system", "link")
        self.rig.ip("client", "link", "set", "eth0", "up")
        self.until("system", "link", 2)

    def reopening(self):
        """The file is moved away, as logrotate does it; what follows is in a new one. All lines of the old one."""
        os.rename(self.path, self.path + ".1")
        self.rig.daemon.send_signal(signal.SIGHUP)
        self.ask("mode", "room-to-field", "monitor")
        self.until("mode", "mode")
        return lines_of(self.path + ".1")

    def end(self):
        with socket.socket(socket.AF_UNIX) as control:  # no subcommand says this
            control.connect(self.rig.socket)
            control.sendall(b'{"version":1,"verb":"shutdown"}\n')
            assert json.loads(control.makefile().readline())["ok"]
        assert self.rig.daemon.wait(N_WAIT) == 0, self.rig.log()
        self.rig.children[-1].wait(N_WAIT)


def check_all(validator, events):
    wrong = []
    for event in events:
        wrong += [f"{json.dumps(event)}: {error.message}" for error in validator.iter_errors(event)]
    assert not wrong, "\n".join(wrong[:20])


def check_same(told, followed):
    """Who follows hears what is in the file from then on, or how many lines were left out."""
    missed = sum(e["count"] for e in followed if e["kind"] == "missed")
    heard = [e for e in followed if e["kind"] != "missed"]
    assert len(told) - 1 <= len(heard) + missed <= len(told), (len(told), len(heard), missed)
    rest = iter(told)
    assert all(any(e == other for other in rest) for e in heard), "in another order, or never told"


def check_meaning(events):
    islands = [e for e in events if e.get("did", "").startswith("island")]
    assert [(e["before"]["zones"], e["after"]["zones"]) for e in islands[:1]] == [([], ["field"])], islands[0]
    good, bad = [e for e in events if name_of(e) == ("policy", "reload")][:2]
    assert good["before"] != good["after"] == bad["before"] and "error" in bad, (good, bad)
    assert all(e["gateway"] == "gw-1" for e in events)
    links = [e for e in events if e.get("did") == "link"]
    assert [(e["port"], e["up"]) for e in links] == [("plant", False), ("plant", True)], links


def test(penstockd, penstock, peer, root):
    try:
        import jsonschema
    except ImportError as error:
        raise Skip("python3-jsonschema is not installed") from error
    with open(os.path.join(root, "docs", "events.schema.json"), encoding="utf-8") as file:
        validator = jsonschema.Draft202012Validator(json.load(file))
    with Rig(penstockd) as rig:
        scene = Scene(rig, os.path.abspath(penstock), peer)
        rig.start("server", peer, "serve", SERVER, ready="ready")
        scene.start(PLANT)
        scene.refusals()
        scene.floods()
        scene.reloads()
        scene.changes()
        scene.links()
        told = scene.reopening()
        scene.end()
        told += lines_of(scene.path)
        followed = lines_of(os.path.join(rig.work, "followed.jsonl"))
        check_all(validator, told + followed)
        assert EXPECTED <= {name_of(e) for e in told}, EXPECTED - {name_of(e) for e in told}
        check_same(told, followed)
        check_meaning(told)
        # and without a policy: refusals name none
        subprocess.run(["rm", "-rf", os.path.join(rig.work, "state")], check=True)
        scene.start("this is no plant file")
        rig.run("client", "ping", "-c1", "-W1", SERVER, check=False)
        wait_for("a refusal without a policy", lambda: any("reason" in e and "digest" not in e for e in lines_of(scene.path)))
        rig.write("plant.conf", PLANT)
        scene.ask("reload")
        scene.end()
        alone = lines_of(scene.path)
        assert all("before" not in e for e in alone if e["kind"] == "policy"), alone
        check_all(validator, alone)
        print(f"{len(told)} + {len(alone)} lines of {sorted({name_of(e) for e in told + alone})}")


if __name__ == "__main__":
    main(lambda: test(*sys.argv[1:]))
