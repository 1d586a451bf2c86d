# SPDX-License-Identifier: GPL-2.0-or-later
"""Sizes: lines of functions and files, nesting, parameters, typedefs. The numbers of docs/architecture.md, "Habits"."""
import re
import subprocess

from lint import need

STRICT = ("dissectors/", "rules/match/", "daemon/fastpath/")
LINES_STRICT, LINES_ELSEWHERE, LINES_FILE = 60, 100, 500
LINES_MOSTLY = 40
NESTING, PARAMETERS = 3, 5
RATCHET = "tests/lint/ratchet.txt"
CALLBACKS = ("MHD_Connection",)  # whose parameters a library lays down: a type in them that tells it

TOKEN = re.compile(r"[A-Za-z_]\w*|[{}();:?]")
NOISE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
PREPROCESSOR = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)


def functions(tree, names):
    """(file, function, first line, last line, signature) as universal-ctags sees them."""
    if not names:
        return
    done = subprocess.run(
        [need("ctags"), "--languages=C", "--langmap=C:.c.h", "--kinds-C=f", "--fields=neS", "-f", "-", "-L", "-"],
        input="\n".join(names).encode(), stdout=subprocess.PIPE, cwd=tree.root, check=True)
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        fields = line.split("\t")
        extra = dict(f.split(":", 1) for f in fields[3:] if ":" in f)
        if "end" in extra:
            yield fields[1], fields[0], int(extra["line"]), int(extra["end"]), extra.get("signature", "")


def n_parameters(signature):
    """A printf-like tail (format, arguments) is the message, not a parameter."""
    inner = re.sub(r",\s*const char\s*\*\s*\w+\s*,\s*(\.\.\.|va_list\s+\w+)$", "", signature.strip()[1:-1].strip())
    if inner in ("", "void"):
        return 0
    depth, n = 0, 1
    for char in inner:
        depth += (char == "(") - (char == ")")
        n += char == "," and depth == 0
    return n


class Nesting:
    """How many control statements enclose the deepest statement of a function body, with or without braces."""

    def __init__(self, text):
        self.tokens = TOKEN.findall(text) + [None]
        self.at = 0
        self.deepest = 0

    def peek(self):
        return self.tokens[self.at]

    def skip_balanced(self, opening, closing):
        depth = 0
        while self.peek() is not None:
            depth += (self.peek() == opening) - (self.peek() == closing)
            self.at += 1
            if depth == 0:
                return

    def skip_simple(self):
        """To the end of an expression or declaration, over its initializers."""
        while self.peek() not in (";", "}", None):
            if self.peek() == "{":
                self.skip_balanced("{", "}")
            else:
                self.at += 1
        if self.peek() == ";":
            self.at += 1

    def block(self, depth):
        self.at += 1
        while self.peek() not in ("}", None):
            self.statement(depth)
        if self.peek() == "}":
            self.at += 1

    def guarded(self, depth):
        """for (...) statement, and everything else of that form."""
        self.at += 1
        if self.peek() == "(":
            self.skip_balanced("(", ")")
        self.statement(depth + 1)

    def if_chain(self, depth):
        self.guarded(depth)
        if self.peek() != "else":
            return
        if self.tokens[self.at + 1] == "if":
            self.at += 1
            self.if_chain(depth)
        else:
            self.at += 1
            self.statement(depth + 1)

    def label(self):
        while self.peek() not in (":", None):
            self.at += 1
        self.at += self.peek() is not None

    def is_loop_macro(self):
        if self.tokens[self.at + 1] != "(":
            return False
        here = self.at
        self.at += 1
        self.skip_balanced("(", ")")
        found = self.peek() == "{"
        self.at = here
        return found

    def statement(self, depth):
        self.deepest = max(self.deepest, depth)
        token = self.peek()
        if token == "{":
            self.block(depth)
        elif token == "if":
            self.if_chain(depth)
        elif token in ("for", "while", "switch"):
            self.guarded(depth)
        elif token == "do":
            self.at += 1
            self.statement(depth + 1)
            self.skip_simple()
        elif token in ("case", "default") or self.tokens[self.at + 1] == ":":
            self.label()
        elif token and token[0].isalpha() and self.is_loop_macro():
            self.guarded(depth)
        else:
            self.skip_simple()


def code_only(text):
    """Comments, literals and preprocessor lines blanked, lines kept."""
    blank = lambda match: "\n" * match[0].count("\n") or " "
    return PREPROCESSOR.sub(blank, NOISE.sub(blank, text))


def nesting(lines, first, last):
    text = "\n".join(lines[first - 1:last])
    body = Nesting(text[text.find("{"):])
    body.statement(0)
    return body.deepest


def function_findings(function, code):
    name, symbol, first, last, _ = function
    strict = name.startswith(STRICT)
    length, limit = last - first + 1, LINES_STRICT if strict else LINES_ELSEWHERE
    if length > limit:
        yield f"{name}:{first}: {symbol} has {length} lines; {limit} is the limit here"
    depth = nesting(code, first, last)
    if strict and depth > NESTING:
        yield f"{name}:{first}: {symbol} nests {depth} deep; {NESTING} is the limit here"


def ratchet_findings(tree, what, found):
    """found: (size, where) of everything over a limit that older code may still break; the ratchet says how often."""
    row = re.search(rf"^(\d+) {what}", tree.text(RATCHET) if RATCHET in tree.files else "", re.M)
    allowed = int(row[1]) if row else 0
    if len(found) > allowed:
        listed = "".join(f"\n    {size:3d}  {where}" for size, where in sorted(found, reverse=True))
        yield f"{RATCHET}: {len(found)} functions have {what}, the ratchet stands at {allowed}; mend one:{listed}"
    elif len(found) < allowed:
        print(f"{RATCHET}: {len(found)} functions have {what}, {allowed} allowed: lower the number")


def check(tree):
    findings, long_ones, wide_ones, code = [], [], [], {}
    names = tree.ending(".c", ".h")
    for name in names:
        code[name] = code_only(tree.text(name) or "").split("\n")
        for number, line in enumerate(code[name], 1):
            if re.match(r"\s*typedef\s+(struct|union|enum)\b", line):
                findings.append(f"{name}:{number}: no typedef for structs; write struct")
    for name in tree.ending(".c", ".h", ".def", ".py", ".sh"):
        n_lines = (tree.text(name) or "").count("\n")
        if n_lines > LINES_FILE:
            findings.append(f"{name}: {n_lines} lines; {LINES_FILE} is the limit for a file")
    for function in functions(tree, names):
        findings.extend(function_findings(function, code[function[0]]))
        name, symbol, first, last, signature = function
        where = f"{symbol} in {name}:{first}"
        if name.startswith(STRICT) and last - first + 1 > LINES_MOSTLY:
            long_ones.append((last - first + 1, where))
        laid_down = any(word in signature for word in CALLBACKS)
        if n_parameters(signature) > PARAMETERS and not laid_down and not name.startswith("tests/"):
            wide_ones.append((n_parameters(signature), where))
    findings.extend(ratchet_findings(tree, f"over {LINES_MOSTLY} lines in strict rooms", long_ones))
    findings.extend(ratchet_findings(tree, f"over {PARAMETERS} parameters", wide_ones))
    return findings
