# SPDX-License-Identifier: GPL-2.0-or-later
"""DNP3 over TCP as both ends of dnp3_peer.py need it: link frames with their CRCs, transport segments, object headers.

Strict: a frame that is not as it should be ends the conversation. Numbers are little-endian.
"""
import socket
import struct

PORT = 20000
FRAME_HEAD = 8  # without its CRC
BLOCK = 16  # octets of user data between two CRCs
SEGMENT = 249  # application octets of a transport segment
FIN, FIR = 0x80, 0x40  # transport
APP_FIR, APP_FIN, APP_CON, APP_UNS = 0x80, 0x40, 0x20, 0x10
DIR, PRM = 0x80, 0x40
UNCONFIRMED_DATA, REQUEST_LINK_STATUS, LINK_STATUS = 4, 9, 11

CONFIRM, READ, WRITE, SELECT, OPERATE, DIRECT_OPERATE, DIRECT_OPERATE_NO_ACK = range(7)
COLD_RESTART, WARM_RESTART = 13, 14
ENABLE_UNSOLICITED, DISABLE_UNSOLICITED, ASSIGN_CLASS, DELAY_MEASURE, RECORD_TIME = 20, 21, 22, 23, 24
OPEN_FILE, CLOSE_FILE, DELETE_FILE = 25, 26, 27
RESPONSE, UNSOLICITED = 129, 130

START_STOP, ALL, COUNT, COUNT_INDEX, INDEX_16, FREE = 0x00, 0x06, 0x07, 0x17, 0x28, 0x5B


def crc(data):
    """CRC-16/DNP."""
    value = 0
    for octet in data:
        value ^= octet
        for _ in range(8):
            value = value >> 1 ^ (0xA6BC if value & 1 else 0)
    return struct.pack("<H", value ^ 0xFFFF)


def frame(control, destination, source, user=b""):
    head = struct.pack("<HBBHH", 0x6405, 5 + len(user), control, destination, source)
    blocks = [user[i:i + BLOCK] for i in range(0, len(user), BLOCK)]
    return b"".join(part + crc(part) for part in [head, *blocks])


def header(group, variation, qualifier, *numbers):
    """An object header; the numbers are 8 bits wide, but 16 with an index of 16 bits."""
    return bytes([group, variation, qualifier]) + struct.pack("<" + ("H" if qualifier == INDEX_16 else "B") * len(numbers), *numbers)


class Ended(Exception):
    """The other end has gone, or does not speak DNP3."""


class Link:
    """One end of a conversation between a master and an outstation."""

    def __init__(self, connection, is_master, own, other):
        self.connection, self.is_master, self.own, self.other = connection, is_master, own, other
        self.sequence = 0
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def control(self, function, primary=True):
        return (DIR if self.is_master else 0) | (PRM if primary else 0) | function

    def send(self, fragment):
        """All frames of the fragment at once."""
        data = b""
        for start in range(0, len(fragment), SEGMENT):
            part = fragment[start:start + SEGMENT]
            transport = self.sequence | (FIR if start == 0 else 0) | (FIN if start + SEGMENT >= len(fragment) else 0)
            self.sequence = (self.sequence + 1) % 64
            data += frame(self.control(UNCONFIRMED_DATA), self.other, self.own, bytes([transport]) + part)
        self.connection.sendall(data)

    def ask_link_status(self):
        self.connection.sendall(frame(self.control(REQUEST_LINK_STATUS), self.other, self.own))

    def octets(self, count):
        data = b""
        while len(data) < count:
            part = self.connection.recv(count - len(data))
            if not part:
                raise Ended
            data += part
        return data

    def checked(self, count):
        data, check = self.octets(count), self.octets(2)
        if crc(data) != check:
            raise Ended("a CRC is wrong")
        return data

    def read_frame(self):
        """(link function, user data) of a frame for us."""
        start, length, control, destination, _ = struct.unpack("<HBBHH", self.checked(FRAME_HEAD))
        if start != 0x6405 or length < 5 or destination != self.own or bool(control & DIR) == self.is_master:
            raise Ended("not a frame of this conversation")
        left, user = length - 5, b""
        while left > 0:
            user += self.checked(min(left, BLOCK))
            left -= min(left, BLOCK)
        return control & 0x0F if control & PRM else 0x100 | control & 0x0F, user

    def receive(self):
        """The next fragment. Link status is asked for and given on the way; None when it was given to us."""
        fragment, expected = b"", None
        while True:
            function, user = self.read_frame()
            if function == REQUEST_LINK_STATUS:
                self.connection.sendall(frame(self.control(LINK_STATUS, primary=False), self.other, self.own))
            elif function == 0x100 | LINK_STATUS:
                return None
            elif function != UNCONFIRMED_DATA or len(user) < 2:
                raise Ended("a frame that is not for us")
            else:
                if bool(user[0] & FIR) == bool(fragment) or (fragment and user[0] % 64 != expected):
                    raise Ended("a segment is missing")
                fragment, expected = fragment + user[1:], (user[0] + 1) % 64
                if user[0] & FIN:
                    return fragment
