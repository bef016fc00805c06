/* SPDX-License-Identifier: Apache-2.0 */
#include "base/yaml_bytes.h"

#include "base/text.h"

bool yaml_is_control(const char *s, size_t left)
{
	unsigned char c = (unsigned char)s[0];

	if (c == 0xc2 && left > 1)
		return (unsigned char)s[1] < 0xa0;
	return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
}

bool yaml_bytes_are_sound(const char *s, size_t len, struct yaml_errors *e)
{
	const size_t valid = text_utf8_prefix(s, len);
	struct yaml_mark at = { 1, 1 };
	bool indent = true;
	int before = e->n;

	for (size_t i = 0; i < valid; i++) {
		if (yaml_is_control(s + i, valid - i)) {
			yaml_error(e, at, "a control character (byte 0x%02x) stands here",
				   s[i] & 0xff);
			return false;
		}
		if (s[i] == '%' && at.column == 1) {
			yaml_error(e, at, "a directive (%%); no line begins with %%");
			return false;
		}
		if (s[i] == '\t' && indent) {
			yaml_error(e, at, "a tab in the indentation; right would be: blanks");
			indent = false;
		}
		indent = indent && s[i] == ' ';
		if (s[i] == '\n' || (s[i] == '\r' && !(i + 1 < valid && s[i + 1] == '\n'))) {
			at = (struct yaml_mark){ at.line + 1, 1 };
			indent = true;
		} else if ((s[i] & 0xc0) != 0x80) {
			at.column++;
		}
	}
	if (valid < len)
		yaml_error(e, at, "not UTF-8 (byte 0x%02x); save the file as UTF-8",
			   s[valid] & 0xff);
	return e->n == before;
}

size_t yaml_bytes_make_harmless(char *to, const char *text, size_t len)
{
	size_t n = 0, line = 0; /* where the line begins that is being written */
	bool blank = true;

	for (size_t i = 0; i < len; i++) {
		const bool end = text[i] == '\n' || text[i] == '\r';

		if (end && blank)
			n = line;
		to[n++] = text[i] == '\t' ? ' ' : text[i];
		blank = end || (blank && to[n - 1] == ' ');
		line = end ? n : line;
	}
	if (blank)
		n = line;
	if (n > 0 && to[n - 1] != '\n' && to[n - 1] != '\r')
		to[n++] = '\n';
	return n;
}

static bool is_end(char c)
{
	return c == '\n' || c == '\r';
}

struct yaml_block yaml_bytes_look_at_block(const char *text, size_t from, size_t to)
{
	struct yaml_block b = { .indent = -1 };
	size_t header = from;
	int blanks = 0;
	bool counting = true;

	while (header > 0 && is_end(text[header - 1]))
		header--;
	while (header > 0 && !is_end(text[header - 1]))
		header--;
	while (header < from && text[header] == ' ') {
		b.header_indent++;
		header++;
	}
	for (size_t i = from; i < to; i++) {
		if (is_end(text[i])) {
			blanks = 0;
			counting = true;
		} else if (counting && text[i] == ' ') {
			blanks++;
		} else if (counting) {
			counting = false;
			b.uneven = b.uneven || (b.indent >= 0 && blanks != b.indent);
			b.indent = b.indent < 0 ? blanks : b.indent;
		}
	}
	return b;
}
