# SPDX-License-Identifier: GPL-2.0-or-later
"""The server behind the gateway: Modbus over the real TCP and UDP of the kernel, and a log of every read."""
import selectors
import socket
import threading

from evasion_wire import PORT, answer, split_pdus

FAST_OPEN_PORT = PORT + 1  # takes data in SYNs
TCP_FASTOPEN = 23
BACKLOG = 1024  # more than any row leaves half open: with cookies, data alone opens a connection


class Connection:
    """One client: what each read gave, and how it ended."""

    def __init__(self, sock, peer):
        self.sock, self.peer, self.reads, self.ended = sock, peer, [], None
        self.pending = b""

    def shut(self):
        """Nothing more goes to the client."""
        self.sock.shutdown(socket.SHUT_WR)

    @property
    def stream(self):
        return b"".join(self.reads)


class Server:
    """Its sockets belong to the namespace of the thread that made it; another thread serves them."""

    def __init__(self, addresses):
        self.selector = selectors.DefaultSelector()
        self.connections, self.datagrams = [], []
        self.listeners = []
        for address in addresses:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            for port in (PORT, FAST_OPEN_PORT):
                self.listeners.append(self.listen(family, address, port))
            sock = socket.socket(family, socket.SOCK_DGRAM)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind(("", PORT))
            self.register(sock, self.take_datagram)
        self.running = True
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def listen(self, family, address, port):
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if port == FAST_OPEN_PORT:
            sock.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, BACKLOG)
        sock.bind((address, port))
        sock.listen(BACKLOG)
        self.register(sock, self.accept)
        return sock

    def register(self, sock, handler, argument=None):
        sock.setblocking(False)
        self.selector.register(sock, selectors.EVENT_READ, (handler, argument))

    def start(self):
        self.thread.start()

    def stop(self):
        self.running = False
        self.thread.join(2)

    def serve(self):
        while self.running:
            for key, _ in self.selector.select(0.05):
                handler, argument = key.data
                handler(key.fileobj, argument)

    def accept(self, listener, _):
        try:
            sock, peer = listener.accept()
        except OSError:
            return
        self.adopt(sock, peer)

    def adopt(self, sock, peer):
        """A connection that somebody else has opened."""
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(sock, peer)
        self.connections.append(connection)
        self.register(sock, self.read, connection)
        return connection

    def read(self, sock, connection):
        try:
            data = sock.recv(4096)
        except OSError as error:
            self.end(sock, connection, type(error).__name__)
            return
        if not data:
            self.end(sock, connection, "eof")
            return
        connection.reads.append(data)
        pdus, connection.pending = split_pdus(connection.pending + data)
        try:
            if pdus:
                sock.send(b"".join(map(answer, pdus)))
        except OSError as error:
            self.end(sock, connection, type(error).__name__)

    def end(self, sock, connection, how):
        connection.ended = how
        self.selector.unregister(sock)
        sock.close()

    def take_datagram(self, sock, _):
        try:
            data, peer = sock.recvfrom(4096)
            self.datagrams.append((peer[1], data))
            pdus, rest = split_pdus(data)
            if len(pdus) == 1 and not rest:
                sock.sendto(answer(pdus[0]), peer)
        except OSError:
            pass

    def of_port(self, port):
        return [connection for connection in list(self.connections) if connection.peer[1] == port]

    def everything(self):
        return [connection.stream for connection in list(self.connections)] + [data for _, data in list(self.datagrams)]

    def got(self, ports):
        """The streams and datagrams of clients with these ports."""
        return [connection.stream for connection in list(self.connections) if connection.peer[1] in ports] + \
            [data for port, data in list(self.datagrams) if port in ports]
