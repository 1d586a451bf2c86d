# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/evasion.md has a row for every known evasion, and every row has tests that are there, or says why it has none.

The last cell of a row holds names of unit tests and, behind "adversary:", of cases. One of them has the row's id in its name,
as in nv_h01; or the cell starts with "none:" or "see".
"""
import re

DOC = "docs/evasion.md"
CASES = "tests/scenario/adversary_cases/"
ROW = re.compile(r"^\| (NV-\w+|section [\d.]+) \|.*\| ([^|]*) \|$", re.M)


def numbered(letter, last):
    return [f"NV-{letter}{n:02}" for n in range(1, last + 1)]


IDS = (numbered("L", 12) + numbered("4", 11) + numbered("F", 11) + numbered("6", 8) + numbered("H", 16) + numbered("S", 22) +
       numbered("C", 12) + numbered("I", 7) + numbered("U", 5) + [f"section {n}" for n in ("5.4", "5.5", "5.6", "6", "8", "9")])


def key(row):
    """NV-H01 -> h01, section 5.4 -> 54"""
    return re.sub(r"NV-|section |\.", "", row).lower()


def has_id(name, row):
    return re.search(rf"(?<![a-z0-9])nv[_-]{key(row)}(?![a-z0-9])", name) is not None


def row_findings(row, cell, tests, cases):
    names = re.findall(r"`(test_\w+)`", cell)
    scenes = re.findall(r"`([\w-]+)`", cell.partition("adversary:")[2])
    for name in names:
        if name not in tests:
            yield f"{DOC}: {row}: no test is called {name}"
    for name in scenes:
        if name not in cases:
            yield f"{DOC}: {row}: the adversary has no case {name}"
    if not cell.startswith(("none: ", "see ")) and not any(has_id(name, row) for name in names + scenes):
        yield f"{DOC}: {row}: no test with nv_{key(row)} in its name, and no reason"


def check(tree):
    if DOC not in tree.files:
        yield f"{DOC}: not there"
        return
    units = [tree.text(name) for name in tree.files if name.startswith("tests/unit/") and name.endswith(".c")]
    tests = {name for text in units for name in re.findall(r"^START_TEST\((test_\w+)\)", text, re.M)}
    cases = {name[len(CASES):-4] for name in tree.files if name.startswith(CASES)}
    rows = ROW.findall(tree.text(DOC))
    found = [row for row, _ in rows]
    for row in IDS:
        if found.count(row) != 1:
            yield f"{DOC}: {found.count(row)} rows for {row}, there is to be one"
    for row, cell in rows:
        if row not in IDS:
            yield f"{DOC}: {row} is none of the catalogue's"
        yield from row_findings(row, cell, tests, cases)
