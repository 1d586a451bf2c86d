# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may include whom: the table of docs/architecture.md, and which room may use which library."""
import os
import re

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(["<])([^">]+)[">]', re.M)

# Room -> what its files may include besides their own room. "x/*" is the files directly in x.
ROOMS = {
    "dissectors/base": [],
    "dissectors/*": ["dissectors/base", "dissectors/+"],
    "dissectors/+": ["dissectors/base", "dissectors/*"],
    "rules/*": ["dissectors/base", "dissectors/*"],
    "rules/match": ["dissectors/base"],
    "rules/policy": ["dissectors/base", "dissectors/*", "rules/*"],
    "rules/compile": ["dissectors/base", "dissectors/*", "rules/*", "rules/match/image*"],
    "daemon/fastpath": ["dissectors/base", "dissectors/*", "rules/match"],
    "daemon/io": ["dissectors/base", "dissectors/*", "rules/*", "rules/match", "daemon/fastpath", "daemon/nft/steer*"],
    "daemon/nft": ["dissectors/base", "dissectors/*", "rules/*", "rules/match", "rules/compile/nft_ruleset*", "daemon/fastpath"],
    "daemon/control": ["dissectors", "rules", "daemon"],
    "daemon": ["dissectors", "rules", "daemon"],
    "tools": ["dissectors", "rules", "daemon", "tools"],
    "tests": ["dissectors", "rules", "daemon", "tools", "tests"],
}

# These rooms have no use for the operating system: only what the compiler brings, and string.h for mem*().
PURE = ("dissectors/base", "dissectors/*", "dissectors/+", "rules/match")
PURE_HEADERS = {"stdbool.h", "stddef.h", "stdint.h", "string.h", "limits.h"}

# Library headers -> where they may be used. Whatever stands here is for nobody else; tests may use all but DPDK.
LIBRARIES = {
    r"rte_.*": ["daemon/io/port_dpdk", "tools/bench/bench_wire.c"],
    r"libconfig\.h": ["rules/policy/", "daemon/control/config.c"],
    r"sodium.*": ["rules/compile/", "tools/"],
    r"jansson\.h": ["tools/", "daemon/control/", "daemon/main.c"],
    r"pcap(/.*|\.h)": ["tools/"],
    r"zlib\.h": ["tools/"],
    r"systemd/.*": ["daemon/control/notify.c", "daemon/control/sink_journal.c"],
    r"microhttpd\.h": ["daemon/control/metrics.c"],
    r"seccomp\.h": ["daemon/control/sandbox.c"],
    r"(libnftnl|libmnl)/.*": ["daemon/nft/", "daemon/io/port_nfq"],
    r"libnetfilter_queue/.*": ["daemon/io/port_nfq"],
    r"check\.h": [],
    r"modbus(/.*|\.h)": [],
}


def room_of(name):
    """The key of ROOMS that a file belongs to, or None outside all rooms."""
    parts = name.split("/")
    for depth in (2, 1):
        room = "/".join(parts[:depth])
        if len(parts) == depth + 1 and room + "/*" in ROOMS:
            return room + "/*"
        if len(parts) > depth and room in ROOMS:
            return room
    return "dissectors/+" if parts[0] == "dissectors" and len(parts) > 2 else None


def within(name, pattern):
    """Is the file name inside what one entry of ROOMS allows?"""
    if pattern.endswith("/*"):
        return os.path.dirname(name) == pattern[:-2]
    if pattern.endswith("/+"):
        return room_of(name) == pattern
    if pattern.endswith("*"):
        return name.startswith(pattern[:-1])
    return name.startswith(pattern + "/")


def resolve(tree, name, wanted):
    """All files that a quoted include may mean: beside the file, or else any whose path ends like that."""
    beside = os.path.normpath(os.path.join(os.path.dirname(name), wanted))
    if beside in tree.files:
        return [beside]
    return [f for f in tree.files if f.endswith("/" + wanted)]


def may_include(name, target):
    room = room_of(name)
    if room == "tests":
        return True
    own_folder = "/".join(name.split("/")[:2]) + "/"
    same_room = room_of(target) == room and (room != "dissectors/+" or target.startswith(own_folder))
    return same_room or any(within(target, pattern) for pattern in ROOMS[room])


def library_finding(name, header):
    if room_of(name) in PURE and header not in PURE_HEADERS:
        return f"<{header}>: {os.path.dirname(name)} is pure and may only include {', '.join(sorted(PURE_HEADERS))}"
    for pattern, places in LIBRARIES.items():
        if not re.fullmatch(pattern, header):
            continue
        in_tests = name.startswith("tests/") and not header.startswith("rte_")
        if not in_tests and not name.startswith(tuple(places)):
            return f"<{header}> belongs to {' '.join(places) or 'tests'}"
    return None


def include_finding(tree, name, quote, header):
    if quote == "<":
        return library_finding(name, header)
    targets = resolve(tree, name, header)
    if not targets:
        return f'"{header}" is no file of this project; system headers go in <>'
    if not any(may_include(name, target) for target in targets):
        return f'{room_of(name)} may not include "{header}" ({targets[0]}); see docs/architecture.md'
    return None


def check(tree):
    findings = []
    for name in tree.ending(".c", ".h", ".def"):
        if room_of(name) is None:
            findings.append(f"{name}: C code outside all rooms")
            continue
        text = tree.text(name) or ""
        for match in INCLUDE.finditer(text):
            finding = include_finding(tree, name, match[1], match[2])
            if finding:
                line = text.count("\n", 0, match.start()) + 1
                findings.append(f"{name}:{line}: {finding}")
    return findings
