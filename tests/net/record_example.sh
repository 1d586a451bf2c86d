#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Records a morning of the pump station: record_example.sh MODBUS_PEER OUT.pcap
#
# Every host of packaging/examples/pump-station gets a network namespace of its own, all on one bridge in a further
# namespace, without penstock between them. Real libmodbus clients and servers talk, tcpdump listens on the bridge.
# Namespaces are made and removed here. Needs root; ends with 77 and a reason where it cannot run.
set -eu

skip() { echo "record_example: skipped: $1" >&2; exit 77; }

[ $# -eq 2 ] || { echo "usage: record_example.sh MODBUS_PEER OUT.pcap" >&2; exit 2; }
peer=$1
out=$2

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

# await FILE TEXT: until the file holds the text, at most 5 s.
await() {
    n=0
    until grep -qs "$2" "$1"; do
        n=$((n + 1))
        [ $n -lt 100 ] || { echo "record_example: no \"$2\" within 5 s" >&2; cat "$1" >&2; exit 1; }
        sleep 0.05
    done
}

# device NAME ADDRESS
device() {
    ip netns exec "$tag-$1" timeout -k 5 60 "$peer" serve "$2" >"$work/$1.log" 2>&1 &
    children="$children $!"
    await "$work/$1.log" ready
}

# client NAME ADDRESS OPERATION...
client() {
    name=$1
    shift
    ip netns exec "$tag-$name" timeout -k 5 20 "$peer" ask "$@"
}

new_namespace "$switch"
ip -n "$switch" link add plant type bridge forward_delay 0 stp_state 0 mcast_snooping 0 2>"$work/err" ||
    skip "no bridges here: $(cat "$work/err")"
ip -n "$switch" link set plant up

host scada-1 10.20.1.10 02:00:0a:14:01:0a
host eng-ws 10.20.1.20 02:00:0a:14:01:14
host plc-1 10.20.2.11 02:00:0a:14:02:0b
host plc-2 10.20.2.12 02:00:0a:14:02:0c
host sis-1 10.20.3.11 02:00:0a:14:03:0b
host mirror-1 10.20.4.10 02:00:0a:14:04:0a
host desk-1 10.20.9.20 02:00:0a:14:09:14

ip netns exec "$switch" timeout -k 5 90 tcpdump -Z root -U --immediate-mode -i plant -w "$work/day.pcap" \
    2>"$work/tcpdump.log" &
recorder=$!
children="$children $recorder"
await "$work/tcpdump.log" 'listening on'

device plc-1 10.20.2.11
device plc-2 10.20.2.12
device sis-1 10.20.3.11
device mirror-1 10.20.4.10

# What every shift looks like: polls, the interlock, the mirror, a set point, a pump.
client scada-1 10.20.2.11 'holding 0 20' 'input 0 8' 'coil 0 8' 'discrete 0 16' 'holding 40 8' \
    'set-holding 41 900' 'set-holding 40 450 900 120 60' 'set-coil 1 1' 'set-coil 0 1 0 0 1' 'holding 40 8'
client scada-1 10.20.2.12 'holding 0 10' 'input 0 4' 'coil 0 4' 'discrete 0 8'
client scada-1 10.20.3.11 'discrete 0 16' 'input 0 8'
client plc-1 10.20.3.11 'discrete 0 8' 'discrete 0 8' 'discrete 0 8'
client mirror-1 10.20.2.11 'holding 0 50' 'input 0 8'
client mirror-1 10.20.2.12 'holding 0 50' 'input 0 8'
client desk-1 10.20.4.10 'holding 0 50' 'input 0 8'

# What should not happen.
client scada-1 10.20.2.11 'holding 0 20' 'set-holding 48 900' 'set-holding 41 4000' 'set-holding 46 1 2 3 4' 'holding 0 20'
client scada-1 10.20.3.11 'discrete 0 16' 'set-coil 0 0' 'raw 01 08 00 04 00 00'
client mirror-1 10.20.2.11 'holding 0 50' 'set-holding 41 0'
client desk-1 10.20.4.10 'holding 0 50' 'set-holding 0 1 2 3'
client eng-ws 10.20.2.11 'set-coil 3 1'
client desk-1 10.20.2.11 'holding 0 20'

sleep 0.3
kill -INT "$recorder"
wait "$recorder" || :
cp "$work/day.pcap" "$out"
echo "record_example: $(grep -o '^[0-9]* packets captured' "$work/tcpdump.log") into $out"
