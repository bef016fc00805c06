/* SPDX-License-Identifier: Apache-2.0 */
#include "base/yaml_say.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "base/text.h"

enum { SHOWN_MAX = 60, WANT_MAX = 200 };

/* The value as a person finds it in the file, cut at a whole character. */
static const char *shown(const struct yaml_node *v, char buf[SHOWN_MAX + 8])
{
	size_t len;

	if (v->kind == YAML_LIST)
		return "a list";
	if (v->kind == YAML_MAPPING)
		return "a mapping";
	len = v->len <= SHOWN_MAX ? v->len : text_utf8_prefix(v->text, SHOWN_MAX);
	snprintf(buf, SHOWN_MAX + 8, "\"%.*s%s\"", (int)len, v->text, len < v->len ? "..." : "");
	return buf;
}

static void append(char *buf, size_t cap, const char *s)
{
	size_t len = strlen(buf);

	snprintf(buf + len, cap - len, "%s", s);
}

static void want_words(const char *const *words, char *buf, size_t cap)
{
	for (size_t i = 0; words[i]; i++) {
		append(buf, cap, i == 0 ? "" : words[i + 1] ? ", " : " or ");
		append(buf, cap, words[i]);
	}
}

static void want_number(const struct yaml_key *k, const char *what, char *buf, size_t cap)
{
	const bool any = k->min == 0 && k->max == 0;

	if (!any && isfinite(k->min) && isfinite(k->max))
		snprintf(buf, cap, "%s from %.15g to %.15g", what, k->min, k->max);
	else if (!any && isfinite(k->min))
		snprintf(buf, cap, "%s, %.15g or more", what, k->min);
	else if (!any && isfinite(k->max))
		snprintf(buf, cap, "%s, %.15g or less", what, k->max);
	else
		snprintf(buf, cap, "%s", what);
}

static const char *want(const struct yaml_key *k, char buf[WANT_MAX])
{
	buf[0] = '\0';
	if (k->want)
		return k->want;
	switch (k->type) {
	case YAML_STR:
		return "a text";
	case YAML_TEXT2:
		return "{ en: a text, fr: un texte }";
	case YAML_F64:
		want_number(k, "a number such as 1.5", buf, WANT_MAX);
		return buf;
	case YAML_I64:
		want_number(k, "a whole number", buf, WANT_MAX);
		return buf;
	case YAML_BOOL:
		return "true or false";
	case YAML_WORD:
		want_words(k->words, buf, WANT_MAX);
		return buf;
	case YAML_DATE:
		return "a day such as 2024-02-29 (year-month-day)";
	case YAML_MAP:
		return "a mapping of keys and values";
	case YAML_MAPS:
		return "a list of mappings";
	case YAML_STRS:
		return "a list of texts";
	case YAML_F64S:
		want_number(k, "a list of numbers", buf, WANT_MAX);
		return buf;
	case YAML_MARK:
		break;
	}
	return "";
}

void yaml_say_wrong(struct yaml_errors *e, const struct yaml_key *k, const struct yaml_node *v,
		    const char *what)
{
	char value[SHOWN_MAX + 8], wanted[WANT_MAX];

	yaml_error(e, v->mark, "%s: %s %s; right would be: %s", k->name, shown(v, value), what,
		   want(k, wanted));
}

void yaml_say_missing(struct yaml_errors *e, const struct yaml_key *k, struct yaml_mark at)
{
	char wanted[WANT_MAX];

	yaml_error(e, at, "%s: this key is missing here; right would be: %s", k->name,
		   want(k, wanted));
}

static const char *nearest(const struct yaml_key *keys, const struct yaml_node *key)
{
	unsigned best = (unsigned)(key->len / 3 > 1 ? key->len / 3 : 1) + 1;
	const char *name = NULL;

	for (; keys->name; keys++) {
		unsigned d = text_distance(key->text, key->len, keys->name, strlen(keys->name));

		if (keys->type != YAML_MARK && d < best) {
			best = d;
			name = keys->name;
		}
	}
	return name;
}

void yaml_say_unknown(struct yaml_errors *e, const struct yaml_key *keys,
		      const struct yaml_node *key)
{
	char value[SHOWN_MAX + 8], known[WANT_MAX] = "";
	const char *name;

	if (e->n > DIAG_MAX) { /* nobody will read it: do not search for it */
		e->n++;
		return;
	}
	name = nearest(keys, key);
	if (name) {
		yaml_error(e, key->mark, "unknown key %s; did you mean %s?", shown(key, value),
			   name);
		return;
	}
	for (const struct yaml_key *k = keys; k->name; k++) {
		if (k->type == YAML_MARK)
			continue;
		append(known, sizeof(known), known[0] ? ", " : "");
		append(known, sizeof(known), k->name);
	}
	yaml_error(e, key->mark, "unknown key %s; known here: %s", shown(key, value), known);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Behind the digits that begin a text which is no number. */
static const char *why_not_after(const char *rest)
{
	const char *fraction = rest[0] == '.' ? rest + 1 : rest;
	const char *exponent = fraction + strspn(fraction, "0123456789");

	if (rest[0] == '.' && !is_digit(rest[1]))
		return "needs a digit after the point";
	if (exponent[0] == '\0' || ((exponent[0] == 'e' || exponent[0] == 'E') &&
				    exponent[1 + strspn(exponent + 1, "+-0123456789")] == '\0'))
		return "is not in the range of numbers, or its exponent is not complete";
	return "has something after the number (the unit is part of the key)";
}

const char *yaml_say_why_no_number(const struct yaml_node *v, enum yaml_type type)
{
	const char *s, *word;
	double real;

	if (v->kind == YAML_LIST || v->kind == YAML_MAPPING)
		return "is not a single value";
	if (v->kind == YAML_QUOTED)
		return "is in quotes, which makes it a text";
	s = v->text + (v->text[0] == '-' || v->text[0] == '+');
	word = s[0] == '.' ? s + 1 : s;
	if (num_parse_f64(v->text, v->len, &real) == ET_OK)
		return type == YAML_I64 && strpbrk(s, ".eE") ? "is not a whole number"
							     : "is too large";
	if (!strcasecmp(word, "nan") || !strcasecmp(word, "inf") || !strcasecmp(word, "infinity"))
		return "is not finite";
	if (s[0] == '.' && is_digit(s[1]))
		return "needs a digit before the point";
	if (!is_digit(s[0]))
		return "is not a number";
	if (strchr(s, ','))
		return "has a comma; the decimal sign is a point, and thousands are not set apart";
	if (s[0] == '0' && s[1] && strchr("xXoObB", s[1]))
		return "is not decimal";
	if (s[0] == '0' && is_digit(s[1]))
		return "begins with a zero";
	return why_not_after(s + strspn(s, "0123456789"));
}
