# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An hour at the filling line, and an attack on it. PEER is the folder with node-snap7 and nodes7. filler-1 is a snap7
# server and all clients are snap7 or nodes7; capper-1, which takes downloads, is the project's own. See record_example.sh.
modules=$1
here=$(dirname "$0")
for tool in node python3; do
    command -v "$tool" >/dev/null || skip "$tool is not installed"
done
[ -e "$modules/complete" ] || skip "node-snap7 is not installed (tests/net/install_node_peers.sh)"

host eng-ws 10.30.1.20 02:00:0a:1e:01:14
host hmi-1 10.30.2.10 02:00:0a:1e:02:0a
host mes-1 10.30.2.30 02:00:0a:1e:02:1e
host filler-1 10.30.3.11 02:00:0a:1e:03:0b
host capper-1 10.30.3.12 02:00:0a:1e:03:0c

# ask NAME ADDRESS KIND OPERATION...
ask() {
    asker=$1
    shift
    client "$asker" node "$here/s7_peer.js" "$modules" ask "$@"
}

device filler-1 node "$here/s7_peer.js" "$modules" serve 10.30.3.11
device capper-1 python3 "$here/s7_loader.py" 10.30.3.12

# The panel polls, adjusts and starts the filler; the collector counts bottles; a recipe is loaded and started.
record day.pcap
ask hmi-1 10.30.3.11 op 'szl 0x0011 0' 'szl 0x001c 0' 'szl 0x0424 0' 'read db10 0 40' 'several db10 40 20 m 0 4 i 0 2 q 0 2' \
    'set-int 20 0 350' 'set-int 20 2 500 120 0' 'set-real 20 8 4.5' 'set-bit 20 0 1' 'set-bit 20 0 0' 'read db20 0 16' \
    'read db10 0 40'
client mes-1 node "$here/s7_peer.js" "$modules" collect 10.30.3.11 DB30,INT0 DB30,INT2 DB30,REAL20 DB30,X60.0
ask eng-ws 10.30.3.11 pg 'szl 0x0011 0' blocks 'block-info 10' 'read db20 0 16' stop start
ask eng-ws 10.30.3.12 pg 'download 21 400' stop start
stop_recording

# Someone at the panel's address, and slips of those who belong there.
record attack.pcap
ask hmi-1 10.30.3.11 op 'read db10 0 40' 'set-int 20 0 601' 'set-int 20 6 5 5' 'set-real 20 8 60' 'read db30 0 10' \
    'read db10 96 8' 'set-bit 20 3 1' 'szl 0x0132 4' set-clock 'delete 10' 'download 20 100' stop
ask hmi-1 10.30.3.11 pg 'read db10 0 40' start
ask hmi-1 10.30.3.12 op 'download 21 400' stop
ask mes-1 10.30.3.11 basic 'read db30 0 10' 'set-int 20 0 100'
ask eng-ws 10.30.3.11 pg 'download 10 100' cold-start
stop_recording
