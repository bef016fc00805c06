/* SPDX-License-Identifier: Apache-2.0 */
/* procedures/energy_error_json.c - one table of members a struct, walked in both directions, so that what
 * is written and what is read cannot drift apart. */
#include "procedures/energy_error_json.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* F64_LATER: older records do not have it, NAN then. */
enum kind { F64, F64_LATER, I64, U32, INT, BOOL, WORD };

struct member {
	const char *name; /* NULL ends the table */
	enum kind kind;
	size_t offset;
	const char *(*word)(int value); /* WORD: of 0, 1, ...; NULL or "unknown" behind the last */
};

/* ---- the words ---- */

static const char *word_in(const char *const *words, int n, int value)
{
	return value >= 0 && value < n ? words[value] : NULL;
}

static const char *rule_word(int value)
{
	static const char *const words[] = { "simple", "guarded", "two_stage" };

	return word_in(words, 3, value);
}

static const char *round_word(int value)
{
	static const char *const words[] = { "half_even", "half_away" };

	return word_in(words, 2, value);
}

static const char *estimator_word(int value)
{
	static const char *const words[] = { "least_squares", "first_last" };

	return word_in(words, 2, value);
}

static const char *cause_word(int value)
{
	return ee_cause_word((enum ee_cause)value);
}

static const char *verdict_word(int value)
{
	return ee_verdict_word((enum ee_verdict)value);
}

static const char *stop_word(int value)
{
	return ee_stop_word((enum ee_stop)value);
}

/* ---- the members ---- */

#define M(struct_, kind_, member_)                                       \
	{                                                                \
#member_, kind_, offsetof(struct struct_, member_), NULL \
	}
#define W(struct_, member_, word_)                                       \
	{                                                                \
#member_, WORD, offsetof(struct struct_, member_), word_ \
	}

static const struct member line_members[] = {
	M(ee_line, F64, u_pct),
	M(ee_line, F64, c),
	M(ee_line, F64, dof),
	{ 0 },
};

static const struct member setup_members[] = {
	M(ee_setup, F64, kh_wh),
	M(ee_setup, I64, m_num),
	M(ee_setup, I64, m_den),
	M(ee_setup, F64, ref_power_w),
	M(ee_setup, F64, ref_error_pct),
	M(ee_setup, F64, ref_sigma_s),
	M(ee_setup, F64, ref_resolution_wh),
	M(ee_setup, F64, pos_ratio_pct),
	M(ee_setup, F64, pos_phase_crad),
	M(ee_setup, F64, tan_phi),
	M(ee_setup, F64_LATER, line_hz), /* energy-error/3 */
	M(ee_setup, F64, grid_s),
	M(ee_setup, F64, edge_sigma_s),
	M(ee_setup, F64, stamp_resolution_s),
	M(ee_setup, F64, limit_lo_pct),
	M(ee_setup, F64, limit_hi_pct),
	W(ee_setup, rule, rule_word),
	M(ee_setup, F64, floor_a_pct),
	M(ee_setup, F64, cap_s),
	M(ee_setup, I64, min_intervals),
	M(ee_setup, F64, tolerance_pct),
	M(ee_setup, INT, round_digits),
	W(ee_setup, round_mode, round_word),
	{ 0 },
};

static const struct member observation_members[] = {
	W(ee_observation, cause, cause_word),
	W(ee_observation, verdict, verdict_word),
	W(ee_observation, stop, stop_word),
	M(ee_observation, I64, n_edges),
	M(ee_observation, I64, n_accepted),
	M(ee_observation, I64, n_intervals),
	M(ee_observation, I64, n_missed),
	M(ee_observation, I64, n_rejected),
	M(ee_observation, I64, n_bounced),
	M(ee_observation, U32, seq_first),
	M(ee_observation, U32, seq_last),
	M(ee_observation, I64, t_first_ns),
	M(ee_observation, I64, t_last_ns),
	M(ee_observation, F64, period_ratio),
	W(ee_observation, estimator, estimator_word),
	M(ee_observation, F64, err_pct),
	M(ee_observation, F64, first_last_pct),
	M(ee_observation, F64, set_lo_pct),
	M(ee_observation, F64, set_hi_pct),
	M(ee_observation, BOOL, beat),
	M(ee_observation, BOOL, walk),
	M(ee_observation, F64, u_edge_pct),
	M(ee_observation, F64, dof_edge),
	M(ee_observation, F64, u_ref_pct),
	M(ee_observation, F64, dof_ref),
	M(ee_observation, F64, u_a_pct),
	M(ee_observation, F64, dof_a),
	M(ee_observation, F64, u_b_pct),
	M(ee_observation, F64, dof_b),
	M(ee_observation, F64, u_pct),
	M(ee_observation, F64, dof_eff),
	M(ee_observation, F64, k),
	M(ee_observation, F64, U_pct),
	M(ee_observation, I64, err_rounded_u6),
	M(ee_observation, I64, U_rounded_u6),
	M(ee_observation, F64, span_s),
	M(ee_observation, F64, physical_min_s),
	{ 0 },
};

/* ---- to JSON ---- */

static json_t *real_to_json(double v)
{
	return isinf(v) ? json_string(v > 0 ? "inf" : "-inf") : json_num(v);
}

/* INT64_MIN is "no figure" wherever these structs have whole numbers. */
static json_t *whole_to_json(int64_t v)
{
	return v == INT64_MIN ? json_null() : json_integer(v);
}

static json_t *member_to_json(const struct member *m, const char *at)
{
	int value;

	switch (m->kind) {
	case F64:
	case F64_LATER:
		return real_to_json(*(const double *)(const void *)at);
	case I64:
		return whole_to_json(*(const int64_t *)(const void *)at);
	case U32:
		return json_integer(*(const uint32_t *)(const void *)at);
	case INT:
		return json_integer(*(const int *)(const void *)at);
	case BOOL:
		return json_boolean(*(const bool *)(const void *)at);
	case WORD:
		memcpy(&value, at, sizeof(value)); /* enums are ints or unsigned ints here */
		assert(m->word(value) && strcmp(m->word(value), "unknown") != 0);
		return json_string(m->word(value));
	}
	return NULL;
}

/* @return NULL when out of memory. */
static json_t *to_json(const struct member *m, const void *in)
{
	json_t *o = json_object();

	for (; m->name && o; m++) {
		if (json_object_set_new(o, m->name,
					member_to_json(m, (const char *)in + m->offset)) == 0)
			continue;
		json_decref(o);
		o = NULL;
	}
	return o;
}

static json_t *lines_to_json(const struct ee_setup *in)
{
	json_t *lines = json_array();

	assert(in->n_lines <= EE_LINES_MAX);
	for (size_t i = 0; i < in->n_lines && lines; i++) {
		const struct ee_line *l = &in->lines[i];
		json_t *o = to_json(line_members, l);

		if (o &&
		    json_object_set_new(o, "name",
					json_stringn(l->name, strnlen(l->name, sizeof(l->name)))) ==
			    0 &&
		    json_array_append(lines, o) == 0) {
			json_decref(o);
			continue;
		}
		json_decref(o);
		json_decref(lines);
		lines = NULL;
	}
	return lines;
}

json_t *ee_setup_to_json(const struct ee_setup *in)
{
	json_t *o = to_json(setup_members, in);

	if (o && json_object_set_new(o, "lines", lines_to_json(in)) != 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}

json_t *ee_observation_to_json(const struct ee_observation *in)
{
	return to_json(observation_members, in);
}

/* ---- and back ---- */

static bool real_from_json(const json_t *v, double *out)
{
	const char *s = json_string_value(v);

	if (json_is_number(v))
		*out = json_number_value(v);
	else if (json_is_null(v))
		*out = NAN;
	else if (s && strcmp(s, "inf") == 0)
		*out = INFINITY;
	else if (s && strcmp(s, "-inf") == 0)
		*out = -INFINITY;
	else
		return false;
	return true;
}

static bool whole_from_json(const json_t *v, int64_t min, int64_t max, int64_t *out)
{
	if (!json_is_integer(v) || json_integer_value(v) < min || json_integer_value(v) > max)
		return false;
	*out = json_integer_value(v);
	return true;
}

static bool word_from_json(const struct member *m, const json_t *v, int *out)
{
	const char *s = json_string_value(v);

	for (int i = 0; s; i++) {
		const char *word = m->word(i);

		if (!word || strcmp(word, "unknown") == 0)
			return false;
		if (strcmp(word, s) == 0) {
			*out = i;
			return true;
		}
	}
	return false;
}

static bool member_from_json(const struct member *m, const json_t *v, char *at)
{
	int64_t whole = INT64_MIN;
	int value;

	switch (m->kind) {
	case F64:
	case F64_LATER:
		return real_from_json(v, (double *)(void *)at);
	case I64:
		if (!json_is_null(v) && !whole_from_json(v, INT64_MIN + 1, INT64_MAX, &whole))
			return false;
		*(int64_t *)(void *)at = whole;
		return true;
	case U32:
		if (!whole_from_json(v, 0, UINT32_MAX, &whole))
			return false;
		*(uint32_t *)(void *)at = (uint32_t)whole;
		return true;
	case INT:
		if (!whole_from_json(v, INT32_MIN, INT32_MAX, &whole))
			return false;
		*(int *)(void *)at = (int)whole;
		return true;
	case BOOL:
		if (!json_is_boolean(v))
			return false;
		*(bool *)(void *)at = json_is_true(v);
		return true;
	case WORD:
		if (!word_from_json(m, v, &value))
			return false;
		memcpy(at, &value, sizeof(value));
		return true;
	}
	return false;
}

/* @param more  How many keys there are besides those of the table. */
static int from_json(const struct member *m, const json_t *o, size_t more, const char *what,
		     void *out, struct fault *f)
{
	size_t n = more;

	if (!json_is_object(o))
		return fault_set(f, ET_ERR_INTEGRITY, "%s: not an object", what);
	for (; m->name; m++) {
		const json_t *v = json_object_get(o, m->name);

		if (!v && m->kind == F64_LATER) {
			*(double *)(void *)((char *)out + m->offset) = NAN;
			continue;
		}
		n++;
		if (!v)
			return fault_set(f, ET_ERR_INTEGRITY, "%s: %s is missing", what, m->name);
		if (!member_from_json(m, v, (char *)out + m->offset))
			return fault_set(f, ET_ERR_INTEGRITY, "%s: %s has no right value", what,
					 m->name);
	}
	if (json_object_size(o) != n)
		return fault_set(f, ET_ERR_INTEGRITY, "%s: %zu keys, not %zu", what,
				 json_object_size(o), n);
	return ET_OK;
}

static int line_from_json(const json_t *o, struct ee_line *out, struct fault *f)
{
	const char *name = json_get_str(o, "name");

	if (!name || strlen(name) >= sizeof(out->name))
		return fault_set(f, ET_ERR_INTEGRITY,
				 "line of the budget: name has no right value");
	snprintf(out->name, sizeof(out->name), "%s", name);
	return from_json(line_members, o, 1, "line of the budget", out, f);
}

int ee_setup_from_json(const json_t *j, struct ee_setup *out, struct fault *f)
{
	const json_t *lines = json_object_get(j, "lines");
	struct ee_setup s;
	int err;

	memset(&s, 0, sizeof(s));
	if (!json_is_array(lines) || json_array_size(lines) > EE_LINES_MAX)
		return fault_set(f, ET_ERR_INTEGRITY, "set-up: lines has no right value");
	err = from_json(setup_members, j, 1, "set-up", &s, f);
	for (s.n_lines = 0; err == ET_OK && s.n_lines < json_array_size(lines); s.n_lines++)
		err = line_from_json(json_array_get(lines, s.n_lines), &s.lines[s.n_lines], f);
	if (err == ET_OK)
		*out = s;
	return err;
}

int ee_observation_from_json(const json_t *j, struct ee_observation *out, struct fault *f)
{
	struct ee_observation o;
	int err;

	memset(&o, 0, sizeof(o));
	err = from_json(observation_members, j, 0, "observation", &o, f);
	if (err == ET_OK)
		*out = o;
	return err;
}
