#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Measures what each backend costs, beside a kernel that only forwards, turn by turn in one run.

Between a client and a server, each in a network namespace of its own, a third one forwards: the kernel alone, routing or bridging; penstockd
with DPDK's af_packet, or behind queues; or the kernel by the ruleset that "penstock nft" prints. Of each:

    polls      Modbus transactions, which are inspected: how long they take
    datagrams  of 18 octets that no dissector reads: how many a second arrive

and of the ruleset the same with plants of many conduits. Needs root, nft, and a build with DPDK and libnetfilter_queue. Namespaces and
processes are given back.
"""
import argparse
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time

import gateway_latency
import gen_plant
from gateway_programs import machine, median, rank, table, take_precedence

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tests/net"))
import nfq_rig  # noqa: E402
from gateway_rig import PLANT, SERVER, SKIPPED, Rig, Skip  # noqa: E402

OCTETS = 18  # a frame of 60
OPEN = PLANT.replace('{ name = "ping"', '{ name = "blast"; protocol = "udp"; ports = ["5202"]; },\n              { name = "ping"').replace(
    'on_failure = "closed";', 'on_failure = "closed"; max_new_flows = 100000;')


def plain(i, source, target):
    """A conduit whose packets nobody inspects, for gen_plant."""
    return (f'  {{ name = "c{i}"; from = "z{source}"; to = "z{target}"; purpose = "files"; owner = "bench"; on_failure = "closed";\n'
            f'    sl_t = [2, 2, 2, 1, 2, 2, 2]; allow = ( {{ name = "files"; protocol = "tcp"; ports = ["{5000 + i % 1000}"]; }} ); }}')


CONDUITS = {"modbus": gen_plant.conduit, "plain": plain}


def plant_of(n, conduit=gen_plant.conduit):
    """OPEN, and n more conduits between zones on both sides of the gateway."""
    if n == 0:
        return OPEN
    n_zones = 2
    while n_zones * (n_zones - 1) < n:
        n_zones += 1
    zones = ",\n".join(gen_plant.zone(z) for z in range(n_zones))
    conduits = ",\n".join(conduit(i, *gen_plant.ends(i, n_zones)) for i in range(n))
    names = [[f'"z{z}"' for z in range(first, n_zones, 2)] for first in range(2)]
    text = OPEN.replace("\n);\nconduits = (", f",\n{zones}\n);\nconduits = (").replace("\n);\ngateways", f",\n{conduits}\n);\ngateways")
    for zone, more in zip(("room", "field"), names):
        text = text.replace(f'zones = ["{zone}"]', f'zones = [{", ".join([f"{chr(34)}{zone}{chr(34)}", *more])}]')
    return text


# ---- who forwards ----------------------------------------------------------------------------------------------------------


def rig_of(shape, args):
    return Rig(args.penstockd) if shape is Rig else shape(args.penstockd, args.penstock)


@contextlib.contextmanager
def kernel(shape, args):
    """Nobody judges."""
    with rig_of(shape, args) as rig:
        yield rig, {}


@contextlib.contextmanager
def penstockd(shape, args, plant, settings):
    with rig_of(shape, args) as rig:
        rig.gateway(plant, f"cpus = [{args.core}];\n{settings}")
        yield rig, {}


def dpdk(args, plant):
    return penstockd(Rig, args, plant, 'ports: { plant = "af_packet:gw0"; field = "af_packet:gw1"; }; idle = "spin";')


@contextlib.contextmanager
def ruleset(shape, word, args, plant):
    """The kernel by the text of "penstock nft"; how long that takes to print and to load."""
    with rig_of(shape, args) as rig:
        path = rig.write("plant.conf", plant)
        start = time.monotonic()
        text = subprocess.run([args.penstock, "nft", path, "--shape", word, "--port", "plant=gw0", "--port", "field=gw1"], check=True,
                              stdout=subprocess.PIPE).stdout
        printed = time.monotonic()
        for name in ("gw0", "gw1") if word == "bump" else ():
            rig.ip("gw", "link", "set", name, "promisc", "on")
        rig.run("gw", "nft", "-f", rig.write("rules.nft", text.decode()), timeout=600)
        yield rig, {"print_s": printed - start, "load_s": time.monotonic() - printed, "mb": len(text) / 1e6}


QUEUE = nfq_rig.PORTS
WAYS = {
    "kernel-bridged": lambda args, _: kernel(nfq_rig.Bridged, args),
    "kernel-routed": lambda args, _: kernel(nfq_rig.Routed, args),
    "dpdk-af_packet": dpdk,
    "nfqueue-bridged": lambda args, plant: penstockd(nfq_rig.Bridged, args, plant, QUEUE),
    "nfqueue-routed": lambda args, plant: penstockd(nfq_rig.Routed, args, plant, QUEUE),
    "nft-bump": lambda args, plant: ruleset(Rig, "bump", args, plant),
    "nft-bridge": lambda args, plant: ruleset(nfq_rig.Bridged, "bridge", args, plant),
    "nft-routed": lambda args, plant: ruleset(nfq_rig.Routed, "routed", args, plant),
}


# ---- measuring -------------------------------------------------------------------------------------------------------------


def datagrams(rig, args):
    rig.start("server", "taskset", "-c", str(args.main_core), args.blast, "serve", SERVER, ready="ready")
    said = rig.run("client", "taskset", "-c", str(args.core if args.spread else args.main_core), args.blast, "send", SERVER,
                   str(args.seconds), str(OCTETS), timeout=args.seconds + 120)
    result = json.loads(re.search(r"\{.*\}", said)[0])
    return {"kpps": result["arrived"] / result["seconds"] / 1000, "sent_kpps": result["sent"] / result["seconds"] / 1000}


def measure(args, way, plant):
    """One run: transactions' times, and datagrams that arrive."""
    with WAYS[way](args, plant) as (rig, more):
        rig.run("client", "ping", "-c1", "-W20", SERVER)  # they have found each other
        gateway_latency.start_server(rig, args)
        gateway_latency.poll(rig, args, 0.2, 1000)
        polled = gateway_latency.poll(rig, args, args.seconds, args.pause_us)
        return {"us": polled["us"], "lost": polled["lost"], **datagrams(rig, args), **more}


def summary(runs):
    together = sorted(us for run in runs for us in run["us"])
    numbers = {"p50_us": rank(together, 0.5), "p99_us": rank(together, 0.99), "lost": sum(run["lost"] for run in runs)}
    for what in runs[0].keys() - {"us", "lost"}:
        numbers[what] = median([run[what] for run in runs])
    return numbers


def backends(args):
    runs = {way: [] for way in args.ways.split(",")}
    for _ in range(args.rounds):
        for way, of in runs.items():
            of.append(measure(args, way, OPEN))
    return {way: summary(of) for way, of in runs.items()}


def conduits(args):
    sizes = [int(n) for n in args.conduits.split(",") if n]
    runs = {n: [] for n in sizes}
    for _ in range(args.rounds):
        for n, of in runs.items():
            of.append(measure(args, args.by, plant_of(n, CONDUITS[args.rules])))
    return {n: summary(of) for n, of in runs.items()}


def print_tables(result):
    rows = [["who", "p50 us", "p99 us", "lost", "datagrams, k/s", "sent, k/s"]]
    rows += [[way, n["p50_us"], n["p99_us"], n["lost"], n["kpps"], n["sent_kpps"]] for way, n in result["backends"].items()]
    table(rows)
    if not result["conduits"]:
        return
    rows = [["more conduits", "p50 us", "p99 us", "datagrams, k/s", "MB of text", "s to print", "s to load"]]
    rows += [[f"{n:,}", of["p50_us"], of["p99_us"], of["kpps"], of["mb"], of["print_s"], of["load_s"]]
             for n, of in result["conduits"].items()]
    table(rows)


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, help="build folder; --buildtype=release -Db_lto=true is what counts")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured, in turns (%(default)s)")
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement (%(default)s)")
    parser.add_argument("--pause-us", type=int, default=1000, help="between two transactions (%(default)s)")
    parser.add_argument("--ways", default=",".join(WAYS), help="who forwards (%(default)s)")
    parser.add_argument("--conduits", default="10,1000,10000", help='besides the two ends\' own, for the ruleset; "": none (%(default)s)')
    parser.add_argument("--rules", default="plain", choices=CONDUITS, help="of these conduits: two of Modbus each, or a plain one (%(default)s)")
    parser.add_argument("--by", default="nft-bump", choices=[way for way in WAYS if way.startswith("nft")],
                        help="which ruleset (%(default)s)")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)), help="of who forwards (%(default)s)")
    parser.add_argument("--main-core", type=int, default=min(os.sched_getaffinity(0)), help="of the rest (%(default)s)")
    parser.add_argument("--spread", action="store_true", help="who sends datagrams has the core of who forwards")
    parser.add_argument("--precedence", action="store_true", help="over what else runs on this machine, which waits meanwhile")
    args = parser.parse_args()
    args.penstockd = os.path.join(args.build, "daemon/penstockd")
    args.penstock = os.path.join(args.build, "tools/penstock")
    args.poll = os.path.join(args.build, "tools/bench/bench_poll")
    args.blast = os.path.join(args.build, "tools/bench/bench_blast")
    return args


def main():
    args = options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that all is given back
    if args.precedence:
        take_precedence()
    try:
        result = {"machine": machine(), "backends": backends(args), "conduits": conduits(args)}
    except Skip as skip:
        print(f"skipped: {skip}")
        sys.exit(SKIPPED)
    if args.json:
        print(json.dumps(result))
        return
    print("{processor}, {cores} cores, Linux {kernel}, load {load:.1f}".format(**result["machine"]))
    print(f"{args.rounds} rounds of {args.seconds:g} s in turns; medians, times of all rounds together")
    print_tables(result)


if __name__ == "__main__":
    main()
