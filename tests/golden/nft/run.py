#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Golden tests of what the kernel enforces: run.py PENSTOCK SOURCE_ROOT [update|load].

For each case the ruleset (.nft), the table of `check --fallback` (.txt) and its JSON (.json). With "update" they are written
anew. With "load" each ruleset is given to the nft of this host, in a network namespace that goes with it; needs root.
"""
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLES = "packaging/examples"
# name, plant, shape, does this kernel load it? One without the native `queue` expression takes that rule from libnftnl only.
CASES = [("line-bump", "line.conf", "bump", True), ("line-bridge", "line.conf", "bridge", True),
         ("line-routed", "line.conf", "routed", True), ("fallback-bump", "fallback.conf", "bump", True),
         ("fallback-routed", "fallback.conf", "routed", False), ("stations-bump", "stations.conf", "bump", True)]
CASES += [(name, f"{EXAMPLES}/{name}/plant.conf", "routed", True) for name in ("production-cell", "pump-station", "substation")]


def penstock(program, root, case, *arguments):
    plant = root / case[1] if case[1].startswith(EXAMPLES) else HERE / case[1]
    return subprocess.run([program, *arguments, "--shape", case[2], plant.name], cwd=plant.parent, capture_output=True,
                          text=True, timeout=60, check=False)


def answers(program, root, case):
    """(suffix, text) of what is kept; a wrong exit status is part of it."""
    for suffix, arguments in ((".nft", ["nft"]), (".txt", ["check", "--fallback"]), (".json", ["check", "--fallback", "--json"])):
        done = penstock(program, root, case, *arguments)
        text = done.stdout
        if suffix == ".json":
            text = json.dumps(json.loads(text), indent=1) + "\n"
        if suffix == ".txt":
            text += f"exit {done.returncode}\n"
        yield suffix, text


def compare(program, root, update):
    n_wrong = 0
    for case in CASES:
        for suffix, text in answers(program, root, case):
            golden = HERE / (case[0] + suffix)
            if update:
                golden.write_text(text, encoding="utf-8")
            if not golden.exists() or golden.read_text(encoding="utf-8") != text:
                n_wrong += 1
                print(f"{golden.name} differs")
    print(f"{len(CASES)} cases, {n_wrong} differences")
    return 1 if n_wrong else 0


def load(program, root):
    sys.path.insert(0, str(root / "tests/net"))
    import nft_rig
    nft_rig.enter()
    nft_rig.links()
    for case in CASES:
        done = penstock(program, root, case, "nft")
        for arguments in (["-c", "-f", "-"], ["-f", "-"], ["-f", "-"]):  # twice: it replaces itself
            loaded = subprocess.run(["nft", *arguments], input=done.stdout, capture_output=True, text=True, timeout=60, check=False)
            if loaded.returncode and case[3]:
                print(f"{case[0]}: nft {' '.join(arguments)}: {loaded.stderr[:1500]}")
                return 1
        family = done.stdout.split()[1]
        listed = subprocess.run(["nft", "list", "table", family, "penstock"], capture_output=True, text=True, timeout=60, check=False)
        if case[3] and listed.returncode:
            print(f"{case[0]}: nft cannot list it: {listed.stderr[:500]}")
            return 1
        subprocess.run(["nft", "delete", "table", family, "penstock"], capture_output=True, timeout=60, check=False)
    print(f"{len(CASES)} rulesets loaded")
    return 0


def main(program, root, how=""):
    root = pathlib.Path(root)
    program = os.path.realpath(program)
    if how != "load":
        return compare(program, root, how == "update")
    sys.path.insert(0, str(root / "tests/net"))
    import nft_rig
    try:
        return load(program, root)
    except nft_rig.Skip as why:
        print(f"skipped: {why}")
        return 77


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
