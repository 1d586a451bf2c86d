# SPDX-License-Identifier: GPL-2.0-or-later
"""nft_life.py PENSTOCKD PENSTOCK PEER SHAPE CASE: a kernel that judges alone, through

    dead-man    penstockd is killed: with dead_man conduits close but for open ones, and open again when it is back
    swap        policies of 10,000 elements take each other's place under a flood of pings, polls, and what is never allowed
    interface   a port of a bump goes and comes back
"""
import os
import re
import subprocess
import sys
import time

from gateway_rig import main
from nft_modbus import CLIENT, PLANT, READ, SERVER, talk
from nft_rig_daemon import Kernel, Poller

ELEMENTS = 10_000
SWAPS = 8
PINGS = 3000


def two_ways():
    """The other way too, which is open when penstockd is away."""
    back = ', { name = "field-to-room"; from = "field"; to = "room"; on_failure = "open"; allow = ( { name = "back"; protocol = "icmp"; ' \
           'icmp_types = [8]; } ); } );\ngateways = ('
    plant, n = re.subn(r"\);\s*gateways = \(", back, PLANT)
    assert n == 1
    return plant


def dead_man(rig):
    rig.enforce(two_ways(), "dead_man = 5;")
    rig.reach("client", SERVER)
    rig.reach("server", CLIENT)
    print("alive, it goes on for longer than that")
    poller = Poller(rig, SERVER)
    time.sleep(8)
    assert poller.end()[1] == 0
    assert "closes 5 s after penstockd" in rig.ask("status") and rig.json("status")["kernel"]["repairs"] == 0
    print("killed, conduits close but for the open one")
    rig.kill()
    rig.await_closed()
    rig.reach("server", CLIENT)
    print("started again, it opens")
    rig.enforce(two_ways(), "dead_man = 5;")
    rig.reach("client", SERVER)
    assert talk(rig, READ) == "answer"
    print("ended as one should, the same")
    rig.stop_gateway()
    rig.await_closed()
    print("without dead_man it goes on")
    rig.enforce(two_ways())
    rig.kill()
    poller = Poller(rig, SERVER)
    time.sleep(8)
    assert poller.end()[1] == 0


# ---- swap --------------------------------------------------------------------------------------------------------

def large(revision):
    """A plant of many elements, which are others in each revision: pairs of clients and servers of three rules."""
    side = 60
    first = 20 + revision % 2
    clients = [f"10.71.1.{first + 2 * i}" for i in range(side)]
    servers = [f"10.71.2.{first + 2 * i}" for i in range(side)]
    assets = lambda name, all_: "".join(f', {{ name = "{name}{i}"; addresses = ["{a}"]; }}' for i, a in enumerate(all_))
    names = lambda name: ", ".join(f'"{name}{i}"' for i in range(side))
    rules = "".join(f', {{ name = "many{k}"; clients = [{names("c")}]; servers = [{names("s")}]; protocol = "tcp"; ports = [{8000 + k}]; }}'
                    for k in range(3))
    plant = PLANT.replace("revision = 1", f"revision = {revision}")
    plant = plant.replace(f'addresses = ["{CLIENT}"]; }}', f'addresses = ["{CLIENT}"]; }}{assets("c", clients)}')
    plant = plant.replace(f'addresses = ["{SERVER}"]; }}', f'addresses = ["{SERVER}"]; }}{assets("s", servers)}')
    return plant.replace("icmp_types = [8]; }", f"icmp_types = [8]; }}{rules}")


def n_elements(rig, plant):
    text = subprocess.run([rig.penstock, "nft", rig.write("count.conf", plant), "--shape", rig.shape], stdout=subprocess.PIPE,
                          check=True).stdout.decode()
    return sum(block.count(",") + 1 for block in re.findall(r"elements = \{(.*?)\}", text, re.S))


# Datagrams that no rule allows, until there is a line on standard input; how many were sent.
SHOUT = """
import select, socket, sys
s, n = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0
print("ready", flush=True)
while not select.select([sys.stdin], [], [], 0.002)[0]:
    s.sendto(b"x", (sys.argv[1], 9999))
    n += 1
print(n)
"""
# How many arrive.
HEAR = """
import select, socket, sys
s, n = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0
s.bind((sys.argv[1], 9999))
print("ready", flush=True)
while True:
    ready = select.select([sys.stdin, s], [], [])[0]
    n += s in ready and len(s.recv(100)) > 0
    if sys.stdin in ready:
        break
print(n)
"""


def script(rig, name, text, *arguments):
    child = subprocess.Popen(rig.command(name, sys.executable, "-c", text, *arguments), stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE)
    rig.children.append(child)
    child.log = os.devnull
    assert child.stdout.readline() == b"ready\n"
    return child


def swap(rig):
    plants = [large(revision) for revision in (1, 2)]
    n = n_elements(rig, plants[0])
    print(f"{n} elements")
    assert n >= ELEMENTS
    rig.enforce(plants[0])
    hear, shout = script(rig, "server", HEAR, SERVER), script(rig, "client", SHOUT, SERVER)
    flood = subprocess.Popen(rig.command("client", "ping", "-q", "-i", "0.001", "-c", str(PINGS), "-W", "10", SERVER),
                             stdout=subprocess.PIPE)
    rig.children.append(flood)
    flood.log = os.devnull
    poller = Poller(rig, SERVER)
    for i in range(SWAPS):
        rig.change(plants[(i + 1) % 2])
        print("   ", rig.ask("reload").splitlines()[0])
        rig.await_true("it does not last", lambda: rig.json("status")["kernel"]["state"] == "in force")
    text = flood.communicate(timeout=240)[0].decode()
    print("   ", text.splitlines()[-2])
    polls, lost, connections = poller.end()
    sent, heard = int(shout.communicate(b"\n", timeout=20)[0]), int(hear.communicate(b"\n", timeout=20)[0])
    print(f"    {sent} datagrams that nobody allows, {heard} passed")
    assert f"{PINGS} received" in text and " 0% packet loss" in text, text
    assert polls > 0 and lost == 0 and connections == 1
    assert sent > 100 and heard == 0
    assert rig.json("status")["kernel"]["repairs"] == 0


# ---- interface ---------------------------------------------------------------------------------------------------

def interface(rig):
    print("a port goes: that is told, and tried again until it is back")
    rig.enforce(PLANT)
    rig.ip("gw", "link", "del", "gw1")
    rig.await_true("it is not noticed", lambda: rig.json("status")["kernel"]["state"] == "broken")
    rig.await_true("nothing is told", lambda: rig.events("rules"))
    assert rig.events("rules")[-1]["what"] in ("found changed, and cannot be put back", "cannot be compared with the policy")
    assert "gw1" in rig.json("status")["kernel"]["why"]
    n_events = len(rig.events("rules"))
    rig.link("server", "eth0", "gw1")
    rig.rejoin()
    rig.await_true("it does not recover", lambda: rig.json("status")["kernel"]["state"] == "in force")
    rig.await_true("nothing is told", lambda: len(rig.events("rules")) > n_events)
    assert rig.events("rules")[-1]["what"] == "in force again"
    rig.reach("client", SERVER)
    flags = int(rig.run("gw", "cat", "/sys/class/net/gw1/flags"), 16)
    assert flags & 0x100, f"it is not promiscuous as it was: {flags:#x}"


class Life(Kernel):
    def await_closed(self):
        end = time.monotonic() + 60
        while self.pings("client", SERVER):
            assert time.monotonic() < end, "it does not close"

    def rejoin(self):
        self.ip("server", "address", "add", f"{SERVER}/24", "dev", "eth0")
        self.ip("server", "route", "add", "10.71.1.0/24", "dev", "eth0")


CASES = {"dead-man": dead_man, "swap": swap, "interface": interface}


def test(penstockd, penstock, peer, shape, case):
    with Life(penstockd, penstock, shape) as rig:
        rig.start("server", peer, "serve", SERVER, ready="ready")
        CASES[case](rig)


if __name__ == "__main__":
    main(lambda: test(*sys.argv[1:]))
