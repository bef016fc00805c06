#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: recordings.sh ETALON - make the recordings of tests/recordings anew: when what is measured, or when, has changed
# on purpose. Two in virtual time, and one over real lines in real time.
set -eu
etalon=$1
case $etalon in /*) ;; *) etalon=$PWD/$etalon ;; esac
cd "$(dirname "$0")/../tests/recordings"
here=$PWD
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || :; rm -rf "$work"' EXIT
cd "$work"

laboratory() {
	"$etalon" init "$1" --simulate >init.txt
	cp "$here/plan.yaml" "$1/plans/"
	"$etalon" person add --id anna --name Anna --role technician --lab "$1" >>init.txt
	sed -i "s/issued: .*/issued: $2/; s/expires: .*/expires: 2099-01-01/" "$1"/apparatus/*.yaml
	for a in reference reader; do
		"$etalon" apparatus add "$1/apparatus/$a.yaml" --operator anna --lab "$1" >>init.txt
	done
}

# 1: one of the two meters is out of its limits
run() {
	code=0
	"$etalon" run --batch "$here/batch.yaml" --operator anna "$@" >run.txt 2>&1 || code=$?
	[ $code = 1 ] || { cat run.txt; exit 1; }
}

for name in clean fault; do
	laboratory $name 2026-01-01
	cp "$here/$name.scenario.yaml" .
	run --lab $name --simulate $name.scenario.yaml --record $name.recording
done

laboratory live "$(date +%F)"
mkfifo control
"$etalon" simulate "$here/clean.scenario.yaml" --listen --tcp --lab live --bench-out live.yaml --until-eof <control >server.txt &
server=$!
exec 3>control
for i in 1 2 3 4 5 6 7 8 9 10; do
	[ -s live.yaml ] || sleep 1
done
run --lab live --bench live.yaml --record live.recording
exec 3>&-
wait "$server" || :
server=
sed -i 's/"boot_id": "[^"]*"/"boot_id": "00000000-0000-4000-8000-000000000002"/' live.recording/recording.yaml

for name in clean fault live; do
	rm -rf "${here:?}/$name"
	mv $name.recording "$here/$name"
	"$etalon" replay "$here/$name" | tail -n 1
done
