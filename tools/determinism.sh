#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: determinism.sh ETALON [OTHER...] - verify the three batches of the demonstration again and again, the machine
# idle and all its processors loaded, with every program given (other compilers, sanitizers), and compare the journals
# byte for byte. The first program runs three times idle and three times loaded, every other once each.
# Ends with 0 when all are the same, 1 when one differs, or when another seed makes no difference.
set -eu
tools=$(dirname "$0")
work=$(mktemp -d)
loads=
unload() {
	for pid in $loads; do kill "$pid" 2>/dev/null || :; done
	loads=
}
trap 'unload; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
load() {
	n=$(nproc)
	while [ "$n" -gt 0 ]; do
		(while :; do :; done) &
		loads="$loads $!"
		n=$((n - 1))
	done
}
journal() { # ETALON SEED: hash of its journal
	sh "$tools/demo.sh" "$1" "$work/lab" "$2" >"$work/log" 2>&1 || {
		cat "$work/log" >&2
		exit 1
	}
	"$1" export --journal --lab "$work/lab" >"$work/journal"
	sha256sum <"$work/journal" | cut -c1-64
}
first=
bad=0
run() { # WORD ETALON
	hash=$(journal "$2" 1)
	[ -n "$first" ] || first=$hash
	mark=
	[ "$hash" = "$first" ] || { mark=' DIFFERS' bad=1; }
	printf '%s  %-7s %s%s\n' "$hash" "$1" "$2" "$mark"
}
times=3
for etalon in "$@"; do
	i=0
	while [ $i -lt $times ]; do run idle "$etalon"; i=$((i + 1)); done
	load
	i=0
	while [ $i -lt $times ]; do run loaded "$etalon"; i=$((i + 1)); done
	unload
	times=1
done
other=$(journal "$1" 2)
printf '%s  another seed\n' "$other"
[ "$other" != "$first" ] || bad=1
exit $bad
