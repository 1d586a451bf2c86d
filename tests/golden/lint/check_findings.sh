#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check_findings.sh PENSTOCK [update]: what `check` says about each plant file here equals the .expected file beside it;
# with `update` the .expected files are written anew. Only findings and the exit code count, not the summary line.
set -eu

penstock=$(realpath "$1")
mode=${2-compare}
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

for plant in *.conf; do
    code=0
    "$penstock" check "$plant" >"$work/all" 2>&1 || code=$?
    { grep "^$plant:" "$work/all" || :; echo "exit code $code"; } >"$work/got"
    expected="${plant%.conf}.expected"
    if [ "$mode" = update ]; then
        cp "$work/got" "$expected"
    elif ! diff -u "$expected" "$work/got"; then
        status=1
    fi
done
exit $status
