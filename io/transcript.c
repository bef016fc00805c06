/* SPDX-License-Identifier: Apache-2.0 */
/* io/transcript.c - one line after the other, nothing guessed. */
#include "io/transcript.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "io/port.h"

struct parser {
	struct transcript t;
	size_t cap_steps, n_bytes;
	unsigned line;
	int64_t mark_ns, end_ns, last_mark_ns;
	bool has_text;
	struct fault *f;
};

static int wrong(const struct parser *p, const char *what)
{
	return fault_set(p->f, ET_ERR_FILE, "line %u: %s", p->line, what);
}

static int add_step(struct parser *p, char kind)
{
	if (p->t.n_steps == p->cap_steps) {
		size_t cap = p->cap_steps ? 2 * p->cap_steps : 64;
		struct transcript_step *more = realloc(p->t.step, cap * sizeof(*more));

		if (!more)
			return fault_set(p->f, ET_ERR_NOMEM, "out of memory");
		p->t.step = more;
		p->cap_steps = cap;
	}
	p->t.step[p->t.n_steps++] = (struct transcript_step){ .kind = kind,
							      .line = p->line,
							      .mark_ns = p->mark_ns,
							      .end_ns = p->end_ns,
							      .data = p->t.bytes + p->n_bytes };
	p->mark_ns = p->end_ns = -1;
	return ET_OK;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* What follows a backslash. @return characters used; 0: unknown. */
static size_t unescape(const char *s, size_t len, uint8_t *out)
{
	if (len >= 1 && (s[0] == 'n' || s[0] == 'r' || s[0] == '\\')) {
		*out = s[0] == 'n' ? '\n' : s[0] == 'r' ? '\r' : '\\';
		return 1;
	}
	if (len < 3 || s[0] != 'x' || hex_digit(s[1]) < 0 || hex_digit(s[2]) < 0)
		return 0;
	*out = (uint8_t)(hex_digit(s[1]) * 16 + hex_digit(s[2]));
	return 3;
}

/* ">x 04 00 00 00 02": one whole Modbus message */
static int parse_hex(struct parser *p, const char *s, size_t len)
{
	size_t at = 2, start = p->n_bytes;
	int err;

	if (p->has_text)
		return wrong(p, "bytes and messages in one transcript");
	p->t.is_hex = true;
	err = add_step(p, s[0]);
	if (err < 0)
		return err;
	for (; at < len; at += 3) {
		if (len - at < 3 || s[at] != ' ' || hex_digit(s[at + 1]) < 0 ||
		    hex_digit(s[at + 2]) < 0)
			return wrong(p, "after x there should be bytes like 04 1f");
		p->t.bytes[p->n_bytes++] =
			(uint8_t)(hex_digit(s[at + 1]) * 16 + hex_digit(s[at + 2]));
	}
	p->t.step[p->t.n_steps - 1].len = p->n_bytes - start;
	if (p->n_bytes == start || p->n_bytes - start > MODBUS_PDU_MAX)
		return wrong(p, "a message should have 1 to 253 bytes");
	return ET_OK;
}

/* "> text" */
static int parse_bytes(struct parser *p, const char *s, size_t len)
{
	size_t at = 2, start = p->n_bytes;
	int err;

	if (len < 3 || s[1] != ' ')
		return wrong(p, "there should be a blank and then bytes");
	if (p->t.is_hex)
		return wrong(p, "bytes and messages in one transcript");
	p->has_text = true;
	err = add_step(p, s[0]);
	if (err < 0)
		return err;
	while (at < len) {
		uint8_t b = (uint8_t)s[at++];

		if (b == '\\') {
			size_t used = unescape(s + at, len - at, &b);

			if (!used)
				return wrong(p, "after \\ there should be n, r, \\ or xHH");
			at += used;
		} else if (b < 0x20 || b > 0x7e) {
			return wrong(p, "a byte that is not printable should be written as \\xHH");
		}
		p->t.bytes[p->n_bytes++] = b; /* never more bytes than text */
	}
	p->t.step[p->t.n_steps - 1].len = p->n_bytes - start;
	return ET_OK;
}

static int parse_mark(struct parser *p, const char *s, size_t len)
{
	const char *blank = len > 2 ? memchr(s + 2, ' ', len - 2) : NULL;
	const size_t first = blank ? (size_t)(blank - s) : len;
	int64_t t_ns, end_ns;

	if (len < 3 || s[1] != ' ' || num_parse_i64(s + 2, first - 2, &t_ns) < 0 || t_ns < 0)
		return wrong(p, "after @ there should be a time in ns");
	end_ns = t_ns;
	if (blank && (num_parse_i64(blank + 1, len - first - 1, &end_ns) < 0 || end_ns < t_ns))
		return wrong(p, "the second time after @ should be the end, in ns");
	if (p->mark_ns >= 0)
		return wrong(p, "a second @ for the same line");
	if (t_ns < p->last_mark_ns)
		return wrong(p, "@ goes back in time");
	p->mark_ns = p->last_mark_ns = t_ns;
	p->end_ns = end_ns;
	return ET_OK;
}

static int parse_what(struct parser *p, const char *s, size_t len)
{
	for (int w = 0; len > 2 && s[1] == ' ' && w < TRANSCRIPT_WHATS; w++) {
		const char *word = transcript_word((enum transcript_what)w);
		int err;

		if (strlen(word) != len - 2 || memcmp(s + 2, word, len - 2) != 0)
			continue;
		err = add_step(p, '!');
		if (err == ET_OK)
			p->t.step[p->t.n_steps - 1].what = (enum transcript_what)w;
		return err;
	}
	return wrong(p, "after ! there should be timeout");
}

static int parse_line(struct parser *p, const char *s, size_t len)
{
	if (len > 0 && s[len - 1] == '\r') /* an editor's */
		len--;
	if (len == 0)
		return ET_OK;
	switch (s[0]) {
	case '#':
		return ET_OK;
	case '@':
		return parse_mark(p, s, len);
	case '>':
	case '<':
		return len > 1 && s[1] == 'x' ? parse_hex(p, s, len) : parse_bytes(p, s, len);
	case '!':
		return parse_what(p, s, len);
	default:
		return wrong(p, "should begin with # @ > < or !");
	}
}

int transcript_parse(const char *text, size_t len, struct transcript *out, struct fault *f)
{
	struct parser p = { .mark_ns = -1, .end_ns = -1, .f = f };
	size_t at = 0;
	int err = ET_OK;

	p.t.bytes = malloc(len + 1);
	if (!p.t.bytes)
		return fault_set(f, ET_ERR_NOMEM, "out of memory");
	while (at < len && err == ET_OK) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end ? (size_t)(end - text) - at : len - at;

		p.line++;
		err = parse_line(&p, text + at, n);
		at += n + 1;
	}
	if (err == ET_OK && p.mark_ns >= 0)
		err = wrong(&p, "nothing follows the last @");
	if (err < 0)
		transcript_free(&p.t);
	else
		*out = p.t;
	return err;
}

const char *transcript_word(enum transcript_what what)
{
	static const char *const words[TRANSCRIPT_WHATS] = {
		[TRANSCRIPT_TIMEOUT] = "timeout",
		[TRANSCRIPT_NOTHING] = "nothing",
		[TRANSCRIPT_REQUEST] = "request",
		[TRANSCRIPT_READ_FAILED] = "read failed",
		[TRANSCRIPT_READ_DAMAGED] = "read damaged",
		[TRANSCRIPT_WRITE_FAILED] = "write failed",
		[TRANSCRIPT_WRITE_TIMED_OUT] = "write timed out",
		[TRANSCRIPT_REOPENED] = "reopened",
		[TRANSCRIPT_NOT_REOPENED] = "not reopened",
	};

	return (unsigned)what < TRANSCRIPT_WHATS ? words[what] : "";
}

/* A line '@' belongs to the line after it. */
size_t transcript_whole(const char *text, size_t len)
{
	while (len > 0 && text[len - 1] != '\n')
		len--;
	for (;;) {
		size_t at = len > 0 ? len - 1 : 0;

		while (at > 0 && text[at - 1] != '\n')
			at--;
		if (len == 0 || text[at] != '@')
			return len;
		len = at;
	}
}

int transcript_read_file(const char *path, char **text, size_t *len, struct fault *f)
{
	FILE *file = fopen(path, "re");
	size_t cap = 1 << 15, n = 0;
	char *all = NULL, *more;
	int err;

	if (!file)
		return fault_set(f, ET_ERR_IO, "%s: %s", path, strerror(errno));
	do {
		cap *= 2;
		more = cap <= TRANSCRIPT_FILE_MAX ? realloc(all, cap) : NULL;
		if (!more) {
			err = fault_set(f, ET_ERR_NOMEM, "%s: too large", path);
			goto fail;
		}
		all = more;
		n += fread(all + n, 1, cap - n, file);
	} while (n == cap);
	if (ferror(file)) {
		err = fault_set(f, ET_ERR_IO, "%s: %s", path, strerror(errno));
		goto fail;
	}
	fclose(file);
	*text = all;
	*len = n;
	return ET_OK;
fail:
	fclose(file);
	free(all);
	return err;
}

void transcript_free(struct transcript *t)
{
	free(t->step);
	free(t->bytes);
	*t = (struct transcript){ 0 };
}

const char *transcript_byte(char out[5], uint8_t b)
{
	if (b == '\n' || b == '\r' || b == '\\')
		snprintf(out, 5, "\\%c", b == '\n' ? 'n' : b == '\r' ? 'r' : '\\');
	else if (b < 0x20 || b > 0x7e)
		snprintf(out, 5, "\\x%02X", b);
	else
		snprintf(out, 5, "%c", b);
	return out;
}

void transcript_quote(char *out, size_t cap, const uint8_t *data, size_t len)
{
	size_t at = 0;
	char one[5];

	out[0] = '\0';
	for (size_t i = 0; i < len && at + sizeof(one) <= cap; i++)
		at += (size_t)snprintf(out + at, cap - at, "%s", transcript_byte(one, data[i]));
}
