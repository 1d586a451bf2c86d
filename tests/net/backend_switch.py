# SPDX-License-Identifier: GPL-2.0-or-later
"""backend_switch.py PENSTOCKD PENSTOCK PEER: a host changes between DPDK, NFQUEUE and rules, and nothing passes unjudged meanwhile.

Its two ports are of a bridge. From the first start on both sides send what the policy forbids without a pause, and an HMI polls.
penstockd is stopped or killed and started with another io, again and again: nothing that is forbidden arrives, and the HMI goes on.
"""
import os
import sys
import time

from gateway_replies import documented, of_auto, paths
from gateway_rig import CLIENT, N_WAIT, PLANT, SERVER, main
from nfq_rig import Bridged

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
RESUMES = PLANT.replace('on_failure = "closed";', 'on_failure = "closed"; midstream = "resume";')
GUARD = "penstock-guard-"
DPDK = 'ports: { plant = "af_packet:gw0"; field = "af_packet:gw1"; };'
NETDEVS = 'ports: { plant = "gw0"; field = "gw1"; };'
# How each run begins, and how it ends: SIGTERM, or SIGKILL.
RUNS = ((DPDK, "dpdk", "stop"), (NETDEVS + 'io = "nfqueue";', "nfqueue", "stop"), (DPDK + 'io = "dpdk";', "dpdk", "kill"),
        (NETDEVS + "queue = 9;", "nfqueue", "kill"), (NETDEVS + 'io = "nft";', "nft", "stop"), (NETDEVS + 'io = "dpdk";', "dpdk", "stop"),
        (NETDEVS + "dead_man = 3600;", "nft", "kill"))

# argv: our folder, our address, the other one, its MAC, our port number's first octet: forbidden frames in a row, without end.
HOSTILE = """
import socket, sys, time
sys.path.insert(0, sys.argv[1])
from nft_packets import checksum
mark = b"forbidden!"
ends = socket.inet_aton(sys.argv[2]) + socket.inet_aton(sys.argv[3])

def ip(protocol, payload):
    head = b"\\x45\\0" + (20 + len(payload)).to_bytes(2, "big") + b"\\0\\1\\x40\\0\\x40" + bytes([protocol]) + b"\\0\\0" + ends
    return b"\\x08\\0" + head[:10] + checksum(head).to_bytes(2, "big") + head[12:] + payload

def tcp(port, flags):
    segment = (4000).to_bytes(2, "big") + port.to_bytes(2, "big") + bytes(8) + bytes([0x50, flags, 16, 0, 0, 0, 0, 0])
    segment += mark if flags & 0x10 else b""
    total = checksum(ends + b"\\0\\x06" + len(segment).to_bytes(2, "big") + segment)
    return ip(6, segment[:16] + total.to_bytes(2, "big") + segment[18:])

udp = (4000).to_bytes(2, "big") + (9999).to_bytes(2, "big") + (8 + len(mark)).to_bytes(2, "big") + b"\\0\\0" + mark
frames = [ip(17, udp), ip(6, b"short " + mark), tcp(502, 0x18), tcp(99, 0x02), tcp(99, 0x10), ip(47, mark), b"\\x88\\xb5" + mark * 5,
          b"\\x81\\0\\0\\5" + ip(17, udp)]
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
macs = bytes.fromhex(sys.argv[4]) + bytes.fromhex(sys.argv[5])
print("ready", flush=True)
while True:
    for frame in frames:
        try:
            s.send(macs + frame)
        except OSError:
            pass
    time.sleep(0.002)
"""

# argv: a file. Counts what arrives and should not: what is marked, and SYNs to port 99.
WITNESS = """
import os, socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.bind(("eth0", 0))
s.setsockopt(socket.SOL_SOCKET, 33, 1 << 22)  # SO_RCVBUFFORCE
out = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
seen, bad, last = 0, 0, b"-"
print("ready", flush=True)
while True:
    frame, address = s.recvfrom(4096)
    if address[2] == socket.PACKET_OUTGOING:
        continue
    seen += 1
    if b"forbidden!" in frame or frame[23:24] == b"\\x06" and frame[36:38] == b"\\0\\x63" and frame[47] & 2:
        bad, last = bad + 1, frame[:64].hex().encode()
    os.pwrite(out, b"%20d %20d %s" % (seen, bad, last), 0)
"""


# argv: our folder, a file. An HMI that polls without end; answered, lost and connections stand in the file.
HMI = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from modbus_poller import Poller
poller, out = Poller(sys.argv[2], 2), os.open(sys.argv[3], os.O_WRONLY | os.O_CREAT)
print("ready", flush=True)
while True:
    poller.poll()
    os.pwrite(out, b"%20d %20d %20d" % (poller.polls - poller.lost, poller.lost, poller.connections), 0)
    time.sleep(0.02)
"""


def witnesses(rig):
    for name in ("client", "server"):
        rig.start(name, sys.executable, "-c", WITNESS, os.path.join(rig.work, f"seen-{name}"), ready="ready")


def seen(rig, name):
    with open(os.path.join(rig.work, f"seen-{name}"), encoding="ascii") as file:
        words = file.read().split() or ["0", "0", "-"]
    return int(words[0]), int(words[1]), words[2]


def hostile(rig):
    macs = {name: rig.run(name, "cat", "/sys/class/net/eth0/address").strip().replace(":", "") for name in ("client", "server")}
    for ours, theirs, source, target in (("client", "server", CLIENT, SERVER), ("server", "client", SERVER, CLIENT)):
        rig.start(ours, sys.executable, "-c", HOSTILE, HERE, source, target, macs[theirs], macs[ours], ready="ready")


def nothing_bad(rig, why):
    for name in ("client", "server"):
        assert seen(rig, name)[1] == 0, f"{why}: {name} got what is forbidden: {seen(rig, name)}{rig.log()}"


def polled(rig):
    path = os.path.join(rig.work, "polled")
    if not os.path.exists(path):
        return [0, 0, 0]
    with open(path, encoding="ascii") as file:
        return [int(word) for word in file.read().split()] or [0, 0, 0]


def polls_go_on(rig, why):
    before, end = polled(rig), time.monotonic() + 2 * N_WAIT
    while polled(rig)[0] < before[0] + 20:
        assert time.monotonic() < end, f"{why}: polls {before} became {polled(rig)}{rig.log()}"
        time.sleep(0.05)


def refusals(rig, why):
    """What floods is judged by this one, too."""
    rig.await_status(f"{why}: nothing is refused", lambda status: status["refusals"] > 20)


def start(rig, settings, io):
    rig.gateway(RESUMES, settings)
    status = rig.status()
    assert status["io"] == io, status
    assert (status["guard"]["state"] == "in force") == (io == "dpdk"), status["guard"]
    tables = rig.run("gw", "nft", "list", "tables")
    assert (GUARD in tables) == (io == "dpdk"), tables
    return status


def finish(rig, how):
    if how == "stop":
        rig.stop_gateway()
    else:
        rig.daemon.kill()
        rig.daemon.wait()


def test(penstockd, penstock, peer):
    with Bridged(penstockd, penstock) as rig:
        witnesses(rig)
        rig.start("server", peer, "serve", SERVER, ready="ready")
        for n, (settings, io, how) in enumerate(RUNS):
            why = f"run {n}, {io}"
            status = start(rig, settings, io)
            if n == 0:
                assert status["backend"] == {"auto": True, "not_taken": [], "lost": []}, status["backend"]
                hostile(rig)
                rig.start("client", sys.executable, "-c", HMI, HERE, SERVER, os.path.join(rig.work, "polled"), ready="ready")
            if "queue = 9" in settings:
                taken = status["backend"]["not_taken"]
                assert of_auto(paths(status)) == of_auto(documented(ROOT)[0]) and "queue goes with" in taken[0]["why"], taken
            polls_go_on(rig, why)
            refusals(rig, why)
            nothing_bad(rig, why)
            finish(rig, how)
            before = [seen(rig, name) for name in ("client", "server")]
            time.sleep(0.5)
            nothing_bad(rig, f"{why}, over")
            print(f"{why}, {how}: nothing that is forbidden arrived; frames seen {[n for n, _, _ in before]}", flush=True)
        start(rig, NETDEVS + 'io = "nfqueue";', "nfqueue")
        polls_go_on(rig, "at the end")
        nothing_bad(rig, "at the end")
        print("polls answered, lost, connections:", polled(rig))


if __name__ == "__main__":
    main(lambda: test(*sys.argv[1:]))
