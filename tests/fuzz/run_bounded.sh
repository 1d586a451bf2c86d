#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run_bounded.sh FUZZER SEEDS - one short libFuzzer run; longer with FUZZ_SECONDS and FUZZ_RUNS. What it learns is thrown
# away; an input that breaks something is kept in the build folder, and its name printed. libFuzzer would end with 77 then,
# which says "skipped".
set -eu
fuzzer=$1
seeds=$2
learned=$(mktemp -d)
trap 'rm -rf "$learned"' EXIT
"$fuzzer" -runs="${FUZZ_RUNS:-200000}" -max_total_time="${FUZZ_SECONDS:-20}" -timeout=30 -rss_limit_mb=2048 \
    -error_exitcode=1 -max_len="${FUZZ_MAX_LEN:-4096}" -print_final_stats=1 -artifact_prefix="$(dirname "$fuzzer")/" "$learned" "$seeds"
