# SPDX-License-Identifier: GPL-2.0-or-later
"""base, the dissectors and match call nothing but memcpy, memmove, memset and memcmp, and have no writable globals.

Arguments behind the root: their static libraries, as built.
"""
import re
import subprocess

from lint import need
from shape import code_only

# bcmp and strlen: what compilers make of memcmp() == 0 and of a counting loop; sources may not call them. The rest is
# put there by the compiler's hardening.
ALLOWED = re.compile(r"memcpy|memmove|memset|memcmp|bcmp|strlen|__mem(cpy|move|set)_chk|__stack_chk_(fail|guard)|"
                     r"_GLOBAL_OFFSET_TABLE_")
SOURCES = ("dissectors/", "rules/match/")
CALLED = re.compile(r"\b(bcmp|str[a-z]+|snprintf|malloc|calloc|free)\s*\(")
WRITABLE = re.compile(r"\.(data|bss|tdata|tbss|sdata|sbss)(?!\.rel\.ro)|\*COM\*")


def symbols(libraries):
    """(object, name, class, section) of every symbol; nm's sysv form is the one that names sections."""
    done = subprocess.run([need("nm"), "--format=sysv", *libraries], stdout=subprocess.PIPE, check=True)
    unit = "?"
    for line in done.stdout.decode().splitlines():
        heading = re.match(r"Symbols from (?:.*\[)?([^\]]+?)\]?:$", line)
        if heading:
            unit = heading[1]
        fields = [field.strip() for field in line.split("|")]
        if len(fields) == 7 and fields[2] and fields[0] != "Name":
            yield unit, fields[0], fields[2], fields[6]


def source_findings(tree):
    for name in tree.ending(".c", ".h"):
        if not name.startswith(SOURCES):
            continue
        for number, line in enumerate(code_only(tree.text(name) or "").split("\n"), 1):
            for match in CALLED.finditer(line):
                yield f"{name}:{number}: calls {match[1]}; only memcpy, memmove, memset and memcmp are allowed here"


def check(tree, *libraries):
    if not libraries:
        return ["purity: no libraries given"]
    table = list(symbols(libraries))
    defined = {name for _, name, kind, _ in table if kind.isupper() and kind != "U"}
    if not defined:
        return ["purity: the libraries define nothing"]
    findings = list(source_findings(tree))
    for unit, name, kind, section in table:
        if kind in "Uw" and name not in defined and not ALLOWED.fullmatch(name):
            findings.append(f"{unit}: uses {name}; only memcpy, memmove, memset and memcmp are allowed here")
        if kind not in "Uw" and WRITABLE.match(section) and name != section:
            findings.append(f"{unit}: {name} is a writable global (section {section})")
    return findings
