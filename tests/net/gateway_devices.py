# SPDX-License-Identifier: GPL-2.0-or-later
"""gateway_devices.py PENSTOCKD CASE: ports that are no netdevs, more than two of them, and how netdevs are taken and given
back. CASE is the name of a function below."""
import os
import re
import shutil
import signal
import struct
import sys
import time

from gateway_rig import CLIENT, PLANT, SERVER, Rig, Skip, main
from tagged_peer import echo_request

TAGGED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tagged_peer.py")
BULK = [sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "bulk_peer.py")]
NETDEVS = 'ports: { plant = "af_packet:gw0"; field = "af_packet:gw1"; };'
THIRD = "10.99.1.5"
THREE_PORTS = PLANT.replace('zones = (', 'zones = ( { name = "lab"; kind = "control"; networks = ["10.99.1.0/24"]; },', 1).replace(
    'conduits = (', 'conduits = ( { name = "room-to-lab"; from = "room"; to = "lab"; mode = "enforce";'
    ' allow = ( { name = "ping"; protocol = "icmp"; }, { name = "poll"; protocol = "modbus"; operations = ["read"]; } ); },', 1).replace(
    '{ name = "field"; zones', '{ name = "lab"; zones = ["lab"]; }, { name = "field"; zones', 1)


def write_capture(rig, name, frames):
    """A pcap file; no frames: an empty one."""
    octets = struct.pack("<IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)
    for frame in frames:
        octets += struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame
    path = os.path.join(rig.work, name)
    with open(path, "wb") as file:
        file.write(octets)
    return path


def read_capture(path):
    with open(path, "rb") as file:
        octets = file.read()
    frames, at = [], 24
    while at < len(octets):
        n = struct.unpack("<I", octets[at + 8:at + 12])[0]
        frames.append(octets[at + 16:at + 16 + n])
        at += 16 + n
    return frames


def number(log, pattern):
    found = re.search(pattern, log)
    assert found, f"no {pattern} in\n{log}"
    return int(found[1])


def judged(rig, n, settings):
    """What penstockd prints after it has judged at least n packets; it says so only at its end."""
    for seconds in (0.5, 1, 2, 4, 8):
        rig.gateway(PLANT, settings)
        time.sleep(seconds)
        log = rig.stop_gateway()
        if number(log, r"worker 0: (\d+) packets") >= n:
            return log
    raise AssertionError(f"fewer than {n} packets:\n{log}")


def files(penstockd):
    """Captures as ports: what may pass is in the file behind the other port, and nothing else. A frame that is longer than
    the buffers comes in parts."""
    good, bad = echo_request(CLIENT, SERVER, []), echo_request("10.77.0.1", SERVER, [])
    with Rig(penstockd) as rig:
        in_file = write_capture(rig, "in.pcap", [good, bad, good, good + bytes(3000), good])
        empty = write_capture(rig, "empty.pcap", [])
        out = [os.path.join(rig.work, f"out{i}.pcap") for i in range(2)]
        log = judged(rig, 4, f'ports: {{ plant = "net_pcap0,rx_pcap={in_file},tx_pcap={out[0]}";\n'
                             f'field = "net_pcap1,rx_pcap={empty},tx_pcap={out[1]}"; }};')
        assert read_capture(out[1]) == [good] * 3, log
        assert read_capture(out[0]) == [], log
        assert "unfit 1 in" in log, log
        print(log)


def ring(penstockd):
    """What goes out by a ring comes in by it again, from where its sender does not belong."""
    with Rig(penstockd) as rig:
        in_file = write_capture(rig, "in.pcap", [echo_request(CLIENT, SERVER, [])] * 5)
        out = os.path.join(rig.work, "out.pcap")
        log = judged(rig, 10, f'ports: {{ plant = "net_pcap0,rx_pcap={in_file},tx_pcap={out}"; field = "net_ring0"; }};')
        assert number(log, r"(\d+) passed") == 5 and number(log, r"(\d+) dropped") == 5, log
        print(log)


def null(penstockd):
    """A flood of frames that are nothing: refused one and all."""
    with Rig(penstockd) as rig:
        log = judged(rig, 100000, 'ports: { plant = "net_null0,size=64"; field = "net_null1,no-rx=1"; };')
        assert number(log, r"(\d+) passed") == 0 and number(log, r"(\d+) dropped") >= 100000, log
        print(log)


def tap(penstockd):
    """A port that makes its own netdev: what its host says comes in by it."""
    if not os.path.exists("/dev/net/tun"):
        raise Skip("there is no /dev/net/tun")
    with Rig(penstockd) as rig:
        rig.gateway(PLANT, 'ports: { plant = "net_tap0,iface=tap0"; field = "af_packet:gw1"; };')
        rig.ip("gw", "link", "set", "tap0", "netns", f"{rig.tag}-client")
        rig.ip("client", "address", "flush", "dev", "eth0")
        rig.ip("client", "address", "add", f"{CLIENT}/24", "dev", "tap0")
        rig.ip("client", "link", "set", "tap0", "up")
        rig.run("client", "ping", "-c2", "-i0.2", "-W20", SERVER)
        print(rig.stop_gateway())


def backlog(penstockd):
    """A port that takes nothing: what it does not take is dropped and counted, and the rest goes on."""
    if not os.path.exists("/dev/net/tun"):
        raise Skip("there is no /dev/net/tun")
    with Rig(penstockd) as rig:
        rig.gateway(PLANT, 'ports: { plant = "af_packet:gw0"; field = "net_tap0,iface=tap0"; };')
        rig.ip("gw", "link", "set", "tap0", "down")
        rig.run("client", "ping", "-c2", "-i0.2", "-W1", SERVER, check=False)
        log = rig.stop_gateway()
        assert number(log, r"port field: .* (\d+) behind") > 0, log
        print(log)


def three(penstockd):
    """Three ports: each frame leaves by that of its receiver's zone alone."""
    with Rig(penstockd) as rig:
        rig.namespace("third")
        rig.link("third", "eth0", "gw2")
        rig.ip("third", "address", "add", f"{THIRD}/16", "dev", "eth0")
        for name, address in (("client", CLIENT), ("server", SERVER)):
            rig.ip(name, "address", "flush", "dev", "eth0")
            rig.ip(name, "address", "add", f"{address}/16", "dev", "eth0")
        rig.gateway(THREE_PORTS, 'ports: { plant = "af_packet:gw0"; field = "af_packet:gw1"; lab = "af_packet:gw2"; };')
        for target in (SERVER, THIRD, SERVER):
            rig.run("client", "ping", "-c20", "-i0.02", "-W20", target)
        # The opening of an inspected connection is in frames of penstockd's own.
        rig.start("third", *BULK, "serve", THIRD, "502", ready="ready")
        rig.run("client", *BULK, "ask", THIRD, "2", "0", "502")
        code, _ = rig.run("third", "ping", "-c1", "-W1", SERVER, check=False)
        assert code != 0, "no conduit leads from the lab to the field"
        log = rig.stop_gateway()
        # 40 requests and 20, 10 frames of the connection, ARP in each direction; with those of the other port at least 60
        assert number(log, r"port field: .* tx (\d+) packets") < 60, log
        assert number(log, r"port lab: .* tx (\d+) packets") < 60, log
        assert number(log, r"(\d+) frames of its own") >= 4, log
        print(log)



def flags(rig, dev):
    """IFF_... as the kernel has them."""
    return int(rig.run("gw", "cat", f"/sys/class/net/{dev}/flags"), 16)


def ends_at_once(rig, config, why):
    code, text = rig.run("gw", rig.penstockd, "--config", config, check=False)
    assert code == 1 and why in text, text


def given_back(penstockd):
    """After the end netdevs are as they were found, and while penstockd runs no second one gets them."""
    with Rig(penstockd) as rig:
        rig.ip("gw", "link", "set", "gw1", "down")
        rig.run("gw", "ethtool", "-K", "gw0", "gro", "on")
        before = flags(rig, "gw0"), flags(rig, "gw1")
        rig.gateway(PLANT, NETDEVS)
        first = rig.daemon
        assert flags(rig, "gw0") & 0x100 and flags(rig, "gw1") & 1, "promiscuous, and up"
        assert "generic-receive-offload: off" in rig.run("gw", "ethtool", "-k", "gw0")
        ends_at_once(rig, os.path.join(rig.work, "penstockd.conf"), "another penstockd listens there")
        other = rig.write("other.conf", f'gateway = "gw-1"; plant = "{rig.work}/plant.conf"; state = "{rig.work}/other";\n'
                          f'instance = "{rig.tag}-other"; control = "{rig.work}/other.sock";\n{NETDEVS}\n')
        for _ in range(2):
            ends_at_once(rig, other, f'another penstockd has netdev "gw0", process {first.pid}; stop it first')
        assert flags(rig, "gw0") & 0x100 and flags(rig, "gw1") & 1, "a second one has changed them"
        rig.run("client", "ping", "-c1", "-W20", SERVER)
        print(rig.stop_gateway())
        assert (flags(rig, "gw0"), flags(rig, "gw1")) == before
        assert "generic-receive-offload: on" in rig.run("gw", "ethtool", "-k", "gw0")


def killed(penstockd):
    """Killed at once, nothing crosses any more, and the next one starts."""
    for driver in ("af_packet", "af_xdp"):
        with Rig(penstockd) as rig:
            both = NETDEVS.replace("af_packet", driver)
            rig.gateway(PLANT, both)
            rig.run("client", "ping", "-c1", "-W20", SERVER)
            rig.daemon.send_signal(signal.SIGKILL)
            rig.daemon.wait()
            code, _ = rig.run("client", "ping", "-c1", "-W1", SERVER, check=False)
            assert code != 0, "it crosses without penstockd"
            rig.gateway(PLANT, both)
            rig.run("client", "ping", "-c1", "-W20", SERVER)
            print(rig.stop_gateway())


def lost(penstockd):
    """Frames that come while penstockd does nothing are lost, and counted."""
    for driver in ("af_packet", "af_xdp"):
        with Rig(penstockd) as rig:
            rig.gateway(PLANT, NETDEVS.replace("af_packet", driver))
            pid = rig.daemon.pid
            os.kill(pid, signal.SIGSTOP)
            rig.run("client", sys.executable, TAGGED, "send", "eth0", CLIENT, SERVER, *["-"] * 20000)
            os.kill(pid, signal.SIGCONT)
            rig.run("client", "ping", "-c2", "-i0.2", "-W20", SERVER)
            log = rig.stop_gateway()
            n_lost, n_in = number(log, r"port plant: .* lost (\d+) in front"), number(log, r"port plant: .* rx (\d+) packets")
            assert n_lost > 0 and 20000 <= n_lost + n_in < 20100, log  # and a few of the hosts' own
            print(log)


def own(penstockd):
    """What the kernel itself sends by a port is no traffic of the plant's."""
    with Rig(penstockd) as rig:
        rig.ip("gw", "address", "add", "10.99.0.77/24", "dev", "gw0")
        rig.gateway(PLANT, NETDEVS)
        code, _ = rig.run("gw", "ping", "-c2", "-i0.2", "-W1", SERVER, check=False)
        assert code != 0
        log = rig.stop_gateway()
        assert number(log, r"port plant: .* rx (\d+) packets") == 0, log
        print(log)


def link(penstockd):
    """A cable that is pulled and put in again is told of."""
    with Rig(penstockd) as rig:
        rig.gateway(PLANT, NETDEVS)
        rig.ip("server", "link", "set", "eth0", "down")
        rig.await_text(rig.daemon, "port field (af_packet:gw1, net_af_packet, MTU 1500): link down")
        rig.ip("server", "link", "set", "eth0", "up")
        rig.run("client", "ping", "-c2", "-W20", SERVER)
        rig.await_text(rig.daemon, "port field (af_packet:gw1, net_af_packet, MTU 1500): link up", times=2)
        assert rig.stop_gateway().count("port field (af_packet:gw1, net_af_packet, MTU 1500): link up") == 2


def refused(penstockd):
    """Ports that do not open: each is named, with why and where."""
    wrong = (
        ('plant = "eth77"; field = "af_packet:gw1";', 'port "plant" (eth77): there is no netdev "eth77" here'),
        ('plant = "0000:ff:1f.7"; field = "gw1";', "no driver of DPDK has it; bind it with"),
        ('plant = "net_pcap0,rx_pcap=/nowhere/a.pcap,tx_pcap=/nowhere/b.pcap"; field = "gw1";', 'port "plant" (net_pcap0'),
        ('plant = "net_nothing0"; field = "gw1";', 'port "plant" (net_nothing0): '),
    )
    none_works = wrong[0][0], 'error: io "dpdk" does not work here: port "plant" (eth77): there is no such network device'
    with Rig(penstockd) as rig:
        for text, finding in (*((f'ports: {{ {text} }}; io = "dpdk";', finding) for text, finding in wrong),
                              (f"ports: {{ {none_works[0]} }};", none_works[1])):
            try:
                rig.gateway(PLANT, text)
                raise SystemExit(f"started with {text}")
            except AssertionError as error:
                assert finding in str(error) and "penstockd.conf:3: error" in str(error), error
                assert rig.daemon is None
                print(str(error).split("\n", 1)[1])


def capabilities(penstockd):
    """No thread keeps one, but for the first, which looks after the guard: those that DPDK has started, too. What penstockd
    sends passes the guard also where it goes on as somebody else."""
    for user in ("", 'user = "nobody";'):
        with Rig(penstockd) as rig:
            os.chmod(rig.work, 0o755)
            os.mkdir(f"{rig.work}/state")
            shutil.chown(f"{rig.work}/state", "nobody" if user else "root")
            rig.gateway(PLANT, f"{NETDEVS}\nmetrics = \"127.0.0.1:9417\"; {user}")
            first, task = str(rig.daemon.pid), f"/proc/{rig.daemon.pid}/task"
            kept = {}
            for thread in os.listdir(task):
                with open(f"{task}/{thread}/status", encoding="utf-8") as file:
                    lines = dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)
                kept[thread] = {int(lines[name], 16) for name in ("CapPrm", "CapEff", "CapInh", "CapAmb")} - {0}
                assert lines["NoNewPrivs"] == "1" and lines["Seccomp"] == "2", f"{thread}: {lines}"
                assert user == "" or lines["Uid"].split() == lines["Uid"].split()[:1] * 4 != ["0"] * 4, lines
            print(len(kept), "threads")
            assert len(kept) >= 4 and kept.pop(first) == {1 << 12}, kept  # CAP_NET_ADMIN
            assert not any(kept.values()), kept
            rig.run("client", "ping", "-c1", "-W20", SERVER)
            print(rig.stop_gateway())


CASES = (files, ring, null, tap, backlog, three, given_back, killed, lost, own, link, refused, capabilities)

if __name__ == "__main__":
    main(lambda: {case.__name__: case for case in CASES}[sys.argv[2]](sys.argv[1]))
