/* SPDX-License-Identifier: Apache-2.0 */
/* procedures/approval_sound.c - what must agree between the parts of a notice. */
#include "procedures/approval_sound.h"

#include <math.h>
#include <string.h>

struct checker {
	const char *name;
	const struct approval *a;
	struct diag *d;
	int errors;
};

#define WRONG(c_, mark_, ...)                                                             \
	do {                                                                              \
		(c_)->errors++;                                                           \
		diag_add((c_)->d, (c_)->name, (mark_).line, (mark_).column, __VA_ARGS__); \
	} while (0)

static bool same(const char *a, const char *b)
{
	return a && b && approval_name_same(a, b);
}

static bool same_number(double a, double b)
{
	return fabs(a - b) < 1e-9; /* false when either is absent */
}

static void check_ratings(struct checker *c)
{
	const struct approval_rating *r = c->a->ratings.items;
	const char *const *models = c->a->models.items;

	for (size_t i = 0; i < c->a->ratings.n; i++) {
		bool known = !r[i].model;

		for (size_t k = 0; k < c->a->models.n && !known; k++)
			known = same(models[k], r[i].model);
		if (!known)
			WRONG(c, r[i].mark, "model: \"%s\" is none of the models of this notice",
			      r[i].model);
		if (r[i].curr_min_a >= r[i].curr_max_a)
			WRONG(c, r[i].mark, "curr_min_a: %g is not below curr_max_a: %g",
			      r[i].curr_min_a, r[i].curr_max_a);
		for (size_t k = 0; k < i; k++)
			if (same(r[k].model, r[i].model) &&
			    r[k].configuration == r[i].configuration && r[k].base == r[i].base &&
			    same_number(r[k].volt_v, r[i].volt_v) &&
			    same_number(r[k].curr_min_a, r[i].curr_min_a) &&
			    same_number(r[k].curr_max_a, r[i].curr_max_a))
				WRONG(c, r[i].mark, "this rating stands twice; first in line %d",
				      r[k].mark.line);
	}
}

static void check_words(struct checker *c, struct yaml_mark at, const char *key,
			const struct yaml_list *list, const char *const *words, const char *want)
{
	const char *const *items = list->items;

	for (size_t i = 0; i < list->n; i++) {
		size_t k = 0;

		while (items[i] && words[k] && strcmp(words[k], items[i]) != 0)
			k++;
		if (items[i] && !words[k])
			WRONG(c, at, "%s: \"%s\" is not known; right would be: %s", key, items[i],
			      want);
	}
}

/* Every name must lead to the module it stands in: else two modules share it. */
static void check_name(struct checker *c, const struct approval_module *m, const char *name)
{
	const struct approval_module *found = name ? approval_module_find(c->a, name) : m;

	if (found != m)
		WRONG(c, m->mark, "\"%s\" also names the module in line %d", name,
		      found->mark.line);
}

static void check_names(struct checker *c, const struct approval_module *m,
			const struct yaml_list *list)
{
	const char *const *names = list->items;

	for (size_t i = 0; i < list->n; i++)
		check_name(c, m, names[i]);
}

static void check_known_module(struct checker *c, struct yaml_mark at, const char *key,
			       const char *name)
{
	if (name && !approval_module_find(c->a, name))
		WRONG(c, at, "%s: \"%s\" is none of the modules of this notice", key, name);
}

static void check_modules(struct checker *c)
{
	static const char *const types[] = { "rf", "plc", "modem", "other", NULL };
	static const char *const functions[] = { "energy", "demand",	 "pulse_recorder",
						 "tou",	   "disconnect", "other",
						 NULL };
	const struct approval_module *m = c->a->modules.items;

	for (size_t i = 0; i < c->a->modules.n; i++) {
		const char *const *need = m[i].requires_any.items;

		check_name(c, &m[i], m[i].name);
		check_names(c, &m[i], &m[i].aliases);
		check_names(c, &m[i], &m[i].options);
		check_words(c, m[i].mark, "types", &m[i].types, types, "rf, plc, modem or other");
		check_words(c, m[i].mark, "functions", &m[i].functions, functions,
			    "energy, demand, pulse_recorder, tou, disconnect or other");
		for (size_t k = 0; k < m[i].requires_any.n; k++)
			check_known_module(c, m[i].mark, "requires_any", need[k]);
	}
}

static void check_conditions(struct checker *c)
{
	const struct approval_condition *x = c->a->conditions.items;

	for (size_t i = 0; i < c->a->conditions.n; i++) {
		const int parts = (x[i].quantity != NULL) + (x[i].op >= 0) + !isnan(x[i].value) +
				  (x[i].unit != NULL);

		check_known_module(c, x[i].mark, "module", x[i].module);
		if (parts != 0 && parts != 4)
			WRONG(c, x[i].mark,
			      "quantity, op, value and unit go together: all or none");
		for (size_t k = 0; k < i; k++)
			if (same(x[k].id, x[i].id))
				WRONG(c, x[i].mark, "id: \"%s\" stands twice; first in line %d",
				      x[i].id, x[k].mark.line);
	}
}

static int64_t day_number(struct yaml_date d)
{
	return ((int64_t)d.year * 12 + d.month) * 31 + d.day;
}

static void check_revisions(struct checker *c)
{
	const struct approval_revision *r = c->a->revisions.items;
	const struct approval_revision *dated = NULL;
	bool own = c->a->revisions.n == 0 || c->a->revision == INT64_MIN;

	for (size_t i = 0; i < c->a->revisions.n; i++) {
		own = own || r[i].number == c->a->revision;
		if (i > 0 && r[i].number <= r[i - 1].number && r[i].number != INT64_MIN)
			WRONG(c, r[i].mark,
			      "number: %lld does not come after %lld; revisions stand in order",
			      (long long)r[i].number, (long long)r[i - 1].number);
		if (r[i].number > c->a->revision && c->a->revision != INT64_MIN)
			WRONG(c, r[i].mark, "number: %lld is later than the notice, revision %lld",
			      (long long)r[i].number, (long long)c->a->revision);
		if (r[i].date.year == 0)
			continue;
		if (dated && day_number(r[i].date) < day_number(dated->date))
			WRONG(c, r[i].mark, "date: revision %lld is dated before revision %lld",
			      (long long)r[i].number, (long long)dated->number);
		dated = &r[i];
	}
	if (!own)
		WRONG(c, ((struct yaml_mark){ 0, 0 }),
		      "revisions: the notice's own revision %lld is missing",
		      (long long)c->a->revision);
}

static void check_notes(struct checker *c)
{
	const struct approval_note *n = c->a->notes.items;

	for (size_t i = 0; i < c->a->notes.n; i++) {
		check_known_module(c, n[i].mark, "module", n[i].module);
		if (!isnan(n[i].volt_v) && n[i].configuration == INT64_MIN)
			WRONG(c, n[i].mark, "volt_v needs a configuration beside it");
		for (size_t k = 0; k < i; k++)
			if (same(n[k].id, n[i].id))
				WRONG(c, n[i].mark, "id: \"%s\" stands twice; first in line %d",
				      n[i].id, n[k].mark.line);
	}
}

int approval_sound(const char *name, const struct approval *a, struct diag *d)
{
	struct checker c = { .name = name, .a = a, .d = d };

	if (a->temp_min_c >= a->temp_max_c)
		WRONG(&c, ((struct yaml_mark){ 0, 0 }),
		      "temp_min_c: %g is not below temp_max_c: %g", a->temp_min_c, a->temp_max_c);
	check_ratings(&c);
	check_modules(&c);
	check_conditions(&c);
	check_revisions(&c);
	check_notes(&c);
	return c.errors == 0 ? ET_OK : ET_ERR_FILE;
}
