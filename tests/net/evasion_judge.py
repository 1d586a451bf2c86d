# SPDX-License-Identifier: GPL-2.0-or-later
"""The oracle of the evasion tests: how far did it come, and was what arrived granted?"""
from evasion_table import APP, NONE, WIRE
from evasion_wire import FORBIDDEN, is_granted, parse, serial, split_pdus

FAR = 1 << 17  # offsets beyond this belong to no stream


def streams(frames, client):
    """Octets of a client's stream on the wire, by offset: those that came first, those that came last."""
    first, last = {}, {}
    for segment in filter(None, map(parse, frames)):
        start = serial(segment.seq, client.isn + 1)
        if (segment.sport, segment.dport) != (client.port, client.target_port) or not -1 <= start < FAR:
            continue
        for offset, octet in enumerate(segment.payload, start):
            first.setdefault(offset, octet)
            last[offset] = octet
    return first, last


def runs(octets):
    """The stretches without a gap."""
    found, previous = [], None
    for offset in sorted(octets):
        if previous is None or offset != previous + 1:
            found.append(bytearray())
        found[-1].append(octets[offset])
        previous = offset
    return found


def on_wire(frames, clients, forbidden=()):
    """Evil can be seen in a frame or put together from several, or something else is there that must not be."""
    if any(FORBIDDEN in frame or any(is_there(frame) for is_there in forbidden) for frame in frames):
        return True
    return any(FORBIDDEN in run for client in clients for octets in streams(frames, client) for run in runs(octets))


def ambiguous(frames, clients):
    """The same octet of a stream came with two values."""
    for client in clients:
        first, last = streams(frames, client)
        for offset, octet in first.items():
            if last[offset] != octet:
                return f"octet {offset} of the stream came as {octet:02x} and as {last[offset]:02x}"
    return None


def reached(rig, row, clients):
    if row.pair:
        return WIRE if on_wire(rig.back, rig.servers, row.forbidden) or on_wire(rig.captured(), clients) else NONE
    if any(FORBIDDEN in data for data in rig.server.got({client.port for client in clients})):
        return APP
    return WIRE if on_wire(rig.captured(), clients, row.forbidden) else NONE


def not_granted(rig, clients):
    """What the server read that is no row of granted messages, None if there is none."""
    for data in rig.server.got({client.port for client in clients}):
        pdus, rest = split_pdus(data)
        if rest or not all(map(is_granted, pdus)):
            return f"the server read {data.hex(' ')}"
    return None
