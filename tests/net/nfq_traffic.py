# SPDX-License-Identifier: GPL-2.0-or-later
"""nfq_traffic.py PENSTOCKD PENSTOCK PEER CASE: what crosses a gateway whose kernel forwards and asks.

CASE: `routed`, `routed6`: reads are answered, a write is reset and the next connection is fine. `answer`, `answer6`: a write is
refused in the server's name, and the connection lives on with other numbers, conntrack or not. `workers`: two of them, with a
queue each. `bridged`, `bridged6`: as routed, on a bridge, and nothing but IP and ARP crosses; `bridged-answer`.
"""
import sys
import time

from gateway_rig import CLIENT, CLIENT6, PLANT, SERVER, SERVER6, main
from nfq_rig import Bridged, Routed, sysctl

# Rules of a host that tracks connections: what crosses is not tracked.
TRACKS = """table inet host {
  chain forward { type filter hook forward priority 0; policy drop; ct state untracked accept; }
  chain output { type filter hook output priority 0; policy drop; ct state untracked accept; meta l4proto { icmp, icmpv6 } accept; }
}
"""


def crosses(rig, peer, client, server):
    """Reads, pings; a write does not, and what comes after it does again."""
    rig.run("client", "ping", "-c2", "-i0.2", "-W20", server)
    rig.run("client", peer, "ask", server, "holding 0 8", "coil 0 8", "input 0 4")
    code, text = rig.run("client", peer, "ask", server, "holding 0 8", "set-holding 1 900", check=False)
    assert code != 0 and "reset" in text, f"the write was answered, or not refused by a reset:\n{text}"
    rig.run("client", peer, "ask", server, "holding 0 8")
    code, _ = rig.run("server", "ping", "-c1", "-W1", client, check=False)
    assert code != 0, "no conduit leads from the field to the room"
    status = rig.status()
    assert status["io"] == "nfqueue", status
    assert status["refusals"] >= 2, status


def answered(rig, peer, server):
    """The third read's numbers are not those that the server knows."""
    text = rig.run("client", peer, "show", server, "holding 0 2", "set-holding 1 900", "holding 0 2", "coil 0 8", "set-coil 1 1",
                   "holding 0 2")
    print(text)
    assert text.count("500") == 3, f"not every read was answered:\n{text}"
    assert "901" not in text and "900" not in text, text
    counters = rig.status_of("counters")["engine"]
    assert counters["answers"] == 2, counters


SEND = """
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
s.send(bytes.fromhex(sys.argv[1]))
"""
PING = "08004500001c00010000400165490a63000a0a6300c80800f7ff00000000"  # from the client to the server


def mac(rig, name):
    return rig.run(name, "cat", "/sys/class/net/eth0/address").strip().replace(":", "")


def received(rig):
    return int(rig.run("server", "cat", "/sys/class/net/eth0/statistics/rx_packets"))


def sealed(rig, client, server):
    """What the bridge does not ask about does not cross it."""
    ends = mac(rig, "server") + mac(rig, "client")
    for name, address, other in (("client", server, "server"), ("server", client, "client")):  # neither asks the other meanwhile
        rig.ip(name, "neighbour", "replace", address, "lladdr", rig.run(other, "cat", "/sys/class/net/eth0/address").strip(),
               "dev", "eth0", "nud", "permanent")
    sysctl(rig, "gw", "bridge/bridge-nf-filter-vlan-tagged", 1)
    for what, frame, crosses_it in (("a ping", PING, True), ("another ethertype", "88b5" + "00" * 60, False),
                                    ("a tagged ping", "81000005" + PING, False)):
        before = received(rig)
        rig.run("client", sys.executable, "-c", SEND, ends + frame)
        end = time.monotonic() + (20 if crosses_it else 0.5)
        while received(rig) == before and time.monotonic() < end:
            time.sleep(0.05)
        assert (received(rig) > before) == crosses_it, f"{what}: {'does not cross' if crosses_it else 'crosses'} the bridge"
    for family in ("ip", "ip6"):
        sysctl(rig, "gw", f"bridge/bridge-nf-call-{family}tables", 0)
    code, _ = rig.run("client", "ping", "-c1", "-W1", server, check=False)
    assert code != 0, "a bridge that does not ask lets pass"
    for family in ("ip", "ip6"):
        sysctl(rig, "gw", f"bridge/bridge-nf-call-{family}tables", 1)
    rig.run("client", "ping", "-c1", "-W20", server)


def chosen(rig, penstockd):
    """A router does not become a wire by itself."""
    path = rig.write("auto.conf", f'gateway = "gw-1"; plant = "{rig.work}/plant.conf";\nports: {{ plant = "gw0"; field = "gw1"; }};\n')
    code, text = rig.run("gw", penstockd, "--check", "--config", path, check=False)
    assert code == 0 and "io nfqueue (auto)" in text, text
    assert "not dpdk: the kernel routes" in text or "not dpdk: this penstockd was built without it" in text, text


def test(penstockd, penstock, peer, case):
    shape = Bridged if case.startswith("bridged") else Routed
    version6 = case.endswith("6")
    client, server = (CLIENT6, SERVER6) if version6 else (CLIENT, SERVER)
    with shape(penstockd, penstock, ipv6=version6) as rig:
        rig.start("server", peer, "serve", server, ready="ready")
        rig.run("client", "ping", "-c1", "-W20", server)
        rig.plant = PLANT.replace('on_deny = "reset"', 'on_deny = "answer"') if "answer" in case else PLANT
        rig.queue("workers = 2; queue = 7;" if case == "workers" else "")
        if "answer" in case:
            answered(rig, peer, server)
            rig.nft(TRACKS)
            answered_again(rig, peer, server)
        else:
            crosses(rig, peer, client, server)
        if case in ("bridged", "bridged6"):
            sealed(rig, client, server)
        if case == "workers":
            assert [w["queue"] for w in rig.status()["workers"]] == [7, 8]
        print(rig.ask("status"), rig.stop_gateway())
        code, _ = rig.run("client", "ping", "-c1", "-W1", server, check=False)
        assert code != 0, "something crosses when penstockd has ended"
        if case == "routed":
            chosen(rig, penstockd)


def answered_again(rig, peer, server):
    """The same on a host whose own rules track connections."""
    text = rig.run("client", peer, "show", server, "holding 0 2", "set-holding 1 900", "holding 0 2")
    assert text.count("500") == 2, f"not every read was answered:\n{text}"


if __name__ == "__main__":
    main(lambda: test(*sys.argv[1:]))
