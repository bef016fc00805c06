/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/batch_parts.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "metrology/rounding.h"
#include "reports/figures.h"

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static json_t *copy(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return v ? json_deep_copy(v) : json_null();
}

/* The element of an array of objects whose @p key is that text. */
static json_t *find(const json_t *array, const char *key, const char *value)
{
	json_t *o;
	size_t i;

	json_array_foreach(array, i, o)
	{
		if (same(json_get_str(o, key), value))
			return o;
	}
	return NULL;
}

static json_t *find_position(const json_t *array, json_int_t position)
{
	json_t *o;
	size_t i;

	json_array_foreach(array, i, o)
	{
		if (json_get_int(o, "position", 0) == position)
			return o;
	}
	return NULL;
}

bool parts_has_figure(const char *verdict)
{
	return same(verdict, "conforming") || same(verdict, "nonconforming") ||
	       same(verdict, "inconclusive");
}

/* ---- plan ---- */

static json_t *plan_step(const json_t *s, const char *id)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "step", id, "title",
			 copy(s, "title"), "limit_lo_pct", copy(s, "limit_lo_pct"), "limit_hi_pct",
			 copy(s, "limit_hi_pct"), "current_pct_imax", copy(s, "current_pct_imax"),
			 "current_a", copy(s, "current_a"), "volt_pct", copy(s, "volt_pct"),
			 "power_factor", copy(s, "power_factor"), "sense", copy(s, "sense"),
			 "direction", copy(s, "direction"));
}

static json_t *plan_steps(const json_t *plan, const json_t *attempts)
{
	json_t *steps = json_array();
	const json_t *o;
	size_t i;

	json_array_foreach(json_object_get(plan, "steps"), i, o)
	{
		const char *id = json_get_str(o, "id");

		if (id && !find(steps, "step", id))
			json_array_append_new(steps, plan_step(o, id));
	}
	json_array_foreach(attempts, i, o)
	{
		const char *id = json_get_str(o, "step");

		if (id && !find(steps, "step", id))
			json_array_append_new(steps, plan_step(NULL, id));
	}
	return steps;
}

json_t *parts_plan(const json_t *named, const json_t *plan, const json_t *attempts)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id", copy(named, "id"), "version",
			 copy(named, "version"), "standing", copy(named, "standing"), "title",
			 copy(plan, "title"), "source", copy(plan, "source"), "rule",
			 copy(plan, "rule"), "steps", plan_steps(plan, attempts));
}

/* ---- one meter at one step ---- */

static bool is_within_u(int64_t err_u6, int64_t u_u6, double limit_pct)
{
	const int64_t limit = rounding_u6(limit_pct);

	return limit != ROUNDING_NONE && llabs(err_u6 - limit) <= u_u6;
}

/* By the figures that are shown, so that a reader comes to the same answer. */
static json_t *near_limit(const json_t *step)
{
	const int64_t err = figures_of(step, "err_rounded_u6");
	const int64_t u = figures_of(step, "U_rounded_u6");

	if (err == ROUNDING_NONE || u == ROUNDING_NONE)
		return json_null();
	return json_boolean(is_within_u(err, u, json_get_f64(step, "limit_lo_pct")) ||
			    is_within_u(err, u, json_get_f64(step, "limit_hi_pct")));
}

/* What stands as a result: absent, and so null, where the verdict has no figure behind it. */
static const char *const figure_keys[] = {
	"err_pct",    "U_pct",	    "k",       "err_rounded_u6", "U_rounded_u6",
	"u_a_pct",    "u_b_pct",    "dof_eff", "estimator",	 "first_last_pct",
	"set_lo_pct", "set_hi_pct", NULL
};
/* What was seen, figures or not. */
static const char *const seen_keys[] = { "n_intervals", "span_s",   "period_ratio",
					 "beat",	"walk",	    "n_edges",
					 "n_accepted",	"n_missed", "n_rejected",
					 "n_bounced",	NULL };

static int put_keys(json_t *o, const char *const *keys, const json_t *from)
{
	int err = 0;

	for (; *keys; keys++)
		err |= json_object_set_new(o, *keys, copy(from, *keys));
	return err;
}

static json_t *limit(const json_t *setup, const json_t *plan_step_of, const char *key)
{
	const double pct = json_get_f64(setup, key);

	return isnan(pct) ? copy(plan_step_of, key) : json_num(pct);
}

/* Cause of a void attempt counts for every position of it. */
static json_t *cause_of(const json_t *attempt, const json_t *pos)
{
	const char *cause = json_get_str(pos, "cause");

	if (!cause && !same(json_get_str(attempt, "result"), "done"))
		cause = json_get_str(attempt, "cause");
	return same(cause, "none") ? json_null() : json_str(cause);
}

static json_t *step_of(const json_t *plan_step_of, const json_t *verdict, const json_t *attempts,
		       json_int_t position)
{
	const char *word = json_get_str(verdict, "verdict");
	const json_t *attempt = find(attempts, "attempt", json_get_str(verdict, "attempt"));
	const json_t *pos = find_position(json_object_get(attempt, "positions"), position);
	const json_t *seen = json_object_get(pos, "observation");
	const json_t *setup = json_object_get(pos, "setup");
	json_t *o = json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "step",
			      copy(plan_step_of, "step"), "verdict", word ? word : "not_run",
			      "cause", cause_of(attempt, pos), "attempt", copy(verdict, "attempt"),
			      "number", copy(attempt, "number"), "round_digits",
			      copy(setup, "round_digits"), "kh_wh", copy(setup, "kh_wh"),
			      "limit_lo_pct", limit(setup, plan_step_of, "limit_lo_pct"),
			      "limit_hi_pct", limit(setup, plan_step_of, "limit_hi_pct"));

	if (!o || put_keys(o, figure_keys, parts_has_figure(word) ? seen : NULL) < 0 ||
	    put_keys(o, seen_keys, seen) < 0 ||
	    json_object_set_new(o, "near_limit", near_limit(o)) < 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}

/* ---- meters ---- */

/* Worst first. A batch that is not closed has no verdict of its meters on record yet. */
static const char *worst(const json_t *steps)
{
	static const char *const order[] = { "nonconforming", "aborted",      "void",
					     "not_run",	      "inconclusive", NULL };

	for (const char *const *w = order; *w; w++)
		if (find(steps, "verdict", *w))
			return *w;
	return "conforming";
}

static const char *verdict_so_far(const json_t *meter, const json_t *steps)
{
	const json_t *findings = json_object_get(meter, "findings");
	const char *v = json_is_true(json_object_get(meter, "measured")) ? worst(steps) : "not_run";

	if (find(findings, "level", "nonconforming"))
		return "nonconforming";
	if (find(findings, "level", "open") && same(v, "conforming"))
		return "inconclusive";
	return v;
}

static const char *reason_so_far(const json_t *meter, const json_t *steps)
{
	const json_t *findings = json_object_get(meter, "findings"), *s;
	const json_t *f = find(findings, "level", "nonconforming");
	size_t i;

	if (f)
		return json_get_str(f, "code");
	json_array_foreach(steps, i, s)
	{
		const char *v = json_get_str(s, "verdict");

		if (json_get_str(s, "cause"))
			return json_get_str(s, "cause");
		if (same(v, "nonconforming"))
			return "error_beyond_limit";
		if (same(v, "inconclusive"))
			return "within_uncertainty_of_limit";
	}
	return json_get_str(find(findings, "level", "open"), "code");
}

static json_t *meter_of(const json_t *opened, const json_t *row, const json_t *plan,
			const json_t *attempts)
{
	const json_int_t position = json_get_int(opened, "position", 0);
	const json_t *stored = find_position(json_object_get(row, "meters"), position);
	const json_t *verdicts = json_object_get(stored, "steps"), *s;
	const bool closed = json_get_str(stored, "verdict") != NULL;
	json_t *meter = json_deep_copy(opened), *steps = json_array();
	int err = 0;
	size_t i;

	json_array_foreach(json_object_get(plan, "steps"), i, s)
	{
		const json_t *v = find(verdicts, "step", json_get_str(s, "step"));

		err |= json_array_append_new(steps, step_of(s, v, attempts, position));
	}
	err |= json_object_set_new(meter, "verdict",
				   closed ? copy(stored, "verdict")
					  : json_str(verdict_so_far(meter, steps)));
	err |= json_object_set_new(meter, "reason",
				   closed ? copy(stored, "reason")
					  : json_str(reason_so_far(meter, steps)));
	err |= json_object_set_new(meter, "steps", steps);
	if (err == 0)
		return meter;
	json_decref(meter);
	return NULL;
}

json_t *parts_meters(const json_t *opened, const json_t *row, const json_t *plan,
		     const json_t *attempts)
{
	const json_t *stored, *pos;
	json_t *meters = json_array();
	size_t i;

	/* the record has them in order of position, the entry in any */
	json_array_foreach(json_object_get(row, "meters"), i, stored)
	{
		pos = find_position(json_object_get(opened, "positions"),
				    json_get_int(stored, "position", 0));
		if (json_array_append_new(meters, meter_of(pos, row, plan, attempts)) < 0) {
			json_decref(meters);
			return NULL;
		}
	}
	return meters;
}

/* ---- attempts ---- */

static json_t *attempt_position(const json_t *pos)
{
	static const char *const keys[] = {
		"err_pct",	"U_pct",	"k",	      "err_rounded_u6",
		"U_rounded_u6", "n_intervals",	"n_accepted", "n_missed",
		"n_rejected",	"period_ratio", NULL
	};
	const json_t *setup = json_object_get(pos, "setup");
	json_t *o =
		json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "position", copy(pos, "position"),
			  "maker", copy(pos, "maker"), "serial", copy(pos, "serial"), "verdict",
			  copy(pos, "verdict"), "cause", copy(pos, "cause"), "round_digits",
			  copy(setup, "round_digits"), "kh_wh", copy(setup, "kh_wh"));

	if (o && put_keys(o, keys, json_object_get(pos, "observation")) < 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static json_t *attempt_of(const json_t *a)
{
	static const char *const keys[] = {
		"attempt",	 "seq",	  "utc_ns",	     "utc_offset_s",
		"session",	 "step",  "number",	     "result",
		"cause",	 "fault", "started_mono_ns", "armed_mono_ns",
		"ended_mono_ns", NULL
	};
	json_t *o = json_object(), *positions = json_array();
	const json_t *pos;
	int err = put_keys(o, keys, a);
	size_t i;

	json_array_foreach(json_object_get(a, "positions"), i, pos)
	{
		err |= json_array_append_new(positions, attempt_position(pos));
	}
	err |= json_object_set_new(o, "positions", positions);
	if (err == 0)
		return o;
	json_decref(o);
	return NULL;
}

json_t *parts_attempts(const json_t *attempts)
{
	json_t *all = json_array();
	const json_t *a;
	size_t i;

	json_array_foreach(attempts, i, a)
	{
		if (json_array_append_new(all, attempt_of(a)) < 0) {
			json_decref(all);
			return NULL;
		}
	}
	return all;
}
