/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/scpi_words.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool parse_header(const char *s, size_t len, struct scpi_command *c)
{
	size_t used = 0;

	c->n = 1;
	for (size_t i = 0; i < len; i++) {
		if (s[i] == ':') {
			if (used == 0 || c->n == SCPI_WORDS_MAX)
				return false;
			c->word[c->n++ - 1][used] = '\0';
			used = 0;
		} else if (used + 1 < SCPI_WORD_LEN && isgraph((unsigned char)s[i])) {
			c->word[c->n - 1][used++] = (char)toupper((unsigned char)s[i]);
		} else {
			return false;
		}
	}
	c->word[c->n - 1][used] = '\0';
	return used > 0;
}

static bool parse_arg(const char *s, size_t len, struct scpi_command *c)
{
	const char *semicolon = memchr(s, ';', len);

	if (semicolon) {
		c->closed = true;
		for (const char *p = semicolon + 1; p < s + len; p++)
			if (*p != ' ')
				return false;
		len = (size_t)(semicolon - s);
	}
	while (len > 0 && s[0] == ' ') {
		s++;
		len--;
	}
	while (len > 0 && s[len - 1] == ' ')
		len--;
	if (len >= SCPI_ARG_LEN)
		return false;
	memcpy(c->arg, s, len);
	c->arg[len] = '\0';
	return true;
}

bool scpi_parse(const char *line, size_t len, struct scpi_command *out)
{
	size_t head = 0;

	memset(out, 0, sizeof(*out));
	while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == ' '))
		len--;
	if (len > 0 && line[0] == ':') {
		line++;
		len--;
	}
	while (head < len && line[head] != '?' && line[head] != ' ' && line[head] != ';')
		head++;
	if (!parse_header(line, head, out))
		return false;
	out->query = head < len && line[head] == '?';
	if (out->query)
		head++;
	return parse_arg(line + head, len - head, out);
}

bool scpi_word_is(const char *word, const char *long_form)
{
	const size_t len = strlen(long_form);
	size_t digits = 0, letters;

	if (strcmp(word, long_form) == 0)
		return true;
	while (digits < len && isdigit((unsigned char)long_form[len - 1 - digits]))
		digits++;
	letters = len - digits;
	if (letters <= 4)
		return false;
	letters = strchr("AEIOU", long_form[3]) ? 3 : 4;
	return strlen(word) == letters + digits && memcmp(word, long_form, letters) == 0 &&
	       strcmp(word + letters, long_form + len - digits) == 0;
}

bool scpi_header_is(const struct scpi_command *c, const char *pattern)
{
	for (int n = 0; n < c->n; n++) {
		const char *end = strchr(pattern, ':');
		char one[SCPI_WORD_LEN];

		snprintf(one, sizeof(one), "%.*s", end ? (int)(end - pattern) : SCPI_WORD_LEN - 1,
			 pattern);
		if (strcmp(one, "*") != 0 && !scpi_word_is(c->word[n], one))
			return false;
		if (!end)
			return n == c->n - 1;
		pattern = end + 1;
	}
	return false;
}
