/* SPDX-License-Identifier: Apache-2.0 */
#include "procedures/energy_error_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/near.h"

/* ---- random structs: every double is one of the nasty ones, or random bits ---- */

static uint64_t seed;

static uint64_t next_u64(void) /* xorshift64* */
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return seed * UINT64_C(2685821657736338717);
}

static double any_double(void)
{
	static const double nasty[] = { 0.0,
					-0.0,
					0.1,
					1.0,
					-3.0,
					5e-324,
					2.2250738585072014e-308,
					1.7976931348623157e308,
					9007199254740993.0,
					1e22,
					1e23 };
	uint64_t bits = next_u64();
	double v;

	switch (bits % 8) {
	case 0:
		return NAN;
	case 1:
		return bits & 256 ? INFINITY : -INFINITY;
	case 2:
		return nasty[(bits >> 8) % (sizeof(nasty) / sizeof(nasty[0]))];
	default:
		bits = next_u64();
		memcpy(&v, &bits, sizeof(v));
		return isfinite(v) ? v : 0.5;
	}
}

static int64_t any_i64(void)
{
	uint64_t r = next_u64();

	return r % 8 == 0 ? INT64_MIN : r % 8 == 1 ? INT64_MAX : (int64_t)next_u64();
}

static void fill_doubles(double *const *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*at[i] = any_double();
}

static void any_setup(struct ee_setup *s)
{
	double *const d[] = { &s->kh_wh,	  &s->ref_power_w,	 &s->ref_error_pct,
			      &s->ref_sigma_s,	  &s->ref_resolution_wh, &s->pos_ratio_pct,
			      &s->pos_phase_crad, &s->tan_phi,		 &s->line_hz,
			      &s->grid_s,	  &s->edge_sigma_s,	 &s->stamp_resolution_s,
			      &s->limit_lo_pct,	  &s->limit_hi_pct,	 &s->floor_a_pct,
			      &s->cap_s,	  &s->tolerance_pct };

	memset(s, 0, sizeof(*s));
	fill_doubles(d, sizeof(d) / sizeof(d[0]));
	s->m_num = any_i64();
	s->m_den = any_i64();
	s->min_intervals = any_i64();
	s->rule = (enum decision_rule)(next_u64() % 3);
	s->round_mode = (enum rounding_mode)(next_u64() % 2);
	s->round_digits = (int)(next_u64() % 5);
	s->n_lines = next_u64() % (EE_LINES_MAX + 1);
	for (size_t i = 0; i < s->n_lines; i++) {
		snprintf(s->lines[i].name, sizeof(s->lines[i].name), "ligne.%zu.é", i);
		s->lines[i].u_pct = any_double();
		s->lines[i].c = any_double();
		s->lines[i].dof = any_double();
	}
}

static void any_observation(struct ee_observation *o)
{
	double *const d[] = { &o->period_ratio, &o->err_pct,	&o->first_last_pct, &o->set_lo_pct,
			      &o->set_hi_pct,	&o->u_edge_pct, &o->dof_edge,	    &o->u_ref_pct,
			      &o->dof_ref,	&o->u_a_pct,	&o->dof_a,	    &o->u_b_pct,
			      &o->dof_b,	&o->u_pct,	&o->dof_eff,	    &o->k,
			      &o->U_pct,	&o->span_s,	&o->physical_min_s };
	int64_t *const n[] = { &o->n_edges,	   &o->n_accepted,  &o->n_intervals, &o->n_missed,
			       &o->n_rejected,	   &o->n_bounced,   &o->t_first_ns,  &o->t_last_ns,
			       &o->err_rounded_u6, &o->U_rounded_u6 };

	memset(o, 0, sizeof(*o));
	fill_doubles(d, sizeof(d) / sizeof(d[0]));
	for (size_t i = 0; i < sizeof(n) / sizeof(n[0]); i++)
		*n[i] = any_i64();
	o->cause = (enum ee_cause)(next_u64() % EE_CAUSES);
	o->verdict = (enum ee_verdict)(next_u64() % (EE_ABORTED_RUN + 1));
	o->stop = (enum ee_stop)(next_u64() % (EE_STOP_VOID + 1));
	o->estimator = (enum ee_estimator)(next_u64() % 2);
	o->seq_first = (uint32_t)next_u64();
	o->seq_last = (uint32_t)next_u64();
	o->beat = next_u64() & 1;
	o->walk = next_u64() & 1;
}

/* Through the canonical text, as the journal does it. */
static json_t *through_text(json_t *j)
{
	char *text;
	size_t len;
	struct fault f = { 0 };
	json_t *back;

	assert_non_null(j);
	assert_int_equal(json_canonical(j, &text, &len), ET_OK);
	back = json_parse(text, len, &f);
	assert_string_equal(f.text, "");
	assert_non_null(back);
	json_decref(j);
	free(text);
	return back;
}

static void every_bit_of_a_setup_comes_back(void **state)
{
	(void)state;
	for (int i = 0; i < 3000; i++) {
		struct ee_setup in, out;
		json_t *j;

		any_setup(&in);
		memset(&out, 0x5a, sizeof(out));
		j = through_text(ee_setup_to_json(&in));
		assert_int_equal(ee_setup_from_json(j, &out, NULL), ET_OK);
		assert_memory_equal(&in, &out, sizeof(in));
		json_decref(j);
	}
}

static void every_bit_of_an_observation_comes_back(void **state)
{
	(void)state;
	for (int i = 0; i < 3000; i++) {
		struct ee_observation in, out;
		json_t *j;

		any_observation(&in);
		memset(&out, 0x5a, sizeof(out));
		j = through_text(ee_observation_to_json(&in));
		assert_int_equal(ee_observation_from_json(j, &out, NULL), ET_OK);
		assert_memory_equal(&in, &out, sizeof(in));
		json_decref(j);
	}
}

/* A member that nobody wrote into the table would be lost in the record: whoever adds one comes here,
 * and adds it to the table, to the random struct above and to this sum. */
static void no_member_is_forgotten(void **state)
{
	const size_t line = 32 + 3 * sizeof(double);
	const size_t setup = 17 * sizeof(double) + 3 * sizeof(int64_t) + 3 * sizeof(int) +
			     sizeof(size_t) + EE_LINES_MAX * line;
	const size_t observation = 19 * sizeof(double) + 10 * sizeof(int64_t) + 4 * sizeof(int) +
				   2 * sizeof(uint32_t) + 2 * sizeof(bool);

	(void)state;
	assert_int_equal(sizeof(struct ee_line), line);
	assert_in_range(sizeof(struct ee_setup), setup, setup + 4);
	assert_in_range(sizeof(struct ee_observation), observation, observation + 14);
}

static void words_and_keys_are_stable(void **state)
{
	static const char want_setup[] =
		"{\"cap_s\":300.0,\"edge_sigma_s\":null,\"floor_a_pct\":0.050000000000000003,"
		"\"grid_s\":0.0,"
		"\"kh_wh\":1.0,\"limit_hi_pct\":1.0,\"limit_lo_pct\":-1.0,"
		"\"line_hz\":60.0,\"lines\":[{\"c\":1.0,"
		"\"dof\":\"inf\",\"name\":\"reference.certificate\",\"u_pct\":0.01}],\"m_den\":1,"
		"\"m_num\":2,\"min_intervals\":4,\"pos_phase_crad\":0.0,\"pos_ratio_pct\":0.0,"
		"\"ref_error_pct\":0.0,\"ref_power_w\":1200.0,\"ref_resolution_wh\":0.0,\"ref_"
		"sigma_s\":0.0,"
		"\"round_digits\":2,\"round_mode\":\"half_even\",\"rule\":\"two_stage\","
		"\"stamp_resolution_s\":0.0,\"tan_phi\":0.0,\"tolerance_pct\":2.0}";
	struct ee_setup s = { .kh_wh = 1,
			      .m_num = 2,
			      .m_den = 1,
			      .ref_power_w = 1200,
			      .line_hz = 60,
			      .edge_sigma_s = NAN,
			      .limit_lo_pct = -1,
			      .limit_hi_pct = 1,
			      .rule = RULE_TWO_STAGE,
			      .floor_a_pct = 0.05,
			      .cap_s = 300,
			      .min_intervals = 4,
			      .tolerance_pct = 2,
			      .round_digits = 2,
			      .n_lines = 1,
			      .lines = { { "reference.certificate", 0.01, 1, INFINITY } } };
	struct ee_observation o = { .cause = EE_WRONG_KH,
				    .verdict = EE_NONCONFORMING,
				    .stop = EE_STOP_GUARANTEED,
				    .err_rounded_u6 = ROUNDING_NONE };
	json_t *j = ee_setup_to_json(&s);
	char *text;
	size_t len;

	(void)state;
	assert_int_equal(json_canonical(j, &text, &len), ET_OK);
	assert_string_equal(text, want_setup);
	free(text);
	json_decref(j);
	j = ee_observation_to_json(&o);
	assert_string_equal(json_get_str(j, "cause"), "wrong_kh");
	assert_string_equal(json_get_str(j, "verdict"), "nonconforming");
	assert_string_equal(json_get_str(j, "stop"), ee_stop_word(EE_STOP_GUARANTEED));
	assert_string_equal(json_get_str(j, "estimator"), "least_squares");
	assert_true(json_is_null(json_object_get(j, "err_rounded_u6")));
	assert_int_equal(json_object_size(j), 37);
	json_decref(j);
}

/* Records of before energy-error/3 do not say at what frequency. */
static void an_older_set_up_is_read(void **state)
{
	struct ee_setup s, out;
	struct fault f = { 0 };
	json_t *j;

	(void)state;
	any_setup(&s);
	j = ee_setup_to_json(&s);
	json_object_del(j, "line_hz");
	assert_int_equal(ee_setup_from_json(j, &out, &f), ET_OK);
	assert_true(isnan(out.line_hz));
	assert_int_equal(out.min_intervals, s.min_intervals);
	json_decref(j);
}

static void a_changed_record_is_refused(void **state)
{
	static const struct {
		const char *key, *value; /* NULL: taken out */
		const char *text;
	} cases[] = {
		{ "kh_wh", NULL, "set-up: kh_wh is missing" },
		{ "kh_wh", "\"1\"", "set-up: kh_wh has no right value" },
		{ "kh_wh", "true", "set-up: kh_wh has no right value" },
		{ "m_num", "1.5", "set-up: m_num has no right value" },
		{ "rule", "\"lenient\"", "set-up: rule has no right value" },
		{ "rule", "\"unknown\"", "set-up: rule has no right value" },
		{ "rule", "0", "set-up: rule has no right value" },
		{ "round_digits", "4294967298", "set-up: round_digits has no right value" },
		{ "extra", "1", "set-up: 25 keys, not 24" },
		{ "lines", "{}", "set-up: lines has no right value" },
		{ "lines", "[1]", "line of the budget: name has no right value" },
		{ "lines",
		  "[{\"name\":\"12345678901234567890123456789012\",\"u_pct\":1,\"c\":1,\"dof\":1}]",
		  "line of the budget: name has no right value" },
		{ "lines", "[{\"name\":\"a\",\"u_pct\":1,\"c\":1}]",
		  "line of the budget: dof is missing" },
		{ "lines", "[{\"name\":\"a\",\"u_pct\":1,\"c\":1,\"dof\":1,\"x\":1}]",
		  "line of the budget: 5 keys, not 4" },
		{ "lines", "[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]",
		  "set-up: lines has no right value" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ee_setup s, out, before;
		struct fault f = { 0 };
		json_t *j;

		any_setup(&s);
		memset(&out, 0x5a, sizeof(out));
		before = out;
		j = ee_setup_to_json(&s);
		if (cases[i].value)
			json_object_set_new(j, cases[i].key,
					    json_loads(cases[i].value, JSON_DECODE_ANY, NULL));
		else
			json_object_del(j, cases[i].key);
		assert_int_equal(ee_setup_from_json(j, &out, &f), ET_ERR_INTEGRITY);
		assert_string_equal(f.text, cases[i].text);
		assert_memory_equal(&out, &before, sizeof(out));
		json_decref(j);
	}
}

static void a_changed_observation_is_refused(void **state)
{
	static const struct {
		const char *key, *value, *text;
	} cases[] = {
		{ "cause", "\"bad_luck\"", "observation: cause has no right value" },
		{ "cause", "\"unknown\"", "observation: cause has no right value" },
		{ "verdict", "\"unknown\"", "observation: verdict has no right value" },
		{ "stop", "\"unknown\"", "observation: stop has no right value" },
		{ "seq_first", "-1", "observation: seq_first has no right value" },
		{ "seq_last", "4294967296", "observation: seq_last has no right value" },
		{ "seq_last", "null", "observation: seq_last has no right value" },
		{ "beat", "0", "observation: beat has no right value" },
		{ "dof_a", "\"Inf\"", "observation: dof_a has no right value" },
	};
	struct ee_observation out;
	struct fault f;
	json_t *list = json_array();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ee_observation o;
		json_t *j;

		any_observation(&o);
		j = ee_observation_to_json(&o);
		json_object_set_new(j, cases[i].key,
				    json_loads(cases[i].value, JSON_DECODE_ANY, NULL));
		assert_int_equal(ee_observation_from_json(j, &out, &f), ET_ERR_INTEGRITY);
		assert_string_equal(f.text, cases[i].text);
		json_decref(j);
	}
	assert_int_equal(ee_observation_from_json(list, &out, &f), ET_ERR_INTEGRITY);
	assert_int_equal(ee_observation_from_json(NULL, &out, &f), ET_ERR_INTEGRITY);
	assert_int_equal(ee_setup_from_json(NULL, &(struct ee_setup){ 0 }, &f), ET_ERR_INTEGRITY);
	json_decref(list);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_bit_of_a_setup_comes_back),
		cmocka_unit_test(every_bit_of_an_observation_comes_back),
		cmocka_unit_test(no_member_is_forgotten),
		cmocka_unit_test(words_and_keys_are_stable),
		cmocka_unit_test(an_older_set_up_is_read),
		cmocka_unit_test(a_changed_record_is_refused),
		cmocka_unit_test(a_changed_observation_is_refused),
	};

	seed = argc > 1 ? strtoull(argv[1], NULL, 0) : UINT64_C(20260727);
	seed += seed == 0;
	print_message("seed %llu\n", (unsigned long long)seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
