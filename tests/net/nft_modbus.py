# SPDX-License-Identifier: GPL-2.0-or-later
"""nft_modbus.py PENSTOCK PEER SHAPE: libmodbus at both ends, and between them a kernel with the ruleset of `penstock nft`.

SHAPE: bump, routed or bridge. PEER: modbus_peer.
"""
import os
import subprocess
import sys

from gateway_rig import Rig, Skip, main

CLIENT, SERVER = "10.71.1.10", "10.71.2.10"
PLANT = f"""schema = 1; revision = 1;
zones = (
  {{ name = "room"; kind = "operations"; networks = ["10.71.1.0/24"];
    assets = ( {{ name = "hmi"; addresses = ["{CLIENT}"]; }} ); }},
  {{ name = "field"; kind = "control"; networks = ["10.71.2.0/24"];
    assets = ( {{ name = "plc"; addresses = ["{SERVER}"]; }} ); }}
);
conduits = ( {{ name = "room-to-field"; from = "room"; to = "field"; on_deny = "reset"; allow = (
  {{ name = "poll"; clients = ["hmi"]; servers = ["plc"]; protocol = "modbus"; operations = ["read"]; objects = ["holding:0-15", "coil:0-7"]; }},
  {{ name = "set"; clients = ["hmi"]; servers = ["plc"]; protocol = "modbus"; functions = [6, 16]; objects = ["holding:4-5"]; values = ["0..100"]; }},
  {{ name = "ping"; protocol = "icmp"; icmp_types = [8]; }} ); }} );
gateways = ( {{ name = "gw"; ports = ( {{ name = "gw0"; zones = ["room"]; }}, {{ name = "gw1"; zones = ["field"]; }} ); }} );
"""

# Sends the segments given in hex, each by itself; prints what comes back within so many seconds, or how the connection ended.
TALK = """
import socket, sys, time
s = socket.create_connection((sys.argv[1], 502), timeout=30)
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
s.settimeout(float(sys.argv[2]))
try:
    for part in sys.argv[3:]:
        s.sendall(bytes.fromhex(part))
        time.sleep(0.3)
    answer = s.recv(512)
    print("answer", len(answer))
except TimeoutError:
    print("silence")
except OSError:
    print("reset")
"""

READ = "00010000000601030000000a"
WRITE = "000200000006010600040320"


# In a bridge it is penstockd that resets. Until it comes to that the refused message is not sent again, and refused again.
SLOW = {"bridge": ("rto_min", "3s")}


def join(rig, shape):
    """Addresses, and how the gateway joins its ports; the ends are on different networks in every shape."""
    for name, address, other in (("client", CLIENT, "10.71.2.0/24"), ("server", SERVER, "10.71.1.0/24")):
        rig.ip(name, "address", "flush", "dev", "eth0")
        rig.ip(name, "address", "add", f"{address}/24", "dev", "eth0")
        if shape == "routed":
            rig.ip(name, "route", "add", other, "via", address[:-2] + "1")
        else:
            rig.ip(name, "route", "add", other, "dev", "eth0", *SLOW.get(shape, ()))
    if shape == "routed":
        rig.ip("gw", "address", "add", "10.71.1.1/24", "dev", "gw0")
        rig.ip("gw", "address", "add", "10.71.2.1/24", "dev", "gw1")
        rig.run("gw", "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
        return
    if shape == "bridge":
        done = subprocess.run(["ip", "-n", f"{rig.tag}-gw", "link", "add", "br0", "type", "bridge"], check=False)
        if done.returncode:
            raise Skip("this kernel has no bridge")
        rig.ip("gw", "link", "set", "gw0", "master", "br0")
        rig.ip("gw", "link", "set", "gw1", "master", "br0")
        rig.ip("gw", "link", "set", "br0", "up")
        return
    for dev in ("gw0", "gw1"):
        rig.ip("gw", "link", "set", dev, "promisc", "on")


def counter(rig, family, name):
    text = rig.run("gw", "nft", "list", "counter", family, "penstock", name)
    return int(text.split("packets ")[1].split()[0])


def talk(rig, *segments, seconds=30):
    return rig.run("client", sys.executable, "-c", TALK, SERVER, str(seconds), *segments, timeout=90).split()[0]


def test(penstock, peer, shape):
    family = {"bump": "netdev", "routed": "inet", "bridge": "bridge"}[shape]
    with Rig(penstock) as rig:
        join(rig, shape)
        plant = rig.write("plant.conf", PLANT)
        ruleset = subprocess.run([penstock, "nft", plant, "--shape", shape], stdout=subprocess.PIPE, check=True).stdout
        with open(os.path.join(rig.work, "rules.nft"), "wb") as out:
            out.write(ruleset)
        rig.start("server", peer, "serve", SERVER, ready="ready")
        rig.run("gw", "nft", "-f", out.name)
        rig.run("client", "ping", "-c1", "-W20", SERVER)
        rig.run("client", peer, "ask", SERVER, "holding 0 8", "coil 0 8", "set-holding 4 100", "set-holding 4 7 8", "holding 4 2")
        assert counter(rig, family, "pass/room-to-field/poll") == 3, "each read is counted by its rule"
        assert counter(rig, family, "pass/room-to-field/set") == 2
        refused = "silence" if shape == "bridge" else "reset"
        patience = 1.5 if shape == "bridge" else 30
        assert talk(rig, READ) == "answer"
        assert talk(rig, READ, READ) == "answer"
        assert talk(rig, WRITE, seconds=patience) == refused, "a value that no rule grants"
        assert talk(rig, READ + READ, seconds=patience) == refused, "two messages in a segment, each of which may pass"
        assert talk(rig, READ + WRITE, seconds=patience) == refused, "one behind the other"
        parts = talk(rig, READ[:14], READ[14:], seconds=patience)  # whoever is not reset may send them again as one
        assert parts == refused or (shape == "bridge" and parts == "answer"), "a part of a message"
        assert talk(rig, READ.replace("0000000a", "00000011"), seconds=patience) == refused, "a block that reaches outside"
        assert counter(rig, family, "refuse/room-to-field/no-rule") >= 5
        code, _ = rig.run("server", "ping", "-c1", "-W1", CLIENT, check=False)
        assert code != 0, "no conduit leads from the field to the room"
        rig.run("gw", "nft", "-f", out.name)  # replaced by itself, while connections go on
        assert talk(rig, READ) == "answer"


if __name__ == "__main__":
    main(lambda: test(*sys.argv[1:]))
