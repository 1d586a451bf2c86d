# SPDX-License-Identifier: GPL-2.0-or-later
"""The DNP3 peers keep to the wire format: known frames, and a conversation with itself."""
import os
import socket
import struct
import sys
import threading
import types
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import dnp3_peer as peer  # noqa: E402
import dnp3_wire as wire  # noqa: E402

MASTER, OUTSTATION = 1, 10
LINK_STATUS_OF_MASTER = bytes.fromhex("05 64 05 C9 0A 00 01 00 FE DA")
INTEGRITY = bytes.fromhex("05 64 14 C4 0A 00 01 00 8F ED C0 C0 01 3C 02 06 3C 03 06 3C 04 06 3C 01 06 8A 51")
SELECT = bytes.fromhex("05 64 1A C4 0A 00 01 00 8A 1C C3 C3 03 0C 01 28 01 00 05 00 03 01 64 00 00 00 1B 41 64 00 00 00 00 00 5B")
UNSOLICITED = bytes.fromhex("05 64 0A 44 01 00 0A 00 6E 25 C0 F0 82 90 00 43 A2")


class FrameTest(unittest.TestCase):
    def test_crc__check_value(self):
        self.assertEqual(wire.crc(b"123456789"), b"\x82\xea")

    def test_frame__known_ones(self):
        self.assertEqual(wire.frame(0xC9, OUTSTATION, MASTER), LINK_STATUS_OF_MASTER)
        polls = b"".join(wire.header(60, v, wire.ALL) for v in (2, 3, 4, 1))
        self.assertEqual(wire.frame(0xC4, OUTSTATION, MASTER, b"\xc0\xc0\x01" + polls), INTEGRITY)
        self.assertEqual(wire.frame(0x44, MASTER, OUTSTATION, b"\xc0\xf0\x82\x90\x00"), UNSOLICITED)

    def test_frame__longer_than_a_block__two_checksums(self):
        control = wire.header(12, 1, wire.INDEX_16, 1) + struct.pack("<HBBIIB", 5, 3, 1, 100, 100, 0)
        self.assertEqual(wire.frame(0xC4, OUTSTATION, MASTER, b"\xc3\xc3\x03" + control), SELECT)

    def received(self, octets):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.sendall(octets)
            theirs.shutdown(socket.SHUT_WR)
            return link_over(ours, False, OUTSTATION, MASTER).receive()

    def test_receive__as_it_should_be__the_fragment(self):
        self.assertEqual(self.received(INTEGRITY)[:2], b"\xc0\x01")

    def test_receive__any_octet_wrong__ended(self):
        for i in range(len(SELECT)):
            wrong = SELECT[:i] + bytes([SELECT[i] ^ 1]) + SELECT[i + 1:]
            with self.assertRaises(wire.Ended, msg=f"octet {i}"):
                self.received(wrong)

    def test_receive__for_somebody_else__ended(self):
        with self.assertRaises(wire.Ended):
            self.received(wire.frame(0xC4, OUTSTATION + 1, MASTER, b"\xc0\xc0\x01"))


def link_over(connection, is_master, own, other):
    """A link over a socket that is no TCP socket and has no delay to switch off."""
    quiet = types.SimpleNamespace(recv=connection.recv, sendall=connection.sendall, setsockopt=lambda *_: None)
    return wire.Link(quiet, is_master, own, other)


class ConversationTest(unittest.TestCase):
    def setUp(self):
        server = socket.create_server(("127.0.0.1", 0))
        client = socket.create_connection(server.getsockname(), timeout=5)
        accepted = server.accept()[0]
        server.close()
        self.outstation = peer.Outstation(OUTSTATION, [MASTER])
        shared = types.SimpleNamespace(outstation=self.outstation)
        thread = threading.Thread(target=peer.Conversation, args=(accepted, None, shared), daemon=True)
        thread.start()
        self.master = peer.Master(client, MASTER, OUTSTATION)
        self.addCleanup(accepted.close)
        self.addCleanup(thread.join, 5)
        self.addCleanup(self.master.close)

    def test_integrity__two_frames__all_points(self):
        answer = self.master.integrity()
        self.assertGreater(len(answer), wire.SEGMENT)
        self.assertEqual(answer[4:], self.outstation.static())
        self.assertEqual(answer[2], peer.IIN_RESTART | peer.IIN_NEED_TIME)

    def test_breaker__selected__moves_and_is_reported(self):
        self.master.enable()
        self.master.breaker("select", "1", "trip")
        self.master.events()
        self.assertEqual(self.outstation.inputs[1], 0)

    def test_breaker__operated_alone__stays(self):
        answer = self.master.breaker("operate", "1", "trip")
        self.assertEqual(answer[-1], peer.NO_SELECT)
        self.assertEqual(self.outstation.inputs[1], 1)

    def test_events__polled__once(self):
        self.master.breaker("direct", "1", "trip")
        self.assertEqual(self.master.classes("1")[4:7], wire.header(2, 2, wire.COUNT_INDEX))
        self.assertEqual(len(self.master.classes("1")), 4)

    def test_cold_restart__indicated_until_cleared(self):
        self.master.clear_restart()
        self.assertEqual(self.master.classes("1")[2] & peer.IIN_RESTART, 0)
        self.master.cold_restart()
        self.assertEqual(self.master.classes("1")[2] & peer.IIN_RESTART, peer.IIN_RESTART)

    def test_unknown_function__said_so(self):
        self.assertEqual(self.master.request(31)[3], peer.IIN2_NO_FUNCTION)


if __name__ == "__main__":
    unittest.main(verbosity=1)
