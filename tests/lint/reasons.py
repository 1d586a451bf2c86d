# SPDX-License-Identifier: GPL-2.0-or-later
"""Every reason of reason.def is given by some code, and expected by some test."""
import re

DEF = "dissectors/base/reason.def"
ROW = re.compile(r'^PS_REASON\((\w+), "([a-z0-9-]+)"', re.M)
# These speak about the list itself, or about lints: they produce no refusal.
NO_EVIDENCE = ("tests/unit/base/", "tests/lint/", "tests/fuzz/")
# The ground floor gives a few reasons itself; for those its own test counts.
READER, READER_TEST = "dissectors/base/rd.c", "tests/unit/base/test_rd.c"


# A test's shorthand for a family of reasons: #define B(what) ... PS_REASON_MODBUS_##what
SHORTHAND = re.compile(r"#[ \t]*define[ \t]+(\w+)\((\w+)\)[^\n]*\bPS_REASON_(\w*?)##\2\b")


def spelled_out(texts):
    """The texts with every use of a shorthand followed by the constant that it stands for."""
    shorthands = {(found[1], found[3]) for text in texts for found in SHORTHAND.finditer(text)}
    for text in texts:
        for macro, family in shorthands:
            text = re.sub(rf"\b{macro}\((\w+)\)", rf"\g<0> PS_REASON_{family}\1", text)
        yield text


def mentioned(identifier, name, text):
    """By its constant; by its name where that cannot be an English word, else only where it is said to be a reason."""
    if re.search(rf"\bPS_REASON_{identifier}\b", text):
        return True
    word = rf"(?<![\w-]){re.escape(name)}(?![\w-])"
    return re.search(word if "-" in name else rf'(?i:reason"?[=: ]+"?|deny |denied |"){word}', text) is not None


def given(identifier, texts):
    return any(re.search(rf"\bPS_REASON_{identifier}\b", text) for text in texts)


def check(tree):
    if DEF not in tree.files:
        yield f"{DEF}: not there"
        return
    rows = ROW.findall(tree.text(DEF))
    if not rows:
        yield f"{DEF}: no rows found"
    code = [tree.text(name) for name in tree.ending(".c", ".h", ".def") if not name.startswith(("tests/", "tools/"))]
    tests = [tree.text(name) for name in tree.files if name.startswith("tests/") and not name.startswith(NO_EVIDENCE)]
    tests = list(spelled_out([text for text in tests if text]))
    reader, reader_test = ([tree.text(name)] if name in tree.files else [] for name in (READER, READER_TEST))
    for identifier, name in rows:
        if not given(identifier, code):
            yield f"{DEF}: no code refuses for {name} (PS_REASON_{identifier})"
        by_reader = given(identifier, reader) and given(identifier, reader_test)
        if not by_reader and not any(mentioned(identifier, name, text) for text in tests):
            yield f"{DEF}: no test expects {name} (PS_REASON_{identifier})"
