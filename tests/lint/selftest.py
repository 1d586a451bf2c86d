# SPDX-License-Identifier: GPL-2.0-or-later
"""Each lint finds what it is for in a small bad tree, and nothing in a small good one."""
import contextlib
import io
import os
import shutil
import subprocess
import tempfile
import unittest

import evasion
import findings
import includes
import lint
import purity
import reasons
import scripts
import shape
import words

SPDX = "/* SPDX-License-Identifier: GPL-2.0-or-later */\n"


class TreeTest(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="lint-selftest-")
        self.addCleanup(shutil.rmtree, self.root)

    def tree(self, **files):
        """Keyword arguments cannot hold a slash: pass a dict as files=."""
        for name, text in files.get("files", {}).items():
            path = os.path.join(self.root, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        return lint.Tree(self.root)

    def findings(self, module, files, *arguments):
        with contextlib.redirect_stdout(io.StringIO()):
            return list(module.check(self.tree(files=files), *arguments))

    def expect(self, module, files, *texts):
        """One finding for each text, in order, which it holds."""
        found = self.findings(module, files)
        self.assertEqual(len(found), len(texts), found)
        for finding, text in zip(found, texts):
            self.assertIn(text, finding)


HOUSE = {
    "dissectors/base/rd.h": "#include <stdint.h>\n",
    "dissectors/dissector.h": '#include "base/rd.h"\n',
    "dissectors/modbus/modbus.h": '#include "dissector.h"\n',
    "dissectors/dnp3/dnp3.h": "",
    "dissectors/registry.c": '#include "modbus/modbus.h"\n',
    "rules/model.h": '#include "base/rd.h"\n',
    "rules/match/image.h": '#include "base/rd.h"\n',
    "rules/match/match.h": '#include "image.h"\n',
    "rules/policy/load.c": '#include <libconfig.h>\n#include "model.h"\n#include "dissector.h"\n',
    "rules/compile/compile.c": '#include <sodium.h>\n#include "model.h"\n#include "image.h"\n',
    "daemon/fastpath/engine.h": '#include "match.h"\n#include "dissector.h"\n',
    "daemon/fastpath/engine.c": '#include "engine.h"\n#include <sys/mman.h>\n',
    "daemon/io/port.h": '#include "engine.h"\n#include "model.h"\n',
    "daemon/worker.h": '#include "port.h"\n',
    "daemon/control/config.c": '#include <libconfig.h>\n#include "port.h"\n#include "worker.h"\n',
    "tools/penstock/main.c": '#include "engine.h"\n#include <pcap/pcap.h>\n',
    "tests/unit/unit.h": "#include <check.h>\n",
}

# (file, line that must not be there, what the finding says)
FORBIDDEN = [
    ("dissectors/base/rd.c", '#include "dissector.h"', "may not include"),
    ("dissectors/base/rd.c", "#include <stdio.h>", "is pure"),
    ("dissectors/base/rd.c", "  #  include <stdlib.h>", "is pure"),
    ("dissectors/modbus/body.c", '#include "dnp3/dnp3.h"', "may not include"),
    ("dissectors/modbus/body.c", '#include "model.h"', "may not include"),
    ("dissectors/modbus/body.c", '#include "../../rules/match/match.h"', "may not include"),
    ("dissectors/modbus/body.c", "#include <time.h>", "is pure"),
    ("dissectors/vocab.c", "#include <ctype.h>", "is pure"),
    ("dissectors/vocab.c", '#include "model.h"', "may not include"),
    ("rules/match/match.c", '#include "dissector.h"', "may not include"),
    ("rules/match/match.c", '#include "model.h"', "may not include"),
    ("rules/match/match.c", "#include <string.h>\n#include <errno.h>", "is pure"),
    ("rules/model.c", '#include "policy/load.h"', "no file"),
    ("rules/model.c", '#include "match/image.h"', "may not include"),
    ("rules/policy/print.c", '#include "image.h"', "may not include"),
    ("rules/policy/print.c", "#include <sodium.h>", "belongs to"),
    ("rules/compile/lint.c", '#include "match.h"', "may not include"),
    ("rules/compile/lint.c", "#include <libconfig.h>", "belongs to"),
    ("daemon/fastpath/flow.c", '#include "model.h"', "may not include"),
    ("daemon/fastpath/flow.c", '#include "modbus/modbus.h"', "may not include"),
    ("daemon/fastpath/flow.c", "#include <rte_mbuf.h>", "belongs to"),
    ("daemon/fastpath/flow.c", "#include <pcap.h>", "belongs to"),
    ("daemon/io/port_nfq.c", "#include <rte_ethdev.h>", "belongs to"),
    ("daemon/fastpath/flow.c", '#include "port.h"', "may not include"),
    ("daemon/io/spread.c", '#include "worker.h"', "may not include"),
    ("daemon/io/spread.c", "#include <libconfig.h>", "belongs to"),
    ("daemon/control/status.c", "#include <rte_ethdev.h>", "belongs to"),
    ("daemon/main.c", '#include "unit.h"', "may not include"),
    ("tools/penstock/learn.c", '#include "unit.h"', "may not include"),
    ("tools/penstock/learn.c", "#include <check.h>", "belongs to tests"),
    ("tests/net/gate.c", "#include <rte_mbuf.h>", "belongs to"),
    ("packaging/hook.c", "", "outside all rooms"),
]


class IncludesTest(TreeTest):
    def test_good_house__nothing(self):
        self.expect(includes, HOUSE)

    def test_each_forbidden_direction__found(self):
        for name, line, why in FORBIDDEN:
            with self.subTest(name=name, line=line):
                shutil.rmtree(self.root)
                self.expect(includes, {**HOUSE, name: line + "\n"}, why)

    def test_dpdk_port__may_use_dpdk(self):
        self.expect(includes, {**HOUSE, "daemon/io/port_dpdk.c": "#include <rte_mbuf.h>\n"})


class PurityTest(TreeTest):
    def library(self, code):
        """A static library of one object, as meson would build it."""
        self.tree(files={"a.c": code})
        path = os.path.join(self.root, "liba.a")
        subprocess.run(["cc", "-w", "-O1", "-fPIE", "-c", "a.c", "-o", "a.o"], cwd=self.root, check=True)
        subprocess.run(["ar", "csrD", path, "a.o"], cwd=self.root, check=True)
        return path

    def found(self, code):
        library = self.library(code)
        return list(purity.check(lint.Tree(self.root), library))

    def test_pure_code__nothing(self):
        self.assertEqual(self.found(
            "#include <string.h>\nint ps_b(void);\nint ps_b(void) { return 1; }\n"
            "static const char *const words[] = {\"a\", \"b\"};\nconst char *ps_w(int i) { return words[i]; }\n"
            "int ps_a(void *a, void *b) { memcpy(a, b, 999); return ps_b(); }\n"), [])

    def test_heap_clock_and_foreign_functions__found(self):
        for call in ("malloc(8)", "time(0)", "printf(\"x\")", "ps_elsewhere()", "abort()"):
            with self.subTest(call=call):
                name = call.split("(")[0]
                found = self.found(f"long {name}();\nlong ps_a(void) {{ return (long){call} + 1; }}\n")
                self.assertEqual(len(found), 1, found)
                self.assertIn(name, found[0])

    def test_writable_globals__found(self):
        for code in ("int ps_n = 3;", "int ps_n;", "static int n; int *ps_n(void) { return &n; }",
                     "int ps_f(void) { static int n; return n++; }", "_Thread_local int ps_n = 1;"):
            with self.subTest(code=code):
                found = self.found(code + "\nint ps_ok(void) { return 1; }\n")
                self.assertEqual(len(found), 1, found)
                self.assertIn("writable global", found[0])

    def test_no_library__found(self):
        self.assertTrue(purity.check(self.tree()))

    def test_source_calls_what_a_compiler_may_make__found(self):
        library = self.library("int ps_a(void) { return 1; }\n")
        tree = self.tree(files={"rules/match/m.c": "int a = strlen(\"ab\");\n// strlen(x)\n", "tools/t.c": "strlen(x);\n"})
        found = list(purity.check(tree, library))
        self.assertEqual(len(found), 1, found)
        self.assertIn("rules/match/m.c:1: calls strlen", found[0])


def function(n_lines, name="f", parameters="void"):
    """A function of exactly n_lines lines."""
    return f"int {name}({parameters})\n{{\n" + "    ;\n" * (n_lines - 3) + "}\n"


class ShapeTest(TreeTest):
    def test_limits__reached_but_not_passed__nothing(self):
        self.expect(shape, {"dissectors/a.c": function(40), "tools/a.c": function(100),
                            "tools/b.py": "\n" * 500, "tools/c.c": function(9, "g", "int a, int b, int c, int d, int e")})

    def test_function_too_long__found(self):
        for room in shape.STRICT:
            self.expect(shape, {room + "a.c": function(61), shape.RATCHET: "9 over 40 lines in strict rooms\n"},
                        "f has 61 lines; 60")
            shutil.rmtree(self.root)
        self.expect(shape, {"tools/a.c": function(101)}, "f has 101 lines; 100")

    def test_more_long_functions_than_the_ratchet_says__found(self):
        files = {"dissectors/a.c": function(41), "rules/match/a.c": function(50, "g")}
        self.expect(shape, {**files, shape.RATCHET: "2 over 40 lines in strict rooms\n"})
        self.expect(shape, {**files, shape.RATCHET: "1 over 40 lines in strict rooms\n"}, "2 functions have over 40")
        self.expect(shape, {**files, shape.RATCHET: ""}, "the ratchet stands at 0")

    def test_too_many_parameters__found(self):
        six = "int a, int b, int c, int d, int e, int (*f)(int, int)"
        self.expect(shape, {"tools/a.c": function(5, "f", six)}, "1 functions have over 5 parameters")
        self.expect(shape, {"tests/a.c": function(5, "f", six), "tools/a.c": ""})
        message = "int a, int b, int c, int d, int e, const char *format, ..."
        self.expect(shape, {"tools/a.c": function(5, "f", message)})

    def test_file_too_long__found(self):
        self.expect(shape, {"tools/a.c": "\n" * 501}, "501 lines; 500")

    def test_typedef__found(self):
        self.expect(shape, {"rules/a.h": "/* typedef struct */\ntypedef struct a { int b; } a;\n"}, "rules/a.h:2: no typedef")

    def depth(self, body):
        self.tree(files={"dissectors/a.c": f"int f(int a)\n{{\n{body}\n}}\n"})
        lines = shape.code_only(lint.Tree(self.root).text("dissectors/a.c")).split("\n")
        return shape.nesting(lines, 1, len(lines))

    def test_nesting__counts_control_statements_only(self):
        for depth, body in (
                (0, "int b[] = {1, 2}; { { return a; } }"),
                (1, "if (a) return 1; else if (a) return 2; else return 3;"),
                (1, "for (;;) { int b[2] = {0}; }"),
                (2, "for (;;) if (a) return 1;"),
                (2, "switch (a) { case 1: case 'x': if (a) a++; break; default: break; } if (a) a--;"),
                (2, "do { if (a) { a--; } } while (a); out: return 1;"),
                (3, "for (;;) { while (a) { /* { */ if (a) { a = '{'; } } }"),
                (3, "FOREACH(a, b) { if (a) { if (a) { ; } } }"),
                (4, "for (;;) for (;;) for (;;) if (a ? 1 : 2) return 1;"),
        ):
            with self.subTest(body=body):
                self.assertEqual(self.depth(body), depth)

    def test_nested_too_deep__found(self):
        body = "int f(int a)\n{\n  for (;;) for (;;) for (;;) if (a) return 1;\n}\n"
        self.expect(shape, {"daemon/fastpath/a.c": body}, "f nests 4 deep")
        shutil.rmtree(self.root)
        self.expect(shape, {"tools/a.c": body})


class WordsTest(TreeTest):
    def test_good_files__nothing(self):
        self.expect(words, {"tools/a.c": SPDX + "/* TO" "DO (#12): later; see network/ro" "ot/x, ../wo" "rk */\n",
                            "README.md": "free text\n", "docs/notes.bin": "a\0TO" "DO", ".gitignore": "x\n"})

    def test_each_word__found(self):
        for line, why in (("/* TO" "DO: mend */", "issue number"), ("// FIX" "ME", "issue number"),
                          ("XX" "X", "issue number"), ("good enough for no" "w", "unfinished"),
                          ("a stu" "b", "unfinished"), ("Place" "holder", "unfinished"),
                          ("see /wo" "rk/shared", "path"), ("cd /ro" "ot", "path"), ("in \"/tmp/w" "t/x\"", "path")):
            with self.subTest(line=line):
                self.expect(words, {"docs/a.md": f"\n{line}\n"}, "docs/a.md:2: ")
                self.assertIn(why, self.findings(words, {})[0])

    def test_source_without_licence_line__found(self):
        for name, text in (("tools/a.c", "int a;\n"), ("tests/run", "#!/bin/sh\n"), ("tests/a.py", "\n\n\n\n# SPDX-\n")):
            with self.subTest(name=name):
                self.expect(words, {name: text}, "no line with SPDX")
                os.remove(os.path.join(self.root, name))

    def test_stray_top_level_file__found(self):
        self.expect(words, {"notes.txt": "x\n"}, "top level")


class ReasonsTest(TreeTest):
    DEF = {reasons.DEF: 'PS_REASON(NO_RULE, "no-rule", POLICY, "x")\nPS_REASON(CLOSED, "closed", STREAM, "y")\n',
           "rules/match/match.c": "PS_REASON_NO_RULE", "daemon/fastpath/tcp.c": "PS_REASON_CLOSED"}

    def test_all_expected__nothing(self):
        self.expect(reasons, {**self.DEF, "tests/golden/a.txt": "DENY no-rule\n", "tests/unit/x/t.c": "PS_REASON_CLOSED;\n"})
        self.expect(reasons, {"tests/unit/x/t.c": '"reason":"closed"'})

    def test_not_expected__listed(self):
        self.expect(reasons, {**self.DEF, "tests/unit/x/t.c": "PS_REASON_CLOSED_TOO no-rules; was closed\n"},
                    "no test expects no-rule", "no test expects closed")

    def test_only_the_ground_floor_speaks_of_it__listed(self):
        self.expect(reasons, {**self.DEF, "tests/unit/base/t.c": "PS_REASON_CLOSED PS_REASON_NO_RULE\n"},
                    "no-rule", "closed")

    def test_reader_and_its_test__count_for_what_the_reader_gives(self):
        self.expect(reasons, {**self.DEF, reasons.READER: "PS_REASON_CLOSED",
                              reasons.READER_TEST: "PS_REASON_CLOSED PS_REASON_NO_RULE\n"}, "no test expects no-rule")

    def test_shorthand_of_a_test__counts_for_the_reason_it_spells(self):
        row = {reasons.DEF: 'PS_REASON(MODBUS_FILE, "modbus-file", PROTOCOL, "x")\n', "rules/a.c": "PS_REASON_MODBUS_FILE"}
        rig = "#define B(what) .ok = 0, .reason = PS_REASON_MODBUS_##what\n"
        self.expect(reasons, {**row, "tests/rig.h": rig, "tests/t.c": "{B(FILE), 1}"})
        self.expect(reasons, {**row, "tests/rig.h": rig, "tests/t.c": "{B(FILES), 1}"}, "no test expects modbus-file")

    def test_given_by_no_code__listed(self):
        tests = {"tests/unit/x/t.c": "PS_REASON_CLOSED PS_REASON_NO_RULE", "tools/t.c": "PS_REASON_CLOSED"}
        self.expect(reasons, {**self.DEF, **tests, "daemon/fastpath/tcp.c": "PS_REASON_CLOSED_TOO"},
                    "no code refuses for closed")

    def test_no_rows__found(self):
        self.expect(reasons, {reasons.DEF: "\n"}, "no rows")
        os.remove(os.path.join(self.root, reasons.DEF))
        self.expect(reasons, {}, "not there")


class EvasionTest(TreeTest):
    CELL = "`test_f__nv_{}__refused`"

    def files(self, cells):
        rows = [f"| {row} | a case | refused | {cells.get(row, self.CELL.format(evasion.key(row)))} |" for row in evasion.IDS]
        tests = [f"START_TEST(test_f__nv_{evasion.key(row)}__refused)\n" for row in evasion.IDS]
        return {evasion.DOC: "\n".join(rows) + "\n", "tests/unit/x/test_x.c": "".join(tests),
                evasion.CASES + "nv-h01-syn-data.txt": "open\n"}

    def test_every_row_with_a_test_case_or_reason__nothing(self):
        self.expect(evasion, self.files({"NV-H01": "adversary: `nv-h01-syn-data`", "NV-409": "none: nothing is judged by it",
                                         "section 8": "see caps: `test_f__nv_h09__refused`"}))

    def test_each_way_to_be_wrong__found(self):
        for cell, text in (("`test_f__nv_h1__refused`", "no test is called"), ("`test_f__nv_h02__refused`", "no test with nv_h01"),
                           ("", "no reason"), ("adversary: `nv-h01-other`", "has no case"),
                           ("none: x `test_g`", "no test is called")):
            with self.subTest(cell=cell):
                self.assertIn(text, self.findings(evasion, self.files({"NV-H01": cell}))[0])

    def test_row_missing_twice_or_unknown__found(self):
        files = self.files({})
        files[evasion.DOC] = files[evasion.DOC].replace("| NV-H01 |", "| NV-H02 |").replace("| NV-I07 |", "| NV-I08 |")
        self.assertEqual(len(self.findings(evasion, files)), 6)


class FindingsTest(TreeTest):
    DOCUMENT = ("## Findings\n\n| ZL-001 | error | x |\n\n## Held by the plant file itself\n\n| ZL-002 | x |\n\n"
                "## Not evaluated\n\n| ZL-003 | x |\n")
    CODE = {"rules/compile/lint_zones.c": 'add("ZL-001");\n', "rules/compile/lint_exceptions.c": '"ZL-001",\n'}

    def test_in_step__nothing(self):
        self.expect(findings, {findings.DOCUMENT: self.DOCUMENT, **self.CODE})

    def test_made_but_not_described__found(self):
        self.expect(findings, {findings.DOCUMENT: self.DOCUMENT, **self.CODE, "rules/diag.c": '"ZL-009"\n'},
                    "rules/diag.c:1: ZL-009")

    def test_described_but_not_made__found(self):
        self.expect(findings, {findings.DOCUMENT: self.DOCUMENT.replace("| ZL-001", "| ZL-004 | x |\n| ZL-001"), **self.CODE},
                    "ZL-004 stands under Findings", "known_ids")

    def test_made_but_said_not_to_be__found(self):
        self.expect(findings, {findings.DOCUMENT: self.DOCUMENT.replace("ZL-003", "ZL-001"), **self.CODE}, "contradicts")

    def test_no_document__found(self):
        self.expect(findings, {}, "not there")


class ScriptsTest(TreeTest):
    def test_python__good_and_bad(self):
        tree = self.tree(files={"tests/a.py": "print(1)\n"})
        self.assertEqual(list(scripts.check(tree, "python")), [])
        tree = self.tree(files={"tests/b": "#!/usr/bin/env python3\nprint(\n"})
        self.assertIn("tests/b:", scripts.check(tree, "python")[0])

    @unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is not installed")
    def test_shell__good_and_bad(self):
        tree = self.tree(files={"tests/a": "#!/bin/sh\necho \"$1\"\n"})
        self.assertEqual(list(scripts.check(tree, "shell")), [])
        tree = self.tree(files={"tests/b": "#!/bin/sh\nrm -r $1\n"})
        self.assertIn("tests/b:2", scripts.check(tree, "shell")[0])


    @unittest.skipUnless(shutil.which("man"), "man is not installed")
    def test_man__good_and_bad(self):
        page = '.TH A 1 2026-01-01 "a" "A"\n.SH NAME\na \\- b\n'
        tree = self.tree(files={"docs/man/a.1": page})
        self.assertEqual(list(scripts.check(tree, "man")), [])
        tree = self.tree(files={"docs/b.5": page + ".NOSUCHMACRO x\n"})
        self.assertIn("docs/b.5", scripts.check(tree, "man")[0])


class LintTest(TreeTest):
    def test_main__exit_codes(self):
        self.tree(files={"notes.txt": "x\n"})
        with contextlib.redirect_stdout(io.StringIO()) as out:
            self.assertEqual(lint.main("words", self.root), 1)
            self.assertIn("notes.txt", out.getvalue())
            os.remove(os.path.join(self.root, "notes.txt"))
            self.assertEqual(lint.main("words", self.root), 0)
            path, os.environ["PATH"] = os.environ["PATH"], "/nowhere"
            try:
                self.assertEqual(lint.main("scripts", self.root, "shell"), lint.SKIPPED)
            finally:
                os.environ["PATH"] = path

    def test_tree__build_folders_and_git__left_out(self):
        tree = self.tree(files={"build-x/a.c": "", ".git/a.c": "", "tools/a.c": "", "tools/build/b.c": ""})
        self.assertEqual(tree.files, ["tools/a.c", "tools/build/b.c"])


if __name__ == "__main__":
    unittest.main(verbosity=1)
