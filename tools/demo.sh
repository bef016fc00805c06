#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: demo.sh ETALON DIR SEED - make a simulated laboratory in DIR and verify its three batches.
# Ends with 0 when every run ended as a run should (0 or 1: a demonstration has meters that fail).
set -eu
etalon=$1 shown=$1 dir=$2 seed=$3
case $etalon in /*) ;; *) etalon=$PWD/$etalon ;; esac
rm -rf "$dir"
"$etalon" init "$dir" --simulate
cd "$dir"
"$etalon" person add --id anna --name "Anna Tremblay" --role technician
for a in reference reader; do
	"$etalon" apparatus add "apparatus/$a.yaml" --operator anna
done
mkdir -p out
verify() {
	code=0
	"$etalon" run --batch "batches/$1.yaml" --simulate "scenarios/$1.yaml" --seed "$seed" \
		--operator anna --json >"out/$1.run.json" 2>"out/$1.log" || code=$?
	[ "$code" -le 1 ] || {
		cat "out/$1.log" >&2
		echo "demo: etalon run ended with $code" >&2
		exit "$code"
	}
	"$etalon" report batch "$2" --output "out/$2.txt"
	"$etalon" report batch "$2" --json --output "out/$2.json"
	"$etalon" report batch "$2" --lang fr --output "out/$2.fr.txt"
	cat "out/$2.txt"
	echo
}
verify 1-element DEMO-1
verify 1h-element DEMO-2
verify 2-element-network DEMO-3
"$etalon" audit verify
echo
echo "Reports: $dir/out/DEMO-1.txt, .json, .fr.txt (French), and so on for DEMO-2, DEMO-3. Try next:"
echo "  $shown history 70000102 --lab $dir"
echo "  $shown recompute --all --lab $dir"
echo "  $shown approval show AE-1559 --lang fr --lab $dir"
