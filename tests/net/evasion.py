#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Attacks on the network and transport layers, over the wire, against a real server behind a gateway.

    evasion.py --gateway GATEWAY [--on-deny WORD] [--fragments WORD] [--rows PATTERN] [--fails NAMES] [--json] [--list]

GATEWAY is `bridge`: nothing enforces, and every attack must come as far as its row says; `weak`: a packet filter that
looks at one place of each packet; or a command that is run in the gateway's namespace, with {in} and {out} (interfaces),
{plant} (file) and {dir} (folder for its files) replaced, and that prints a line with "ready" once it forwards.

Each row tries to bring a write that no rule grants to the server. It passes when neither the server nor a capture on the
server's network saw it, all that the server read was granted, its honest twin was delivered unchanged, the twin's
connection works on, and a connection beside it lives. With --fails, these rows must fail and no others.

Exit codes: 0 all passed, 1 it could not be done, 2 wrong usage, 3 some failed, 77 cannot run here.
"""
import argparse
import fnmatch
import importlib.util
import json
import os
import signal
import sys
import tempfile
import time

SKIPPED = 77
LIMIT_S = 1100  # of everything
HERE = os.path.dirname(os.path.abspath(__file__))

if importlib.util.find_spec("scapy") is None:
    print("evasion: skipped: scapy is not installed", file=sys.stderr)
    sys.exit(SKIPPED)

import evasion_judge as judge
from evasion_peers import KernelClient, RawServer
from evasion_rig import Missing, Rig
from evasion_table import APP, NONE, ROWS
from evasion_wire import FORBIDDEN, PATIENCE_S, Client, answer, read_coils, split_pdus

for part in ("link", "ip", "tcp", "hold", "server", "other"):
    importlib.import_module("evasion_rows_" + part)


def new_client(rig, row, version):
    return (KernelClient if row.kernel else Client)(rig, version)


class Run:
    """One row over one IP version."""

    def __init__(self, rig, row, version, resets=True):
        self.resets = resets  # what is refused is reset
        self.rig, self.row, self.version, self.complaints, self.level = rig, row, version, [], NONE
        self.expected = row.reaches[version] if rig.gateway == "bridge" else NONE
        # An opening that nobody hinders is waited for.
        rig.patient = rig.gateway in ("bridge", "weak") and (row.pair or row.reaches[version] == APP)

    def complain(self, text):
        if text:
            self.complaints.append(text)

    def attack(self):
        rig, row = self.rig, self.row
        rig.clear()
        client = new_client(rig, row, self.version)
        if row.opened and not client.open(timeout=PATIENCE_S):
            self.complain("the attacker cannot connect")
            return
        row.attack(client)
        if self.expected == NONE:
            beside = rig.keeper_works()
            rig.pump(row.settle)
        else:
            rig.pump(row.settle + PATIENCE_S, lambda: judge.reached(rig, row, rig.clients) == self.expected)
            beside = rig.keeper_works()
        self.level = judge.reached(rig, row, rig.clients)
        if self.level != self.expected:
            self.complain(f"reached {self.level}, not {self.expected}")
        if rig.gateway not in ("bridge", "weak"):
            self.complain(judge.ambiguous(rig.captured(), rig.clients) or judge.ambiguous(rig.back, rig.servers))
            self.complain(None if row.partial else judge.not_granted(rig, rig.clients))
            if row.check and self.resets:
                self.complain(row.check(client, (rig.server.of_port(client.port) or [None])[0]))
        if not beside:
            self.complain("the connection beside it died")
            rig.open_keeper()
        for each in rig.clients:
            each.abort()

    def datagram_twin(self):
        rig, client = self.rig, Client(self.rig, self.version)
        rig.send(client.frame(client.udp(client.good)))
        reply = answer(client.good)
        if not rig.pump(PATIENCE_S, lambda: rig.server.got({client.port}) and any(frame.endswith(reply) for frame in rig.back)):
            self.complain("the honest datagram was not answered")
        elif rig.server.got({client.port}) != [client.good]:
            self.complain("the honest datagram was changed")

    def pair_twin(self):
        """A raw client asks a raw server, which answers in the shape of the row; and once more plainly."""
        server = RawServer(self.rig, self.version, **self.row.twin_syn_ack or {})
        client = server.client
        if not client.open(timeout=PATIENCE_S) or not server.ask(server.good, PATIENCE_S):
            self.complain("the raw server was not asked")
            return
        self.row.twin(server, server.good)
        self.complain(None if server.deliver(server.good) else f"the client got {client.received.hex(' ')}")
        if not self.complaints and not self.row.ends:
            poll = read_coils(self.rig.new_transaction())
            asked = server.ask(poll, PATIENCE_S)
            server.put(answer(poll))
            if not asked or not server.deliver(server.good + answer(poll)):
                self.complain(f"the raw server was {'' if asked else 'not '}asked again, the client got {client.received.hex(' ')}")
        client.abort()

    def twin(self):
        rig, row = self.rig, self.row
        rig.clear()
        if row.udp or row.pair:
            self.datagram_twin() if row.udp else self.pair_twin()
            return
        client = new_client(rig, row, self.version)
        if row.twin_opened and not client.open(timeout=PATIENCE_S):
            self.complain("the honest twin cannot connect")
            return
        stream = row.twin(client, client.good) or client.good
        self.complain(self.delivered(client, stream, "the honest twin"))
        if self.complaints:
            client.abort()
            return
        if not row.ends:
            poll = read_coils(rig.new_transaction())
            client.next = len(stream)
            client.put(poll)
            self.complain(self.delivered(client, stream + poll, "a poll after the honest twin"))
        client.finish()

    def delivered(self, client, stream, what):
        """A complaint, or None: the server read exactly this and the client its answers."""
        rig = self.rig
        answers = b"".join(map(answer, split_pdus(stream)[0]))
        if not client.deliver(stream):
            return f"{what} was not delivered" + (": reset" if client.resets else "")
        rig.pump(PATIENCE_S, lambda: client.received == answers and rig.server.got({client.port}) == [stream])
        if rig.server.got({client.port}) != [stream]:
            return f"{what} was delivered as {b' '.join(rig.server.got({client.port})).hex(' ')}, not {stream.hex(' ')}"
        return None if client.received == answers else f"{what} got other answers: {client.received.hex(' ')}"

    def go(self):
        start = time.monotonic()
        try:
            self.attack()
            self.twin()
        except OSError as error:
            self.complain(f"{type(error).__name__}: {error}")
        if not self.rig.gateway_lives():
            self.complain("the gateway ended: " + self.rig.gateway_log()[-300:])
            self.rig.restart_gateway()
        self.seconds = time.monotonic() - start
        return self


def report(run):
    row = run.row
    return {"row": row.name, "ip": run.version, "title": row.title, "outcome": "fail" if run.complaints else "pass",
            "reached": run.level, "why": "; ".join(run.complaints), "seconds": round(run.seconds, 3)}


def show(result, as_json):
    if as_json:
        print(json.dumps(result), flush=True)
        return
    version = f" v{result['ip']}" if result["ip"] else ""
    print(f"{result['outcome']:4}  {result['row'] + version:18} {result['title']}"
          f"{'   ' + result['why'] if result['why'] else ''}", flush=True)


def chosen(pattern):
    return [row for row in ROWS if any(fnmatch.fnmatch(row.name, part) for part in pattern.split(","))]


def run_rows(rig, rows, arguments):
    results = []
    for row in rows:
        if row.why:
            results.append({"row": row.name, "ip": None, "title": row.title, "outcome": "skip", "reached": None,
                            "why": row.why, "seconds": 0})
            show(results[-1], arguments.json)
        for version in map(int, () if row.why else row.over):
            results.append(report(Run(rig, row, version, arguments.on_deny == "reset").go()))
            show(results[-1], arguments.json)
    return results


def late(rig):
    """Whether evil came after its row was over. None of it may, where somebody enforces."""
    return rig.gateway not in ("bridge", "weak") and \
        any(FORBIDDEN in data for data in rig.server.everything())


def conclude(results, arguments, seconds):
    counts = {outcome: sum(result["outcome"] == outcome for result in results) for outcome in ("pass", "fail", "skip")}
    summary = {"kind": "summary", "gateway": arguments.gateway, "rows": len({result["row"] for result in results}), **counts,
               "seconds": round(seconds, 1)}
    print(json.dumps(summary) if arguments.json else
          f"{arguments.gateway}: {counts['pass']} passed, {counts['fail']} failed, {counts['skip']} skipped "
          f"in {seconds:.1f} s ({summary['rows']} rows)")
    failed = {result["row"] for result in results if result["outcome"] == "fail"}
    wanted = set(filter(None, arguments.fails.split(",")))
    for name in sorted(wanted - failed):
        print(f"{name} should have failed here")
    return 3 if failed ^ wanted else 0


def changed_plant(arguments, folder):
    """The plant file with what the options say."""
    with open(arguments.plant, encoding="utf-8") as file:
        text = file.read()
    conduit = 'on_deny = "reset"'
    if conduit not in text:
        raise RuntimeError(f"{arguments.plant}: no {conduit}")
    path = os.path.join(folder, "plant.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(conduit, f'on_deny = "{arguments.on_deny}"; fragments = "{arguments.fragments}"'))
    return path


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gateway", default="bridge")
    parser.add_argument("--plant", default=os.path.join(HERE, "evasion.conf"))
    parser.add_argument("--on-deny", choices=("reset", "drop", "answer"), default="reset", help="what the conduit says")
    parser.add_argument("--fragments", choices=("refuse", "reassemble"), default="refuse", help="what the conduit says")
    parser.add_argument("--rows", default="*", help="names with * and ?, commas between them")
    parser.add_argument("--fails", default="", help="names of rows that must fail, with commas between them")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--list", action="store_true")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    rows = chosen(arguments.rows)
    if arguments.list:
        for row in rows:
            print(f"{row.name:16} {'skipped' if row.why else row.over:8} {row.title}")
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"evasion: not done after {LIMIT_S} s"))
    signal.alarm(LIMIT_S)
    start = time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as folder, Rig(
                arguments.gateway, changed_plant(arguments, folder), folder) as rig:
            results = run_rows(rig, rows, arguments)
            if late(rig):
                results.append({"row": "late", "ip": None, "title": "evil after its row was over", "outcome": "fail",
                                "reached": APP, "why": "the server read it", "seconds": 0})
                show(results[-1], arguments.json)
    except Missing as reason:
        print(f"evasion: skipped: {reason}", file=sys.stderr)
        return SKIPPED
    except RuntimeError as error:
        print(f"evasion: {error}", file=sys.stderr)
        return 1
    return conclude(results, arguments, time.monotonic() - start)


if __name__ == "__main__":
    sys.exit(main())
