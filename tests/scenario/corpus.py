# SPDX-License-Identifier: GPL-2.0-or-later
"""The corpus of real captures: public, large, and not part of this repository. Tests that want it skip without it."""
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SKIP = 77


def folder():
    """Where it lies: $PENSTOCK_CORPUS, or ../shared/corpus beside the source. Ends the test where it is absent."""
    path = os.environ.get("PENSTOCK_CORPUS") or os.path.join(ROOT, os.pardir, "shared", "corpus")
    if not os.path.isfile(os.path.join(path, "MANIFEST.tsv")):
        print(f"skipped: no corpus of captures at {path}; PENSTOCK_CORPUS names another place")
        sys.exit(SKIP)
    return os.path.normpath(path)


def captures(path):
    """Names of all captures, 'modbus/iti-modbus-test.pcap'."""
    with open(os.path.join(path, "MANIFEST.tsv"), encoding="utf-8") as manifest:
        return sorted(line.split("\t")[0] for line in list(manifest)[1:] if line.strip())
