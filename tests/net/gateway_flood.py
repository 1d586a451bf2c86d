# SPDX-License-Identifier: GPL-2.0-or-later
"""gateway_flood.py PENSTOCKD PENSTOCK PEER FLOOD DRIVER: a hostile host beside an HMI sends whatever it likes at full rate,
also in the HMI's name, and the HMI's polls go on over the one connection that they began on.

What the rings in front of the gateway lose is sent again by TCP: a poll may be late, but has its answer in the end.
"""
import json
import os
import re
import subprocess
import sys
import time

from gateway_rig import CLIENT, N_WAIT, PLANT, SERVER, Rig, main

HERE = os.path.dirname(os.path.abspath(__file__))
HOSTILE = "10.99.0.66"
KINDS = (("spoofed", HOSTILE), ("syns", HOSTILE), ("syns", CLIENT), ("segments", CLIENT), ("fragments", CLIENT), ("frames", HOSTILE),
         ("connects", HOSTILE), ("connects", CLIENT))
MILLISECONDS = "500"  # of each
PATIENCE = "60"
# By counter or reason: each has to have counted something when the floods are over.
COUNTED = ("denied_by_reason.no-rule", "denied_by_reason.midstream", "denied_by_reason.bad-flags", "denied_by_reason.fragment",
           "denied_by_reason.cut-frame", "denied_by_reason.too-many-new-flows")


def number(counters, path):
    for key in path.split("."):
        counters = counters.get(key, {})
    return counters or 0


def again(rig, peer):
    """The HMI opens another connection; its address had its share of new ones until a moment ago."""
    end = time.monotonic() + N_WAIT
    while rig.run("client", peer, "ask", SERVER, "holding 0 8", check=False)[0] != 0:
        assert time.monotonic() < end, f"no new connection within {N_WAIT} s"


def test(penstockd, penstock, peer, flood, driver):
    with Rig(penstockd) as rig:
        def ask(*arguments):
            return subprocess.run([penstock, *arguments, "--socket", rig.socket], check=True, stdout=subprocess.PIPE).stdout.decode()

        rig.ip("client", "address", "add", f"{HOSTILE}/24", "dev", "eth0")
        rig.start("server", peer, "serve", SERVER, ready="ready")
        rig.gateway(PLANT, f'ports: {{ plant = "{driver}:gw0"; field = "{driver}:gw1"; }};')
        mac = rig.run("server", "cat", "/sys/class/net/eth0/address").strip()
        poller = subprocess.Popen(rig.command("client", sys.executable, os.path.join(HERE, "modbus_poller.py"), SERVER, "170",
                                              PATIENCE, "0.1"), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        rig.children.append(poller)
        assert poller.stdout.readline() == b"ready\n"
        for kind, source in KINDS:
            hostile = subprocess.Popen(rig.command("client", flood, "eth0", MILLISECONDS, kind, source, SERVER, mac), stdout=subprocess.PIPE)
            rig.children.append(hostile)
            counters = json.loads(ask("counters", "--json"))  # it answers meanwhile
            text = hostile.communicate(timeout=60)[0].decode().strip()
            assert hostile.returncode == 0, text
            print(f"{text} from {source}; meanwhile lost {counters['ports'][0]['rx_lost']} in front, denied "
                  f"{counters['denied_by_class']}, flows {counters['engine']['flows_now']}", flush=True)
        text = poller.communicate(b"\n", timeout=150)[0].decode()
        print(text.strip())
        polls, lost, connections = map(int, re.findall(r"\d+", text))
        again(rig, peer)
        counters = json.loads(ask("counters", "--json"))
        print(json.dumps(counters["denied_by_reason"]), ask("status"))
        assert lost == 0 and connections == 1 and polls > 0, text
        nothing = [name for name in COUNTED if number(counters, name) == 0]
        assert not nothing, f"nothing of {nothing} in {json.dumps(counters)}"
        print(rig.stop_gateway())


if __name__ == "__main__":
    main(lambda: test(*sys.argv[1:]))
