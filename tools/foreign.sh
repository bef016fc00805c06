#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: foreign.sh ETALON - let clients that we did not write talk to the simulated instruments, in real time.
# A client that is not installed is left out, and said so. 0: all that ran were content.
set -u
etalon=$1
cd "$(dirname "$0")/.." || exit 2
command -v python3 >/dev/null 2>&1 || { echo "foreign: python3 is not installed, nothing was tried"; exit 0; }
tmp=$(mktemp -d) || exit 2
trap 'exec 9>&-; rm -rf "$tmp"' EXIT
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
exit $bad
