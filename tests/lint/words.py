# SPDX-License-Identifier: GPL-2.0-or-later
"""Words that do not belong in a committed file, the licence line on top of each source file, and the top level."""
import re

# Written apart, so that this file does not find itself.
MARKS = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b(?!\s*\(?#\d+)")
UNFINISHED = re.compile(r"\bfor no" r"w\b|\bplace" r"holder\b|\bstu" r"b(s|bed)?\b|\bnot (yet )?impl" r"emented\b", re.I)
# Absolute paths of the machines where this is written mean nothing to anybody else.
PATHS = re.compile(r"(?<![\w.~-])/(wo" r"rk|ro" r"ot|fa" r"rm|tmp/w" r"t)(?![\w-])")

SPDX = "SPDX-License-Identifier: GPL-2.0-or-later"
SOURCES = (".c", ".h", ".def", ".py", ".sh")
TOP = re.compile(r"meson\.build|meson_options\.txt|(daemon|dissectors|rules|tools|tests|packaging|docs)/.*|README\.md|"
                 r"LICENSE|\..*")


def check(tree):
    findings = []
    for name in tree.files:
        if not TOP.fullmatch(name):
            findings.append(f"{name}: the top level has no place for this; see docs/architecture.md")
        text = tree.text(name)
        if text is None or name == "LICENSE":
            continue
        if (name.endswith(SOURCES) or text.startswith("#!")) and SPDX not in "\n".join(text.split("\n", 4)[:4]):
            findings.append(f"{name}:1: no line with {SPDX}")
        for number, line in enumerate(text.split("\n"), 1):
            for pattern, why in ((MARKS, "needs an issue number, like (#12)"), (UNFINISHED, "sounds unfinished"),
                                 (PATHS, "is a path of one machine")):
                match = pattern.search(line)
                if match:
                    findings.append(f"{name}:{number}: \"{match[0].strip()}\" {why}")
    return findings
