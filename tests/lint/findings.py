# SPDX-License-Identifier: GPL-2.0-or-later
"""Findings of the model lint: every ZL id that the code makes stands in docs/iec62443.md, and the other way round."""
import re

DOCUMENT = "docs/iec62443.md"


def rows(text, heading):
    """The ids in the first column of the tables of one section."""
    for part in re.split(r"^## ", text, flags=re.M):
        if part.startswith(heading + "\n"):
            return set(re.findall(r"^\| (ZL-\d{3}) \|", part, flags=re.M))
    return set()


def check(tree):
    if DOCUMENT not in tree.files:
        return [f"{DOCUMENT} is not there"]
    text = tree.text(DOCUMENT)
    made = rows(text, "Findings")
    held = rows(text, "Held by the plant file itself")
    unsaid = rows(text, "Not evaluated")
    code = {}
    known = set()
    for name in tree.ending(".c"):
        if not name.startswith("rules/"):
            continue
        for number, line in enumerate(tree.text(name).splitlines(), 1):
            for finding in re.findall(r'"(ZL-\d{3})"', line):
                if name.endswith("lint_exceptions.c"):
                    known.add(finding)
                else:
                    code.setdefault(finding, f"{name}:{number}")
    found = []
    for finding in sorted(code.keys() - made - held):
        found.append(f"{code[finding]}: {finding} is not in a table of {DOCUMENT}; describe it there")
    for finding in sorted(made - code.keys()):
        found.append(f"{DOCUMENT}: {finding} stands under Findings, but no code makes it; move or remove it")
    for finding in sorted(made ^ known):
        found.append(f"rules/compile/lint_exceptions.c: {finding} must be in known_ids exactly when {DOCUMENT} lists it "
                     "under Findings")
    for finding in sorted((made & held) | (made & unsaid) | (held & unsaid) | (unsaid & code.keys())):
        found.append(f"{DOCUMENT}: {finding} stands in a table that contradicts another table or the code")
    return found
