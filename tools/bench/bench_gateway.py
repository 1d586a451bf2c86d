#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Measures the live gateway beside dpdk-testpmd on the same ports, in the same run, turn by turn.

throughput  frames a second of one core, 1,000 connections that poll
latency     how long one Modbus transaction takes over both, and what a gateway that sleeps when idle adds
reload      until a policy of 10 to 100,000 rules is acknowledged, and what is lost of allowed traffic meanwhile

Needs root, a build with DPDK, and dpdk-testpmd (Debian: dpdk-dev). Namespaces, hugepages and processes are given back.
"""
import argparse
import json
import os
import shutil
import signal
import sys
import tempfile

import gateway_latency
import gateway_programs as programs
import gateway_reload
import gateway_throughput

SKIPPED = 77  # meson's word
ROUNDS, ROUNDS_OF_LATENCY = 5, 40  # of latency they are short


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--build", required=True, help="build folder; --buildtype=release -Db_lto=true is what counts")
    common.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    common.add_argument("--rounds", type=int, default=0, help="how often each is measured; medians are reported "
                        f"({ROUNDS}, latency {ROUNDS_OF_LATENCY})")
    common.add_argument("--hugepages", type=int, default=0, metavar="MIB",
                        help="set so many aside meanwhile; 0 (the default): use what there is")
    common.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)), help="of who forwards (%(default)s)")
    common.add_argument("--main-core", type=int, default=min(os.sched_getaffinity(0)), help="of the rest (%(default)s)")
    common.add_argument("--precedence", action="store_true",
                        help="over what else runs on this machine, which waits meanwhile; for machines that others use too")
    parts = parser.add_subparsers(dest="what", required=True)
    part = parts.add_parser("throughput", parents=[common], help="frames a second")
    part.add_argument("--flows", type=int, default=1000)
    part.add_argument("--seconds", type=float, default=2.0, help="of each measurement (%(default)s)")
    part.add_argument("--kinds", default="modbus,pass,ack", help="of frames: modbus, pass, ack (%(default)s)")
    part.add_argument("--no-ceilings", action="store_true", help="leave out testpmd on bare ports")
    part = parts.add_parser("latency", parents=[common], help="of one transaction")
    part.add_argument("--seconds", type=float, default=0.5, help="of each measurement (%(default)s)")
    part.add_argument("--pause-us", type=int, default=1000, help="between two transactions (%(default)s)")
    part.add_argument("--drivers", default="af_packet,af_xdp", help="of the ports (%(default)s)")
    part = parts.add_parser("reload", parents=[common], help="of policies")
    part.add_argument("--rules", default="10,1000,10000,100000", help="sizes of the policies (%(default)s)")
    part.add_argument("--drivers", default="af_packet", help="of the ports (%(default)s)")
    part.add_argument("--idle", default="spin", help="of the gateway: spin or sleep (%(default)s)")
    args = parser.parse_args()
    args.rounds = args.rounds or (ROUNDS_OF_LATENCY if args.what == "latency" else ROUNDS)
    args.penstockd = os.path.join(args.build, "daemon/penstockd")
    args.penstock = os.path.join(args.build, "tools/penstock")
    args.poll = os.path.join(args.build, "tools/bench/bench_poll")
    args.wire = os.path.join(args.build, "tools/bench/bench_wire.so")
    return parser, args


def say_throughput(result):
    pages = "hugepages" if result["hugepages"] else "small pages"
    ceilings = "".join(f"; {name}: {mpps:.1f} Mpps" for name, mpps in result["ceilings"].items())
    return f'{result["flows"]:,} connections, {pages}, {result["rounds"]} rounds of {result["seconds"]:g} s, medians{ceilings}'


def say_latency(result):
    return f'{result["rounds"]} rounds of {result["seconds"]:g} s, {result["pause_us"]} us between two transactions'


def say_reload(result):
    return f'{result["rounds"]} reloads of each size while a client polls, medians'


WAYS = {"throughput": (gateway_throughput, gateway_throughput.throughput, say_throughput),
        "latency": (gateway_latency, gateway_latency.latency, say_latency),
        "reload": (gateway_reload, gateway_reload.reload, say_reload)}


def main():
    parser, args = options()
    if not os.path.exists(args.penstockd):
        parser.error(f"there is no {args.penstockd}; build with DPDK first: ninja -C {args.build}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that all is given back
    part, run, say = WAYS[args.what]
    folder = tempfile.mkdtemp(prefix="bench")
    try:
        if os.geteuid() != 0:
            raise programs.Skip("only root can open ports, make namespaces and set hugepages aside")
        if args.precedence:
            programs.take_precedence()
        with programs.hugepages(args.hugepages) as huge:
            result = {"machine": programs.machine(), **run(args, folder, huge)}
    except programs.Skip as skip:
        print(f"skipped: {skip}")
        sys.exit(SKIPPED)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for name in (f"penstock-bench{os.getpid()}", f"bench{os.getpid()}"):
            shutil.rmtree(f"/var/run/dpdk/{name}", ignore_errors=True)
    if args.json:
        print(json.dumps(result))
        return
    print("{processor}, {cores} cores, Linux {kernel}, load {load:.1f}".format(**result["machine"]))
    print(say(result))
    programs.table(list(part.rows(result)))
    print(part.verdict(result))


if __name__ == "__main__":
    main()
