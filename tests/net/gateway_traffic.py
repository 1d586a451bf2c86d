# SPDX-License-Identifier: GPL-2.0-or-later
"""gateway_traffic.py PENSTOCKD CASE DRIVER: what real hosts send and penstockd has to carry.

CASE is the name of a function below. DRIVER: af_packet or af_xdp.
"""
import os
import re
import sys

from gateway_rig import CLIENT, PLANT, SERVER, SERVER6, Rig, main

HERE = os.path.dirname(os.path.abspath(__file__))
BULK = [sys.executable, os.path.join(HERE, "bulk_peer.py")]


# An echo request in two small fragments, which a reply answers within so many seconds or not.
HALVES = """
import select, socket, struct, sys
sys.path.insert(0, {here!r})
from tagged_peer import checksum
icmp = struct.pack(">BBHHH", 8, 0, 0, 77, 1) + bytes(40)
icmp = icmp[:2] + struct.pack(">H", checksum(icmp)) + icmp[4:]
def fragment(field, octets):
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(octets), 4711, field, 64, 1, 0, *map(socket.inet_aton, sys.argv[1:3])) + octets
listener = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as sock:
    for field, octets in ((0x2000, icmp[:24]), (3, icmp[24:])):
        sock.sendto(fragment(field, octets), (sys.argv[2], 0))
while select.select([listener], [], [], float(sys.argv[3]))[0]:
    if listener.recv(2000)[20:26:5] == b"\\0\\x4d":
        sys.exit(0)
sys.exit(1)
""".format(here=HERE)


def ports(driver, settings=""):
    return f'ports: {{ plant = "{driver}:gw0"; field = "{driver}:gw1"; }};\n{settings}'


def counts(log, word):
    """Numbers in front of or behind a word in the lines about workers."""
    return [int(n) for n in re.findall(rf"worker \d+: .*?(\d+) {word}", log)]


def serve(rig, address):
    rig.start("server", *BULK, "serve", address, ready="ready")


def ipv6(penstockd, driver):
    with Rig(penstockd, ipv6=True) as rig:
        serve(rig, SERVER6)
        rig.gateway(PLANT, ports(driver))
        rig.run("client", "ping", "-c3", "-i0.2", "-W20", SERVER6)
        rig.run("client", *BULK, "ask", SERVER6, "3", "100000")
        print(rig.stop_gateway())


def vlan(penstockd, driver):
    """Tagged frames pass with their tags, in VLANs that the zones have; other VLANs are refused."""
    plant = PLANT.replace("networks = [", "vlans = [20, 30]; networks = [")
    peer = [sys.executable, os.path.join(HERE, "tagged_peer.py")]
    with Rig(penstockd) as rig:
        listener = rig.start("server", *peer, "listen", "eth0", ready="ready")
        rig.gateway(plant, ports(driver))
        rig.run("client", *peer, "send", "eth0", CLIENT, SERVER, "21", "-", "20", "20.30", "20.21", "30.20", "20")
        rig.await_text(listener, "tags -\ntags 20\ntags 20.30\ntags 30.20\ntags 20\n")
        with open(listener.log, encoding="utf-8") as log:
            assert "21" not in log.read(), "a VLAN that the zones do not have passed"
        print(rig.stop_gateway())


def jumbo(penstockd, driver):
    """Frames of an MTU of 9000, whole and judged; af_packet only, XDP has no room for them."""
    with Rig(penstockd, mtu=9000) as rig:
        serve(rig, SERVER)
        rig.gateway(PLANT, ports(driver))
        for size in ("1472", "1473", "2500", "8972"):
            rig.run("client", "ping", "-c2", "-i0.2", "-W20", "-Mdo", "-s", size, SERVER)
        rig.run("client", *BULK, "ask", SERVER, "2", "2000000")
        log = rig.stop_gateway()
        assert "MTU 9000" in log and "unfit 0 in, 0 out" in log, log
        print(log)


def fragments(penstockd, driver):
    """Fragments are refused for what they are, and where a conduit has them reassembled long datagrams pass."""
    with Rig(penstockd) as rig:
        for text, size, passes in ((PLANT, "3000", False), (PLANT.replace('on_deny', 'fragments = "reassemble"; on_deny'), "9000", True)):
            rig.gateway(text, ports(driver))
            patience = "20" if passes else "2"
            code, _ = rig.run("client", "ping", "-c2", "-i0.2", "-W", patience, "-s", size, SERVER, check=False)
            assert (code == 0) == passes, f"ping of {size} octets: {code}"
            status, _ = rig.run("client", sys.executable, "-c", HALVES, CLIENT, SERVER, patience, check=False)
            assert (status == 0) == passes, "a datagram in two small fragments"
            rig.run("client", "ping", "-c1", "-W20", SERVER)
            print(rig.stop_gateway())


def unequal(penstockd, driver):
    """A frame that the other port cannot send is dropped and counted, and shorter ones go on."""
    with Rig(penstockd, mtu=3000) as rig:
        for where, dev in (("server", "eth0"), ("gw", "gw1")):
            rig.ip(where, "link", "set", dev, "mtu", "1500")
        rig.gateway(PLANT, ports(driver))
        rig.run("client", "ping", "-c2", "-i0.2", "-W20", "-Mdo", "-s", "1472", SERVER)
        code, _ = rig.run("client", "ping", "-c1", "-W1", "-Mdo", "-s", "2000", SERVER, check=False)
        assert code != 0
        log = rig.stop_gateway()
        assert re.search(r"port field:.*unfit 0 in, 1 out", log), log
        print(log)


def workers(penstockd, driver):
    """Two workers share the work, and no connection notices, for longer than every buffer is needed once."""
    with Rig(penstockd) as rig:
        serve(rig, SERVER)
        rig.gateway(PLANT, ports(driver, "workers = 2;"))
        rig.run("client", "ping", "-c3", "-i0.2", "-W20", SERVER)
        rig.run("client", *BULK, "ask", SERVER, "24", "50000")
        rig.run("client", *BULK, "ask", SERVER, "4", "4000000")
        log = rig.stop_gateway()
        judged = counts(log, "packets,")
        assert len(judged) == 2 and min(judged) > 100, log
        assert counts(log, "dropped,") == [0, 0], log
        print(log)


def hosts(penstockd, driver):
    """With spread = "hosts" one of two workers has everything between two hosts."""
    with Rig(penstockd) as rig:
        serve(rig, SERVER)
        rig.gateway(PLANT, ports(driver, 'workers = 2; spread = "hosts";'))
        rig.run("client", *BULK, "ask", SERVER, "8", "50000")
        log = rig.stop_gateway()
        assert min(counts(log, "packets,")) < 20 < max(counts(log, "packets,")), log
        print(log)


def spin(penstockd, driver):
    with Rig(penstockd) as rig:
        rig.gateway(PLANT, ports(driver, 'idle = "spin";'))
        rig.run("client", "ping", "-c3", "-i0.2", "-W20", SERVER)
        print(rig.stop_gateway())


if __name__ == "__main__":
    main(lambda: {case.__name__: case for case in (ipv6, vlan, jumbo, fragments, unequal, workers, hosts, spin)}[sys.argv[2]](
        sys.argv[1], sys.argv[3]))
