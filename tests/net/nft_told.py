# SPDX-License-Identifier: GPL-2.0-or-later
"""nft_told.py PENSTOCKD PENSTOCK PEER SHAPE: what the kernel's rules refuse, told by a running penstockd (io = "nft") to who follows
its events; a device with one place for clients serves the next one.

SHAPE: bump, routed or bridge. PEER: modbus_peer.
"""
import sys
import time

from gateway_rig import main
from nft_modbus import CLIENT, PLANT, SERVER
from nft_refused import Lines, ask, check_write, refuse_one
from nft_rig_daemon import Kernel


def follow(rig):
    """penstock events; who follows is told from then on, which a change of mode shows."""
    follower = Lines(rig.start("gw", rig.penstock, "events", "--follow", "--json", "--socket", rig.socket, ready=""))
    rig.ask("mode", "room-to-field", "plant")
    rig.await_true("nobody is told", lambda: follower.lines() or not rig.ask("mode", "room-to-field", "plant"))
    return follower


def refuses(rig, follower, peer):
    print("one write, one event, by name; both ends are reset, and the next client is served")
    refuse_one(rig, follower, peer, (CLIENT, SERVER))
    time.sleep(0.5)  # whatever else comes of it has come
    assert len(follower.refused()) == 1, follower.refused()
    status = rig.json("status")
    event, log = follower.refused()[0], status["kernel"]["log"]
    assert event["gateway"] == "gw" and event["digest"] == status["policy"]["digest"] and event["source"].endswith(":8"), event
    assert log["heard"] == 1 and log["resets"] == (2 if rig.shape == "bridge" else 1), log
    assert log["lost"] == log["garbled"] == log["resets_over"] == log["resets_lost"] == 0, log
    assert status["refusals"] == 1
    assert "write-single-register" in rig.ask("events"), "the last refusals are there for people too"


def monitors(rig, follower, peer):
    print("in monitor mode it passes, and is told")
    rig.ask("mode", "room-to-field", "monitor")
    assert ask(rig, peer, SERVER, "set-holding 4 800")[0]
    event = follower.await_refused(2)[1]
    assert event.pop("kind") == "would-deny", event
    check_write({"kind": "deny", **event}, CLIENT, SERVER)
    rig.ask("mode", "room-to-field", "plant")


def closes(rig, follower, peer):
    print("what is closed by hand is refused for that reason")
    rig.ask("island", "on", "--conduit", "room-to-field")
    assert not ask(rig, peer, SERVER, "holding 0 2")[0]
    event = follower.await_refused(3)[2]
    assert (event["kind"], event["reason"], event["what"], event["flow"]) == ("deny", "island", "flow", "tcp/502"), event
    rig.ask("island", "off", "--conduit", "room-to-field")
    assert ask(rig, peer, SERVER, "holding 0 2")[0]


def test(penstockd, penstock, peer, shape):
    with Kernel(penstockd, penstock, shape) as rig:
        rig.start("server", peer, "serve", SERVER, "1", ready="ready")
        rig.enforce(PLANT)
        follower = follow(rig)
        refuses(rig, follower, peer)
        monitors(rig, follower, peer)
        closes(rig, follower, peer)
        rig.stop_gateway()


if __name__ == "__main__":
    main(lambda: test(*sys.argv[1:]))
