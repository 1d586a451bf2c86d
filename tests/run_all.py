# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds penstock in several ways, runs the tests of each build, and counts what really ran.

Tests that mostly wait (WAITING) run beside the rest, and beside the next builds. One meson test is one; so is each build. A
build that fails, a test that crashes, times out or never reports counts as failed. The last line is "N passed, N failed, N
skipped"; exit code 0 only without failures and with something passed.
"""
import argparse
import concurrent.futures
import contextlib
import json
import os
import signal
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CLANG = {"CC": "clang"}
WAITING = {"net", "wire", "package"}  # suites that use little of a processor: hosts that wait for each other


class Build:
    """One way to build: its own folder, compiler and options, and the test suites that are left out."""

    def __init__(self, name, what, env, options, without=(), seconds=3600):
        self.name, self.what, self.env, self.options = name, what, env, options
        self.without, self.seconds = without, seconds
        self.folder = os.path.join(ROOT, "build-tests", name)


# Left out everywhere but once: what says nothing new about another compiler's program. "proof" is about the tests' own
# adversary, "corpus" replays the same captures (with a sanitizer once more), "mutations" is about which tests notice.
BUILDS = [
    # mutations: in the release build, where no check of the engine's own helps the tests to notice.
    Build("gcc", "gcc, debug checks on", {"CC": "gcc"}, [], without=["mutations"]),
    # clang's linker check does not know the sanitizers' own symbols: b_lundef. Stack traces need lines, and no more.
    # FUZZ_SECONDS: of each fuzzer; longer runs are for other days.
    Build("sanitize", "clang, address and undefined behaviour sanitizers, fuzzers", {**CLANG, "FUZZ_SECONDS": "8"},
          ["-Db_sanitize=address,undefined", "-Db_lundef=false", "-Dfuzz=true", "-Dc_args=-gline-tables-only"],
          without=["lint", "wire", "package", "proof"]),
    # With link-time optimisation each test would be optimised anew; quickstart builds so, and is run too.
    Build("release", "clang, release build", CLANG, ["--buildtype=release"],
          without=["lint", "net", "wire", "package", "proof", "corpus"]),
    # gcc takes four times as long to optimise what it sanitizes. The build before last has looked for leaks.
    Build("sanitize-gcc", "gcc, address and undefined behaviour sanitizers, not optimised",
          {"CC": "gcc", "ASAN_OPTIONS": "abort_on_error=1:halt_on_error=1:detect_leaks=0"},
          ["-Db_sanitize=address,undefined", "-Doptimization=0"],
          without=["lint", "net", "wire", "package", "proof", "corpus"]),
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


def indented(text, n_first=30, n_last=60):
    """What a failing test said, without the rows that passed; of much, the beginning and the end."""
    lines = [line for line in text.strip().splitlines() if not line.startswith("pass ")]
    if len(lines) > n_first + n_last:
        lines[n_first:-n_last] = [f"... {len(lines) - n_first - n_last} lines"]
    return "\n".join("    " + line for line in lines)


RUNNING = set()


def end_all():
    """Ends what still runs when this ends before its time; tests remove their namespaces then."""
    for process in list(RUNNING):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)


def run(command, env, seconds):
    """(exit code or None after a time-out, output). The whole process group ends with it."""
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    RUNNING.add(process)
    try:
        output, _ = process.communicate(timeout=seconds)
        return process.returncode, output.decode("utf-8", "replace")
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        return None, output.decode("utf-8", "replace") + f"\nkilled after {seconds} s"
    finally:
        if process.poll() is not None:  # else it is to be ended
            RUNNING.discard(process)


def environment(build):
    env = {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC",
           "ASAN_OPTIONS": "abort_on_error=1:halt_on_error=1:detect_leaks=1",
           "UBSAN_OPTIONS": "abort_on_error=1:halt_on_error=1:print_stacktrace=1", **build.env}
    corpus = os.path.join(os.path.dirname(ROOT), "shared", "corpus")
    if "PENSTOCK_CORPUS" not in env and os.path.isdir(corpus):
        env["PENSTOCK_CORPUS"] = corpus
    return env


def compile_build(build, env, tally):
    configured = os.path.exists(os.path.join(build.folder, "build.ninja"))
    setup = ["meson", "setup", build.folder, ROOT, "-Dwerror=true", *build.options] + ["--reconfigure"] * configured
    for command in (setup, ["ninja", "-C", build.folder, "--quiet", "-k", "0"]):
        code, output = run(command, env, build.seconds)
        if code != 0:
            tally.add(FAILED, "build", build.name, output)
            return False
    tally.add(PASSED, "build", build.name)
    return True


def chosen_tests(build, env, names, waiting):
    """The tests of this build that run, those that wait or the others, without those of suites that are left out and without
    those that the command line does not name."""
    _, output = run(["meson", "introspect", "--tests", build.folder], env, 600)
    chosen = []
    for test in json.loads(output[output.index("["):]):
        suites = {suite.split(":")[-1] for suite in test["suite"]}
        if bool(suites & WAITING) == waiting and not suites & set(build.without) and (
                not names or any(name in test["name"] for name in names)):
            chosen.append(test["name"])
    return chosen


def reported(path):
    """What meson wrote down about each test, as far as it came."""
    try:
        with open(path, encoding="utf-8") as log:
            for line in log:
                yield json.loads(line)
    except (OSError, ValueError):
        return


def short_name(name):
    """meson writes "penstock:unit / unit base/rd"."""
    return name.split(" / ", 1)[1] if " / " in name else name


def run_tests(build, env, names, tally, waits=False):
    """Those that wait, or the others."""
    waiting = chosen_tests(build, env, names, waits)
    if not waiting:
        return
    name = "waiting" if waits else "testlog"
    log = os.path.join(build.folder, "meson-logs", name + ".json")
    if os.path.exists(log):
        os.remove(log)
    # The machine is busy; a time-out only ends what hangs.
    n = (os.cpu_count() or 2) + 2 * waits
    _, output = run(["meson", "test", "-C", build.folder, "--no-rebuild", "--logbase", name, "--timeout-multiplier", "4",
                     "--num-processes", str(n), *waiting], env, build.seconds)
    for row in reported(log):
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
    code, output = run(["packaging/quickstart"], env, 3600)
    proposed = [line.strip() for line in output.splitlines() if line.startswith("  build/tools/penstock ")]
    if code == 0 and not proposed:
        code, output = 1, output + "\nit proposes no command"
    for command in proposed:
        if code == 0 and "YOUR-" not in command:
            done, said = run(["sh", "-c", command], env, 60)
            code, output = (0 if done in (0, 3) else 1), f"{output}\n$ {command}\n{said}\nexit code {done}"
    tally.add(PASSED if code == 0 else FAILED, "quickstart", "release", output)


def run_all(builds, names, tally, quickstart):
    """One build after the other, with the tests that need a processor; those that wait in the meantime."""
    began = time.monotonic()

    def say(text):
        print(f"{time.monotonic() - began:5.0f} s  {text}", flush=True)

    def wait_for(build, env):
        run_tests(build, env, names, tally, waits=True)
        say(f"{build.name}: done with the tests that wait")

    with concurrent.futures.ThreadPoolExecutor(1) as beside:
        try:
            waiting = []
            for build in builds:
                say(f"{build.name}: {build.what}")
                env = environment(build)
                if compile_build(build, env, tally):
                    say(f"{build.name}: built")
                    waiting.append(beside.submit(wait_for, build, env))
                    run_tests(build, env, names, tally)
            if quickstart:
                say("quickstart")
                run_quickstart(environment(BUILDS[0]), tally)
            for each in waiting:
                each.result()
            say("done")
        except BaseException:
            beside.shutdown(wait=False, cancel_futures=True)
            end_all()
            raise


def main():
    parser = argparse.ArgumentParser(prog="tests/run", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only tests whose name contains one of these")
    parser.add_argument("--build", action="append", choices=[build.name for build in BUILDS],
                        help="only this build, may be repeated: " +
                             "; ".join(f"{build.name}: {build.what}" for build in BUILDS))
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends it: the tests clean up
    tally = Tally()
    try:
        run_all([build for build in BUILDS if not args.build or build.name in args.build], args.names, tally,
                quickstart=not args.build and (not args.names or "quickstart" in args.names))
    except (KeyboardInterrupt, ValueError, OSError) as error:
        tally.add(FAILED, "tests/run itself", "all", repr(error))
    return tally.report()


if __name__ == "__main__":
    sys.exit(main())
