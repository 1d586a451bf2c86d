#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""make_s7comm_seeds.py DIRECTORY - writes the seeds of fuzz_s7comm: connections of a few PDUs each, built by hand."""
import os
import sys

SERVER, CLIENT, GAP, PAYLOAD = 0, 1, 2, 4
MIDSTREAM, FEW, OPEN, SET_UP = 1, 2, 4, 8
JOB, ACK, ACK_DATA, USERDATA = 1, 2, 3, 7

NO_DATA = "0a000000"
DB1 = "09 5f30413030303031 50"
TIS = "0014 %04x 0000000000010000000000010001000100010000"


def s7(direction, kind, reference, param, data="", error=0):
    """A chunk with one S7 PDU in a data TPDU."""
    param, data = bytes.fromhex(param), bytes.fromhex(data)
    pdu = bytes([0x32, kind, 0, 0]) + b"".join(n.to_bytes(2, "big") for n in (reference, len(param), len(data)))
    if kind in (ACK, ACK_DATA):
        pdu += error.to_bytes(2, "big")
    return chunk(direction | PAYLOAD, pdu + param + data)


def raw(direction, octets):
    return chunk(direction, bytes.fromhex(octets))


def chunk(head, octets):
    return bytes([head]) + len(octets).to_bytes(2, "little") + octets


def job(reference, param, data="", reply="", reply_data=""):
    return s7(SERVER, JOB, reference, param, data) + s7(CLIENT, ACK_DATA, reference, reply, reply_data)


def short(group, sub):
    return f"000112 04 11 {0x40 | group:02x} {sub:02x} 00"


def long(kind, group, sub, sequence=0, more=0):
    return f"000112 08 12 {kind << 6 | group:02x} {sub:02x} {sequence:02x} 00 {more:02x} 0000"


def full(data):
    octets = bytes.fromhex(data)
    return f"ff09 {len(octets):04x} " + data


def userdata(reference, group, sub, data=NO_DATA, reply=NO_DATA, sequence=0):
    return (s7(SERVER, USERDATA, reference, short(group, sub), data) +
            s7(CLIENT, USERDATA, reference, long(2, group, sub, sequence), reply))


def tis(reference, sub, body, sequence=0):
    n = len(bytes.fromhex(body))
    return (s7(SERVER, USERDATA, reference, long(1, 1, sub), full(TIS % n + body)) +
            s7(CLIENT, USERDATA, reference, long(2, 1, sub, sequence), NO_DATA))


CONNECT = [raw(SERVER, "03000016 11e00000000100 c0010a c1020100 c2020102"),
           raw(CLIENT, "03000016 11d00001004400 c0010a c1020100 c2020102")]
SETUP = job(1, "f0 00 0004 0004 01e0", "", "f0 00 0004 0004 01e0")

# name: (relax, flags, [chunk])
FLOWS = {
    "opening": (0, 0, CONNECT + [SETUP, job(2, "04 01 120a10 02 0004 0001 84 000000", "", "04 01", "ff04 0020 01020304"),
                                 raw(SERVER, "0300000702f000 0300000702f000"), raw(SERVER, "0300000b 068000000001 00")]),
    "refused": (0, 0, [CONNECT[0], raw(CLIENT, "0300000b 068000010044 00"), raw(SERVER, "0300000b 06c0 00440001 00")]),
    "reads": (0, SET_UP, [
        job(2, "04 02 120a10 01 0001 0000 83 00001b 120a10 1d 0002 0000 1d 000005", "", "04 02",
            "ff03 0001 01 00 ff09 0004 00010002"),
        job(3, "04 01 120cb0 02 04 0001 0000 05 0002 0010", "", "04 01", "ff09 000b ff01020304 ff0102030405"),
        job(4, "04 03 120a10 07 0002 0001 84 000000 120a10 08 0001 0001 84 000040 120a10 1c 0001 0000 1c 000001", "",
            "04 03", "ff05 0040 0000000100000002 ff07 0004 3f800000 0a00 0000"),
        s7(SERVER, JOB, 5, "04 01 120a10 02 0001 0001 84 000000"), s7(SERVER, JOB, 6, "04 01 120a10 04 0001 0001 84 000000"),
        s7(CLIENT, ACK_DATA, 6, "04 01", "ff04 0010 0001"), s7(CLIENT, ACK_DATA, 5, "04 00", "", 0x8104)]),
    "writes": (0, SET_UP, [
        job(2, "05 01 120a10 08 0001 0000 83 000080", "0007 0004 79e9f642", "05 01", "ff"),
        job(3, "05 02 120a10 02 0001 0000 83 000000 120a10 06 0002 0001 84 000008",
            "0004 0008 01 00 0004 0040 0000000100000002", "05 02", "ff05"),
        job(4, "05 03 120a10 01 0001 0000 82 00000b 120a10 0f 0001 0001 84 000000 120a10 1d 0001 0000 1d 000001",
            "0003 0001 01 00 0009 0008 0102030405060708 0009 0002 0001", "05 03", "ffff07")]),
    "fragments": (0, OPEN, [
        raw(SERVER, "0300000b 02f000 32010000 03000007 02f000 03000015 02f080 0001 0008 0000 f0 00 0004 0004 01e0"),
        s7(CLIENT, ACK_DATA, 1, "f0 00 0002 0002 00f0"),
        raw(SERVER, "0300001c 02f000 32010000 0002 000e 0008 05 01 120a10 06 0001 0001 84"
                    "03000012 02f080 000000 0004 0020 01020304")]),
    "download": (0, SET_UP, [
        job(2, "1a 00 0100 00000000 " + DB1 + "0d 31 303030303230 303030303130", "", "1a"),
        s7(CLIENT, JOB, 2, "1b 00 0000 00000000 " + DB1),
        s7(SERVER, ACK_DATA, 2, "1b 01", "000c 00fb 7070 0101 05 0a 0001 00000014"),
        s7(CLIENT, JOB, 3, "1b 00 0000 00000000 " + DB1), s7(SERVER, ACK_DATA, 3, "1b 00", "0008 00fb 0102030405060708"),
        s7(CLIENT, JOB, 4, "1c 00 0000 00000000 " + DB1), s7(SERVER, ACK_DATA, 4, "1c"),
        job(5, "28 000000000000fd 000a 0100 3041303030303150 05 5f494e5345", "", "28")]),
    "upload": (0, SET_UP, [
        job(2, "1d 00 0000 00000000 09 5f30423030303030 41", "", "1d 00 0100 00000007 07 30303030323136"),
        job(3, "1e 00 0000 00000007", "", "1e 01", "0002 00fb 7070"), job(4, "1f 00 0000 00000007", "", "1f"),
        s7(SERVER, JOB, 5, "1d 00 0000 00000000 09 5f30423030303030 41"), s7(CLIENT, ACK, 5, "", "", 0xd20c)]),
    "services": (0, SET_UP, [
        job(2, "28 000000000000fd 0000 09 505f50524f4752414d", "", "28"),
        job(3, "28 000000000000fd 0002 4320 09 505f50524f4752414d", "", "28"),
        job(4, "28 000000000000fd 0012 0200 3038303030303141 3045303031303042 05 5f44454c45", "", "28"),
        job(5, "28 000000000000fd 0002 4550 05 5f4d4f4455", "", "28"),
        job(6, "28 000000000000fd 0000 05 5f47415242", "", "28"),
        job(7, "28 000000000000fd 0004 03414243 09 5f4e5f4c4f47494e5f", "", "28"),
        job(8, "29 0000000000 09 505f50524f4752414d", "", "29")]),
    "lists": (0, SET_UP, [
        userdata(2, 4, 1, full("0131 0001"), full("0131 0001 0002 0002 01020304")),
        userdata(3, 3, 1, NO_DATA, full("3038000130450000")), userdata(4, 3, 2, full("3041"), full("00012205")),
        userdata(5, 3, 3, full("3041303030303142"), full("0100")),
        s7(SERVER, USERDATA, 6, short(4, 1), full("00a0 0000")),
        s7(CLIENT, USERDATA, 6, long(2, 4, 1, 3, 1), full("00a0 0000 0014 0015 0102")),
        s7(SERVER, USERDATA, 7, long(1, 4, 1, 3), NO_DATA),
        s7(CLIENT, USERDATA, 7, long(2, 4, 1, 3), full("0304"))]),
    "messages": (0, SET_UP, [
        userdata(2, 4, 2, full("01 00 5553455231000000"), full("0200"), 2),
        s7(CLIENT, USERDATA, 0, "000112 04 11 04 03 00", full("4304ff8400000000")),
        s7(CLIENT, USERDATA, 0, "01 00 10 01 00 00 00 07"),
        userdata(3, 4, 0x0b, full("01020304")), userdata(4, 4, 0x13, full("000112081a00013400000004"), full("0001"))]),
    "programmer": (0, SET_UP, [
        tis(2, 2, "0002 0106000000001101 00000008", 5), tis(3, 0x0e, "0205"),
        s7(CLIENT, USERDATA, 0, long(0, 1, 2, 5), full("00040000 01020304")),
        tis(4, 8, "0003 030100000000 020100000004 100100000008 0009 0004 4133851f 0009 0002 dead 0009 0001 01 00", 6),
        tis(5, 0x0e, "0806"), tis(6, 0x0f, "0002 0205 0806"), tis(7, 0x0c, ""), tis(8, 0x10, "0000")]),
    "cyclic": (0, SET_UP, [
        userdata(2, 2, 5, full("0001 01 01 1207b0010500510172"), full("0001 ff09 0006 ff43f6903560"), 1),
        s7(CLIENT, USERDATA, 0, long(0, 2, 5, 1), full("0001 ff09 0006 ff43f6903560")),
        userdata(3, 2, 4, full("0501")),
        userdata(4, 2, 1, full("0002 01 0a 120a10 02 0001 0000 83 000000 120a10 04 0001 0001 84 000000"), NO_DATA, 2)]),
    "security": (0, SET_UP, [
        userdata(2, 5, 1, full("0102030405060708")), userdata(3, 5, 2), userdata(4, 7, 1, NO_DATA, full("00191408201159439124")),
        userdata(5, 7, 2, full("00191408201159330400")), userdata(6, 6, 1, full("1208130000000001 0102")),
        userdata(7, 2, 8, full("01020304")), userdata(8, 0x20, 3, full("01")), userdata(9, 0x3f, 1, full("01"))]),
    "relaxed": (255, SET_UP, [
        job(1, "f0 00 0002 0002 00f0", "", "f0 00 0002 0002 00f0"),
        job(2, "04 01 120a10 04 0001 0001 84 000000", "", "04 01", "0a00 0004"),
        job(3, "05 01 120a10 07 0001 0001 84 000000", "0005 0020 00000001", "05 01", "ff"),
        s7(SERVER, USERDATA, 4, short(4, 1), full("0131 0001")),
        s7(CLIENT, USERDATA, 4, long(2, 4, 1), full("0131 0001 0002 0001 0102") + "0000")]),
    "midstream": (0, MIDSTREAM, [
        s7(CLIENT, ACK_DATA, 2, "04 01", "ff04 0008 01"), s7(SERVER, ACK_DATA, 3, "1b 01", "0002 00fb 0102"),
        s7(CLIENT, JOB, 4, "1b 00 0000 00000000 " + DB1), s7(SERVER, ACK_DATA, 4, "1b 00", "0002 00fb 0102"),
        s7(CLIENT | GAP, ACK_DATA, 5, "04 01", "ff04 0008 01")]),
    "bounded": (0, SET_UP | FEW, [s7(SERVER, JOB, n, "04 01 120a10 02 0001 0001 84 000000") for n in range(4)]),
    "faulty": (0, SET_UP, [
        s7(SERVER, JOB, 2, "04 01 120eb2 ff 0084 0001 01020304 20000001"), s7(SERVER, JOB, 2, "7f"),
        s7(CLIENT, ACK_DATA, 9, "04 01", "ff04 0008 01"), raw(SERVER, "0300000803f08000"), raw(SERVER, "0300000702f081")]),
}


def main():
    directory = sys.argv[1]
    os.makedirs(directory, exist_ok=True)
    for name, (relax, flags, chunks) in FLOWS.items():
        with open(os.path.join(directory, name), "wb") as seed:
            seed.write(bytes([relax, flags]) + b"".join(chunks))


if __name__ == "__main__":
    main()
