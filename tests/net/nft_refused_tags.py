# SPDX-License-Identifier: GPL-2.0-or-later
"""nft_refused_tags.py PENSTOCK NFT_REFUSALS SHAPE: resets of connections whose frames have a VLAN tag, octet by octet; and of a
refused reply.

SHAPE: bump or bridge.
"""
import json
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time

import nft_rig
from gateway_rig import N_WAIT, die_with_parent
from nft_packets import checksum

HMI, PLC = "10.1.0.10", "10.2.0.20"
HMI_MAC, PLC_MAC = "020000000110", "020000000220"
PLANT = f"""schema = 1; revision = 1;
zones = (
  {{ name = "room"; kind = "operations"; vlans = [7]; networks = ["10.1.0.0/24"];
    assets = ( {{ name = "hmi"; addresses = ["{HMI}"]; }} ); }},
  {{ name = "field"; kind = "control"; networks = ["10.2.0.0/24"];
    assets = ( {{ name = "plc"; addresses = ["{PLC}"]; }} ); }}
);
conduits = ( {{ name = "c"; from = "room"; to = "field"; on_deny = "reset"; allow = (
  {{ name = "poll"; protocol = "modbus"; operations = ["read"]; }} ); }} );
gateways = ( {{ name = "gw"; ports = ( {{ name = "plant"; zones = ["room"]; }}, {{ name = "field"; zones = ["field"]; }} ); }} );
"""
WRITE = bytes.fromhex("000200000006010600040320")
REPLY = bytes.fromhex("0001000000050103020007")
RST_ACK = 0x14
AUXDATA = struct.Struct("IIIHHHH")  # tagged_peer.py
LEFT, RIGHT = 0, 1


def address(text):
    return bytes(int(part) for part in text.split("."))


def segment(ends, macs, ports, payload, tag):
    tcp = struct.pack(">HHIIBBHHH", *ports, 1000, 5000, 0x50, 0x18, 8192, 0, 0) + payload
    addresses = address(ends[0]) + address(ends[1])
    total = checksum(addresses + struct.pack(">HH", 6, len(tcp)) + tcp)
    tcp = tcp[:16] + struct.pack(">H", total) + tcp[18:]
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 7, 0x4000, 64, 6, 0) + addresses
    ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
    return bytes.fromhex(macs[1] + macs[0]) + struct.pack(">HHH", 0x8100, tag, 0x0800) + ip + tcp


def read(arrived):
    """What a frame says, with the tag that the kernel has taken off: (MACs, tag, addresses, ports, seq, ack, flags, are its
    checksums right?); None: no TCP."""
    _, frame, ancillary = arrived
    tag, at = None, 12
    for level, kind, data in ancillary:
        if (level, kind) == (263, 8):
            status, _, _, _, _, tci, _ = AUXDATA.unpack(data[:AUXDATA.size])
            tag = tci & 0xfff if status & 16 else None
    if frame[12:14] == b"\x81\x00":
        tag, at = struct.unpack(">H", frame[14:16])[0] & 0xfff, 16
    ip = frame[at + 2:]
    if frame[at:at + 2] != b"\x08\0" or ip[9] != 6:
        return None
    tcp = ip[20:struct.unpack(">H", ip[2:4])[0]]
    sums = checksum(ip[:20]), checksum(ip[12:20] + struct.pack(">HH", 6, len(tcp)) + tcp)
    sport, dport, seq, ack, _, flags = struct.unpack(">HHIIBB", tcp[:14])
    return frame[:12].hex(), tag, ip[12:20], (sport, dport), seq, ack, flags, sums == (0, 0)


def await_segments(wire, n):
    """{side: what the TCP segments that arrived there say}, when there are n of them."""
    arrived = {LEFT: [], RIGHT: []}
    end = time.monotonic() + N_WAIT
    while sum(map(len, arrived.values())) < n and time.monotonic() < end:
        for one in wire.drain():
            said = read(one)
            if said:
                arrived[one[0]].append(said)
    return arrived


def check(shape, wire, side, refused):
    """Sends a segment that is refused, and looks at both resets. In a bump there is the kernel's as well, without a tag."""
    ends, macs, ports, payload, tag = refused
    wire.send(side, segment(*refused))
    arrived = await_segments(wire, 3 if shape == "bump" else 2)
    both = address(ends[0]) + address(ends[1])
    onward = (macs[1] + macs[0], tag, both, ports, 1000, 5000, RST_ACK, True)
    back = (macs[0] + macs[1], tag, both[4:] + both[:4], ports[::-1], 5000, 1000 + len(payload), RST_ACK, True)
    assert arrived[not side] == [onward], (arrived, onward)
    assert back in arrived[side] and len(arrived[side]) == (2 if shape == "bump" else 1), (arrived, back)


def start(program, plant, shape, path):
    log = open(path, "w+", encoding="utf-8")
    child = subprocess.Popen([program, plant, shape], stdout=log, preexec_fn=die_with_parent)
    end = time.monotonic() + N_WAIT
    while time.monotonic() < end and child.poll() is None:
        log.seek(0)
        if "ready" in log.read():
            return child, log
        time.sleep(0.05)
    child.kill()
    raise AssertionError(f"nft_refusals does not start: {child.wait()}")


def events(child, log):
    child.send_signal(signal.SIGTERM)
    assert child.wait(N_WAIT) == 0
    log.seek(0)
    with log:
        return [json.loads(line) for line in log.read().splitlines()[1:]]


def test(penstock, program, shape):
    nft_rig.enter()
    nft_rig.links()
    if shape == "bridge":
        nft_rig.bridge()
    with tempfile.TemporaryDirectory() as work:
        plant = os.path.join(work, "plant.conf")
        with open(plant, "w", encoding="utf-8") as out:
            out.write(PLANT)
        nft_rig.load(nft_rig.run(penstock, "nft", plant, "--shape", shape))
        child, log = start(program, plant, shape, os.path.join(work, "log"))
        try:
            wire = nft_rig.Wire()
            check(shape, wire, LEFT, ((HMI, PLC), (HMI_MAC, PLC_MAC), (40000, 502), WRITE, 7))
            check(shape, wire, RIGHT, ((PLC, HMI), (PLC_MAC, HMI_MAC), (502, 40000), REPLY, 9))
        finally:
            told = events(child, log)
    write, reply, summary = told
    assert (write["what"], write["vlan"], write["reason"], write["conduit"]) == ("pdu", 7, "no-rule", "c"), write
    assert (reply["reason"], reply["vlan"], reply["conduit"], reply["client"]["asset"]) == ("vlan", 9, "c", "hmi"), reply
    assert reply["operation"].startswith("modbus reply "), reply
    assert summary["resets"] == 4, summary


if __name__ == "__main__":
    nft_rig.main(lambda: test(*sys.argv[1:]))
