# SPDX-License-Identifier: GPL-2.0-or-later
"""What a row of the evasion tests is, and the shapes that many of them share.

An attack tries to bring `evil`, a write that no rule grants, to the server. Its honest twin brings `good`, of the same
length, in the same shape where that shape is honest, and else in one plain segment.
"""
ROWS = []
APP, WIRE, NONE = "app", "wire", "none"  # how far evil came: read by the server, seen on its network, neither


class Row:
    """reaches: what the attack achieves where nobody enforces, by IP version or for both."""

    def __init__(self, name, title, attack=None, reaches=APP, **more):
        self.name, self.title, self.attack = name, title, attack
        self.reaches = reaches if isinstance(reaches, dict) else {4: reaches, 6: reaches}
        self.twin = more.pop("twin", whole)  # (client, pdu): sends it; returns what the server must read, None: the PDU
        self.over = more.pop("over", "46")  # IP versions
        self.opened = more.pop("opened", True)  # clients are connected before the function is called
        self.twin_opened = more.pop("twin_opened", True)
        self.settle = more.pop("settle", 0.02)  # seconds until what is delayed would be there
        self.forbidden = more.pop("forbidden", ())  # functions of a frame: what else must not reach the server's network
        self.check = more.pop("check", None)  # (client, connection at the server): a complaint about how it was refused, or None
        self.options = more  # udp, ends, kernel, partial
        self.why = more.pop("why", None)  # it is skipped because

    def __getattr__(self, name):
        return self.__dict__["options"].get(name, False)


def row(name, title, attack, **more):
    ROWS.append(Row(name, title, attack, **more))


def shape(name, title, send, **more):
    """The attack and its twin are the same function (client, pdu)."""
    more.setdefault("twin_opened", more.get("opened", True))
    ROWS.append(Row(name, title, lambda client: send(client, client.evil), twin=send, **more))


def skip(name, title, why):
    ROWS.append(Row(name, title, why=why))


def whole(client, pdu):
    client.put(pdu)


def plain(**fields):
    """Evil in one segment, with these fields."""
    return lambda client: client.put(client.evil, **fields)


def decoy(**fields):
    """Good in a segment that the server's host ignores; then evil in its place."""
    def attack(client):
        client.send(0, client.good, **fields)
        client.put(client.evil)
    return attack


def opening(**fields):
    """A connection opened like this, then evil."""
    def attack(client):
        client.open(**fields)
        client.put(client.evil)
    return attack
