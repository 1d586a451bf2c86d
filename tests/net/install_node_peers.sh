#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Installs the S7 peers of the network tests, node-snap7 and nodes7, into a folder: install_node_peers.sh FOLDER
#
# Once there they stay. node-snap7 is built from its sources with the Node headers of the system; nothing but the npm
# registry (and, where a program is missing, apt) is asked. Ends with 77 and a reason where it cannot be done.
set -eu

SECONDS_AT_MOST=240

skip() { echo "install_node_peers: skipped: $1" >&2; exit 77; }

[ $# -eq 1 ] || { echo "usage: install_node_peers.sh FOLDER" >&2; exit 2; }
packaging=$(realpath "$(dirname "$0")/../../packaging")
folder=$1

installed() {
    [ -e "$folder/complete" ]
}

# Not by the names of packages: Node often comes from elsewhere, and then brings npm and the headers itself.
tools_are_here() {
    for tool in node npm g++ make; do
        command -v "$tool" >/dev/null || return 1
    done
    [ -e /usr/include/node/node.h ] || [ -e /usr/include/nodejs/src/node.h ]
}

installed && exit 0
tools_are_here || "$packaging/install-packages" "$packaging/debian-packages.node" >&2 || :
tools_are_here || skip "no node, npm, g++, make or headers of node (packaging/debian-packages.node)"

echo "Installing node-snap7 and nodes7 for the network tests"
mkdir -p "$folder"
cat >"$folder/package.json" <<END
{ "name": "penstock-test-peers", "version": "1.0.0", "private": true,
  "dependencies": { "node-snap7": "1.0.9", "nodes7": "0.3.18" } }
END
cd "$folder"
export npm_config_nodedir=/usr npm_config_build_from_source=true npm_config_fetch_retries=1
timeout -k 5 "$SECONDS_AT_MOST" npm install --no-audit --no-fund --loglevel=error >npm.log 2>&1 ||
    skip "npm could not install node-snap7 and nodes7: $(head -n 1 npm.log)"
node -e 'require("node-snap7"); require("nodes7")' 2>>npm.log || skip "node cannot load node-snap7: $(tail -n 1 npm.log)"
: >complete
