/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/stamp_line.h"

#include <stdio.h>
#include <string.h>

uint16_t stamp_crc(const char *data, size_t len)
{
	/* Four bits at a time: t[n] is the polynomial 0x1021 shifted through n << 12. */
	static const uint16_t t[16] = { 0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50A5, 0x60C6, 0x70E7,
					0x8108, 0x9129, 0xA14A, 0xB16B, 0xC18C, 0xD1AD, 0xE1CE, 0xF1EF };
	unsigned crc = 0xFFFF;

	for (size_t i = 0; i < len; i++) {
		const unsigned byte = (unsigned char)data[i];

		crc = (crc << 4 & 0xFFFF) ^ t[(crc >> 12) ^ (byte >> 4)];
		crc = (crc << 4 & 0xFFFF) ^ t[(crc >> 12) ^ (byte & 15)];
	}
	return (uint16_t)crc;
}

size_t stamp_close(char *text, size_t len, size_t cap)
{
	static const char hex[] = "0123456789ABCDEF";
	const unsigned crc = stamp_crc(text, len);

	if (len + 7 > cap)
		return len;
	text[len++] = '*';
	for (int shift = 12; shift >= 0; shift -= 4)
		text[len++] = hex[crc >> shift & 15];
	text[len++] = '\n';
	text[len] = '\0';
	return len;
}

bool stamp_number(const char *word, uint64_t *out)
{
	uint64_t v = 0;
	size_t n = 0;

	if (word[0] == '0' && word[1])
		return false;
	for (; word[n] >= '0' && word[n] <= '9'; n++)
		v = 10 * v + (uint64_t)(word[n] - '0');
	if (n == 0 || n > 18 || word[n])
		return false;
	*out = v;
	return true;
}

bool stamp_mask(const char *word, uint64_t *out)
{
	static const char hex[] = "0123456789abcdef";
	uint64_t v = 0;
	size_t n = 0;

	if (word[0] == '0' && word[1])
		return false;
	for (; word[n]; n++) {
		const char *at = strchr(hex, word[n]);

		if (!at)
			return false;
		v = v << 4 | (uint64_t)(at - hex);
	}
	if (n == 0 || n > 16)
		return false;
	*out = v;
	return true;
}

static bool checksum_right(const char *line, size_t len)
{
	char want[STAMP_HOST_MAX + 8];

	if (len < 6 || line[len - 5] != '*' || memchr(line, '*', len - 5))
		return false;
	memcpy(want, line, len - 5);
	stamp_close(want, len - 5, sizeof(want));
	return memcmp(want, line, len) == 0;
}

/* Cut at single blanks. @return number of words, -1: too many, too long, or an empty one. */
static int split(const char *s, size_t len, char word[][24], int max)
{
	int n = 0;
	size_t used = 0;

	for (size_t i = 0; i <= len; i++) {
		if (i == len || s[i] == ' ') {
			if (used == 0 || n == max)
				return -1;
			word[n++][used] = '\0';
			used = 0;
		} else if (used + 1 < 24 && s[i] > ' ' && s[i] < 127 && n < max) {
			word[n][used++] = s[i];
		} else {
			return -1;
		}
	}
	return n;
}

const char *stamp_parse(const char *line, size_t len, struct stamp_question *out)
{
	char word[STAMP_FIELDS + 2][24];
	uint64_t tag;
	int n;

	memset(out, 0, sizeof(*out));
	if (len > STAMP_HOST_MAX - 1)
		return "LONG";
	if (!checksum_right(line, len))
		return "CRC";
	if (line[0] != '?')
		return "SYNTAX";
	n = split(line + 1, len - 6, word, STAMP_FIELDS + 2);
	if (n < 1) { /* the tag may still be good */
		const char *blank = memchr(line, ' ', len - 5);

		if (!blank || split(line + 1, (size_t)(blank - line - 1), word, 1) != 1)
			return "SYNTAX";
	}
	if (!stamp_number(word[0], &tag) || tag < 1 || tag > 65535)
		return "SYNTAX";
	out->tag = (uint32_t)tag;
	if (n < 2 || strlen(word[1]) >= sizeof(out->verb))
		return "SYNTAX";
	strcpy(out->verb, word[1]);
	out->n_args = n - 2;
	for (int i = 0; i < out->n_args; i++)
		strcpy(out->word[i], word[i + 2]);
	return NULL;
}
