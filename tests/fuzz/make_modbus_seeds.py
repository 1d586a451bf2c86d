#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""make_modbus_seeds.py DIRECTORY - writes the seeds of fuzz_modbus: flows of a few ADUs each, built by hand."""
import os
import sys

SERVER, CLIENT, GAP = 0, 1, 2
DATAGRAM, MIDSTREAM, FEW = 1, 2, 4

# name: (relax, flags, [(direction, transaction id, PDU)])
FLOWS = {
    "coils": (0, 0, [(SERVER, 1, "01 0000 000a"), (CLIENT, 1, "01 02 ff03"), (SERVER, 2, "05 0001 ff00"),
                     (CLIENT, 2, "05 0001 ff00"), (SERVER, 3, "0f 0013 000a 02 cd01"), (CLIENT, 3, "0f 0013 000a")]),
    "registers": (0, 0, [(SERVER, 1, "03 0000 0002"), (CLIENT, 1, "03 04 0001 0002"), (SERVER, 2, "06 0029 0384"),
                         (CLIENT, 2, "06 0029 0384"), (SERVER, 3, "10 0001 0002 04 000a 0102"),
                         (CLIENT, 3, "10 0001 0002"), (SERVER, 4, "16 0004 00f2 0025"),
                         (CLIENT, 4, "16 0004 00f2 0025"), (SERVER, 5, "17 0003 0002 000e 0001 02 00ff"),
                         (CLIENT, 5, "17 04 00fe 0acd")]),
    "inputs": (0, 0, [(SERVER, 1, "02 0010 0008"), (CLIENT, 1, "02 01 55"), (SERVER, 2, "04 ffff 0001"),
                      (CLIENT, 2, "84 02"), (SERVER, 3, "18 04de"), (CLIENT, 3, "18 0006 0002 01b8 1284")]),
    "files": (0, 0, [(SERVER, 1, "14 0e 06 0004 0001 0002 06 0003 0009 0002"),
                     (CLIENT, 1, "14 0c 05 06 0dfe 0020 05 06 33cd 0040"),
                     (SERVER, 2, "15 0d 06 0004 0007 0003 06af 04be 100d"),
                     (CLIENT, 2, "15 0d 06 0004 0007 0003 06af 04be 100d")]),
    "diagnostics": (0, 0, [(SERVER, 1, "07"), (CLIENT, 1, "07 55"), (SERVER, 2, "08 0000 a537"),
                           (CLIENT, 2, "08 0000 a537"), (SERVER, 3, "0b"), (CLIENT, 3, "0b ffff 0108"),
                           (SERVER, 4, "0c"), (CLIENT, 4, "0c 08 0000 0108 0121 2000"), (SERVER, 5, "11"),
                           (CLIENT, 5, "11 03 42 ff 00"), (SERVER, 6, "08 0004 0000"), (CLIENT, 6, "88 0b")]),
    "identification": (0, 0, [(SERVER, 1, "2b 0e 01 00"), (CLIENT, 1, "2b 0e 01 01 00 00 02 00 03 616263 01 01 64"),
                              (SERVER, 2, "2b 0d 00 01"), (CLIENT, 2, "2b 0d 00 01 02")]),
    "umas": (0, 0, [(SERVER, 1, "5a 00 01 00"), (CLIENT, 1, "5a 00 fe fd03 0104"), (SERVER, 2, "5a 00 10 434c"),
                    (CLIENT, 2, "5a 00 fe 07"), (SERVER, 3, "5a 07 41 ff00"), (CLIENT, 3, "5a 07 fe"),
                    (SERVER, 4, "5a 00 0a 0102"), (CLIENT, 4, "5a 00 fe 0102"), (SERVER, 5, "5a 07 11"),
                    (CLIENT, 5, "5a 07 fd 80")]),
    "vendor": (0, 0, [(SERVER, 1, "41 0102"), (CLIENT, 1, "41 00"), (SERVER, 2, "09 01"), (CLIENT, 2, "89 01")]),
    "pipelined": (0, FEW, [(SERVER, 1, "03 0000 0001"), (SERVER, 2, "03 0001 0001"), (SERVER, 3, "03 0002 0001"),
                           (CLIENT, 2, "03 02 0001"), (CLIENT, 1, "03 02 0002"), (CLIENT, 9, "03 02 0001")]),
    "datagrams": (0, DATAGRAM, [(SERVER, 1, "06 0001 0002"), (SERVER, 1, "06 0001 0002"), (CLIENT, 1, "06 0001 0002"),
                                (CLIENT, 1, "06 0001 0002")]),
    "midstream": (0, MIDSTREAM, [(CLIENT, 1, "03 02 0001"), (SERVER, 2, "03 0000 0001"), (CLIENT, 2, "03 02 0001"),
                                 (CLIENT | GAP, 3, "03 02 0001"), (SERVER, 4, "5a 42 41 ff00")]),
    "relaxed": (255, 0, [(SERVER, 1, "06 0003 0000"), (SERVER, 1, "06 0004 0000"), (CLIENT, 1, "06 0003 0000"),
                         (CLIENT, 1, "06 0004 0000"), (SERVER, 2, "03 0000 007f"), (CLIENT, 2, "83 40"),
                         (SERVER, 3, "2b 0e 01 00"), (CLIENT, 3, "2b 0e 01 00 4db7 00 00 00 00")]),
    "refused": (0, 0, [(SERVER, 1, "03 0000 0000"), (SERVER, 1, "10 0001 0001 02 000a 0002 0000 0006 01 06 0000 ffff"),
                       (SERVER, 1, "80 01"), (SERVER, 1, "08 0005 0000"), (CLIENT, 1, "83 03")]),
}


def chunk(direction, transaction, pdu):
    body = bytes.fromhex(pdu)
    adu = transaction.to_bytes(2, "big") + b"\0\0" + (len(body) + 1).to_bytes(2, "big") + b"\1" + body
    return bytes([direction, len(adu)]) + adu


def main():
    directory = sys.argv[1]
    os.makedirs(directory, exist_ok=True)
    for name, (relax, flags, adus) in FLOWS.items():
        with open(os.path.join(directory, name), "wb") as seed:
            seed.write(bytes([relax, flags]) + b"".join(chunk(*adu) for adu in adus))


if __name__ == "__main__":
    main()
