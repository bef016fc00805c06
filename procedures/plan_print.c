/* SPDX-License-Identifier: Apache-2.0 */
#include "procedures/plan_print.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>

#include "procedures/approval_findings.h"
#include "procedures/print.h"

enum { INDENT = 2, LABEL = 24 };

struct page {
	FILE *to;
	enum lang lang;
};

static void ET_PRINTF(4, 5)
	field(const struct page *p, const char *en, const char *fr, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	print_field(p->to, INDENT, LABEL, tr(p->lang, en, fr), text);
}

static const char *said(const struct page *p, const char *text)
{
	return text ? text : tr(p->lang, "not stated", "non précisé");
}

const char *plan_standing_text(int standing, enum lang lang)
{
	switch (standing) {
	case STANDING_SAMPLE:
		return tr(lang, "sample", "exemple");
	case STANDING_DRAFT:
		return tr(lang, "draft", "ébauche");
	case STANDING_APPROVED:
		return tr(lang, "approved", "approuvé");
	default:
		return "?";
	}
}

static const char *rule_text(const struct page *p, int rule)
{
	switch (rule) {
	case RULE_SIMPLE:
		return tr(p->lang, "simple: the error against the limits",
			  "simple : l'erreur contre les limites");
	case RULE_GUARDED:
		return tr(p->lang, "guarded: the error and its uncertainty within the limits",
			  "avec marge : l'erreur et son incertitude dans les limites");
	case RULE_TWO_STAGE:
		return tr(p->lang, "two-stage (ISO 10576-1)", "en deux étapes (ISO 10576-1)");
	default:
		return "?";
	}
}

static void print_rules(const struct page *p, const struct plan *plan)
{
	const struct plan_window *w = &plan->window;
	const enum lang l = p->lang;

	field(p, "Source", "Source", "%s", plan->source.document);
	field(p, "Revision", "Révision", "%s", said(p, plan->source.revision));
	field(p, "Entered by", "Saisi par", "%s", said(p, plan->source.entered_by));
	if (plan->source.approved_by)
		field(p, "Approved by", "Approuvé par", "%s", plan->source.approved_by);
	field(p, "Decision rule", "Règle de décision", "%s", rule_text(p, plan->rule));
	field(p, "Rounding", "Arrondi", tr(l, "%lld decimals, %s", "%lld décimales, %s"),
	      (long long)plan->rounding.digits,
	      plan->rounding.mode == ROUND_HALF_EVEN
		      ? tr(l, "half to even", "moitié au pair")
		      : tr(l, "half away from zero", "moitié loin de zéro"));
	field(p, "Floor of u_A", "Plancher de u_A", "%s %%", figure(plan->floor_a_pct, l).s);
	field(p, "Settling", "Stabilisation", "%s s", figure(plan->settle_s, l).s);
	field(p, "Longest count", "Comptage maximal", "%s s", figure(plan->cap_s, l).s);
	field(p, "Repeats if void", "Reprises si nul", "%lld", (long long)plan->retries);
	field(p, "Window", "Fenêtre",
	      tr(l, "voltage ±%s %%, current ±%s %%, phase ±%s°, frequency ±%s %%",
		 "tension ±%s %%, courant ±%s %%, phase ±%s°, fréquence ±%s %%"),
	      figure(w->volt_pct, l).s, figure(w->curr_pct, l).s, figure(w->phase_deg, l).s,
	      figure(w->freq_pct, l).s);
}

static void put_load(char *buf, size_t cap, const struct page *p, const struct plan_step *s)
{
	if (isnan(s->current_a))
		finding_append(buf, cap, tr(p->lang, "%s %% of Imax", "%s %% de Imax"),
			       figure(s->current_pct_imax, p->lang).s);
	else
		finding_append(buf, cap, "%s A", figure(s->current_a, p->lang).s);
	finding_append(buf, cap, tr(p->lang, ", %s %% V, PF %s", ", %s %% V, FP %s"),
		       figure(s->volt_pct, p->lang).s, figure(s->power_factor, p->lang).s);
	if (s->sense == LOAD_LAG)
		finding_append(buf, cap, "%s", tr(p->lang, " lag", " ind."));
	if (s->sense == LOAD_LEAD)
		finding_append(buf, cap, "%s", tr(p->lang, " lead", " cap."));
	if (s->direction == ENERGY_RECEIVED)
		finding_append(buf, cap, "%s", tr(p->lang, ", received", ", reçue"));
}

static void put_limits(char *buf, size_t cap, const struct page *p, const struct plan_step *s)
{
	if (s->limit_lo_pct == -s->limit_hi_pct)
		finding_append(buf, cap, "±%s %%", figure(s->limit_hi_pct, p->lang).s);
	else
		finding_append(buf, cap, tr(p->lang, "%s to %s %%", "%s à %s %%"),
			       figure(s->limit_lo_pct, p->lang).s,
			       figure(s->limit_hi_pct, p->lang).s);
}

/* What a step has of its own, beside the plan. */
static void print_own(const struct page *p, const struct plan_step *s)
{
	char text[300] = "";

	if (s->clause)
		finding_put(text, "%s", s->clause);
	if (!isnan(s->floor_a_pct))
		finding_put(text, tr(p->lang, "%sfloor %s %%", "%splancher %s %%"),
			    text[0] ? "; " : "", figure(s->floor_a_pct, p->lang).s);
	if (!isnan(s->settle_s))
		finding_put(text, tr(p->lang, "%ssettling %s s", "%sstabilisation %s s"),
			    text[0] ? "; " : "", figure(s->settle_s, p->lang).s);
	if (!isnan(s->cap_s))
		finding_put(text, tr(p->lang, "%slongest count %s s", "%scomptage maximal %s s"),
			    text[0] ? "; " : "", figure(s->cap_s, p->lang).s);
	if (s->min_intervals != INT64_MIN)
		finding_put(text,
			    tr(p->lang, "%sat least %lld intervals", "%sau moins %lld intervalles"),
			    text[0] ? "; " : "", (long long)s->min_intervals);
	if (text[0])
		print_field(p->to, INDENT, 8, "", text);
}

static void print_step(const struct page *p, const struct plan_step *s)
{
	char load[100] = "", limits[60] = "";

	put_load(load, sizeof(load), p, s);
	put_limits(limits, sizeof(limits), p, s);
	fprintf(p->to, "%*s", INDENT, "");
	print_padded(p->to, s->id, 8);
	print_padded(p->to, load, 38);
	print_padded(p->to, limits, 14);
	fprintf(p->to, "%s\n", tr(p->lang, s->title.en, s->title.fr));
	print_own(p, s);
}

void plan_print(const struct plan *plan, enum lang lang, FILE *to)
{
	const struct page p = { to, lang };
	const struct plan_step *s = plan->steps.items;
	const bool sample = plan->standing == STANDING_SAMPLE;

	fprintf(to, "%s %s, version %lld (%s)\n", tr(lang, "Plan", "Plan"), plan->id,
		(long long)plan->version, plan_standing_text(plan->standing, lang));
	print_field(to, INDENT, LABEL, tr(lang, "Title", "Titre"),
		    tr(lang, plan->title.en, plan->title.fr));
	print_rules(&p, plan);
	fprintf(to, "\n%s\n",
		!sample ? tr(lang, "Steps", "Étapes")
			: tr(lang, "Steps: SAMPLE LIMITS, never a certificate",
			     "Étapes : LIMITES D'EXEMPLE, jamais de certificat"));
	for (size_t i = 0; i < plan->steps.n; i++)
		print_step(&p, &s[i]);
}

void plan_print_head(enum lang lang, FILE *to)
{
	print_padded(to, "Plan", 24);
	print_padded(to, "Version", 9);
	print_padded(to, tr(lang, "Standing", "Statut"), 10);
	print_padded(to, tr(lang, "Steps", "Étapes"), 8);
	fprintf(to, "%s\n", tr(lang, "Title", "Titre"));
}

void plan_print_line(const struct plan *plan, enum lang lang, FILE *to)
{
	char text[32];

	print_padded(to, plan->id, 24);
	snprintf(text, sizeof(text), "%lld", (long long)plan->version);
	print_padded(to, text, 9);
	print_padded(to, plan_standing_text(plan->standing, lang), 10);
	snprintf(text, sizeof(text), "%zu", plan->steps.n);
	print_padded(to, text, 8);
	fprintf(to, "%s\n", tr(lang, plan->title.en, plan->title.fr));
}
