#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# evasion_nfqueue.sh PENSTOCKD SHAPE IN OUT PLANT FOLDER - a kernel that forwards and asks penstockd, for evasion.py. SHAPE:
# bridged, or routed: then each port has the MAC of the host behind the other one, and to the hosts, which know each other's,
# nothing is between them but a hop.
set -eu
shape=$2
route() { # port, host behind it, address in its network, the other host's MAC
  ip link set "$1" down
  ip link set "$1" address "$4" up
  for family in ipv4 ipv6; do
    echo 0 >"/proc/sys/net/$family/conf/$1/rp_filter" 2>/dev/null || true
  done
  echo 0 >"/proc/sys/net/ipv4/conf/$1/send_redirects"
  echo 0 >"/proc/sys/net/ipv6/conf/$1/disable_ipv6"
  ip address replace "10.99.$2.1/24" dev "$1"
  ip address replace "fd99:$2::1/64" dev "$1" nodad
  ip neigh replace "10.99.$2.$3" lladdr "02:00:00:99:0$2:$3" dev "$1" nud permanent
  ip neigh replace "fd99:$2::$3" lladdr "02:00:00:99:0$2:$3" dev "$1" nud permanent
}
routed() {
  route "$1" 1 10 02:00:00:99:02:11
  route "$2" 2 11 02:00:00:99:01:10
  # The raw server beside the kernel's has a MAC of its own.
  ip neigh replace 10.99.2.12 lladdr 02:00:00:99:02:12 dev "$2" nud permanent
  ip neigh replace fd99:2::12 lladdr 02:00:00:99:02:12 dev "$2" nud permanent
  nft -f - <<END
table netdev twelve {
  chain in { type filter hook ingress device "$1" priority 0; ether daddr 02:00:00:99:02:12 meta pkttype set host; }
}
END
  echo 1 >/proc/sys/net/ipv4/ip_forward
  echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
}
bridged() {
  ip link add br0 type bridge forward_delay 0 stp_state 0 mcast_snooping 0
  ip link set "$1" master br0
  ip link set "$2" master br0
  ip link set br0 up
  for family in ip ip6; do
    echo 1 >"/proc/sys/net/bridge/bridge-nf-call-${family}tables"
  done
}
ip link show br0 >/dev/null 2>&1 || "$shape" "$3" "$4"
cat >"$6/penstockd.conf" <<END
gateway = "gw-1"; plant = "$5"; instance = "evasion-$$"; io = "nfqueue";
control = "$6/control.sock"; state = "$6/state";
ports: { room = "$3"; field = "$4"; };
END
exec "$1" --config "$6/penstockd.conf"
