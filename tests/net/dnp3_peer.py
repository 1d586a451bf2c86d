# SPDX-License-Identifier: GPL-2.0-or-later
"""One end of a DNP3 conversation, as far as the examples and tests need it:

    dnp3_peer.py serve ADDRESS OUTSTATION MASTER...
    dnp3_peer.py ask ADDRESS MASTER OUTSTATION OPERATION...
    dnp3_peer.py poll SECONDS ADDRESS MASTER OUTSTATION OPERATION...

An outstation has binary inputs, counters, analogue inputs, breakers (control relay outputs, whose position is the binary
input of the same index) and set points. It answers whichever of the MASTERs speaks, and reports a breaker that moved,
unsolicited once that is enabled. An OPERATION of a master is one argument:

    integrity                        classes 0 to 3
    classes N...                     polls event classes
    read GROUP VARIATION [FIRST LAST]
    enable   disable                 unsolicited responses of classes 1 to 3
    events                           waits for an unsolicited response with objects
    clear-restart   lan-time   time  IIN bit; clock after record current time; clock after a delay measurement
    breaker HOW POINT trip|close|latch-on|OCTET
    set-point HOW POINT VALUE        HOW: select (then operate), operate, direct, or no-ack
    cold-restart   warm-restart   assign-class GROUP   link-status
    open-file NAME   delete-file NAME

`poll` repeats the operations on one connection for so long, and fails when one is answered with an error indication.

No usable DNP3 implementation is at hand, so both ends are the project's own.
"""
import socket
import socketserver
import struct
import sys
import time

import dnp3_wire as wire
from dnp3_wire import header

N_INPUTS, N_COUNTERS, N_ANALOGUES, N_BREAKERS, N_SET_POINTS = 32, 8, 30, 8, 4
CLOCK_MS = 1795240800000  # all clocks of the example: a recording is to be the same each time
CODES = {"trip": 0x81, "close": 0x41, "latch-on": 0x03}
MOVES = {0x81: 0, 0x41: 1, 0x03: 1, 0x04: 0, 0x01: 1}  # code of a control -> position of the breaker
BREAKER_ON_MS = 200
SUCCESS, NO_SELECT, NOT_SUPPORTED = 0, 2, 4
IIN_RESTART, IIN_NEED_TIME = 0x80, 0x10
IIN2_NO_FUNCTION, IIN2_NO_OBJECT = 0x01, 0x02
FILE_HANDLE = 7


# ---- outstation ---------------------------------------------------------------------------------------------------

class Outstation:
    """What it is, for all connections."""

    def __init__(self, own, masters):
        self.own, self.masters = own, masters
        self.inputs = [i % 2 for i in range(N_INPUTS)]
        self.set_points = [0] * N_SET_POINTS
        self.iin1 = IIN_RESTART | IIN_NEED_TIME
        self.unsolicited = False
        self.events = []  # (point, position)

    def static(self):
        """Class 0."""
        flags = [0x01 | position << 7 for position in self.inputs]
        return (header(1, 2, wire.START_STOP, 0, N_INPUTS - 1) + bytes(flags) +
                header(10, 2, wire.START_STOP, 0, N_BREAKERS - 1) + bytes(flags[:N_BREAKERS]) +
                header(20, 1, wire.START_STOP, 0, N_COUNTERS - 1) +
                b"".join(struct.pack("<BI", 1, 1000 + i) for i in range(N_COUNTERS)) +
                self.analogues(0, N_ANALOGUES - 1) +
                header(40, 2, wire.START_STOP, 0, N_SET_POINTS - 1) +
                b"".join(struct.pack("<Bh", 1, value) for value in self.set_points))

    def analogues(self, first, last):
        return header(30, 1, wire.START_STOP, first, last) + b"".join(
            struct.pack("<Bi", 1, 11000 + 7 * i) for i in range(first, last + 1))

    def take_events(self):
        """Of class 1, all that are waiting."""
        if not self.events:
            return b""
        objects = header(2, 2, wire.COUNT_INDEX, len(self.events)) + b"".join(
            struct.pack("<BB", point, 0x01 | position << 7) + struct.pack("<Q", CLOCK_MS)[:6] for point, position in self.events)
        self.events = []
        return objects

    def read(self, objects):
        """Answer to a read, None where it asks for what is not here."""
        answer = b""
        while objects:
            group, variation, qualifier = objects[:3]
            objects = objects[3:]
            if (group, qualifier) == (60, wire.ALL):
                answer += {1: self.static, 2: self.take_events}.get(variation, bytes)()
            elif (group, qualifier) == (30, wire.ALL):
                answer += self.analogues(0, N_ANALOGUES - 1)
            elif (group, qualifier) == (30, wire.START_STOP) and objects[1] < N_ANALOGUES:
                answer += self.analogues(objects[0], objects[1])
                objects = objects[2:]
            else:
                return None
        return answer

    def operate(self, objects, act):
        """The objects again, with their status. `act`: not only selected."""
        group, variation, qualifier, count = struct.unpack_from("<BBBH", objects)
        size = {(12, 1): 11, (41, 2): 3}.get((group, variation), 0)
        limit = N_BREAKERS if group == 12 else N_SET_POINTS
        if size == 0 or qualifier != wire.INDEX_16 or len(objects) != 5 + count * (2 + size):
            return None
        answer = objects[:5]
        for start in range(5, len(objects), 2 + size):
            point, = struct.unpack_from("<H", objects, start)
            value = objects[start + 2:start + 2 + size]
            status = SUCCESS if point < limit else NOT_SUPPORTED
            if act and status == SUCCESS:
                self.act(group, point, value)
            answer += struct.pack("<H", point) + value[:-1] + bytes([status])
        return answer

    def act(self, group, point, value):
        if group == 41:
            self.set_points[point], = struct.unpack_from("<h", value)
        elif value[0] in MOVES:
            self.inputs[point] = MOVES[value[0]]
            self.events.append((point, self.inputs[point]))


class Conversation(socketserver.BaseRequestHandler):
    """One connection of a master."""

    def setup(self):
        self.outstation = self.server.outstation
        self.selected = None
        self.unsolicited_sequence = 0
        self.link = wire.Link(self.request, False, self.outstation.own, self.outstation.masters[0])

    def handle(self):
        try:
            self.link.other = self.caller()
            self.send_unsolicited(b"")
            while True:
                fragment = self.link.receive()
                if fragment[1] != wire.CONFIRM:
                    self.answer(fragment)
        except (wire.Ended, ConnectionError):
            pass

    def caller(self):
        """The link address of the master: stands in the first frame, which is left where it is."""
        head = self.request.recv(wire.FRAME_HEAD, socket.MSG_PEEK | socket.MSG_WAITALL)
        if len(head) < wire.FRAME_HEAD or struct.unpack_from("<H", head, 6)[0] not in self.outstation.masters:
            raise wire.Ended
        return struct.unpack_from("<H", head, 6)[0]

    def respond(self, sequence, objects, iin2=0):
        events = objects[:2] == b"\x02\x02"
        control = wire.APP_FIR | wire.APP_FIN | (wire.APP_CON if events else 0) | sequence
        self.link.send(bytes([control, wire.RESPONSE, self.outstation.iin1, iin2]) + objects)

    def send_unsolicited(self, objects):
        control = wire.APP_FIR | wire.APP_FIN | wire.APP_CON | wire.APP_UNS | self.unsolicited_sequence
        self.unsolicited_sequence = (self.unsolicited_sequence + 1) % 16
        self.link.send(bytes([control, wire.UNSOLICITED, self.outstation.iin1, 0]) + objects)

    def answer(self, fragment):
        sequence, function, objects = fragment[0] & 0x0F, fragment[1], fragment[2:]
        if function == wire.READ:
            found = self.outstation.read(objects)
            self.respond(sequence, found or b"", iin2=IIN2_NO_OBJECT if found is None else 0)
        elif function in (wire.SELECT, wire.OPERATE, wire.DIRECT_OPERATE, wire.DIRECT_OPERATE_NO_ACK):
            self.control(sequence, function, objects)
        else:
            found = self.other(function, objects)
            self.respond(sequence, found or b"", iin2=IIN2_NO_FUNCTION if found is None else 0)
        if self.outstation.unsolicited and self.outstation.events:
            self.send_unsolicited(self.outstation.take_events())

    def control(self, sequence, function, objects):
        chosen = self.selected == ((sequence - 1) % 16, objects)
        act = function != wire.SELECT and (function != wire.OPERATE or chosen)
        echo = self.outstation.operate(objects, act)
        self.selected = (sequence, objects) if function == wire.SELECT else None
        if echo and function == wire.OPERATE and not chosen:
            echo = echo[:-1] + bytes([NO_SELECT])
        if function != wire.DIRECT_OPERATE_NO_ACK:
            self.respond(sequence, echo or b"", iin2=0 if echo else IIN2_NO_OBJECT)

    def other(self, function, objects):
        """The objects of the answer, None where the function is not known."""
        outstation = self.outstation
        if function == wire.WRITE:
            outstation.iin1 &= ~(IIN_RESTART if objects[0] == 80 else IIN_NEED_TIME)
        elif function in (wire.ENABLE_UNSOLICITED, wire.DISABLE_UNSOLICITED):
            outstation.unsolicited = function == wire.ENABLE_UNSOLICITED
        elif function in (wire.COLD_RESTART, wire.WARM_RESTART):
            outstation.iin1 |= IIN_RESTART
            outstation.unsolicited = False
            return header(52, 2, wire.COUNT, 1) + struct.pack("<H", 1500)
        elif function == wire.DELAY_MEASURE:
            return header(52, 2, wire.COUNT, 1) + struct.pack("<H", 3)
        elif function in (wire.OPEN_FILE, wire.CLOSE_FILE, wire.DELETE_FILE):
            status = struct.pack("<IIHHB", FILE_HANDLE, 64, 512, 0, SUCCESS)
            return header(70, 4, wire.FREE, 1) + struct.pack("<H", len(status)) + status
        elif function not in (wire.RECORD_TIME, wire.ASSIGN_CLASS):
            return None
        return b""


class Server(socketserver.ThreadingTCPServer):
    """Reusable at once, and gone with the program."""
    allow_reuse_address = True
    daemon_threads = True


def serve(address, own, *masters):
    Server.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with Server((address, wire.PORT), Conversation) as server:
        server.outstation = Outstation(int(own), [int(master) for master in masters])
        print("ready", flush=True)
        server.serve_forever()


# ---- master -------------------------------------------------------------------------------------------------------

class Master:
    """Asks one thing after the other."""

    def __init__(self, connection, own, outstation):
        self.connection = connection
        self.link = wire.Link(connection, True, own, outstation)
        self.sequence = 0
        self.n_unsolicited = 0

    def close(self):
        self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()

    def receive(self):
        """The next answer, with its confirmation sent; None is an unsolicited response, or link status."""
        fragment = self.link.receive()
        if fragment is None:
            return None
        unsolicited = fragment[1] == wire.UNSOLICITED
        if fragment[0] & wire.APP_CON:
            control = wire.APP_FIR | wire.APP_FIN | (wire.APP_UNS if unsolicited else 0) | fragment[0] & 0x0F
            self.link.send(bytes([control, wire.CONFIRM]))
        self.n_unsolicited += unsolicited and len(fragment) > 4  # the first one is empty
        return None if unsolicited else fragment

    def request(self, function, objects=b"", answered=True):
        self.link.send(bytes([wire.APP_FIR | wire.APP_FIN | self.sequence, function]) + objects)
        self.sequence = (self.sequence + 1) % 16
        answer = None
        while answered and answer is None:
            answer = self.receive()
        return answer

    def control(self, how, objects):
        if how == "select":
            self.request(wire.SELECT, objects)
        function = {"direct": wire.DIRECT_OPERATE, "no-ack": wire.DIRECT_OPERATE_NO_ACK}.get(how, wire.OPERATE)
        return self.request(function, objects, answered=how != "no-ack")

    # Operations; each takes the words behind its name.

    def integrity(self):
        return self.request(wire.READ, b"".join(header(60, v, wire.ALL) for v in (2, 3, 4, 1)))

    def classes(self, *numbers):
        return self.request(wire.READ, b"".join(header(60, int(n) + 1, wire.ALL) for n in numbers))

    def read(self, group, variation, *span):
        qualifier = wire.START_STOP if span else wire.ALL
        return self.request(wire.READ, header(int(group), int(variation), qualifier, *map(int, span)))

    def enable(self):
        return self.request(wire.ENABLE_UNSOLICITED, b"".join(header(60, v, wire.ALL) for v in (2, 3, 4)))

    def disable(self):
        return self.request(wire.DISABLE_UNSOLICITED, b"".join(header(60, v, wire.ALL) for v in (2, 3, 4)))

    def events(self):
        while self.n_unsolicited == 0:
            self.receive()
        self.n_unsolicited = 0

    def clear_restart(self):
        return self.request(wire.WRITE, header(80, 1, wire.START_STOP, 7, 7) + b"\x00")

    def lan_time(self):
        self.request(wire.RECORD_TIME)
        return self.request(wire.WRITE, header(50, 3, wire.COUNT, 1) + struct.pack("<Q", CLOCK_MS)[:6])

    def time(self):
        self.request(wire.DELAY_MEASURE)
        return self.request(wire.WRITE, header(50, 1, wire.COUNT, 1) + struct.pack("<Q", CLOCK_MS)[:6])

    def breaker(self, how, point, code):
        octet = CODES[code] if code in CODES else int(code, 0)
        return self.control(how, header(12, 1, wire.INDEX_16, 1) +
                            struct.pack("<HBBIIB", int(point), octet, 1, BREAKER_ON_MS, 0, SUCCESS))

    def set_point(self, how, point, value):
        return self.control(how, header(41, 2, wire.INDEX_16, 1) + struct.pack("<HhB", int(point), int(value), SUCCESS))

    def cold_restart(self):
        return self.request(wire.COLD_RESTART)

    def warm_restart(self):
        return self.request(wire.WARM_RESTART)

    def assign_class(self, group):
        return self.request(wire.ASSIGN_CLASS, header(60, 1, wire.ALL) + header(int(group), 0, wire.ALL))

    def link_status(self):
        self.link.ask_link_status()
        self.receive()

    def open_file(self, name):
        return self.file(wire.OPEN_FILE, name, mode=1)

    def delete_file(self, name):
        return self.file(wire.DELETE_FILE, name, mode=0)

    def file(self, function, name, mode):
        octets = name.encode("ascii")
        command = struct.pack("<HH", 26, len(octets)) + bytes(6) + struct.pack("<HIIHHH", 0, 0, 0, mode, 512, 0) + octets
        return self.request(function, header(70, 3, wire.FREE, 1) + struct.pack("<H", len(command)) + command)


def connected(address, own, outstation):
    return Master(socket.create_connection((address, wire.PORT), timeout=20), int(own), int(outstation))


def operate(master, operation):
    """The answer, where it has one."""
    name, *words = operation.split(" ")
    return getattr(master, name.replace("-", "_"))(*words)


def ask(address, own, outstation, *operations):
    master = connected(address, own, outstation)
    for operation in operations:
        answer = operate(master, operation)
        print(f"{operation}: {'done' if answer is None else f'IIN {answer[2]:02x} {answer[3]:02x}, {len(answer)} octets'}",
              flush=True)
    master.close()


def poll(seconds, address, own, outstation, *operations):
    master, end, rounds = connected(address, own, outstation), time.monotonic() + float(seconds), 0
    while time.monotonic() < end:
        for operation in operations:
            answer = operate(master, operation)
            if answer is not None and answer[3] != 0:
                sys.exit(f"round {rounds}: {operation}: IIN {answer[2]:02x} {answer[3]:02x}")
        rounds += 1
        time.sleep(0.01)
    print(f"{rounds} rounds")
    master.close()


if __name__ == "__main__":
    {"serve": serve, "ask": ask, "poll": poll}[sys.argv[1]](*sys.argv[2:])
