# SPDX-License-Identifier: GPL-2.0-or-later
"""The committed capture of the example plant is what its recorder makes: recorded anew, the same things are refused.

    example_again.py PENSTOCK MODBUS_PEER FOLDER_OF_THE_EXAMPLE

Exit code 77 where the recorder cannot run. Times, ports and sequence numbers differ; who asked what, and why it was
refused, must not.
"""
import json
import os
import subprocess
import sys
import tempfile

RECORDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "record_example.sh")
SKIPPED = 77


def name(end):
    """Of a client or server: the asset, else what the packet says."""
    return end.get("asset") or end.get("address") or end["mac"]


def refusals(penstock, plant, capture):
    """All (client, server, reason, operation or flow)."""
    done = subprocess.run([penstock, "replay", "--json", plant, capture], stdout=subprocess.PIPE, timeout=60, check=False)
    if done.returncode != 3:
        sys.exit(f"{capture}: replay ended with {done.returncode}, expected 3: something refused")
    events = [json.loads(line) for line in done.stdout.decode().splitlines()]
    return {(name(event["client"]), name(event["server"]), event["reason"], event.get("operation") or event["flow"])
            for event in events if event.get("kind") in ("deny", "would-deny", "malformed")}


def main(penstock, peer, folder):
    plant = os.path.join(folder, "plant.conf")
    committed = refusals(penstock, plant, os.path.join(folder, "day.pcap"))
    with tempfile.TemporaryDirectory() as work:
        again = os.path.join(work, "again.pcap")
        done = subprocess.run([RECORDER, peer, again], timeout=120, check=False)
        if done.returncode == SKIPPED:
            return SKIPPED
        if done.returncode != 0:
            sys.exit("the recorder failed")
        recorded = refusals(penstock, plant, again)
    for refusal in sorted(committed | recorded):
        note = "" if refusal in committed and refusal in recorded else \
            "   <- only in the committed capture" if refusal in committed else "   <- only in what was recorded now"
        print("{} -> {} {} {}".format(*refusal) + note)
    return 0 if committed == recorded else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
