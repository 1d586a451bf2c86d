#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What penstock does on a terminal: colours, the progress bar, Ctrl-C. terminal.py PENSTOCK."""
import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

import make_captures

HERE = os.path.dirname(os.path.abspath(__file__))


def on_terminal(command, **env):
    """What a command writes to a terminal, standard output and error together."""
    master, slave = pty.openpty()
    clean = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "TERM")}
    with subprocess.Popen(command, stdout=slave, stderr=slave, stdin=subprocess.DEVNULL,
                          env={**clean, "TZ": "UTC", **env}):
        os.close(slave)
        said = b""
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:  # how Linux says that the other end is closed
                break
            if not part:
                break
            said += part
    os.close(master)
    return said.decode("utf-8", "replace")


def await_reader(process):
    """Until it has read all that is in its standard input, and sleeps."""
    octets, state, end = 1, "", time.monotonic() + 60
    while (octets or state != "S") and time.monotonic() < end:
        time.sleep(0.01)
        octets = struct.unpack("i", fcntl.ioctl(process.stdin, termios.FIONREAD, bytes(4)))[0]
        with open(f"/proc/{process.pid}/stat", encoding="ascii", errors="replace") as file:
            state = file.read().rpartition(")")[2].split()[0]


def interrupted(penstock):
    """Ctrl-C while standard input is still open: all that came is judged, also when it is much."""
    capture = make_captures.pcap([make_captures.ethernet(p) for p in make_captures.fine()] * 1000)
    with subprocess.Popen([penstock, "replay", os.path.join(HERE, "plant.conf"), "-"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdin.write(capture)
        process.stdin.flush()
        await_reader(process)
        process.send_signal(signal.SIGINT)
        said = process.stdout.read().decode()
        return said, process.wait(10)


def main(penstock):
    try:
        for end in pty.openpty():
            os.close(end)
    except OSError as error:
        print(f"skipped: no terminals here: {error}")
        return 77
    failed = []

    def expect(what, held, said):
        if not held:
            failed.append(f"{what}:\n{said}")

    with tempfile.TemporaryDirectory() as directory:
        make_captures.main(directory)
        broken = [penstock, "check", os.path.join(HERE, "broken.conf")]
        said = on_terminal(broken)
        expect("errors are red on a terminal", "\033[31merror\033[0m: " in said, said)
        said = on_terminal(broken, NO_COLOR="1")
        expect("NO_COLOR is respected", "\033" not in said and "error: " in said, said)
        said = on_terminal(broken, TERM="dumb")
        expect("a dumb terminal gets no colours", "\033" not in said, said)
        replay = [penstock, "replay", os.path.join(HERE, "plant.conf"), os.path.join(directory, "fine.pcap")]
        said = on_terminal(replay)
        expect("a bar on a terminal", "fine.pcap  [##############################] 10 packets" in said, said)
        said = subprocess.run(replay, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False).stdout.decode()
        expect("no bar in a pipe", "###" not in said and "\033" not in said, said)
        said, code = interrupted(penstock)
        expect("Ctrl-C prints what is known", "INTERRUPTED" in said and " 10,000 packets" in said and code == 1, said)
    print("\n".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1])))
