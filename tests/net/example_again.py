# SPDX-License-Identifier: GPL-2.0-or-later
"""The committed capture of the example plant is what its recorder makes: recorded anew, the same things are refused.

    example_again.py PENSTOCK MODBUS_PEER FOLDER_OF_THE_EXAMPLE

Exit code 77 where the recorder cannot run. Times, ports and sequence numbers differ; who asked what, and why it was
refused, must not.
"""
import collections
import json
import os
import subprocess
import sys
import tempfile

RECORDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "record_example.sh")
SKIPPED = 77


def refusals(penstock, plant, capture):
    """(client, server, reason, operation) -> how often."""
    done = subprocess.run([penstock, "replay", "--json", plant, capture], stdout=subprocess.PIPE, timeout=60, check=False)
    if done.returncode != 3:
        sys.exit(f"{capture}: replay ended with {done.returncode}, expected 3: something refused")
    found = collections.Counter()
    for line in done.stdout.decode().splitlines():
        event = json.loads(line)
        if event.get("kind") in ("deny", "would-deny", "malformed"):
            client, server = (event[end].get("asset", event[end]["address"]) for end in ("client", "server"))
            found[client, server, event["reason"], event.get("operation", "")] += 1
    return found


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
        note = "" if committed[refusal] == recorded[refusal] else \
            f"   <- {committed[refusal]} in the committed capture, {recorded[refusal]} recorded now"
        print("{:9} -> {:9} {:11} {}".format(*refusal) + note)
    return 0 if committed == recorded else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
