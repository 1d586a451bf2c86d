#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every line of replay --json is as docs/events.schema.json says: event_schema.py PENSTOCK SOURCE-ROOT."""
import glob
import json
import os
import subprocess
import sys
import tempfile

import make_captures

HERE = os.path.dirname(os.path.abspath(__file__))


def replay(penstock, plant, captures):
    done = subprocess.run([penstock, "replay", "--json", "--flows", plant, captures], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False)
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def main(penstock, root):
    try:
        import jsonschema
    except ImportError:
        print("skipped: python3-jsonschema is not installed")
        return 77
    with open(os.path.join(root, "docs", "events.schema.json"), encoding="utf-8") as file:
        validator = jsonschema.Draft202012Validator(json.load(file))
    with tempfile.TemporaryDirectory() as directory:
        make_captures.main(directory)
        events = replay(penstock, os.path.join(HERE, "plant.conf"), directory)
    attacks = sorted(glob.glob(os.path.join(root, "packaging", "examples", "*", "attack.pcap")))
    for attack in attacks:
        events = replay(penstock, os.path.join(os.path.dirname(attack), "plant.conf"), attack) + events
    wrong = [f"{event}: {error.message}" for event in events for error in validator.iter_errors(event)]
    kinds = {event["kind"] for event in events}
    print("\n".join(wrong[:20]))
    print(f"{len(events)} lines of kinds {sorted(kinds)}, {len(wrong)} wrong")
    expected = {"deny", "would-deny", "malformed", "gap", "flow-start", "flow-end", "summary"}
    protocols = {event.get("protocol") for event in events}
    expected_protocols = {"modbus", "dnp3", "s7comm"}
    return bool(wrong) or not expected <= kinds or not expected_protocols <= protocols or events[-1]["kind"] != "summary"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
