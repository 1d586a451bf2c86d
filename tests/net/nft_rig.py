# SPDX-License-Identifier: GPL-2.0-or-later
"""A network namespace with a ruleset for the kernel in it, and raw sockets on both sides:

    left (ours) -- plant [ruleset] field -- right (ours)
"""
import os
import select
import socket
import struct
import subprocess
import sys
import time

ETH_P_ALL = 3
CLONE_NEWNET = 0x40000000
SO_RCVBUFFORCE = 33
QUIET = 0.25  # seconds without a packet: nothing more comes
SENDERS = ("left", "right")


class Skip(Exception):
    pass


def run(*command, text=None):
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[:2000]}")
    return done.stdout


def enter():
    """This process into a network namespace of its own; it goes with the process."""
    import ctypes
    if os.geteuid() != 0:
        raise Skip("needs root for network namespaces")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise Skip(f"no network namespace: {os.strerror(ctypes.get_errno())}")


def links():
    """The two pairs, silent but for us."""
    for outer, inner in (("left", "plant"), ("right", "field")):
        run("ip", "link", "add", outer, "type", "veth", "peer", "name", inner)
        for name in (outer, inner):
            path = f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6"
            if os.path.exists(path):
                with open(path, "w", encoding="ascii") as out:
                    out.write("1")
            run("ip", "link", "set", name, "arp", "off", "promisc", "on", "up")


def bridge():
    run("ip", "link", "add", "br0", "type", "bridge", "ageing_time", "0")  # every frame to the other port
    for name in ("plant", "field"):
        run("ip", "link", "set", name, "master", "br0")
    path = "/proc/sys/net/ipv6/conf/br0/disable_ipv6"
    if os.path.exists(path):
        with open(path, "w", encoding="ascii") as out:
            out.write("1")
    run("ip", "link", "set", "br0", "arp", "off", "up")


def write(path, text):
    if os.path.exists(path):
        with open(path, "w", encoding="ascii") as out:
            out.write(text)


def route(nets, hosts):
    """plant and field route between them: nets (of plant, of field; one for each family) are addresses of ours with their lengths,
    hosts those that there are on each side. What we send goes to MAC 02:00:00:00:00:ff. Nobody looks at numbers of TCP."""
    for name in ("plant", "field"):
        run("ip", "link", "set", name, "address", "02:00:00:00:00:ff")
        for which in ("rp_filter", "send_redirects", "accept_redirects"):
            write(f"/proc/sys/net/ipv4/conf/{name}/{which}", "0")
        write(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6", "0")
        write(f"/proc/sys/net/ipv6/conf/{name}/accept_dad", "0")
    for which in ("rp_filter", "send_redirects"):
        write(f"/proc/sys/net/ipv4/conf/all/{which}", "0")
    for name, addresses, others in zip(("plant", "field"), nets, hosts):
        for address in addresses:
            run("ip", "address", "add", address, "dev", name, *(["nodad"] if ":" in address else []))
        for n, address in enumerate(others):
            run("ip", "neigh", "replace", address, "lladdr", f"02:00:00:00:01:{n:02x}", "dev", name, "nud", "permanent")
    write("/proc/sys/net/ipv4/ip_forward", "1")
    write("/proc/sys/net/ipv6/conf/all/forwarding", "1")
    write("/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal", "1")


def forget_connections():
    """Of connection tracking: all of them (IPCTNL_MSG_CT_DELETE)."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as netlink:
        netlink.settimeout(30)
        netlink.send(struct.pack("=IHHIIBBH", 20, 1 << 8 | 2, 5, 1, 0, 0, 0, 0))
        error = struct.unpack("=i", netlink.recv(4096)[16:20])[0]
    if error:
        raise Skip(f"connection tracking cannot be emptied: {os.strerror(-error)}")


def load(ruleset):
    done = subprocess.run(["nft", "-f", "-"], input=ruleset, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise RuntimeError(f"nft -f: {done.stderr[:2000]}")


class Wire:
    """Sends on one side, sees what arrives at the other."""

    def __init__(self):
        self.sockets = []
        for name in SENDERS:
            raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            raw.bind((name, 0))
            raw.setsockopt(263, 8, 1)  # SOL_PACKET, PACKET_AUXDATA: tags that the kernel took off
            raw.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)  # whatever the machine's own limit is
            self.sockets.append(raw)

    def send(self, side, frame):
        self.sockets[side].send(frame)

    def drain(self):
        """(side, frame) of everything that has arrived, until it is quiet."""
        arrived = []
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            ready, _, _ = select.select(self.sockets, [], [], QUIET)
            if not ready:
                break
            for raw in ready:
                frame, ancillary, _, address = raw.recvmsg(4096, 256)
                if address[2] == socket.PACKET_OUTGOING:
                    continue
                arrived.append((self.sockets.index(raw), frame, ancillary))
        return arrived


def main(test):
    try:
        sys.exit(test())
    except Skip as why:
        print(f"skipped: {why}")
        sys.exit(77)
