#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every line of replay --json is as docs/events.schema.json says: event_schema.py PENSTOCK SOURCE-ROOT."""
import json
import os
import subprocess
import sys
import tempfile

import make_captures

HERE = os.path.dirname(os.path.abspath(__file__))


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
        done = subprocess.run([penstock, "replay", "--json", "--flows", os.path.join(HERE, "plant.conf"), directory],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    events = [json.loads(line) for line in done.stdout.decode().splitlines()]
    wrong = [f"{event}: {error.message}" for event in events for error in validator.iter_errors(event)]
    kinds = {event["kind"] for event in events}
    print("\n".join(wrong[:20]))
    print(f"{len(events)} lines of kinds {sorted(kinds)}, {len(wrong)} wrong")
    expected = {"deny", "would-deny", "malformed", "gap", "flow-start", "flow-end", "summary"}
    return bool(wrong) or not expected <= kinds or events[-1]["kind"] != "summary"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
