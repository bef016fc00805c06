/* SPDX-License-Identifier: Apache-2.0 */
/* reports/batch_text.c - the whole report of a batch: who, what, with what; verdicts; what stands behind them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "reports/batch_details.h"
#include "reports/batch_marks.h"
#include "reports/batch_report.h"
#include "reports/figures.h"
#include "reports/words.h"

/* ---- facts ---- */

static void print_laboratory(struct page *p, const json_t *report)
{
	const json_t *lab = json_object_get(report, "laboratory");

	page_fieldf(p, tr(p->lang, "Laboratory", "Laboratoire"),
		    tr(p->lang, "%s, bench %s", "%s, banc %s"), page_str(lab, "name"),
		    page_str(lab, "bench"));
}

static void print_owner(struct page *p, const json_t *owner)
{
	const char *address = json_get_str(owner, "address");

	page_fieldf(p, tr(p->lang, "Owner", "Propriétaire"), "%s%s%s", page_str(owner, "name"),
		    address ? ", " : "", address ? address : "");
}

static void print_person(struct page *p, const json_t *who)
{
	const char *name = json_get_str(who, "name");

	if (name)
		page_fieldf(p, tr(p->lang, "Operator", "Opérateur"), "%s (%s)", name,
			    page_str(who, "id"));
	else
		page_field(p, tr(p->lang, "Operator", "Opérateur"), page_str(who, "id"));
}

static void print_plan(struct page *p, const json_t *plan)
{
	const char *title = page_text2(p, json_object_get(plan, "title"));

	page_fieldf(p, "Plan", tr(p->lang, "%s, version %lld, %s%s%s", "%s, version %lld, %s%s%s"),
		    page_str(plan, "id"), (long long)json_get_int(plan, "version", 0),
		    words_standing(json_get_str(plan, "standing"), p->lang), title ? "; " : "",
		    title ? title : "");
	page_field(p, tr(p->lang, "Source of the plan", "Source du plan"),
		   page_str(json_object_get(plan, "source"), "document"));
	page_field(p, tr(p->lang, "Decision rule", "Règle de décision"),
		   words_rule(json_get_str(plan, "rule"), p->lang));
}

static void print_setup(struct page *p, const json_t *r)
{
	const json_t *approval = json_object_get(r, "approval");

	page_fieldf(p, tr(p->lang, "Notice of approval", "Avis d'approbation"),
		    tr(p->lang, "%s, revision %lld", "%s, révision %lld"),
		    page_str(approval, "number"), (long long)json_get_int(approval, "revision", 0));
	page_fieldf(p, tr(p->lang, "Set-up", "Montage"),
		    tr(p->lang, "configuration %lld, %s V, %s-%s A, %s",
		       "configuration %lld, %s V, %s-%s A, %s"),
		    (long long)json_get_int(r, "configuration", 0),
		    figures_short(json_get_f64(r, "volt_v"), p->lang).s,
		    figures_short(json_get_f64(r, "curr_min_a"), p->lang).s,
		    figures_short(json_get_f64(r, "curr_max_a"), p->lang).s,
		    words_connection(json_get_str(r, "connection"), p->lang));
}

static void print_facts(struct page *p, const json_t *r)
{
	print_laboratory(p, r);
	page_field(p, tr(p->lang, "Batch", "Lot"), page_str(r, "batch"));
	page_field(p, tr(p->lang, "Work order", "Bon de travail"), page_str(r, "work_order"));
	print_owner(p, json_object_get(r, "owner"));
	page_field(p, tr(p->lang, "State of the meters", "État des compteurs"),
		   words_as(json_get_str(r, "as"), p->lang));
	page_field(p, tr(p->lang, "Opened", "Ouvert"),
		   marks_time(json_object_get(r, "opened_at")).s);
	page_field(p, tr(p->lang, "Closed", "Fermé"),
		   marks_time(json_object_get(r, "closed_at")).s);
	print_person(p, json_object_get(r, "operator"));
	print_plan(p, json_object_get(r, "plan"));
	print_setup(p, r);
	page_fieldf(p, tr(p->lang, "Program", "Programme"), "%s; %s %s", page_str(r, "program"),
		    tr(p->lang, "algorithm", "algorithme"), page_str(r, "algorithm"));
}

/* ---- with what ---- */

static void print_apparatus(struct page *p, const json_t *a)
{
	const json_t *c = json_object_get(a, "certificate");
	const char *firmware = json_get_str(a, "firmware");

	page_fieldf(p, page_str(a, "id"),
		    tr(p->lang, "%s %s, serial %s%s%s", "%s %s, série %s%s%s"),
		    page_str(a, "maker"), page_str(a, "model"), page_str(a, "serial"),
		    firmware ? tr(p->lang, ", firmware ", ", micrologiciel ") : "",
		    firmware ? firmware : "");
	if (!json_is_object(c))
		page_field(p, "", tr(p->lang, "no certificate on record", "aucun certificat noté"));
	else
		page_fieldf(p, "",
			    tr(p->lang, "certificate %s of %s, issued %s, expires %s",
			       "certificat %s de %s, délivré %s, échéance %s"),
			    page_str(c, "number"), page_str(c, "laboratory"), page_str(c, "issued"),
			    page_str(c, "expires"));
}

static void print_instrument(struct page *p, const json_t *in)
{
	const char *firmware = json_get_str(in, "firmware");

	page_fieldf(p, words_role(json_get_str(in, "role"), p->lang),
		    tr(p->lang, "%s: %s %s, serial %s%s%s%s; driver %s",
		       "%s : %s %s, série %s%s%s%s; pilote %s"),
		    page_str(in, "name"), page_str(in, "maker"), page_str(in, "model"),
		    page_str(in, "serial"),
		    json_is_true(json_object_get(in, "serial_declared"))
			    ? tr(p->lang, " (declared, it can't tell)",
				 " (déclaré, il ne peut le dire)")
			    : "",
		    firmware ? tr(p->lang, ", firmware ", ", micrologiciel ") : "",
		    firmware ? firmware : "", page_str(in, "driver"));
}

static void print_equipment(struct page *p, const json_t *r)
{
	const json_t *o;
	size_t i;

	page_heading(p, tr(p->lang, "Measuring apparatus", "Appareils de mesure"));
	json_array_foreach(json_object_get(r, "apparatus"), i, o)
	{
		print_apparatus(p, o);
	}
	page_heading(p, tr(p->lang, "Instruments of the bench", "Instruments du banc"));
	json_array_foreach(json_object_get(r, "instruments"), i, o)
	{
		print_instrument(p, o);
	}
}

/* ---- what was asked ---- */

static void print_load_point(struct page *p, const json_t *s)
{
	const char *title = page_text2(p, json_object_get(s, "title"));
	const char *sense = json_get_str(s, "sense"), *direction = json_get_str(s, "direction");
	const bool by_range = isnan(json_get_f64(s, "current_a"));
	char load[160] = "-";

	if (!isnan(json_get_f64(s, "volt_pct")))
		snprintf(load, sizeof(load),
			 tr(p->lang, "%s %s, %s %% V, PF %s%s%s", "%s %s, %s %% V, FP %s%s%s"),
			 figures_short(json_get_f64(s, by_range ? "current_pct_imax" : "current_a"),
				       p->lang)
				 .s,
			 by_range ? "% Imax" : "A",
			 figures_short(json_get_f64(s, "volt_pct"), p->lang).s,
			 figures_short(json_get_f64(s, "power_factor"), p->lang).s,
			 !sense			      ? ""
			 : strcmp(sense, "lead") == 0 ? tr(p->lang, " lead", " cap.")
						      : tr(p->lang, " lag", " ind."),
			 direction && strcmp(direction, "received") == 0
				 ? tr(p->lang, ", received", ", reçue")
				 : "");
	page_fieldf(p, page_str(s, "step"),
		    tr(p->lang, "%s: %s; limits %s %%", "%s : %s; limites %s %%"),
		    title ? title : "-", load, marks_limits(s, 2, p->lang).s);
}

static void print_meters(struct page *p, const json_t *meters)
{
	static const struct page_column columns[] = {
		{ "Pos", "Pos", 3, true },
		{ "Maker", "Fabricant", 14, false },
		{ "Model", "Modèle", 16, false },
		{ "Serial", "Série", 16, false },
		{ "Inspection no", "No d'inspection", 15, false },
		{ "Kh Wh", "Kh Wh", 7, true },
		{ "Firmware", "Micrologiciel", 13, false },
	};
	const json_t *m;
	size_t i;

	page_heading(p, tr(p->lang, "Meters", "Compteurs"));
	page_titles(p, columns, sizeof(columns) / sizeof(columns[0]));
	json_array_foreach(meters, i, m)
	{
		const char *cells[] = { NULL, "maker",	 "model", "serial", "inspection_no",
					NULL, "firmware" };

		for (size_t c = 0; c < sizeof(cells) / sizeof(cells[0]); c++) {
			const double v = c == 0 ? (double)json_get_int(m, "position", 0)
						: json_get_f64(m, "kh_wh");

			if (c)
				page_to(p, p->at + 2);
			page_cell(p, cells[c] ? page_str(m, cells[c]) : figures_short(v, p->lang).s,
				  columns[c].width, columns[c].right);
		}
		page_line_end(p);
	}
}

static void print_request(struct page *p, const json_t *r)
{
	const json_t *s;
	size_t i;

	page_heading(p, tr(p->lang, "Test points", "Points d'essai"));
	json_array_foreach(json_object_get(json_object_get(r, "plan"), "steps"), i, s)
	{
		print_load_point(p, s);
	}
	print_meters(p, json_object_get(r, "meters"));
}

/* ---- the whole ---- */

void report_batch_text(const json_t *report, enum lang lang, FILE *to)
{
	struct page p = { .to = to, .lang = lang };
	char title[200];

	snprintf(title, sizeof(title), "%s %.150s", tr(lang, "BATCH REPORT", "RAPPORT DE LOT"),
		 page_str(report, "batch"));
	page_title(&p, title);
	marks_print(&p, json_is_true(json_object_get(report, "simulated")),
		    json_get_str(json_object_get(report, "plan"), "standing"),
		    json_is_true(json_object_get(report, "closed")));
	page_line_end(&p);
	print_facts(&p, report);
	print_equipment(&p, report);
	print_request(&p, report);
	page_heading(&p, "Verdicts");
	marks_table(&p, report);
	details_print(&p, report);
}
