/* SPDX-License-Identifier: Apache-2.0 */
#include "base/csv.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

static bool is_control(const char *s, size_t left)
{
	const unsigned char c = (unsigned char)s[0];

	if (c == 0xc2 && left > 1)
		return (unsigned char)s[1] < 0xa0;
	return (c < 0x20 && c != '\n' && c != '\r') || c == 0x7f;
}

static void step(struct csv *c)
{
	const char ch = c->text[c->pos++];

	if (ch == '\n')
		c->at = (struct yaml_mark){ c->at.line + 1, 1 };
	else if ((ch & 0xc0) != 0x80)
		c->at.column++;
}

/* Looked at once and as a whole: the rows may then trust the bytes. */
static int bytes_are_sound(struct csv *c)
{
	const size_t valid = text_utf8_prefix(c->text, c->len);

	while (c->pos < valid) {
		const char *s = c->text + c->pos;
		const bool lone_cr = *s == '\r' && !(c->pos + 1 < valid && s[1] == '\n');

		if (*s == '\t') {
			yaml_error(c->e, c->at, "a tab; cells are separated by commas");
			return ET_ERR_FILE;
		}
		if (lone_cr || is_control(s, valid - c->pos)) {
			yaml_error(c->e, c->at, "a control character (byte 0x%02x) stands here",
				   *s & 0xff);
			return ET_ERR_FILE;
		}
		step(c);
	}
	if (valid < c->len) {
		yaml_error(c->e, c->at, "not UTF-8 (byte 0x%02x); save the file as UTF-8",
			   c->text[valid] & 0xff);
		return ET_ERR_FILE;
	}
	return ET_OK;
}

int csv_begin(struct csv *c, struct yaml_doc *doc, const char *text, size_t len,
	      struct yaml_errors *e)
{
	*c = (struct csv){ .doc = doc, .e = e, .text = text, .len = len, .at = { 1, 1 } };
	if (len > CSV_BYTES_MAX) {
		yaml_error(e, (struct yaml_mark){ 0, 0 }, "larger than 256 KiB");
		return ET_ERR_FILE;
	}
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		c->text += 3;
		c->len -= 3;
	}
	if (bytes_are_sound(c) != ET_OK)
		return ET_ERR_FILE;
	c->pos = 0;
	c->at = (struct yaml_mark){ 1, 1 };
	return ET_OK;
}

/* '\0' at the end: there is none inside. */
static char peek(const struct csv *c)
{
	return c->pos < c->len ? c->text[c->pos] : '\0';
}

static bool at_line_end(const struct csv *c)
{
	return peek(c) == '\0' || peek(c) == '\r' || peek(c) == '\n';
}

static void skip_line(struct csv *c)
{
	while (!at_line_end(c))
		step(c);
	while (peek(c) == '\r')
		step(c);
	if (peek(c) == '\n')
		step(c);
}

static int keep(struct csv *c, const char *text, size_t len, struct csv_cell *cell)
{
	char *copy = yaml_doc_alloc(c->doc, len + 1);

	if (!copy)
		return ET_ERR_NOMEM;
	memcpy(copy, text, len);
	cell->text = copy;
	return ET_OK;
}

static int bare_cell(struct csv *c, struct csv_cell *cell)
{
	const char *from;
	size_t len;

	while (peek(c) == ' ')
		step(c);
	cell->mark = c->at;
	from = c->text + c->pos;
	while (!at_line_end(c) && peek(c) != ',') {
		if (peek(c) == '"') {
			yaml_error(c->e, c->at,
				   "a quote inside a cell; right would be: quotes around the "
				   "whole cell, and \"\" for one of its own");
			return ET_ERR_FILE;
		}
		step(c);
	}
	len = (size_t)(c->text + c->pos - from);
	while (len > 0 && from[len - 1] == ' ')
		len--;
	return keep(c, from, len, cell);
}

static int quoted_cell(struct csv *c, struct csv_cell *cell)
{
	const size_t begin = c->pos + 1;
	size_t len = 0;
	char *copy;

	cell->mark = c->at;
	for (step(c); !(peek(c) == '"' && (c->pos + 1 >= c->len || c->text[c->pos + 1] != '"'));
	     step(c)) {
		if (at_line_end(c)) {
			yaml_error(c->e, cell->mark, "this quote is not closed in its line");
			return ET_ERR_FILE;
		}
		if (peek(c) == '"')
			step(c);
	}
	copy = yaml_doc_alloc(c->doc, c->pos - begin + 1);
	if (!copy)
		return ET_ERR_NOMEM;
	for (size_t i = begin; i < c->pos; i++) {
		copy[len++] = c->text[i];
		i += c->text[i] == '"';
	}
	cell->text = copy;
	step(c);
	if (!at_line_end(c) && peek(c) != ',') {
		yaml_error(c->e, c->at,
			   "after a closing quote stands something; right would be: a comma or the "
			   "end of the line");
		return ET_ERR_FILE;
	}
	return ET_OK;
}

/* One line. @return ET_ERR_FILE: the rest of it is not looked at. */
static int read_row(struct csv *c, struct csv_row *row)
{
	row->n = 0;
	for (size_t i = 0;; i++) {
		struct csv_cell cell;
		int err;

		if (i == CSV_COLUMNS_MAX) {
			yaml_error(c->e, c->at, "more than %d cells in a line", CSV_COLUMNS_MAX);
			return ET_ERR_FILE;
		}
		err = peek(c) == '"' ? quoted_cell(c, &cell) : bare_cell(c, &cell);
		if (err != ET_OK)
			return err;
		row->cells[i] = cell;
		row->n_all = i + 1;
		if (cell.text[0])
			row->n = i + 1;
		if (peek(c) != ',')
			return ET_OK;
		step(c);
	}
}

int csv_next(struct csv *c, struct csv_row *row)
{
	while (c->pos < c->len) {
		int err;

		if (++c->rows > CSV_ROWS_MAX) {
			yaml_error(c->e, c->at, "more than %d lines", CSV_ROWS_MAX);
			c->pos = c->len;
			return 0;
		}
		err = read_row(c, row);
		skip_line(c);
		if (err == ET_OK && row->n > 0)
			return 1;
		if (err == ET_ERR_NOMEM)
			return err;
	}
	return 0;
}
