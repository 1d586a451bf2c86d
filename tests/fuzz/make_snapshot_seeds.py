#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""make_snapshot_seeds.py DIRECTORY - writes the seeds of fuzz_snapshot: connections left behind, and how they go on."""
import os
import struct
import sys

START = 0x1000
ASK, ANSWER = 0, 1
PORTS = {"modbus": (1, 502, 0), "dnp3": (2, 20000, 2), "s7comm": (3, 102, 4)}  # protocol, port, bits of a step


def octets(text):
    return bytes.fromhex(text.replace(" ", ""))


def end(third):
    return bytes(10) + b"\xff\xff" + bytes([10, 0, third, 10])


def direction(flying=b"", delta=0, acked=100):
    return struct.pack(">IIIIIHBI", START, START + 8192, delta, acked, 8192, 1460, 0, len(flying))


def connection(name, state, flying=(b"", b""), delta=(0, 0)):
    protocol, port, _ = PORTS[name]
    record = end(1) + end(2) + struct.pack(">HHI", 40000, port, 0) + bytes([protocol, 0]) + struct.pack(">I", START - 1)
    record += direction(flying[0], delta[0]) + direction(flying[1], delta[1]) + flying[0] + flying[1] + state
    return struct.pack(">I", len(record)) + record


def step(name, side, seq, ack, text="", flags=0x10, more=0):
    payload = octets(text)
    return bytes([side | PORTS[name][2] | more, flags]) + struct.pack(">hhB", seq, ack, len(payload)) + payload


def seed(connections, steps):
    records = b"".join(connections)
    return bytes([len(connections)]) + struct.pack(">H", len(records)) + records + b"".join(steps)


READ, VALUE = "0002 0000 0006 01 03 0028 0002", "0002 0000 0007 01 03 04 000a 000b"
MODBUS = bytes([0, 0, 0, 1, 0])
# the request READ waits: hash, sent, echo, transaction, unit, row; the hash and the echo are not those of READ
MODBUS_WAITS = bytes([0, 0, 0, 1, 1]) + struct.pack(">QQIHBB", 1, 10**9, 2, 2, 1, 2)

POLL = "0564 14c4 0a00 0100 8fed c0c0 01 3c0206 3c0306 3c0406 3c0106 8a51"
RESPONSE = "0564 1444 0100 0a00 aaac c0c0 81 0000 1e01 00 0000 01 00000000 43a1"
ASSOCIATION = (struct.pack(">IHHBBBB", 1, 1, 10, 0, 1, 15, 0) + bytes(12) + struct.pack(">QQB", 10**9, 7, 0) +
               struct.pack(">BBQQ", 0, 0, 0, 0) + bytes(18) + bytes(12))
DNP3 = struct.pack(">II", 1, 1) + ASSOCIATION

S7_READ = "0300 001f 02f080 32 01 0000 0002 000e 0000 04 01 120a10 02 0001 0001 84 000000"
S7_DATA = "0300 001a 02f080 32 03 0000 0002 0002 0005 0000 04 01 ff04 0008 01"
TSAPS = b"\x02\x01\x00" + bytes(14) + b"\x02\x01\x02" + bytes(14)
S7 = (bytes([2, 1, 10, 0]) + struct.pack(">HBI", 1, 1, 0x201) + TSAPS + struct.pack(">HHHHHH", 4, 4, 480, 4, 4, 480) +
      bytes([1, 0, 0, 0]) + bytes(33) + bytes(33) + bytes(49) + bytes(25) + bytes(22))

SEEDS = {
    "modbus": seed([connection("modbus", MODBUS)], [
        step("modbus", ASK, 0, 0, READ), step("modbus", ANSWER, 0, 12, VALUE), step("modbus", ASK, 12, 13, READ),
        step("modbus", ANSWER, 13, 24, VALUE)]),
    "waits": seed([connection("modbus", MODBUS_WAITS, (octets(READ), b""))], [
        step("modbus", ASK, 0, 0, READ), step("modbus", ANSWER, 0, 12, VALUE)]),
    "numbers": seed([connection("modbus", MODBUS, delta=(7, 0xfffffff0))], [
        step("modbus", ASK, 0, -16, READ), step("modbus", ANSWER, 0, 19, VALUE)]),
    "refused": seed([connection("modbus", MODBUS)], [
        step("modbus", ASK, 0, 0, "0003 0000 0006 01 06 0029 03e9"), step("modbus", ASK, 12, 9, READ)]),
    "wrong": seed([connection("modbus", MODBUS)], [step("modbus", ASK, 20000, 0, READ)]),
    "late": seed([connection("modbus", MODBUS)], [step("modbus", ASK, -1, 0, more=8)] * 12),
    "syn": seed([connection("modbus", MODBUS)], [step("modbus", ASK, 99, 0, flags=2), step("modbus", ASK, 0, 0, flags=4)]),
    "dnp3": seed([connection("dnp3", DNP3)], [step("dnp3", ASK, 0, 0, POLL), step("dnp3", ANSWER, 0, 27, RESPONSE)]),
    "s7comm": seed([connection("s7comm", S7)], [
        step("s7comm", ASK, 0, 0, S7_READ), step("s7comm", ANSWER, 0, 31, S7_DATA)]),
    "several": seed([connection("modbus", MODBUS), connection("dnp3", DNP3), connection("s7comm", S7),
                     connection("modbus", MODBUS)], [step("s7comm", ASK, 0, 0, flags=0x14)]),
    "cut": seed([connection("modbus", MODBUS)[:-3]], []),
    "damaged": seed([connection("modbus", MODBUS)], [step("modbus", ASK, 0, 0, READ, more=0x10 | 2 << 5)]),
}


def main():
    for name, content in SEEDS.items():
        with open(os.path.join(sys.argv[1], name), "wb") as out:
            out.write(content)


main()
