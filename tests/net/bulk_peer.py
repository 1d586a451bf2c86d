# SPDX-License-Identifier: GPL-2.0-or-later
"""Octets over TCP: bulk_peer.py serve ADDRESS [PORT], or bulk_peer.py ask ADDRESS N_CONNECTIONS OCTETS [PORT].

The server sends back the SHA-256 of what it got on each connection. The client's connections are open at the same time; 0 octets: it only
opens them.
"""
import hashlib
import os
import socket
import sys
import threading

PORT = 5201
TIMEOUT = 30


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def answer(connection):
    connection.settimeout(TIMEOUT)
    digest = hashlib.sha256()
    with connection:
        while True:
            octets = connection.recv(65536)
            if not octets:
                break
            digest.update(octets)
        connection.sendall(digest.digest())


def serve(address, port=PORT):
    listener = socket.create_server((address, int(port)), family=family(address), backlog=128)
    print("ready", flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=answer, args=(connection,), daemon=True).start()


def ask(address, n_connections, n_octets, port=PORT):
    open_ones = []
    for _ in range(n_connections):
        connection = socket.socket(family(address))
        connection.settimeout(TIMEOUT)
        connection.connect((address, int(port)))
        open_ones.append(connection)
    for connection in open_ones if n_octets else []:
        octets = os.urandom(n_octets)
        connection.sendall(octets)
        connection.shutdown(socket.SHUT_WR)
        got = b""
        while len(got) < 32:
            more = connection.recv(32)
            if not more:
                sys.exit("a connection ended without an answer")
            got += more
        if got != hashlib.sha256(octets).digest():
            sys.exit("what arrived is not what was sent")
        connection.close()
    print(f"{n_connections} connections, {n_octets} octets each")


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(*sys.argv[2:])
    else:
        ask(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), *sys.argv[5:])
