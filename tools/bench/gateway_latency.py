# SPDX-License-Identifier: GPL-2.0-or-later
"""How long a Modbus transaction takes from a client to a server in another network namespace, over veth pairs whose other ends
dpdk-testpmd (io forwarding) or penstockd has as ports.

penstockd is measured spinning and with its idle back-off. Client and server share one processor, who forwards has
the other. The client pauses between two transactions, so that each starts from rest.

What else the machine does moves a 99th percentile by more than a gateway adds. So all forwarders are there all the time, each
between namespaces of its own and stopped (SIGSTOP) while it is not its turn; turns are short, and in each round everybody has
one. What is added is the median of the differences within the rounds. A second testpmd takes turns too: what it
"adds" to the first is what such a comparison cannot tell from nothing.
"""
import contextlib
import json
import os
import re
import shutil
import signal
import sys
import time

from gateway_programs import median, need_testpmd, rank, read

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tests/net"))
from gateway_rig import PLANT, SERVER, Rig  # noqa: E402

WAYS = {"testpmd": "testpmd", "again": "testpmd, another", "spin": "penstockd, spin", "sleep": "penstockd, sleep"}
RANKS = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999}
TARGET_P99_US = 50


class Line(Rig):
    """One forwarder between a client and a server of its own. It stands still but in its turn."""

    def __init__(self, args, way, driver, huge):
        super().__init__(args.penstockd)
        self.args, self.way, self.driver, self.huge = args, way, driver, huge
        self.tag += way
        self.forwarder = None

    def __enter__(self):
        super().__enter__()
        try:
            self.forwarder = self.start_gateway() if self.way in ("spin", "sleep") else self.start_testpmd()
            start_server(self, self.args)
            poll(self, self.args, 0.2, 1000)
            self.forwarder.send_signal(signal.SIGSTOP)
        except BaseException:
            self.close()
            raise
        return self

    def start_gateway(self):
        self.gateway(PLANT, f'ports: {{ plant = "{self.driver}:gw0"; field = "{self.driver}:gw1"; }};\n'
                     f'cpus = [{self.args.core}]; idle = "{self.way}";')
        return self.daemon

    def start_testpmd(self):
        memory = ["--in-memory"] if self.huge else ["--no-huge", "-m", "256", "--no-shconf"]
        vdevs = [f"--vdev=net_{self.driver}{i},iface=gw{i}" for i in range(2)]
        return self.start("gw", "dpdk-testpmd", "-l", f"{self.args.main_core},{self.args.core}", *memory, "--no-pci",
                          "--no-telemetry", "--file-prefix", f"bench{self.tag}", *vdevs, "--", "--forward-mode=io",
                          "--total-num-mbufs=16384", "--stats-period=1", ready="Port statistics")

    def close(self):
        super().close()
        shutil.rmtree(f"/var/run/dpdk/bench{self.tag}", ignore_errors=True)

    def cpu_ns(self):
        """CPU time of all threads."""
        folder, total = f"/proc/{self.forwarder.pid}/task", 0
        for thread in os.listdir(folder):
            with contextlib.suppress(OSError):
                total += int(read(f"{folder}/{thread}/schedstat").split()[0])
        return total

    def turn(self):
        """Transactions of one turn, and how busy the forwarder was."""
        self.forwarder.send_signal(signal.SIGCONT)
        try:
            start, cpu = time.monotonic_ns(), self.cpu_ns()
            result = poll(self, self.args, self.args.seconds, self.args.pause_us)
            result["busy"] = 100 * (self.cpu_ns() - cpu) / (time.monotonic_ns() - start)
        finally:
            self.forwarder.send_signal(signal.SIGSTOP)
        return result


def on_main_core(args):
    """Client and server. They sleep most of the time: at once, where they may take precedence, does not hold up others."""
    return ["taskset", "-c", str(args.main_core), *(["chrt", "-f", "1"] if args.precedence else []), args.poll]


def start_server(rig, args):
    return rig.start("server", *on_main_core(args), "serve", SERVER, ready="ready")


def poll(rig, args, seconds, pause_us):
    """Transactions of one connection; their times in microseconds, ascending."""
    said = rig.run("client", *on_main_core(args), "poll", SERVER, str(seconds), str(pause_us),
                   timeout=seconds + 60)
    result = json.loads(re.search(r"\{.*\}", said)[0])
    result["us"] = sorted(ns / 1000 for ns in result.pop("ns"))
    return result


def take_turns(args, driver, huge):
    """Of each way its turns, one a round. Nobody is always the first of a round."""
    ways = list(WAYS)
    turns = {way: [] for way in ways}
    with contextlib.ExitStack() as stack:
        lines = {way: stack.enter_context(Line(args, way, driver, huge)) for way in ways}
        for number in range(args.rounds):
            first = number % len(ways)
            for way in ways[first:] + ways[:first]:
                turns[way].append(lines[way].turn())
    return turns


def sum_up(turns):
    """Ranks of all rounds' transactions together, and of each way what it adds to testpmd."""
    numbers = {}
    for way, of in turns.items():
        together = sorted(us for turn in of for us in turn["us"])
        one = numbers[way] = {name: rank(together, part) for name, part in RANKS.items()}
        one.update(lost=sum(turn["lost"] for turn in of), transactions=len(together),
                   busy=median([turn["busy"] for turn in of]))
        for name, part in RANKS.items():
            differences = sorted(rank(a["us"], part) - rank(b["us"], part) for a, b in zip(of, turns["testpmd"]))
            one["more_" + name] = median(differences)
            one["half_" + name] = [rank(differences, 0.25), rank(differences, 0.75)]
    return numbers


def latency(args, folder, huge):
    need_testpmd()
    return {"hugepages": huge, "seconds": args.seconds, "rounds": args.rounds, "pause_us": args.pause_us,
            "drivers": {driver: sum_up(take_turns(args, driver, huge)) for driver in args.drivers.split(",")}}


def verdict(result):
    """What became of the goal."""
    said = []
    for driver, numbers in result["drivers"].items():
        more, null = numbers["spin"]["more_p99"], numbers["again"]["more_p99"]
        said.append(f'goal of {TARGET_P99_US} us more at p99 when spinning, {driver}: '
                    f'{"met" if more < TARGET_P99_US else "missed"} ({more:.1f}; another testpmd: {null:.1f})')
    return ", ".join(said)


def rows(result):
    yield ["ports", "who", *(f"{name} us" for name in RANKS), "more, p50", "p90", "p99", "half of rounds", "transactions",
           "lost", "busy %"]
    for driver, numbers in result["drivers"].items():
        for way, of in numbers.items():
            more = [of["more_" + name] for name in ("p50", "p90", "p99")]
            half = "{:.0f} to {:.0f}".format(*of["half_p99"])
            yield [driver, WAYS[way], *(of[name] for name in RANKS), *(more + [half] if way != "testpmd" else [""] * 4),
                   of["transactions"], of["lost"], of["busy"]]
