#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Golden tests of the compiler: run.py PROGRAM [update].

Each *.conf beside this file is compiled; the image as text, or the errors, must be the text in the .out file beside it.
bad-*.conf must not compile. The digest is left out: it changes with every function that a dissector learns. With
"update" the .out files are written anew."""
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def problems(program, case, update):
    done = subprocess.run([program, case.name], cwd=HERE, capture_output=True, text=True, timeout=60, check=False)
    text, n_digests = re.subn(r"^digest [0-9a-f]{64}\n", "", done.stdout, flags=re.M)
    is_bad = case.name.startswith("bad")
    golden = case.with_suffix(".out")
    if done.returncode != (1 if is_bad else 0) or n_digests != (0 if is_bad else 1) or done.stderr:
        yield f"exit {done.returncode}:\n{done.stdout}{done.stderr}"
    elif update:
        golden.write_text(text, encoding="utf-8")
    elif not golden.exists() or golden.read_text(encoding="utf-8") != text:
        yield f"differs from {golden.name}:\n{text}"


def main(program, *options):
    cases = sorted(HERE.glob("*.conf"))
    found = [(case, problem) for case in cases
             for problem in problems(str(pathlib.Path(program).resolve()), case, "update" in options)]
    for case, problem in found:
        print(f"{case.name}: {problem}")
    print(f"{len(cases)} cases, {len(found)} problems")
    return 1 if found or not cases else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
