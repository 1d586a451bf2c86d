#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A control socket that says what it is told to: fake_penstockd.py NAME COMMAND...

Runs the command with PENSTOCK_SOCKET, answers each request with the next line of the part "= NAME" of live_replies.txt, and
prints the requests, then what the command prints. A line "also TEXT" is said right behind the one before, "first TEXT" before
anything is asked. When there is nothing left to say it hangs up.
"""
import os
import socket
import subprocess
import sys
import threading

PATH = "penstockd.sock"
REPLIES = "live_replies.txt"


def replies_of(name):
    with open(REPLIES, encoding="utf-8") as file:
        parts = ("\n" + file.read()).split("\n= ")
    return next(part.split("\n")[1:] for part in parts if part.split("\n")[0] == name)


def serve(listener, lines, requests):
    connection = listener.accept()[0]
    with connection, connection.makefile("r", encoding="utf-8") as asked:
        if lines and lines[0].startswith("first "):
            connection.sendall(lines.pop(0)[6:].encode() + b"\n")
        while lines:
            request = asked.readline()
            if not request:
                return
            requests.append(request)
            said = [lines.pop(0)]
            while lines and lines[0].startswith("also "):
                said.append(lines.pop(0)[5:])
            connection.sendall("".join(line + "\n" for line in said).encode())


def main(name, *command):
    lines = [line for line in replies_of(name) if line]
    requests = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(PATH)
        listener.listen(1)
        thread = threading.Thread(target=serve, args=(listener, lines, requests), daemon=True)
        thread.start()
        done = subprocess.run(command, env=dict(os.environ, PENSTOCK_SOCKET=PATH), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=50)
        thread.join(5)
    os.unlink(PATH)
    sys.stdout.write("".join("> " + request for request in requests) + done.stdout.decode())
    sys.stdout.flush()
    sys.stderr.write(done.stderr.decode())
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
