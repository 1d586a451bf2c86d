# SPDX-License-Identifier: GPL-2.0-or-later
"""nfq_carry.py PENSTOCKD PENSTOCK PEER CASE: what nobody inspects goes past the queue, and no longer than the policy lets it.

A connection and datagrams that do not end cross a gateway whose kernel routes. CASE: `routed` or `routed6`.
"""
import os
import re
import sys
import time

from gateway_rig import CLIENT, CLIENT6, N_WAIT, PLANT, SERVER, SERVER6, main
from nfq_rig import Routed

HERE = os.path.dirname(os.path.abspath(__file__))
RULES = '{ name = "bulk"; protocol = "tcp"; ports = ["5201"]; }, { name = "datagrams"; protocol = "udp"; ports = ["5202"]; }'
OPEN = PLANT.replace('{ name = "bulk"; protocol = "tcp"; ports = ["5201"]; }', RULES)
SHUT = OPEN.replace("5201", "99").replace("5202", "99")
QUIET = 1.0  # seconds in which nothing arrives

# What belongs to a connection or an exchange that is carried, and is not as it should be; also from the wrong side. argv: our
# folder, kind, MAC to send to, source, destination, source's ports of TCP and of UDP.
SEND = r"""
import socket, sys
sys.path.insert(0, sys.argv[1])
from nft_packets import checksum
kind, source, target = sys.argv[2], sys.argv[4], sys.argv[5]
v6, tcp_port, udp_port = ":" in source, int(sys.argv[6]), int(sys.argv[7])
family = socket.AF_INET6 if v6 else socket.AF_INET
ends = socket.inet_pton(family, source) + socket.inet_pton(family, target)
mark = b"oddity!!"

def total(protocol, data, at):
    pseudo = ends + (len(data).to_bytes(4, "big") + bytes(3) if v6 else bytes(1)) + bytes([protocol])
    pseudo += b"" if v6 else len(data).to_bytes(2, "big")
    return data[:at] + checksum(pseudo + data).to_bytes(2, "big") + data[at + 2:]

def ip(protocol, data, options=b"", fragment=0x4000):
    if v6:
        return b"\x86\xdd\x60\0\0\0" + len(data).to_bytes(2, "big") + bytes([protocol, 64]) + ends + data
    head = bytes([0x45 + len(options) // 4, 0]) + (20 + len(options) + len(data)).to_bytes(2, "big") + b"\0\1"
    head += fragment.to_bytes(2, "big") + bytes([64, protocol, 0, 0]) + ends + options
    return b"\x08\0" + head[:10] + checksum(head).to_bytes(2, "big") + head[12:] + data

def tcp(flags=0x10, options=b"", to=5201):
    data = tcp_port.to_bytes(2, "big") + to.to_bytes(2, "big") + bytes(8) + bytes([(20 + len(options)) << 2, flags, 16]) + bytes(5)
    return total(6, data + options + mark, 16)

def udp(to=5202):
    return udp_port.to_bytes(2, "big") + to.to_bytes(2, "big") + (8 + len(mark)).to_bytes(2, "big") + b"\0\0" + mark

packets = {
    "right": [ip(6, tcp()), ip(17, total(17, udp(), 6))],
    "spoofed": [ip(6, tcp())] * 5,
    "bad-flags": [ip(6, tcp(flags)) for flags in (0x00, 0x03, 0x06, 0x30 | 0x02, 0x29)],
    "tcp-options": [ip(6, tcp(options=options)) for options in (b"\x08\x0a\0\0", b"\1\1\x08\x0b" + bytes(8), b"\5\1\0\0")],
    "no-rule": [ip(6, tcp(0x02, to=5202)), ip(6, tcp(to=5203)), ip(17, total(17, udp(5201), 6))],
    "ip-options": [ip(6, tcp(), options=b"\1\1\1\0")] if not v6 else [ip(0, b"\6\0\1\4\0\0\0\0" + tcp())],
    "fragment": [ip(6, tcp(), fragment=0x2000), ip(6, tcp(), fragment=0x0001)] if not v6 else
                [ip(44, b"\6\0\0\1\0\0\0\1" + tcp())],
}[kind]
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
for packet in packets:
    s.send(bytes.fromhex(sys.argv[3]) + bytes.fromhex("020000000099") + packet)
"""
# The server's kernel counts what arrives, whether or not the server comes to read it.
ARRIVALS = """table inet arrivals {
  chain in { type filter hook input priority -300; tcp dport 5201 counter; udp dport 5202 counter; }
}
"""
ODD = ("bad-flags", "tcp-options", "no-rule", "ip-options", "fragment")

# argv: a file. How many packets with a mark have arrived.
WITNESS = """
import os, socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.bind(("eth0", 0))
out, n = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT), 0
print("ready", flush=True)
while True:
    frame, address = s.recvfrom(4096)
    n += address[2] != socket.PACKET_OUTGOING and b"oddity!!" in frame
    os.pwrite(out, b"%20d" % n, 0)
"""


class Streams:
    def __init__(self, rig, server):
        self.rig, self.path = rig, os.path.join(rig.work, "counts")
        peer = os.path.join(HERE, "carry_peer.py")
        rig.start("server", sys.executable, peer, "serve", server, self.path, ready="ready")
        rig.run("server", "nft", "-f", rig.write("arrivals.nft", ARRIVALS))
        rig.queue()
        rig.start("client", sys.executable, peer, "say", server, ready="ready")

    def counts(self):
        if not os.path.exists(self.path):
            return [0, 0]
        with open(self.path, encoding="ascii") as file:
            return [int(word) for word in file.read().split()] or [0, 0]

    def go_on(self, why):
        """Both arrive, and the kernel carries them."""
        before, carried = self.counts(), self.carried()
        end = time.monotonic() + N_WAIT
        while time.monotonic() < end:
            now = self.counts()
            if now[0] > before[0] + 20000 and now[1] > before[1] + 20 and self.carried() > carried + 40:
                return
            time.sleep(0.05)
        raise AssertionError(f"{why}: {before} {now}, carried {carried} to {self.carried()}{self.rig.log()}")

    def arrivals(self):
        """Packets of both at the server's host."""
        return re.findall(r"counter packets (\d+)", self.rig.run("server", "nft", "list", "table", "inet", "arrivals"))

    def stand_still(self, why, at_once=True):
        """Nothing arrives any more: what was on its way when it was said may."""
        if at_once:
            time.sleep(0.3)
        before, end = self.arrivals(), time.monotonic() + N_WAIT + QUIET
        while time.monotonic() < end:
            time.sleep(QUIET)
            now = self.arrivals()
            if now == before:
                return
            assert not at_once, f"{why}: {before} became {now}"
            before = now
        raise AssertionError(f"{why}: it goes on for {N_WAIT} s")

    def carried(self):
        return self.rig.status()["carried"]["packets"]


def beside_it(rig, peer, server):
    print("an inspected connection is not carried, and its write is refused")
    rig.run("client", peer, "ask", server, "holding 0 8")
    code, text = rig.run("client", peer, "ask", server, "holding 0 8", "set-holding 1 900", check=False)
    assert code != 0 and "reset" in text, text


def marked(rig, peer, server):
    print("a host that marks all packets as penstockd would what it lets the kernel carry: what is inspected is, all the same")
    rig.nft("table inet host {\n chain marks {\n  type filter hook prerouting priority 0;\n  meta mark set 0x50002000;\n }\n}\n")
    beside_it(rig, peer, server)
    assert rig.status()["policy"]["generation"] == 1  # the mark's
    rig.run("gw", "nft", "delete", "table", "inet", "host")


def judged(rig):
    """Packets that workers have seen; status has them once a second."""
    return rig.status()["ports"][0]["rx_packets"]


def few_are_judged(rig, streams):
    print("of what nobody inspects few packets are judged")
    seen, carried = judged(rig), streams.carried()
    end = time.monotonic() + N_WAIT
    while streams.carried() < carried + 2000:
        assert time.monotonic() < end, "nothing is carried any more"
        time.sleep(0.1)
    assert judged(rig) - seen < 1000, f"{judged(rig) - seen} were judged, {streams.carried() - carried} carried"


def port_of(rig, option, number):
    """The client's own port of what it says to this one."""
    text = rig.run("client", "ss", option, "state", "established", "dport", "=", str(number), check=False)[1]
    line = next(line for line in text.splitlines() if f":{number}" in line)
    return next(word for word in line.split() if ":" in word).rsplit(":", 1)[1]


def arrived(rig):
    with open(os.path.join(rig.work, "odd"), encoding="ascii") as file:
        return int(file.read() or "0")


def await_true(rig, good, why):
    end = time.monotonic() + N_WAIT
    while not good():
        assert time.monotonic() < end, f"{why}: {rig.status_of('counters')['denied_by_reason']}"
        time.sleep(0.1)


def denied(rig, reason):
    return rig.status_of("counters")["denied_by_reason"].get(reason, 0)


def odd(rig, client, server):
    print("what is not as it should be in them is judged; from the wrong side, too")
    rig.start("server", sys.executable, "-c", WITNESS, os.path.join(rig.work, "odd"), ready="ready")
    ports = [port_of(rig, "-tn", 5201), port_of(rig, "-un", 5202)]
    mac = {name: rig.run("gw", "cat", f"/sys/class/net/{dev}/address").strip().replace(":", "")
           for name, dev in (("client", "gw0"), ("server", "gw1"))}
    for kind in ODD + ("spoofed",):
        before, name = denied(rig, kind), "server" if kind == "spoofed" else "client"
        rig.run(name, sys.executable, "-c", SEND, HERE, kind, mac[name], client, server, *ports)
        await_true(rig, lambda kind=kind, before=before: denied(rig, kind) > before, kind)
    assert arrived(rig) == 0, f"{arrived(rig)} odd packets arrived"
    rig.run("client", sys.executable, "-c", SEND, HERE, "right", mac["client"], client, server, *ports)
    await_true(rig, lambda: arrived(rig) == 2, "two that are as they should be")


def reloaded(rig, streams):
    print("a policy without those rules: from the reply on nothing of them passes; with them again it does")
    rig.write("plant.conf", SHUT.replace("revision = 1", "revision = 2"))
    rig.ask("reload")
    streams.stand_still("after a reload")
    assert rig.status_of("counters")["denied_by_reason"].get("no-rule", 0) > 0
    rig.write("plant.conf", OPEN.replace("revision = 1", "revision = 3"))
    rig.ask("reload")
    streams.go_on("after a reload that opens")


def same_again(rig, streams):
    print("ten reloads of the same rules: the connection goes on")
    before = port_of(rig, "-tn", 5201)
    for i in range(10):
        rig.write("plant.conf", OPEN.replace("revision = 1", f"revision = {i + 4}"))
        rig.ask("reload")
    streams.go_on("after reloads")
    assert port_of(rig, "-tn", 5201) == before, "the client had to connect anew"


def island(rig, streams):
    print("closed by hand: nothing passes; watched: all is judged; as the plant file says: carried again")
    rig.ask("island", "on")
    streams.stand_still("on an island")
    rig.ask("island", "off")
    streams.go_on("off the island")
    rig.ask("mode", "room-to-field", "monitor")
    carried, before = streams.carried(), judged(rig)
    end = time.monotonic() + N_WAIT
    while judged(rig) < before + 500:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert streams.carried() - carried < 10, "what is watched is carried"
    rig.ask("mode", "room-to-field", "plant")
    streams.go_on("when it is enforced again")


def ended(rig, streams):
    print("killed: it goes on for 5 s at most; ended: not at all")
    rig.daemon.kill()
    rig.daemon.wait()
    streams.stand_still("when penstockd was killed", at_once=False)
    rig.queue()
    streams.go_on("after a restart")
    print(rig.ask("status"), rig.stop_gateway())
    streams.stand_still("when penstockd has ended")


def test(penstockd, penstock, peer, case):
    version6 = case.endswith("6")
    client, server = (CLIENT6, SERVER6) if version6 else (CLIENT, SERVER)
    with Routed(penstockd, penstock, ipv6=version6) as rig:
        rig.plant = OPEN
        rig.start("server", peer, "serve", server, ready="ready")
        streams = Streams(rig, server)
        streams.go_on("from the start")
        beside_it(rig, peer, server)
        marked(rig, peer, server)
        few_are_judged(rig, streams)
        odd(rig, client, server)
        same_again(rig, streams)
        reloaded(rig, streams)
        island(rig, streams)
        ended(rig, streams)


if __name__ == "__main__":
    main(lambda: test(*sys.argv[1:]))
