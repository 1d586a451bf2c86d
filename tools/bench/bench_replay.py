#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""CPU time of `penstock replay` beside a bare libpcap loop over the same capture, and of `penstock check`.

Usage: bench_replay.py --penstock P --pcap-loop L --gen-capture G --gen-plant S [--protocol X] [--packets N] [--flows N]
                       [--rounds N]

Rounds alternate, so that both see the same machine; the ratio is that of the medians. Exit code 77 (skipped) where
plant files do not know the protocol yet.
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile

SKIPPED = 77  # meson's word


def measure(argv, fine=(0,)):
    """CPU seconds and peak resident octets of one run."""
    with open(os.devnull, "w") as null:
        child = subprocess.Popen(argv, stdout=null, stderr=null)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in fine:
        sys.exit(f"{' '.join(argv)}: exit code {child.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def is_known(penstock, plant, protocol):
    """Can plant files name the protocol?"""
    answer = subprocess.run([penstock, "check", plant], capture_output=True, text=True)
    return f'"{protocol}" is a not yet known protocol' not in answer.stdout + answer.stderr


def spread(seconds):
    return f"{statistics.median(seconds) * 1e3:8.1f} ms (least {min(seconds) * 1e3:.1f}, most {max(seconds) * 1e3:.1f})"


def main():
    parser = argparse.ArgumentParser()
    for name in ("penstock", "pcap-loop", "gen-capture", "gen-plant"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--protocol", default="modbus")
    parser.add_argument("--packets", type=int, default=2000000)
    parser.add_argument("--flows", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--conduits", type=int, default=10000)
    parser.add_argument("--limit", type=float, help="exit 1 when replay takes more than this many times the loop")
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        capture, plant, large = (os.path.join(folder, name) for name in ("bench.pcap", "plant.conf", "large.conf"))
        subprocess.run([args.gen_capture, f"--protocol={args.protocol}", f"--packets={args.packets}",
                        f"--flows={args.flows}", f"--plant={plant}", capture], check=True)
        if not is_known(args.penstock, plant, args.protocol):
            print(f"{args.protocol}: plant files do not know it yet")
            sys.exit(SKIPPED)
        with open(large, "w") as out:
            subprocess.run([sys.executable, args.gen_plant, str(args.conduits)], stdout=out, check=True)
        loop, replay, check, peak = [], [], [], 0
        for i in range(args.rounds + 1):
            bare, _ = measure([args.pcap_loop, capture])
            judged, resident = measure([args.penstock, "replay", "-j1", plant, capture])
            checked, _ = measure([args.penstock, "check", large])
            if i == 0:
                continue  # the first round fills the page cache
            loop.append(bare)
            replay.append(judged)
            check.append(checked)
            peak = max(peak, resident)

    ratio = statistics.median(replay) / statistics.median(loop)
    per_packet = 1e9 / args.packets
    print(f"{args.protocol}: {args.packets:,} packets, {args.flows:,} connections, {args.rounds} rounds, CPU time")
    print(f"  pcap_next_ex loop {spread(loop)}, {statistics.median(loop) * per_packet:.0f} ns per packet")
    print(f"  penstock replay   {spread(replay)}, {statistics.median(replay) * per_packet:.0f} ns per packet")
    print(f"  ratio of medians  {ratio:8.2f}")
    print(f"  replay peak       {peak / 1e6:8.1f} MB resident (with the pages of the capture that are mapped)")
    print(f"  penstock check    {spread(check)}, plant of {args.conduits:,} conduits")
    if args.limit and ratio > args.limit:
        sys.exit(f"replay takes {ratio:.2f} times the bare loop, more than {args.limit}")


if __name__ == "__main__":
    main()
