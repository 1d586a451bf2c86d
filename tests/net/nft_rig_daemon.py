# SPDX-License-Identifier: GPL-2.0-or-later
"""A gateway whose kernel judges alone (io = "nft"): the namespaces of gateway_rig.py, joined as nft_modbus.py does.

    with Kernel(penstockd, penstock, "bump") as rig:
        rig.enforce(PLANT)
        rig.ask("status")
"""
import json
import os
import subprocess
import sys
import time

from gateway_rig import N_WAIT, Rig, lines_of
from nft_modbus import join

FAMILIES = {"bump": "netdev", "routed": "inet", "bridge": "bridge"}
HERE = os.path.dirname(os.path.abspath(__file__))


class Kernel(Rig):
    def __init__(self, penstockd, penstock, shape):
        super().__init__(penstockd)
        self.penstock, self.shape, self.family = penstock, shape, FAMILIES[shape]
        self.settings = f'events = ( {{ kind = "file"; path = "{self.work}/log/events.jsonl"; }} );'

    def _build(self):
        super()._build()
        join(self, self.shape)

    def enforce(self, plant, settings=""):
        """Starts penstockd; the ports come first."""
        os.makedirs(os.path.join(self.work, "log"), exist_ok=True)
        self.gateway(plant, f'io = "nft"; ports: {{ gw0 = "gw0"; gw1 = "gw1"; }};\n{self.settings}\n{settings}', name="gw")

    def kill(self):
        self.daemon.kill()
        self.daemon.wait()

    def change(self, plant):
        """Another plant file; nobody has read it yet."""
        return self.write("plant.conf", plant)

    def ask(self, *arguments, good=True):
        """What penstock says; good False: it must not succeed."""
        done = subprocess.run([self.penstock, *arguments, "--socket", self.socket], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False, timeout=120)
        text = done.stdout.decode()
        assert (done.returncode == 0) == good, f"{arguments}: {done.returncode}\n{text}{self.log()}"
        return text

    def json(self, *arguments):
        return json.loads(self.ask(*arguments, "--json"))

    def nft(self, *arguments, check=True):
        return self.run("gw", "nft", *arguments, check=check)

    def events(self, did):
        """Those of a kind that were written so far."""
        return [event for event in lines_of(os.path.join(self.work, "log", "events.jsonl")) if event.get("did") == did]

    def await_true(self, what, good):
        """Waits until good() holds; what it says."""
        end = time.monotonic() + 3 * N_WAIT
        while time.monotonic() < end:
            answer = good()
            if answer:
                return answer
            time.sleep(0.1)
        raise AssertionError(f"{what}: {self.ask('status')}{self.log()}")

    def reach(self, name, address):
        """Waits until it is so: hosts whose question was dropped ask again only after a while."""
        self.await_true(f"{name} does not reach {address}", lambda: self.pings(name, address))

    def pings(self, name, address):
        code, _ = self.run(name, "ping", "-c1", "-W1", address, check=False)
        return code == 0


class Poller:
    """An HMI that polls until it is asked how that went: polls, lost ones, connections."""

    def __init__(self, rig, server, seconds=120, patience=10):
        self.child = subprocess.Popen(rig.command("client", sys.executable, os.path.join(HERE, "modbus_poller.py"), server,
                                                  str(seconds), str(patience)), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        rig.children.append(self.child)
        self.child.log = os.devnull
        assert self.child.stdout.readline() == b"ready\n"

    def end(self):
        text = self.child.communicate(b"\n", timeout=60)[0].decode()
        print("   ", text.strip(), flush=True)
        return [int(word.rstrip(",")) for word in text.split() if word.rstrip(",").isdigit()]
