/* SPDX-License-Identifier: Apache-2.0 */
#include "procedures/print.h"

#include <string.h>

static int columns(const char *s, size_t len)
{
	int n = 0;

	for (size_t i = 0; i < len; i++)
		n += (s[i] & 0xc0) != 0x80;
	return n;
}

void print_padded(FILE *to, const char *s, int width)
{
	int gap = width - columns(s, strlen(s));

	fprintf(to, "%s%*s", s, gap > 0 ? gap : 1, "");
}

void print_field(FILE *to, int indent, int width, const char *label, const char *text)
{
	const int begin = indent + width;
	int at = begin;

	fprintf(to, "%*s", indent, "");
	print_padded(to, label, width);
	for (const char *p = text + strspn(text, " \n"); *p;) {
		size_t len = strcspn(p, " \n");
		int wide = columns(p, len);

		if (at > begin && at + 1 + wide > PRINT_COLUMNS) {
			fprintf(to, "\n%*s", begin, "");
			at = begin;
		} else if (at > begin) {
			fputc(' ', to);
			at++;
		}
		fwrite(p, 1, len, to);
		at += wide;
		p += len;
		p += strspn(p, " \n");
	}
	fputc('\n', to);
}
