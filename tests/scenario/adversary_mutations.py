# SPDX-License-Identifier: GPL-2.0-or-later
"""A defence whose removal nothing notices has no test: takes each defence out of the engine and lets the adversary find it.

    python3 tests/scenario/adversary_mutations.py BUILD [NAME...]

Each row of adversary_mutations.txt replaces one piece of text in one source file. The changed file is compiled with the
command that BUILD has for it, the adversary linked with it in front of the library, and run; before it the unit tests that the
row names, which notice what the adversary would need many schedules for. As many rows at a time as there are processors.
Prints one line per row: how many schedules it took and what was violated. Fails when a defence is not missed, or when its
text is not there any more.
"""
import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SCHEDULES = 30000
UNIT_S = 30  # a unit test takes a second, and one that comes to no end has noticed


class Stale(Exception):
    """The text that a row replaces is not in its file, or more than once."""


def rows():
    """Blocks of `= name`, `file`, lines that start with - (the text) and with + (what takes its place)."""
    row, made = None, []
    with open(os.path.join(HERE, "adversary_mutations.txt"), encoding="utf-8") as file:
        for line in file.read().splitlines():
            if line == "= name":
                continue
            if line.startswith("= "):
                row = {"name": line[2:], "old": [], "new": [], "options": []}
                made.append(row)
            elif row and line.startswith("@ "):
                row["file"], *row["options"] = line[2:].split()
                row["unit"] = [o[5:] for o in row["options"] if o.startswith("unit=")]
                row["options"] = [o for o in row["options"] if o.startswith("--")]
            elif row and line[:1] in "-+" and line:
                row["old" if line[0] == "-" else "new"].append(line[1:])
    return made


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


def link_command(build, target):
    done = subprocess.run(["ninja", "-C", build, "-t", "commands", "-s", target], check=True, stdout=subprocess.PIPE)
    lines = done.stdout.decode().splitlines()
    return shlex.split([line for line in lines if f" -o {target} " in line][-1])


def compile_changed(build, row, scratch):
    source = os.path.join(scratch, os.path.basename(row["file"]))
    with open(source, "w", encoding="utf-8") as file:
        file.write(mutated(row))
    command, folder = compile_command(build, row["file"])
    command[command.index("-o") + 1] = source + ".o"
    for option in ("-MF", "-MQ"):
        if option in command:
            at = command.index(option)
            del command[at:at + 2]
    here = os.path.join(ROOT, os.path.dirname(row["file"]))
    subprocess.run([c for c in command if c != "-MD"][:-1] + ["-w", "-iquote", here, source], cwd=folder, check=True)
    return source + ".o"


def link(build, target, changed, scratch):
    """The target, with the changed object in front of the library that holds the sound one."""
    command = link_command(build, target)
    program = os.path.join(scratch, os.path.basename(target))
    command[command.index("-o") + 1] = program
    first = next(i for i, word in enumerate(command) if word.endswith(".o"))
    subprocess.run(command[:first] + [changed] + command[first:], cwd=build, check=True)
    return program


def run(command, seconds=300):
    try:  # in one process, which ends with its time
        done = subprocess.run(command, env={**os.environ, "CK_FORK": "no"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return -1, "no end"
    return done.returncode, done.stdout.decode("utf-8", "replace")


def by_adversary(program, options):
    code, text = run([program, f"--schedules={SCHEDULES}", "--raw"] + options)
    if code == 0:
        return None
    what = re.search(r"^# ([a-z-]+): ", text, re.M)
    number = re.search(r"schedule (\d+) of seed", text)
    if what and number:
        return f"{what.group(1)}, schedule {number.group(1)}"
    return f"the engine's own checks (signal {-code})"


def notice(build, row, scratch):
    """Who notices, in words; None: nobody. Unit tests first: they are quick."""
    changed = compile_changed(build, row, scratch)
    for unit in row["unit"]:
        folder, name = os.path.split(unit)
        code, _ = run([link(build, f"tests/unit/{folder}/{name}", changed, scratch)], UNIT_S)
        if code != 0:
            return f"unit test {name}"
    return by_adversary(link(build, "tests/scenario/adversary", changed, scratch), row["options"])


def line_of(build, row):
    """(whether somebody notices, what to print)."""
    with tempfile.TemporaryDirectory() as scratch:
        try:
            found = notice(build, row, scratch)
        except (Stale, subprocess.CalledProcessError) as wrong:
            return False, f"{row['name']}: {wrong}"
    return found is not None, f"{row['name']}: {found or 'NOT NOTICED'}"


def main(build, names):
    build, missed = os.path.abspath(build), 0
    sound = by_adversary(os.path.join(build, "tests/scenario/adversary"), [])
    if sound:
        print(f"the engine as it is: {sound}")
        return 1
    wanted = [row for row in rows() if not names or row["name"] in names]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for noticed, line in pool.map(lambda row: line_of(build, row), wanted):
            print(line, flush=True)
            missed += not noticed
    print(f"{len(wanted)} defences, {missed} not missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
