/* SPDX-License-Identifier: Apache-2.0 */
#include "procedures/plan.h"

#include <math.h>
#include <string.h>

#define KEY(struct_, member_, type_) \
	.name = #member_, .type = (type_), .offset = offsetof(struct struct_, member_)

static const char *const standing_words[] = { "sample", "draft", "approved", NULL };
static const char *const kind_words[] = { "energy_error", NULL };
static const char *const sense_words[] = { "lag", "lead", NULL };
static const char *const direction_words[] = { "delivered", "received", NULL };
static const char *const rule_words[] = { "simple", "guarded", "two_stage", NULL };
static const char *const mode_words[] = { "half_even", "half_away", NULL };

static const struct yaml_key source_keys[] = {
	{ KEY(plan_source, document, YAML_STR), .required = true },
	{ KEY(plan_source, revision, YAML_STR) },
	{ KEY(plan_source, entered_by, YAML_STR) },
	{ KEY(plan_source, approved_by, YAML_STR) },
	{ 0 },
};

static const struct yaml_key rounding_keys[] = {
	{ KEY(plan_rounding, digits, YAML_I64), .required = true, .min = 0, .max = 4,
	  .want = "decimals of the error in %, 0 to 4" },
	{ KEY(plan_rounding, mode, YAML_WORD), .required = true, .words = mode_words },
	{ 0 },
};

static const struct yaml_key window_keys[] = {
	{ KEY(plan_window, volt_pct, YAML_F64), .required = true, .min = 0.01, .max = 20,
	  .want = "% of the set-point, 0.01 to 20" },
	{ KEY(plan_window, curr_pct, YAML_F64), .required = true, .min = 0.01, .max = 20,
	  .want = "% of the set-point, 0.01 to 20" },
	{ KEY(plan_window, phase_deg, YAML_F64), .required = true, .min = 0.01, .max = 20,
	  .want = "degrees, 0.01 to 20" },
	{ KEY(plan_window, freq_pct, YAML_F64), .required = true, .min = 0.01, .max = 20,
	  .want = "% of the set-point, 0.01 to 20" },
	{ 0 },
};

static const struct yaml_key step_keys[] = {
	{ .name = "@", .type = YAML_MARK, .offset = offsetof(struct plan_step, mark) },
	{ KEY(plan_step, id, YAML_STR), .required = true },
	{ KEY(plan_step, kind, YAML_WORD), .required = true, .words = kind_words },
	{ KEY(plan_step, title, YAML_TEXT2), .required = true },
	{ KEY(plan_step, clause, YAML_STR) },
	{ KEY(plan_step, current_pct_imax, YAML_F64), .min = 0.01, .max = 120,
	  .want = "% of the maximum current, 0.01 to 120" },
	{ KEY(plan_step, current_a, YAML_F64), .min = 0.001, .max = 1000,
	  .want = "amperes, 0.001 to 1000" },
	{ KEY(plan_step, volt_pct, YAML_F64), .required = true, .min = 50, .max = 130,
	  .want = "% of the rated voltage, 50 to 130" },
	{ KEY(plan_step, power_factor, YAML_F64), .required = true, .min = 0.1, .max = 1,
	  .want = "0.1 to 1" },
	{ KEY(plan_step, sense, YAML_WORD), .words = sense_words },
	{ KEY(plan_step, direction, YAML_WORD), .words = direction_words },
	{ KEY(plan_step, limit_lo_pct, YAML_F64), .required = true, .min = -100, .max = 100,
	  .want = "% of the error, -100 to 100" },
	{ KEY(plan_step, limit_hi_pct, YAML_F64), .required = true, .min = -100, .max = 100,
	  .want = "% of the error, -100 to 100" },
	{ KEY(plan_step, floor_a_pct, YAML_F64), .min = 0.0001, .max = 10,
	  .want = "%, 0.0001 to 10" },
	{ KEY(plan_step, settle_s, YAML_F64), .min = 0.1, .max = 3600,
	  .want = "seconds, 0.1 to 3600" },
	{ KEY(plan_step, cap_s, YAML_F64), .min = 1, .max = 86400, .want = "seconds, 1 to 86400" },
	{ KEY(plan_step, min_intervals, YAML_I64), .min = 4, .max = 4000,
	  .want = "a whole number, 4 to 4000" },
	{ 0 },
};

const struct yaml_key plan_keys[] = {
	{ KEY(plan, id, YAML_STR), .required = true },
	{ KEY(plan, version, YAML_I64), .required = true, .min = 1, .max = 1000000,
	  .want = "a whole number from 1, higher with each change" },
	{ KEY(plan, standing, YAML_WORD), .required = true, .words = standing_words },
	{ KEY(plan, title, YAML_TEXT2), .required = true },
	{ KEY(plan, source, YAML_MAP), .required = true, .keys = source_keys },
	{ KEY(plan, rule, YAML_WORD), .required = true, .words = rule_words },
	{ KEY(plan, rounding, YAML_MAP), .required = true, .keys = rounding_keys },
	{ KEY(plan, floor_a_pct, YAML_F64), .required = true, .min = 0.0001, .max = 10,
	  .want = "%, 0.0001 to 10" },
	{ KEY(plan, settle_s, YAML_F64), .required = true, .min = 0.1, .max = 3600,
	  .want = "seconds, 0.1 to 3600" },
	{ KEY(plan, cap_s, YAML_F64), .required = true, .min = 1, .max = 86400,
	  .want = "seconds, 1 to 86400" },
	{ KEY(plan, window, YAML_MAP), .required = true, .keys = window_keys },
	{ KEY(plan, retries, YAML_I64), .required = true, .min = 0, .max = 9,
	  .want = "a whole number, 0 to 9" },
	{ KEY(plan, steps, YAML_MAPS), .required = true, .keys = step_keys,
	  .size = sizeof(struct plan_step) },
	{ 0 },
};

/* ---- what a table cannot see; absent members are the table's ---- */

struct checker {
	const char *name;
	struct diag *d;
	int errors;
};

#define WRONG(c_, mark_, ...)                                                             \
	do {                                                                              \
		(c_)->errors++;                                                           \
		diag_add((c_)->d, (c_)->name, (mark_).line, (mark_).column, __VA_ARGS__); \
	} while (0)

static const struct yaml_mark nowhere;

static void check_load_point(struct checker *c, const struct plan_step *s)
{
	const int currents = !isnan(s->current_pct_imax) + !isnan(s->current_a);

	if (currents != 1)
		WRONG(c, s->mark,
		      "step \"%s\": %s; right would be: one of current_pct_imax and current_a",
		      s->id ? s->id : "?", currents == 0 ? "no current" : "two currents");
	if (s->power_factor < 1 && s->sense < 0)
		WRONG(c, s->mark,
		      "sense: this key is missing beside power_factor %g; right would be: lag or "
		      "lead",
		      s->power_factor);
	if (s->power_factor == 1 && s->sense >= 0)
		WRONG(c, s->mark, "sense: %s has no meaning with power_factor 1; leave it out",
		      sense_words[s->sense]);
}

static void check_step(struct checker *c, const struct plan *p, const struct plan_step *s)
{
	const struct plan_step *all = p->steps.items;
	const struct plan_step r = plan_step_resolved(p, s);

	check_load_point(c, s);
	if (s->limit_lo_pct >= s->limit_hi_pct)
		WRONG(c, s->mark, "limit_lo_pct: %g is not below limit_hi_pct: %g", s->limit_lo_pct,
		      s->limit_hi_pct);
	if (r.floor_a_pct >= r.limit_hi_pct - r.limit_lo_pct)
		WRONG(c, s->mark,
		      "floor_a_pct: %g is no less than the whole room between the limits",
		      r.floor_a_pct);
	for (const struct plan_step *t = all; t < s; t++)
		if (t->id && s->id && strcmp(t->id, s->id) == 0)
			WRONG(c, s->mark, "id: \"%s\" stands twice; first in line %d", s->id,
			      t->mark.line);
}

/* What a laboratory works by says whence it comes and who answers for it. */
static void check_source(struct checker *c, const struct plan *p)
{
	const struct plan_source *s = &p->source;

	if (p->standing != STANDING_APPROVED && s->approved_by)
		WRONG(c, nowhere,
		      "source.approved_by: \"%s\" stands in a plan that is not approved",
		      s->approved_by);
	if (p->standing != STANDING_DRAFT && p->standing != STANDING_APPROVED)
		return;
	if (!s->revision)
		WRONG(c, nowhere,
		      "source.revision: this key is missing; right would be: revision of the "
		      "document");
	if (!s->entered_by)
		WRONG(c, nowhere,
		      "source.entered_by: this key is missing; right would be: who entered the "
		      "plan");
	if (p->standing == STANDING_APPROVED && !s->approved_by)
		WRONG(c, nowhere,
		      "source.approved_by: this key is missing; right would be: a second person");
	if (s->approved_by && s->entered_by && strcmp(s->approved_by, s->entered_by) == 0)
		WRONG(c, nowhere,
		      "source.approved_by: \"%s\" also entered the plan; right would be: a second "
		      "person",
		      s->approved_by);
}

static int finish_load(int err, const char *name, struct plan *p, struct diag *d)
{
	struct plan_step *steps = p->steps.items;
	struct checker c = { .name = name, .d = d };

	if (err != ET_OK && err != ET_ERR_FILE)
		return err;
	check_source(&c, p);
	for (size_t i = 0; i < p->steps.n; i++) {
		check_step(&c, p, &steps[i]);
		if (steps[i].direction < 0)
			steps[i].direction = ENERGY_DELIVERED;
	}
	return c.errors == 0 ? err : ET_ERR_FILE;
}

int plan_load_file(const char *path, struct plan *out, struct yaml_doc **doc, struct diag *d)
{
	int err = yaml_load_file(path, PLAN_SCHEMA, plan_keys, out, doc, d);

	return finish_load(err, path, out, d);
}

int plan_load_mem(const char *name, const char *text, size_t len, struct plan *out,
		  struct yaml_doc **doc, struct diag *d)
{
	int err = yaml_load_mem(name, text, len, PLAN_SCHEMA, plan_keys, out, doc, d);

	return finish_load(err, name, out, d);
}

struct plan_step plan_step_resolved(const struct plan *p, const struct plan_step *s)
{
	struct plan_step r = *s;

	if (isnan(r.floor_a_pct))
		r.floor_a_pct = p->floor_a_pct;
	if (isnan(r.settle_s))
		r.settle_s = p->settle_s;
	if (isnan(r.cap_s))
		r.cap_s = p->cap_s;
	return r;
}

double plan_step_current_a(const struct plan_step *s, double curr_max_a)
{
	return isnan(s->current_a) ? s->current_pct_imax / 100 * curr_max_a : s->current_a;
}

double plan_step_phase_deg(const struct plan_step *s)
{
	const double deg = acos(s->power_factor) * (180 / 3.14159265358979323846);
	const double phi = s->sense == LOAD_LEAD ? -deg : deg;

	return s->direction == ENERGY_RECEIVED ? phi + 180 : phi;
}
