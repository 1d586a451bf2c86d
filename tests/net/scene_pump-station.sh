# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A morning of the pump station, between real libmodbus clients and servers. PEER is modbus_peer. See record_example.sh.
peer=$1

host scada-1 10.20.1.10 02:00:0a:14:01:0a
host eng-ws 10.20.1.20 02:00:0a:14:01:14
host plc-1 10.20.2.11 02:00:0a:14:02:0b
host plc-2 10.20.2.12 02:00:0a:14:02:0c
host sis-1 10.20.3.11 02:00:0a:14:03:0b
host mirror-1 10.20.4.10 02:00:0a:14:04:0a
host desk-1 10.20.9.20 02:00:0a:14:09:14

# ask NAME ADDRESS OPERATION...
ask() {
    asker=$1
    shift
    client "$asker" "$peer" ask "$@"
}

record day.pcap
device plc-1 "$peer" serve 10.20.2.11
device plc-2 "$peer" serve 10.20.2.12
device sis-1 "$peer" serve 10.20.3.11
device mirror-1 "$peer" serve 10.20.4.10

# What every shift looks like: polls, the interlock, the mirror, a set point, a pump.
ask scada-1 10.20.2.11 'holding 0 20' 'input 0 8' 'coil 0 8' 'discrete 0 16' 'holding 40 8' \
    'set-holding 41 900' 'set-holding 40 450 900 120 60' 'set-coil 1 1' 'set-coil 0 1 0 0 1' 'holding 40 8'
ask scada-1 10.20.2.12 'holding 0 10' 'input 0 4' 'coil 0 4' 'discrete 0 8'
ask scada-1 10.20.3.11 'discrete 0 16' 'input 0 8'
ask plc-1 10.20.3.11 'discrete 0 8' 'discrete 0 8' 'discrete 0 8'
ask mirror-1 10.20.2.11 'holding 0 50' 'input 0 8'
ask mirror-1 10.20.2.12 'holding 0 50' 'input 0 8'
ask desk-1 10.20.4.10 'holding 0 50' 'input 0 8'

# What should not happen.
ask scada-1 10.20.2.11 'holding 0 20' 'set-holding 48 900' 'set-holding 41 4000' 'set-holding 46 1 2 3 4' 'holding 0 20'
ask scada-1 10.20.3.11 'discrete 0 16' 'set-coil 0 0' 'raw 01 08 00 04 00 00'
ask mirror-1 10.20.2.11 'holding 0 50' 'set-holding 41 0'
ask desk-1 10.20.4.10 'holding 0 50' 'set-holding 0 1 2 3'
ask eng-ws 10.20.2.11 'set-coil 3 1'
ask desk-1 10.20.2.11 'holding 0 20'
stop_recording
