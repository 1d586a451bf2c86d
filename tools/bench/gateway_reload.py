# SPDX-License-Identifier: GPL-2.0-or-later
"""How long penstockd takes until it has acknowledged a policy of so many rules, and what allowed traffic loses meanwhile.

The policy is that of gen_plant.py (two rules a conduit, zones on both sides of the gateway) around the conduit by which a Modbus
client polls without a pause to speak of. Each reload is of another revision. Lost are transactions without an answer, and
segments that TCP at either end had to send again.
"""
import json
import re
import signal
import socket
import time

from gateway_latency import SERVER, Rig, on_main_core, start_server
from gateway_programs import median, rank
import gen_plant

POLL_PAUSE_US = 2000
N_WAIT = 120  # seconds that a reload may take
TARGETS_MS = {10000: 200}
OURS = """{ name = "room"; kind = "operations"; networks = ["10.99.0.0/25"];
    assets = ( { name = "scada"; addresses = ["10.99.0.10"]; } ); },
  { name = "field"; kind = "control"; networks = ["10.99.0.128/25"];
    assets = ( { name = "plc"; addresses = ["10.99.0.200"]; } ); }"""
OUR_CONDUIT = """{ name = "room-to-field"; from = "room"; to = "field"; mode = "enforce"; on_deny = "reset"; on_failure = "closed";
    allow = ( { name = "poll"; clients = ["scada"]; servers = ["plc"]; protocol = "modbus"; operations = ["read"]; } ); }"""


def plant_text(rules, revision):
    """A plant of so many rules, ours among them. Conduits lead from zones behind one port to those behind the other."""
    n, half = (rules - 1) // 2, 1
    while half * half < n:
        half += 1
    pairs = [(i // half, half + i % half) for i in range(n)]
    zones = [OURS] + [gen_plant.zone(z) for z in range(2 * half)]
    conduits = [OUR_CONDUIT] + [gen_plant.conduit(i, *pair) for i, pair in enumerate(pairs)]
    names = [["room"] + [f"z{z}" for z in range(half)], ["field"] + [f"z{z}" for z in range(half, 2 * half)]]
    lists = [", ".join(f'"{name}"' for name in side) for side in names]
    return (f'schema = 1; site = "Bench"; revision = {revision};\nzones = ( {", ".join(zones)} );\n'
            f'conduits = ( {", ".join(conduits)} );\n'
            f'gateways = ( {{ name = "gw-1"; ports = ( {{ name = "plant"; zones = [{lists[0]}]; }},\n'
            f'                                         {{ name = "field"; zones = [{lists[1]}]; }} ); }} );\n')


def ask(path, **request):
    """One reply of the control socket, and after how many ms it was there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
        control.settimeout(N_WAIT)
        control.connect(path)
        start = time.monotonic()
        control.sendall(json.dumps({"version": 1, **request}).encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            more = control.recv(65536)
            if not more:
                break
            answer += more
        took = (time.monotonic() - start) * 1000
    reply = json.loads(answer)
    if not reply["ok"]:
        raise AssertionError(f"{request}: {reply}")
    return reply, took


def reload_rounds(rig, args, rules):
    """What each of some reloads took, while somebody polls."""
    child = rig.start("client", *on_main_core(args), "poll", SERVER, str(N_WAIT), str(POLL_PAUSE_US), ready="ready")
    rounds = []
    for revision in range(args.rounds):
        rig.write("plant.conf", plant_text(rules, revision + 2))
        time.sleep(0.2)
        reply, took = ask(rig.socket, verb="reload")
        rounds.append({"ms": took, "in_force_ms": reply["in_force_ms"], "rejudged": reply["flows_rejudged"]})
    time.sleep(0.2)
    child.send_signal(signal.SIGTERM)
    child.wait(20)
    with open(child.log, encoding="utf-8") as file:
        polled = json.loads(re.search(r"\{.*\}", file.read())[0])
    return rounds, polled


def measure(args, rules):
    with Rig(args.penstockd) as rig:
        rig.gateway(plant_text(10, 1), f'ports: {{ plant = "{args.drivers}:gw0"; field = "{args.drivers}:gw1"; }};\n'
                    f'cpus = [{args.core}]; idle = "{args.idle}";')
        server = start_server(rig, args)
        rounds, polled = reload_rounds(rig, args, rules)
        rig.await_text(server, "sent again")
        with open(server.log, encoding="utf-8") as file:
            again = sum(int(n) for n in re.findall(r"sent again (\d+)", file.read()))
    return {"ms": median([r["ms"] for r in rounds]), "most_ms": max(r["ms"] for r in rounds),
            "in_force_ms": median([r["in_force_ms"] for r in rounds]), "polls": polled["polls"], "lost": polled["lost"],
            "again": polled["again"] + again, "rejudged": sum(r["rejudged"] for r in rounds),
            "p99_us": rank(sorted(polled["ns"]), 0.99) / 1000}


def reload(args, folder, huge):
    sizes = [int(n) for n in args.rules.split(",")]
    return {"hugepages": huge, "rounds": args.rounds, "rules": {n: measure(args, n) for n in sizes}}


def verdict(result):
    """What became of the goals."""
    lost = sum(of["lost"] + of["again"] for of in result["rules"].values())
    said = [f'goal of {ms} ms for {rules:,} rules {"met" if result["rules"][rules]["ms"] < ms else "missed"}'
            for rules, ms in TARGETS_MS.items() if rules in result["rules"]]
    return ", ".join([*said, f'goal of nothing lost {"missed" if lost else "met"}'])


def rows(result):
    yield ["rules", "ms until acknowledged", "most", "in force ms", "polls", "lost", "sent again", "p99 us"]
    for rules, of in result["rules"].items():
        yield [f"{rules:,}", of["ms"], of["most_ms"], of["in_force_ms"], of["polls"], of["lost"], of["again"], of["p99_us"]]
