#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""PDUs of inspected protocols, by what pdu_counts.c tells them apart by, against what tshark counts.

Usage: corpus_truth.py PENSTOCK PDU_COUNTS [NAME...]

DIFFERENCES lists every capture in which the counts differ, by how much, and why; a difference that is not listed, or a
listed one that is gone, fails. The NOTES.md of each dissector says more about its own, with packet numbers. Captures whose
truth is only approximate (fuzzed, cut, not conforming) are counted and compared as well.
"""
import collections
import json
import os
import re
import subprocess
import sys
import tempfile

import corpus

# name -> (why, {count: ours - tshark's})
FROM_PORT_502 = ("a host opens a connection from its own port 502 to port 4446 of another and sends ten exceptions and a "
                 "function 42 in it; its server port is 4446, so that it is no Modbus connection: tcp/4446, uninspected",
                 {"modbus c2s 1": -10, "modbus c2s 42": -1, "modbus exception 1 5": -5, "modbus exception 1 6": -5})
DIFFERENCES = {
    "dnp3/icsnpp-dnp3-example.pcap": (
        "connections without handshakes; tshark does not join the fragments that end in packets 18, 114, 210 (answers) and "
        "810 (unsolicited), and takes packet 311, a whole answer, for function 0",
        {"dnp3 app outstation 0": -1, "dnp3 app outstation 129": 4, "dnp3 app outstation 130": 1}),
    "dnp3/iti-dnp3-selectoperate.pcap": (
        "the client's frames have a group as their source MAC and are refused before anything of them is read",
        {"dnp3 app master 3": -1, "dnp3 app master 4": -1, "dnp3 link pri:4": -2}),
    "dnp3/iti-opendnp3-conformance-6-6-2-2.pcap": (
        "conformance test: tshark reads requests in frames whose link functions, 5 and 10, have no user data",
        {"dnp3 app master 1": -2}),
    "dnp3/iti-opendnp3-conformance-6-6-2-3.pcap": (
        "conformance test: user data behind a frame of length 5. Behind that (packet 4) the stream is lost, and packet 6 is "
        "the same again",
        {"dnp3 link pri:4": -1}),
    "dnp3/iti-opendnp3-conformance-6-6-2-5.pcap": (
        "conformance test: tshark reads a request in a frame whose link function has no user data",
        {"dnp3 app master 1": -1}),
    "dnp3/suricata-dnp3-max-points.pcap": (
        "the six frames of packets 95 to 100 are a fragment that never ends: nothing was judged",
        {"dnp3 link pri:4": -6}),
    "modbus/arkime-modbus.pcap": FROM_PORT_502,
    "modbus/quickdraw-modbus-test-data-part1.pcap": FROM_PORT_502,
    "modbus/zeek-fuzz-72.pcap": (
        "fuzzer output, sixteen holes in 36 packets. tshark takes a segment with SYN, FIN, URG and a length of its own from "
        "port 502 for the opening, so that its directions are the other way round; packet 1 is refused for its length, "
        "and port 502 is the server. It counts PDUs of packets 5 and 20 (sequence numbers far outside, an IP length behind "
        "the frame's end) and 11 (a group as the source MAC), which are refused; and it passes over the exceptions of "
        "packets 2, 27 and 32",
        {"modbus c2s 29": 1, "modbus c2s 32": -1, "modbus c2s 33": 1, "modbus c2s 35": 1, "modbus c2s 36": 1,
         "modbus c2s 43": 1, "modbus c2s 46": 1, "modbus c2s 47": 1, "modbus c2s 52": 1, "modbus c2s 54": 1,
         "modbus c2s 63": 1, "modbus c2s 65": 1, "modbus c2s 70": 1, "modbus c2s 71": 2, "modbus exception 28 1": 1,
         "modbus exception 32 1": -1, "modbus exception 59 1": 1, "modbus exception 66 1": 1, "modbus s2c 28": 1,
         "modbus s2c 29": -1, "modbus s2c 33": -1, "modbus s2c 35": -1, "modbus s2c 36": -1, "modbus s2c 37": -1,
         "modbus s2c 43": -1, "modbus s2c 46": -1, "modbus s2c 47": -1, "modbus s2c 50": -1, "modbus s2c 52": -1,
         "modbus s2c 54": -1, "modbus s2c 59": 1, "modbus s2c 63": -1, "modbus s2c 65": -1, "modbus s2c 66": 1,
         "modbus s2c 70": -1, "modbus s2c 71": -2}),
    "s7comm/iti-s7comm-clean.pcap": (
        "twelve answers come into the capture only behind their acknowledgement and the next job (packets 397, 411, 1272, "
        "1455, 1610, 1745, 2001, 2295, 2298, 2858, 3653 and 4059): when the client acknowledges what was never seen, the "
        "stream goes on behind it, and what comes later is a repetition",
        {"s7comm ack_data 0x04": -12}),
}


def spoken(penstock):
    """Words of the protocols that are inspected."""
    words = subprocess.run([penstock, "words"], stdout=subprocess.PIPE, check=True, text=True).stdout
    return set(re.findall(r"^Functions of ([^,]+),", words, re.M))


def ports(truth):
    """learn's options for what tshark was told to read on other ports: "tcp.port==20001,dnp3"."""
    return re.findall(r"(?:tcp|udp)\.port==(\d+),(\w+)", " ".join(truth["decode"]["decode_as"]))


def ours(penstock, pdu_counts, capture, options, scratch):
    plant = os.path.join(scratch, "plant.conf")
    subprocess.run([penstock, "learn", "-j1", "-o", plant, *options, capture], stderr=subprocess.DEVNULL, check=True)
    out = subprocess.run([pdu_counts, plant, capture], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
                         text=True).stdout
    return collections.Counter(out.splitlines())


def modbus(truth):
    for direction in ("c2s", "s2c"):
        for function, n in truth["functions_" + direction].items():
            yield f"{direction} {function}", n
    for key, n in truth["exceptions_by_function_and_code"].items():
        yield "exception " + key.replace("/", " "), n


def dnp3(truth):
    for function, n in truth["link_functions"].items():
        yield f"link {function}", n
    for station in ("master", "outstation"):
        for function, n in truth["app_fragments_from_" + station].items():
            yield f"app {station} {function}", n


def s7comm(truth):
    for kind in ("job", "ack_data"):
        for function, n in truth["functions"].get(kind, {}).items():
            yield f"{kind} {function}", n
    yield "ack", truth["rosctr"].get("ack", 0)
    for key, n in truth["userdata"].items():
        yield "userdata " + key, n


def s7comm_plus(truth):
    yield from truth["by_version_byte"].items()


# of the truth file -> (word, counts)
PROTOCOLS = {"modbus": ("modbus", modbus), "dnp3": ("dnp3", dnp3), "s7comm": ("s7comm", s7comm),
             "s7comm_plus": ("s7comm-plus", s7comm_plus)}


def tsharks(truth, words):
    return collections.Counter({f"{word} {key}": n for name, (word, counts) in PROTOCOLS.items()
                                if name in truth and word in words for key, n in counts(truth[name]) if n > 0})


def difference(a, b):
    return {key: a[key] - b[key] for key in sorted(set(a) | set(b)) if a[key] != b[key]}


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    penstock, pdu_counts, wanted = sys.argv[1], sys.argv[2], sys.argv[3:]
    path = corpus.folder()
    words = spoken(penstock)
    n = n_pdus = failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        for name in corpus.captures(path):
            with open(os.path.join(path, "truth", name + ".json"), encoding="utf-8") as file:
                truth = json.load(file)
            if not set(PROTOCOLS) & set(truth) or (wanted and not any(word in name for word in wanted)):
                continue
            theirs = tsharks(truth, words)
            options = [f"--port={word}={port}" for port, word in ports(truth) if word in words]
            found = difference(ours(penstock, pdu_counts, os.path.join(path, name), options, scratch), theirs)
            n += 1
            n_pdus += sum(count for key, count in theirs.items() if " exception " not in key)
            if found != DIFFERENCES.get(name, ("", {}))[1]:
                failed += 1
                print(f"{name} ({truth['confidence']['level']}): ours - tshark's is {json.dumps(found)}")
    print(f"{n} captures with {n_pdus:,} PDUs by tshark's count, {failed} with a difference that is not explained")
    sys.exit(1 if failed or n == 0 else 0)


if __name__ == "__main__":
    main()
