# SPDX-License-Identifier: GPL-2.0-or-later
"""What README.md shows is what penstock prints: readme.py PENSTOCK SOURCE-ROOT.

Indented blocks that start with "$ penstock" are run in the example plant's folder. Their lines must come in that order;
a line "..." leaves lines out, and one that ends with " ..." is the beginning of a line.
"""
import os
import re
import subprocess
import sys


def blocks(text):
    """(command, the lines shown below it)"""
    for block in re.findall(r"^(?:    .*\n|\n)+", text, re.M):
        for part in re.split(r"^    \$ (?=penstock )", block, flags=re.M)[1:]:
            lines = [line[4:].rstrip() for line in part.splitlines()]
            yield "penstock " + part.splitlines()[0].split(" ", 1)[1], [line for line in lines[1:] if line]


def missing(shown, printed):
    """The first line shown that is not printed behind the ones before it."""
    at = 0
    for line in shown:
        if line == "...":
            continue
        wanted = line[:-4] if line.endswith(" ...") else None
        while at < len(printed) and not (printed[at].startswith(wanted) if wanted else printed[at].rstrip() == line):
            at += 1
        if at == len(printed):
            return line
        at += 1
    return None


def main(penstock, root):
    with open(os.path.join(root, "README.md"), encoding="utf-8") as file:
        shown = list(blocks(file.read()))
    env = {**os.environ, "PATH": os.path.dirname(os.path.abspath(penstock)) + ":" + os.environ["PATH"], "TZ": "UTC"}
    failed = len(shown) < 2
    for command, lines in shown:
        done = subprocess.run(["sh", "-c", command], cwd=os.path.join(root, "packaging/examples/pump-station"), env=env,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        printed = done.stdout.decode("utf-8", "replace").splitlines()
        line = missing(lines, printed)
        if line is not None or not lines:
            failed = True
            print(f"README.md shows under \"{command}\"\n    {line}\nbut it prints\n    " + "\n    ".join(printed))
    print(f"{len(shown)} commands of README.md run")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
