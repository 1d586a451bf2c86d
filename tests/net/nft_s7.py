#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""nft_s7.py PENSTOCKD PENSTOCK MODULES SHAPE PLANT: snap7 at both ends, and between them penstockd with io = "nft", whose kernel
remembers which station a connection calls. PLANT is that of the filling cell; its offices are behind one port here.

SHAPE: bump, routed or bridge. MODULES: the folder with node-snap7 (install_node_peers.sh).
"""
import os
import re
import shutil
import sys
import time

from gateway_rig import Skip, main
from nft_rig_daemon import HERE, Kernel

ENG, HMI, PLC = "10.30.1.20", "10.30.2.10", "10.30.3.11"
GATEWAY = ('gateways = ( { name = "gw"; ports = ( { name = "gw0"; zones = ["engineering", "supervision"]; },'
           ' { name = "gw1"; zones = ["cell"]; } ); } );')
SECONDS = 12


class Cell(Kernel):
    """Who asks is the client's source address: its way to the cell says which."""

    def _build(self):
        super()._build()
        for name, addresses in (("client", (ENG, HMI)), ("server", (PLC,))):
            self.ip(name, "address", "flush", "dev", "eth0")
            for address in addresses:
                self.ip(name, "address", "add", f"{address}/24", "dev", "eth0")
        if self.shape == "routed":
            for address, dev in (("10.30.1.1", "gw0"), ("10.30.2.1", "gw0"), ("10.30.3.1", "gw1")):
                self.ip("gw", "address", "add", f"{address}/24", "dev", dev)
        for net in (ENG, HMI):
            self.ip("server", "route", "add", f"{net[:-3]}.0/24", *self.via(PLC))

    def via(self, address):
        return ["via", f"{address[:-3]}.1"] if self.shape == "routed" else ["dev", "eth0"]

    def asker(self, address):
        self.ip("client", "route", "replace", "10.30.3.0/24", *self.via(address), "src", address)


def ask(rig, peer, kind, *operations):
    """What became of each; the connection's end instead where it came to none."""
    _, text = rig.run("client", *peer, "ask", PLC, kind, *operations, check=False)
    print(f"    {kind}: {' | '.join(text.strip().splitlines()[-len(operations):])}", flush=True)
    return [line.rpartition(": ")[2] == "done" and f"{operation}: done" == line for operation, line in
            zip(operations, text.splitlines() + [""] * len(operations))]


def passed(rig, conduit, rule):
    return int(re.search(r"packets (\d+)", rig.nft("list", "counter", rig.family, "penstock", f"pass/{conduit}/{rule}")).group(1))


def stations(rig, peer):
    print("the engineering station as programmer, as operator panel, and what no rule grants")
    rig.asker(ENG)
    assert ask(rig, peer, "pg", "szl 0x0011 0", "blocks", "read db10 0 4") == [True, True, True]
    assert passed(rig, "engineering-to-cell", "inspect") > 3
    assert ask(rig, peer, "op", "szl 0x0011 0", "blocks") == [False, False]
    assert rig.json("status")["refusals"] > 0
    assert ask(rig, peer, "pg", "szl 0x0011 0", "set-int 20 0 5") == [True, False]
    print("the panel as programmer")
    rig.asker(HMI)
    assert ask(rig, peer, "pg", "szl 0x0011 0") == [False]


def lives_on(rig, peer, plant):
    print("a connection lives on when penstockd and the rules do not")
    rig.asker(ENG)
    poll = rig.start("client", *peer, "poll", PLC, str(SECONDS), "pg", "szl 0x0011 0", ready="")
    time.sleep(2)
    before = passed(rig, "engineering-to-cell", "inspect")
    rig.change(plant.replace('"db10:0-99"', '"db10:0-89"'))
    rig.ask("reload")
    rig.kill()
    rig.enforce(plant)
    assert poll.wait(120) == 0, "a request was not answered"
    assert passed(rig, "engineering-to-cell", "inspect") > before


def is_refused_unseen(rig, peer, plant):
    print("one that was there before the rules has to open again")
    poll = rig.start("client", *peer, "poll", PLC, str(10 * SECONDS), "pg", "szl 0x0011 0", ready="")
    time.sleep(2)
    rig.change(plant.replace("stations = [\"pg:0.2\"]", "stations = [\"pg:0.3\"]"))
    rig.ask("reload")
    assert poll.wait(120) != 0, "nobody can have seen that it calls slot 3"
    rig.change(plant)
    rig.ask("reload")
    assert ask(rig, peer, "pg", "szl 0x0011 0") == [True]


def test(penstockd, penstock, modules, shape, plant):
    if not os.path.exists(os.path.join(modules, "complete")):
        raise Skip("node-snap7 is not installed (tests/net/install_node_peers.sh)")
    if shutil.which("node") is None:
        raise Skip("node is not installed")
    peer = ["node", os.path.join(HERE, "s7_peer.js"), modules]
    with open(plant, encoding="utf-8") as file:
        text = re.sub(r"gateways = \(.*?\n\);", GATEWAY, file.read(), flags=re.S)
    with Cell(penstockd, penstock, shape) as rig:
        rig.start("server", *peer, "serve", PLC, ready="ready")
        rig.enforce(text)
        stations(rig, peer)
        lives_on(rig, peer, text)
        is_refused_unseen(rig, peer, text)
        rig.stop_gateway()


if __name__ == "__main__":
    main(lambda: test(*sys.argv[1:]))
