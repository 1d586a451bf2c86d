# SPDX-License-Identifier: GPL-2.0-or-later
"""modbus_poller.py HOST SECONDS [PATIENCE [PAUSE]]: polls holding registers as an HMI does, and says at the end how that went:

    polls 1200, lost 0, connections 1

Before that it says "answered" and "lost" at the first poll of which that is so, and whenever it changes. Lost is a poll without
its answer within PATIENCE seconds (1), or a connection that ended; then it connects anew. PAUSE is between two polls (0.02). A
line of standard input ends it early.
"""
import select
import socket
import struct
import sys
import time


class Poller:
    def __init__(self, host, patience):
        self.host, self.patience, self.socket = host, patience, None
        self.polls = self.lost = self.connections = self.number = 0
        self.told = None

    def tell(self, word):
        if word != self.told:
            print(word, flush=True)
        self.told = word

    def connect(self):
        self.socket = socket.create_connection((self.host, 502), timeout=self.patience)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connections += 1

    def poll(self):
        self.number = (self.number + 1) & 0xffff
        self.polls += 1
        try:
            if self.socket is None:
                self.connect()
            self.socket.sendall(struct.pack(">HHHBBHH", self.number, 0, 6, 1, 3, 0, 8))
            answer = b""
            while len(answer) < 25:
                more = self.socket.recv(25 - len(answer))
                if not more:
                    raise OSError("closed")
                answer += more
            if struct.unpack(">H", answer[:2])[0] != self.number:
                raise OSError("another answer")
            self.tell("answered")
        except OSError:
            self.lost += 1
            if self.socket is not None:
                self.socket.close()
            self.socket = None
            self.tell("lost")


def main(host, seconds, patience=1, pause=0.02):
    poller, end = Poller(host, float(patience)), time.monotonic() + float(seconds)
    print("ready", flush=True)
    while time.monotonic() < end and not select.select([sys.stdin], [], [], float(pause))[0]:
        poller.poll()
    print(f"polls {poller.polls}, lost {poller.lost}, connections {poller.connections}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
