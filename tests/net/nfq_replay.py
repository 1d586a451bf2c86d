# SPDX-License-Identifier: GPL-2.0-or-later
"""nfq_replay.py PENSTOCKD PENSTOCK EXAMPLE...: a capture is judged alike by replay and by a gateway whose kernel asks.

The packets of the example's capture go into the gateway by the ports where their senders are, in their order; those that are
not IP are left out. Compared is what was refused (connection, reason, conduit, operation), and how many PDUs of each protocol were
allowed and denied. Not compared are numbers of equal events, which the gateway puts together, and times.
"""
import collections
import contextlib
import ctypes
import gzip
import json
import os
import socket
import struct
import subprocess
import sys
import time

from gateway_rig import N_WAIT, lines_of, main
from nfq_rig import Queued, sysctl

# Port of the gateway -> network behind it.
PORTS = {
    "production-cell": ("gw-4", {"office": "10.30.1", "line": "10.30.2", "cell": "10.30.3"}),
    "substation": ("gw-northgate", {"wan": "10.40.1", "office": "10.40.2", "bays": "10.40.3"}),
}
PAUSE = 0.002  # between two packets, so that the queue is never full
CLONE_NEWNET = 0x40000000


def frames_of(path):
    """The frames of a pcap file of Ethernet."""
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
        data = file.read()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at = 24
    while at + 16 <= len(data):
        length, = struct.unpack_from(order + "I", data, at + 8)
        yield data[at + 16:at + 16 + length]
        at += 16 + length


def network(frame):
    """(network, host) of an IPv4 sender, None of others."""
    if frame[12:14] != b"\x08\x00":
        return None
    address = socket.inet_ntoa(frame[26:30])
    return address.rpartition(".")[0], address


class Router(Queued):
    """A gateway, and one namespace in which everybody is."""

    def __init__(self, penstockd, penstock, example):
        super().__init__(penstockd, penstock)
        self.example, self.sockets = example, {}
        self.name, self.networks = PORTS[os.path.basename(example)]

    def _build(self):
        self.need_queue()
        for name in ("gw", "plant"):
            self.namespace(name)
        for number, (port, net) in enumerate(self.networks.items()):
            self.link("plant", f"p{number}", f"gw{number}")
            self.ip("gw", "route", "add", f"{net}.0/24", "dev", f"gw{number}")
            sysctl(self, "gw", f"ipv4/conf/gw{number}/rp_filter", 0)
        sysctl(self, "gw", "ipv4/conf/all/rp_filter", 0)
        sysctl(self, "gw", "ipv4/ip_forward", 1)

    def port_of(self, net):
        return list(self.networks.values()).index(net)

    def know(self, frames):
        """Hosts answer no questions here: the gateway knows their MACs."""
        for (net, address), mac in {network(frame): frame[6:12] for frame in frames if network(frame)}.items():
            self.ip("gw", "neigh", "replace", address, "lladdr", mac.hex(":"), "dev", f"gw{self.port_of(net)}", "nud",
                    "permanent")

    def mac_of(self, number):
        text = self.run("gw", "cat", f"/sys/class/net/gw{number}/address")
        return bytes.fromhex(text.strip().replace(":", ""))

    def play(self, frames):
        with self.inside("plant"):
            for number in range(len(self.networks)):
                self.sockets[number] = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
                self.sockets[number].bind((f"p{number}", 0))
        macs = [self.mac_of(number) for number in range(len(self.networks))]
        processors = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(processors)})  # the kernel may swap what two processors send
        for frame in frames:
            where = network(frame)
            if where:
                number = self.port_of(where[0])
                self.sockets[number].send(macs[number] + frame[6:])
                time.sleep(PAUSE)
        os.sched_setaffinity(0, processors)
        for each in self.sockets.values():
            each.close()

    @contextlib.contextmanager
    def inside(self, name):
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/thread-self/ns/net", "rb") as home, open(f"/run/netns/{self.tag}-{name}", "rb") as there:
            assert libc.setns(there.fileno(), CLONE_NEWNET) == 0
            try:
                yield
            finally:
                assert libc.setns(home.fileno(), CLONE_NEWNET) == 0


def end(event, which):
    return f"{event[which]['address']}:{event[which].get('port', '')}"


def refusals(events):
    """What was refused, told alike by both."""
    found = collections.Counter()
    for event in events:
        if event["kind"] in ("deny", "malformed", "would-deny"):
            found[(event["kind"], event["reason"], event.get("conduit"), end(event, "client"), end(event, "server"),
                   event.get("flow"), event.get("operation"))] += 1
    return set(found)


def compare(penstockd, penstock, example):
    plant, capture = os.path.join(example, "plant.conf"), os.path.join(example, "attack.pcap")
    done = subprocess.run([penstock, "replay", "--inline", "--json", plant, capture], stdout=subprocess.PIPE, check=False)
    *events, summary = done.stdout.decode().splitlines()
    expected, pdus = refusals(map(json.loads, events)), json.loads(summary)["pdus"]
    frames = list(frames_of(capture))
    with open(plant, encoding="utf-8") as file, Router(penstockd, penstock, example) as rig:
        rig.know(frames)
        told = os.path.join(rig.work, "events.jsonl")
        ports = " ".join(f'{port} = "gw{number}";' for number, port in enumerate(rig.networks))
        rig.gateway(file.read(), f'io = "nfqueue"; ports: {{ {ports} }}; '
                    f'events = ( {{ kind = "file"; path = "{told}"; }} );', name=rig.name)
        rig.play(frames)
        finish, seen = time.monotonic() + N_WAIT, set()
        while seen != expected and time.monotonic() < finish:
            time.sleep(0.2)
            seen = refusals(lines_of(told))
        judged = rig.status_of("counters")["pdus"]
        rig.stop_gateway()
        seen = refusals(lines_of(told))
    assert expected and seen == expected, \
        f"{os.path.basename(example)}: only by replay: {sorted(expected - seen, key=str)}\n" \
        f"only by the gateway: {sorted(seen - expected, key=str)}"
    assert judged == pdus, f"{os.path.basename(example)}: {judged} by the gateway, {pdus} by replay"
    print(f"{os.path.basename(example)}: {len(frames)} packets, {len(seen)} different refusals, PDUs {pdus}, the same by both")


def test(penstockd, penstock, *examples):
    for example in examples:
        compare(penstockd, penstock, example)


if __name__ == "__main__":
    main(lambda: test(*sys.argv[1:]))
