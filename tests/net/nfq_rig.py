# SPDX-License-Identifier: GPL-2.0-or-later
"""Gateways whose kernel forwards, and asks penstockd before each packet (io = "nfqueue").

    with Routed(penstockd) as rig:     the gateway has an address in each network and routes between them
    with Bridged(penstockd) as rig:    the gateway bridges, as transparently as with DPDK

Everything else is as in gateway_rig.py.
"""
import json
import os
import subprocess
import time

from gateway_rig import CLIENT, CLIENT6, N_WAIT, SERVER, SERVER6, Rig, Skip

PORTS = 'io = "nfqueue"; ports: { plant = "gw0"; field = "gw1"; };\n'
GATEWAYS = (("client", CLIENT, "10.99.0.1"), ("server", SERVER, "10.99.0.129"))
GATEWAYS6 = (("client", CLIENT6, "fd99::1"), ("server", SERVER6, "fd99::8000:1"))


def sysctl(rig, name, path, value):
    rig.run(name, "sh", "-c", f"echo {value} >/proc/sys/net/{path}")


class Queued(Rig):
    """What both have in common."""

    def __init__(self, penstockd, penstock=None, **rest):
        super().__init__(penstockd, **rest)
        self.penstock = penstock

    def need_queue(self):
        """Ends with a reason where this kernel has no queues."""
        if not os.path.exists("/proc/self/net/netfilter/nfnetlink_queue"):
            raise Skip("this kernel has no nfnetlink_queue")

    def queue(self, settings=""):
        """Starts penstockd; the ports come first."""
        self.gateway(self.plant, PORTS + settings)

    def status(self):
        return self.status_of("status")

    def status_of(self, verb):
        return json.loads(self.ask(verb, "--json"))

    def nft(self, text):
        """Loads rules of the gateway's host."""
        self.run("gw", "nft", "-f", self.write("rules.nft", text))

    def ask(self, *arguments):
        done = subprocess.run([self.penstock, *arguments, "--socket", self.socket], check=True, stdout=subprocess.PIPE)
        return done.stdout.decode()

    def await_status(self, what, good):
        """Waits until good(status) holds."""
        end = time.monotonic() + N_WAIT
        while time.monotonic() < end:
            status = self.status()
            if good(status):
                return status
            time.sleep(0.1)
        raise AssertionError(f"{what}: {json.dumps(status, indent=1)}{self.log()}")


class Routed(Queued):
    def _build(self):
        self.need_queue()
        super()._build()
        for name, dev in (("gw", "gw0"), ("gw", "gw1"), ("client", "eth0"), ("server", "eth0")):
            self.ip(name, "address", "flush", "dev", dev)
        for number, (name, host, gateway) in enumerate(GATEWAYS):
            self.ip("gw", "address", "add", f"{gateway}/25", "dev", f"gw{number}")
            self.ip(name, "address", "add", f"{host}/25", "dev", "eth0")
            self.ip(name, "route", "add", "default", "via", gateway)
        sysctl(self, "gw", "ipv4/ip_forward", 1)
        if self.ipv6:
            self._build_ipv6()

    def _build_ipv6(self):
        for which in ("all", "default", "gw0", "gw1"):
            sysctl(self, "gw", f"ipv6/conf/{which}/disable_ipv6", 0)
        sysctl(self, "gw", "ipv6/conf/all/forwarding", 1)
        for number, (name, host, gateway) in enumerate(GATEWAYS6):
            self.ip("gw", "address", "add", f"{gateway}/97", "dev", f"gw{number}", "nodad")
            self.ip(name, "address", "add", f"{host}/97", "dev", "eth0", "nodad")
            self.ip(name, "-6", "route", "add", "default", "via", gateway)


class Bridged(Queued):
    def _build(self):
        self.need_queue()
        super()._build()
        self.ip("gw", "link", "add", "br0", "type", "bridge")
        for port in ("gw0", "gw1"):
            self.ip("gw", "link", "set", port, "master", "br0")
        self.ip("gw", "link", "set", "br0", "up")
        if not os.path.exists("/proc/sys/net/bridge/bridge-nf-call-iptables"):
            raise Skip("this kernel has no br_netfilter")
        for which in ("ip", "ip6"):
            sysctl(self, "gw", f"bridge/bridge-nf-call-{which}tables", 1)
