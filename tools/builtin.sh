#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Print a C file that holds the files named as arguments (from the top of the tree), as bench/builtin.h says.
set -eu
echo '#include "bench/builtin.h"'
echo '#include <stddef.h>'
n=0
for f in "$@"; do
	n=$((n + 1))
	printf '__asm__(".section .rodata\\n.global builtin_%s_begin\\nbuiltin_%s_begin:\\n.incbin \\"%s\\"\\n"\n' $n $n "$f"
	printf '\t".global builtin_%s_end\\nbuiltin_%s_end:\\n.byte 0\\n.previous\\n");\n' $n $n
	printf 'extern const char builtin_%s_begin[], builtin_%s_end[];\n' $n $n
done
echo 'const struct builtin_file builtin_files[] = {'
n=0
for f in "$@"; do
	n=$((n + 1))
	printf '\t{ "%s", builtin_%s_begin, builtin_%s_end },\n' "$f" $n $n
done
echo '	{ NULL, NULL, NULL }'
echo '};'
