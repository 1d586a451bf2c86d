# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows of holding and releasing (section 6 of the catalogue): NV-6S splits, NV-6H holding, NV-6D refusals."""
import socket

from evasion_table import APP, row, shape
from evasion_wire import GRANTED_COIL, PATIENCE_S, RST, parse, serial, write_coil

for cut in range(1, 12):
    shape(f"NV-6S-{cut}", f"the first segment ends behind octet {cut}", lambda client, pdu, cut=cut: client.put(pdu, cut))


def with_pauses(pause, *cuts):
    def send(client, pdu):
        for start, end in zip((0, *cuts), (*cuts, len(pdu))):
            client.put(pdu[start:end])
            client.pump(pause)
    return send


shape("NV-6S-gap", "200 ms between the parts", with_pauses(0.2, 7), over="4")
shape("NV-6S-drip", "an octet every 20 ms", with_pauses(0.02, *range(1, 12)), over="4")


def nagle(client, pdu):
    """The second part is only sent once somebody has acknowledged the first."""
    client.put(pdu, 7)


def no_delay(client, pdu):
    client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.put(pdu, 7)


shape("NV-6S-nagle", "header and rest, from a sender that waits for the acknowledgement", nagle, kernel=True, settle=0.1)
shape("NV-6S-nodelay", "header and rest, from a sender that does not wait", no_delay, kernel=True, settle=0.1)
row("NV-6H-long", "the rest comes after 2.3 s", lambda client: with_pauses(2.3, 7)(client, client.evil), over="4")


def prefixed(*cuts, n_before=1):
    """Good messages before it, cut at these places of the whole."""
    def send(client, pdu):
        stream = b"".join(write_coil(client.rig.new_transaction(), GRANTED_COIL) for _ in range(n_before)) + pdu
        client.put(stream, *cuts)
        return stream
    return send


shape("NV-6H-second", "behind a good message in one segment", prefixed())
shape("NV-6H-half", "a good message and a half, then the rest", prefixed(17))
shape("NV-6H-halves", "halves of messages", prefixed(6, 18, 30, n_before=2))
shape("NV-6H-late", "behind nine good messages", prefixed(n_before=9))


def between(client, pdu):
    """Good, this one, good in one segment."""
    client.put(client.good + pdu + client.good)


row("NV-6H-middle", "between two good messages", lambda client: between(client, client.evil))


def merged(client, pdu):
    client.put(pdu, 7)
    client.send(0, pdu)
    client.send(0, pdu[:9])


shape("NV-6H-merged", "two parts, then all again", merged)


def alive(client, pdu):
    client.put(pdu[:7])
    client.pump(0.02)
    client.send(6, b"\0", "A")
    client.put(pdu[7:])


shape("NV-6H-alive", "a keep-alive between the parts", alive)


def release_lost(client, pdu):
    client.rig.lose(client.port, True)
    client.put(pdu, 7)
    client.pump(0.03)
    client.rig.lose(client.port, False)
    client.pump(0.3)


row("NV-6H-lost", "the server's host loses what was put together", lambda client: (
    release_lost(client, client.evil), client.send(0, client.evil)), twin=release_lost, over="4")
row("NV-6H-fin", "FIN behind a part, and the rest", lambda client: (
    client.put(client.evil[:7]), client.send(12, b"", "FA"), client.put(client.evil[7:])))


def killed(client):
    """The gateway is another one when the rest comes."""
    client.put(client.evil[:7])
    client.pump(0.02)
    client.rig.replace_gateway()
    client.put(client.evil[7:])
    client.send(0, client.evil)


row("NV-6H-kill", "the gateway is killed while it holds", killed, over="4")


def overtaken(client):
    """Where the poll beside the row, which was sent behind what was refused, came before a reset: that waits for nothing."""
    keeper = client.rig.keeper.getsockname()[1]
    for end, frames, port_of in (("server", client.rig.captured(), lambda s: s.sport), ("client", client.rig.back, lambda s: s.dport)):
        segments = [segment for segment in map(parse, frames) if segment]
        resets = [i for i, s in enumerate(segments) if s.flags & RST and port_of(s) == client.port]
        polls = [i for i, s in enumerate(segments) if s.payload and port_of(s) == keeper]
        if not resets or not polls or polls[0] < resets[0]:
            return f"the {end}'s end was reset too late: frames {resets}, behind {polls}"
    return None


def reset_exactly(client, connection):
    """Both ends were reset, at once and at the right number."""
    client.pump(PATIENCE_S, lambda: connection and connection.ended and client.resets)
    if connection is None or connection.ended != "ConnectionResetError":
        return f"the server's end was not reset: {connection and connection.ended}"
    if not client.resets:
        return "the client was not reset"
    if serial(client.resets[0].seq, client.rcv_next) != 0:
        return "the client's reset has another number"
    return overtaken(client)


def behind_good(send):
    def attack(client):
        client.put(client.good)
        client.pump(PATIENCE_S, lambda: len(client.received) == 12)
        send(client)
    return attack


row("NV-6D-reset", "a refusal resets both ends", behind_good(lambda client: client.put(client.evil)), check=reset_exactly)
row("NV-6D-reset-part", "a refusal of parts resets both ends", behind_good(lambda client: client.put(client.evil, 5)), check=reset_exactly)
row("NV-6D-again", "the same again after a refusal", lambda client: (client.put(client.evil), client.pump(0.05), client.send(
    0, client.evil), client.send(12, client.evil), client.send(24, client.evil)), reaches=APP)
row("NV-6D-lost", "the server's host loses the reset", lambda client: (
    client.rig.lose(client.port, True), client.put(client.evil), client.pump(0.05), client.rig.lose(client.port, False),
    client.send(0, client.evil)))
