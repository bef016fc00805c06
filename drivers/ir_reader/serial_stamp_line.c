/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/ir_reader/serial_stamp_line.c - lines of docs/ir-reader-protocol.md, section 2. */
#include "drivers/ir_reader/serial_stamp_line.h"

#include <stdio.h>
#include <string.h>

uint16_t ss_crc(const char *s, size_t len)
{
	unsigned crc = 0xffff;

	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned)(unsigned char)s[i] << 8;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1;
		crc &= 0xffff;
	}
	return (uint16_t)crc;
}

bool ss_seal(const char *text, char *out, size_t cap)
{
	int n = snprintf(out, cap, "%s*%04X", text, ss_crc(text, strlen(text)));

	return n > 0 && (size_t)n < cap;
}

static bool is_printable(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] < 0x20 || s[i] > 0x7e || s[i] == '*')
			return false;
	return true;
}

bool ss_unseal(char *line)
{
	size_t len = strlen(line);
	char want[8];

	if (len < 6 || len >= SS_LINE_MAX || line[len - 5] != '*')
		return false;
	snprintf(want, sizeof(want), "%04X", ss_crc(line, len - 5));
	if (strcmp(want, line + len - 4) || !is_printable(line, len - 5))
		return false;
	line[len - 5] = '\0';
	return true;
}

bool ss_split(char *line, struct ss_fields *out)
{
	char *p = line + 1;

	out->n = 0;
	for (;;) {
		char *blank = strchr(p, ' ');

		if (out->n == SS_FIELDS_MAX || !*p || blank == p)
			return false;
		out->f[out->n++] = p;
		if (!blank)
			return true;
		*blank = '\0';
		p = blank + 1;
	}
}

bool ss_number(const char *s, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (!*s || (s[0] == '0' && s[1]))
		return false;
	for (; *s; s++) {
		unsigned digit = (unsigned)(*s - '0');

		if (*s < '0' || *s > '9' || digit > max || v > (max - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*out = v;
	return true;
}

bool ss_mask(const char *s, uint64_t *out)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t v = 0;

	if (!*s || (s[0] == '0' && s[1]) || strlen(s) > 16)
		return false;
	for (; *s; s++) {
		const char *d = strchr(digits, *s);

		if (!d)
			return false;
		v = v << 4 | (uint64_t)(d - digits);
	}
	*out = v;
	return true;
}

const char *ss_value(const struct ss_fields *f, size_t i, const char *key)
{
	size_t len = strlen(key);

	if (i >= f->n || strncmp(f->f[i], key, len) || f->f[i][len] != '=')
		return NULL;
	return f->f[i] + len + 1;
}
