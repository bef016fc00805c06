/* SPDX-License-Identifier: Apache-2.0 */
/* procedures/approval_rating.c - the rating of a meter against the rows of its notice.
 *
 * The rows are narrowed down step by step, so that a meter that is not approved hears at which step
 * no row was left, and what would have been right there. */
#include <math.h>
#include <string.h>

#include "procedures/approval_findings.h"

enum step { BY_MODEL, BY_CONFIGURATION, BY_VOLTAGE, BY_CURRENT, BY_BASE };

/* An alias belongs to the notice and to no model in particular: every row may be its. */
static bool model_fits(const struct approval *a, const struct approval_rating *r,
		       const struct meter_card *m)
{
	const char *const *models = a->models.items;

	if (!m->model || approval_name_same(r->model, m->model))
		return true;
	for (size_t i = 0; i < a->models.n; i++)
		if (approval_name_same(models[i], m->model))
			return false;
	return true;
}

/* The row agrees with the nameplate in everything up to and with @p last. */
static bool row_fits(const struct approval *a, const struct approval_rating *r,
		     const struct meter_card *m, enum step last)
{
	return model_fits(a, r, m) &&
	       (last < BY_CONFIGURATION || r->configuration == m->configuration) &&
	       (last < BY_VOLTAGE || same_figure(r->volt_v, m->volt_v)) &&
	       (last < BY_CURRENT || (same_figure(r->curr_min_a, m->curr_min_a) &&
				      same_figure(r->curr_max_a, m->curr_max_a))) &&
	       (last < BY_BASE || r->base == m->base);
}

static bool any_row(const struct approval *a, const struct meter_card *m, enum step last)
{
	const struct approval_rating *r = a->ratings.items;

	for (size_t i = 0; i < a->ratings.n; i++)
		if (row_fits(a, &r[i], m, last))
			return true;
	return false;
}

static void put_value(char *buf, size_t cap, const struct approval_rating *r, enum step step,
		      enum lang lang)
{
	switch (step) {
	case BY_MODEL:
		finding_append(buf, cap, "%s", r->model);
		return;
	case BY_CONFIGURATION:
		finding_append(buf, cap, "%s", approval_index_text(r->configuration, lang));
		return;
	case BY_VOLTAGE:
		finding_append(buf, cap, "%s V", figure(r->volt_v, lang).s);
		return;
	case BY_CURRENT:
		finding_append(buf, cap, "%s-%s A", figure(r->curr_min_a, lang).s,
			       figure(r->curr_max_a, lang).s);
		return;
	case BY_BASE:
		finding_append(buf, cap, "%s", approval_index_text(r->base, lang));
		return;
	}
}

/* What stands at this step in the rows that fit up to the step before, each value once. */
static void put_right(char *buf, size_t cap, const struct approval *a, const struct meter_card *m,
		      enum step step, enum lang lang)
{
	const struct approval_rating *r = a->ratings.items;
	char seen[400] = "";

	for (size_t i = 0; i < a->ratings.n; i++) {
		char value[80] = "", entry[84];

		if (!row_fits(a, &r[i], m, step - 1))
			continue;
		put_value(value, sizeof(value), &r[i], step, lang);
		snprintf(entry, sizeof(entry), "|%s|", value);
		if (strstr(seen, entry))
			continue;
		finding_append(buf, cap, "%s%s", seen[0] ? "; " : "", value);
		finding_append(seen, sizeof(seen), "%s", entry);
	}
}

/* The nameplate as far as it was compared: "1 element, 2 wire, 240 V". */
static void put_nameplate(char *buf, size_t cap, const struct meter_card *m, enum step last,
			  enum lang lang)
{
	const struct approval_rating r = { .configuration = m->configuration,
					   .base = m->base,
					   .volt_v = m->volt_v,
					   .curr_min_a = m->curr_min_a,
					   .curr_max_a = m->curr_max_a };

	for (enum step i = BY_CONFIGURATION; i <= last; i++) {
		finding_append(buf, cap, "%s", i > BY_CONFIGURATION ? ", " : "");
		put_value(buf, cap, &r, i, lang);
	}
}

static void not_approved(struct findings *s, const struct approval *a, const struct meter_card *m,
			 enum step step)
{
	struct approval_finding f =
		finding_new(FINDING_NONCONFORMING, step == BY_BASE ? "base" : "rating");

	put_nameplate(f.en, sizeof(f.en), m, step, LANG_EN);
	finding_put(f.en, ": not approved; the notice lists ");
	put_right(f.en, sizeof(f.en), a, m, step, LANG_EN);
	put_nameplate(f.fr, sizeof(f.fr), m, step, LANG_FR);
	finding_put(f.fr, " : non approuvé; l'avis énumère ");
	put_right(f.fr, sizeof(f.fr), a, m, step, LANG_FR);
	findings_add(s, &f);
}

static void not_recorded(struct findings *s, const char *code, enum finding_level level,
			 const char *en, const char *fr)
{
	struct approval_finding f = finding_new(level, code);

	finding_put(f.en, "%s", en);
	finding_put(f.fr, "%s", fr);
	findings_add(s, &f);
}

void approval_check_rating(struct findings *s, const struct approval *a, const struct meter_card *m)
{
	if (m->configuration == INT64_MIN || isnan(m->volt_v) || isnan(m->curr_min_a) ||
	    isnan(m->curr_max_a)) {
		not_recorded(
			s, "rating", FINDING_OPEN,
			"configuration, voltage or current range of the nameplate is not recorded",
			"la configuration, la tension ou la gamme de courant de la plaque n'est "
			"pas "
			"notée");
		return;
	}
	if (!any_row(a, m, BY_MODEL)) {
		not_recorded(s, "rating", FINDING_NONCONFORMING,
			     "the notice lists no rating of this model",
			     "l'avis n'énumère aucun classement de ce modèle");
		return;
	}
	for (enum step i = BY_CONFIGURATION; i <= BY_CURRENT; i++) {
		if (!any_row(a, m, i)) {
			not_approved(s, a, m, i);
			return;
		}
	}
	if (m->base == INT64_MIN)
		not_recorded(s, "base", FINDING_NOTE, "the base of the nameplate is not recorded",
			     "le socle de la plaque n'est pas noté");
	else if (!any_row(a, m, BY_BASE))
		not_approved(s, a, m, BY_BASE);
}
