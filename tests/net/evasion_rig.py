# SPDX-License-Identifier: GPL-2.0-or-later
"""Three network namespaces in a row, attacker -- gateway -- server, and what stands in the middle.

Names carry the process id; everything is removed at the end. Needs root.
"""
import contextlib
import ctypes
import os
import random
import select
import shutil
import signal
import socket
import subprocess
import time

from evasion_server import Server
from evasion_wire import PATIENCE_S, PORT, parse, read_coils

ADDRESSES = {4: ("10.99.1.10", "10.99.2.11"), 6: ("fd99:1::10", "fd99:2::11")}
MACS = ("02:00:00:99:01:10", "02:00:00:99:02:11")
TOOLS = ("ip", "nft", "ethtool")
OFFLOADS = "rx off tx off sg off tso off gso off gro off rxvlan off txvlan off"
ETH_P_ALL, SOL_PACKET, PACKET_IGNORE_OUTGOING, SO_SNDBUFFORCE, SO_RCVBUFFORCE = 3, 263, 23, 32, 33
CLONE_NEWNET = 0x40000000
READY_S = 60
WEAK = """table bridge weak {
  chain forward {
    type filter hook forward priority 0; policy accept;
    tcp dport 502 @ih,56,8 5 @ih,64,16 999 drop
    udp dport 502 @ih,56,8 5 @ih,64,16 999 drop
  }
}
"""
QUIET = """table inet quiet {
  chain output {
    type filter hook output priority 0; policy accept;
    tcp flags & rst == rst drop
    meta l4proto { icmp, icmpv6 } drop
  }
}
"""
LOSSY = """table inet lossy {
  set ports { type inet_service; }
  chain input { type filter hook input priority 0; policy accept; tcp sport @ports drop; }
}
"""


class Missing(Exception):
    """Why there can be no rig here."""


class Rig:
    """The namespaces, the server, the attacker's raw socket and the capture beside the server."""

    def __init__(self, gateway, plant, folder):
        self.gateway, self.plant, self.folder = gateway, plant, folder
        with open(plant, encoding="utf-8") as text:
            self.reassembles = '"reassemble"' in text.read()
        self.tag = f"ev{os.getpid()}"
        self.addresses, self.macs = ADDRESSES, MACS
        self.random = random.Random(1)
        self.clients, self.servers, self.seen, self.back, self.process = [], [], [], [], None
        self.patient = False
        self.sent = None  # frames, when somebody wants them
        self.namespaces, self.restarts = [], 0
        self.ports, self.transactions = iter(range(20000, 30000)), iter(range(1, 65536))
        self.libc, self.processors = ctypes.CDLL(None, use_errno=True), os.sched_getaffinity(0)

    def new_port(self):
        return next(self.ports)

    def new_transaction(self):
        return next(self.transactions)

    def __enter__(self):
        if os.geteuid() != 0:
            raise Missing("only root can make network namespaces")
        for tool in TOOLS:
            if not shutil.which(tool):
                raise Missing(f"{tool} is not installed")
        try:
            self.build()
            self.start_gateway()
            self.open_keeper()
            os.sched_setaffinity(0, {min(self.processors)})  # of this thread: the kernel may swap what two processors send
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        os.sched_setaffinity(0, self.processors)
        self.stop_gateway()
        if hasattr(self, "server"):
            self.server.stop()
        for name in self.namespaces:
            subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL, check=False)

    # The namespaces.

    def run(self, command, text=None):
        done = subprocess.run(command.split(), input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120,
                              check=False)
        if done.returncode != 0:
            raise Missing(f"{command}: {done.stdout.strip()}")

    def name(self, which):
        return f"{self.tag}-{which}"

    def nft(self, which, text):
        self.run(f"ip netns exec {self.name(which)} nft -f -", text)

    @contextlib.contextmanager
    def inside(self, which):
        """The calling thread is in that namespace."""
        with open("/proc/thread-self/ns/net", "rb") as home, open(f"/run/netns/{self.name(which)}", "rb") as there:
            if self.libc.setns(there.fileno(), CLONE_NEWNET) != 0:
                raise Missing("setns: " + os.strerror(ctypes.get_errno()))
            try:
                yield
            finally:
                if self.libc.setns(home.fileno(), CLONE_NEWNET) != 0:
                    raise RuntimeError("no way back out of a namespace")

    @staticmethod
    def tune(settings):
        for path, value in settings.items():
            try:
                with open("/proc/sys/net/" + path, "w", encoding="ascii") as file:
                    file.write(str(value))
            except OSError as error:
                raise Missing(f"{path}: {error}") from error

    def add_namespace(self, which, settings):
        self.run(f"ip netns add {self.name(which)}")
        self.namespaces.append(self.name(which))
        with self.inside(which):
            self.tune(settings)
        self.run(f"ip -n {self.name(which)} link set lo up")

    def build(self):
        calm = {"ipv6/conf/default/accept_dad": 0, "ipv6/conf/default/accept_ra": 0, "ipv6/conf/default/router_solicitations": 0}
        deaf = {"ipv6/conf/all/disable_ipv6": 1, "ipv6/conf/default/disable_ipv6": 1}
        self.add_namespace("att", calm)
        self.add_namespace("fw", deaf)
        self.add_namespace("srv", {**calm, "ipv4/tcp_fastopen": 0x202, "ipv4/tcp_syncookies": 0, "ipv4/tcp_max_syn_backlog": 4096,
                                   "ipv4/icmp_echo_ignore_broadcasts": 0})
        for side, (which, mac) in enumerate(zip(("att", "srv"), MACS)):
            there, port = self.name(which), "ab"[side]
            self.run(f"ip link add name {which}0 netns {there} type veth peer name {port}0 netns {self.name('fw')}")
            self.run(f"ip -n {there} link set {which}0 address {mac} addrgenmode none")
            for namespace, link in ((there, f"{which}0"), (self.name("fw"), f"{port}0")):
                self.run(f"ip netns exec {namespace} ethtool -K {link} {OFFLOADS}")
                self.run(f"ip -n {namespace} link set {link} up")
            for version, length in ((4, 16), (6, 16)):
                ends = ADDRESSES[version]
                self.run(f"ip -n {there} address add {ends[side]}/{length} dev {which}0" + (" nodad" if version == 6 else ""))
                self.run(f"ip -n {there} neigh replace {ends[1 - side]} lladdr {MACS[1 - side]} dev {which}0 nud permanent")
        self.nft("att", QUIET)
        self.nft("srv", LOSSY)
        with self.inside("srv"):
            self.capture = self.packet_socket("srv0")
            self.server = Server([ends[1] for ends in ADDRESSES.values()])
        with self.inside("att"):
            self.attacker = self.packet_socket("att0")
        self.server.start()

    @staticmethod
    def packet_socket(interface):
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        sock.bind((interface, ETH_P_ALL))
        sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        for buffer in (SO_SNDBUFFORCE, SO_RCVBUFFORCE):  # for more than a row sends, though nobody takes it for a while
            sock.setsockopt(socket.SOL_SOCKET, buffer, 1 << 24)
        sock.setblocking(False)
        return sock

    # The gateway.

    def start_gateway(self):
        fw = self.name("fw")
        if self.gateway in ("bridge", "weak"):
            with self.inside("fw"):
                self.tune({f"bridge/bridge-nf-call-{family}tables": 0 for family in ("ip", "ip6", "arp")})
            self.run(f"ip -n {fw} link add name br0 type bridge forward_delay 0 stp_state 0 mcast_snooping 0")
            for port in ("a0", "b0"):
                self.run(f"ip -n {fw} link set {port} master br0")
            self.run(f"ip -n {fw} link set br0 up")
            if self.gateway == "weak":
                self.nft("fw", WEAK)
            return
        command = self.gateway
        for word, value in (("{in}", "a0"), ("{out}", "b0"), ("{plant}", self.plant), ("{dir}", self.folder)):
            command = command.replace(word, value)
        self.log = os.path.join(self.folder, f"gateway-{self.restarts}.log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(["ip", "netns", "exec", fw, "sh", "-c", "exec " + command], stdout=log,
                                            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
                                            preexec_fn=lambda: os.sched_setaffinity(0, self.processors))
        deadline = time.monotonic() + READY_S
        while "ready" not in self.gateway_log():
            if self.process.poll() is not None:
                raise RuntimeError(f"the gateway ended with {self.process.returncode}:\n{self.gateway_log()}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"the gateway does not say that it is ready:\n{self.gateway_log()}")
            time.sleep(0.05)

    def gateway_log(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()[-4000:]

    def gateway_lives(self):
        return self.process is None or self.process.poll() is None

    def stop_gateway(self):
        if self.process is None:
            return
        for signal_number, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal_number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(patience)
        shutil.rmtree(f"/var/run/dpdk/penstock-evasion-{self.process.pid}", ignore_errors=True)  # of one that was killed
        self.process = None

    def restart_gateway(self):
        """Again, with a new connection beside the rows."""
        self.stop_gateway()
        self.restarts += 1
        self.start_gateway()
        self.keeper.close()
        self.open_keeper()

    def replace_gateway(self):
        """Kills it where it stands, and starts another one. Nothing is done where nothing runs."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(5)
            self.restart_gateway()

    # Frames.

    def send(self, frame):
        frame = bytes(frame)
        if self.sent is not None:
            self.sent.append((time.time(), frame))
        self.attacker.send(frame)

    def answer(self, frame):
        """From the server's side."""
        self.capture.send(bytes(frame))

    @staticmethod
    def drain(sock):
        frames = []
        while len(frames) < 100000:
            try:
                frames.append(sock.recv(65536))
            except BlockingIOError:
                break
        return frames

    def pump(self, timeout, done=lambda: False):
        """Hands the clients what arrives for them, until it is enough. True if it is."""
        deadline = time.monotonic() + timeout
        while True:
            for frame in self.drain(self.attacker):
                self.back.append(frame)
                segment = parse(frame)
                for client in self.clients if segment else ():
                    if (segment.dport, segment.sport) == (client.port, client.target_port) and \
                            (client.version == 6) == (len(segment.source) == 16):
                        client.take(segment)
            if self.servers:
                self.serve()
            if done():
                return True
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            select.select([self.attacker, self.capture] if self.servers else [self.attacker], [], [], min(left, 0.01))

    def serve(self):
        """Hands the raw servers what has arrived for them."""
        for frame in self.drain(self.capture):
            self.seen.append(frame)
            segment = parse(frame)
            for server in self.servers if segment else ():
                if (segment.dport, segment.sport) == (server.port, server.target_port):
                    server.take(segment)

    def clear(self):
        """Nothing of before counts."""
        self.drain(self.attacker)
        self.drain(self.capture)
        self.seen, self.back, self.clients, self.servers = [], [], [], []

    def captured(self):
        """All that has reached the server's network since the row began."""
        self.seen += self.drain(self.capture)
        return self.seen

    # A connection beside the attack, between two real ends: it must live, and its answer says that all before it went through.

    def open_keeper(self):
        with self.inside("att"):
            self.keeper = socket.create_connection((ADDRESSES[4][1], PORT), timeout=PATIENCE_S)
        self.keeper.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.keeper.settimeout(5)  # nothing may hold it up

    def keeper_works(self):
        try:
            self.keeper.sendall(read_coils(0))
            return len(self.keeper.recv(64)) == 10
        except OSError:
            return False

    def client_socket(self, version, timeout=2):
        """A connection of the attacker's kernel, not yet opened."""
        with self.inside("att"):
            sock = socket.socket(socket.AF_INET6 if version == 6 else socket.AF_INET)
        sock.settimeout(timeout)
        return sock

    def wait_connection(self, client):
        """The server's end of it, None if there is none."""
        self.pump(PATIENCE_S, lambda: self.server.of_port(client.port))
        return (self.server.of_port(client.port) or [None])[0]

    def lose(self, port, lost):
        """The server's host loses what this client sends (or no longer)."""
        self.nft("srv", f"{'add' if lost else 'delete'} element inet lossy ports {{ {port} }}\n")
