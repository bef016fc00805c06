#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: foreign.sh ETALON MODBUS_ASK - let clients that we did not write talk to the simulated
# instruments, and our driver with a server that we did not write, in real time.
# A program that is not installed is left out, and said so. 0: all that ran were content.
set -u
etalon=$1 ask=$2
cd "$(dirname "$0")/.." || exit 2
command -v python3 >/dev/null 2>&1 || { echo "foreign: python3 is not installed, nothing was tried"; exit 0; }
tmp=$(mktemp -d) || exit 2
trap 'exec 9>&- 8>&-; rm -rf "$tmp"' EXIT
mkfifo "$tmp/hold"
"$etalon" simulate examples/simulated/scenarios/1-element.yaml --listen --tcp --until-eof --json \
	<"$tmp/hold" >"$tmp/ports" &
exec 9>"$tmp/hold" # the server ends when this end is closed
for _ in 1 2 3 4 5 6 7 8 9 10; do
	[ -s "$tmp/ports" ] && break
	sleep 0.2
done
port() { sed -n "s/.*\"$1\":\"tcp:127.0.0.1:\([0-9]*\)\".*/\1/p" "$tmp/ports"; }
source=$(port source) reference=$(port reference) reader=$(port reader)
[ -n "$source" ] && [ -n "$reference" ] && [ -n "$reader" ] || {
	echo "foreign: the server did not start" >&2
	exit 1
}
bad=0
say() { printf 'foreign: %-28s %s\n' "$1" "$2"; }

if python3 tests/foreign_client.py "$source" "$reference" "$reader"; then
	say "Python, standard library" "content"
else
	say "Python, standard library" "FAILED"; bad=1
fi

if command -v lxi >/dev/null 2>&1; then
	got=$(timeout 20 lxi scpi --raw -t 3 -a 127.0.0.1 -p "$reference" "*IDN?" 2>&1 | tr -d '\000')
	case $got in
	"ZERA GmbH Koenigswinter"*COM5003*SIM-COM-0001*) say "lxi-tools" "content" ;;
	*) say "lxi-tools" "FAILED: $got"; bad=1 ;;
	esac
else
	say "lxi-tools" "not installed, left out"
fi

visa=
for p in python3 /usr/bin/python3; do
	"$p" -c 'import pyvisa, pyvisa_py' >/dev/null 2>&1 && visa=$p
done
if [ -n "$visa" ]; then
	if "$visa" tests/foreign_client.py "$source" "$reference" "$reader" pyvisa; then
		say "PyVISA" "content"
	else
		say "PyVISA" "FAILED"; bad=1
	fi
else
	say "PyVISA" "not installed, left out"
fi
# ---- Modbus ----

# first_line FILE - wait until a program has told where it listens. Nothing after 10 s.
first_line() {
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		[ -s "$1" ] && break
		sleep 0.5
	done
	head -n 1 "$1"
}
mkfifo "$tmp/hold8"
"$etalon" simulate tests/scenarios/sdm630.yaml --listen --tcp --until-eof --json <"$tmp/hold8" >"$tmp/modbus" &
exec 8>"$tmp/hold8"
first_line "$tmp/modbus" >/dev/null
source=$(sed -n 's/.*"source":"tcp:127.0.0.1:\([0-9]*\)".*/\1/p' "$tmp/modbus")
port=$(sed -n 's/.*"reference":"modbus-tcp:127.0.0.1:\([0-9]*\),1".*/\1/p' "$tmp/modbus")
python3 tests/foreign_modbus.py on "$source" || bad=1

py=
for p in python3 /usr/bin/python3; do
	"$p" -c 'import pymodbus.client, pymodbus.payload' >/dev/null 2>&1 && py=$p
done
if [ -n "$py" ]; then
	if "$py" tests/foreign_modbus.py client "$port"; then
		say "pymodbus, client" "content"
	else
		say "pymodbus, client" "FAILED"; bad=1
	fi
else
	say "pymodbus, client" "not installed, left out"
fi

if command -v mbpoll >/dev/null 2>&1; then
	got=$(timeout 20 mbpoll -m tcp -p "$port" -a 1 -0 -r 0 -c 4 -t 3:float -B -1 -q 127.0.0.1 2>&1)
	case $(echo $got) in
	*"[0]: 1"[12][0-9]*"[2]: 0"*"[4]: 0"*"[6]: "*) say "mbpoll" "content" ;;
	*) say "mbpoll" "FAILED: $got"; bad=1 ;;
	esac
else
	say "mbpoll" "not installed, left out"
fi

got=$("$ask" "modbus-tcp:127.0.0.1:$port,1" drivers/reference_standard eastron-sdm630 2>&1)
case $got in
"Eastron SDM630 SIM-SDM-0001 simulated=1 L1 1"*" 60 Hz") say "our driver, our simulator" "content" ;;
*) say "our driver, our simulator" "FAILED: $got"; bad=1 ;;
esac
exec 8>&-

mkdir -p "$tmp/registers"
for order in abcd cdab badc dcba; do
	[ -n "$py" ] || { say "pymodbus, server" "not installed, left out"; break; }
	sed "s/^id: .*/id: $order/; s/^word_order: .*/word_order: $order/" \
		drivers/reference_standard/registers/eastron-sdm630.yaml >"$tmp/registers/$order.yaml"
	for kind in server rtu; do
		rm -f "$tmp/hold8" "$tmp/meter"
		mkfifo "$tmp/hold8"
		"$py" tests/foreign_modbus.py $kind $order <"$tmp/hold8" >"$tmp/meter" 2>"$tmp/meter.err" &
		exec 8>"$tmp/hold8"
		place=$(first_line "$tmp/meter")
		case $kind in
		server) place="modbus-tcp:127.0.0.1:$place,1" ;;
		rtu) place="modbus-rtu:$place,9600,8n1,1" ;;
		esac
		for _ in 1 2 3 4 5 6 7 8 9 10; do # it tells its place a little before it listens
			got=$("$ask" "$place" "$tmp" $order 2>&1) && break
			sleep 0.5
		done
		exec 8>&-
		case $got in
		"Eastron SDM630 DECLARED simulated=0 L1 230.5 V 5 A 576.25 W L2 229.75 V 4 A 919 W L3 231.25 V 3 A 693.75 W"*" 2189 W 998.125 var 60 Hz")
			say "pymodbus, $kind, $order" "content" ;;
		*) say "pymodbus, $kind, $order" "FAILED: $got"; bad=1 ;;
		esac
	done
done
exit $bad
