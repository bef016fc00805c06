#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: foreign_client.py SOURCE REFERENCE READER [pyvisa]

Talks to the simulated instruments of `etalon simulate --listen` as a stranger would: written from the documents of the protocols, with
the standard library alone and its own checksum. With "pyvisa" it asks the reference through PyVISA instead.
Ends with 1 at the first answer that is not what the document says."""
import re
import socket
import sys
import time


class Line:
    """A TCP link whose lines end with one byte."""

    def __init__(self, port, end):
        self.s = socket.create_connection(("127.0.0.1", port), 5)
        self.end = end
        self.left = b""

    def say(self, text):
        self.s.sendall(text.encode("ascii") + self.end)

    def hear(self, wait_s=5.0):
        """One line, or None when nothing whole comes in time."""
        until = time.monotonic() + wait_s
        while self.end not in self.left:
            rest = until - time.monotonic()
            if rest <= 0:
                return None
            self.s.settimeout(rest)
            try:
                got = self.s.recv(4096)
            except socket.timeout:
                return None
            if not got:
                raise SystemExit("the link was closed")
            self.left += got
        line, self.left = self.left.split(self.end, 1)
        return line.decode("ascii")

    def ask(self, text, wait_s=5.0):
        self.say(text)
        return self.hear(wait_s)

    def close(self):
        self.s.close()


def expect(what, got, pattern):
    if got is None or not re.fullmatch(pattern, got):
        raise SystemExit("%s: got %r, expected %s" % (what, got, pattern))


def source(port):
    """ZERA FG30x: CR ends every line; 1 phase on L1."""
    fg = Line(port, b"\r")
    expect("TS", fg.ask("TS"), r"TSSIMFG301V299")
    expect("SM", fg.ask("SM"), r"SM0000000000000000")
    expect("frequency", fg.ask("FR60.00"), r"OKFR")
    expect("voltages", fg.ask("UPAER120.000000.00S000.000000.00T000.000000.00"), r"OKUP")
    expect("currents", fg.ask("IPAAR010.000000.00S000.000000.00T000.000000.00"), r"OKIP")
    expect("a line that is too short", fg.ask("UPAER120"), r"UPNAK")
    began = time.monotonic()
    expect("switch on", fg.ask("UIEAAPAAAAA", 10), r"OKUI")
    if time.monotonic() - began < 1:
        raise SystemExit("the source switched on in no time")
    return fg


def source_off(fg):
    expect("switch off", fg.ask("UIAAAAAAAAA", 10), r"OKUI")
    fg.close()


NUMBER = r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?"


def questions(ask):
    """SCPI questions to a COM5003, whoever carries them. ask(text) gives the line, None for silence."""
    expect("*IDN?", ask("*IDN?"), r"ZERA GmbH Koenigswinter, ?COM5003, ?SIM-COM-0001, ?1\.0")
    expect("error queue", ask("SYSTEM:ERROR?"), r"\+0,No error")
    value = ask("MEASURE:RMS1:UL1?")
    expect("MEASURE", value, r"(?i)RMS1:UL1:\[V\]:" + NUMBER + ";?")
    volt = float(value.rstrip(";").split(":")[-1])
    if not 118 < volt < 122:
        raise SystemExit("120 V were set, RMS1 says %s" % value)
    expect("FETCH repeats", ask("FETCH:RMS1:UL1?"), r"(?i)RMS1:UL1:\[V\]:" + NUMBER + ";?")
    if ask("MEASURE:NONSENSE?") is not None:
        raise SystemExit("a question that is no question was answered")
    expect("its error afterwards", ask("SYSTEM:ERROR?"), r"-1\d\d,.+")
    expect("and no more", ask("SYSTEM:ERROR?"), r"\+0,No error")


def reference(port):
    com = Line(port, b"\n")
    questions(lambda text: com.ask(text, 2.5))
    com.close()


def reference_by_pyvisa(port):
    import pyvisa

    manager = pyvisa.ResourceManager("@py")
    com = manager.open_resource("TCPIP::127.0.0.1::%d::SOCKET" % port, read_termination="\n",
                                write_termination="\n", timeout=2500)

    def ask(text):
        try:
            return com.query(text)
        except pyvisa.errors.VisaIOError as e:
            if e.error_code != pyvisa.constants.StatusCode.error_timeout:
                raise
            return None

    questions(ask)
    com.close()
    manager.close()


def crc16(data):
    """CRC-16/CCITT-FALSE, bit by bit."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


class Reader(Line):
    """docs/ir-reader-protocol.md, the host's side."""

    def __init__(self, port):
        super().__init__(port, b"\n")
        self.tag = 100
        self.unsolicited = []

    def take(self, wait_s):
        line = self.hear(wait_s)
        if line is None:
            return None
        body, star, check = line.rpartition("*")
        if not star or check != "%04X" % crc16(body.encode("ascii")):
            raise SystemExit("checksum: %r" % line)
        return body

    def command(self, text):
        self.tag += 1
        body = "?%d %s" % (self.tag, text)
        self.say("%s*%04X" % (body, crc16(body.encode("ascii"))))
        while True:
            got = self.take(1.0)
            if got is None:
                raise SystemExit("%s: no answer" % text)
            if not got.startswith("!"):
                return got
            self.unsolicited.append(got)


def reader(port):
    if crc16(b"123456789") != 0x29B1:
        raise SystemExit("our own checksum is wrong")
    r = Reader(port)
    expect("ID", r.command("ID"),
           r"=101 ID proto=1 maker=\S+ model=\S+ serial=SIM-IR-0001 fw=\S+ channels=40 tick_ns=1000 u_ns=\d+ boot=\d+")
    expect("DEB", r.command("DEB 1 5000"), r"=102 DEB mask=1 us=5000")
    expect("a channel that is not there", r.command("ARM 10000000000"), r"-103 RANGE .{0,40}")
    expect("ARM", r.command("ARM 1"), r"=104 ARM mask=1 t=\d+ last=\d+")
    first = r.command("CLK")
    expect("CLK", first, r"=105 CLK t0=\d+ t1=\d+ t2=\d+ boot=\d+ last=\d+")
    began = time.monotonic()
    until = began + 8
    while time.monotonic() < until:
        got = r.take(until - time.monotonic())
        if got is not None:
            r.unsolicited.append(got)
    second = r.command("CLK")
    took = time.monotonic() - began
    expect("CLK", second, r"=106 CLK t0=\d+ t1=\d+ t2=\d+ boot=\d+ last=\d+")
    edges = [u.split() for u in r.unsolicited if u.split()[1] == "E"]
    numbers = [int(u.split()[0][1:]) for u in r.unsolicited]
    if not numbers or numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        raise SystemExit("unsolicited lines are not numbered one by one: %r" % numbers)
    if int(second.rsplit("=", 1)[1]) != numbers[-1]:
        raise SystemExit("last= is not the last line: %s, %r" % (second, numbers))
    ticks = int(re.search(r"t1=(\d+)", second).group(1)) - int(re.search(r"t1=(\d+)", first).group(1))
    if not abs(ticks * 1e-6 / took - 1) < 0.05:
        raise SystemExit("%g s by the reader's clock, %g s by ours" % (ticks * 1e-6, took))
    if len(edges) < 2 or any(e[2] != "1" for e in edges):
        raise SystemExit("edges of channel 1: %r" % edges)
    for a, b in zip(edges, edges[1:]):
        if int(b[3]) != int(a[3]) + 1 or not 2.5 < (int(b[4]) - int(a[4])) * 1e-6 < 3.5:
            raise SystemExit("1.2 kW and Kh 1 give a pulse in 3 s: %r, %r" % (a, b))
    r.say("?1 CLK*0000")
    expect("a wrong checksum", r.take(1.0), r"-0 CRC.*")
    expect("ARM 0", r.command("ARM 0"), r"=107 ARM mask=0 t=\d+ last=\d+")
    r.close()


def main():
    ports = [int(p) for p in sys.argv[1:4]]
    fg = source(ports[0])
    time.sleep(3)  # until the voltage has settled
    if sys.argv[4:] == ["pyvisa"]:
        reference_by_pyvisa(ports[1])
    else:
        reference(ports[1])
        reader(ports[2])
    source_off(fg)


main()
