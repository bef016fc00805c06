/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/history_report.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "metrology/rounding.h"
#include "reports/batch_marks.h"
#include "reports/batch_parts.h"
#include "reports/figures.h"
#include "reports/page.h"
#include "reports/words.h"

enum { DIGITS = 2 }; /* at least; the answer does not say how many the plan wants */

static const struct page_column columns[] = {
	{ "Attempt", "Essai", 12, false },
	{ "Step", "Étape", 6, false },
	{ "No", "No", 3, true },
	{ "Stored", "Enregistré", 19, false },
	{ "Error %", "Erreur %", 10, true },
	{ "U %", "U %", 8, true },
	{ "Verdict", "Verdict", 13, false },
	{ "", "", 1, false },
	{ "Cause", "Cause", 0, false },
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

/* "2026-01-05 13:31:07": all of a history is in UTC, which is said once. */
static struct figure_text utc(const json_t *o, const char *key)
{
	const json_t *ns = json_object_get(o, key);
	struct figure_text out = { "-" };

	if (json_is_integer(ns)) {
		out = figures_time(json_integer_value(ns), 0);
		out.s[strlen(out.s) - strlen(" +00:00")] = '\0';
	}
	return out;
}

/* ---- attempts ---- */

static bool stands(const json_t *batch, const char *attempt, const char *verdict)
{
	const json_t *s;
	size_t i;

	json_array_foreach(json_object_get(batch, "steps"), i, s)
	{
		if (parts_has_figure(verdict) && strcmp(page_str(s, "attempt"), attempt) == 0)
			return true;
	}
	return false;
}

/* In parentheses when it is no result. */
static struct figure_text figure_of(const struct page *p, const json_t *a, const char *key,
				    enum figure_sign sign, const char *verdict)
{
	const int64_t v = figures_of(a, key);
	const struct figure_text plain = figures_u6(v, DIGITS, sign, p->lang);
	struct figure_text out;

	if (v == ROUNDING_NONE || parts_has_figure(verdict))
		return plain;
	snprintf(out.s, sizeof(out.s), "(%.60s)", plain.s);
	return out;
}

static void print_attempt(struct page *p, const json_t *batch, const json_t *a)
{
	const char *result = json_get_str(a, "result"), *cause = json_get_str(a, "cause");
	const bool done = result && strcmp(result, "done") == 0;
	const char *verdict = done ? json_get_str(a, "verdict") : result;
	const struct figure_text err = figure_of(p, a, "err_rounded_u6", FIGURE_SIGNED, verdict);
	const struct figure_text u = figure_of(p, a, "U_rounded_u6", FIGURE_PLAIN, verdict);
	const struct figure_text no = figures_short((double)json_get_int(a, "number", 0), p->lang);
	const struct figure_text at = utc(a, "utc_ns");
	const char *cells[COLUMNS - 1] = { page_str(a, "attempt"),
					   page_str(a, "step"),
					   no.s,
					   at.s,
					   err.s,
					   u.s,
					   words_verdict(verdict, p->lang),
					   stands(batch, page_str(a, "attempt"), verdict) ? "*"
											  : "" };

	for (int c = 0; c < COLUMNS - 1; c++) {
		page_cell(p, cells[c], columns[c].width, columns[c].right);
		page_to(p, p->at + 2);
	}
	if (!cause)
		cause = json_get_str(a, "attempt_cause");
	page_wrapped(p, cause ? words_cause(cause, p->lang) : "");
}

static void print_attempts(struct page *p, const json_t *batch)
{
	const json_t *attempts = json_object_get(batch, "attempts"), *a;
	size_t i;

	if (json_array_size(attempts) == 0) {
		page_wrapped(p, tr(p->lang, "not measured", "non mesuré"));
		return;
	}
	page_titles(p, columns, COLUMNS);
	json_array_foreach(attempts, i, a)
	{
		print_attempt(p, batch, a);
	}
}

/* ---- one batch of one meter ---- */

static void print_where(struct page *p, const json_t *b)
{
	page_fieldf(p, tr(p->lang, "Opened, closed", "Ouvert, fermé"), "%s, %s",
		    utc(b, "opened_utc_ns").s, utc(b, "closed_utc_ns").s);
	page_fieldf(p, tr(p->lang, "Operator, session", "Opérateur, séance"), "%s, %s",
		    page_str(b, "operator"), page_str(b, "session"));
	page_fieldf(p, tr(p->lang, "Work order", "Bon de travail"), "%s, %s, %s %lld",
		    page_str(b, "work_order"), words_as(json_get_str(b, "as"), p->lang), "position",
		    (long long)json_get_int(b, "position", 0));
}

static void print_which(struct page *p, const json_t *b)
{
	page_fieldf(p, "Plan", "%s, version %lld, %s", page_str(b, "plan"),
		    (long long)json_get_int(b, "plan_version", 0),
		    words_standing(json_get_str(b, "plan_standing"), p->lang));
	if (json_is_integer(json_object_get(b, "approval_revision")))
		page_fieldf(p, tr(p->lang, "Notice of approval", "Avis d'approbation"),
			    tr(p->lang, "%s, revision %lld", "%s, révision %lld"),
			    page_str(b, "approval"),
			    (long long)json_get_int(b, "approval_revision", 0));
	else
		page_field(p, tr(p->lang, "Notice of approval", "Avis d'approbation"),
			   page_str(b, "approval"));
	page_fieldf(p, tr(p->lang, "Meter", "Compteur"),
		    tr(p->lang, "%s, inspection no %s, Kh %s Wh, firmware %s",
		       "%s, no d'inspection %s, Kh %s Wh, micrologiciel %s"),
		    page_str(b, "model"), page_str(b, "inspection_no"),
		    figures_short(json_get_f64(b, "kh_wh"), p->lang).s, page_str(b, "firmware"));
}

static void print_batch(struct page *p, const json_t *b)
{
	const bool closed = json_is_integer(json_object_get(b, "closed_seq"));
	const char *reason = json_get_str(b, "reason");
	char title[200];

	snprintf(title, sizeof(title), "%s %.150s", tr(p->lang, "Batch", "Lot"),
		 page_str(b, "batch"));
	page_heading(p, title);
	marks_print(p, json_is_true(json_object_get(b, "simulated")),
		    json_get_str(b, "plan_standing"), closed);
	page_fieldf(p, "Verdict", "%s%s%s",
		    closed ? words_verdict_loud(json_get_str(b, "verdict"), p->lang) : "-",
		    reason ? tr(p->lang, ": ", " : ") : "",
		    reason ? words_cause(reason, p->lang) : "");
	print_where(p, b);
	print_which(p, b);
	if (json_is_integer(json_object_get(b, "interrupted_seq")))
		page_fieldf(p, tr(p->lang, "Interrupted", "Interrompu"),
			    tr(p->lang, "journal entry %lld", "entrée %lld du journal"),
			    (long long)json_get_int(b, "interrupted_seq", 0));
	print_attempts(p, b);
}

static void print_meter(struct page *p, const json_t *m)
{
	const json_t *b;
	char title[300];
	size_t i;

	snprintf(title, sizeof(title), "%.100s %.150s", page_str(m, "maker"),
		 page_str(m, "serial"));
	page_title(p, title);
	page_wrapped(p, tr(p->lang,
			   "Times are in UTC. * stands; (in parentheses) was read, is no result.",
			   "Heures en UTC. * vaut; (entre parenthèses) a été lu, n'est pas un "
			   "résultat."));
	json_array_foreach(json_object_get(m, "batches"), i, b)
	{
		print_batch(p, b);
	}
}

void report_history(const json_t *history, enum lang lang, FILE *to)
{
	struct page p = { .to = to, .lang = lang };
	const json_t *m;
	size_t i;

	json_array_foreach(history, i, m)
	{
		if (i)
			page_line_end(&p);
		print_meter(&p, m);
	}
}
