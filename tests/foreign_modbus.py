#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: foreign_modbus.py on SOURCE | client PORT | server ORDER | rtu ORDER

"on" sets the simulated source to 120 V, 10 A, 0.5 lagging on L1. Then pymodbus on the other side: "client" asks the
simulated SDM630; "server" is a meter with the registers of an SDM630 whose floats
pymodbus wrote in that word order: it tells its port on stdout and ends when its stdin is closed; "rtu" is the same one
on a serial line, a pseudo-terminal whose path it tells.
Ends with 1 at the first answer that is not what the protocol says."""
import os
import socket
import sys
import threading
import time
import tty

try:
    from pymodbus.client import ModbusTcpClient
    from pymodbus.constants import Endian
    from pymodbus.payload import BinaryPayloadBuilder, BinaryPayloadDecoder
except ImportError:  # "on" needs none of it
    pass

VALUES = {0: 230.5, 2: 229.75, 4: 231.25, 6: 5.0, 8: 4.0, 10: 3.0, 12: 576.25, 14: 919.0, 16: 693.75,
          24: 998.125, 26: 0.0, 28: 0.0, 52: 2189.0, 70: 60.0, 72: 1234.5}


def on(port):
    """ZERA FG30x: angles in the DIN sense, so 60 degrees are lagging."""
    s = socket.create_connection(("127.0.0.1", port), 5)
    for line, answer in (("FR60.00", "OKFR"), ("UPAER120.000000.00S000.000000.00T000.000000.00", "OKUP"),
                         ("IPAAR010.000060.00S000.000000.00T000.000000.00", "OKIP"), ("UIEAAPAAAAA", "OKUI")):
        s.sendall(line.encode("ascii") + b"\r")
        got = b""
        while not got.endswith(b"\r"):
            got += s.recv(100)
        if got.decode("ascii").rstrip("\r") != answer:
            raise SystemExit("%s: got %r" % (line, got))
    s.close()
    time.sleep(2)  # until the load has settled and was measured


def floats(client, address, n):
    got = client.read_input_registers(address, 2 * n, slave=1)
    if got.isError():
        raise SystemExit("registers %d: %r" % (address, got))
    d = BinaryPayloadDecoder.fromRegisters(got.registers, byteorder=Endian.Big, wordorder=Endian.Big)
    return [d.decode_32bit_float() for _ in range(n)]


def expect(what, got, want, tolerance):
    if not abs(got - want) <= tolerance:
        raise SystemExit("%s: got %r, expected %g" % (what, got, want))


def refused(what, got, code):
    if not got.isError() or getattr(got, "exception_code", None) != code:
        raise SystemExit("%s: got %r, expected exception %d" % (what, got, code))


def client(port):
    c = ModbusTcpClient("127.0.0.1", port=port, timeout=5)
    if not c.connect():
        raise SystemExit("no connection")
    first = floats(c, 0, 18)
    for k, want in enumerate([120, 0, 0, 10, 0, 0, 600, 0, 0, 1200, 0, 0, 1039.23, 0, 0, 0.5, 1, 1]):
        expect("register %d" % (2 * k), first[k], want, 0.01 * abs(want))
    expect("sum of power", floats(c, 52, 1)[0], 600, 6)
    freq, imported, exported = floats(c, 70, 3)
    expect("frequency", freq, 60, 0.01)
    expect("import", imported, 1234.5, 1)
    expect("export", exported, 0, 0)
    expect("total", floats(c, 342, 1)[0], imported, 0.02)
    refused("a gap", c.read_input_registers(36, 2, slave=1), 2)
    refused("half a float", c.read_input_registers(0, 3, slave=1), 3)
    refused("too many", c.read_input_registers(0, 82, slave=1), 3)
    refused("holding registers", c.read_holding_registers(0, 2, slave=1), 1)
    serial = c.read_input_registers(0xFF00, 16, slave=1)
    text = b"".join(r.to_bytes(2, "big") for r in serial.registers).rstrip(b"\0")
    if text != b"SIM-SDM-0001":
        raise SystemExit("serial number: %r" % text)
    c.close()


def meter(order):
    from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext, ModbusSparseDataBlock

    orders = {"abcd": (Endian.Big, Endian.Big), "cdab": (Endian.Big, Endian.Little),
              "badc": (Endian.Little, Endian.Big), "dcba": (Endian.Little, Endian.Little)}
    registers = {}
    for address, value in VALUES.items():
        b = BinaryPayloadBuilder(byteorder=orders[order][0], wordorder=orders[order][1])
        b.add_32bit_float(value)
        for i, r in enumerate(b.to_registers()):
            registers[address + i] = r
    slave = ModbusSlaveContext(ir=ModbusSparseDataBlock(registers), zero_mode=True)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    return ModbusServerContext(slaves=slave, single=True)


def server(order):
    from pymodbus.server import StartTcpServer

    context = meter(order)
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    print(port, flush=True)
    StartTcpServer(context=context, address=("127.0.0.1", port))


def pass_on(a, b):
    while True:
        os.write(b, os.read(a, 256))


def rtu(order):
    from pymodbus.server import StartSerialServer
    from pymodbus.transaction import ModbusRtuFramer

    context = meter(order)
    ends = [os.openpty(), os.openpty()]  # a line has two ends, a pseudo-terminal one
    for master, slave in ends:
        tty.setraw(slave)
    for a, b in (0, 1), (1, 0):
        threading.Thread(target=pass_on, args=(ends[a][0], ends[b][0]), daemon=True).start()
    print(os.ttyname(ends[1][1]), flush=True)
    StartSerialServer(context=context, framer=ModbusRtuFramer, port=os.ttyname(ends[0][1]), baudrate=9600)


if sys.argv[1] == "on":
    on(int(sys.argv[2]))
elif sys.argv[1] == "client":
    client(int(sys.argv[2]))
elif sys.argv[1] == "rtu":
    rtu(sys.argv[2])
else:
    server(sys.argv[2])
