/* SPDX-License-Identifier: Apache-2.0 */
/* procedures/approval_firmware.c - firmware of the meter and of its modules, and which modules go together. */
#include <math.h>
#include <string.h>

#include "procedures/approval_findings.h"

/* ---- firmware, of the meter (of: NULL) or of a module ---- */

static bool not_displayed(const char *firmware)
{
	return approval_name_same(firmware, APPROVAL_NOT_DISPLAYED) ||
	       approval_name_same(firmware, "non affiché");
}

static void check_firmware(struct findings *s, const char *of, const struct yaml_list *accepted,
			   const char *firmware)
{
	const char *code = of ? "module_firmware" : "firmware";
	const char *whose = of ? of : "", *gap = of ? ": " : "";
	struct approval_finding f = finding_new(FINDING_OPEN, code);
	const char *const *versions = accepted->items;
	char right[200];

	if (accepted->n == 0)
		return;
	finding_join(right, sizeof(right), accepted);
	if (!firmware) {
		finding_put(f.en, "%s%sthe firmware was not looked at; accepted: %s", whose, gap,
			    right);
		finding_put(f.fr, "%s%sle micrologiciel n'a pas été regardé; acceptés : %s", whose,
			    gap, right);
	} else if (not_displayed(firmware)) {
		finding_put(f.en,
			    "%s%sthe firmware is not displayed; to be shown by other means: %s",
			    whose, gap, right);
		finding_put(f.fr,
			    "%s%sle micrologiciel n'est pas affiché; à établir autrement : %s",
			    whose, gap, right);
	} else {
		for (size_t i = 0; i < accepted->n; i++)
			if (strcmp(versions[i], firmware) == 0)
				return;
		f = finding_new(FINDING_NONCONFORMING, code);
		finding_put(f.en, "%s%sfirmware \"%s\" is not approved; accepted: %s", whose, gap,
			    shown(firmware).s, right);
		finding_put(f.fr, "%s%sle micrologiciel « %s » n'est pas approuvé; acceptés : %s",
			    whose, gap, shown(firmware).s, right);
	}
	findings_add(s, &f);
}

/* ---- modules ---- */

bool approval_has_module(const struct approval *a, const struct meter_card *m, const char *name)
{
	const struct approval_module *want = approval_module_find(a, name);
	const struct meter_module *on = m->modules.items;

	for (size_t i = 0; i < m->modules.n; i++)
		if (want && approval_module_find(a, on[i].name) == want)
			return true;
	return false;
}

static void check_module_name(struct findings *s, const struct approval *a,
			      const struct meter_module *on)
{
	const struct approval_module *known = approval_module_find(a, on->name);
	const struct approval_module *all = a->modules.items;
	struct approval_finding f;
	char right[300] = "";

	if (!known) {
		for (size_t i = 0; i < a->modules.n; i++)
			finding_append(right, sizeof(right), "%s%s", i ? ", " : "", all[i].name);
		f = finding_new(FINDING_NONCONFORMING, "module");
		finding_put(f.en, "module \"%s\" is not approved; the notice lists %s",
			    shown(on->name).s, a->modules.n ? right : "none");
		finding_put(f.fr, "le module « %s » n'est pas approuvé; l'avis énumère %s",
			    shown(on->name).s, a->modules.n ? right : "aucun module");
		findings_add(s, &f);
	} else if (!approval_name_same(known->name, on->name)) {
		const bool part = finding_listed(&known->options, on->name);

		f = finding_new(FINDING_NOTE, "module");
		finding_put(f.en,
			    part ? "\"%s\" is part of the module %s" : "\"%s\" is the module %s",
			    shown(on->name).s, known->name);
		finding_put(f.fr,
			    part ? "« %s » fait partie du module %s" : "« %s » est le module %s",
			    shown(on->name).s, known->name);
		findings_add(s, &f);
	}
}

/* A module named twice, as TS2 and TS2-MU, has one firmware; each version that is given is looked at. */
static void check_module_firmware(struct findings *s, const struct approval *a,
				  const struct approval_module *of, const struct meter_card *m)
{
	const struct meter_module *on = m->modules.items;
	bool given = false;

	for (size_t i = 0; i < m->modules.n; i++) {
		if (approval_module_find(a, on[i].name) != of || !on[i].firmware)
			continue;
		check_firmware(s, of->name, &of->firmware, on[i].firmware);
		given = true;
	}
	if (!given)
		check_firmware(s, of->name, &of->firmware, NULL);
}

static void check_combination(struct findings *s, const struct approval *a,
			      const struct approval_module *of, const struct meter_card *m)
{
	const char *const *need = of->requires_any.items;
	struct approval_finding f = finding_new(FINDING_NONCONFORMING, "combination");
	char right[200];

	for (size_t i = 0; i < of->requires_any.n; i++)
		if (approval_has_module(a, m, need[i]))
			return;
	if (of->requires_any.n == 0)
		return;
	finding_join(right, sizeof(right), &of->requires_any);
	finding_put(f.en, "%s is approved only beside one of %s", of->name, right);
	finding_put(f.fr, "%s n'est approuvé qu'avec un de ces modules : %s", of->name, right);
	findings_add(s, &f);
}

static void tell_burden(struct findings *s, const struct approval *a,
			const struct approval_module *of)
{
	struct approval_finding f = finding_new(FINDING_NOTE, "burden");

	if (isnan(of->burden.va)) {
		finding_put(f.en,
			    "%s: the notice states no burden, so there is no requirement for it",
			    of->name);
		finding_put(f.fr,
			    "%s : l'avis ne précise aucun fardeau, il n'y a donc pas d'exigence",
			    of->name);
	} else {
		finding_put(
			f.en,
			"%s: burden %s VA, meter %s VA; the notice does not say whether they add",
			of->name, figure(of->burden.va, LANG_EN).s,
			figure(a->burden.va, LANG_EN).s);
		finding_put(
			f.fr,
			"%s : fardeau %s VA, compteur %s VA; l'avis ne dit pas s'ils s'ajoutent",
			of->name, figure(of->burden.va, LANG_FR).s,
			figure(a->burden.va, LANG_FR).s);
	}
	findings_add(s, &f);
}

static void check_modules(struct findings *s, const struct approval *a, const struct meter_card *m)
{
	const struct meter_module *on = m->modules.items;
	const struct approval_module *all = a->modules.items;

	for (size_t i = 0; i < m->modules.n; i++)
		check_module_name(s, a, &on[i]);
	for (size_t i = 0; i < a->modules.n; i++) {
		if (!approval_has_module(a, m, all[i].name))
			continue;
		check_module_firmware(s, a, &all[i], m);
		check_combination(s, a, &all[i], m);
		tell_burden(s, a, &all[i]);
	}
}

void approval_check_firmware(struct findings *s, const struct approval *a,
			     const struct meter_card *m)
{
	check_firmware(s, NULL, &a->firmware, m->firmware);
	check_modules(s, a, m);
}
