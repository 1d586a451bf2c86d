# SPDX-License-Identifier: GPL-2.0-or-later
"""guard_peer.py serve ADDRESS,... PORT...       answers over TCP and UDP what it hears
guard_peer.py ask tcp|udp ADDRESS PORT [FROM PORT]  0: it was answered within a second"""
import itertools
import selectors
import socket
import sys


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def serve(addresses, ports):
    selector = selectors.DefaultSelector()
    for address, port, kind in itertools.product(addresses, ports, (socket.SOCK_STREAM, socket.SOCK_DGRAM)):
        sock = socket.socket(family_of(address), kind)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((address, port))
        if kind == socket.SOCK_STREAM:
            sock.listen(8)
        selector.register(sock, selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            answer(key.fileobj)


def answer(sock):
    """A connection is answered, its first octets read or not."""
    if sock.type == socket.SOCK_STREAM:
        peer, _ = sock.accept()
        peer.sendall(b"here")
        peer.close()
        return
    octets, peer = sock.recvfrom(2048)
    sock.sendto(octets, peer)


def ask(kind, address, port, source="", source_port=0):
    family = family_of(address)
    sock = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.settimeout(1)
    sock.bind((source, int(source_port)))
    try:
        sock.connect((address, int(port)))
        if kind == "udp":
            sock.send(b"here")
        return sock.recv(16) == b"here"
    except OSError:
        return False


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2].split(","), [int(port) for port in sys.argv[3:]])
    sys.exit(0 if ask(*sys.argv[2:]) else 1)
