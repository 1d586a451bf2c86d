#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Golden tests of the loader: run.py PROGRAM [update].

Each plant/*.conf and tests/*.conf is read by the program; what it prints, the canonical text or the errors, must be the
text in the .out file beside it. A canonical text must print to itself. With "update" the .out files are written anew."""
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def run(program, kind, path, cwd):
    done = subprocess.run([program, kind, path], cwd=cwd, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode not in (0, 1) or done.stderr:
        return None, f"exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.returncode == 0, done.stdout


def problems(program, kind, case, update):
    """What is wrong with a case, as texts."""
    accepted, text = run(program, kind, case.name, case.parent)
    golden = case.with_suffix(".out")
    if update and accepted is not None:
        golden.write_text(text, encoding="utf-8")
    if accepted == case.name.startswith("bad"):
        yield f"is {'accepted' if accepted else 'refused'}:\n{text}"
    if not golden.exists() or golden.read_text(encoding="utf-8") != text:
        yield f"differs from {golden.name}:\n{text}"
    if accepted and kind == "plant":
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "again.conf").write_text(text, encoding="utf-8")
            if run(program, kind, "again.conf", folder) != (True, text):
                yield "the canonical text does not print to itself"


def main(program, *options):
    cases = [(kind, case) for kind in ("plant", "tests") for case in sorted((HERE / kind).glob("*.conf"))]
    n_bad = 0
    for kind, case in cases:
        for problem in problems(str(pathlib.Path(program).resolve()), kind, case, "update" in options):
            print(f"{kind}/{case.name}: {problem}")
            n_bad += 1
    print(f"{len(cases)} cases, {n_bad} problems")
    return 1 if n_bad or not cases else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
