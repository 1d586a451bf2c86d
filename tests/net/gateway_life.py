# SPDX-License-Identifier: GPL-2.0-or-later
"""gateway_life.py PENSTOCKD PENSTOCK PEER: a plant lives through everything that is done to its gateway.

An HMI polls a device through penstockd while the policy is loaded a hundred times, broken, closed by hand and opened, and
while penstockd is killed, and stopped and started. Each time it is counted what the HMI lost.
"""
import json
import os
import re
import signal
import subprocess
import sys
import time

from gateway_rig import N_POLL, N_WAIT, PLANT, SERVER, Rig, main

HERE = os.path.dirname(os.path.abspath(__file__))
RESUMES = PLANT.replace('on_failure = "closed";', 'on_failure = "closed"; midstream = "resume";')
PORTS = 'ports: { plant = "af_packet:gw0"; field = "af_packet:gw1"; };\n'


class Life:
    def __init__(self, rig, penstock):
        self.rig, self.penstock = rig, penstock

    def ask(self, *arguments, good=True):
        """What penstock says; a reply as JSON with --json."""
        done = subprocess.run([self.penstock, *arguments], env={**os.environ, "PENSTOCK_SOCKET": self.rig.socket},
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
        assert (done.returncode == 0) == good, f"{arguments}: {done.returncode}\n{done.stderr.decode()}{self.rig.log()}"
        text = done.stdout.decode()
        return json.loads(text) if "--json" in arguments and good else text + done.stderr.decode()

    def poller(self, patience=N_POLL):
        """An HMI that is answered; with a patience of 1 where it is going to lose something."""
        child = subprocess.Popen(self.rig.command("client", sys.executable, os.path.join(HERE, "modbus_poller.py"), SERVER,
                                                  "600", str(patience)), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.rig.children.append(child)
        child.log = os.devnull
        assert child.stdout.readline() == b"ready\n"
        self.hears(child, "answered")
        return child

    def hears(self, child, word):
        """Waits until the HMI says so, which it does when that changes: on a busy machine also when nothing was done to it."""
        for line in child.stdout:
            if line.decode() == word + "\n":
                return
        raise AssertionError(f"the HMI ended and never said {word}\n{self.rig.log()}")

    def n_polled(self):
        """Polls that were answered, of this penstockd."""
        return self.ask("counters", "--json")["engine"]["pdus_allowed"] // 2

    def await_true(self, what, why):
        end = time.monotonic() + N_WAIT
        while not what():
            assert time.monotonic() < end, f"{why}\n{self.rig.log()}"
            time.sleep(0.1)

    def end(self, child):
        """polls, lost, connections"""
        text = child.communicate(b"\n", timeout=120)[0].decode()
        print("   ", text.strip(), flush=True)
        return [int(n) for n in re.findall(r"[0-9]+", text)]

    def plant(self, text):
        self.rig.write("plant.conf", text)


def reload_under_load(life):
    print("a hundred reloads while the HMI polls")
    poller = life.poller()
    before, n = life.n_polled(), 0
    while n < 100 or life.n_polled() - before <= 20:
        n += 1
        assert n < 10000, "the HMI hardly comes to poll"
        life.plant(PLANT.replace("revision = 1", f"revision = {n + 1}"))
        reply = life.ask("reload", "--json")
        assert reply["revision"] == n + 1 and reply["settled"] and reply["flows_refused"] == 0, reply
    polls, lost, connections = life.end(poller)
    assert polls > 20 and lost == 0 and connections == 1
    assert reply["generation"] == n + 1, reply
    assert life.ask("status", "--json")["policy"]["revision"] == n + 1


def broken_plant(life):
    print("a broken plant file: the policy in force goes on")
    poller = life.poller()
    life.plant("zones = ( nonsense );")
    text = life.ask("reload", good=False)
    assert "plant.conf:1:" in text and "has errors" in text, text
    status = life.ask("status", "--json")
    assert status["policy"]["revision"] == 101 and "plant_error" in status, status
    assert life.end(poller)[1] == 0
    life.plant(PLANT)
    life.ask("reload")


def no_longer_allowed(life):
    print("a policy without the rule: the connection is ended, and the answer says so")
    poller = life.poller(patience=1)
    life.plant(PLANT.replace('protocol = "modbus"; operations = ["read"];', 'protocol = "dnp3"; operations = ["read"];'))
    reply = life.ask("reload", "--json")
    assert reply["flows_refused"] >= 1 and reply["flows_reset"] >= 1, reply
    named = [(f["client"]["asset"], f["server"]["asset"], f["flow"], f["reason"]) for f in reply["refused"]]
    assert ("scada", "plc", "tcp/502", "no-rule") in named and len(named) == reply["flows_refused"], reply
    life.hears(poller, "lost")
    assert life.end(poller)[1] > 0
    life.plant(PLANT)
    life.ask("reload")
    poller = life.poller(patience=1)
    life.plant(PLANT.replace('"modbus"', '"dnp3"'))
    text = life.ask("reload")
    assert re.search(r" [1-9][0-9]* no longer allowed \(scada -> plc tcp/502\)\n", text), text
    life.end(poller)
    life.plant(PLANT)
    life.ask("reload")


def confirm(life):
    print("a reload that is not confirmed goes back")
    poller = life.poller()
    life.plant(PLANT.replace("revision = 1", "revision = 200"))
    life.ask("reload", "--confirm=10")
    assert life.ask("status", "--json")["policy"]["confirm_within_s"] > 0
    life.await_true(lambda: life.ask("status", "--json")["policy"]["revision"] == 1, "it does not go back")
    life.ask("confirm", good=False)
    life.ask("reload", "--confirm=300")
    life.ask("confirm")
    assert life.ask("status", "--json")["policy"]["revision"] == 200
    assert life.end(poller)[1] == 0
    life.plant(PLANT)
    life.ask("reload")


def island(life):
    print("island on: nothing passes; off: the HMI is back")
    poller = life.poller(patience=1)
    life.ask("island", "on", "--zone=nowhere", good=False)
    reply = life.ask("island", "on", "--json")
    assert reply["island"]["all"] and reply["in_force_ms"] < 1000 * N_POLL, reply
    life.hears(poller, "lost")
    code, _ = life.rig.run("client", "ping", "-c1", "-W1", SERVER, check=False)
    assert code != 0, "an island lets a ping pass"
    life.rig.stop_gateway()
    life.rig.gateway(PLANT, PORTS)
    assert life.ask("status", "--json")["island"]["all"], "an island does not outlive a restart"
    life.ask("island", "off")
    life.rig.run("client", "ping", "-c1", "-W20", SERVER)
    life.hears(poller, "answered")
    polls, lost, connections = life.end(poller)
    assert 0 < lost < polls and connections >= 2


def second(life):
    print("a second penstockd with the same socket ends by itself, and the HMI does not notice")
    poller = life.poller()
    code, text = life.rig.run("gw", life.rig.penstockd, "--config", os.path.join(life.rig.work, "penstockd.conf"), check=False)
    assert code == 1 and "another penstockd listens there" in text, text
    assert life.end(poller)[1:] == [0, 1]
    life.ask("status")


def no_such_io(life):
    print("a backend that does not exist is refused with its line")
    path = life.rig.write("netmap.conf", 'gateway = "gw-1";\nio = "netmap";\n' + PORTS)
    code, text = life.rig.run("gw", life.rig.penstockd, "--check", "--config", path, check=False)
    assert code == 1 and "netmap.conf:2: error" in text, text


def killed(life):
    print("kill -9: nothing passes; started again, the HMI recovers")
    poller = life.poller(patience=1)
    life.rig.daemon.send_signal(signal.SIGKILL)
    life.rig.daemon.wait()
    code, _ = life.rig.run("client", "ping", "-c1", "-W1", SERVER, check=False)
    assert code != 0, "something passes a gateway that is dead"
    life.hears(poller, "lost")
    life.plant("nonsense")
    life.rig.gateway("nonsense", PORTS)
    status = life.ask("status", "--json")
    assert status["policy"]["origin"] == "last good policy" and "plant_error" in status, status
    life.hears(poller, "answered")
    polls, lost, connections = life.end(poller)
    assert lost < polls and connections >= 2, "the HMI does not come back"


def resumed(life):
    print("stopped and started with midstream = \"resume\": the same connection goes on")
    life.plant(RESUMES)
    life.ask("reload")
    poller = life.poller(patience=N_WAIT)  # it starts meanwhile
    life.rig.stop_gateway()
    life.rig.gateway(RESUMES, PORTS)
    life.await_true(lambda: life.ask("counters", "--json")["engine"]["resumed"] == 1, "nothing is resumed")
    life.await_true(lambda: life.n_polled() > 40, "it does not go on")
    polls, lost, connections = life.end(poller)
    assert connections == 1 and lost == 0 and polls > 40, "the connection did not go on"
    counters = life.ask("counters", "--json")["engine"]
    assert counters["restored"] == 1 and counters["resumed"] == 1, counters


def apart(life):
    print("a worker with a processor of its own: everything else keeps off it")
    cpus = os.sched_getaffinity(0)
    its = max(cpus)
    life.rig.stop_gateway()
    life.rig.gateway(RESUMES, PORTS + f"cpus = [{its}];\n")
    folder = f"/proc/{life.rig.daemon.pid}/task"
    for thread in os.listdir(folder):
        with open(f"{folder}/{thread}/comm", encoding="utf-8") as file:
            name = file.read().strip()
        expected = {its} if name.startswith("worker-") else (cpus - {its} or cpus)
        assert os.sched_getaffinity(int(thread)) == expected, f"{name} may run on {os.sched_getaffinity(int(thread))}"


def test(penstockd, penstock, peer):
    with Rig(penstockd) as rig:
        life = Life(rig, penstock)
        rig.start("server", peer, "serve", SERVER, ready="ready")
        rig.gateway(PLANT, PORTS)
        for step in (reload_under_load, broken_plant, no_longer_allowed, confirm, second, no_such_io, island, killed, resumed,
                     apart):
            step(life)
        print(rig.stop_gateway())


if __name__ == "__main__":
    main(lambda: test(*sys.argv[1:]))
