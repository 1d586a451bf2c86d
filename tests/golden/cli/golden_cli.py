#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Transcripts of penstock: golden_cli.py [--update] PENSTOCK TRANSCRIPT...

A transcript holds lines "$ command", each followed by what the command prints (standard output, then standard error) and,
unless it is 0, its exit status as "[3]". The commands are run again in a fresh directory with the plant files of this
directory and the captures of make_captures.py, and what comes out is compared; --update writes it down instead. How long
ago something was is left out.
"""
import difflib
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
LIVE = ["fake_penstockd.py", "live_replies.txt"]  # what a gateway would say


def run(command, directory, penstock):
    env = {"PATH": os.path.dirname(penstock) + ":" + os.environ["PATH"], "TZ": "UTC", "LC_ALL": "C.UTF-8",
           "SOURCE_DATE_EPOCH": "1795262673", "HOME": directory}
    env.update((key, value) for key, value in os.environ.items() if key.endswith("SAN_OPTIONS"))
    done = subprocess.run(["sh", "-c", command], cwd=directory, env=env, stdin=subprocess.DEVNULL, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    text = (done.stdout + done.stderr).decode("utf-8", "replace")
    if text and not text.endswith("\n"):
        text += "\n"
    text = re.sub(r"\b\d+ (s|min|h|days?) ago", "N days ago", text)
    return text + (f"[{done.returncode}]\n" if done.returncode else "")


def replay(path, penstock):
    """The transcript as it stands, and as it comes out now."""
    with open(path, encoding="utf-8") as file:
        old = file.read()
    with tempfile.TemporaryDirectory() as directory:
        for name in glob.glob(os.path.join(HERE, "*.conf")) + [os.path.join(HERE, other) for other in LIVE]:
            shutil.copy(name, directory)
        subprocess.run([sys.executable, os.path.join(HERE, "make_captures.py"), directory], check=True)
        new = "".join(line + "\n" + run(line[2:], directory, penstock) for line in old.split("\n")
                      if line.startswith("$ "))
    return old, new


def main(arguments):
    update = arguments[0] == "--update"
    penstock, *transcripts = arguments[1:] if update else arguments
    failed = 0
    for path in transcripts:
        old, new = replay(path, os.path.abspath(penstock))
        if old == new:
            continue
        if update:
            with open(path, "w", encoding="utf-8") as file:
                file.write(new)
            print(f"{path}: written")
            continue
        failed += 1
        sys.stdout.writelines(difflib.unified_diff(old.splitlines(True), new.splitlines(True), path, "now"))
    if failed:
        print(f"{failed} of {len(transcripts)} transcripts differ; 'ninja golden-cli-update' writes down what comes out now")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
