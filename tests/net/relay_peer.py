# SPDX-License-Identifier: GPL-2.0-or-later
"""relay_peer.py ADDRESS TO PORT: takes connections at ADDRESS and hands their octets on to TO, the port being the same, so
that peers that know IPv4 alone talk over IPv6.
"""
import socket
import sys
import threading


def copy(source, sink):
    try:
        while True:
            octets = source.recv(65536)
            if not octets:
                break
            sink.sendall(octets)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def main(address, target, port):
    listener = socket.create_server((address, int(port)), family=socket.AF_INET6 if ":" in address else socket.AF_INET)
    print("ready", flush=True)
    while True:
        near, _ = listener.accept()
        try:
            far = socket.create_connection((target, int(port)), timeout=10)
        except OSError:
            near.close()
            continue
        far.settimeout(None)
        for end in (near, far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for pair in ((near, far), (far, near)):
            threading.Thread(target=copy, args=pair, daemon=True).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
