# SPDX-License-Identifier: GPL-2.0-or-later
"""What the benchmarks of the gateway share: hugepages, programs that forward between two ports, tables."""
import contextlib
import ctypes
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time

N_WAIT = 60  # seconds that anything may take to come up; the machine may be busy
NR_HUGEPAGES = "/proc/sys/vm/nr_hugepages"
MIB_PER_PAGE = 2


class Skip(Exception):
    """It cannot run here, and why."""


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def need_testpmd():
    if shutil.which("dpdk-testpmd") is None:
        raise Skip("dpdk-testpmd is not installed; on Debian it is in the package dpdk-dev: apt-get install dpdk-dev")


# ---- memory ------------------------------------------------------------------------------------------------------------


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def free_hugepages():
    for line in read("/proc/meminfo").splitlines():
        if line.startswith("HugePages_Free:"):
            return int(line.split()[1])
    return 0


@contextlib.contextmanager
def hugepages(mib):
    """That many MiB of hugepages, as many as there were afterwards. 0: what there is."""
    before = int(read(NR_HUGEPAGES)) if mib else 0
    try:
        if mib:
            set_hugepages(before + mib // MIB_PER_PAGE)
        yield free_hugepages() > 0
    finally:
        if mib:
            set_hugepages(before)


def set_hugepages(n):
    try:
        with open(NR_HUGEPAGES, "w", encoding="utf-8") as file:
            file.write(str(n))
    except OSError as error:
        raise Skip(f"no hugepages can be set aside ({error}); try as root, or --hugepages 0") from error


# ---- programs ----------------------------------------------------------------------------------------------------------


def take_precedence():
    """Over what else the machine does: a session of its own, whose weight is the largest that there is."""
    os.setsid()
    with contextlib.suppress(OSError), open("/proc/self/autogroup", "w", encoding="utf-8") as file:
        file.write("-20")
    os.nice(-20)


class Program:
    """One that runs until it is stopped, and what it prints."""

    def __init__(self, argv, log, ready, env=None):
        self.argv, self.log = argv, log
        with open(log, "wb") as out:
            self.child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT,
                                          env={**os.environ, **(env or {})}, preexec_fn=die_with_parent)
        try:
            self.wait_for(lambda: ready in read(log), f'"{ready}"')
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def wait_for(self, condition, what):
        end = time.monotonic() + N_WAIT
        while not condition():
            if self.child.poll() is not None or time.monotonic() > end:
                sys.exit(f"no {what} from {' '.join(self.argv)}:\n{read(self.log)[-3000:]}")
            time.sleep(0.02)

    def stop(self):
        """Ends it; what it printed."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(N_WAIT)
            except subprocess.TimeoutExpired:
                self.child.kill()
        self.child.wait()
        self.child.stdin.close()
        return read(self.log)

    def busiest_ns(self):
        """CPU time of each thread, in ns."""
        times, folder = {}, f"/proc/{self.child.pid}/task"
        for thread in os.listdir(folder):
            with contextlib.suppress(OSError):
                times[thread] = int(read(f"{folder}/{thread}/schedstat").split()[0])
        return times


def testpmd(folder, devices, mode, huge, env=None, cores="0,1"):
    """dpdk-testpmd that forwards between virtual devices. Core of the forwarding thread: the second."""
    memory = ["--in-memory"] if huge else ["--no-huge", "-m", "256", "--no-shconf"]
    argv = ["dpdk-testpmd", "-l", cores, *memory, "--no-pci", "--no-telemetry", "--file-prefix", f"bench{os.getpid()}"]
    for device in devices:
        argv += ["--vdev", device]
    argv += ["--", f"--forward-mode={mode}", "--total-num-mbufs=16384", "--stats-period=1", "--no-flush-rx"]
    return Program(argv, os.path.join(folder, "testpmd.log"), "Port statistics", env)


def penstockd(program, folder, plant, settings, env=None, within=()):
    """The gateway gw-1 with this plant file and these lines of configuration."""
    paths = {name: os.path.join(folder, name) for name in ("plant.conf", "penstockd.conf", "control.sock", "penstockd.log")}
    with open(paths["plant.conf"], "w", encoding="utf-8") as file:
        file.write(plant)
    with open(paths["penstockd.conf"], "w", encoding="utf-8") as file:
        file.write(f'gateway = "gw-1"; plant = "{paths["plant.conf"]}"; state = "{folder}/state";\n'
                   f'instance = "bench{os.getpid()}"; control = "{paths["control.sock"]}";\n{settings}\n')
    return Program([*within, program, "--config", paths["penstockd.conf"]], paths["penstockd.log"], "penstockd: ready", env)


# ---- report ------------------------------------------------------------------------------------------------------------


def machine():
    model = next((line.split(":")[1].strip() for line in read("/proc/cpuinfo").splitlines() if line.startswith("model name")),
                 os.uname().machine)
    return {"processor": model, "cores": len(os.sched_getaffinity(0)), "kernel": os.uname().release,
            "load": os.getloadavg()[0]}


def median(numbers):
    return statistics.median(numbers) if numbers else float("nan")


def rank(ordered, part):
    """Of ascending numbers the one that this part of them does not exceed."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else float("nan")


def table(rows):
    """Prints rows of cells, the first one being the head; numbers stand right."""
    texts = [[f"{cell:,.2f}" if isinstance(cell, float) else f"{cell:,}" if isinstance(cell, int) else str(cell)
              for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in texts) for i in range(len(rows[0]))]
    for row in texts:
        print("  ".join(text.ljust(width) if i == 0 else text.rjust(width)
                        for i, (text, width) in enumerate(zip(row, widths))).rstrip())
