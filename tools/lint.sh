#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Check layout (clang-format) and the usual slips (cppcheck) of every C file: 0 clean, 1 findings, 2 no tool.
set -u
cd "$(dirname "$0")/.." || exit 2
for tool in clang-format cppcheck; do
	command -v "$tool" >/dev/null 2>&1 || {
		echo "lint: $tool is not installed (apt-get install clang-format cppcheck)" >&2
		exit 2
	}
done
list=$(mktemp) || exit 2
trap 'rm -f "$list"' EXIT
find . \( -name build -o -name '.?*' \) -prune -o -type f \( -name '*.c' -o -name '*.h' \) -print |
	sed 's|^\./||' | LC_ALL=C sort >"$list"
bad=0
# Tables that people lay out by hand stand between "clang-format off" and "clang-format on".
xargs -d '\n' clang-format --dry-run -Werror <"$list" || bad=1
grep '\.c$' "$list" | cppcheck --file-list=- --quiet --std=c11 --error-exitcode=1 -j "$(nproc)" -I. \
	--enable=warning,portability --inline-suppr --suppress=missingIncludeSystem || bad=1
exit $bad
