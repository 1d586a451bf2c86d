# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds penstock in several ways, runs the tests of each build, and counts what really ran.

One meson test is one; so is each build. A build that fails, a test that crashes, times out or never reports counts as
failed. The last line is "N passed, N failed, N skipped"; exit code 0 only without failures and with something passed.
"""
import argparse
import json
import os
import signal
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CLANG = {"CC": "clang"}


class Build:
    """One way to build: its own folder, compiler and options, and the test suites that are left out."""

    def __init__(self, name, what, env, options, without=(), seconds=600):
        self.name, self.what, self.env, self.options = name, what, env, options
        self.without, self.seconds = without, seconds
        self.folder = os.path.join(ROOT, "build-tests", name)


BUILDS = [
    Build("gcc", "gcc, debug checks on", {"CC": "gcc"}, []),
    Build("release", "clang, release build, link-time optimisation", CLANG, ["--buildtype=release", "-Db_lto=true"], without=["lint"]),
    # clang's linker check does not know the sanitizers' own symbols: b_lundef.
    Build("sanitize", "clang, address and undefined behaviour sanitizers, fuzzers", CLANG,
          ["-Db_sanitize=address,undefined", "-Db_lundef=false", "-Dfuzz=true"], without=["lint"]),
    Build("sanitize-gcc", "gcc, address and undefined behaviour sanitizers", {"CC": "gcc"},
          ["-Db_sanitize=address,undefined"], without=["lint", "net"]),
]
PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
RESULTS = {"OK": PASSED, "EXPECTEDFAIL": PASSED, "SKIP": SKIPPED}


class Tally:
    """(result, name, build, detail) of everything that ran or should have."""

    def __init__(self):
        self.rows = []

    def add(self, result, name, build, detail=""):
        self.rows.append((result, name, build, detail))
        if result == FAILED:
            print(f"FAILED  {build}: {name}\n{indented(detail)}", flush=True)

    def count(self, result):
        return sum(row[0] == result for row in self.rows)

    def report(self):
        print()
        for wanted in (SKIPPED, FAILED):
            by_name = {}
            for result, name, build, detail in self.rows:
                if result == wanted:
                    by_name.setdefault((name, detail if wanted == SKIPPED else ""), []).append(build)
            for (name, detail), builds in by_name.items():
                print(f"{wanted}: {name} ({', '.join(builds)}){': ' if detail else ''}{detail}")
        print(f"{self.count(PASSED)} passed, {self.count(FAILED)} failed, {self.count(SKIPPED)} skipped", flush=True)
        return 0 if self.count(PASSED) and not self.count(FAILED) else 1


def indented(text, n_lines=60):
    return "\n".join("    " + line for line in text.strip().splitlines()[-n_lines:])


def run(command, env, seconds):
    """(exit code or None after a time-out, output). The whole process group ends with it."""
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    try:
        output, _ = process.communicate(timeout=seconds)
        return process.returncode, output.decode("utf-8", "replace")
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        return None, output.decode("utf-8", "replace") + f"\nkilled after {seconds} s"


def environment(build):
    env = {**os.environ, **build.env, "LC_ALL": "C.UTF-8", "TZ": "UTC",
           "ASAN_OPTIONS": "abort_on_error=1:halt_on_error=1:detect_leaks=1",
           "UBSAN_OPTIONS": "abort_on_error=1:halt_on_error=1:print_stacktrace=1"}
    corpus = os.path.join(os.path.dirname(ROOT), "shared", "corpus")
    if "PENSTOCK_CORPUS" not in env and os.path.isdir(corpus):
        env["PENSTOCK_CORPUS"] = corpus
    return env


def compile_build(build, env, tally):
    configured = os.path.exists(os.path.join(build.folder, "build.ninja"))
    setup = ["meson", "setup", build.folder, ROOT, "-Dwerror=true", *build.options] + ["--reconfigure"] * configured
    for command in (setup, ["ninja", "-C", build.folder, "--quiet", "-k", "0"]):
        code, output = run(command, env, 900)
        if code != 0:
            tally.add(FAILED, "build", build.name, output)
            return False
    tally.add(PASSED, "build", build.name)
    return True


def chosen_tests(build, env, names):
    """The tests of this build that run, after leaving out its suites and applying the names of the command line."""
    _, output = run(["meson", "introspect", "--tests", build.folder], env, 60)
    chosen = []
    for test in json.loads(output[output.index("["):]):
        suites = {suite.split(":")[-1] for suite in test["suite"]}
        if not suites & set(build.without) and (not names or any(name in test["name"] for name in names)):
            chosen.append(test["name"])
    return chosen


def reported(build):
    """What meson wrote down about each test, as far as it came."""
    try:
        with open(os.path.join(build.folder, "meson-logs", "testlog.json"), encoding="utf-8") as log:
            for line in log:
                yield json.loads(line)
    except (OSError, ValueError):
        return


def short_name(name):
    """meson writes "penstock:unit / unit base/rd"."""
    return name.split(" / ", 1)[1] if " / " in name else name


def run_tests(build, env, names, tally):
    waiting = chosen_tests(build, env, names)
    if not waiting:
        return
    log = os.path.join(build.folder, "meson-logs", "testlog.json")
    if os.path.exists(log):
        os.remove(log)
    slow = ["--timeout-multiplier", "4"] if build.name.startswith("sanitize") else []
    _, output = run(["meson", "test", "-C", build.folder, "--no-rebuild", *slow,
                     "--num-processes", str(os.cpu_count() or 2), *waiting], env, build.seconds)
    for row in reported(build):
        name = short_name(row["name"])
        if name not in waiting:
            continue
        waiting.remove(name)
        result = RESULTS.get(row["result"], FAILED)
        said = "\n".join((row.get(stream) or "").strip() for stream in ("stdout", "stderr")).strip()
        if result == SKIPPED:
            detail = said.splitlines()[-1].split("skipped: ")[-1] if said else "no reason given"
        else:
            detail = f"{row['result']}\n{said}"
        tally.add(result, name, build.name, detail)
    for name in waiting:
        tally.add(FAILED, name, build.name, "it never reported" + (name == waiting[0]) * f"; meson said\n{output[-4000:]}")


def run_quickstart(env, tally):
    """What a newcomer types, and every command that it proposes at the end."""
    code, output = run(["packaging/quickstart"], env, 900)
    proposed = [line.strip() for line in output.splitlines() if line.startswith("  build/tools/penstock ")]
    if code == 0 and not proposed:
        code, output = 1, output + "\nit proposes no command"
    for command in proposed:
        if code == 0 and "YOUR-" not in command:
            done, said = run(["sh", "-c", command], env, 60)
            code, output = (0 if done in (0, 3) else 1), f"{output}\n$ {command}\n{said}\nexit code {done}"
    tally.add(PASSED if code == 0 else FAILED, "quickstart", "release", output)


def main():
    parser = argparse.ArgumentParser(prog="tests/run", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only tests whose name contains one of these")
    parser.add_argument("--build", action="append", choices=[build.name for build in BUILDS],
                        help="only this build, may be repeated: " +
                             "; ".join(f"{build.name}: {build.what}" for build in BUILDS))
    args = parser.parse_args()
    tally, began = Tally(), time.monotonic()
    try:
        for build in BUILDS:
            if args.build and build.name not in args.build:
                continue
            print(f"== {build.name}: {build.what}", flush=True)
            env = environment(build)
            if compile_build(build, env, tally):
                run_tests(build, env, args.names, tally)
            print(f"   {time.monotonic() - began:.0f} s", flush=True)
        if not args.build and (not args.names or "quickstart" in args.names):
            run_quickstart(environment(BUILDS[0]), tally)
    except (KeyboardInterrupt, ValueError, OSError) as error:
        tally.add(FAILED, "tests/run itself", "all", repr(error))
    return tally.report()


if __name__ == "__main__":
    sys.exit(main())
