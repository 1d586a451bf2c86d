# SPDX-License-Identifier: GPL-2.0-or-later
"""nfq_life.py PENSTOCKD PENSTOCK PEER CASE: a gateway whose kernel forwards and asks lives through what is done to it.

It runs as a user of its own. An HMI polls through it while the policy is loaded again and again, while it is killed and
started; and it is stopped until the kernel's queue is full. CASE: `routed`, `routed6`, `bridged`, `bridged6`. Routed over IPv4
also: cards merge and cut what they send; what is not forwarded between ports; a second penstockd.
"""
import os
import signal
import subprocess
import sys
import time

from gateway_rig import N_POLL, N_WAIT, PLANT, SERVER, SERVER6, lines_of, main
from nfq_rig import Bridged, Routed

HERE = os.path.dirname(os.path.abspath(__file__))
USER = "nobody"
WAITING_MAX = 2048  # PS_NFQ_WAITING_MAX
RELOADS = 20
OCTETS = 4_000_000


class Poller:
    """An HMI that polls, and is answered, until it is asked how that went; with a patience of 1 where it loses something."""

    def __init__(self, rig, patience=N_POLL):
        self.child = subprocess.Popen(rig.command("client", sys.executable, os.path.join(HERE, "modbus_poller.py"), rig.server, "600",
                                                  str(patience)),
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        rig.children.append(self.child)
        self.child.log = os.devnull
        assert self.child.stdout.readline() == b"ready\n"
        self.hears("answered")

    def hears(self, word):
        """Waits until the HMI says so, which it does when that changes: on a busy machine also when nothing was done to it."""
        for line in self.child.stdout:
            if line.decode() == word + "\n":
                return
        raise AssertionError(f"the HMI ended and never said {word}")

    def end(self):
        text = self.child.communicate(b"\n", timeout=120)[0].decode()
        print("   ", text.strip(), flush=True)
        return [int(word.rstrip(",")) for word in text.split() if word.rstrip(",").isdigit()]


def n_polled(rig):
    """Polls that were answered."""
    return rig.status_of("counters")["engine"]["pdus_allowed"] // 2


def nothing_passes(rig, why):
    code, _ = rig.run("client", "ping", "-c1", "-W1", rig.server, check=False)
    assert code != 0, f"something passes {why}"


def own_user(rig):
    print("it has a user of its own, and CAP_NET_ADMIN for its verdicts alone")
    with open(f"/proc/{rig.daemon.pid}/status", encoding="utf-8") as file:
        lines = dict(line.split(":\t") for line in file.read().splitlines() if ":\t" in line)
    assert lines["Uid"].split()[0] != "0" and lines["CapEff"] == lines["CapPrm"] == "0000000000001000", lines


def reload_under_load(rig):
    print(f"{RELOADS} reloads while the HMI polls")
    poller = Poller(rig)
    before, n = n_polled(rig), 0
    while n < RELOADS or n_polled(rig) - before <= 20:
        n += 1
        assert n < 100 * RELOADS, "the HMI hardly comes to poll"
        rig.write("plant.conf", PLANT.replace("revision = 1", f"revision = {n + 1}"))
        rig.ask("reload")
        time.sleep(0.05)  # in which it polls, or is late
    polls, lost, connections = poller.end()
    assert polls > 20 and lost == 0 and connections == 1
    rig.await_status("the last policy", lambda status: status["policy"]["revision"] == n + 1)


def merged(rig):
    print("cards that merge what they send, and leave checksums out")
    for name, dev in (("client", "eth0"), ("server", "eth0"), ("gw", "gw0"), ("gw", "gw1")):
        rig.run(name, "ethtool", "-K", dev, "tx", "on", "sg", "on", "tso", "on", "gso", "on", check=False)
    bulk = os.path.join(HERE, "bulk_peer.py")
    rig.start("server", sys.executable, bulk, "serve", rig.server, ready="ready")
    rig.run("client", sys.executable, bulk, "ask", rig.server, "2", str(OCTETS))
    poller = Poller(rig)
    assert poller.end()[1] == 0
    counters = rig.status_of("counters")
    assert counters["denied_by_reason"].get("bad-checksum", 0) == 0, counters["denied_by_reason"]
    assert rig.status()["carried"]["packets"] > 50, rig.status()["carried"]


def overflow(rig):
    print("stopped for a while: the queue overflows, and that is told")
    rig.daemon.send_signal(signal.SIGSTOP)
    rig.run("client", "ping", "-q", f"-c{WAITING_MAX + 1000}", f"-l{WAITING_MAX + 1000}", "-W1", rig.server, check=False)
    rig.daemon.send_signal(signal.SIGCONT)
    status = rig.await_status("no packet was lost", lambda status: status["workers"][0]["queue_lost"] > 0)
    assert status["ports"][0]["rx_lost"] is None, status
    rig.await_status("the queue stays full", lambda status: status["workers"][0]["queue_waiting"] == 0)
    end = time.monotonic() + N_WAIT
    while not any(event.get("did") == "queue" for event in lines_of(f"{rig.work}/log/events.jsonl")):
        assert time.monotonic() < end, lines_of(f"{rig.work}/log/events.jsonl")[-20:]
        time.sleep(0.1)
    rig.run("client", "ping", "-c1", "-W20", rig.server)


def second(rig):
    print("another penstockd with other ports would take the rules away: it ends by itself, and the HMI does not notice")
    poller = Poller(rig)
    for name in ("other0", "other1"):
        rig.ip("gw", "link", "add", name, "type", "veth", "peer", "name", name + "p")
    path = rig.write("other.conf", f'gateway = "gw-1"; plant = "{rig.work}/plant.conf"; io = "nfqueue"; queue = 200;\n'
                     f'ports: {{ plant = "other0"; field = "other1"; }}; control = "{rig.work}/other.sock"; '
                     f'state = "{rig.work}/other"; instance = "other";\n')
    code, text = rig.run("gw", rig.penstockd, "--config", path, check=False)
    assert code == 1 and "another penstockd of this host" in text, text
    assert poller.end()[1:] == [0, 1]


def refused(rig):
    print("--check tells what the kernel cannot do, with its line")
    path = rig.write("bad.conf", 'gateway = "gw-1"; io = "nfqueue";\nports: { plant = "af_packet:gw0"; field = "gw1"; };\nmtu = 9000;\n')
    code, text = rig.run("gw", rig.penstockd, "--check", "--config", path, check=False)
    assert code == 1 and "bad.conf:2: error" in text and "bad.conf:1: error: mtu" in text, text


def guarded_before(rig, settings):
    print("the guard that a gateway on DPDK left behind goes when the kernel is to forward")
    rig.stop_gateway()
    rig.nft(f"table netdev penstock-guard-{rig.tag} {{\n chain in-gw0 {{\n"
            "  type filter hook ingress device gw0 priority 0; policy drop;\n }\n}\n")
    nothing_passes(rig, "a guard")
    rig.queue(settings)
    rig.run("client", "ping", "-c1", "-W20", rig.server)
    tables = rig.run("gw", "nft", "list", "tables")
    assert "penstock-guard" not in tables and "penstock_queue" in tables, tables


def killed(rig, settings):
    print("kill -9: nothing passes; started again, the HMI recovers")
    poller = Poller(rig, patience=1)
    rig.daemon.kill()
    rig.daemon.wait()
    nothing_passes(rig, "a gateway that is dead")
    poller.hears("lost")
    rig.queue(settings)
    rig.run("client", "ping", "-c1", "-W20", rig.server)
    poller.hears("answered")
    polls, lost, connections = poller.end()
    assert lost < polls and connections >= 2, "the HMI does not come back"


def not_ours(rig):
    print("what the kernel would forward between a port and something else does not pass")
    rig.namespace("office")
    rig.link("office", "eth0", "gw2")
    rig.ip("gw", "address", "add", "10.98.0.1/24", "dev", "gw2")
    rig.ip("office", "address", "add", "10.98.0.2/24", "dev", "eth0")
    rig.ip("office", "route", "add", "default", "via", "10.98.0.1")
    rig.run("office", "ping", "-c1", "-W20", "10.98.0.1")  # the host itself is not what crosses
    for name, address in (("client", "10.98.0.2"), ("office", rig.server)):
        code, _ = rig.run(name, "ping", "-c1", "-W1", address, check=False)
        assert code != 0, f"{name} gets to {address}"


def lives(rig, settings):
    """Whatever the kernel does with what passes."""
    own_user(rig)
    reload_under_load(rig)
    if rig.full:
        merged(rig)
        not_ours(rig)
        second(rig)
        refused(rig)
    overflow(rig)
    guarded_before(rig, settings)
    killed(rig, settings)
    print(rig.stop_gateway())
    nothing_passes(rig, "a gateway that has ended")


def test(penstockd, penstock, peer, case):
    shape = Bridged if case.startswith("bridged") else Routed
    with shape(penstockd, penstock, ipv6=case.endswith("6")) as rig:
        rig.plant, rig.server, rig.full = PLANT, SERVER6 if rig.ipv6 else SERVER, case == "routed"
        settings = f'user = "{USER}"; events = ( {{ kind = "file"; path = "{rig.work}/log/events.jsonl"; }} );'
        for folder in ("log", "state"):
            os.mkdir(os.path.join(rig.work, folder))
            subprocess.run(["chown", USER, os.path.join(rig.work, folder)], check=True)
        os.chmod(rig.work, 0o755)
        rig.start("server", peer, "serve", rig.server, ready="ready")
        rig.run("client", "ping", "-c1", "-W10", rig.server)  # IPv6 takes a while to find neighbours at first
        rig.queue(settings)
        lives(rig, settings)


if __name__ == "__main__":
    main(lambda: test(*sys.argv[1:]))
