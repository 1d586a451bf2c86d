# SPDX-License-Identifier: GPL-2.0-or-later
"""gateway_modbus.py PENSTOCKD PEER DRIVER [SETTINGS]: a read is answered through penstockd, a write is refused.

DRIVER: af_packet or af_xdp. PEER: modbus_peer.
"""
import sys

from gateway_rig import CLIENT, PLANT, SERVER, Rig, main


def test(penstockd, peer, driver, settings=""):
    with Rig(penstockd) as rig:
        rig.start("server", peer, "serve", SERVER, ready="ready")
        closed, _ = rig.run("client", "ping", "-c1", "-W1", SERVER, check=False)
        assert closed != 0, "without penstockd nothing may cross"
        rig.gateway(PLANT, f'ports: {{ plant = "{driver}:gw0"; field = "{driver}:gw1"; }};\n{settings}')
        rig.run("client", "ping", "-c2", "-i0.2", "-W20", SERVER)
        rig.run("client", peer, "ask", SERVER, "holding 0 8", "coil 0 8", "input 0 4")
        code, text = rig.run("client", peer, "ask", SERVER, "holding 0 8", "set-holding 1 900", check=False)
        assert code != 0, f"the write was answered:\n{text}"
        assert "reset" in text, f"the client was not told by a reset:\n{text}"
        rig.run("client", peer, "ask", SERVER, "holding 0 8")
        code, _ = rig.run("server", "ping", "-c1", "-W1", CLIENT, check=False)
        assert code != 0, "no conduit leads from the field to the room"
        log = rig.stop_gateway()
        assert "denied" in log and f"net_{driver}" in log, log
        print(log)


if __name__ == "__main__":
    main(lambda: test(*sys.argv[1:]))
