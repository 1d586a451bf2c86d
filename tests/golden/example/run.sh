#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh PENSTOCK EXAMPLE [update]: an example plant has no findings, its policy tests pass and reach every rule, and its
# captures are judged PDU by PDU as EXAMPLE.expected says. Digests are left out: they are not the example's.
set -eu

penstock=$(realpath "$1")
expected=$(realpath "$(dirname "$0")")/$(basename "$2").expected
mode=${3-compare}
# Accepted findings run out: the day of the plant files is what counts here.
export TZ=UTC LC_ALL=C SOURCE_DATE_EPOCH=1795219200
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
    for capture in *.pcap; do
        run replay --pdus plant.conf "$capture"
    done
} >"$got"
if [ "$mode" = update ]; then
    cp "$got" "$expected"
else
    diff -u "$expected" "$got"
fi
