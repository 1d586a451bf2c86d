#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`penstock learn` over one capture with a bit of everything: the plant file is learn_everything.conf beside this file,
and the options do what they say.

Usage: learn_everything.py PENSTOCK [--update]
"""
import json
import os
import subprocess
import sys
import tempfile

from frames import Connection, arp, ethernet, icmp, ip, modbus, udp, write_pcap

EXPECTED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "learn_everything.conf")
HMI, ENG, PLC, RTU = "10.20.1.10", "10.20.1.20", "10.20.2.11", "10.20.2.17"


def polling(client, server, port=502, client_port=40000, unit=1):
    """Reads two blocks that touch and one apart, writes two set points; answered."""
    c = Connection(client, server, port, client_port)
    for i, (first, n) in enumerate(((0, 10), (10, 2), (100, 1))):
        c.send(modbus(i, bytes((3, 0, first, 0, n)), unit))
        c.answer(modbus(i, bytes((3, 2 * n)) + bytes(2 * n), unit))
    for i, value in ((7, 40), (8, 900)):
        write = bytes((6, 0, 40 + i, value >> 8, value & 255))
        c.send(modbus(i, write, unit))
        c.answer(modbus(i, write, unit))
    return c


def everything():
    c = polling(HMI, PLC)
    frames = [arp(HMI, PLC)] + c.frames
    frames += polling(HMI, RTU, client_port=40001).frames
    c = Connection(ENG, PLC, 502, 40002)  # identification, and one request that no device understands
    c.send(modbus(1, bytes((43, 14, 1, 0))))
    c.send(modbus(2, bytes((99, 1, 2))))
    frames += c.frames
    frames += Connection(ENG, RTU, 502, 40003).frames  # nothing is asked
    c = Connection(HMI, "10.20.2.31", 502, 40004)
    c.send(b"GET / HTTP/1.0\r\n\r\n")
    frames += c.frames
    c = Connection(HMI, PLC, 80, 40005)
    c.send(b"GET / HTTP/1.0\r\n\r\n")
    frames += c.frames
    c = Connection(HMI, PLC, 443, 40006)
    c.send(b"\x16\x03\x01")
    frames += c.frames
    frames.append(udp(HMI, ENG, 40007, 123, bytes(48)))  # inside a zone
    frames.append(udp(HMI, "224.0.0.251", 5353, 5353, b"mdns"))
    frames.append(udp("fd00:20:1::10", "fd00:20:2::11", 40008, 4840, b"hello"))
    frames += [icmp(HMI, PLC, 8), icmp(PLC, HMI, 0)]
    frames.append(ip(HMI, PLC, 132, bytes(12)))
    frames.append(ethernet(0x88CC, bytes(46), target="01:80:c2:00:00:0e"))
    frames.append(ethernet(38, b"\x42\x42\x03" + bytes(35), target="01:80:c2:00:00:00"))
    frames.append(arp("10.20.1.77", "10.20.3.1"))  # nobody of them ever talks
    frames += polling("10.20.4.1", "10.20.4.2", port=503).frames
    return frames


def learn(penstock, *arguments):
    done = subprocess.run([penstock, "learn", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False)
    if done.returncode != 0:
        sys.exit(f"learn {' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def replayed(penstock, plant, capture):
    """Counts of a replay: refused by class, allowed PDUs."""
    done = subprocess.run([penstock, "replay", "--json", plant, capture], stdout=subprocess.PIPE, text=True, check=False)
    summary = json.loads(done.stdout.splitlines()[-1])
    return summary["denied_by_class"], summary["allowed_pdus"]


def expect(held, what):
    if not held:
        sys.exit(f"learn_everything: {what}")


def options(penstock, scratch, capture):
    """Each option, and that without it the result is another one."""
    plain = learn(penstock, capture)
    expect('values = ["40..900"]' in plain, "written values are bounded")
    expect("values" not in learn(penstock, "--no-values", capture).replace("values 40", ""), "--no-values")
    expect('site = "Mill"' in learn(penstock, "--site", "Mill", capture), "--site")
    expect('"tcp-503"' in plain, "port 503 is nothing special by itself")
    with_port = learn(penstock, "--port=modbus=503", capture)
    expect('"tcp-503"' not in with_port and 'ports = ["503"]' in with_port, "--port")
    zones = os.path.join(scratch, "zones.conf")
    with open(zones, "w", encoding="ascii") as out:
        out.write('schema = 1; site = "Known"; revision = 7; zones = ( { name = "cell"; sl_t = 1; networks = '
                  '["10.20.2.0/24"]; assets = ( { name = "plc-1"; addresses = ["10.20.2.11"]; } ); } );')
    given = learn(penstock, "--zones", zones, capture)
    for text in ('site = "Known"', "revision = 7", 'name = "cell"', 'name = "plc-1"', 'name = "host-10-20-2-17"',
                 'name = "net-10-20-1-to-cell"'):
        expect(text in given, f"--zones: {text}")
    expect("net-10-20-2" not in given and "host-10-20-2-11" not in given, "--zones: what is known is not learned")
    done = subprocess.run([penstock, "learn", os.path.join(scratch, "nowhere.pcap")], stderr=subprocess.PIPE,
                          stdout=subprocess.PIPE, check=False)
    expect(done.returncode == 1 and done.stdout == b"", "a capture that is not there")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    penstock = sys.argv[1]
    with tempfile.TemporaryDirectory() as scratch:
        capture = os.path.join(scratch, "everything.pcap")
        plant = os.path.join(scratch, "plant.conf")
        write_pcap(capture, everything())
        text = learn(penstock, capture)
        with open(plant, "w", encoding="ascii") as out:
            out.write(text)
        if sys.argv[2:] == ["--update"]:
            with open(EXPECTED, "w", encoding="ascii") as out:
                out.write(text)
        subprocess.run([penstock, "check", plant], stdout=subprocess.DEVNULL, check=True)
        denied, allowed = replayed(penstock, plant, capture)
        expect(denied["policy"] == 0, f"nothing is refused for want of a rule: {denied}")
        expect(denied["protocol"] == 2, f"the unknown function and the HTTP request stay refused: {denied}")
        expect(allowed == 21, f"all sound PDUs are allowed: {allowed}")
        options(penstock, scratch, capture)
        with open(EXPECTED, encoding="ascii") as file:
            expect(file.read() == text, f"the plant file is another one than {EXPECTED}; --update writes it")


if __name__ == "__main__":
    main()
