#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Install the Debian packages named as arguments that are missing. Root or sudo is needed only then.
set -eu
missing=
for p in "$@"; do
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null || true)" = installed ] ||
		missing="$missing $p"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ]; then
	as_root=
elif command -v sudo >/dev/null 2>&1; then
	as_root=sudo
else
	echo "etalon: these Debian packages are missing:$missing" >&2
	echo "etalon: run this as root, or install sudo, or: apt-get install$missing" >&2
	exit 2
fi
echo "etalon: installing$missing" >&2
export DEBIAN_FRONTEND=noninteractive
{ $as_root apt-get update -q && $as_root apt-get install -y -q --no-install-recommends $missing; } >&2 || {
	echo "etalon: could not install:$missing" >&2
	exit 2
}
