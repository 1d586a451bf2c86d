# SPDX-License-Identifier: GPL-2.0-or-later
"""Every reason of reason.def is expected by some test outside the tests of the ground floor."""
import re

DEF = "dissectors/base/reason.def"
ROW = re.compile(r'^PS_REASON\((\w+), "([a-z0-9-]+)"', re.M)
# These speak about the list itself, or about lints: they produce no refusal.
NO_EVIDENCE = ("tests/unit/base/", "tests/lint/", "tests/fuzz/")


def mentioned(identifier, name, text):
    """By its constant; by its name where that cannot be an English word, else only where it is said to be a reason."""
    if re.search(rf"\bPS_REASON_{identifier}\b", text):
        return True
    word = rf"(?<![\w-]){re.escape(name)}(?![\w-])"
    return re.search(word if "-" in name else rf'(?i:reason"?[=: ]+"?|deny |denied |"){word}', text) is not None


def check(tree):
    if DEF not in tree.files:
        return [f"{DEF}: not there"]
    rows = ROW.findall(tree.text(DEF))
    if not rows:
        return [f"{DEF}: no rows found"]
    names = [name for name in tree.files if name.startswith("tests/") and not name.startswith(NO_EVIDENCE)]
    texts = [text for text in map(tree.text, names) if text]
    return [f"{DEF}: no test expects {name} (PS_REASON_{identifier})" for identifier, name in rows
            if not any(mentioned(identifier, name, text) for text in texts)]
