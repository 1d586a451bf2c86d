# SPDX-License-Identifier: GPL-2.0-or-later
"""A PLC that takes program blocks, as far as a loader sees it: s7_loader.py ADDRESS

snap7's server refuses every download, so this one is the project's own: it answers connect, set-up, start and stop, and
a block download as an S7-300 does it (request, then the PLC fetches the block part by part and says that it ended, then
the client has it inserted). Nothing of a block is kept. Everything else is answered with an error.
"""
import socketserver
import struct
import sys

PORT = 102
PDU_LENGTH = 240
JOB, ACK_DATA = 1, 3
SETUP, REQUEST_DOWNLOAD, DOWNLOAD_BLOCK, DOWNLOAD_ENDED, SERVICE, STOP = 0xF0, 0x1A, 0x1B, 0x1C, 0x28, 0x29
NO_SUCH_FUNCTION = 0x8104
NAME = slice(9, 18)  # of the block, in the parameters of a request to download


class Loader(socketserver.BaseRequestHandler):
    """One connection."""

    def setup(self):
        self.reference = 0

    def octets(self, count):
        data = b""
        while len(data) < count:
            part = self.request.recv(count - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def tpkt(self):
        """What follows the TPKT header."""
        return self.octets(struct.unpack(">BBH", self.octets(4))[2] - 4)

    def send(self, rosctr, reference, parameters, error=None):
        head = struct.pack(">BBHHHH", 0x32, rosctr, 0, reference, len(parameters), 0)
        pdu = head + (b"" if error is None else struct.pack(">H", error)) + parameters
        self.request.sendall(struct.pack(">BBHBBB", 3, 0, len(pdu) + 7, 2, 0xF0, 0x80) + pdu)

    def connect(self):
        request = self.tpkt()
        if request[1] != 0xE0:
            raise EOFError
        confirm = bytes([request[0], 0xD0]) + request[4:6] + b"\x00\x01" + request[6:]
        self.request.sendall(struct.pack(">BBH", 3, 0, len(confirm) + 4) + confirm)

    def pdu(self):
        """(reference, parameters) of a job, or of an answer to one of ours."""
        pdu = self.tpkt()[3:]
        _, rosctr, _, reference, length, _ = struct.unpack_from(">BBHHHH", pdu)
        start = 10 if rosctr == JOB else 12
        return reference, pdu[start:start + length]

    def job(self, function, name):
        """Asks the client for something about the block; the parameters of its answer."""
        self.reference += 1
        self.send(JOB, self.reference, bytes([function]) + bytes(7) + b"\x09" + name)
        return self.pdu()[1]

    def download(self, reference, parameters):
        self.send(ACK_DATA, reference, bytes([REQUEST_DOWNLOAD]), error=0)
        name = parameters[NAME]
        while self.job(DOWNLOAD_BLOCK, name)[1] == 1:
            pass
        self.job(DOWNLOAD_ENDED, name)

    def answer(self):
        reference, parameters = self.pdu()
        function = parameters[0]
        if function == SETUP:
            calling, called, length = struct.unpack_from(">HHH", parameters, 2)
            agreed = struct.pack(">BBHHH", SETUP, 0, calling, called, min(length, PDU_LENGTH))
            self.send(ACK_DATA, reference, agreed, error=0)
        elif function == REQUEST_DOWNLOAD:
            self.download(reference, parameters)
        elif function in (SERVICE, STOP):
            self.send(ACK_DATA, reference, bytes([function]), error=0)
        else:
            self.send(ACK_DATA, reference, bytes([function]), error=NO_SUCH_FUNCTION)

    def handle(self):
        try:
            self.connect()
            while True:
                self.answer()
        except (EOFError, ConnectionError):
            pass


class Server(socketserver.ThreadingTCPServer):
    """Reusable at once, and gone with the program."""
    allow_reuse_address = True
    daemon_threads = True


def main(address):
    with Server((address, PORT), Loader) as server:
        print("ready", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
