#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every subcommand has a manual page, with the options that its --help has: man_options.py PENSTOCK SOURCE-ROOT."""
import os
import re
import subprocess
import sys


def said(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode()


def page(root, name):
    path = os.path.join(root, "docs", "man", name)
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return file.read().replace("\\-", "-")


def tagged_options(text):
    """Options that a paragraph of the page is about: the line after .TP."""
    return {option for line in re.findall(r"^\.TP\n(.*)$", text, re.M) for option in re.findall(r"--([a-z][a-z-]*)", line)}


def main(penstock, root):
    wrong = []
    overview = page(root, "penstock.1")
    subcommands = re.findall(r"^  ([a-z]+) ", said(penstock), re.M)
    if len(subcommands) < 5:
        wrong.append(f"'penstock' alone lists only {subcommands}")
    for name in subcommands:
        if not re.search(rf"^\.BR? {name}\b", overview, re.M):
            wrong.append(f"penstock.1 does not list {name}")
        text = page(root, f"penstock-{name}.1")
        if text is None:
            wrong.append(f"there is no docs/man/penstock-{name}.1")
            continue
        helped = set(re.findall(r"--([a-z][a-z-]*)", "\n".join(
            line for line in said(penstock, name, "--help").split("\n") if re.match(r"  (-.,|   ) --", line))))
        if helped != tagged_options(text):
            wrong.append(f"penstock-{name}.1 and --help differ in {sorted(helped ^ tagged_options(text))}")
    print("\n".join(wrong))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
