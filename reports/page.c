/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/page.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "reports/figures.h"

enum { LABEL = 22 };

/* One code point; @return its length in bytes. */
static size_t put(struct page *p, const char *s)
{
	size_t len;
	const uint32_t c = figures_code_point(s, &len);

	for (; p->blanks; p->blanks--)
		fputc(' ', p->to);
	if (figures_is_printable(c)) {
		fwrite(s, 1, len, p->to);
		p->at += figures_width(c);
	} else {
		fputc('?', p->to);
		p->at++;
	}
	return len;
}

static void put_until(struct page *p, const char *s, const char *end)
{
	while (s < end)
		s += put(p, s);
}

void page_to(struct page *p, int column)
{
	if (column > p->at) {
		p->blanks += column - p->at;
		p->at = column;
	}
}

void page_line_end(struct page *p)
{
	fputc('\n', p->to);
	p->at = p->blanks = 0;
}

/* The longest beginning of @p s that takes at most @p width columns. */
static const char *fits(const char *s, int width)
{
	size_t len;

	for (; *s; s += len) {
		const uint32_t c = figures_code_point(s, &len);

		width -= figures_is_printable(c) ? figures_width(c) : 1;
		if (width < 0)
			break;
	}
	return s;
}

void page_cell(struct page *p, const char *text, int width, bool right)
{
	const char *s = text ? text : "-";
	const int begin = p->at, columns = figures_columns(s);

	if (columns > width) {
		put_until(p, s, fits(s, width - 1));
		put(p, "…");
	} else {
		page_to(p, right ? begin + width - columns : begin);
		put_until(p, s, s + strlen(s));
	}
	page_to(p, begin + width);
}

/* French has a blank before these; they don't begin a line. */
static bool is_glued(char c)
{
	return c == ':' || c == '%' || c == ';';
}

/* One line's worth of @p s; @return where the next begins. */
static const char *wrap_line(struct page *p, const char *s)
{
	const char *end = fits(s, PAGE_COLUMNS - p->at), *cut = end;

	if (*end) {
		while (cut > s && (*cut != ' ' || is_glued(cut[1])))
			cut--;
		if (cut == s) /* a word longer than the line */
			cut = end > s ? end : s + strlen(s);
	}
	put_until(p, s, cut);
	return cut + strspn(cut, " ");
}

void page_wrapped(struct page *p, const char *text)
{
	const int begin = p->at;
	const char *s = text ? text : "-";

	do {
		page_to(p, begin);
		s = wrap_line(p, s);
		page_line_end(p);
	} while (*s);
}

void page_field(struct page *p, const char *label, const char *text)
{
	page_cell(p, label, LABEL - 2, false);
	page_to(p, LABEL);
	page_wrapped(p, text);
}

void page_fieldf(struct page *p, const char *label, const char *fmt, ...)
{
	char text[1000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text[text_utf8_prefix(text, strlen(text))] = '\0'; /* the cut may be inside a character */
	page_field(p, label, text);
}

static void underlined(struct page *p, const char *text, char under)
{
	const int columns = figures_columns(text);

	page_wrapped(p, text);
	for (int i = 0; i < columns && i < PAGE_COLUMNS; i++)
		fputc(under, p->to);
	page_line_end(p);
}

void page_title(struct page *p, const char *text)
{
	underlined(p, text, '=');
}

void page_heading(struct page *p, const char *text)
{
	page_line_end(p);
	underlined(p, text, '-');
}

void page_titles(struct page *p, const struct page_column *columns, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *title = tr(p->lang, columns[i].en, columns[i].fr);

		if (i)
			page_to(p, p->at + 2);
		if (columns[i].width)
			page_cell(p, title, columns[i].width, columns[i].right);
		else
			put_until(p, title, title + strlen(title));
	}
	page_line_end(p);
}

const char *page_str(const json_t *o, const char *key)
{
	const char *s = json_get_str(o, key);

	return s && *s ? s : "-";
}

const char *page_text2(const struct page *p, const json_t *text2)
{
	const char *s = json_get_str(text2, tr(p->lang, "en", "fr"));

	return s ? s : json_get_str(text2, tr(p->lang, "fr", "en"));
}
