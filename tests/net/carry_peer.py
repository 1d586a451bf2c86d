# SPDX-License-Identifier: GPL-2.0-or-later
"""A connection and datagrams that do not end: carry_peer.py serve ADDRESS FILE, or carry_peer.py say ADDRESS.

The server writes into FILE how many octets came over TCP (port 5201) and how many datagrams over UDP (port 5202), each of which it
answers. The client sends both until it is ended, and connects anew when its connection ends.
"""
import os
import select
import socket
import sys
import time

TCP, UDP = 5201, 5202
PAUSE = 0.002


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def serve(address, path):
    listener = socket.create_server((address, TCP), family=family(address), backlog=16)
    datagrams = socket.socket(family(address), socket.SOCK_DGRAM)
    datagrams.bind((address, UDP))
    counts, connections = [0, 0], []
    out = os.open(path, os.O_WRONLY | os.O_CREAT)
    print("ready", flush=True)
    while True:
        for one in select.select([listener, datagrams, *connections], [], [])[0]:
            if one is listener:
                connections.append(listener.accept()[0])
            elif one is datagrams:
                octets, sender = datagrams.recvfrom(2048)
                datagrams.sendto(octets, sender)
                counts[1] += 1
            else:
                octets = receive(one)
                counts[0] += len(octets)
                if not octets:
                    connections.remove(one)
                    one.close()
        os.pwrite(out, b"%20d %20d" % tuple(counts), 0)


def receive(connection):
    try:
        return connection.recv(65536)
    except OSError:
        return b""


def connect(address):
    try:
        connection = socket.create_connection((address, TCP), timeout=1)
    except OSError:
        return None
    connection.setblocking(False)
    return connection


def say(address):
    connection = None
    datagrams = socket.socket(family(address), socket.SOCK_DGRAM)
    datagrams.connect((address, UDP))
    print("ready", flush=True)
    while True:
        if connection is None:
            connection = connect(address)
        try:
            datagrams.send(b"x" * 100)
        except OSError:
            pass
        try:
            if connection is not None:
                connection.send(b"x" * 1000)
        except BlockingIOError:
            pass
        except OSError:
            if connection is not None:
                connection.close()
            connection = None
        time.sleep(PAUSE)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(*sys.argv[2:])
    else:
        say(sys.argv[2])
