/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/batch_details.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "reports/batch_marks.h"
#include "reports/batch_parts.h"
#include "reports/figures.h"
#include "reports/words.h"

/* ---- findings: the same one is said once, for all its positions ---- */

static bool same_finding(const json_t *a, const json_t *b)
{
	return json_equal(json_object_get(a, "level"), json_object_get(b, "level")) &&
	       json_equal(json_object_get(a, "en"), json_object_get(b, "en"));
}

static bool has_finding(const json_t *meter, const json_t *finding)
{
	const json_t *f;
	size_t i;

	json_array_foreach(json_object_get(meter, "findings"), i, f)
	{
		if (same_finding(f, finding))
			return true;
	}
	return false;
}

static bool was_said(const json_t *meters, size_t n_before, const json_t *finding)
{
	for (size_t i = 0; i < n_before; i++)
		if (has_finding(json_array_get(meters, i), finding))
			return true;
	return false;
}

/* "1-3, 5" of the meters that have it. */
static void put_positions(char *buf, size_t cap, const json_t *meters, const json_t *finding)
{
	const size_t n = json_array_size(meters);
	size_t at = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < n && at < cap; i++) {
		size_t last = i;

		if (!has_finding(json_array_get(meters, i), finding))
			continue;
		while (last + 1 < n && has_finding(json_array_get(meters, last + 1), finding) &&
		       json_get_int(json_array_get(meters, last + 1), "position", 0) ==
			       json_get_int(json_array_get(meters, last), "position", 0) + 1)
			last++;
		at += (size_t)snprintf(
			buf + at, cap - at, "%s%lld", at ? ", " : "",
			(long long)json_get_int(json_array_get(meters, i), "position", 0));
		if (last > i && at < cap)
			at += (size_t)snprintf(buf + at, cap - at, "-%lld",
					       (long long)json_get_int(json_array_get(meters, last),
								       "position", 0));
		i = last;
	}
}

static void print_findings(struct page *p, const json_t *meters)
{
	const json_t *m, *f;
	bool any = false;
	size_t i, k;

	json_array_foreach(meters, i, m)
	{
		json_array_foreach(json_object_get(m, "findings"), k, f)
		{
			const char *text = page_text2(p, f);
			char positions[200];

			if (was_said(meters, i, f))
				continue;
			if (!any)
				page_heading(p, tr(p->lang, "Findings of the notice",
						   "Constats selon l'avis"));
			any = true;
			put_positions(positions, sizeof(positions), meters, f);
			page_fieldf(p, words_level(json_get_str(f, "level"), p->lang), "%s %s%s %s",
				    strpbrk(positions, ",-") ? "positions" : "position", positions,
				    tr(p->lang, ":", " :"), text ? text : "-");
		}
	}
}

/* ---- figures ---- */

static const struct page_column figure_columns[] = {
	{ "Pos", "Pos", 3, true },	   { "Step", "Étape", 5, false },
	{ "Attempt", "Essai", 11, false }, { "N", "N", 5, true },
	{ "Span s", "Durée s", 7, true },  { "k", "k", 5, true },
	{ "Dof", "Ddl", 6, true },	   { "u_A %", "u_A %", 7, true },
	{ "u_B %", "u_B %", 7, true },	   { "1st-last %", "Bouts %", 10, true },
	{ "Notes", "Notes", 0, false },
};

static void print_notes(struct page *p, const json_t *s)
{
	const long long missed = json_get_int(s, "n_missed", 0);
	const long long extra = json_get_int(s, "n_rejected", 0);
	char text[160] = "";
	int at = 0;

	if (missed || extra)
		at = snprintf(
			text, sizeof(text),
			tr(p->lang, "%lld missing, %lld extra", "%lld manquées, %lld en trop"),
			missed, extra);
	if (json_is_true(json_object_get(s, "beat")))
		at += snprintf(text + at, sizeof(text) - (size_t)at, "%s%s", at ? ", " : "",
			       tr(p->lang, "beat", "battement"));
	if (json_is_true(json_object_get(s, "walk")))
		snprintf(text + at, sizeof(text) - (size_t)at, "%s%s", at ? ", " : "",
			 tr(p->lang, "walk", "dérive"));
	page_to(p, p->at + 2);
	page_wrapped(p, text);
}

static void print_figure(struct page *p, const json_t *meter, const json_t *s)
{
	const char *numbers[] = {
		"span_s", "k", "dof_eff", "u_a_pct", "u_b_pct", "first_last_pct"
	};
	const int digits[] = { 1, 2, 1, 4, 4, 4 };
	const struct page_column *c = figure_columns;
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)json_get_int(meter, "position", 0));
	page_cell(p, text, c[0].width, true);
	page_to(p, p->at + 2);
	page_cell(p, page_str(s, "step"), c[1].width, false);
	page_to(p, p->at + 2);
	page_cell(p, page_str(s, "attempt"), c[2].width, false);
	page_to(p, p->at + 2);
	snprintf(text, sizeof(text), "%lld", (long long)json_get_int(s, "n_intervals", 0));
	page_cell(p, text, c[3].width, true);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		page_to(p, p->at + 2);
		page_cell(p, figures_f64(json_get_f64(s, numbers[i]), digits[i], p->lang).s,
			  c[4 + i].width, true);
	}
	print_notes(p, s);
}

static void print_figures(struct page *p, const json_t *meters)
{
	const json_t *m, *s;
	size_t i, k;

	page_heading(p, tr(p->lang, "Details of the figures", "Détail des résultats"));
	page_titles(p, figure_columns, sizeof(figure_columns) / sizeof(figure_columns[0]));
	json_array_foreach(meters, i, m)
	{
		json_array_foreach(json_object_get(m, "steps"), k, s)
		{
			if (parts_has_figure(json_get_str(s, "verdict")))
				print_figure(p, m, s);
		}
	}
	page_line_end(p);
	page_wrapped(p, tr(p->lang,
			   "U = k·u: k for 95.45 % and the effective degrees of freedom (Dof). N: "
			   "intervals between pulses. 1st-last: the error from the first and the "
			   "last pulse alone.",
			   "U = k·u : k pour 95,45 % et les degrés de liberté effectifs (Ddl). N : "
			   "intervalles entre impulsions. Bouts : l'erreur tirée de la première et "
			   "de la dernière impulsion seulement."));
}

/* ---- attempts ---- */

/* A position without a result. @param common  The cause of the whole attempt, which its own line names. */
static void print_void_position(struct page *p, const json_t *pos, const char *common)
{
	const int64_t err = figures_of(pos, "err_rounded_u6");
	const char *cause = json_get_str(pos, "cause");
	const bool own = cause && !(common && strcmp(cause, common) == 0);
	char reason[WORDS_REASON_MAX], text[WORDS_REASON_MAX + 120];
	int at;

	if (!own && err == INT64_MIN)
		return;
	at = snprintf(text, sizeof(text), "position %lld%s %s",
		      (long long)json_get_int(pos, "position", 0), tr(p->lang, ":", " :"),
		      own ? words_reason(reason, pos, p->lang) : "");
	if (err != INT64_MIN)
		snprintf(text + at, sizeof(text) - (size_t)at,
			 tr(p->lang, "%sread %s %%, not a result",
			    "%slu %s %%, n'est pas un résultat"),
			 own ? "; " : "",
			 figures_u6(err, (int)json_get_int(pos, "round_digits", 2), FIGURE_SIGNED,
				    p->lang)
				 .s);
	page_to(p, 4);
	page_wrapped(p, text);
}

static void print_attempt(struct page *p, const json_t *a)
{
	const char *result = json_get_str(a, "result"), *cause = json_get_str(a, "cause");
	const char *fault = json_get_str(a, "fault");
	const bool done = result && strcmp(result, "done") == 0;
	const json_t *pos;
	char text[600] = "";
	size_t i;

	page_cell(p, page_str(a, "attempt"), 12, false);
	page_to(p, 14);
	page_cell(p, page_str(a, "step"), 6, false);
	snprintf(text, sizeof(text), "%lld", (long long)json_get_int(a, "number", 0));
	page_to(p, 22);
	page_cell(p, text, 3, true);
	page_to(p, 27);
	page_cell(p, marks_time(a).s, 26, false);
	page_to(p, 55);
	page_cell(p, words_result(result, p->lang), 13, false);
	page_to(p, 70);
	snprintf(text, sizeof(text), "%s%s%s", cause ? words_cause(cause, p->lang) : "",
		 cause && fault ? tr(p->lang, ": ", " : ") : "", fault ? fault : "");
	page_wrapped(p, text);
	json_array_foreach(json_object_get(a, "positions"), i, pos)
	{
		if (!done || !parts_has_figure(json_get_str(pos, "verdict")))
			print_void_position(p, pos, done ? NULL : cause);
	}
}

static void print_attempts(struct page *p, const json_t *attempts)
{
	static const struct page_column columns[] = {
		{ "Attempt", "Essai", 12, false },
		{ "Step", "Étape", 6, false },
		{ "No", "No", 3, true },
		{ "Stored", "Enregistré", 26, false },
		{ "Result", "Résultat", 13, false },
		{ "Cause", "Cause", 0, false },
	};
	const json_t *a;
	size_t i;

	page_heading(p, tr(p->lang, "Attempts", "Essais"));
	page_titles(p, columns, sizeof(columns) / sizeof(columns[0]));
	json_array_foreach(attempts, i, a)
	{
		print_attempt(p, a);
	}
}

/* ---- sessions, interruptions, corrections, journal ---- */

static void print_session(struct page *p, const json_t *s)
{
	const json_t *exit_code = json_object_get(s, "exit_code");
	const char *reason = json_get_str(s, "reason");
	char end[300];

	if (json_is_integer(exit_code))
		snprintf(end, sizeof(end),
			 tr(p->lang, "ended with code %lld%s%.200s",
			    "terminée avec le code %lld%s%.200s"),
			 (long long)json_integer_value(exit_code), reason ? ", " : "",
			 reason ? reason : "");
	else
		snprintf(end, sizeof(end), "%s",
			 tr(p->lang, "has no end on record", "sans fin enregistrée"));
	page_fieldf(p, tr(p->lang, "Session", "Séance"),
		    tr(p->lang, "%s, %s, by %s; %s", "%s, %s, par %s; %s"), page_str(s, "session"),
		    marks_time(s).s, page_str(s, "operator"), end);
}

static void print_events(struct page *p, const json_t *r)
{
	const json_t *o;
	size_t i;

	page_heading(p, tr(p->lang, "On record", "Au dossier"));
	json_array_foreach(json_object_get(r, "sessions"), i, o)
	{
		print_session(p, o);
	}
	json_array_foreach(json_object_get(r, "interruptions"), i, o)
	{
		const char *note = json_get_str(o, "note");

		page_fieldf(p, "Interruption",
			    tr(p->lang,
			       "session %s broke off after entry %lld; found %s by session "
			       "%s%s%s",
			       "la séance %s s'est arrêtée après l'entrée %lld; trouvé %s par la "
			       "séance %s%s%s"),
			    page_str(o, "found_session"), (long long)json_get_int(o, "last_seq", 0),
			    marks_time(o).s, page_str(o, "session"), note ? "; " : "",
			    note ? note : "");
	}
	json_array_foreach(json_object_get(r, "corrections"), i, o)
	{
		page_fieldf(p, "Correction",
			    tr(p->lang, "entry %lld corrects entry %lld: %s (%s)",
			       "l'entrée %lld corrige l'entrée %lld : %s (%s)"),
			    (long long)json_get_int(o, "seq", 0),
			    (long long)json_get_int(o, "corrects_seq", 0), page_str(o, "reason"),
			    page_str(o, "actor"));
	}
	o = json_object_get(r, "journal");
	page_fieldf(p, "Journal", tr(p->lang, "%lld entries, head %s", "%lld entrées, tête %s"),
		    (long long)json_get_int(o, "entries", 0), page_str(o, "head"));
}

void details_print(struct page *p, const json_t *report)
{
	const json_t *meters = json_object_get(report, "meters");

	print_findings(p, meters);
	print_figures(p, meters);
	print_attempts(p, json_object_get(report, "attempts"));
	print_events(p, report);
}
