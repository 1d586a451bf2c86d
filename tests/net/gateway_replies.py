# SPDX-License-Identifier: GPL-2.0-or-later
"""gateway_replies.py PENSTOCKD PENSTOCK PEER SOURCE-ROOT: the status of a live gateway has the keys that docs/control.md names,
with a policy and without, and what people read says the same.
"""
import json
import os
import re
import subprocess
import sys
import time

from gateway_rig import CLIENT, N_WAIT, PLANT, SERVER, Rig, main

SETTINGS = """ports: { plant = "af_packet:gw0"; field = "af_packet:gw1"; };
events: ( { kind = "file"; path = "/dev/full"; }, { kind = "syslog"; } );"""
NAMES = {"island.zones", "island.conduits", "guard.open", "guard.closed", "backend.lost"}  # lists of them
WHOLE = {"modes", "last_refusal", "version", "ok"}  # objects whose keys are not of the status


def documented(root):
    """Keys of the table, and those of them that may be missing."""
    with open(os.path.join(root, "docs", "control.md"), encoding="utf-8") as file:
        section = file.read().partition("\n## Status\n")[2].partition("\n## ")[0]
    keys, optional = set(), set()
    for names, meaning in re.findall(r"^\| (`.*?`) \| (.*) \|$", section, re.M):
        found = re.findall(r"`([^`]+)`", names)
        stem = found[0].rpartition(".")[0]
        found = {stem + name if name.startswith(".") else name for name in found}
        keys |= found
        if meaning.startswith(("where ", "when ")):
            optional |= found
    return keys, optional


def of_kernel(keys):
    """Those that are there only with io = "nft"."""
    return {key for key in keys if key.startswith("kernel.")}


def of_auto(keys):
    """Those that are there only when a backend was not taken."""
    return {key for key in keys if key.startswith("backend.not_taken")}


def paths(value, prefix=""):
    if prefix in WHOLE or not isinstance(value, (dict, list)) or prefix in NAMES:
        return {prefix}
    if isinstance(value, list):
        return set().union(*(paths(item, prefix + "[]") for item in value))
    return set().union(*(paths(item, prefix + "." + key if prefix else key) for key, item in value.items()))


class Reader:
    """What a person at a terminal reads."""

    def __init__(self, penstock, rig):
        self.penstock, self.rig = penstock, rig

    def read(self, *arguments, exits=0):
        """Standard output and error of penstock."""
        done = subprocess.run([self.penstock, *arguments, "--socket", self.rig.socket], check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        out, err = done.stdout.decode(), done.stderr.decode()
        assert done.returncode == exits, (arguments, done.returncode, out, err)
        return out, err

    def expect(self, *patterns):
        """Lines of the status, soon."""
        end = time.monotonic() + N_WAIT
        while True:
            text = self.read("status")[0]
            missing = [pattern for pattern in patterns if not re.search(f"^{pattern}$", text, re.M)]
            if not missing:
                return
            assert time.monotonic() < end, f"no {missing} in\n{text}"
            time.sleep(0.1)


def look_without_policy(reader):
    reader.expect("gw-1 no policy: nothing passes, up .*", ".*/plant.conf is not in force: the plant file has errors; nothing is",
                  "nothing was refused since the start|last refusal .*")
    out, err = reader.read("conduits", "--json", exits=1)
    assert json.loads(out)["ok"] is False and "no policy is in force" in err, (out, err)
    assert "no policy" in reader.read("top", "-n", "1")[0]


def look(reader, peer):
    refusal = r"scada -> plc modbus write-single-register station=1 holding:1 value=900"
    reader.expect("gw-1 enforcing, revision 1, digest [0-9a-f]{8}, generation [0-9]+, up .*",
                  r"io dpdk: plant af_packet gw0 \(drops 0\), field af_packet gw1 \(drops 0\); 1 worker, [0-9]+ % busy",
                  r"conduits 1 enforce, 0 monitor, island off; flows [0-9]+ of 65,536 \(peak [0-9]+\); refusals [1-9][0-9]*; events lost 0",
                  "events to file /dev/full are held up: No space left on device; [0-9]+ wait, 0 lost",
                  rf"last refusal [0-9]+ (s|min) ago: {refusal}, no-rule on room-to-field")
    assert re.fullmatch(rf"([0-9-]+ )?[0-9:.]+ deny no-rule {refusal} on room-to-field\n", reader.read("events", "-n", "1")[0])
    rows = reader.read("top", "-n", "1")[0]
    assert re.search(r"^room-to-field +enforce .* 1$", rows, re.M) and re.search("^no conduit .* [1-9][0-9]*$", rows, re.M), rows
    client = subprocess.Popen(reader.rig.command("client", peer, "poll", SERVER, "60", "holding 0 8"))
    reader.rig.children.append(client)
    traced = reader.read("trace", "-n", "1", "--asset", "plc")[0]
    client.kill()
    assert re.search(r" dst_port [0-9]+ tcp_flags [a-z]+(\+[a-z]+)* ", traced), traced
    reader.read("island", "on", "--zone", "field")
    reader.expect(r"gw-1 closed \(island\), .*", "conduits 0 enforce, 0 monitor, 1 closed, island on for zone field; .*")
    reader.read("island", "off")
    out = reader.read("mode", "room-to-field", "monitor")[0]
    assert out.startswith("by hand: room-to-field monitor; in force after "), out
    reader.expect("gw-1 monitoring, .*", "by hand: room-to-field is in monitor mode until 'penstock mode room-to-field plant'")
    out = reader.read("mode", "room-to-field", "plant")[0]
    assert out.startswith("every conduit is in the mode that the plant file says; "), out
    for wrong in (("mode", "room-to-field", "watch"), ("island", "maybe"), ("reload", "--confirm", "0"), ("status", "now")):
        out, err = reader.read(*wrong, exits=2)
        assert out == "" and f"'penstock {wrong[0]} --help' lists the options\n" in err, (out, err)
    out, err = reader.read("flows", "--conduit", "nowhere", exits=1)
    assert out == "" and "penstock conduits lists them" in err, (out, err)


def look_at_broken_plant(reader):
    out, err = reader.read("reload", "--json", exits=1)
    status = json.loads(reader.read("status", "--json")[0])
    assert json.loads(out)["digest"] == status["policy"]["digest"] and "stays in force: digest" in err, (out, err)
    reader.expect(".*/plant.conf is not in force: the plant file has errors; what it said before is")


def test(penstockd, penstock, peer, root):
    keys, optional = documented(root)
    keys -= of_kernel(keys) | of_auto(keys) | {"carried.packets", "carried.octets"}

    def status(*arguments):
        if arguments:
            subprocess.run([penstock, *arguments, "--socket", rig.socket], check=False, stdout=subprocess.DEVNULL)
        done = subprocess.run([penstock, "status", "--json", "--socket", rig.socket], check=True, stdout=subprocess.PIPE)
        return paths(json.loads(done.stdout)) - {"version", "ok"}

    with Rig(penstockd) as rig:
        rig.gateway("no plant file", SETTINGS)
        seen = status()
        assert "policy" in seen and "plant_error" in seen, seen
        reader = Reader(penstock, rig)
        look_without_policy(reader)
        rig.write("plant.conf", PLANT)
        seen |= status("reload")
        rig.start("server", peer, "serve", SERVER, ready="ready")
        rig.run("server", "ping", "-c1", "-W1", CLIENT, check=False)  # on no conduit
        rig.run("client", peer, "ask", SERVER, "set-holding 1 900", check=False)
        look(reader, peer)
        rig.write("plant.conf", "zones = (")
        look_at_broken_plant(reader)
        rig.write("plant.conf", PLANT.replace("revision = 1", "revision = 2"))
        now = status("reload", "--confirm", "60")
        seen |= now
        assert seen == keys, f"not documented: {seen - keys}, not there: {keys - seen}"
        assert keys - now <= optional | {"policy"}, keys - now - optional
        rig.stop_gateway()


if __name__ == "__main__":
    main(lambda: test(*sys.argv[1:]))
