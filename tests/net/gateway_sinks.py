# SPDX-License-Identifier: GPL-2.0-or-later
"""gateway_sinks.py PENSTOCKD PENSTOCK PEER: places of events that take nothing hold nobody up.

The event file lies on a small disk of penstockd's own that is full, and nobody listens at /dev/log. The HMI's polls go on; what
neither has room for is counted and shown; when there is room again, and somebody listens, events go on, and the first line
says how many are missing. Disk and /dev are mounts of a namespace that ends with penstockd.
"""
import json
import os
import re
import socket
import subprocess
import sys
import time

from gateway_rig import N_WAIT, PLANT, SERVER, Rig, main

HERE = os.path.dirname(os.path.abspath(__file__))
DISK_KIB = 4096  # has room for all that waits, when nothing else is there
MOUNTS = """
set -eu
mkdir "$1/disk" "$1/dev"
mount -t tmpfs -o size={kib}k disk "$1/disk"
mount -t tmpfs dev "$1/dev"
mkdir "$1/dev/shm"
for node in null zero full random urandom net; do [ ! -e /dev/$node ] || cp -a /dev/$node "$1/dev/"; done
mount --bind "$1/dev" /dev
dd if=/dev/zero of="$1/disk/filler" bs=1024 count={kib} 2>/dev/null || :
shift
exec "$@"
""".format(kib=DISK_KIB)
# A thousand different refusals a second, which is what penstockd tells one by one.
REFUSED = """
import socket, sys, time
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    for second in range(int(sys.argv[2])):
        end = time.monotonic() + 1
        for port in range(1000):
            sock.sendto(b"x", (sys.argv[1], 10000 + 1000 * second + port))
            if port % 20 == 0:
                time.sleep(0.01)
        time.sleep(max(0, end - time.monotonic()))
"""
SECONDS = "50"  # at most; queues are full after 4 or 5


def wait_for(what, test, seconds=N_WAIT):
    end = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.1)


class Scene:
    def __init__(self, rig, penstock):
        self.rig, self.penstock = rig, penstock
        events = f'events: ( {{ kind = "file"; path = "{rig.work}/disk/events.jsonl"; }}, {{ kind = "syslog"; }} );'
        rig.gateway(PLANT, f'ports: {{ plant = "af_packet:gw0"; field = "af_packet:gw1"; }};\n{events}',
                    ("sh", "-c", MOUNTS, "mounts", rig.work))
        self.root = os.path.join("/proc", str(rig.daemon.pid), "root")  # what penstockd sees

    def ask(self, *arguments):
        return subprocess.run([self.penstock, *arguments, "--socket", self.rig.socket], check=True,
                              stdout=subprocess.PIPE).stdout.decode()

    def sinks(self):
        return json.loads(self.ask("status", "--json"))["sinks"]

    def text(self):
        with open(f"{self.root}{self.rig.work}/disk/events.jsonl", encoding="utf-8") as file:
            return file.read()

    def lines(self):
        """Those that are there as a whole; the last one may be being written."""
        return [json.loads(line) for line in self.text().split("\n")[:-1]]


def listen(scene):
    """A syslog that reads what comes from now on."""
    log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    log.bind(f"{scene.root}/dev/log")
    log.settimeout(N_WAIT)
    return log


def read_syslog(log, n):
    return [json.loads(log.recv(65536).decode().partition("penstockd[")[2].partition("]: ")[2]) for _ in range(n)]


def held_up(scene):
    file, syslog = scene.sinks()
    assert file["error"] == "No space left on device" and file["lost"] > 0 and file["queued"] == 4096, file
    assert syslog["error"] == "No such file or directory" and syslog["lost"] > 0 and syslog["queued"] == 4096, syslog
    text = scene.ask("status")
    assert re.search(r"^events to file .*/disk/events.jsonl are held up: No space left on device; 4,096 wait, [0-9,]+ lost$",
                     text, re.M), text
    assert re.search(r"^events to syslog are held up: No such file or directory; 4,096 wait, [0-9,]+ lost$", text, re.M), text
    print(text)


def test(penstockd, penstock, peer):
    with Rig(penstockd) as rig:
        rig.start("server", peer, "serve", SERVER, ready="ready")
        scene = Scene(rig, penstock)
        poller = subprocess.Popen(rig.command("client", sys.executable, os.path.join(HERE, "modbus_poller.py"), SERVER, "120", "20"),
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        rig.children.append(poller)
        assert poller.stdout.readline() == b"ready\n"
        hostile = subprocess.Popen(rig.command("client", sys.executable, "-c", REFUSED, SERVER, SECONDS))
        rig.children.append(hostile)
        wait_for("losses", lambda: all(sink["lost"] > 0 for sink in scene.sinks()), 120)
        hostile.kill()
        hostile.wait()
        held_up(scene)
        log = listen(scene)
        os.unlink(f"{scene.root}{rig.work}/disk/filler")
        told = read_syslog(log, 4097)
        wait_for("all events in the file", lambda: not any("error" in s or s["queued"] for s in scene.sinks()))
        assert scene.text().endswith("\n"), "a line is in the file as a whole or not at all"
        for what, lines, sink in (("file", scene.lines(), scene.sinks()[0]), ("syslog", told, scene.sinks()[1])):
            losses = [line for line in lines if line.get("did") == "sink"]
            assert losses[0]["kind"] == "overload" and len(lines) - lines.index(losses[0]) > 4096, losses
            assert sum(line["lost"] for line in losses) == sink["lost"], (losses, sink)
            print(f"{what}: {len(lines)} lines, {losses}")
        rig.run("client", peer, "ask", SERVER, "set-holding 1 900", check=False)  # and they go on
        wait_for("another event", lambda: any(line.get("operation", "").startswith("modbus write-single-register")
                                              for line in scene.lines()))
        wait_for("polls", lambda: json.loads(scene.ask("counters", "--json"))["engine"]["pdus_allowed"] > 110)
        text = poller.communicate(b"\n", timeout=120)[0].decode()
        print(text.strip())
        polls, lost, connections = map(int, re.findall(r"\d+", text))
        assert lost == 0 and connections == 1 and polls > 50, text
        print(rig.stop_gateway())


if __name__ == "__main__":
    main(lambda: test(*sys.argv[1:]))
