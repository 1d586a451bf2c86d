# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An hour of a substation, and an attack on it. PEER is the Python that runs dnp3_peer.py, which is both ends: no usable
# DNP3 implementation is at hand. See record_example.sh.
python=$1
peer=$(dirname "$0")/dnp3_peer.py
command -v "$python" >/dev/null || skip "$python is not installed"

host scada-1 10.40.1.10 02:00:0a:28:01:0a
host eng-ws 10.40.2.20 02:00:0a:28:02:14
host bay-1 10.40.3.17 02:00:0a:28:03:11
host bay-2 10.40.3.18 02:00:0a:28:03:12

# ask NAME ADDRESS MASTER OUTSTATION OPERATION...
ask() {
    asker=$1
    shift
    client "$asker" "$python" "$peer" ask "$@"
}

device bay-1 "$python" "$peer" serve 10.40.3.17 17 3 4 100
device bay-2 "$python" "$peer" serve 10.40.3.18 18 3 4 100

# The control centre starts, polls, switches a breaker after selecting it and hears of it, and lowers a set point.
record day.pcap
ask scada-1 10.40.3.17 3 17 link-status integrity clear-restart lan-time 'classes 1 2 3' 'read 30 0' 'read 30 1 0 7' \
    'breaker select 1 trip' 'classes 1 2 3' enable 'breaker select 1 close' events 'set-point select 0 -40' link-status integrity
ask scada-1 10.40.3.18 3 18 integrity clear-restart time enable 'classes 1 2 3'
ask eng-ws 10.40.3.17 100 17 integrity 'read 30 1 8 15'
stop_recording

# Someone at the control centre's address, and slips of those who belong there.
record attack.pcap
ask scada-1 10.40.3.17 3 17 integrity 'breaker select 5 trip' 'breaker direct 0 trip' 'breaker no-ack 2 trip' \
    'breaker operate 3 trip' 'breaker select 0 latch-on' 'set-point select 0 4000' 'set-point select 3 10' 'classes 1 2 3'
ask scada-1 10.40.3.17 3 17 disable 'assign-class 30' 'open-file config.xml' 'delete-file config.xml' 'classes 1 2 3' \
    cold-restart
ask scada-1 10.40.3.17 4 17 integrity 'breaker direct 0 trip'
ask scada-1 10.40.3.18 3 18 'classes 1 2 3' 'breaker select 0 trip' cold-restart
ask eng-ws 10.40.3.17 100 17 'read 30 1 8 15' 'breaker select 0 trip' 'set-point direct 0 0' warm-restart
stop_recording
