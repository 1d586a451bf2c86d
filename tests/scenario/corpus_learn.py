#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Learns a plant from every capture of the corpus, one by one and folder by folder: it passes `check`, and replaying the
same captures refuses nothing for want of a rule. Neither would a gateway in the line, nor does it for want of room.

Usage: corpus_learn.py PENSTOCK [NAME...]      only captures and folders whose name contains one of these
"""
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile

import corpus

SECONDS = 600  # one command; far above what any needs, also under a sanitizer on a busy machine


class Failure(Exception):
    pass


def run(argv, fine):
    """stdout of a command that must end by itself with one of these exit codes."""
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise Failure(f"`{' '.join(argv)}` stalled") from None
    if done.returncode not in fine:
        said = (done.stderr + done.stdout).decode(errors="replace").strip().splitlines()[-12:]
        raise Failure(f"`{' '.join(argv)}` ended with {done.returncode}:\n    " + "\n    ".join(said))
    return done.stdout


def summary_of(penstock, plant, target, *options):
    """The summary at the end of replay --json, which must not be cut short by a crash."""
    lines = run([penstock, "replay", "--json", *options, plant, target], fine=(0, 3)).splitlines()
    summary = json.loads(lines[-1])
    if summary["kind"] != "summary":
        raise Failure("replay --json does not end with a summary")
    return summary


def examine(penstock, path, name, scratch):
    """Learns from one capture or folder. Returns what replay counts under what was learned."""
    target = os.path.join(path, name)
    plant = os.path.join(scratch, name.replace("/", "_") + ".conf")
    run([penstock, "learn", "-j1", "-o", plant, target], fine=(0,))
    if os.path.isdir(target) and run([penstock, "learn", "-j4", target], fine=(0,)) != open(plant, "rb").read():
        raise Failure("learn -j4 gives another plant file than -j1")
    run([penstock, "check", plant], fine=(0,))
    summary = summary_of(penstock, plant, target)
    if summary["denied_by_class"]["policy"] != 0:
        raise Failure(f"{summary['denied_by_class']['policy']} refused for want of a rule")
    if summary["packets"] == 0:
        raise Failure("no packet was read")
    inline = summary_of(penstock, plant, target, "--inline")["denied_by_class"]
    if inline["policy"] + inline["resource"] != 0:
        raise Failure(f"in the line {inline['policy']} refused for want of a rule, {inline['resource']} of room")
    return summary


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    penstock, wanted = sys.argv[1], sys.argv[2:]
    path = corpus.folder()
    names = corpus.captures(path)
    names += sorted({name.split("/")[0] for name in names})
    names = [name for name in names if not wanted or any(word in name for word in wanted)]
    failed = 0
    with tempfile.TemporaryDirectory() as scratch, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        jobs = {pool.submit(examine, penstock, path, name, scratch): name for name in names}
        for job in concurrent.futures.as_completed(jobs):
            try:
                job.result()
            except Failure as failure:
                failed += 1
                print(f"{jobs[job]}: {failure}", flush=True)
    print(f"{len(names) - failed} of {len(names)} captures and folders learned and replayed")
    sys.exit(1 if failed or not names else 0)


if __name__ == "__main__":
    main()
