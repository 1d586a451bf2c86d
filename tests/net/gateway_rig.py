# SPDX-License-Identifier: GPL-2.0-or-later
"""A gateway in the middle: client namespace --veth-- gateway namespace --veth-- server namespace.

    with Rig(penstockd) as rig:
        rig.gateway(PLANT, 'ports: { plant = "af_packet:gw0"; field = "af_packet:gw1"; };')
        rig.run("client", "ping", "-c1", SERVER)

Offloads of checksums are off on both ends of each veth, and nothing in the gateway's namespace has an address. Names carry
the pid, so that several run side by side; everything is removed again. Ends with 77 and a reason where it cannot run.
"""
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SKIPPED = 77
CLIENT, SERVER = "10.99.0.10", "10.99.0.200"
CLIENT6, SERVER6 = "fd99::10", "fd99::8000:200"
N_WAIT = 60  # seconds that anything may take to come up; the machine may be busy
N_POLL = 5   # seconds within which an HMI has its answer where nothing may be lost

PLANT = """
schema = 1; site = "Riverside"; revision = 1;
zones = (
  { name = "room"; kind = "operations"; networks = ["10.99.0.0/25", "fd99::/97"];
    assets = ( { name = "scada"; addresses = ["10.99.0.10", "fd99::10"]; } ); },
  { name = "field"; kind = "control"; networks = ["10.99.0.128/25", "fd99::8000:0/97"];
    assets = ( { name = "plc"; addresses = ["10.99.0.200", "fd99::8000:200"]; } ); }
);
conduits = (
  { name = "room-to-field"; from = "room"; to = "field"; mode = "enforce"; on_deny = "reset"; on_failure = "closed";
    allow = ( { name = "poll"; clients = ["scada"]; servers = ["plc"]; protocol = "modbus"; operations = ["read"]; },
              { name = "ping"; protocol = "icmp"; },
              { name = "bulk"; protocol = "tcp"; ports = ["5201"]; } ); }
);
gateways = ( { name = "gw-1"; ports = ( { name = "plant"; zones = ["room"]; },
                                        { name = "field"; zones = ["field"]; } ); } );
"""


class Skip(Exception):
    """It cannot run here, and why."""


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def lines_of(path):
    """The objects of a file that grows, one a line; of the last line there may be only a part so far."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file.read().split("\n")[:-1]]


class Rig:
    def __init__(self, penstockd, mtu=1500, ipv6=False):
        self.penstockd, self.mtu, self.ipv6 = os.path.abspath(penstockd), mtu, ipv6
        self.tag = f"ps{os.getpid()}"
        self.work = tempfile.mkdtemp()
        self.namespaces, self.children, self.daemon = [], [], None

    def __enter__(self):
        try:
            self._build()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    # ---- namespaces --------------------------------------------------------------------------------------------

    def _build(self):
        if os.geteuid() != 0:
            raise Skip("only root can make network namespaces")
        for tool in ("ip", "ethtool", "ping"):
            if shutil.which(tool) is None:
                raise Skip(f"{tool} is not installed")
        for name in ("client", "gw", "server"):
            self.namespace(name)
        self.link("client", "eth0", "gw0")
        self.link("server", "eth0", "gw1")
        self.ip("client", "address", "add", f"{CLIENT}/24", "dev", "eth0")
        self.ip("server", "address", "add", f"{SERVER}/24", "dev", "eth0")
        if self.ipv6:
            for name, address in (("client", CLIENT6), ("server", SERVER6)):
                self.ip(name, "address", "add", f"{address}/64", "dev", "eth0", "nodad")

    def namespace(self, name):
        done = subprocess.run(["ip", "netns", "add", f"{self.tag}-{name}"], stderr=subprocess.PIPE, check=False)
        if done.returncode:
            raise Skip(f"no network namespaces here: {done.stderr.decode().strip()}")
        self.namespaces.append(name)
        off = "0" if self.ipv6 and name != "gw" else "1"
        for which in ("all", "default"):
            self.run(name, "sh", "-c", f"echo {off} >/proc/sys/net/ipv6/conf/{which}/disable_ipv6", check=False)
        self.ip(name, "link", "set", "lo", "up")

    def link(self, name, inner, outer):
        """A cable between a namespace and the gateway."""
        done = subprocess.run(["ip", "link", "add", inner, "netns", f"{self.tag}-{name}", "type", "veth", "peer", "name",
                               outer, "netns", f"{self.tag}-gw"], stderr=subprocess.PIPE, check=False)
        if done.returncode:
            raise Skip(f"no veth pairs here: {done.stderr.decode().strip()}")
        for where, dev in ((name, inner), ("gw", outer)):
            self.run(where, "ethtool", "-K", dev, "tx", "off")
            self.ip(where, "link", "set", dev, "mtu", str(self.mtu), "up")

    def ip(self, name, *arguments):
        subprocess.run(["ip", "-n", f"{self.tag}-{name}", *arguments], check=True)

    # ---- programs ----------------------------------------------------------------------------------------------

    def command(self, name, *arguments):
        return ["ip", "netns", "exec", f"{self.tag}-{name}", *arguments]

    def run(self, name, *arguments, check=True, timeout=120):
        """Runs a program to its end; what it printed."""
        done = subprocess.run(self.command(name, *arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=timeout, check=False)
        text = done.stdout.decode("utf-8", "replace")
        if check and done.returncode:
            raise AssertionError(f"{' '.join(arguments)} ended with {done.returncode}:\n{text}{self.log()}")
        return text if check else (done.returncode, text)

    def start(self, name, *arguments, ready):
        """Starts a program that goes on; waits until it says that it is ready."""
        path = os.path.join(self.work, f"{len(self.children)}.log")
        with open(path, "wb") as log:
            child = subprocess.Popen(self.command(name, *arguments), stdout=log, stderr=subprocess.STDOUT,
                                     preexec_fn=die_with_parent)
        self.children.append(child)
        child.log = path
        self.await_text(child, ready)
        return child

    def await_text(self, child, text, times=1):
        end = time.monotonic() + N_WAIT
        while time.monotonic() < end:
            with open(child.log, encoding="utf-8", errors="replace") as log:
                if log.read().count(text) >= times:
                    return
            if child.poll() is not None:
                break
            time.sleep(0.05)
        with open(child.log, encoding="utf-8", errors="replace") as log:
            raise AssertionError(f"no \"{text}\" from {child.args}:\n{log.read()}")

    # ---- the gateway -------------------------------------------------------------------------------------------

    def write(self, name, text):
        path = os.path.join(self.work, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def gateway(self, plant, settings, by=(), name="gw-1"):
        """Starts penstockd with this plant file and these lines of configuration; by: a program and arguments that start it."""
        plant = self.write("plant.conf", plant)
        self.socket = os.path.join(self.work, "control.sock")
        config = self.write("penstockd.conf", f'gateway = "{name}"; plant = "{plant}"; state = "{self.work}/state";\n'
                            f'instance = "{self.tag}"; control = "{self.socket}";\n{settings}\n')
        self.daemon = None
        self.daemon = self.start("gw", *by, self.penstockd, "--config", config, ready="penstockd: ready")
        for name in {"client", "server"} & set(self.namespaces):  # questions asked before have no answer: hosts would wait
            self.ip(name, "neighbour", "flush", "dev", "eth0")

    def log(self):
        if self.daemon is None:
            return ""
        with open(self.daemon.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def stop_gateway(self):
        """Ends penstockd as systemd would; what it printed."""
        self.daemon.send_signal(signal.SIGTERM)
        assert self.daemon.wait(N_WAIT) == 0, f"penstockd ended with {self.daemon.returncode}:\n{self.log()}"
        return self.log()

    def close(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
            child.wait()
        for name in self.namespaces:
            subprocess.run(["ip", "netns", "del", f"{self.tag}-{name}"], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(self.work, ignore_errors=True)
        for folder in (self.tag, f"{self.tag}-other"):  # of one that was killed, or did not start
            shutil.rmtree(f"/var/run/dpdk/penstock-{folder}", ignore_errors=True)


def main(test):
    """Runs test() and ends as meson wants it."""
    # In a sanitizer build DPDK's memory, which it keeps until the end, is no leak of ours.
    os.environ["ASAN_OPTIONS"] = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "detect_leaks=0"]))
    os.umask(0o022)  # penstockd reads its files also where it is somebody else
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # as meson ends what takes too long: namespaces go all the same
    try:
        test()
    except Skip as skip:
        print(f"skipped: {skip}")
        sys.exit(SKIPPED)
