/* SPDX-License-Identifier: Apache-2.0 */
/* base/diag.c - an array kept in the order of printing. */
#include "base/diag.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	char *file, *text; /* NULL: memory ran out */
	int line, column;
};

struct diag {
	int n;
	bool more;
	struct entry e[DIAG_MAX];
};

struct diag *diag_new(void)
{
	return calloc(1, sizeof(struct diag));
}

void diag_free(struct diag *d)
{
	if (!d)
		return;
	for (int i = 0; i < d->n; i++) {
		free(d->e[i].file);
		free(d->e[i].text);
	}
	free(d);
}

/* What a terminal could obey: C0, DEL, and C1 in its UTF-8 form (C2 80 to C2 9F). */
static void blank_controls(char *s)
{
	unsigned char before = 0;

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (before == 0xc2 && c >= 0x80 && c < 0xa0)
			s[-1] = *s = '?';
		else if (c < 0x20 || c == 0x7f)
			*s = '?';
		before = c;
	}
}

static bool same_file(const struct entry *a, const struct entry *b)
{
	return a->file && b->file && strcmp(a->file, b->file) == 0;
}

static bool comes_after(const struct entry *a, const struct entry *b)
{
	return a->line > b->line || (a->line == b->line && a->column > b->column);
}

static int place_for(const struct diag *d, const struct entry *new)
{
	int at = d->n;

	while (at > 0 && !same_file(&d->e[at - 1], new))
		at--;
	if (at == 0)
		return d->n;
	while (at > 0 && same_file(&d->e[at - 1], new) && comes_after(&d->e[at - 1], new))
		at--;
	return at;
}

void diag_add(struct diag *d, const char *file, int line, int column, const char *fmt, ...)
{
	struct entry new = { .line = line, .column = column };
	va_list ap;
	int at;

	if (d->n == DIAG_MAX) {
		d->more = true;
		return;
	}
	va_start(ap, fmt);
	if (vasprintf(&new.text, fmt, ap) < 0)
		new.text = NULL;
	va_end(ap);
	if (new.text)
		blank_controls(new.text);
	new.file = strdup(file);
	if (new.file)
		blank_controls(new.file);
	at = place_for(d, &new);
	memmove(&d->e[at + 1], &d->e[at], (size_t)(d->n - at) * sizeof(new));
	d->e[at] = new;
	d->n++;
}

int diag_count(const struct diag *d)
{
	return d->n + d->more;
}

const char *diag_text(const struct diag *d, int i)
{
	if (i < 0 || i >= diag_count(d))
		return NULL;
	if (i == d->n)
		return "and more errors, not listed";
	return d->e[i].text ? d->e[i].text : "wrong, but no memory is left to say why";
}

void diag_print(const struct diag *d, FILE *to)
{
	for (int i = 0; i < d->n; i++) {
		const struct entry *e = &d->e[i];
		const char *file = e->file ? e->file : "?";

		if (e->line > 0)
			fprintf(to, "%s:%d:%d: %s\n", file, e->line, e->column, diag_text(d, i));
		else
			fprintf(to, "%s: %s\n", file, diag_text(d, i));
	}
	if (d->more)
		fprintf(to, "%s\n", diag_text(d, d->n));
}
