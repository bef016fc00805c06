/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_energy_error_machine.c - collecting, stopping and voiding; the figures are made up. */
#include "procedures/energy_error.h"

#include "tests/support/fake_evaluation.h"
#include "tests/support/near.h"

#define SEC INT64_C(1000000000)
#define T0 (100 * SEC)

static struct ee_setup setup[ET_POSITIONS_MAX];
static struct ee_machine *m;

static int begin(uint64_t positions)
{
	const struct ee_plan plan = { positions, setup, 60, 5, 4, NULL };

	return ee_machine_plan(m, &plan);
}

static int set_up(void **state)
{
	(void)state;
	fake_reset();
	for (int i = 0; i < ET_POSITIONS_MAX; i++)
		setup[i] = (struct ee_setup){
			.kh_wh = 1, .m_num = 1, .m_den = 1, .ref_power_w = 3600
		};
	m = ee_machine_new();
	assert_non_null(m);
	assert_int_equal(begin(3), ET_OK);
	ee_machine_start(m, T0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	ee_machine_free(m);
	return 0;
}

static void edge(int position, uint32_t seq, int64_t t_ns)
{
	struct event ev = { .kind = EV_EDGES, .from = TO_READER, .t_ns = t_ns };

	ev.edges.n = 1;
	ev.edges.e[0] = (struct edge){ t_ns, seq, (uint16_t)position, 0 };
	assert_int_equal(ee_machine_event(m, &ev), ET_OK);
}

static void sample(uint32_t flags, int64_t t_ns)
{
	struct event ev = { .kind = EV_REF_SAMPLES, .from = TO_REFERENCE, .t_ns = t_ns };

	ev.samples.n = 1;
	ev.samples.s[0] = (struct ref_sample){ t_ns - 1000, t_ns, 1, 1, flags };
	assert_int_equal(ee_machine_event(m, &ev), ET_OK);
}

static void pair_of(int reader, int64_t t_ns)
{
	struct event ev = { .kind = EV_CLOCK_PAIR, .t_ns = t_ns };

	ev.from = (enum request_target)(TO_READER + reader);
	ev.pair = (struct clock_pair){ t_ns - 1000, t_ns, t_ns };
	assert_int_equal(ee_machine_event(m, &ev), ET_OK);
}

static void pair(int64_t t_ns)
{
	pair_of(0, t_ns);
}

/* Seconds from..to after T0, one edge each (0: none) per position, and the streams. */
static bool run(int from_s, int to_s, bool first, bool second)
{
	bool over = false;

	for (int k = from_s; k <= to_s && !over; k++) {
		const int64_t t = T0 + k * SEC;

		if (first)
			edge(1, (uint32_t)k, t);
		if (second)
			edge(2, (uint32_t)k, t);
		sample(0, t);
		pair(t);
		over = ee_machine_look(m, t);
	}
	return over;
}

static void stops_when_every_position_may(void **state)
{
	(void)state;
	fake_result[2].edges = 7;
	assert_false(run(1, 6, true, true));
	assert_true(ee_machine_position(m, 1)->stopped);
	assert_false(ee_machine_position(m, 2)->stopped);
	assert_true(run(7, 7, true, true));
	assert_int_equal(ee_machine_cause(m), EE_CAUSE_NONE);
}

static void a_stopped_position_is_not_looked_at_again_but_finished_with_all(void **state)
{
	int before;

	(void)state;
	fake_result[2].edges = 50;
	run(1, 4, true, true);
	before = fake_calls;
	run(5, 5, true, true);
	assert_int_equal(fake_calls, before + 1);
	assert_int_equal(ee_machine_position(m, 1)->obs.n_edges, 4);
	ee_machine_finish(m, T0 + 6 * SEC);
	assert_int_equal(ee_machine_position(m, 1)->obs.n_edges, 5);
	assert_int_equal(fake_last_raw.t_now_ns, T0 + 6 * SEC);
	assert_int_equal(fake_last_raw.t_armed_ns, T0);
	assert_int_equal(fake_last_raw.n_samples, 5);
	assert_int_equal(fake_last_raw.n_pairs, 5);
}

static void needs_two_samples_and_two_pairs_for_a_look(void **state)
{
	(void)state;
	fake_calls = 0;
	run(1, 1, true, true);
	assert_int_equal(fake_calls, 0);
	run(2, 2, true, true);
	assert_int_equal(fake_calls, 2);
}

static void a_dead_sensor_does_not_hold_the_others_and_never_passes(void **state)
{
	(void)state;
	assert_false(run(1, 12, true, false)); /* 10 periods of 1 s, and 2 s for the delivery */
	assert_true(run(13, 13, true, false));
	ee_machine_finish(m, T0 + 13 * SEC);
	assert_int_equal(ee_machine_position(m, 2)->cause, EE_NO_PULSES);
	assert_int_equal(ee_machine_position(m, 2)->verdict, EE_VOID);
	assert_int_equal(ee_machine_position(m, 1)->verdict, EE_CONFORMING);
	assert_int_equal(ee_machine_position(m, 1)->cause, EE_CAUSE_NONE);
	fake_empty_verdict = EE_CONFORMING; /* whatever is computed */
	ee_machine_finish(m, T0 + 13 * SEC);
	assert_int_equal(ee_machine_position(m, 2)->obs.verdict, EE_CONFORMING);
	assert_int_equal(ee_machine_position(m, 2)->verdict, EE_VOID);
	assert_int_equal(ee_machine_cause(m), EE_CAUSE_NONE);
}

static void a_slow_meter_is_waited_for(void **state)
{
	(void)state;
	setup[1].kh_wh = 4; /* 4 s a pulse: silent after 42 s */
	assert_int_equal(begin(3), ET_OK);
	ee_machine_start(m, T0);
	assert_false(run(1, 42, true, false));
	assert_true(run(43, 43, true, false));
}

static void the_cap_ends_it(void **state)
{
	(void)state;
	fake_result[1].edges = 1000;
	assert_false(run(1, 59, true, true));
	assert_true(run(60, 60, true, true));
	assert_false(ee_machine_position(m, 1)->stopped);
}

static void a_disturbed_position_gets_twice_the_time_of_the_good_ones(void **state)
{
	(void)state;
	fake_result[1].edges = 10;
	fake_result[2] = (struct fake_result){ 4, EE_UNSTABLE_PULSES, EE_VOID, EE_GO_ON };
	assert_false(run(1, 19, true, true));
	assert_true(run(20, 20, true, true));
}

static void disturbance_alone_goes_on_to_the_cap(void **state)
{
	(void)state;
	fake_result[1] = (struct fake_result){ 1, EE_UNSTABLE_PULSES, EE_VOID, EE_GO_ON };
	fake_result[2] = fake_result[1];
	assert_false(run(1, 59, true, true));
	assert_true(run(60, 60, true, true));
}

static void without_a_figure_the_end_is_void_and_says_why(void **state)
{
	(void)state;
	fake_result[1] = (struct fake_result){ 1, EE_CAUSE_NONE, EE_NOT_RUN, EE_GO_ON };
	fake_result[2] = (struct fake_result){ 1, EE_MISSED_OR_SPURIOUS, EE_NOT_RUN, EE_GO_ON };
	run(1, 5, true, true);
	ee_machine_finish(m, T0 + 5 * SEC);
	assert_int_equal(ee_machine_position(m, 1)->verdict, EE_VOID);
	assert_int_equal(ee_machine_position(m, 1)->cause, EE_TOO_FEW_PULSES);
	assert_int_equal(ee_machine_position(m, 1)->obs.verdict, EE_NOT_RUN); /* as evaluated */
	assert_int_equal(ee_machine_position(m, 2)->verdict, EE_VOID);
	assert_int_equal(ee_machine_position(m, 2)->cause, EE_MISSED_OR_SPURIOUS);
}

static void a_gap_in_the_sequence_voids_even_after_the_stop(void **state)
{
	(void)state;
	fake_result[2].edges = 50;
	run(1, 6, true, true);
	edge(1, 8, T0 + 7 * SEC);
	assert_int_equal(ee_machine_cause(m), EE_SEQUENCE_GAP);
	assert_true(ee_machine_look(m, T0 + 7 * SEC));
}

static void a_sequence_may_wrap(void **state)
{
	(void)state;
	edge(1, UINT32_MAX, T0 + SEC);
	edge(1, 0, T0 + 2 * SEC);
	assert_int_equal(ee_machine_cause(m), EE_CAUSE_NONE);
}

static void a_silent_reference_voids(void **state)
{
	(void)state;
	fake_result[1].edges = 1000;
	run(1, 3, true, true);
	for (int k = 4; k <= 8; k++) {
		pair(T0 + k * SEC);
		assert_false(ee_machine_look(m, T0 + k * SEC));
	}
	pair(T0 + 9 * SEC);
	assert_true(ee_machine_look(m, T0 + 9 * SEC));
	assert_int_equal(ee_machine_cause(m), EE_REFERENCE_SILENT);
}

static void a_silent_reader_voids(void **state)
{
	(void)state;
	fake_result[1].edges = 1000;
	run(1, 3, true, true);
	for (int k = 4; k <= 7; k++) {
		sample(0, T0 + k * SEC);
		assert_false(ee_machine_look(m, T0 + k * SEC));
	}
	sample(0, T0 + 8 * SEC);
	assert_true(ee_machine_look(m, T0 + 8 * SEC));
	assert_int_equal(ee_machine_cause(m), EE_READER_LOSS);
}

/* Position 2 is in front of reader 1. */
static void plan_two_readers(void)
{
	static const uint8_t reader_of[ET_POSITIONS_MAX] = { 0, 1 };
	const struct ee_plan plan = { 3, setup, 60, 5, 4, reader_of };

	assert_int_equal(ee_machine_plan(m, &plan), ET_OK);
	ee_machine_start(m, T0);
}

static void every_reader_must_speak(void **state)
{
	(void)state;
	plan_two_readers();
	run(1, 3, true, false);
	assert_true(ee_machine_look(m, T0 + 4 * SEC + 1));
	assert_int_equal(ee_machine_cause(m), EE_READER_LOSS);
}

static void a_position_has_the_clock_and_the_edges_of_its_reader(void **state)
{
	(void)state;
	plan_two_readers();
	run(1, 2, true, true); /* all edges from reader 0 */
	assert_int_equal(ee_machine_strays(m), 2);
	pair_of(1, T0 + 3 * SEC);
	ee_machine_finish(m, T0 + 3 * SEC); /* position 2 comes last */
	assert_int_equal(fake_last_raw.n_pairs, 1);
	assert_int_equal(fake_last_raw.n_edges, 0);
	assert_int_equal(ee_machine_raw(m).pairs[0].n, 2);
	assert_int_equal(ee_machine_raw(m).pairs[1].n, 1);
	assert_int_equal(ee_machine_cause(m), EE_CLOCK_MAP);
}

static void flags_of_the_register_void_and_the_first_cause_is_kept(void **state)
{
	(void)state;
	sample(REF_SIGN_FLIP, T0 + SEC);
	sample(REF_OVERLOAD, T0 + 2 * SEC);
	assert_int_equal(ee_machine_cause(m), EE_ENERGY_SIGN);
	assert_int_equal(begin(3), ET_OK);
	ee_machine_start(m, T0);
	assert_int_equal(ee_machine_cause(m), EE_CAUSE_NONE);
	sample(REF_OVERLOAD, T0 + 2 * SEC);
	assert_int_equal(ee_machine_cause(m), EE_REFERENCE_OVERLOAD);
}

static void a_common_cause_of_the_evaluation_voids(void **state)
{
	(void)state;
	fake_result[2] = (struct fake_result){ 3, EE_CLOCK_MAP, EE_VOID, EE_GO_ON };
	assert_false(run(1, 2, true, true));
	assert_true(run(3, 3, true, true));
	assert_int_equal(ee_machine_cause(m), EE_CLOCK_MAP);
}

static void without_samples_or_pairs_the_end_is_void(void **state)
{
	(void)state;
	edge(1, 1, T0 + SEC);
	sample(0, T0 + SEC);
	sample(0, T0 + 2 * SEC);
	ee_machine_finish(m, T0 + 2 * SEC);
	assert_int_equal(ee_machine_cause(m), EE_CLOCK_MAP);
	assert_int_equal(begin(3), ET_OK);
	ee_machine_start(m, T0);
	ee_machine_finish(m, T0 + 2 * SEC);
	assert_int_equal(ee_machine_cause(m), EE_REFERENCE_SILENT);
}

static void strangers_are_counted_and_not_kept(void **state)
{
	(void)state;
	edge(0, 1, T0 + SEC);
	edge(3, 1, T0 + SEC); /* exists, is not measured */
	edge(41, 1, T0 + SEC);
	edge(65535, 1, T0 + SEC);
	assert_int_equal(ee_machine_strays(m), 4);
	assert_int_equal(ee_machine_raw(m).n_edges, 0);
}

static void raw_data_keep_the_order_of_arrival(void **state)
{
	struct ee_raw_all raw;

	(void)state;
	edge(2, 7, T0 + 1);
	edge(1, 9, T0 + 2);
	edge(2, 8, T0 + 3);
	raw = ee_machine_raw(m);
	assert_int_equal(raw.n_edges, 3);
	assert_int_equal(raw.edges[0].position, 2);
	assert_int_equal(raw.edges[1].seq, 9);
	assert_int_equal(raw.edges[2].seq, 8);
	assert_int_equal(ee_machine_position(m, 2)->n_edges, 2);
}

static void a_full_position_stops_and_the_others_go_on(void **state)
{
	(void)state;
	fake_result[1].edges = 100000;
	fake_result[2].edges = 6;
	for (uint32_t k = 0; k < EE_EDGES_MAX + 3; k++)
		edge(1, k, T0 + k);
	assert_int_equal(ee_machine_position(m, 1)->n_edges, 4096);
	assert_int_equal(ee_machine_position(m, 1)->n_dropped, 3);
	assert_int_equal(ee_machine_raw(m).n_edges, 4096);
	assert_false(run(1, 5, false, true));
	assert_true(ee_machine_position(m, 1)->stopped);
	assert_true(run(6, 6, false, true));
	assert_int_equal(ee_machine_cause(m), EE_CAUSE_NONE);
}

static void full_pairs_end_it_like_the_cap(void **state)
{
	(void)state;
	sample(0, T0 + 1);
	for (int k = 1; k < EE_PAIRS_MAX; k++)
		pair(T0 + k);
	assert_false(ee_machine_look(m, T0 + 2000));
	pair(T0 + 2000);
	assert_true(ee_machine_look(m, T0 + 2000));
	pair(T0 + 2001);
	assert_int_equal(ee_machine_raw(m).pairs[0].n, 1024);
	assert_int_equal(ee_machine_cause(m), EE_CAUSE_NONE);
}

static void full_samples_end_it_like_the_cap(void **state)
{
	(void)state;
	for (int k = 1; k <= EE_SAMPLES_MAX + 1; k++)
		sample(0, T0 + k);
	assert_true(ee_machine_look(m, T0 + 5000));
	assert_int_equal(ee_machine_raw(m).n_samples, 4096);
}

static void refuses_what_is_out_of_range(void **state)
{
	struct event ev = { .kind = EV_EDGES };
	struct ee_plan plan = { 1, setup, 60, 5, 4, NULL };

	(void)state;
	ev.edges.n = EV_EDGES_MAX + 1;
	assert_int_equal(ee_machine_event(m, &ev), ET_ERR_ARG);
	ev.kind = EV_REF_SAMPLES;
	ev.samples.n = EV_REF_SAMPLES_MAX + 1;
	assert_int_equal(ee_machine_event(m, &ev), ET_ERR_ARG);
	ev.kind = EV_DONE;
	assert_int_equal(ee_machine_event(m, &ev), ET_ERR_ARG);
	assert_int_equal(begin(0), ET_ERR_ARG);
	assert_int_equal(begin(UINT64_C(1) << 40), ET_ERR_ARG);
	plan.cap_s = NAN;
	assert_int_equal(ee_machine_plan(m, &plan), ET_ERR_ARG);
	setup[1].kh_wh = 0;
	assert_int_equal(begin(1), ET_OK); /* position 2 is not measured */
	assert_int_equal(begin(3), ET_ERR_ARG);
}

static void a_new_plan_forgets_the_old_data(void **state)
{
	(void)state;
	run(1, 5, true, true);
	assert_int_equal(begin(1), ET_OK);
	assert_int_equal(ee_machine_raw(m).n_edges, 0);
	assert_int_equal(ee_machine_position(m, 1)->n_edges, 0);
	assert_false(ee_machine_position(m, 1)->evaluated);
	edge(1, 77, T0); /* the sequence begins where it likes */
	assert_int_equal(ee_machine_cause(m), EE_CAUSE_NONE);
	edge(2, 1, T0);
	assert_int_equal(ee_machine_strays(m), 1);
	assert_int_equal(begin(3), ET_OK);
	assert_int_equal(ee_machine_strays(m), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(stops_when_every_position_may),
		T(a_stopped_position_is_not_looked_at_again_but_finished_with_all),
		T(needs_two_samples_and_two_pairs_for_a_look),
		T(a_dead_sensor_does_not_hold_the_others_and_never_passes),
		T(a_slow_meter_is_waited_for),
		T(the_cap_ends_it),
		T(a_disturbed_position_gets_twice_the_time_of_the_good_ones),
		T(disturbance_alone_goes_on_to_the_cap),
		T(without_a_figure_the_end_is_void_and_says_why),
		T(a_gap_in_the_sequence_voids_even_after_the_stop),
		T(a_sequence_may_wrap),
		T(a_silent_reference_voids),
		T(a_silent_reader_voids),
		T(every_reader_must_speak),
		T(a_position_has_the_clock_and_the_edges_of_its_reader),
		T(flags_of_the_register_void_and_the_first_cause_is_kept),
		T(a_common_cause_of_the_evaluation_voids),
		T(without_samples_or_pairs_the_end_is_void),
		T(strangers_are_counted_and_not_kept),
		T(raw_data_keep_the_order_of_arrival),
		T(a_full_position_stops_and_the_others_go_on),
		T(full_pairs_end_it_like_the_cap),
		T(full_samples_end_it_like_the_cap),
		T(refuses_what_is_out_of_range),
		T(a_new_plan_forgets_the_old_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
