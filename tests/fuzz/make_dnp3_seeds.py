#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes seeds/dnp3: conversations in the format of fuzz_dnp3.c.

Usage: make_dnp3_seeds.py
"""
import os

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "seeds", "dnp3")
CROB = "0c0128 0100 0500 03 01 64000000 64000000"
M, S = (0, "c4 10"), (1, "44 01")  # the master, address 2, asks; the outstation, address 1, answers


def frame(side, user, control=None, wait=0):
    direction, head = side
    octets = bytes.fromhex((control + head[2:] if control else head) + user)
    return bytes([direction | wait << 3, len(octets)]) + octets


def ask(fragment, **options):
    return frame(M, "c0" + fragment, **options)


def answer(fragment, **options):
    return frame(S, "c0" + fragment, **options)


SEEDS = {
    "poll": (0, 0, [ask("c0 01 3c0206 3c0306 3c0406 3c0106"),
                    answer("e0 81 0000 1e01 00 00 00 01 00000000 0102 00 00 01 01 81"), ask("c0 00")]),
    "fragments": (0, 0, [ask("c1 01 3c0206"), frame(S, "40 a1 81 0000 0102"), frame(S, "", control="49"),
                         frame(S, "81 00 00 01 01 81"), ask("c1 00"), answer("62 81 0000")]),
    "select": (0, 0, [ask("c3 03" + CROB + "00"), answer("c3 81 0000" + CROB + "00"), ask("c4 04" + CROB + "00"),
                      answer("c4 81 0000" + CROB + "00"), ask("c5 05" + CROB + "00"), ask("c6 06" + CROB + "00")]),
    "analog": (0, 0, [ask("c0 05 2901 17 01 07 e8030000 00 2903 28 0100 0800 0000803f 00"),
                      answer("c0 81 0000 2901 17 01 07 e8030000 00 2903 28 0100 0800 0000803f 00")]),
    "unsolicited": (0, 0, [answer("f0 82 9000"), ask("d0 00"), answer("f1 82 0000 0201 17 01 05 81"), ask("d1 00"),
                           ask("c2 02 5001 00 07 07 00"), answer("c2 81 0000"), ask("c3 15 3c0206 3c0306")]),
    "link": (7, 0, [frame(M, "", control="c0"), frame(S, "", control="00"), frame(M, "", control="c9"),
                    frame(S, "", control="0b"), frame(M, "c0 c0 17", control="f3"), frame(M, "c0 c0 17", control="f3"),
                    frame(S, "", control="00")]),
    "time": (0, 0, [ask("c0 18"), answer("c0 81 0000"), ask("c1 02 3203 07 01 010203040506"), answer("c1 81 0000"),
                    ask("c2 17"), answer("c2 81 0000 3402 07 01 0000"), ask("c3 0d"), answer("c3 81 0000 3401 07 01 0500")]),
    "files": (0, 0, [ask("c0 19 4603 5b 01 1d00 1a00 0300 000000000000 0000 00000000 00000000 0100 0002 0100 612e62"),
                     answer("c0 81 0000 4604 5b 01 0d00 07000000 00000000 0002 0100 00"),
                     ask("c1 01 4605 5b 01 0800 07000000 00000000"),
                     answer("c1 81 0000 4605 5b 01 0a00 07000000 00000080 6869"),
                     ask("c2 1a 4604 5b 01 0d00 07000000 00000000 0000 0100 00")]),
    "authentication": (0, 0, [ask("c3 05" + CROB + "00"),
                              answer("c3 83 0000 7801 5b 01 0e00 01000000 0100 04 01 0102030405 06"),
                              ask("c3 20 7802 5b 01 0a00 01000000 0100 01020304"), answer("c3 81 0000" + CROB + "00")]),
    "broadcast": (0, 1, [frame((0, "c4 1a"), "c0 c0 06" + CROB + "00"), frame((0, "c4 18"), "c0 c0 17"),
                         answer("c0 81 0000")]),
    "midstream": (0, 2, [answer("c9 81 0000"), ask("c7 00"), ask("c3 01 3c0206", wait=9), bytes([2, 0])]),
    "as_it_is": (0, 0, [bytes([4, 10]) + bytes.fromhex("056405c901000200c2c7"), bytes([4, 3, 5, 0x64, 4])]),
}


def main():
    os.makedirs(HERE, exist_ok=True)
    for name, (relax, flags, chunks) in SEEDS.items():
        with open(os.path.join(HERE, name), "wb") as file:
            file.write(bytes([relax, flags]) + b"".join(chunks))


if __name__ == "__main__":
    main()
