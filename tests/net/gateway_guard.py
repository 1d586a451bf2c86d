# SPDX-License-Identifier: GPL-2.0-or-later
"""gateway_guard.py PENSTOCKD PENSTOCK DRIVER: the kernel keeps its hands off the ports, whatever becomes of penstockd; and
what a conduit with on_failure = "open" grants passes while nobody judges, and nothing else."""
import concurrent.futures
import functools
import json
import os
import shutil
import signal
import sys
import time

from gateway_rig import CLIENT, CLIENT6, SERVER, SERVER6, Rig, Skip, lines_of, main

PEER = [sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "guard_peer.py")]
TAGGED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tagged_peer.py")
OWN = "10.99.0.77"                                # the gateway's own address, which nobody must find
VAULT, VAULT6 = "10.99.0.130", "fd99::c000:130"   # of the server too, in a zone that stays closed
OPEN, OTHER = 5201, 5202                          # ports that are granted and not
N_OPEN = 15                                       # seconds: five are promised, the machine may be busy
ALLOW = """allow = ( { name = "bulk"; clients = ["scada"]; servers = ["SERVER"]; protocol = "tcp"; ports = ["5201"]; },
              { name = "datagrams"; protocol = "udp"; ports = ["5201"]; }, { name = "ping"; protocol = "icmp"; } );"""
PLANT = """
schema = 1; site = "Riverside"; revision = 1;
zones = (
  { name = "room"; kind = "operations"; networks = ["10.99.0.0/25", "fd99::/97"];
    assets = ( { name = "scada"; addresses = ["10.99.0.10", "fd99::10"]; } ); },
  { name = "field"; kind = "control"; networks = ["10.99.0.192/26", "fd99::8000:0/98"];
    assets = ( { name = "plc"; addresses = ["10.99.0.200", "fd99::8000:200"]; } ); },
  { name = "vault"; kind = "control"; networks = ["10.99.0.128/26", "fd99::c000:0/98"];
    assets = ( { name = "safe"; addresses = ["10.99.0.130", "fd99::c000:130"]; } ); }
);
conduits = (
  { name = "to-field"; from = "room"; to = "field"; mode = "enforce"; on_failure = "open"; """ + \
    ALLOW.replace("SERVER", "plc") + """ },
  { name = "to-vault"; from = "room"; to = "vault"; mode = "enforce"; on_failure = "closed"; """ + \
    ALLOW.replace("SERVER", "safe") + """ }
);
gateways = ( { name = "gw-1"; ports = ( { name = "plant"; zones = ["room"]; },
                                        { name = "field"; zones = ["field", "vault"]; } ); } );
"""


class Guard:
    def __init__(self, rig, penstock, driver):
        self.rig, self.penstock = rig, os.path.abspath(penstock)
        self.table = f"penstock-guard-{rig.tag}"
        self.events = os.path.join(rig.work, "events.jsonl")
        self.settings = (f'ports: {{ plant = "{driver}:gw0"; field = "{driver}:gw1"; }};\n'
                         f'events: ( {{ kind = "file"; path = "{self.events}"; }} );\n')
        for address in (f"{VAULT}/24", f"{VAULT6}/64"):
            rig.ip("server", "address", "add", address, "dev", "eth0", *(["nodad"] if ":" in address else []))
        rig.ip("gw", "address", "add", f"{OWN}/24", "dev", "gw0")
        mac = rig.run("gw", "cat", "/sys/class/net/gw0/address").strip()
        self.own_mac = mac
        rig.start("server", *PEER, "serve", ",".join((SERVER, SERVER6, VAULT, VAULT6)), str(OPEN), str(OTHER), ready="ready")
        rig.start("client", *PEER, "serve", f"{CLIENT},{CLIENT6}", str(OTHER), ready="ready")

    def start(self, settings=""):
        """Anew: neighbours, too, are asked for again."""
        self.rig.gateway(PLANT, self.settings + settings)
        self.rig.ip("client", "neighbour", "replace", OWN, "lladdr", self.own_mac, "dev", "eth0")

    def kill(self):
        self.rig.daemon.send_signal(signal.SIGKILL)
        self.rig.daemon.wait()

    def ask(self, *arguments):
        code, text = self.rig.run("gw", self.penstock, *arguments, "--socket", self.rig.socket, check=False)
        assert code == 0, f"{arguments}: {code}\n{text}{self.rig.log()}"
        return text

    def has_table(self):
        return self.table in self.rig.run("gw", "nft", "list", "tables")

    def pings(self, address, who="client"):
        return self.rig.run(who, "ping", "-c1", "-W1", address, check=False)[0] == 0

    def talks(self, kind, address, port, *source):
        """The client to the server; with a source, an address and a port of the server's, the server to the client."""
        return self.rig.run("server" if source else "client", *PEER, "ask", kind, address, str(port), *map(str, source),
                            check=False)[0] == 0

    def none(self, why, *probes):
        """Probes, each a method and its arguments: none succeeds. All at once, for each takes a second."""
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            done = list(pool.map(lambda probe: probe[0](*probe[1:]), probes))
        passed = [probe[1:] for probe, good in zip(probes, done) if good]
        assert not passed, f"{why}: {passed}\n{self.rig.log()}"

    def await_true(self, what, why):
        end = time.monotonic() + N_OPEN
        while not what():
            assert time.monotonic() < end, why + "\n" + self.rig.log()
            time.sleep(0.2)

    def told(self):
        return [e for e in lines_of(self.events) if e["kind"] == "system" and e["did"] == "guard"]


def lives(guard):
    print("penstockd judges, and the kernel neither answers nor forwards nor sends")
    guard.start()
    assert guard.has_table()
    status = json.loads(guard.ask("status", "--json"))["guard"]
    assert status == {"state": "in force", "why": None, "open": ["to-field"], "closed": [], "repairs": 0}, status
    assert "guard in force, opens without penstockd: to-field" in guard.ask("status")
    for address in (SERVER, VAULT, SERVER6, VAULT6):
        text = guard.rig.run("client", "ping", "-c3", "-i0.2", "-W20", address)
        assert "DUP!" not in text, text
    guard.await_true(lambda: guard.talks("tcp", SERVER, OPEN), "what is granted does not pass")
    assert not guard.talks("tcp", SERVER, OTHER)
    guard.none("the kernel answers", (guard.pings, OWN), (guard.pings, OWN, "server"))
    assert sent_by_host(guard) == [], "the host sends"
    code, text = guard.rig.run("gw", guard.rig.penstockd, "--remove-guard", "--config",
                               os.path.join(guard.rig.work, "penstockd.conf"), check=False)
    assert code == 1 and f"process {guard.rig.daemon.pid}" in text and guard.has_table(), text


def sent_by_host(guard):
    """Of an echo request by its kernel and one by a packet socket of root's: what the client hears."""
    mac = guard.rig.run("client", "cat", "/sys/class/net/eth0/address").strip()
    guard.rig.ip("gw", "neighbour", "replace", CLIENT, "lladdr", mac, "dev", "gw0")
    listener = guard.rig.start("client", sys.executable, TAGGED, "listen", "eth0", ready="ready")
    guard.pings(CLIENT, "gw")
    guard.rig.run("gw", sys.executable, TAGGED, "send", "gw0", OWN, CLIENT, "6", check=False)
    guard.rig.run("client", sys.executable, TAGGED, "send", "eth0", CLIENT, SERVER, "5")  # which it hears itself: the end
    guard.rig.await_text(listener, "tags 5")
    listener.kill()
    with open(listener.log, encoding="utf-8") as log:
        return [line.split()[1] for line in log if line.startswith("tags") and line != "tags 5\n"]


def repaired(guard):
    print("somebody deletes the table, or changes it: it comes back, and is told of")
    guard.rig.run("gw", "nft", "delete", "table", "netdev", guard.table)
    guard.await_true(guard.has_table, "the guard does not come back")
    guard.rig.run("gw", "nft", f"chain netdev {guard.table} in-gw0 {{ policy accept; }}")
    guard.await_true(lambda: json.loads(guard.ask("status", "--json"))["guard"]["repairs"] == 2, "it is not looked after")
    assert "policy drop" in guard.rig.run("gw", "nft", "list", "chain", "netdev", guard.table, "in-gw0")
    guard.await_true(lambda: [e["what"] for e in guard.told()] == ["found changed", "repaired"] * 2, f"told: {guard.told()}")
    assert not guard.pings(OWN)


def unjudged(guard, how):
    """What passes while nobody judges."""
    guard.await_true(lambda: guard.pings(SERVER), f"{how}: the open conduit does not open")
    guard.await_true(lambda: guard.pings(SERVER6), f"{how}: it does not open for IPv6")
    assert sent_by_host(guard) == [], f"{how}: the host sends"
    probes = [(guard.pings, OWN)]
    for kind in ("tcp", "udp"):
        for server, vault in ((SERVER, VAULT), (SERVER6, VAULT6)):
            guard.await_true(functools.partial(guard.talks, kind, server, OPEN), f"{how}: {kind} to {server}")
            probes += [(guard.talks, kind, server, OTHER), (guard.talks, kind, vault, OPEN), (guard.pings, vault)]
        for client, server in ((CLIENT, SERVER), (CLIENT6, SERVER6)):
            probes += [(guard.pings, client, "server"), (guard.talks, kind, client, OTHER, server, OPEN)]
    guard.none(f"{how}: passes", *probes)


def killed(guard):
    guard.kill()
    print("kill -9: the open conduit opens within seconds, for what it grants")
    unjudged(guard, "killed")


def again(guard):
    print("started again, penstockd judges and the kernel does not")
    guard.start()
    for address in (SERVER, VAULT, SERVER6):
        text = guard.rig.run("client", "ping", "-c3", "-i0.2", "-W20", address)
        assert "DUP!" not in text, text


def stopped(guard):
    guard.rig.stop_gateway()
    print("stopped as asked: the same as killed, at once")
    assert "elements" not in guard.rig.run("gw", "nft", "list", "set", "netdev", guard.table, "alive")
    unjudged(guard, "stopped")
    tagged(guard)


def arrive(guard, *tags):
    """Echo requests with these tags; those that arrive, sorted."""
    listener = guard.rig.start("server", sys.executable, TAGGED, "listen", "eth0", ready="ready")
    guard.rig.run("client", sys.executable, TAGGED, "send", "eth0", CLIENT, SERVER, *tags)
    guard.rig.await_text(listener, "tags -")
    listener.kill()
    with open(listener.log, encoding="utf-8") as log:
        return sorted(line.split()[1] for line in log if line.startswith("tags"))


def tagged(guard):
    print("in every VLAN, for no zone lists any; not in two")
    assert arrive(guard, "7", "7.8", "4094", "-") == ["-", "4094", "7"]


def removed(guard):
    print("the table goes when it is told to")
    config = os.path.join(guard.rig.work, "penstockd.conf")
    guard.rig.run("gw", guard.rig.penstockd, "--remove-guard", "--config", config)
    assert not guard.has_table()
    guard.rig.run("gw", guard.rig.penstockd, "--remove-guard", "--config", config)
    guard.await_true(lambda: guard.pings(OWN), "the kernel does not answer")
    assert sent_by_host(guard) == ["-", "6"], "without the guard they do: else the rest shows nothing"


def island(guard):
    print("a conduit that was closed by hand does not open")
    guard.start()
    guard.ask("island", "on", "--conduit", "to-field")
    assert json.loads(guard.ask("status", "--json"))["guard"]["open"] == []
    guard.kill()
    time.sleep(6)
    guard.none("closed by hand", (guard.pings, SERVER), (guard.talks, "tcp", SERVER, OPEN))
    guard.start()
    guard.ask("island", "off", "--conduit", "to-field")
    assert json.loads(guard.ask("status", "--json"))["guard"]["open"] == ["to-field"]
    guard.rig.stop_gateway()


def bound(guard):
    print("an asset with a MAC opens from that MAC alone; a zone with VLANs in those alone")
    mac, other = "02:00:00:00:00:01", "02:00:00:00:00:77"
    plant = PLANT.replace('{ name = "scada";', f'{{ name = "scada"; mac = "{mac}";').replace(
        '{ name = "field"; kind = "control";', '{ name = "field"; kind = "control"; vlans = [9];')
    guard.rig.ip("client", "link", "set", "eth0", "address", mac)
    guard.rig.ip("gw", "link", "set", "gw1", "down")  # as it was found, but the kernel is to forward
    guard.rig.gateway(plant, guard.settings)
    guard.rig.stop_gateway()
    guard.await_true(lambda: guard.pings(SERVER) and guard.pings(SERVER6), "it does not open")
    assert arrive(guard, "7", "9", "8.9", "-") == ["-", "9"]
    guard.rig.ip("client", "link", "set", "eth0", "address", other)
    guard.none("from another MAC", (guard.pings, SERVER), (guard.pings, SERVER6))
    for name in ("client", "server"):
        guard.rig.ip(name, "neighbour", "flush", "dev", "eth0")
    guard.none("from another MAC, which asks", (guard.pings, SERVER), (guard.pings, SERVER6))


def off(guard):
    print("switched off: the one that was there goes")
    guard.start('guard = "off";\n')
    status = json.loads(guard.ask("status", "--json"))["guard"]
    assert status["state"] == "none" and status["why"] == "switched off" and not guard.has_table(), status
    guard.rig.run("client", "ping", "-c1", "-W20", SERVER)
    guard.rig.stop_gateway()


def failing_start(guard):
    print("one that does not start leaves nothing behind")
    config = guard.rig.write("failing.conf", f'gateway = "gw-1"; plant = "{guard.rig.work}/plant.conf";\n'
                             f'state = "{guard.rig.work}/state"; control = "{guard.rig.socket}"; instance = "{guard.rig.tag}";\n'
                             'ports: { plant = "af_packet:gw0"; field = "net_nothing0"; };\n')
    code, text = guard.rig.run("gw", guard.rig.penstockd, "--config", config, check=False)
    assert code == 1 and "net_nothing0" in text and not guard.has_table(), text


STEPS = (lives, repaired, killed, again, stopped, removed, island, bound, off, failing_start)


def test(penstockd, penstock, driver):
    if shutil.which("nft") is None:
        raise Skip("nft is not installed")
    with Rig(penstockd, ipv6=True) as rig:
        guard = Guard(rig, penstock, driver)
        for step in STEPS if driver == "af_packet" else (lives, killed, again, stopped):
            step(guard)


if __name__ == "__main__":
    main(lambda: test(*sys.argv[1:]))
