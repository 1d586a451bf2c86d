# SPDX-License-Identifier: GPL-2.0-or-later
"""The committed captures of an example plant are what its recorder makes: recorded anew, all is judged the same.

    example_again.py PENSTOCK FOLDER_OF_THE_EXAMPLE PEER...

Exit code 77 where the recorder cannot run. Times, ports and sequence numbers differ; who asked what, what became of it
and why must not.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

RECORDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "record_example.sh")
SKIPPED = 77
ENDED_WELL = (0, 3)  # nothing refused, something refused
FIRST_JUDGED_COLUMN = 3  # of replay --pdus: file, packet and time stand before


def replayed(penstock, form, plant, capture):
    """The lines that replay prints."""
    done = subprocess.run([penstock, "replay", form, plant, capture], stdout=subprocess.PIPE, timeout=120, check=False)
    if done.returncode not in ENDED_WELL:
        sys.exit(f"{capture}: replay {form} ended with {done.returncode}")
    return done.stdout.decode().splitlines()


def name(end):
    """Of a client or server: the asset, else what the packet says."""
    return end.get("asset") or end.get("address") or end["mac"]


def verdicts(penstock, plant, capture):
    """All judged PDUs, without what differs each time, and all that was refused besides: (who, verdict, what)."""
    found = set()
    for line in replayed(penstock, "--pdus", plant, capture):
        columns = line.split("\t")[FIRST_JUDGED_COLUMN:]
        found.add("  ".join([re.sub(r":\d+ ->", " ->", columns[0]), *columns[1:]]))
    if not found:
        sys.exit(f"{capture}: no PDU in it")
    for event in map(json.loads, replayed(penstock, "--json", plant, capture)):
        if event.get("kind") in ("deny", "would-deny", "malformed"):
            found.add("  ".join([f"{name(event['client'])} -> {name(event['server'])}", event["kind"], event["reason"],
                                 event.get("operation") or event["flow"]]))
    return found


def compare(committed, recorded):
    """Prints both; true when they are the same."""
    for verdict in sorted(committed | recorded):
        note = "" if verdict in committed and verdict in recorded else \
            "   <- only in the committed capture" if verdict in committed else "   <- only in what was recorded now"
        print(verdict + note)
    return committed == recorded


def main(penstock, folder, *peer):
    plant = os.path.join(folder, "plant.conf")
    captures = sorted(name for name in os.listdir(folder) if name.endswith(".pcap"))
    with tempfile.TemporaryDirectory() as work:
        done = subprocess.run([RECORDER, os.path.basename(folder), work, *peer], timeout=600, check=False)
        if done.returncode == SKIPPED:
            return SKIPPED
        if done.returncode != 0:
            sys.exit("the recorder failed")
        if sorted(os.listdir(work)) != captures:
            sys.exit(f"recorded {sorted(os.listdir(work))}, committed are {captures}")
        same = [compare(verdicts(penstock, plant, os.path.join(folder, capture)),
                        verdicts(penstock, plant, os.path.join(work, capture))) for capture in captures]
    return 0 if all(same) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
