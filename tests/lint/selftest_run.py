# SPDX-License-Identifier: GPL-2.0-or-later
"""tests/run loses no test: crashes, time-outs, failing builds and runs that break off are counted as failed."""
import contextlib
import io
import os
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import run_all  # noqa: E402

MESON = """project('p', 'c')
sh = find_program('sh')
test('good', sh, args: ['-c', 'exit 0'])
test('wrong', sh, args: ['-c', 'exit 1'])
test('crashed', sh, args: ['-c', 'kill -SEGV $$'])
test('hung', sh, args: ['-c', 'sleep 20'], timeout: 1)
test('left out', sh, args: ['-c', 'echo skipped: no such device; exit 77'])
test('of another suite', sh, args: ['-c', 'exit 1'], suite: 'lint')
test('waits', sh, args: ['-c', 'exit 0'], suite: 'net')
test('waits for nothing', sh, args: ['-c', 'exit 1'], suite: 'net')
executable('e', 'e.c')
"""


class RunTest(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="run-selftest-")
        self.addCleanup(shutil.rmtree, self.root)
        self.write("e.c", "int main(void) { return 0; }\n")
        self.write("meson.build", MESON)
        self.addCleanup(setattr, run_all, "ROOT", run_all.ROOT)
        run_all.ROOT = self.root

    def write(self, name, text):
        with open(os.path.join(self.root, name), "w", encoding="utf-8") as file:
            file.write(text)

    def run_build(self, names=()):
        """(last line, everything printed, exit code)"""
        build = run_all.Build("x", "a build", {}, [], without=["lint"])
        tally = run_all.Tally()
        with contextlib.redirect_stdout(io.StringIO()) as out:
            run_all.run_all([build], names, tally, quickstart=False)
            code = tally.report()
        return out.getvalue().splitlines()[-1], out.getvalue(), code

    def test_each_end_of_a_test__counted(self):
        last, said, code = self.run_build()
        self.assertEqual(last, "3 passed, 4 failed, 1 skipped")
        self.assertEqual(code, 1)
        self.assertIn("skipped: left out (x): no such device", said)
        for name in ("wrong", "crashed", "hung", "waits for nothing"):
            self.assertIn(f"failed: {name} (x)", said)

    def test_names__only_those(self):
        last, _, code = self.run_build(["good"])
        self.assertEqual((last, code), ("2 passed, 0 failed, 0 skipped", 0))

    def test_build_fails__counted_and_no_success(self):
        self.write("e.c", "int main(void) { return nothing; }\n")
        last, said, code = self.run_build()
        self.assertEqual((last, code), ("0 passed, 1 failed, 0 skipped", 1))
        self.assertIn("nothing", said)

    def test_warning__is_an_error(self):
        self.write("e.c", "int main(void) { int a; return 0; }\n")
        self.write("meson.build", "project('p', 'c', default_options: ['warning_level=3'])\nexecutable('e', 'e.c')\n")
        self.assertEqual(self.run_build()[0], "0 passed, 1 failed, 0 skipped")

    def test_run_breaks_off__tests_without_a_report_failed(self):
        self.write("meson.build", MESON.replace("sleep 20'], timeout: 1", "sleep 20'], timeout: 30"))
        build, tally = run_all.Build("x", "a build", {}, []), run_all.Tally()
        env = run_all.environment(build)
        with contextlib.redirect_stdout(io.StringIO()) as out:
            self.assertTrue(run_all.compile_build(build, env, tally))
            build.seconds = 2  # of its tests alone: a busy machine needs longer to build anything
            run_all.run_tests(build, env, ["hung"], tally)
            code = tally.report()
        self.assertEqual((out.getvalue().splitlines()[-1], code), ("1 passed, 1 failed, 0 skipped", 1))
        self.assertIn("never reported", out.getvalue())

    def test_many_lines__those_that_passed_left_out(self):
        rows = [f"pass  row {i}" for i in range(100)] + ["fail  row 100"] + [f"pass  row {i}" for i in range(101, 200)]
        self.assertEqual(run_all.indented("\n".join(rows)), "    fail  row 100")
        said = run_all.indented("\n".join(f"line {i}" for i in range(200)))
        self.assertTrue(said.startswith("    line 0\n") and said.endswith("    line 199") and "110 lines" in said, said)

    def test_nothing_ran__no_success(self):
        tally = run_all.Tally()
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(tally.report(), 1)


if __name__ == "__main__":
    unittest.main(verbosity=1)
