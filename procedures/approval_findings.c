/* SPDX-License-Identifier: Apache-2.0 */
#include "procedures/approval_findings.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

struct approval_finding finding_new(enum finding_level level, const char *code)
{
	struct approval_finding f = { .level = level };

	snprintf(f.code, sizeof(f.code), "%s", code);
	return f;
}

void finding_append(char *buf, size_t cap, const char *fmt, ...)
{
	size_t len = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf + len, cap - len, fmt, ap);
	va_end(ap);
	buf[text_utf8_prefix(buf, strlen(buf))] = '\0';
}

void findings_add(struct findings *s, const struct approval_finding *f)
{
	int at = s->n;

	while (at > 0 && s->out[at - 1].level < f->level)
		at--;
	if (at >= s->max)
		return;
	if (s->n < s->max)
		s->n++;
	memmove(&s->out[at + 1], &s->out[at], (size_t)(s->n - 1 - at) * sizeof(*f));
	s->out[at] = *f;
}

struct shown shown(const char *text)
{
	struct shown r;

	snprintf(r.s, sizeof(r.s), "%s", text);
	r.s[text_utf8_prefix(r.s, strlen(r.s))] = '\0';
	return r;
}

struct figure figure(double v, enum lang lang)
{
	struct figure r;

	if (isnan(v))
		snprintf(r.s, sizeof(r.s), "%s", tr(lang, "(not stated)", "(non précisé)"));
	else
		snprintf(r.s, sizeof(r.s), "%.10g", v);
	for (char *p = r.s; *p && lang == LANG_FR; p++)
		if (*p == '.')
			*p = ',';
	return r;
}

bool same_figure(double a, double b)
{
	return fabs(a - b) <= 1e-9 * fabs(b);
}

bool finding_listed(const struct yaml_list *list, const char *name)
{
	const char *const *items = list->items;

	for (size_t i = 0; i < list->n; i++)
		if (items[i] && approval_name_same(items[i], name))
			return true;
	return false;
}

void finding_join(char *buf, size_t cap, const struct yaml_list *list)
{
	const char *const *items = list->items;

	buf[0] = '\0';
	for (size_t i = 0; i < list->n; i++)
		finding_append(buf, cap, "%s%s", i ? ", " : "", items[i]);
}

const char *finding_level_word(enum finding_level level)
{
	switch (level) {
	case FINDING_NOTE:
		return "note";
	case FINDING_AT_SEALING:
		return "at_sealing";
	case FINDING_OPEN:
		return "open";
	case FINDING_NONCONFORMING:
		return "nonconforming";
	}
	return "unknown";
}
