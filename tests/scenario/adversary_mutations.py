# SPDX-License-Identifier: GPL-2.0-or-later
"""A defence whose removal nothing notices has no test: takes each defence out of the engine and lets the adversary find it.

    python3 tests/scenario/adversary_mutations.py BUILD [NAME...]

Each row of adversary_mutations.txt replaces one piece of text in one source file. The changed file is compiled with the
command that BUILD has for it, the adversary linked with it in front of the library, and run. Prints one line per row: how
many schedules it took and what was violated. Fails when a defence is not missed, or when its text is not there any more.
"""
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SCHEDULES = 100000


class Stale(Exception):
    """The text that a row replaces is not in its file, or more than once."""


def rows():
    """Blocks of `= name`, `file`, lines that start with - (the text) and with + (what takes its place)."""
    row = None
    with open(os.path.join(HERE, "adversary_mutations.txt"), encoding="utf-8") as file:
        for line in file.read().splitlines():
            if line.startswith("= "):
                row = {"name": line[2:], "old": [], "new": [], "options": []}
                yield row
            elif line.startswith("@ "):
                row["file"], *row["options"] = line[2:].split()
            elif line[:1] in "-+" and line:
                row["old" if line[0] == "-" else "new"].append(line[1:])


def mutated(row):
    with open(os.path.join(ROOT, row["file"]), encoding="utf-8") as file:
        text = file.read()
    old, new = "\n".join(row["old"]), "\n".join(row["new"])
    if text.count(old) != 1:
        raise Stale(f"{row['name']}: its text stands {text.count(old)} times in {row['file']}")
    return text.replace(old, new)


def compile_command(build, source):
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        for entry in json.load(file):
            path = os.path.normpath(os.path.join(entry["directory"], entry["file"]))
            if path == os.path.join(ROOT, source) and "libps_fastpath" in entry["output"]:
                return shlex.split(entry["command"]), entry["directory"]
    raise Stale(f"{source}: nothing compiles it")


def link_command(build):
    done = subprocess.run(["ninja", "-C", build, "-t", "commands", "-s", "tests/scenario/adversary"], check=True,
                          stdout=subprocess.PIPE)
    lines = done.stdout.decode().splitlines()
    return shlex.split([line for line in lines if " -o tests/scenario/adversary " in line][-1])


def make(build, row, scratch):
    """The adversary against this engine."""
    source = os.path.join(scratch, os.path.basename(row["file"]))
    with open(source, "w", encoding="utf-8") as file:
        file.write(mutated(row))
    command, folder = compile_command(build, row["file"])
    command[command.index("-o") + 1] = source + ".o"
    for option, extra in (("-MF", 1), ("-MQ", 1)):
        if option in command:
            del command[command.index(option):command.index(option) + 1 + extra]
    command = [c for c in command if c != "-MD"][:-1] + ["-w", "-iquote", os.path.join(ROOT, os.path.dirname(row["file"])), source]
    subprocess.run(command, cwd=folder, check=True)
    link = link_command(build)
    program = os.path.join(scratch, "adversary")
    link[link.index("-o") + 1] = program
    first = next(i for i, word in enumerate(link) if word.endswith(".o"))
    subprocess.run(link[:first] + [source + ".o"] + link[first:], cwd=build, check=True)
    return program


def find(program, options):
    done = subprocess.run([program, f"--schedules={SCHEDULES}"] + options, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=300, check=False)
    text = done.stdout.decode()
    if done.returncode == 0:
        return None
    what = re.search(r"^# ([a-z-]+): ", text, re.M)
    number = re.search(r"schedule (\d+) of seed", text)
    if not what or not number:
        return f"ended with {done.returncode}"
    return f"{what.group(1)}, schedule {number.group(1)}"


def main(build, names):
    build, missed = os.path.abspath(build), 0
    for row in rows():
        if names and row["name"] not in names:
            continue
        with tempfile.TemporaryDirectory() as scratch:
            try:
                found = find(make(build, row, scratch), row["options"])
            except Stale as stale:
                print(stale)
                missed += 1
                continue
        print(f"{row['name']}: {found or 'NOT NOTICED'}", flush=True)
        missed += found is None
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
