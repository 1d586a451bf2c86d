#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Records an example plant: record_example.sh EXAMPLE FOLDER PEER...
#
# Every host of packaging/examples/EXAMPLE gets a network namespace of its own, all on one bridge in a further namespace,
# without penstock between them. tcpdump listens on the bridge while the scene of the example, scene_EXAMPLE.sh, lets the
# peers talk; each recording becomes a file of FOLDER. PEER... is what the scene starts the peers with.
# Namespaces are made and removed here. Needs root; ends with 77 and a reason where it cannot run.
set -eu

skip() { echo "record_example: skipped: $1" >&2; exit 77; }

[ $# -ge 3 ] || { echo "usage: record_example.sh EXAMPLE FOLDER PEER..." >&2; exit 2; }
scene=$(dirname "$0")/scene_$1.sh
folder=$2
shift 2
[ -f "$scene" ] || { echo "record_example: there is no $scene" >&2; exit 2; }

# In a sanitizer build the peers, which signals end, may hang in the search for leaks.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"

[ "$(id -u)" = 0 ] || skip "only root can make network namespaces"
for tool in ip tcpdump ethtool timeout; do
    command -v "$tool" >/dev/null || skip "$tool is not installed"
done

tag="ps$$"
switch="$tag-switch"
work=$(mktemp -d)
namespaces=
children=
recorder=

cleanup() {
    trap - EXIT INT TERM
    for pid in $children; do kill "$pid" 2>/dev/null || :; done
    wait
    for name in $namespaces; do ip netns del "$name" 2>/dev/null || :; done
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

new_namespace() {
    ip netns add "$1" 2>"$work/err" || skip "no network namespaces here: $(cat "$work/err")"
    namespaces="$namespaces $1"
    ip netns exec "$1" true 2>"$work/err" || skip "no program runs in a namespace here: $(cat "$work/err")"
    # IPv6 would fill the capture with its own chatter.
    ip netns exec "$1" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
        echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6' 2>/dev/null || :
    ip -n "$1" link set lo up
}

# host NAME ADDRESS MAC: a namespace with one card on the bridge. Offloads are off, so that checksums are real.
host() {
    new_namespace "$tag-$1"
    ip link add name eth0 netns "$tag-$1" type veth peer name "$1" netns "$switch" 2>"$work/err" ||
        skip "no veth pairs here: $(cat "$work/err")"
    ip -n "$tag-$1" link set eth0 address "$3"
    ip -n "$tag-$1" address add "$2/16" dev eth0
    ip netns exec "$tag-$1" ethtool -K eth0 tx off rx off gso off tso off gro off >/dev/null 2>&1
    ip netns exec "$switch" ethtool -K "$1" tx off rx off gso off tso off gro off >/dev/null 2>&1
    ip -n "$switch" link set "$1" master plant up
    ip -n "$tag-$1" link set eth0 up
}

# await FILE TEXT: until the file holds the text, at most 30 s.
await() {
    n=0
    until grep -qs "$2" "$1"; do
        n=$((n + 1))
        [ $n -lt 600 ] || { echo "record_example: no \"$2\" within 30 s" >&2; cat "$1" >&2; exit 1; }
        sleep 0.05
    done
}

# device NAME COMMAND...: starts it on the host, until it says that it is ready. It goes on until the end.
device() {
    device=$1
    shift
    ip netns exec "$tag-$device" timeout -k 5 400 "$@" >"$work/$device.log" 2>&1 &
    children="$children $!"
    await "$work/$device.log" ready
}

# client NAME COMMAND...: runs it on the host.
client() {
    client=$1
    shift
    ip netns exec "$tag-$client" timeout -k 5 90 "$@"
}

# record FILE ... stop_recording: what is said between them is in the file. With frames of the usual length in place of 256 KiB
# the kernel keeps thousands of them for a recorder that comes late.
record() {
    recording=$1
    ip netns exec "$switch" timeout -k 5 400 tcpdump -Z root -U --immediate-mode -s 2048 -B 16384 -i plant -w "$work/$recording" \
        2>"$work/tcpdump.log" &
    recorder=$!
    children="$children $recorder"
    await "$work/tcpdump.log" 'listening on'
}

# Whether it sleeps, and so has taken all that there was.
recorder_sleeps() {
    programs=$(cat "/proc/$recorder/task/$recorder/children" 2>/dev/null || :)
    for pid in $programs; do
        case $(sed 's/.*) //' "/proc/$pid/stat") in
        S*) ;;
        *) return 1 ;;
        esac
    done
}

stop_recording() {
    size=-1
    until recorder_sleeps && [ "$size" = "$(wc -c <"$work/$recording")" ]; do
        size=$(wc -c <"$work/$recording")
        sleep 0.5
    done
    kill -INT "$recorder"
    wait "$recorder" || :
    cp "$work/$recording" "$folder/$recording"
    echo "record_example: $(grep -o '^[0-9]* packets captured' "$work/tcpdump.log") into $folder/$recording"
}

new_namespace "$switch"
ip -n "$switch" link add plant type bridge forward_delay 0 stp_state 0 mcast_snooping 0 2>"$work/err" ||
    skip "no bridges here: $(cat "$work/err")"
ip -n "$switch" link set plant up

# shellcheck source=/dev/null
. "$scene"
