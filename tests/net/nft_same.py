#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""nft_same.py PENSTOCK PUSH SOURCE_ROOT: a ruleset is the same as text for `nft -f` and as it is pushed without nft.

Each plant of the golden rulesets is put into a namespace both ways, and what `nft --debug=netlink list table` says of the two
is compared: sets and elements, chains, and the kernel's own instructions of every rule. Instructions are brought to one form
first: nft loads neighbouring fields at once, says one value or range without a set, and asks itself before it looks at a field
whether the packet has it, which the compiler does in chains before. Nothing else may differ.
"""
import importlib.util
import pathlib
import re
import subprocess
import sys

import nft_rig

# What nft asks by itself: kinds of metadata, and the type field of the Ethernet header.
ASKED_BY_NFT = ("meta protocol", "meta nfproto", "meta l4proto", "meta iiftype", "link 12", "link 13")


def octets(words):
    """Of '0x0000a888 ...' or the same without 0x: as they lie in the kernel's registers."""
    return b"".join(int(word, 16).to_bytes(4, "little") for word in words.split())


class Listing:
    """Sets and rules of one table."""

    def __init__(self, text):
        self.sets, self.rules, self.declared = {}, [], text
        part = None
        for line in text.splitlines():
            head = re.match(r"^(netdev|inet|bridge) penstock (\S+)", line)
            if head and head[2].startswith("@"):
                part = self.sets.setdefault(head[2][1:], [])
            elif head:
                part = []
                self.rules.append((head[2], part))
            elif line.startswith("\telement ") and part is not None:
                part.append(line[len("\telement "):].strip())
            elif line.startswith("  [ ") and part is not None:
                part.append(line[4:-2].strip())
            elif line.startswith("table "):
                self.declared = text[text.index(line):]
                break

    def elements(self, name):
        """Of a set, ranges put together: (first, behind the last, what it says). Behind the last value of
        all is b""; without ranges None."""
        starts, ends, others = [], set(), []
        for element in self.sets[name]:
            key, _, rest = element.partition(" : ")
            data, flags = re.match(r"(.*?)\s*(\d+) \[end\]", rest).groups()
            if "-" in key:
                others.append((key, data))
            elif flags == "1":
                ends.add(octets(key))
            else:
                starts.append((octets(key), data))
        declared = re.search(rf"^\t(?:set|map) {re.escape(name)} \{{\n(.*?)^\t\}}", self.declared, re.S | re.M)
        if not ends and not (declared and "flags interval" in declared[1]):
            return tuple(sorted(others)) + tuple((key, None, data) for key, data in sorted(starts))
        borders = sorted(ends | {key for key, _ in starts})
        return tuple((key, next((b for b in borders if b > key), b""), data) for key, data in sorted(starts)) + tuple(sorted(others))


class Rule:
    """Conditions of a rule up to each thing that it does, in one form."""

    def __init__(self, listing, lines, shared):
        self.listing, self.shared = listing, shared
        self.steps, self.conditions = [], set()
        self.loads = []  # (register of 32 bits, kind, from octet, octets)
        self.low, self.loaded = b"", ()  # of a range that is said as two comparisons
        for line in lines:
            self.read(line)
        self.steps.append((frozenset(self.conditions), "end"))

    @staticmethod
    def register(text):
        number = int(text)
        return number - 8 if number >= 8 else 4 * (number - 1)

    def read(self, line):
        for pattern, handle in ((r"payload load (\d+)b @ (\w+) header \+ (\d+) => reg (\d+)", self.payload),
                                (r"(meta|ct) load (\w+) => reg (\d+)", self.other),
                                (r"bitwise reg \d+ = \( reg \d+ & (.*?) \) \^ .*", self.bitwise),
                                (r"cmp (\w+) reg \d+ (.*)", self.compare),
                                (r"range (\w+) reg \d+ (0x\S+(?: 0x\S+)*?) (0x\S+)", self.range),
                                (r"lookup reg \d+ set (\S+)( dreg 0)? (0x\d)", self.lookup)):
            found = re.fullmatch(pattern, line)
            if found:
                handle(*found.groups())
                return
        self.steps.append((frozenset(self.conditions), line, self.keys()))
        self.conditions = set()

    def payload(self, n, base, at, reg):
        self.loads.append((self.register(reg), base, int(at), int(n)))

    def other(self, kind, key, reg):
        self.loads.append((self.register(reg), f"{kind} {key}", 0, 0))

    def bitwise(self, mask):
        """The mask is of the last field; in a concatenation it stays with it."""
        reg, kind, at, n = self.loads.pop()
        self.loads.append((reg, kind, at, n, octets(mask)))

    def keys(self):
        keys = tuple(load[1:] for load in sorted(self.loads))
        self.loads = []
        return keys

    def compare(self, how, value):
        if how == "gte":
            self.low, self.loaded = octets(value), self.keys()
        elif how == "lte":
            self.within("0x0", self.loaded, self.low, octets(value))
        else:
            (kind, at, n, *mask), = self.keys()
            self.equal(how, (kind, at, n), mask[0] if mask else b"\xff" * 16, octets(value))

    def equal(self, how, key, mask, value):
        kind, at, n = key
        if how == "neq" or not n:
            self.conditions.add((how, kind, at, n, mask[:n], value[:n] if n else value))
            return
        for i in range(n):
            if mask[i]:
                self.conditions.add((how, f"{kind} {at + i}", mask[i], value[i]))

    def range(self, how, low, high):
        self.within("0x0" if how == "eq" else "0x1", self.keys(), octets(low), octets(high))

    def within(self, invert, keys, low, high):
        """In one range: a prefix by its mask, as nft says it."""
        (kind, at, n, *_), = keys
        first, last = int.from_bytes(low[:n], "big"), int.from_bytes(high[:n], "big")
        differ = first ^ last
        if n and differ & (differ + 1) == 0 and first & differ == 0:
            self.equal("eq" if invert == "0x0" else "neq", (kind, at, n), ((1 << 8 * n) - 1 - differ).to_bytes(n, "big"), low)
        else:
            self.conditions.add(("within", keys, invert, first, last))

    def one_range(self, keys, invert, elements):
        """Was it a set of one element, which nft says without a set?"""
        if len(elements) != 1 or len(elements[0]) != 3 or len(keys) != 1 or len(keys[0]) != 3 or not keys[0][2]:
            return False
        low, behind, _ = elements[0]
        n = keys[0][2]
        high = low
        if behind is not None:
            last = int.from_bytes(behind[:n], "big") - 1 if behind else (1 << 8 * n) - 1
            high = last.to_bytes(n, "big")
        self.within(invert, keys, low, high)
        return True

    def lookup(self, name, verdict, flags):
        value = name if name in self.shared else self.listing.elements(name)
        keys = self.keys()
        if not verdict and value != name and self.one_range(keys, flags, value):
            return
        condition = ("lookup", keys, flags, verdict, value)
        if verdict:
            self.steps.append((frozenset(self.conditions), condition))
            self.conditions = set()
        else:
            self.conditions.add(condition)


def is_asked_by_nft(condition):
    return condition[0] == "eq" and condition[1].startswith(ASKED_BY_NFT)


def difference(text, pushed):
    """Of one rule; None: there is none."""
    if len(text.steps) != len(pushed.steps):
        return f"{text.steps}\n{pushed.steps}"
    for of_text, of_pushed in zip(text.steps, pushed.steps):
        more = {c for c in of_text[0] - of_pushed[0] if not is_asked_by_nft(c)}
        less = of_pushed[0] - of_text[0]
        if more or less or of_text[1:] != of_pushed[1:]:
            return f"text alone: {more}\npushed alone: {less}\n{of_text[1:]}\n{of_pushed[1:]}"
    return None


def blocks(listing, names):
    """What `nft list` prints of counters, shared sets and chains' hooks."""
    found = re.findall(r"^\t(?:set|map|counter) (\S+) \{\n(.*?)^\t\}", listing.declared, re.S | re.M)
    return {name: body for name, body in found if name in names}, re.findall(
        r"^\tchain (\S+) \{\n(?:\t\t(type .*)\n)?", listing.declared, re.M)


def compare(text, pushed):
    """The first difference, or None."""
    shared = {name for name in text.sets if not re.fullmatch(r"__(set|map)\d+", name)}
    names = shared | set(re.findall(r"^\tcounter (\S+) ", text.declared, re.M))
    if blocks(text, names) != blocks(pushed, names):
        return "sets, counters or chains differ"
    if [chain for chain, _ in text.rules] != [chain for chain, _ in pushed.rules]:
        return "there are other rules"
    for number, ((chain, of_text), (_, of_pushed)) in enumerate(zip(text.rules, pushed.rules)):
        found = difference(Rule(text, of_text, shared), Rule(pushed, of_pushed, shared))
        if found:
            return f"chain {chain}, rule {number} of all: {found}\n{of_text}\n{of_pushed}"
    return None


def listing(family):
    return Listing(nft_rig.run("nft", "-nn", "--debug=netlink", "list", "table", family, "penstock"))


def load_cases(root):
    spec = importlib.util.spec_from_file_location("golden_nft", root / "tests/golden/nft/run.py")
    golden = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(golden)
    return golden


def test():
    penstock, push, root = (pathlib.Path(argument).resolve() for argument in sys.argv[1:4])
    golden = load_cases(root)
    nft_rig.enter()
    nft_rig.links()
    n_rules = 0
    for case in golden.CASES:
        if not case[3]:
            continue  # nft does not take it
        text = golden.penstock(penstock, root, case, "nft").stdout
        family = text.split()[1]
        nft_rig.load(text)
        of_text = listing(family)
        plant = root / case[1] if case[1].startswith(golden.EXAMPLES) else root / "tests/golden/nft" / case[1]
        done = subprocess.run([push, plant, case[2]], capture_output=True, text=True, timeout=60, check=False)
        if done.returncode:
            print(f"{case[0]}: {done.stdout[:500]}{done.stderr[:500]}")
            return 1
        found = compare(of_text, listing(family))
        if found:
            print(f"{case[0]}: {found}")
            return 1
        n_rules += len(of_text.rules)
        nft_rig.run("nft", "delete", "table", family, "penstock")
    print(f"{n_rules} rules are the same both ways")
    return 0 if n_rules else 1


if __name__ == "__main__":
    nft_rig.main(test)
