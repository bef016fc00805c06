/* SPDX-License-Identifier: Apache-2.0 */
/* reports/batch_table.c - the table of verdicts: a line a meter in capitals, below it a line a step. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "metrology/rounding.h"
#include "reports/batch_marks.h"
#include "reports/batch_report.h"
#include "reports/figures.h"
#include "reports/words.h"

enum { GAP = 2, POSITION = 3, STEP_INDENT = 2, VERDICT = 13, DIGITS = 2 };
/* What varies is as wide as its widest text, within these; there is always room for a reason. */
enum {
	METER_MIN = 8,
	METER_MAX = 20,
	ERROR_MIN = 8,
	ERROR_MAX = 12,
	U_MIN = 5,
	U_MAX = 10,
	LIMITS_MIN = 8,
	LIMITS_MAX = 16
};

struct layout {
	int meter, error, u, limits; /* widths */
	int verdict_at, reason_at;
};

/* ---- marks ---- */

void marks_print(struct page *p, bool simulated, const char *standing, bool closed)
{
	const char *text = NULL;

	if (simulated) {
		page_wrapped(p, tr(p->lang,
				   "SPECIMEN / SPÉCIMEN: simulated instruments, no verification",
				   "SPECIMEN / SPÉCIMEN : instruments simulés, aucune "
				   "vérification"));
	}
	if (standing && strcmp(standing, "sample") == 0)
		text = "SAMPLE LIMITS / LIMITES D'EXEMPLE";
	else if (!standing || strcmp(standing, "approved") != 0)
		text = "PLAN NOT APPROVED / PLAN NON APPROUVÉ";
	if (text)
		page_wrapped(p, text);
	if (!closed)
		page_wrapped(p, tr(p->lang, "NOT CLOSED: verdicts of the attempts stored so far",
				   "NON FERMÉ : verdicts des essais enregistrés jusqu'ici"));
}

/* ---- figures of a step ---- */

static int digits_of(const json_t *step)
{
	const json_int_t digits = json_get_int(step, "round_digits", DIGITS);

	return digits >= 0 && digits <= 6 ? (int)digits : DIGITS;
}

struct limits_text marks_limits(const json_t *step, int digits, enum lang lang)
{
	const int64_t lo = rounding_u6(json_get_f64(step, "limit_lo_pct"));
	const int64_t hi = rounding_u6(json_get_f64(step, "limit_hi_pct"));
	struct limits_text out = { "-" };

	if (lo == ROUNDING_NONE && hi == ROUNDING_NONE)
		return out;
	if (lo == -hi && hi > 0)
		snprintf(out.s, sizeof(out.s), "±%s", figures_u6(hi, digits, FIGURE_PLAIN, lang).s);
	else
		snprintf(out.s, sizeof(out.s), "%s %s",
			 figures_u6(lo, digits, FIGURE_SIGNED, lang).s,
			 figures_u6(hi, digits, FIGURE_SIGNED, lang).s);
	return out;
}

struct limits_text marks_time(const json_t *o)
{
	const json_t *utc_ns = json_object_get(o, "utc_ns");
	const json_int_t offset_s = json_get_int(o, "utc_offset_s", 0);
	struct limits_text out = { "-" };

	if (json_is_integer(utc_ns) && offset_s > -86400 && offset_s < 86400)
		snprintf(out.s, sizeof(out.s), "%s",
			 figures_time(json_integer_value(utc_ns), (int32_t)offset_s).s);
	return out;
}

/* ---- layout ---- */

static void widen(int *width, const char *text, int more, int max)
{
	const int columns = figures_columns(text) + more;

	if (columns > *width)
		*width = columns < max ? columns : max;
}

static struct figure_text error_of(const struct page *p, const json_t *step)
{
	return figures_u6(figures_of(step, "err_rounded_u6"), digits_of(step), FIGURE_SIGNED,
			  p->lang);
}

static struct figure_text u_of(const struct page *p, const json_t *step)
{
	return figures_u6(figures_of(step, "U_rounded_u6"), digits_of(step), FIGURE_PLAIN, p->lang);
}

static void widen_by_step(struct layout *l, const struct page *p, const json_t *s)
{
	widen(&l->meter, page_str(s, "step"), STEP_INDENT, METER_MAX);
	widen(&l->error, error_of(p, s).s, 0, ERROR_MAX);
	widen(&l->u, u_of(p, s).s, 0, U_MAX);
	widen(&l->limits, marks_limits(s, digits_of(s), p->lang).s, 0, LIMITS_MAX);
}

static struct layout layout_of(const struct page *p, const json_t *meters)
{
	struct layout l = { METER_MIN, ERROR_MIN, U_MIN, LIMITS_MIN, 0, 0 };
	const json_t *m, *s;
	size_t i, k;

	json_array_foreach(meters, i, m)
	{
		widen(&l.meter, page_str(m, "serial"), 0, METER_MAX);
		json_array_foreach(json_object_get(m, "steps"), k, s)
		{
			widen_by_step(&l, p, s);
		}
	}
	l.verdict_at = POSITION + l.meter + l.error + l.u + l.limits + 5 * GAP;
	l.reason_at = l.verdict_at + VERDICT + GAP;
	return l;
}

/* ---- lines ---- */

static void print_verdict(struct page *p, const struct layout *l, const char *word,
			  const char *reason)
{
	page_to(p, l->verdict_at);
	page_cell(p, word, VERDICT, false);
	page_to(p, l->reason_at);
	page_wrapped(p, reason);
}

static void print_step(struct page *p, const struct layout *l, const json_t *s)
{
	char reason[WORDS_REASON_MAX];

	page_to(p, POSITION + GAP + STEP_INDENT);
	page_cell(p, page_str(s, "step"), l->meter - STEP_INDENT, false);
	page_to(p, p->at + GAP);
	page_cell(p, error_of(p, s).s, l->error, true);
	page_to(p, p->at + GAP);
	page_cell(p, u_of(p, s).s, l->u, true);
	page_to(p, p->at + GAP);
	page_cell(p, marks_limits(s, digits_of(s), p->lang).s, l->limits, true);
	print_verdict(p, l, words_verdict(json_get_str(s, "verdict"), p->lang),
		      words_reason(reason, s, p->lang));
}

/* The step that a reason of a meter is about: the first with that cause, or with that verdict. */
static const json_t *step_with(const json_t *meter, const char *reason)
{
	const bool beyond = strcmp(reason, "error_beyond_limit") == 0;
	const bool close = strcmp(reason, "within_uncertainty_of_limit") == 0;
	const char *key = beyond || close ? "verdict" : "cause";
	const char *want = beyond ? "nonconforming" : close ? "inconclusive" : reason;
	const json_t *s;
	size_t i;

	json_array_foreach(json_object_get(meter, "steps"), i, s)
	{
		const char *its = json_get_str(s, key);

		if (its && strcmp(its, want) == 0)
			return s;
	}
	return NULL;
}

/* @return true when it was a finding, and was printed. */
static bool print_findings(struct page *p, const struct layout *l, const json_t *meter)
{
	const char *reason = json_get_str(meter, "reason");
	const char *loud = words_verdict_loud(json_get_str(meter, "verdict"), p->lang);
	const json_t *f;
	bool any = false;
	size_t i;

	json_array_foreach(json_object_get(meter, "findings"), i, f)
	{
		const char *level = json_get_str(f, "level"), *code = json_get_str(f, "code");
		const bool named = code && reason && strcmp(code, reason) == 0;

		if ((level && strcmp(level, "nonconforming") == 0) || (named && !any)) {
			print_verdict(p, l, any ? "" : loud, page_text2(p, f));
			any = true;
		}
	}
	return any;
}

static void print_meter(struct page *p, const struct layout *l, const json_t *m)
{
	const char *reason = json_get_str(m, "reason");
	const json_t *of = reason ? step_with(m, reason) : NULL, *s;
	char text[200] = "";
	size_t i;

	page_cell(p, figures_short((double)json_get_int(m, "position", 0), p->lang).s, POSITION,
		  true);
	page_to(p, POSITION + GAP);
	page_cell(p, page_str(m, "serial"), l->meter, false);
	if (of)
		snprintf(text, sizeof(text), "%.60s%s ", page_str(of, "step"),
			 tr(p->lang, ":", " :"));
	if (reason)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%.100s",
			 words_cause(reason, p->lang));
	if (!print_findings(p, l, m))
		print_verdict(p, l, words_verdict_loud(json_get_str(m, "verdict"), p->lang), text);
	if (!json_is_true(json_object_get(m, "measured"))) {
		print_verdict(p, l, "", tr(p->lang, "not measured", "non mesuré"));
		return;
	}
	json_array_foreach(json_object_get(m, "steps"), i, s)
	{
		print_step(p, l, s);
	}
}

/* ---- the table ---- */

static void print_count(struct page *p, const json_t *meters)
{
	static const char *const verdicts[] = { "conforming", "nonconforming", "inconclusive",
						"void",	      "aborted",       "not_run" };
	char text[300];
	int at = snprintf(text, sizeof(text), "%zu %s", json_array_size(meters),
			  json_array_size(meters) == 1 ? tr(p->lang, "meter", "compteur")
						       : tr(p->lang, "meters", "compteurs"));
	const json_t *m;
	size_t i;

	for (size_t v = 0; v < sizeof(verdicts) / sizeof(verdicts[0]); v++) {
		int n = 0;

		json_array_foreach(meters, i, m)
		{
			n += strcmp(page_str(m, "verdict"), verdicts[v]) == 0;
		}
		if (n)
			at += snprintf(text + at, sizeof(text) - (size_t)at, "%s %s %d",
				       strchr(text, ':') ? "," : tr(p->lang, ":", " :"),
				       words_verdict(verdicts[v], p->lang), n);
	}
	page_wrapped(p, text);
}

void marks_table(struct page *p, const json_t *report)
{
	const json_t *meters = json_object_get(report, "meters"), *m;
	const struct layout l = layout_of(p, meters);
	const struct page_column columns[] = {
		{ "Pos", "Pos", POSITION, true },
		{ "Meter", "Compteur", l.meter, false },
		{ "Error %", "Erreur %", l.error, true },
		{ "U %", "U %", l.u, true },
		{ "Limits %", "Limites %", l.limits, true },
		{ "Verdict", "Verdict", VERDICT, false },
		{ "Reason", "Motif", 0, false },
	};
	size_t i;

	marks_print(p, json_is_true(json_object_get(report, "simulated")),
		    json_get_str(json_object_get(report, "plan"), "standing"),
		    json_is_true(json_object_get(report, "closed")));
	page_titles(p, columns, sizeof(columns) / sizeof(columns[0]));
	json_array_foreach(meters, i, m)
	{
		print_meter(p, &l, m);
	}
	page_line_end(p);
	print_count(p, meters);
}

void report_batch_table(const json_t *report, enum lang lang, FILE *to)
{
	struct page p = { .to = to, .lang = lang };

	page_fieldf(&p, tr(lang, "Batch", "Lot"), "%s", page_str(report, "batch"));
	page_line_end(&p);
	marks_table(&p, report);
}
