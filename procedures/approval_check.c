/* SPDX-License-Identifier: Apache-2.0 */
/* procedures/approval_check.c - one meter against its notice: identity, conditions, seals.
 *
 * The rating and the firmware with its modules have files of their own. */
#include <math.h>
#include <string.h>

#include "procedures/approval_findings.h"

/* ---- which notice, which make ---- */

static void check_number(struct findings *s, const struct approval *a, const struct meter_card *m)
{
	struct approval_finding f;

	if (m->approval && !approval_name_same(m->approval, a->number)) {
		f = finding_new(FINDING_NONCONFORMING, "approval");
		finding_put(f.en, "approval \"%s\" on the nameplate; this notice is %s",
			    shown(m->approval).s, a->number);
		finding_put(f.fr, "approbation « %s » sur la plaque; cet avis est %s",
			    shown(m->approval).s, a->number);
		findings_add(s, &f);
	} else if (!m->approval) {
		f = finding_new(FINDING_OPEN, "approval");
		finding_put(f.en, "no approval number is recorded; the nameplate must say %s",
			    a->number);
		finding_put(f.fr, "aucun numéro d'approbation n'est noté; la plaque doit dire %s",
			    a->number);
		findings_add(s, &f);
	}
}

static void check_revision(struct findings *s, const struct approval *a, const struct meter_card *m)
{
	struct approval_finding f = finding_new(FINDING_OPEN, "revision");

	if (m->approval_revision == a->revision)
		return;
	if (m->approval_revision == INT64_MIN) {
		finding_put(f.en,
			    "no revision is recorded; the meter was held against revision %lld",
			    (long long)a->revision);
		finding_put(
			f.fr,
			"aucune révision n'est notée; le compteur a été comparé à la révision %lld",
			(long long)a->revision);
	} else {
		finding_put(
			f.en,
			"revision %lld is recorded, but the meter was held against revision %lld: "
			"the notice of revision %lld is needed",
			(long long)m->approval_revision, (long long)a->revision,
			(long long)m->approval_revision);
		finding_put(
			f.fr,
			"la révision %lld est notée, mais le compteur a été comparé à la révision "
			"%lld : il faut l'avis de la révision %lld",
			(long long)m->approval_revision, (long long)a->revision,
			(long long)m->approval_revision);
	}
	findings_add(s, &f);
}

/* Letters and digits only, in lower case: "Landis+Gyr" and "Landis + Gyr Inc." begin alike. */
static size_t folded(const char *s, char *buf, size_t cap)
{
	size_t n = 0;

	for (; *s && n + 1 < cap; s++) {
		if (*s >= 'A' && *s <= 'Z')
			buf[n++] = (char)(*s - 'A' + 'a');
		else if ((*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9') || (*s & 0x80))
			buf[n++] = *s;
	}
	buf[n] = '\0';
	return n;
}

static bool same_maker(const char *a, const char *b)
{
	char fa[128], fb[128];
	size_t na = folded(a, fa, sizeof(fa)), nb = folded(b, fb, sizeof(fb));
	size_t n = na < nb ? na : nb;

	return n >= 3 && memcmp(fa, fb, n) == 0;
}

static void check_maker(struct findings *s, const struct approval *a, const struct meter_card *m)
{
	struct approval_finding f = finding_new(FINDING_OPEN, "maker");

	if (m->maker && same_maker(m->maker, a->manufacturer))
		return;
	finding_put(f.en, "maker \"%s\"; the notice names %s: check the nameplate",
		    m->maker ? shown(m->maker).s : "", a->manufacturer);
	finding_put(f.fr, "fabricant « %s »; l'avis nomme %s : vérifier la plaque",
		    m->maker ? shown(m->maker).s : "", a->manufacturer);
	findings_add(s, &f);
}

static void check_model(struct findings *s, const struct approval *a, const struct meter_card *m)
{
	struct approval_finding f;
	char models[200];

	finding_join(models, sizeof(models), &a->models);
	if (!m->model) {
		f = finding_new(FINDING_OPEN, "model");
		finding_put(f.en, "no model is recorded; the notice approves %s", models);
		finding_put(f.fr, "aucun modèle n'est noté; l'avis approuve %s", models);
	} else if (finding_listed(&a->models, m->model)) {
		return;
	} else if (finding_listed(&a->aliases, m->model)) {
		f = finding_new(FINDING_NOTE, "model");
		finding_put(f.en, "\"%s\" is another name of %s in this notice", shown(m->model).s,
			    models);
		finding_put(f.fr, "« %s » est un autre nom de %s dans cet avis", shown(m->model).s,
			    models);
	} else {
		f = finding_new(FINDING_NONCONFORMING, "model");
		finding_put(f.en, "model \"%s\" is not approved; the notice approves %s",
			    shown(m->model).s, models);
		finding_put(f.fr, "le modèle « %s » n'est pas approuvé; l'avis approuve %s",
			    shown(m->model).s, models);
	}
	findings_add(s, &f);
}

static void check_kh(struct findings *s, const struct approval *a, const struct meter_card *m)
{
	struct approval_finding f = finding_new(FINDING_OPEN, "kh");

	if (isnan(m->kh_wh)) {
		finding_put(f.en,
			    "no Kh is recorded; it is read from the nameplate, in Wh per pulse");
		finding_put(f.fr,
			    "aucun Kh n'est noté; il se lit sur la plaque, en Wh par impulsion");
	} else if (!isnan(a->kh_wh) && !same_figure(m->kh_wh, a->kh_wh)) {
		finding_put(f.en, "Kh %s Wh on the nameplate; the notice states %s Wh",
			    figure(m->kh_wh, LANG_EN).s, figure(a->kh_wh, LANG_EN).s);
		finding_put(f.fr, "Kh %s Wh sur la plaque; l'avis donne %s Wh",
			    figure(m->kh_wh, LANG_FR).s, figure(a->kh_wh, LANG_FR).s);
	} else {
		return;
	}
	findings_add(s, &f);
}

/* ---- conditions, seals, and what does not fit together in the notice ---- */

static void check_conditions(struct findings *s, const struct approval *a,
			     const struct meter_card *m)
{
	const struct approval_condition *c = a->conditions.items;

	for (size_t i = 0; i < a->conditions.n; i++) {
		const bool scroll = c[i].quantity && strcmp(c[i].quantity, "lcd_scroll_time") == 0;
		struct approval_finding f = finding_new(c[i].at_sealing == 1 ? FINDING_AT_SEALING
							: c[i].quantity	     ? FINDING_OPEN
									     : FINDING_NOTE,
							scroll ? "scroll_time" : "condition");

		if (c[i].module && !approval_has_module(a, m, c[i].module))
			continue;
		if (c[i].module)
			finding_append(f.en, sizeof(f.en), "%s: ", c[i].module);
		if (c[i].module)
			finding_append(f.fr, sizeof(f.fr), "%s : ", c[i].module);
		if (c[i].at_sealing == 1) {
			finding_append(f.en, sizeof(f.en), "to be verified at sealing: ");
			finding_append(f.fr, sizeof(f.fr), "à vérifier au scellage : ");
		}
		finding_append(f.en, sizeof(f.en), "%s", c[i].text.en);
		finding_append(f.fr, sizeof(f.fr), "%s", c[i].text.fr);
		findings_add(s, &f);
	}
}

static void check_seals(struct findings *s, const struct approval *a, const struct meter_card *m)
{
	struct approval_finding f = finding_new(FINDING_AT_SEALING, "seal");

	if (a->sealing.seals == INT64_MIN || (int64_t)m->seals.n >= a->sealing.seals)
		return;
	finding_put(f.en, "%zu of %lld seals recorded; the rest is applied and recorded at sealing",
		    m->seals.n, (long long)a->sealing.seals);
	finding_put(f.fr, "%zu de %lld sceaux notés; le reste est posé et noté au scellage",
		    m->seals.n, (long long)a->sealing.seals);
	findings_add(s, &f);
}

static void tell_notes(struct findings *s, const struct approval *a, const struct meter_card *m)
{
	const struct approval_note *n = a->notes.items;

	for (size_t i = 0; i < a->notes.n; i++) {
		struct approval_finding f = finding_new(FINDING_NOTE, "contradiction");
		const bool rating = n[i].configuration != INT64_MIN &&
				    n[i].configuration == m->configuration &&
				    (isnan(n[i].volt_v) || same_figure(n[i].volt_v, m->volt_v));

		if (!rating && !(n[i].module && approval_has_module(a, m, n[i].module)))
			continue;
		finding_put(f.en, "%s", n[i].text.en);
		finding_put(f.fr, "%s", n[i].text.fr);
		findings_add(s, &f);
	}
}

int approval_check(const struct approval *a, const struct meter_card *m,
		   struct approval_finding *out, int max)
{
	struct findings s = { .out = out, .max = max };

	check_number(&s, a, m);
	check_revision(&s, a, m);
	check_maker(&s, a, m);
	check_model(&s, a, m);
	approval_check_rating(&s, a, m);
	check_kh(&s, a, m);
	approval_check_firmware(&s, a, m);
	check_conditions(&s, a, m);
	check_seals(&s, a, m);
	tell_notes(&s, a, m);
	return s.n;
}
