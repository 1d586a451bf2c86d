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


def constants(texts):
    return {constant for text in texts for constant in re.findall(r"\bPS_REASON_(\w+)", text)}


def names(texts):
    """All words with a hyphen in them, which cannot be English ones."""
    return {word for text in texts for word in re.findall(r"[\w-]+", text) if "-" in word}


def said(name, texts):
    """A name that is an English word counts only where it is said to be a reason."""
    word = re.compile(rf'(?i:reason"?[=: ]+"?|deny |denied |"){re.escape(name)}(?![\w-])')
    return any(name in text and word.search(text) for text in texts)


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
    in_code, in_tests, named = constants(code), constants(tests), names(tests)
    by_reader = constants(tree.text(name) for name in (READER,) if name in tree.files) & \
        constants(tree.text(name) for name in (READER_TEST,) if name in tree.files)
    for identifier, name in rows:
        if identifier not in in_code:
            yield f"{DEF}: no code refuses for {name} (PS_REASON_{identifier})"
        expected = identifier in in_tests | by_reader or (name in named if "-" in name else said(name, tests))
        if not expected:
            yield f"{DEF}: no test expects {name} (PS_REASON_{identifier})"
