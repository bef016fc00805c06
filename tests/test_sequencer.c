/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_sequencer.c - whole runs: what goes well, what goes wrong, and what never may happen. */
#include <stdlib.h>
#include <time.h>

#include "tests/support/fake_bench.h"

static struct fake_bench b;

static int set_up(void **state)
{
	(void)state;
	fb_init(&b);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	seq_free(b.seq);
	return 0;
}

static void finish(int code)
{
	fb_until(&b, SEQ_FINISHED);
	if (b.code != code)
		print_error("%s\n", seq_fault(b.seq)->text);
	assert_int_equal(b.n_finish, 1);
	assert_int_equal(b.code, code);
	assert_int_equal(seq_exit_code(b.seq), code);
	assert_false(b.set_after_off);
	assert_false(b.show_before_commit);
	assert_false(b.touch_dead_while_on);
	assert_false(b.ask_after_finish);
}

/* ---- what goes well ---- */
static void a_good_batch_is_conforming(void **state)
{
	(void)state;
	fb_start(&b);
	finish(SEQ_EXIT_CONFORMING);
	assert_string_equal(b.commits, "source opened source attempt attempt source closed ");
	assert_int_equal(b.n_set, 2);
	assert_int_equal(b.n_off, 2);
	assert_int_equal(b.n_show, 3);
	assert_int_equal(seq_verdict(b.seq, 1), EE_CONFORMING);
	assert_int_equal(seq_verdict(b.seq, 4), EE_NOT_RUN);
	assert_int_equal(seq_step_attempt(b.seq, 1, 3), 1);
	assert_int_equal(seq_source(b.seq), SEQ_SOURCE_OFF_PROVEN);
	assert_int_equal(seq_misplaced(b.seq), 0);
	assert_int_equal(seq_fault(b.seq)->code, ET_OK);
}

static void ranges_are_never_smaller_than_what_flows(void **state)
{
	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_SETTING); /* from nothing to 10 A: first the ranges */
	assert_string_equal(fb_last(&b), "prepare>reference");
	assert_near(b.last[0].sp.ph[0].curr_a, 10, 0);
	fb_answer(&b, REQ_PREPARE, TO_REFERENCE);
	assert_string_equal(fb_last(&b), "commit:source set>source");
	fb_until(&b, SEQ_STORING); /* from 10 A to 1 A: first the source */
	fb_answer(&b, REQ_COMMIT, TO_STATION);
	assert_string_equal(fb_last(&b), "show set>source");
	assert_near(b.last[1].sp.ph[0].curr_a, 1, 0);
	fb_answer(&b, REQ_SET, TO_SOURCE);
	assert_string_equal(fb_last(&b), "prepare>reference");
	assert_near(b.last[0].sp.ph[0].curr_a, 1, 0);
}

static void up_and_down_at_once_needs_ranges_for_both(void **state)
{
	(void)state;
	b.steps[1].sp.ph[0].volt_v = 300;
	fb_start(&b);
	fb_until(&b, SEQ_STORING);
	fb_answer(&b, REQ_COMMIT, TO_STATION);
	assert_string_equal(fb_last(&b), "show prepare>reference");
	assert_near(b.last[1].sp.ph[0].volt_v, 300, 0);
	assert_near(b.last[1].sp.ph[0].curr_a, 10, 0);
	fb_answer(&b, REQ_PREPARE, TO_REFERENCE);
	assert_string_equal(fb_last(&b), "set>source");
	fb_answer(&b, REQ_SET, TO_SOURCE);
	assert_string_equal(fb_last(&b), "prepare>reference");
	assert_near(b.last[0].sp.ph[0].curr_a, 1, 0);
}

static void the_attempt_holds_what_the_record_needs(void **state)
{
	const struct seq_attempt *a;

	(void)state;
	fb_start(&b);
	assert_null(seq_attempt(b.seq));
	fb_until(&b, SEQ_STORING);
	a = seq_attempt(b.seq);
	assert_int_equal(a->step, 0);
	assert_int_equal(a->number, 1);
	assert_int_equal(a->positions, 7);
	assert_int_equal(a->result, SEQ_RESULT_DONE);
	assert_int_equal(a->n_readings, 2);
	assert_true(a->has_before && a->has_after);
	assert_near(a->before.range_v[0], 300, 0);
	assert_near(a->sp.ph[0].volt_v, 240, 0);
	assert_int_equal(a->status.output, SOURCE_ON);
	assert_int_equal(a->t_armed_ns - a->t_started_ns, 5 * SEC);
	assert_int_equal(a->raw.n_edges, 12);
	assert_int_equal(a->raw.edges[4].position, 2);
	assert_int_equal(a->raw.n_samples, 4);
	assert_int_equal(a->raw.pairs[0].n, 4);
	assert_near(a->pos[2].setup.ref_power_w, 2400, 0);
	assert_int_equal(a->pos[2].obs.n_edges, 4);
	assert_int_equal(a->pos[2].verdict, EE_CONFORMING);
	assert_int_equal(seq_step_verdict(b.seq, 0, 3), EE_NOT_RUN); /* not on record yet */
	fb_answer(&b, REQ_COMMIT, TO_STATION);
	assert_int_equal(seq_step_verdict(b.seq, 0, 3), EE_CONFORMING);
	assert_int_equal(seq_verdict(b.seq, 3), EE_NOT_RUN);
}

static void power_and_frequency_of_the_setup_are_those_read(void **state)
{
	(void)state;
	b.volt_factor = 1.005;
	b.freq_hz = 60.2;
	fb_start(&b);
	fb_until(&b, SEQ_STORING);
	assert_near(seq_attempt(b.seq)->pos[0].setup.ref_power_w, 2412, 1e-9);
	assert_near(seq_attempt(b.seq)->pos[0].setup.line_hz, 60.2, 0);
}

static void a_power_that_drifts_within_the_window_leaves_the_setup(void **state)
{
	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_DISARMING);
	b.volt_factor = 1.005;
	fb_until(&b, SEQ_STORING);
	assert_int_equal(seq_attempt(b.seq)->result, SEQ_RESULT_DONE);
	assert_near(seq_attempt(b.seq)->pos[0].setup.ref_power_w, 2400, 0);
}

static void progress_gives_figures(void **state)
{
	struct seq_progress p;

	(void)state;
	fake_result[1].edges = 3;
	fake_result[2].edges = 20;
	fb_start(&b);
	fb_until(&b, SEQ_MEASURING);
	p = seq_progress(b.seq, 1);
	assert_true(p.measured && !p.stopped && isnan(p.err_pct));
	while (seq_progress(b.seq, 1).n_pulses < 4)
		fb_go_on(&b);
	p = seq_progress(b.seq, 1);
	assert_true(p.stopped);
	assert_near(p.err_pct, 0.25, 0);
	assert_near(p.U_pct, 0.0625, 0);
	assert_near(p.remaining_s, 0, 0);
	p = seq_progress(b.seq, 2);
	assert_false(p.stopped);
	assert_int_equal(p.cause, EE_TOO_FEW_PULSES);
	assert_near(p.remaining_s, 56,
		    0); /* 100 s say the figures, the cap is 60 s, 4 s are over */
	assert_false(seq_progress(b.seq, 4).measured);
}

static void without_prompts_nobody_is_asked(void **state)
{
	(void)state;
	b.cfg.prompts = false;
	fb_start(&b);
	fb_until(&b, SEQ_PROVE_OFF);
	fb_answer(&b, REQ_READ, TO_REFERENCE);
	assert_int_equal(seq_state(b.seq), SEQ_OPENING);
	finish(SEQ_EXIT_CONFORMING);
}

static void the_prompt_is_touch_dead_and_no_ends_the_run(void **state)
{
	struct event ev = { .kind = EV_ANSWER };

	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_PROMPT_MOUNT);
	assert_int_equal(seq_source(b.seq), SEQ_SOURCE_OFF_PROVEN);
	ev.id = b.open[fb_find(&b, REQ_PROMPT, TO_STATION)].id;
	assert_int_equal(b.open[fb_find(&b, REQ_PROMPT, TO_STATION)].touch, TOUCH_DEAD);
	assert_int_equal(b.open[fb_find(&b, REQ_PROMPT, TO_STATION)].prompt, SEQ_MOUNT_METERS);
	fb_feed(&b, &ev);
	assert_int_equal(seq_state(b.seq), SEQ_SAFE_OFF);
	finish(SEQ_EXIT_FINDINGS);
	assert_string_equal(b.commits, "source ");
	assert_int_equal(b.n_set, 0);
}

/* ---- verdicts ---- */
static void one_nonconforming_meter_is_a_finding(void **state)
{
	(void)state;
	fake_result[2].verdict = EE_NONCONFORMING;
	fb_start(&b);
	finish(SEQ_EXIT_FINDINGS);
	assert_int_equal(seq_verdict(b.seq, 1), EE_CONFORMING);
	assert_int_equal(seq_verdict(b.seq, 2), EE_NONCONFORMING);
	assert_int_equal(b.n_attempts, 2); /* it stands: no repetition */
}

static void a_dead_sensor_is_repeated_alone_and_never_passes(void **state)
{
	(void)state;
	b.pulsing = ~UINT64_C(2);
	fb_start(&b);
	fb_until(&b, SEQ_STORING);
	assert_int_equal(seq_attempt(b.seq)->result, SEQ_RESULT_DONE);
	assert_int_equal(seq_attempt(b.seq)->pos[1].verdict, EE_VOID);
	assert_int_equal(seq_attempt(b.seq)->pos[1].cause, EE_NO_PULSES);
	fb_until(&b, SEQ_SETTING);
	assert_int_equal(seq_attempt(b.seq)->positions, 2);
	assert_int_equal(seq_attempt(b.seq)->number, 2);
	finish(SEQ_EXIT_FINDINGS);
	assert_int_equal(b.n_attempts, 4);
	assert_int_equal(seq_verdict(b.seq, 2), EE_VOID);
	assert_int_equal(seq_verdict(b.seq, 3), EE_CONFORMING);
	assert_int_equal(seq_step_attempt(b.seq, 0, 1), 1);
	assert_int_equal(seq_step_attempt(b.seq, 0, 2), 2);
}

static void a_sensor_that_comes_back_passes_by_the_second_attempt(void **state)
{
	(void)state;
	b.pulsing = ~UINT64_C(2);
	fb_start(&b);
	fb_until(&b, SEQ_STORING);
	b.pulsing = UINT64_MAX;
	finish(SEQ_EXIT_CONFORMING);
	assert_int_equal(b.n_attempts, 3);
	assert_int_equal(seq_step_attempt(b.seq, 0, 2), 2);
}

static void inconclusive_stands_and_is_a_finding(void **state)
{
	(void)state;
	fake_result[1].verdict = EE_INCONCLUSIVE;
	fb_start(&b);
	finish(SEQ_EXIT_FINDINGS);
	assert_int_equal(seq_verdict(b.seq, 1), EE_INCONCLUSIVE);
	assert_int_equal(b.n_attempts, 2);
}

/* ---- resume ---- */
static void resume_measures_what_is_missing(void **state)
{
	(void)state;
	b.cfg.resumed = true;
	b.cfg.first_step = 1;
	b.cfg.first_attempt = 2;
	b.cfg.first_positions = 6;
	b.cfg.prior[0] = b.cfg.prior[1] = b.cfg.prior[2] = EE_CONFORMING;
	fb_start(&b);
	fb_until(&b, SEQ_STORING);
	assert_int_equal(seq_attempt(b.seq)->positions, 6);
	assert_int_equal(seq_attempt(b.seq)->number, 3);
	assert_int_equal(seq_attempt(b.seq)->step, 1);
	finish(SEQ_EXIT_CONFORMING);
	assert_string_equal(b.commits, "source interrupted source attempt source closed ");
	assert_int_equal(seq_verdict(b.seq, 1), EE_CONFORMING);
}

static void what_failed_before_the_interruption_stays_failed(void **state)
{
	(void)state;
	b.cfg.resumed = true;
	b.cfg.first_step = 1;
	b.cfg.prior[0] = EE_CONFORMING;
	b.cfg.prior[1] = EE_NONCONFORMING;
	fb_start(&b);
	finish(SEQ_EXIT_FINDINGS);
	assert_int_equal(seq_verdict(b.seq, 1), EE_CONFORMING);
	assert_int_equal(seq_verdict(b.seq, 2), EE_NONCONFORMING);
	assert_int_equal(seq_verdict(b.seq, 3), EE_NOT_RUN); /* nothing was handed over for it */
}

/* ---- void attempts ---- */
static void common_cause(enum ee_cause want, const char *identified)
{
	fb_until(&b, SEQ_STORING);
	assert_int_equal(seq_attempt(b.seq)->result, SEQ_RESULT_VOID);
	assert_int_equal(seq_attempt(b.seq)->cause, want);
	assert_int_equal(seq_attempt(b.seq)->pos[0].verdict, EE_VOID);
	assert_int_equal(seq_attempt(b.seq)->pos[0].cause, want);
	fb_answer(&b, REQ_COMMIT, TO_STATION);
	assert_string_equal(fb_last(&b), identified);
	finish(SEQ_EXIT_CONFORMING);
	assert_int_equal(b.n_attempts, 3);
}

static void a_lost_edge_voids_and_is_repeated(void **state)
{
	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_MEASURING);
	fb_data(&b);
	fb_stream_fails(&b, TO_READER, ET_ERR_LOST);
	fb_stream_fails(&b, TO_REFERENCE, ET_ERR_IO);
	fb_until(&b, SEQ_STORING);
	assert_string_equal(seq_attempt(b.seq)->fault.text, "stream of 3");
	assert_string_equal(seq_fault(b.seq)->text, "stream of 3");
	assert_int_equal(seq_attempt(b.seq)->raw.n_edges, 3);
	common_cause(EE_READER_LOSS, "show identify>reference identify>reader");
}

static void after_recovery_nobody_is_identified_again(void **state)
{
	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_MEASURING);
	fb_stream_fails(&b, TO_READER, ET_ERR_LOST);
	fb_until(&b, SEQ_RECOVERING);
	fb_until(&b, SEQ_STORING);
	fb_answer(&b, REQ_COMMIT, TO_STATION);
	assert_string_equal(fb_last(&b), "show set>source");
}

static void a_reading_that_fails_voids_and_the_reference_is_identified(void **state)
{
	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_CHECKING);
	fb_fail(&b, REQ_READ, TO_REFERENCE, ET_ERR_TIMEOUT);
	common_cause(EE_INSTRUMENT_FAILED, "show identify>reference");
}

static void a_reference_that_does_not_stop_clean_voids(void **state)
{
	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_DISARMING);
	fb_fail(&b, REQ_DISARM, TO_REFERENCE, ET_ERR_LOST);
	common_cause(EE_CONSTANT_CHANGED, "show identify>reference");
}

static void a_stream_that_times_out_is_a_silent_reference(void **state)
{
	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_MEASURING);
	fb_stream_fails(&b, TO_REFERENCE, ET_ERR_TIMEOUT);
	common_cause(EE_REFERENCE_SILENT, "show identify>reference");
}

static void a_constant_that_changed_voids(void **state)
{
	(void)state;
	b.after.constant_imp_per_kwh = 1;
	fb_start(&b);
	fb_until(&b, SEQ_STORING);
	b.after.constant_imp_per_kwh = 0;
	common_cause(EE_CONSTANT_CHANGED, "show identify>reference");
}

static void a_current_range_that_changed_voids(void **state)
{
	(void)state;
	b.after.range_a[2] = 5;
	fb_start(&b);
	fb_until(&b, SEQ_STORING);
	b.after.range_a[2] = 0;
	common_cause(EE_RANGE_CHANGED, "show identify>reference");
}

static void after_a_trip_nothing_flows(void **state)
{
	(void)state;
	b.cfg.retries = 0;
	fb_start(&b);
	fb_until(&b, SEQ_MEASURING); /* at 10 A */
	fb_source_says(&b, SOURCE_OFF, true);
	fb_until(&b, SEQ_STORING);
	fb_answer(&b, REQ_COMMIT, TO_STATION);
	assert_string_equal(fb_last(&b), "show prepare>reference");
	assert_near(b.last[1].sp.ph[0].curr_a, 1, 0);
}

static void a_changed_range_voids(void **state)
{
	(void)state;
	b.range_after_v = 150;
	fb_start(&b);
	fb_until(&b, SEQ_STORING);
	b.range_after_v = 300;
	common_cause(EE_RANGE_CHANGED, "show identify>reference");
}

static void a_set_point_not_reached_voids_before_arming(void **state)
{
	(void)state;
	b.volt_factor = 0.98;
	fb_start(&b);
	fb_until(&b, SEQ_STORING);
	assert_int_equal(seq_attempt(b.seq)->t_armed_ns, ET_NEVER_NS);
	assert_string_equal(seq_attempt(b.seq)->fault.text,
			    "voltage on L1: the reference reads 235.2 V, set are 240 V");
	b.volt_factor = 1;
	common_cause(EE_SETPOINT_LEFT, "show prepare>reference");
}

static void a_set_point_left_meanwhile_voids(void **state)
{
	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_DISARMING);
	b.volt_factor = 1.02;
	fb_until(&b, SEQ_STORING);
	assert_int_equal(seq_attempt(b.seq)->n_readings, 2);
	assert_near(seq_attempt(b.seq)->pos[0].setup.ref_power_w, 2400, 0);
	b.volt_factor = 1;
	common_cause(EE_SETPOINT_LEFT, "show prepare>reference");
}

static void what_the_reference_does_not_report_is_outside_of_every_window(void **state)
{
	(void)state;
	b.volt_factor = NAN;
	fb_start(&b);
	fb_until(&b, SEQ_STORING);
	b.volt_factor = 1;
	common_cause(EE_SETPOINT_LEFT, "show prepare>reference");
}

static void reversed_energy_voids(void **state)
{
	(void)state;
	b.steps[0].sp.ph[0].curr_deg = 180; /* the fake reference reads positive power */
	b.steps[0].window.phase_deg = NAN;
	b.cfg.retries = 0;
	fb_start(&b);
	fb_until(&b, SEQ_STORING);
	assert_int_equal(seq_attempt(b.seq)->cause, EE_ENERGY_SIGN);
	finish(SEQ_EXIT_FINDINGS);
}

static void a_source_that_trips_voids_and_is_set_anew(void **state)
{
	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_MEASURING);
	fb_source_says(&b, SOURCE_OFF, true);
	common_cause(EE_SOURCE_EVENT, "show prepare>reference");
}

static void a_trip_between_setting_and_settling_voids(void **state)
{
	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_STORING); /* the second step: set, then prepare */
	fb_until(&b, SEQ_SETTING);
	fb_answer(&b, REQ_SET, TO_SOURCE);
	fb_source_says(&b, SOURCE_ON, false);
	assert_int_equal(seq_state(b.seq), SEQ_STORING);
	assert_int_equal(seq_attempt(b.seq)->cause, EE_SOURCE_EVENT);
	finish(SEQ_EXIT_CONFORMING);
}

static void a_silent_reference_voids(void **state)
{
	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_MEASURING);
	while (seq_state(b.seq) == SEQ_MEASURING) {
		struct event pair = { .kind = EV_CLOCK_PAIR, .from = TO_READER };

		fb_feed(&b, &pair);
		fb_answer_at(&b, fb_first_timer(&b));
	}
	fb_fail(&b, REQ_DISARM, TO_REFERENCE, ET_ERR_LOST); /* that is not the first cause */
	common_cause(EE_REFERENCE_SILENT, "show identify>reference");
}

static void retries_end_and_the_next_step_comes(void **state)
{
	(void)state;
	fb_start(&b);
	for (int i = 0; i < 2; i++) {
		fb_until(&b, SEQ_MEASURING);
		fb_stream_fails(&b, TO_REFERENCE, ET_ERR_LOST);
		fb_until(&b, SEQ_STORING);
	}
	finish(SEQ_EXIT_FINDINGS);
	assert_int_equal(b.n_attempts, 3);
	assert_int_equal(seq_step_verdict(b.seq, 0, 1), EE_VOID);
	assert_int_equal(seq_step_verdict(b.seq, 1, 1), EE_CONFORMING);
}

static void another_instrument_after_a_failure_ends_the_run(void **state)
{
	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_MEASURING);
	fb_stream_fails(&b, TO_READER, ET_ERR_IO);
	fb_until(&b, SEQ_RECOVERING);
	strcpy(b.model, "TWO"); /* with the same serial number */
	finish(SEQ_EXIT_BENCH);
	assert_string_equal(seq_fault(b.seq)->text, "stream of 3");
	assert_string_equal(b.commits, "source opened source attempt source ");
}

/* ---- what ends a run ---- */
static void abort_while_measuring_keeps_the_raw_data(void **state)
{
	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_MEASURING);
	fb_data(&b);
	fb_event(&b, EV_ABORT, TO_STATION);
	assert_int_equal(b.last[0].kind, REQ_OFF); /* before anything else */
	fb_data(&b); /* what was under way still counts */
	finish(SEQ_EXIT_FINDINGS);
	assert_int_equal(seq_attempt(b.seq)->result, SEQ_RESULT_ABORTED);
	assert_int_equal(seq_attempt(b.seq)->cause, EE_ABORTED);
	assert_int_equal(seq_attempt(b.seq)->raw.n_edges, 6);
	assert_true(seq_attempt(b.seq)->has_after);
	assert_int_equal(seq_verdict(b.seq, 1), EE_ABORTED_RUN);
	assert_string_equal(b.commits, "source opened source attempt source ");
	assert_int_equal(b.n_show, 1);
}

static void abort_waits_for_the_last_edges(void **state)
{
	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_MEASURING);
	fb_event(&b, EV_ABORT, TO_STATION);
	fb_answer(&b, REQ_OFF, TO_SOURCE);
	fb_answer(&b, REQ_READ, TO_REFERENCE);
	fb_answer(&b, REQ_DISARM, TO_REFERENCE);
	assert_int_equal(seq_state(b.seq), SEQ_SAFE_STORE);
	assert_int_equal(b.n_attempts, 0);
	fb_data(&b);
	fb_answer(&b, REQ_DISARM, TO_READER);
	assert_int_equal(b.n_attempts, 1);
	assert_int_equal(seq_attempt(b.seq)->raw.n_edges, 3);
}

static void abort_at_the_very_end_is_not_conforming(void **state)
{
	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_CLOSING);
	fb_event(&b, EV_ABORT, TO_STATION);
	finish(SEQ_EXIT_FINDINGS);
	assert_int_equal(seq_verdict(b.seq, 1), EE_CONFORMING);
}

static void abort_waits_for_the_voltage_to_decay(void **state)
{
	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_MEASURING);
	b.stuck_on = b.mute = true;
	fb_event(&b, EV_ABORT, TO_STATION);
	fb_answer(&b, REQ_OFF, TO_SOURCE);
	fb_answer(&b, REQ_READ, TO_REFERENCE);
	b.on = false;
	finish(SEQ_EXIT_FINDINGS);
	assert_int_equal(b.n_off, 2);
}

static void an_earlier_deadline_does_not_wait_for_a_later_one(void **state)
{
	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_PROMPT_MOUNT);
	fb_answer_at(&b, fb_find(&b, REQ_COMMIT, TO_STATION));
	fb_answer_at(&b, fb_first_timer(&b)); /* from here on only the prompt is waited for */
	b.n_open = 0;
	fb_event(&b, EV_ABORT, TO_STATION);
	assert_true(fb_first_timer(&b) >= 0);
	assert_int_equal(b.open[fb_first_timer(&b)].t_ns, b.now_ns + 60 * SEC);
}

static void a_set_that_ends_in_off_is_a_bench_fault(void **state)
{
	struct event ev = { .kind = EV_STATUS, .from = TO_SOURCE };

	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_SETTING);
	fb_answer(&b, REQ_PREPARE, TO_REFERENCE);
	ev.id = b.open[fb_find(&b, REQ_SET, TO_SOURCE)].id;
	ev.status = (struct source_status){ .output = SOURCE_OFF, .healthy = true, .word = "SM 4" };
	fb_feed(&b, &ev);
	finish(SEQ_EXIT_BENCH);
	assert_string_equal(seq_fault(b.seq)->text, "the source did not take the set-point: SM 4");
}

static void abort_while_storing_waits_for_the_record(void **state)
{
	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_STORING);
	fb_event(&b, EV_ABORT, TO_STATION);
	fb_answer(&b, REQ_OFF, TO_SOURCE);
	fb_answer(&b, REQ_READ, TO_REFERENCE);
	assert_int_equal(seq_state(b.seq), SEQ_SAFE_STORE);
	assert_int_equal(b.n_show, 0);
	finish(SEQ_EXIT_FINDINGS);
	assert_int_equal(b.n_attempts, 1);
	assert_int_equal(b.n_show, 1);
	assert_int_equal(seq_step_verdict(b.seq, 0, 1), EE_CONFORMING);
}

static void a_failed_set_is_a_bench_fault(void **state)
{
	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_SETTING);
	fb_answer(&b, REQ_PREPARE, TO_REFERENCE);
	fb_fail(&b, REQ_SET, TO_SOURCE, ET_ERR_DEVICE);
	finish(SEQ_EXIT_BENCH);
	assert_int_equal(seq_attempt(b.seq)->result, SEQ_RESULT_VOID);
	assert_int_equal(seq_attempt(b.seq)->cause, EE_INSTRUMENT_FAILED);
	assert_string_equal(b.commits, "source opened source attempt source ");
}

static void a_source_that_does_not_report_off_is_asked_twice(void **state)
{
	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_MEASURING);
	b.stuck_on = true;
	fb_event(&b, EV_ABORT, TO_STATION);
	fb_fail(&b, REQ_OFF, TO_SOURCE, ET_ERR_TIMEOUT);
	assert_string_equal(fb_last(&b), "off>source");
	fb_fail(&b, REQ_OFF, TO_SOURCE, ET_ERR_TIMEOUT);
	assert_int_equal(seq_state(b.seq), SEQ_SAFE_PROVE);
	assert_int_equal(seq_source(b.seq), SEQ_SOURCE_UNKNOWN);
	finish(SEQ_EXIT_NOT_OFF);
}

static void the_reference_can_prove_off_what_the_source_does_not_report(void **state)
{
	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_MEASURING);
	fb_event(&b, EV_ABORT, TO_STATION);
	fb_fail(&b, REQ_OFF, TO_SOURCE, ET_ERR_TIMEOUT);
	fb_fail(&b, REQ_OFF, TO_SOURCE, ET_ERR_TIMEOUT);
	b.on = false;
	finish(SEQ_EXIT_BENCH);
	assert_int_equal(seq_source(b.seq), SEQ_SOURCE_OFF_PROVEN);
	assert_false(seq_off_contradicted(b.seq));
}

static void a_source_that_lies_is_not_off(void **state)
{
	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_MEASURING);
	b.stuck_on = b.mute = true;
	fb_event(&b, EV_ABORT, TO_STATION);
	finish(SEQ_EXIT_NOT_OFF);
	assert_true(seq_off_contradicted(b.seq));
	assert_int_equal(b.n_off, 1 + 4);
	assert_string_equal(seq_fault(b.seq)->text,
			    "the reference still reads 240 V, 10 A on L1 with the source off");
}

/* The source says off, the reference reads voltage, the source says off again, and then nobody can read any more. */
static void a_source_that_lied_is_not_believed_again(void **state)
{
	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_MEASURING);
	b.stuck_on = b.mute = true;
	fb_event(&b, EV_ABORT, TO_STATION);
	fb_until(&b, SEQ_SAFE_PROVE);
	fb_until(&b, SEQ_SAFE_OFF);
	fb_until(&b, SEQ_SAFE_PROVE);
	fb_fail(&b, REQ_READ, TO_REFERENCE, ET_ERR_IO);
	finish(SEQ_EXIT_NOT_OFF);
	assert_int_equal(seq_source(b.seq), SEQ_SOURCE_UNKNOWN);
}

static void without_a_reading_the_report_of_the_source_is_enough_to_end(void **state)
{
	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_MEASURING);
	fb_event(&b, EV_ABORT, TO_STATION);
	fb_answer(&b, REQ_OFF, TO_SOURCE);
	fb_fail(&b, REQ_READ, TO_REFERENCE, ET_ERR_IO);
	finish(SEQ_EXIT_BENCH);
	assert_int_equal(seq_source(b.seq), SEQ_SOURCE_OFF_REPORTED);
}

static void voltage_before_the_prompt_stops_everything(void **state)
{
	(void)state;
	b.sp = b.steps[0].sp;
	b.on = b.stuck_on = b.mute = true;
	fb_start(&b);
	finish(SEQ_EXIT_NOT_OFF);
	assert_int_equal(fb_find(&b, REQ_PROMPT, TO_STATION), -1);
	assert_int_equal(b.n_set, 0);
}

static void voltage_that_decays_in_time_is_waited_for(void **state)
{
	(void)state;
	b.sp = b.steps[0].sp;
	b.on = b.stuck_on = b.mute = true;
	fb_start(&b);
	fb_until(&b, SEQ_PROVE_OFF);
	for (int i = 0; i < 8; i++)
		fb_go_on(&b);
	assert_int_equal(seq_state(b.seq), SEQ_PROVE_OFF);
	b.on = b.stuck_on = b.mute = false;
	finish(SEQ_EXIT_CONFORMING);
}

static void a_source_that_wakes_under_the_hands_is_switched_off(void **state)
{
	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_PROMPT_MOUNT);
	fb_source_says(&b, SOURCE_ON, true);
	assert_string_equal(fb_last(&b), "off>source");
	finish(SEQ_EXIT_BENCH);
}

static void a_record_that_fails_ends_in_4_and_shows_nothing(void **state)
{
	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_STORING);
	fb_fail(&b, REQ_COMMIT, TO_STATION, ET_ERR_RECORD);
	assert_string_equal(fb_last(&b), "off>source");
	finish(SEQ_EXIT_RECORD);
	assert_int_equal(b.n_show, 0);
	assert_int_equal(b.n_attempts, 1);
	assert_int_equal(seq_verdict(b.seq, 1), EE_NOT_RUN);
}

static void a_record_that_fails_at_the_end_is_4_too(void **state)
{
	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_CLOSING);
	fb_fail(&b, REQ_COMMIT, TO_STATION, ET_ERR_RECORD);
	finish(SEQ_EXIT_RECORD);
	assert_int_equal(b.n_show, 2);
}

static void a_real_instrument_in_a_simulated_laboratory_is_refused(void **state)
{
	(void)state;
	strcpy(b.serial, "A17");
	fb_start(&b);
	finish(SEQ_EXIT_BENCH);
	assert_non_null(strstr(seq_fault(b.seq)->text, "A17, is real"));
	assert_int_equal(b.n_set, 0);
	assert_int_equal(seq_source(b.seq),
			 SEQ_SOURCE_OFF_REPORTED); /* a stranger proves nothing */
}

static void a_simulated_instrument_in_a_real_laboratory_is_refused(void **state)
{
	(void)state;
	b.cfg.simulated = false;
	fb_start(&b);
	finish(SEQ_EXIT_BENCH);
	assert_non_null(strstr(seq_fault(b.seq)->text, "SIM1, is simulated"));
}

static void a_reference_that_failed_last_is_opened_again_to_prove_off(void **state)
{
	(void)state;
	b.cfg.retries = 0;
	b.cfg.n_steps = 1;
	fb_start(&b);
	fb_until(&b, SEQ_MEASURING);
	fb_stream_fails(&b, TO_REFERENCE, ET_ERR_LOST);
	fb_until(&b, SEQ_SWITCHING_OFF);
	fb_answer(&b, REQ_OFF, TO_SOURCE);
	assert_string_equal(fb_last(&b), "identify>reference read>reference");
	finish(SEQ_EXIT_FINDINGS);
}

static void another_reference_proves_nothing(void **state)
{
	(void)state;
	b.cfg.retries = 0;
	b.cfg.n_steps = 1;
	fb_start(&b);
	fb_until(&b, SEQ_MEASURING);
	fb_stream_fails(&b, TO_REFERENCE, ET_ERR_LOST);
	fb_until(&b, SEQ_SWITCHING_OFF);
	fb_answer(&b, REQ_OFF, TO_SOURCE);
	strcpy(b.serial, "SIM9");
	fb_answer(&b, REQ_IDENTIFY, TO_REFERENCE);
	assert_string_equal(fb_last(&b), "off>source");
	finish(SEQ_EXIT_BENCH);
	assert_int_equal(seq_source(b.seq), SEQ_SOURCE_OFF_REPORTED);
}

static void another_reference_proves_nothing_in_the_safe_state_either(void **state)
{
	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_MEASURING);
	fb_stream_fails(&b, TO_REFERENCE, ET_ERR_LOST);
	fb_event(&b, EV_ABORT, TO_STATION);
	strcpy(b.serial, "SIM9");
	finish(SEQ_EXIT_BENCH);
	assert_int_equal(seq_source(b.seq), SEQ_SOURCE_OFF_REPORTED);
}

static void off_has_the_time_of_what_the_source_still_does(void **state)
{
	int64_t t_ns;

	(void)state;
	fb_start(&b);
	fb_until(&b, SEQ_SETTING);
	fb_answer(&b, REQ_PREPARE, TO_REFERENCE);
	t_ns = b.now_ns;
	fb_event(&b, EV_ABORT, TO_STATION);
	while (b.n_off < 3) /* at the start, now, and when the first was not answered */
		fb_answer_at(&b, fb_first_timer(&b));
	assert_int_equal(b.now_ns - t_ns, (120 + 60) * SEC);
}

static void configurations_out_of_range_are_refused(void **state)
{
	struct seq *s = (struct seq *)&b;

	(void)state;
#define REFUSED(change)                                            \
	do {                                                       \
		fb_init(&b);                                       \
		change;                                            \
		assert_int_equal(seq_new(&b.cfg, &s), ET_ERR_ARG); \
		assert_ptr_equal(s, &b);                           \
	} while (0)
	REFUSED(b.cfg.n_steps = 0);
	REFUSED(b.cfg.positions = 0);
	REFUSED(b.cfg.positions = UINT64_C(1) << 40);
	REFUSED(b.cfg.retries = 10);
	REFUSED(b.cfg.first_step = 2);
	REFUSED(b.cfg.first_positions = 8);
	REFUSED(b.cfg.timeout.read_s = 0);
	REFUSED(b.cfg.timeout.off_s = INFINITY);
	REFUSED(b.cfg.look_s = 0.5);
	REFUSED(b.cfg.off_volt_v = NAN);
	REFUSED(b.steps[1].cap_s = 0);
	REFUSED(b.steps[1].settle_s = -1);
	REFUSED(b.steps[0].window.volt_pct = 0);
	REFUSED(b.steps[0].sp.ph[0].curr_a = 0);
	REFUSED(b.steps[0].sp.ph[0].volt_v = NAN);
	REFUSED(b.steps[0].sp.freq_hz = 0);
	REFUSED(b.steps[1].setup[2].kh_wh = 0); /* what the evaluation would refuse */
	fb_init(&b);
	b.steps[1].setup[3].kh_wh = 0; /* no meter there */
	assert_int_equal(seq_new(&b.cfg, &b.seq), ET_OK);
}

/* ---- readings ---- */
static void volts_on_l3(struct ref_reading *r)
{
	r->volt_v[2] = 5;
}
static void amps_on_l3(struct ref_reading *r)
{
	r->curr_a[2] = 0.11;
}
static void amps_off(struct ref_reading *r)
{
	r->curr_a[0] *= 1.011;
}
static void amps_turned(struct ref_reading *r)
{
	r->curr_deg[0] += 361.1;
}
static void volts_turned(struct ref_reading *r)
{
	r->volt_deg[1] += 1.1;
	r->curr_deg[1] += 1.1;
}
static void another_frequency(struct ref_reading *r)
{
	r->freq_hz *= 1.011;
}
static void overload(struct ref_reading *r)
{
	r->overload = true;
}
static void nothing(struct ref_reading *r)
{
	r->volt_v[0] = r->volt_v[1] = NAN;
}
static void a_turn_more(struct ref_reading *r)
{
	r->curr_deg[0] += 359.5;
	r->volt_deg[1] -= 360.5;
	r->curr_deg[1] -= 360.5;
	r->volt_v[2] = 4.9;
	r->curr_a[2] = 0.09;
}

static void readings_outside_of_the_window_void(void **state)
{
	static const struct {
		void (*twist)(struct ref_reading *r);
		enum ee_cause cause;
		const char *text;
	} row[] = {
		{ volts_on_l3, EE_SETPOINT_LEFT, "voltage on L3" },
		{ amps_on_l3, EE_SETPOINT_LEFT, "current on L3" },
		{ amps_off, EE_SETPOINT_LEFT, "current on L1" },
		{ amps_turned, EE_SETPOINT_LEFT, "phase angle on L1" },
		{ volts_turned, EE_SETPOINT_LEFT, "angle of the voltage on L2" },
		{ another_frequency, EE_SETPOINT_LEFT, "the reference reads 60.66 Hz" },
		{ nothing, EE_SETPOINT_LEFT, "voltage on L1" },
		{ overload, EE_REFERENCE_OVERLOAD, "the reference is overloaded" },
		{ a_turn_more, EE_CAUSE_NONE, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		seq_free(b.seq);
		fb_init(&b);
		b.steps[0].sp.ph[1] = (struct phase_setpoint){ 240, -120, 10, -120 };
		fb_start(&b);
		fb_until(&b, SEQ_CHECKING);
		b.twist = row[i].twist;
		fb_until(&b, SEQ_STORING);
		assert_int_equal(seq_attempt(b.seq)->cause, row[i].cause);
		assert_memory_equal(seq_attempt(b.seq)->fault.text, row[i].text,
				    strlen(row[i].text));
	}
}

static void readings_that_do_not_prove_off(void **state)
{
	static const struct {
		void (*twist)(struct ref_reading *r);
		int code; /* nothing to be read: the source's word is left; something: it is not believed */
	} row[] = { { volts_on_l3, SEQ_EXIT_NOT_OFF },
		    { amps_on_l3, SEQ_EXIT_NOT_OFF },
		    { overload, SEQ_EXIT_BENCH },
		    { nothing, SEQ_EXIT_BENCH } };

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		seq_free(b.seq);
		fb_init(&b);
		b.twist = row[i].twist;
		fb_start(&b);
		finish(row[i].code);
		assert_string_equal(b.commits, "source ");
		assert_int_equal(b.n_set, 0);
	}
}

/* ---- whatever happens ---- */
static uint64_t rng;

static uint32_t rnd(uint32_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (uint32_t)((rng >> 16) % n);
}

static void random_junk(void)
{
	static const enum event_kind kinds[] = { EV_IDENTITY, EV_READING,    EV_REGISTER,
						 EV_DONE,     EV_ANSWER,     EV_COMMITTED,
						 EV_EDGES,    EV_CLOCK_PAIR, EV_REF_SAMPLES,
						 EV_START,    EV_TIMER };
	struct event ev = { .kind = kinds[rnd(sizeof(kinds) / sizeof(kinds[0]))] };

	ev.from = (enum request_target)rnd(4);
	ev.id = rnd(3) ? rnd(60) : 0;
	ev.t_ns = b.now_ns;
	if (ev.kind == EV_COMMITTED || ev.kind == EV_TIMER || ev.kind == EV_READING)
		ev.id = 1000000 + rnd(1000); /* what is believed may be late, but not made up */
	if (ev.kind == EV_EDGES) {
		ev.edges.n = (uint16_t)rnd(EV_EDGES_MAX + 1);
		for (int i = 0; i < ev.edges.n; i++)
			ev.edges.e[i] = (struct edge){ b.now_ns, rnd(100), (uint16_t)rnd(45), 0 };
	}
	if (ev.kind == EV_REF_SAMPLES)
		ev.samples.n = (uint16_t)rnd(EV_REF_SAMPLES_MAX + 1);
	fb_feed(&b, &ev);
}

static void random_event(uint32_t faults)
{
	const uint32_t dice = rnd(1000);

	if (dice >= faults) {
		fb_go_on(&b);
		return;
	}
	switch (rnd(9)) {
	case 0:
		fb_stream_fails(&b, (enum request_target)rnd(4), -(int)rnd(11) - 1);
		break;
	case 1:
		fb_source_says(&b, (enum source_output)rnd(3), rnd(2));
		break;
	case 2:
		b.stuck_on = rnd(8) == 0;
		b.mute = rnd(2);
		break;
	case 3:
		b.volt_factor = rnd(2) ? 1 : 0.9;
		b.range_after_v = rnd(2) ? 300 : 30;
		b.pulsing = rnd(2) ? UINT64_MAX : 5;
		break;
	case 4:
		if (rnd(20) == 0)
			fb_event(&b, EV_ABORT, TO_STATION);
		break;
	case 5: /* time goes on, nobody answers */
		if (fb_first_timer(&b) >= 0)
			fb_answer_at(&b, fb_first_timer(&b));
		break;
	case 6:
	case 7: {
		const int i = (int)rnd((uint32_t)b.n_open + 1) - 1;

		if (i >= 0 && b.open[i].kind != REQ_TIMER)
			fb_fail_at(&b, i, -(int)rnd(11) - 1);
		break;
	}
	default:
		random_junk();
	}
}

/* @return events until the end. */
static int random_run(uint32_t faults, uint32_t abort_after)
{
	int i = 0;

	fb_init(&b);
	b.cfg.prompts = rnd(2);
	b.cfg.retries = (int)rnd(3);
	fb_start(&b);
	for (; i < 20000 && !b.n_finish; i++) {
		if (i == (int)abort_after)
			fb_event(&b, EV_ABORT, TO_STATION);
		else
			random_event(faults);
	}
	return i;
}

static void random_runs_end_safe(void **state)
{
	const char *given = getenv("SEED");
	const uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	int by_code[7] = { 0 };

	(void)state;
	print_message("SEED=%llu\n", (unsigned long long)seed);
	rng = seed * 2654435761u + 88172645463325252u;
	for (int k = 0; k < 3000; k++) {
		random_run(k % 3 ? rnd(400) : 0, k % 2 ? rnd(150) : 1000000);
		assert_int_equal(b.n_finish, 1); /* always, and once */
		assert_false(b.set_after_off); /* off was sent after the last set */
		assert_false(b.show_before_commit);
		assert_false(b.touch_dead_while_on);
		assert_false(b.ask_after_finish);
		assert_true(b.n_off >= 1);
		/* still energised: then it does not say otherwise, unless nobody could have known */
		if (b.on && b.code != SEQ_EXIT_NOT_OFF)
			assert_true(b.lied && seq_source(b.seq) == SEQ_SOURCE_OFF_REPORTED);
		if (b.on)
			assert_true(seq_source(b.seq) != SEQ_SOURCE_OFF_PROVEN);
		assert_true(b.code >= 0 && b.code <= 6);
		by_code[b.code]++;
		seq_free(b.seq);
		b.seq = NULL;
	}
	print_message("exit codes 0: %d, 1: %d, 3: %d, 4: %d, 6: %d\n", by_code[0], by_code[1],
		      by_code[3], by_code[4], by_code[6]);
	assert_true(by_code[0] > 0 && by_code[1] > 0 && by_code[3] > 0 && by_code[4] > 0 &&
		    by_code[6] > 0);
	assert_int_equal(by_code[2] + by_code[5], 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_good_batch_is_conforming),
		T(ranges_are_never_smaller_than_what_flows),
		T(up_and_down_at_once_needs_ranges_for_both),
		T(the_attempt_holds_what_the_record_needs),
		T(power_and_frequency_of_the_setup_are_those_read),
		T(a_power_that_drifts_within_the_window_leaves_the_setup),
		T(progress_gives_figures),
		T(without_prompts_nobody_is_asked),
		T(the_prompt_is_touch_dead_and_no_ends_the_run),
		T(one_nonconforming_meter_is_a_finding),
		T(a_dead_sensor_is_repeated_alone_and_never_passes),
		T(a_sensor_that_comes_back_passes_by_the_second_attempt),
		T(inconclusive_stands_and_is_a_finding),
		T(resume_measures_what_is_missing),
		T(what_failed_before_the_interruption_stays_failed),
		T(a_lost_edge_voids_and_is_repeated),
		T(after_recovery_nobody_is_identified_again),
		T(a_reading_that_fails_voids_and_the_reference_is_identified),
		T(a_reference_that_does_not_stop_clean_voids),
		T(a_stream_that_times_out_is_a_silent_reference),
		T(a_constant_that_changed_voids),
		T(a_current_range_that_changed_voids),
		T(after_a_trip_nothing_flows),
		T(a_changed_range_voids),
		T(a_set_point_not_reached_voids_before_arming),
		T(a_set_point_left_meanwhile_voids),
		T(what_the_reference_does_not_report_is_outside_of_every_window),
		T(reversed_energy_voids),
		T(a_source_that_trips_voids_and_is_set_anew),
		T(a_trip_between_setting_and_settling_voids),
		T(a_silent_reference_voids),
		T(retries_end_and_the_next_step_comes),
		T(another_instrument_after_a_failure_ends_the_run),
		T(abort_while_measuring_keeps_the_raw_data),
		T(abort_waits_for_the_last_edges),
		T(abort_at_the_very_end_is_not_conforming),
		T(abort_waits_for_the_voltage_to_decay),
		T(an_earlier_deadline_does_not_wait_for_a_later_one),
		T(a_set_that_ends_in_off_is_a_bench_fault),
		T(abort_while_storing_waits_for_the_record),
		T(a_failed_set_is_a_bench_fault),
		T(a_source_that_does_not_report_off_is_asked_twice),
		T(the_reference_can_prove_off_what_the_source_does_not_report),
		T(a_source_that_lies_is_not_off),
		T(a_source_that_lied_is_not_believed_again),
		T(without_a_reading_the_report_of_the_source_is_enough_to_end),
		T(voltage_before_the_prompt_stops_everything),
		T(voltage_that_decays_in_time_is_waited_for),
		T(a_source_that_wakes_under_the_hands_is_switched_off),
		T(a_record_that_fails_ends_in_4_and_shows_nothing),
		T(a_record_that_fails_at_the_end_is_4_too),
		T(a_real_instrument_in_a_simulated_laboratory_is_refused),
		T(a_simulated_instrument_in_a_real_laboratory_is_refused),
		T(a_reference_that_failed_last_is_opened_again_to_prove_off),
		T(another_reference_proves_nothing),
		T(another_reference_proves_nothing_in_the_safe_state_either),
		T(off_has_the_time_of_what_the_source_still_does),
		T(configurations_out_of_range_are_refused),
		T(readings_outside_of_the_window_void),
		T(readings_that_do_not_prove_off),
		T(random_runs_end_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
