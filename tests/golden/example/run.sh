#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh PENSTOCK EXAMPLE [update]: the example plant has no findings, its policy tests pass and reach every rule, and its
# capture is judged PDU by PDU as pump-station.expected says. Digests are left out: they are not the example's.
set -eu

penstock=$(realpath "$1")
expected=$(realpath "$(dirname "$0")")/pump-station.expected
mode=${3-compare}
export TZ=UTC LC_ALL=C
got=$(mktemp)
trap 'rm -f "$got" "$got.one"' EXIT

run() {
    echo "\$ penstock $*"
    code=0
    "$penstock" "$@" >"$got.one" 2>&1 || code=$?
    sed 's/; digest [0-9a-f]*//' "$got.one"
    echo "exit code $code"
}

cd "$2"
{
    run check plant.conf
    run test plant.conf tests.conf
    run replay --pdus plant.conf day.pcap
} >"$got"
if [ "$mode" = update ]; then
    cp "$got" "$expected"
else
    diff -u "$expected" "$got"
fi
