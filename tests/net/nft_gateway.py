# SPDX-License-Identifier: GPL-2.0-or-later
"""nft_gateway.py PENSTOCKD PENSTOCK PEER SHAPE SOURCE-ROOT: a running penstockd whose kernel judges alone, libmodbus at both ends.

SHAPE: bump, routed or bridge. PEER: modbus_peer.
"""
import json
import os
import shutil
import sys
import time

from gateway_replies import documented, of_kernel, paths
from gateway_rig import Skip, main
from nft_modbus import CLIENT, PLANT, READ, SERVER, WRITE, talk
from nft_rig_daemon import Kernel, Poller

USER = "nobody"
WIDER = PLANT.replace('"0..100"', '"0..1000"').replace("revision = 1", "revision = 2")
BROKEN = PLANT.replace("conduits = (", "conduit = (")


def refusal(rig):
    """In a bridge it is penstockd that resets."""
    return "reset" if rig.shape != "bridge" or rig.daemon.poll() is None else "silence"


def is_answered(rig, request):
    """A busy machine may take longer than one of talk()'s waits."""
    return any(talk(rig, request) == "answer" for _ in range(5))


def own_user(rig):
    print("it has a user of its own, and no capability but CAP_NET_ADMIN")
    for folder in ("log", "state"):
        os.mkdir(os.path.join(rig.work, folder))
        shutil.chown(os.path.join(rig.work, folder), USER)
    os.chmod(rig.work, 0o755)
    rig.settings = f'user = "{USER}"; events = ( {{ kind = "file"; path = "{rig.work}/log/events.jsonl"; }} );'
    rig.enforce(PLANT)
    with open(f"/proc/{rig.daemon.pid}/status", encoding="utf-8") as file:
        lines = dict(line.split(":\t") for line in file.read().splitlines() if ":\t" in line)
    assert lines["Uid"].split()[0] != "0" and int(lines["CapEff"], 16) == 1 << 12, lines


def enforces(rig, root):
    print("what the plant file allows passes, and nothing else; counters have the rules' names")
    rig.reach("client", SERVER)
    assert not rig.pings("server", CLIENT)
    assert is_answered(rig, READ)
    assert talk(rig, WRITE) == refusal(rig)
    status = rig.json("status")
    assert status["io"] == "nft" and status["kernel"]["shape"] == rig.shape and status["workers"] == []
    assert status["kernel"]["state"] == "in force" and status["kernel"]["why"] is None, status["kernel"]
    assert sum(status["kernel"]["rules"].values()) == 3 and status["kernel"]["unseen"] > 3, status["kernel"]
    assert status["refusals"] >= 1
    differs = of_kernel(paths(status)) ^ of_kernel(documented(root)[0])
    assert not differs, f"not documented, or not there: {differs}"
    conduit = rig.json("conduits")["conduits"][0]
    assert conduit["allowed_by_rule"]["poll"] == 1 and conduit["allowed_by_rule"]["ping"] >= 1, conduit
    assert conduit["denied_by_reason"]["no-rule"] >= 1 and conduit["denied"] >= 1, conduit
    assert rig.json("counters")["denied_by_reason"]["no-rule"] >= 1
    assert [row["reason"] for row in rig.json("reasons")["reasons"]].count("no-rule") == 1


def speaks(rig):
    print("the same for people; what only an engine knows is refused with the reason")
    text = rig.ask("status")
    assert f"kernel in force, {rig.shape}: rules " in text and "penstock check --fallback" in text, text
    assert "flows" not in text and "worker" not in text, text
    assert "poll" in rig.ask("conduits") and "no-rule" in rig.ask("reasons") and "no-rule" in rig.ask("counters")
    for verb in (("flows",), ("trace", "--seconds", "1")):
        assert 'not with io = "nft"' in rig.ask(*verb, good=False)
    assert "poll" in rig.ask("explain", "--live", "--from=hmi", "--to=plc", "modbus read-holding-registers holding:0")


def reloads(rig):
    print("a reload is in force at once for the connection that is there; a broken file changes nothing; unconfirmed goes back")
    poller = Poller(rig, SERVER)
    rig.change(WIDER)
    assert "revision 2" in rig.ask("reload")
    assert is_answered(rig, WRITE)
    rig.change(BROKEN)
    rig.ask("reload", good=False)
    status = rig.json("status")
    assert status["policy"]["revision"] == 2 and "plant_error" in status
    assert is_answered(rig, WRITE) and is_answered(rig, READ)
    rig.change(PLANT)
    rig.ask("reload", "--confirm", "1")
    rig.await_true("it does not go back", lambda: rig.json("status")["policy"]["revision"] == 2)
    assert is_answered(rig, WRITE)
    rig.ask("reload", "--confirm", "60")
    rig.ask("confirm")
    assert talk(rig, WRITE) == refusal(rig) and rig.json("status")["policy"]["revision"] == 1
    polls, lost, connections = poller.end()
    assert polls > 0 and lost == 0 and connections == 1


def closes(rig):
    print("island and mode")
    rig.ask("island", "on")
    assert not rig.pings("client", SERVER)
    assert rig.json("conduits")["conduits"][0]["closed"] and rig.json("reasons")["reasons"][0]["count"] > 0
    rig.ask("island", "off")
    rig.reach("client", SERVER)
    rig.ask("island", "on", "--conduit", "room-to-field")
    assert not rig.pings("client", SERVER)
    rig.ask("island", "off", "--conduit", "room-to-field")
    rig.ask("mode", "room-to-field", "monitor")
    assert is_answered(rig, WRITE)
    conduit = rig.json("conduits")["conduits"][0]
    assert conduit["mode"] == "monitor" and conduit["monitored"] >= 1, conduit
    rig.ask("mode", "room-to-field", "plant")
    assert talk(rig, WRITE) == refusal(rig)


def drifts(rig):
    print("what others change is put back, and told once with what differed")
    changes = ((("add", "rule", rig.family, "penstock", "ask4/room-to-field", "counter"), "rule"),
               (("insert", "rule", rig.family, "penstock", "refuse/room-to-field", "counter"), "rule"),
               (("flush", "set", rig.family, "penstock", "behind4/gw0"), "element"),
               (("flush", "chain", rig.family, "penstock", "pass"), "rule"),
               (("delete", "table", rig.family, "penstock"), "table penstock is missing"))
    rig.nft("add", "table", "inet", "somebody-elses")  # none of our business
    for change, text in changes:
        before, told = rig.json("status")["kernel"]["repairs"], len(rig.events("rules"))
        rig.nft(*change)
        rig.await_true(f"{change} stays", lambda: rig.json("status")["kernel"]["repairs"] > before)
        rig.await_true("nothing is told", lambda: len(rig.events("rules")) > told)
        time.sleep(1.5)
        assert rig.json("status")["kernel"]["repairs"] == before + 1 and len(rig.events("rules")) == told + 1
        event = rig.events("rules")[-1]
        assert text in event["differs"][0] and event["differences"] >= 1, event
        assert event["what"] == "found changed, and put back" and "error" not in event, event
        assert is_answered(rig, READ) and talk(rig, WRITE) == refusal(rig)
    assert "somebody-elses" in rig.nft("list", "tables")


def outlives(rig):
    print("killed, its rules go on; started again, it takes them over without a gap")
    poller = Poller(rig, SERVER)
    rig.kill()
    assert is_answered(rig, READ) and talk(rig, WRITE) == refusal(rig)
    rig.enforce(BROKEN)
    status = rig.json("status")
    assert status["policy"]["origin"] == "last good policy" and "plant_error" in status
    assert is_answered(rig, READ) and talk(rig, WRITE) == refusal(rig)
    rig.stop_gateway()
    assert is_answered(rig, READ) and talk(rig, WRITE) == refusal(rig)
    rig.enforce(WIDER)
    assert is_answered(rig, WRITE)
    polls, lost, connections = poller.end()
    assert polls > 0 and lost == 0 and connections == 1


def denies(rig):
    print("without any policy nothing passes")
    rig.stop_gateway()
    for name in os.listdir(os.path.join(rig.work, "state")):
        os.unlink(os.path.join(rig.work, "state", name))
    rig.enforce(BROKEN)
    assert rig.json("status")["policy"] is None
    assert not rig.pings("client", SERVER)
    assert rig.json("reasons")["reasons"][0]["reason"] == "no-policy"
    rig.change(PLANT)
    rig.ask("reload")
    rig.reach("client", SERVER)


def second(rig):
    print("another one beside it ends by itself")
    path = rig.write("other.conf", f'gateway = "gw"; plant = "{rig.work}/plant.conf"; io = "nft"; ports: {{ gw0 = "gw0"; gw1 = "gw1"; }};\n'
                     f'control = "{rig.work}/other.sock"; state = "{rig.work}/other"; instance = "other";\n')
    code, text = rig.run("gw", rig.penstockd, "--config", path, check=False)
    assert code == 1 and "another penstockd" in text, text


def other_shape(rig):
    print("a shape that the ports do not have is refused with its line")
    other = {"bump": "bridge", "routed": "bump", "bridge": "routed"}[rig.shape]
    path = rig.write("bad.conf", f'gateway = "gw"; io = "nft"; ports: {{ gw0 = "gw0"; gw1 = "gw1"; }};\nshape = "{other}";\n'
                     f'control = "{rig.work}/bad.sock"; state = "{rig.work}/bad"; instance = "bad";\n')
    code, text = rig.run("gw", rig.penstockd, "--config", path, check=False)
    assert code == 1 and "bad.conf:2: error: gw0 " in text, text


def checked(rig):
    print("--check reads both files")
    plant = rig.write("three.conf", PLANT.replace('zones = ["field"]; }', 'zones = ["field"]; }, { name = "gw2"; zones = ["field"]; }'))
    path = rig.write("check.conf", f'gateway = "gw"; plant = "{plant}"; io = "nft"; ports: {{ gw0 = "gw0"; gw1 = "gw1"; }};\n')
    code, text = rig.run("gw", rig.penstockd, "--check", "--config", path, check=False)
    assert code == 1 and 'has port "gw2", and ports of penstockd.conf does not' in text, text
    path = rig.write("check.conf", f'gateway = "gw"; plant = "{rig.work}/plant.conf"; io = "nft"; ports: {{ gw0 = "gw0"; gw1 = "gw1"; }};\nworkers = 2;\n')
    code, text = rig.run("gw", rig.penstockd, "--check", "--config", path, check=False)
    assert code == 1 and "check.conf:2: error: workers is for penstockd's own engine" in text, text


def other_io(rig):
    print("what another io has left behind goes, and so do these rules when penstockd moves the packets itself")
    rig.stop_gateway()
    rules = (f"table netdev penstock-guard-{rig.tag} {{\n chain in-gw0 {{\n type filter hook ingress device gw0 priority 0; policy drop;\n }}\n}}\n"
             "table inet penstock_queue {\n chain forward {\n type filter hook forward priority 1000; policy drop;\n }\n}\n")
    rig.nft("-f", rig.write("left.nft", rules))
    assert not rig.pings("client", SERVER)
    rig.enforce(PLANT)
    rig.reach("client", SERVER)
    tables = rig.nft("list", "tables")
    assert "penstock-guard" not in tables and "penstock_queue" not in tables, tables
    rig.stop_gateway()
    if rig.shape != "bump":
        return
    try:
        rig.gateway(PLANT, 'io = "dpdk"; ports: { gw0 = "af_packet:gw0"; gw1 = "af_packet:gw1"; };', name="gw")
    except AssertionError as error:
        assert "was built without" in str(error), error
        return
    assert f"table {rig.family} penstock\n" not in rig.nft("list", "tables")
    rig.reach("client", SERVER)
    rig.stop_gateway()


def as_documented(rig, root):
    try:
        import jsonschema
    except ImportError as error:
        raise Skip("python3-jsonschema is not installed") from error
    print("every event is as docs/events.schema.json says")
    with open(os.path.join(root, "docs", "events.schema.json"), encoding="utf-8") as file:
        validator = jsonschema.Draft202012Validator(json.load(file))
    with open(os.path.join(rig.work, "log", "events.jsonl"), encoding="utf-8") as file:
        for line in file:
            wrong = [error.message for error in validator.iter_errors(json.loads(line))]
            assert not wrong, f"{line}{wrong}"


def test(penstockd, penstock, peer, shape, root):
    with Kernel(penstockd, penstock, shape) as rig:
        rig.start("server", peer, "serve", SERVER, ready="ready")
        own_user(rig)
        enforces(rig, root)
        speaks(rig)
        reloads(rig)
        closes(rig)
        drifts(rig)
        outlives(rig)
        denies(rig)
        second(rig)
        other_shape(rig)
        checked(rig)
        other_io(rig)
        as_documented(rig, root)


if __name__ == "__main__":
    main(lambda: test(*sys.argv[1:]))
