# SPDX-License-Identifier: GPL-2.0-or-later
"""How many frames a second cross penstockd and testpmd, one thread each, over the same ports.

The ports are net_null with bench_wire.so in front: closed loops of polls on many connections, made and heard in the thread
that forwards, so that its time is part of what is measured; bench_wire.so says how much. testpmd on bare net_null and on a
capture that net_pcap repeats (mac forwarding) is the ceiling of such ports.
"""
import mmap
import os
import re
import struct
import time

from gateway_programs import median, need_testpmd, penstockd, testpmd

KINDS = {"modbus": "Modbus polls, read by the dissector, 66 and 67 octets",
         "pass": "TCP that no dissector reads, 6 octets of payload, 60 octets",
         "ack": "TCP without payload on inspected connections, 60 octets"}
COUNTERS = struct.Struct("<6Q")
NULL_PORTS = ["net_null0,size=80", "net_null1,size=80"]
WARM_UP = 0.3  # seconds
PATIENCE = 60  # seconds until the first frame counts
TARGET_MPPS, AIM_MPPS = 10.0, 14.88  # of Modbus polls; 14.88 is 10 GbE full of the shortest frames

PLANT = """
schema = 1; site = "Bench"; revision = 1;
zones = ( { name = "room"; kind = "operations"; networks = ["10.1.0.0/16"]; },
          { name = "field"; kind = "control"; networks = ["10.2.0.0/16"]; } );
conduits = (
  { name = "room-to-field"; from = "room"; to = "field"; mode = "enforce"; on_deny = "reset"; on_failure = "closed";
    max_half_open = 1000000; max_new_flows = 1000000;
    allow = ( { name = "poll"; protocol = "modbus"; stations = ["1-8"]; operations = ["read"]; objects = ["holding:0-99"]; },
              { name = "web"; protocol = "tcp"; ports = ["8080"]; } ); }
);
gateways = ( { name = "gw-1"; ports = ( { name = "plant"; zones = ["room"]; }, { name = "field"; zones = ["field"]; } ); } );
"""


class Wire:
    """What bench_wire.so counts, in a file of its own."""

    def __init__(self, library, folder, kind, flows):
        self.path, self.flows = os.path.join(folder, "wire"), flows
        with open(self.path, "wb") as file:
            file.write(bytes(COUNTERS.size))
        self.env = {"LD_PRELOAD": os.path.abspath(library), "BENCH_WIRE": f"{self.path},{flows},{kind}"}
        with open(self.path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), COUNTERS.size)

    def counts(self):
        return dict(zip(("said", "heard", "odd", "talking", "tsc", "hz"), COUNTERS.unpack(self.memory[:])))


def measure(program, wire, seconds):
    """One run, from when every connection talks. ns are of wall time, of CPU time, and of time in the wire, per frame."""
    program.wait_for(lambda: wire.counts()["talking"] == wire.flows, "talk on all connections")
    time.sleep(WARM_UP)
    cpu, start, before = program.busiest_ns(), time.monotonic(), wire.counts()
    time.sleep(seconds)
    while wire.counts()["heard"] == before["heard"] and time.monotonic() < start + PATIENCE:  # others have the processor
        time.sleep(seconds)
    end, after, cpu_after = time.monotonic(), wire.counts(), program.busiest_ns()
    frames = after["heard"] - before["heard"]
    if frames == 0:
        raise AssertionError(f"nothing crossed: {after}")
    busiest = max(cpu_after[thread] - cpu.get(thread, 0) for thread in cpu_after)
    # What was said and is not heard is either on its way, at most a burst, or lost: its connection is silent then.
    return {"mpps": frames / (end - start) / 1e6, "ns": (end - start) * 1e9 / frames, "cpu_ns": busiest / frames,
            "wire_ns": (after["tsc"] - before["tsc"]) / after["hz"] * 1e9 / frames,
            "lost": after["said"] - after["heard"] - after["odd"], "odd": after["odd"]}


def run_gateway(args, folder, huge, kind):
    wire = Wire(args.wire, folder, kind, args.flows)
    settings = (f'ports: {{ plant = "{NULL_PORTS[0]}"; field = "{NULL_PORTS[1]}"; }}; cpus = [{args.core}]; idle = "spin";\n'
                f'memory: {{ flows = {2 * args.flows + 1024}; }};')
    with penstockd(args.penstockd, folder, PLANT, settings, wire.env) as program:
        return measure(program, wire, args.seconds)


def run_testpmd(args, folder, huge, kind):
    wire = Wire(args.wire, folder, kind, args.flows)
    with testpmd(folder, NULL_PORTS, "mac", huge, wire.env, cores=f"{args.main_core},{args.core}") as program:
        return measure(program, wire, args.seconds)


def write_capture(path):
    """64 Modbus-sized frames, to be repeated."""
    frame = bytes.fromhex("020000000002020000000001" "0800") + bytes([0x45]) + bytes(51)
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for _ in range(64):
            file.write(struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame)


def run_ceiling(args, folder, huge, devices):
    """testpmd as it is; frames a second are what it says itself. The first line is of the start."""
    with testpmd(folder, devices, "mac", huge, cores=f"{args.main_core},{args.core}") as program:
        time.sleep(1.2 + max(args.seconds, 1))
        log = program.stop()
    rates = [int(rate) for rate in re.findall(r"Rx-pps:\s+(\d+)", log)]
    totals = [sum(rates[i:i + 2]) for i in range(0, len(rates) - 1, 2)]
    return median(totals[1:]) / 1e6


def ceilings(args, folder, huge):
    capture = os.path.join(folder, "ceiling.pcap")
    write_capture(capture)
    return {"testpmd, mac, net_null": run_ceiling(args, folder, huge, ["net_null0,size=66", "net_null1,size=66"]),
            "testpmd, mac, net_pcap that repeats into net_null": run_ceiling(
                args, folder, huge, [f"net_pcap0,rx_pcap={capture},infinite_rx=1", "net_null1,no-rx=1"])}


def throughput(args, folder, huge):
    """Rounds in which penstockd and testpmd take turns; medians."""
    need_testpmd()
    result = {"hugepages": huge, "flows": args.flows, "seconds": args.seconds, "rounds": args.rounds, "kinds": {}}
    result["ceilings"] = {} if args.no_ceilings else ceilings(args, folder, huge)
    for kind in args.kinds.split(","):
        runs = {"penstockd": [], "testpmd": []}
        for _ in range(args.rounds):
            runs["penstockd"].append(run_gateway(args, folder, huge, kind))
            runs["testpmd"].append(run_testpmd(args, folder, huge, kind))
        numbers = {name: {what: median([run[what] for run in of]) for what in of[0]} for name, of in runs.items()}
        ours = numbers["penstockd"]
        ours["best_mpps"] = max(run["mpps"] for run in runs["penstockd"])
        ours["more_than_testpmd_ns"] = median([a["cpu_ns"] - b["cpu_ns"] for a, b in zip(*runs.values())])
        result["kinds"][kind] = numbers
    return result


def verdict(result):
    """What became of the goal."""
    modbus = result["kinds"].get("modbus", {}).get("penstockd")
    if modbus is None:
        return "the goal is about Modbus polls"
    own = 1000 / (modbus["cpu_ns"] - modbus["wire_ns"])
    met = "met" if modbus["mpps"] >= TARGET_MPPS else "missed"
    return (f'goal of {TARGET_MPPS:g} Mpps with Modbus polls {met}: {modbus["mpps"]:.2f} median, {modbus["best_mpps"]:.2f} best, '
            f'{own:.2f} without the time in the wire (aim {AIM_MPPS:g})')


def rows(result):
    yield ["frames", "program", "Mpps", "ns", "ns of CPU", "wire's", "own", "more than testpmd", "lost", "odd"]
    for kind, numbers in result["kinds"].items():
        for name, of in numbers.items():
            yield [kind, name, of["mpps"], of["ns"], of["cpu_ns"], of["wire_ns"], of["cpu_ns"] - of["wire_ns"],
                   of.get("more_than_testpmd_ns", ""), int(of["lost"]), int(of["odd"])]
