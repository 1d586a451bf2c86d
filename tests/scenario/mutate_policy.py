#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The mutation test (mutate_policy.c) over the corpus: of each capture of an inspected protocol a policy is learned, one
permission after the other is taken out of it, and exactly the PDUs that needed it are denied.

Usage: mutate_policy.py MUTATE_POLICY [NAME...]      only captures whose name contains one of these
"""
import concurrent.futures
import os
import re
import subprocess
import sys

import corpus

FOLDERS = ("modbus", "dnp3", "s7comm", "s7commplus", "mixed")
SECONDS = 300  # one capture; far above what any needs, also under a sanitizer on a busy machine


def examine(program, capture):
    """(PDUs, permissions taken, denials, PDUs that several rules grant), or None after printing what is wrong."""
    try:
        done = subprocess.run([program, capture], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        print(f"{capture}: stalled")
        return None
    if done.returncode != 0:
        print(f"{capture}: ended with {done.returncode}\n{done.stderr.strip()}")
        return None
    return [int(number) for number in re.findall(r"\d+", done.stdout)[:4]]


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    program, wanted = sys.argv[1], sys.argv[2:]
    path = corpus.folder()
    names = [name for name in corpus.captures(path) if name.split("/")[0] in FOLDERS]
    names = [name for name in names if not wanted or any(word in name for word in wanted)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        found = list(pool.map(lambda name: examine(program, os.path.join(path, name)), names))
    fine = [numbers for numbers in found if numbers]
    sums = [sum(column) for column in zip(*fine)] or [0] * 4
    print(f"{len(fine)} of {len(names)} captures: {sums[0]:,} PDUs, {sums[1]:,} permissions taken, {sums[2]:,} denials, "
          f"{sums[3]:,} PDUs that several rules grant")
    sys.exit(1 if len(fine) < len(names) or sums[2] == 0 else 0)


if __name__ == "__main__":
    main()
