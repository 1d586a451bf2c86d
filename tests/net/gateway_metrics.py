# SPDX-License-Identifier: GPL-2.0-or-later
"""gateway_metrics.py PENSTOCKD PENSTOCK PEER SOURCE-ROOT: a live gateway's metrics are in Prometheus' text format, are those
of docs/metrics.md, and say what happened; they are served to this machine alone and at most once a second anew.
"""
import os
import re
import subprocess
import sys
import time

from gateway_rig import N_WAIT, PLANT, SERVER, Rig, main

ADDRESS = "127.0.0.1:9417"
SETTINGS = f"""ports: {{ plant = "af_packet:gw0"; field = "af_packet:gw1"; }};
metrics = "{ADDRESS}";
events: ( {{ kind = "file"; path = "/dev/full"; }} );"""
FETCH = """
import sys, urllib.request, urllib.error
try:
    with urllib.request.urlopen(urllib.request.Request(sys.argv[1], method=sys.argv[2]), timeout=20) as reply:
        print(reply.status, reply.headers["Content-Type"])
        sys.stdout.write(reply.read().decode())
except urllib.error.HTTPError as error:
    print(error.code, "")
"""
SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? ([0-9]+(?:\.[0-9]+)?)')
LABEL = re.compile(r'([a-z]+)="((?:[^"\\\n]|\\["\\n])*)"')


def parse(text):
    """{name: type}, {(name, labels): value} of a text; anything that the format does not know is an error."""
    types, helps, values, last = {}, set(), {}, None
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            last = line.split(" ", 3)[2]
            assert last not in helps, f"two families {last}"
            helps.add(last)
            continue
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == last and kind in ("counter", "gauge"), line
            assert kind == "gauge" or name.endswith("_total"), line
            types[name] = kind
            continue
        match = SAMPLE.fullmatch(line)
        assert match, f"no sample: {line}"
        assert match[1] == last and last in types, f"outside its family: {line}"
        key = match[1], tuple(sorted(LABEL.findall(match[2] or "")))
        assert key not in values, f"twice: {line}"
        values[key] = float(match[3])
    assert set(types) == helps
    return types, values


def documented(root):
    with open(os.path.join(root, "docs", "metrics.md"), encoding="utf-8") as file:
        return dict(re.findall(r"^\| `(penstock_[a-z_]+)` \| (counter|gauge) \|", file.read(), re.M))


def fetch(rig, path="/metrics", method="GET"):
    text = rig.run("gw", sys.executable, "-c", FETCH, f"http://{ADDRESS}{path}", method)
    head, _, body = text.partition("\n")
    return int(head.split(" ")[0]), head.split(" ", 1)[1], body


def value(values, name, **labels):
    return values.get((name, tuple(sorted(labels.items()))))


def check_values(values):
    infos = [dict(labels) for name, labels in values if name == "penstock_info"]
    assert len(infos) == 1 and infos[0]["gateway"] == "gw-1" and re.fullmatch("[0-9a-f]{64}", infos[0]["digest"]), infos
    assert infos[0]["revision"] == "1"
    assert value(values, "penstock_policy_generation") == 1
    assert value(values, "penstock_conduit_denied_total", conduit="room-to-field", reason="no-rule") >= 1
    assert value(values, "penstock_denied_total", reason="no-rule", **{"class": "policy"}) >= 1
    assert value(values, "penstock_rule_allowed_total", conduit="room-to-field", rule="poll") >= 1
    assert value(values, "penstock_pdus_total", protocol="modbus", verdict="allowed") >= 1
    assert value(values, "penstock_port_up", port="field", device="af_packet:gw1") == 1
    assert value(values, "penstock_table_max", table="flows") == 65536
    assert value(values, "penstock_worker_loops_total", worker="0") > 0
    assert value(values, "penstock_sink_stuck", sink="0", kind="file", path="/dev/full") == 1
    assert value(values, "penstock_metrics_left_out") == 0


def capabilities(pid):
    """{name of a thread: what it may do}"""
    found = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status", encoding="utf-8") as file:
            lines = dict(line.split(":\t") for line in file.read().splitlines() if ":\t" in line)
        found[lines["Name"]] = lines["CapPrm"]
    return found


def refuses(rig, setting):
    """What --check says about it."""
    config = rig.write("bad.conf", 'gateway = "gw-1"; ports: { plant = "af_packet:gw0"; field = "af_packet:gw1"; };\n'
                       f'metrics = "{setting}";\n')
    done = subprocess.run([rig.penstockd, "--check", "--config", config], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    text = done.stdout.decode()
    assert done.returncode == 1 and f'bad.conf:2: error: metrics: "{setting}" is no ' in text, text


def test(penstockd, penstock, peer, root):
    with Rig(penstockd) as rig:
        for setting in ("0.0.0.0:9417", "10.99.0.1:9417", "[::]:9417", "localhost:9417", "127.0.0.1", "127.0.0.1:0",
                        "127.0.0.1:70000", "[::1:9417", ""):
            refuses(rig, setting)
        rig.start("server", peer, "serve", SERVER, ready="ready")
        rig.gateway(PLANT, SETTINGS)
        rig.run("client", peer, "ask", SERVER, "holding 0 8", "set-holding 1 900", check=False)
        rig.run("client", "ping", "-c1", "-W20", SERVER)
        status, kind, body = fetch(rig)
        assert status == 200 and kind.startswith("text/plain; version=0.0.4"), (status, kind)
        types, values = parse(body)
        end = time.monotonic() + N_WAIT
        while value(values, "penstock_sink_stuck", sink="0", kind="file", path="/dev/full") != 1 and time.monotonic() < end:
            time.sleep(0.5)  # whoever writes events has a thread of its own
            values = parse(fetch(rig)[2])[1]
        if documented(root) != types:
            missing = "\n".join(f"| `{n}` | {t} |" for n, t in types.items() if documented(root).get(n) != t)
            raise AssertionError(f"not in docs/metrics.md:\n{missing}\nno longer there: {set(documented(root)) - set(types)}")
        check_values(values)
        may = capabilities(rig.daemon.pid)
        assert may.pop("penstockd") == "0000000000001000", may  # CAP_NET_ADMIN, for the guard
        assert "events" in may and "MHD-single" in may and set(may.values()) == {"0000000000000000"}, may
        assert fetch(rig, "/")[0] == 404 and fetch(rig, method="POST")[0] == 405
        assert fetch(rig, method="HEAD")[0] == 200
        # a text that is older than a second is made anew, and is true
        subprocess.run([penstock, "island", "on", "--socket", rig.socket], check=True, stdout=subprocess.DEVNULL)
        time.sleep(1.1)
        later = parse(fetch(rig)[2])[1]
        assert value(later, "penstock_island") == 1
        assert value(later, "penstock_worker_loops_total", worker="0") > value(values, "penstock_worker_loops_total", worker="0")
        rig.stop_gateway()
        print(f"{len(types)} families, {len(values)} samples")


if __name__ == "__main__":
    main(lambda: test(*sys.argv[1:]))
