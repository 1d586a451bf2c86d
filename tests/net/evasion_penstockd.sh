#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# evasion_penstockd.sh PENSTOCKD DRIVER IN OUT PLANT FOLDER - penstockd between two interfaces, for evasion.py.
set -eu
# In a sanitizer build DPDK's memory, which it keeps until the end, is no leak.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
cat >"$6/penstockd.conf" <<END
gateway = "gw-1"; plant = "$5"; instance = "evasion-$$";
control = "$6/control.sock"; state = "$6/state";
ports: { room = "$2:$3"; field = "$2:$4"; };
END
exec "$1" --config "$6/penstockd.conf"
