/* SPDX-License-Identifier: Apache-2.0 */
#include "procedures/energy_error_eval.h"

#include <string.h>

#include "tests/support/near.h"
#include "tests/support/pulse_sim.h"

static const struct sim GOOD = {
	.power_w = 12000,
	.kh_wh = 7.2,
	.m = 1,
	.err_pct = 0.4,
	.grid_s = 1 / 60.0,
	.edge_sigma_s = 1e-4,
	.update_s = 0.5,
	.update_sigma_s = 5e-4,
	.window_s = 1e-3,
	.resolution_wh = 1e-4,
	.seconds = 60,
};

static struct ee_observation evaluate(const struct ee_setup *setup, const struct ee_raw *raw)
{
	struct ee_observation o;

	assert_int_equal(ee_evaluate(setup, raw, &o), ET_OK);
	return o;
}

static struct ee_observation observe(const struct sim *s)
{
	const struct ee_raw raw = sim_run(s);
	const struct ee_setup setup = sim_setup(s);

	return evaluate(&setup, &raw);
}

static void is_without_figure(const struct ee_observation *o)
{
	assert_true(o->verdict == EE_VOID);
	assert_true(isnan(o->err_pct) && isnan(o->U_pct) && isnan(o->u_pct));
	assert_int_equal(o->err_rounded_u6, ROUNDING_NONE);
	assert_int_equal(o->U_rounded_u6, ROUNDING_NONE);
}

static void a_good_meter_passes(void **state)
{
	const struct ee_observation o = observe(&GOOD);

	(void)state;
	assert_int_equal(o.cause, EE_CAUSE_NONE);
	assert_int_equal(o.verdict, EE_CONFORMING);
	assert_int_equal(o.stop, EE_STOP_GUARANTEED);
	assert_int_equal(o.estimator, EE_LEAST_SQUARES);
	assert_near(o.err_pct, 0.4, 0.03);
	assert_near(o.first_last_pct, 0.4, 0.06);
	assert_true(o.set_lo_pct < 0.4 && o.set_hi_pct > 0.4);
	assert_near(o.period_ratio, 1 / 1.004, 1e-3);
	assert_int_equal(o.n_edges, 28);
	assert_int_equal(o.n_accepted, o.n_intervals + 1);
	assert_int_equal(o.seq_last - o.seq_first, o.n_intervals);
	assert_int_equal(o.n_missed, 0);
	assert_int_equal(o.n_rejected, 0);
	assert_near(o.span_s, (double)(o.t_last_ns - o.t_first_ns) * 1e-9, 1e-9);
	assert_near(o.span_s, (double)o.n_intervals * 2.16 / 1.004, 0.02);
	assert_true(o.U_pct > 0.001 && o.U_pct < 0.05);
	assert_near(o.U_pct, o.k * o.u_pct, 1e-12);
	assert_near(o.u_pct, hypot(o.u_a_pct, o.u_b_pct), 1e-12);
	assert_near(o.u_a_pct, hypot(o.u_edge_pct, o.u_ref_pct), 1e-12);
	assert_int_equal(o.err_rounded_u6 % 10000, 0);
	assert_near((double)o.err_rounded_u6 * 1e-6, o.err_pct, 0.005001);
	assert_true((double)o.U_rounded_u6 * 1e-6 >= o.U_pct);
}

static void the_same_data_give_the_same_figures(void **state)
{
	const struct ee_raw raw = sim_run(&GOOD);
	const struct ee_setup setup = sim_setup(&GOOD);
	struct ee_observation a, b;

	(void)state;
	memset(&a, 1, sizeof(a));
	memset(&b, 2, sizeof(b));
	assert_int_equal(ee_evaluate(&setup, &raw, &a), ET_OK);
	assert_int_equal(ee_evaluate(&setup, &raw, &b), ET_OK);
	assert_memory_equal(&a, &b, sizeof(a));
}

/* ---- the error and its corrections, on data without any noise ---- */
static const struct sim EXACT = {
	.power_w = 12000,
	.kh_wh = 7.2,
	.m = 1,
	.update_s = 0.5,
	.seconds = 60,
	.exact_clock = true,
};

static void error_and_corrections(void **state)
{
	struct sim s = EXACT;
	struct ee_raw raw;
	struct ee_setup setup;

	(void)state;
	s.err_pct = 0.502513;
	assert_near(observe(&s).err_pct, 0.502513, 2e-6);

	/* a reference that reads 0.035 % high, a meter at 0.53517 %: 100 Wh and 100.5 Wh */
	s.err_pct = 0.535175;
	s.ref_error_pct = 0.035;
	raw = sim_run(&s);
	setup = sim_setup(&s);
	assert_near(evaluate(&setup, &raw).err_pct, 0.50000, 5e-6);
	setup.ref_error_pct = 0.035;
	assert_near(evaluate(&setup, &raw).err_pct, 0.53517, 6e-6);

	/* behind 0.5 + j0.3 ohm with 41.5 VA capacitive a true meter seems 0.08396 % fast at PF 0.5 */
	s = EXACT;
	s.err_pct = 0.08396;
	raw = sim_run(&s);
	setup = sim_setup(&s);
	setup.pos_ratio_pct = 0.01978;
	setup.pos_phase_crad = -0.03705;
	setup.tan_phi = sqrt(3);
	assert_near(evaluate(&setup, &raw).err_pct, 0, 1.5e-5);

	/* two elements in series register twice, one coil of a 1 1/2 element meter half */
	s = EXACT;
	s.err_pct = -0.3;
	s.m = 2;
	assert_near(observe(&s).err_pct, -0.3, 2e-6);
	s.m = 0.5;
	assert_near(observe(&s).err_pct, -0.3, 2e-6);
}

static void the_budget_adds_up(void **state)
{
	struct sim s = EXACT;
	struct ee_raw raw;
	struct ee_setup setup;
	struct ee_observation o;

	(void)state;
	raw = sim_run(&s);
	setup = sim_setup(&s);
	setup.n_lines = 3;
	setup.lines[0] = (struct ee_line){ "reference.certificate", 0.03, 1, 50 };
	setup.lines[1] = (struct ee_line){ "position", 0.04, 1, INFINITY };
	setup.lines[2] = (struct ee_line){ "reference.phase", 0.02, 0, 4 };
	o = evaluate(&setup, &raw);
	assert_near(o.u_b_pct, 0.05, 1e-6);
	assert_near(o.u_pct, 0.05, 1e-5);
	assert_near(o.dof_eff, 0.05 * 0.05 * 0.05 * 0.05 / (0.03 * 0.03 * 0.03 * 0.03 / 50), 1);
	assert_near(o.k, 2.0066, 2e-4); /* t(95.45 %, 385) */
	assert_int_equal(o.stop, EE_STOP_GUARANTEED);
	setup.lines[1].u_pct =
		0.49; /* nothing to be guaranteed with that, nor to be won by waiting */
	o = evaluate(&setup, &raw);
	assert_int_equal(o.stop, EE_STOP_NO_MORE_INFORMATION);
	assert_int_equal(o.verdict, EE_CONFORMING);
	setup.rule = RULE_TWO_STAGE;
	setup.limit_hi_pct = 0.5;
	assert_int_equal(evaluate(&setup, &raw).verdict, EE_INCONCLUSIVE);
	setup.rule = RULE_GUARDED;
	assert_int_equal(evaluate(&setup, &raw).verdict, EE_NONCONFORMING);
}

/* ---- gross errors are findings, lost pulses are not ---- */
static void gross_errors_are_measured_and_failed(void **state)
{
	static const struct {
		double err_pct;
		enum ee_cause cause;
	} rows[] = {
		{ -25, EE_WRONG_FORM }, { 40, EE_GROSS_ERROR }, { -50, EE_WRONG_KH },
		{ 100, EE_WRONG_KH },	{ 300, EE_WRONG_KH },	{ -75, EE_WRONG_KH },
		{ -8, EE_GROSS_ERROR },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sim s = GOOD;
		struct ee_observation o;

		print_message("error %g %%\n", rows[i].err_pct);
		s.err_pct = rows[i].err_pct;
		s.seconds = 90;
		o = observe(&s);
		assert_int_equal(o.cause, rows[i].cause);
		assert_int_equal(o.verdict, EE_NONCONFORMING);
		assert_near(o.err_pct, rows[i].err_pct, o.U_pct);
		assert_near(o.period_ratio, 1 / (1 + rows[i].err_pct / 100), 2e-3);
		assert_int_equal(o.stop, EE_STOP_GUARANTEED);
	}
}

static void one_pulse_in_eight_lost_is_void(void **state)
{
	struct sim s = GOOD;
	struct ee_observation o;

	(void)state;
	s.drop_each = 8;
	o = observe(&s);
	assert_int_equal(o.cause, EE_MISSED_OR_SPURIOUS);
	assert_int_equal(o.stop, EE_STOP_VOID); /* no time can mend that */
	assert_int_equal(o.n_missed, 3);
	is_without_figure(&o);
}

static void a_dead_sensor_never_passes(void **state)
{
	struct sim s = GOOD;
	struct ee_raw raw = sim_run(&s);
	struct ee_setup setup = sim_setup(&s);
	struct ee_observation o;

	(void)state;
	raw.n_edges = 0;
	o = evaluate(&setup, &raw);
	assert_int_equal(o.cause, EE_NO_PULSES);
	assert_int_equal(o.stop, EE_STOP_VOID);
	is_without_figure(&o);
	raw.t_now_ns = SIM_ARMED_NS + 20 * (int64_t)ET_NS_PER_S; /* 9.3 periods */
	o = evaluate(&setup, &raw);
	assert_int_equal(o.cause, EE_NO_PULSES);
	assert_int_equal(o.stop, EE_GO_ON);
	assert_int_equal(o.verdict, EE_VOID);
	setup.cap_s = 20;
	assert_int_equal(evaluate(&setup, &raw).stop, EE_STOP_CAP);
}

/* It saw 15 s of 60, whichever end. */
static void a_sensor_that_was_blind_is_void(void **state)
{
	struct sim s = GOOD;
	struct ee_raw raw = sim_run(&s);
	const struct ee_setup setup = sim_setup(&s);
	struct ee_observation o;

	(void)state;
	raw.n_edges = 7;
	o = evaluate(&setup, &raw);
	assert_int_equal(o.cause, EE_MISSED_OR_SPURIOUS);
	assert_true(o.n_missed >= 18 && o.n_missed <= 21);
	is_without_figure(&o);
	raw.n_edges = 27; /* the last one may still be on its way */
	assert_int_equal(evaluate(&setup, &raw).verdict, EE_CONFORMING);
	raw.n_edges = 7;
	raw.edges = sim_edges + 20;
	o = evaluate(&setup, &raw);
	assert_int_equal(o.cause, EE_MISSED_OR_SPURIOUS);
	assert_true(o.n_missed >= 19);
}

static void too_few_pulses(void **state)
{
	struct sim s = GOOD;
	struct ee_raw raw;
	struct ee_setup setup;
	struct ee_observation o;

	(void)state;
	s.seconds = 8;
	raw = sim_run(&s);
	setup = sim_setup(&s);
	o = evaluate(&setup, &raw);
	assert_int_equal(o.cause, EE_TOO_FEW_PULSES);
	assert_int_equal(o.stop, EE_GO_ON);
	is_without_figure(&o);
	setup.cap_s = 8;
	assert_int_equal(evaluate(&setup, &raw).stop, EE_STOP_CAP);

	/* a type without a declared model wants 10 intervals: figures, but no verdict from them */
	s.seconds = 21.5;
	raw = sim_run(&s);
	setup = sim_setup(&s);
	assert_int_equal(evaluate(&setup, &raw).verdict, EE_CONFORMING);
	setup.edge_sigma_s = NAN;
	o = evaluate(&setup, &raw);
	assert_true(o.n_intervals >= 4 && o.n_intervals < 10);
	assert_int_equal(o.verdict, EE_VOID);
	assert_int_equal(o.cause, EE_TOO_FEW_PULSES);
	assert_near(o.err_pct, 0.4, 0.1);
}

/* Two elements of time: pulses only follow the energy. +-3 % in 20 s, 200 pulses. */
static void a_load_that_wanders(void **state)
{
	struct sim s = GOOD;
	struct ee_observation o;

	(void)state;
	s.kh_wh = 1;
	s.swing_rel = 0.03;
	s.swing_s = 20;
	s.update_s = 0.1;
	o = observe(&s);
	assert_int_equal(o.cause, EE_CAUSE_NONE);
	assert_int_equal(o.verdict, EE_CONFORMING);
	assert_near(o.err_pct, 0.4, o.U_pct);
	assert_near(o.err_pct, 0.4, 0.05);
}

/* A swing of a quarter of an hour bends time against pulses by 0.15 s, and the edges at the ends are the first to
 * leave the gate. By energy they are all there. */
static void a_load_that_wanders_loses_no_edge(void **state)
{
	struct sim s = GOOD;

	(void)state;
	s.power_w = 1200;
	s.swing_rel = 9e-4;
	s.swing_s = 1000;
	s.seconds = 400;
	for (int run = 0; run < 40; run++) {
		const struct ee_observation o = observe(&s);

		assert_int_equal(o.cause, EE_CAUSE_NONE);
		assert_int_equal(o.n_missed, 0);
		assert_int_equal(o.n_rejected, 0);
		assert_near(o.err_pct, 0.4, 1.5 * o.U_pct);
	}
}

/* 75 ms a pulse, a register that is known to 5 ms, and a load that drifts by 20 ms: neither time nor energy
 * alone has its full gate. Nothing disturbed is all there; whatever is disturbed is right, or has no figure. */
static void short_periods_against_a_loud_register(void **state)
{
	struct sim s = GOOD;
	int figures = 0;

	(void)state;
	s.power_w = 48000;
	s.kh_wh = 1;
	s.grid_s = 0;
	s.update_s = 1;
	s.update_sigma_s = 4e-3;
	s.window_s = 0.01;
	s.swing_rel = 1e-3;
	s.swing_s = 120;
	s.seconds = 100;
	for (int run = 0; run < 30; run++) {
		const struct ee_observation o = observe(&s);

		assert_int_equal(o.cause, EE_CAUSE_NONE);
		assert_near(o.err_pct, 0.4, 2 * o.U_pct);
	}
	s.missed = s.spurious = 0.01;
	for (int run = 0; run < 60; run++) {
		const struct ee_observation o = observe(&s);
		const int first = sim_truth[o.seq_first - 0xfffffffau],
			  last = sim_truth[o.seq_last - 0xfffffffau];

		if (isnan(o.err_pct))
			continue;
		figures++;
		assert_near(o.err_pct, 0.4, 2 * o.U_pct);
		if (first >= 0 && last >= 0)
			assert_int_equal(o.n_intervals, last - first);
	}
	print_message("%d of 60 disturbed runs have a figure\n", figures);
	assert_true(figures > 0);
}

/* ... and a load that wanders hides neither a gross error nor lost pulses. */
static void what_a_wandering_load_does_not_hide(void **state)
{
	struct sim s = GOOD;
	struct ee_observation o;

	(void)state;
	s.swing_rel = 0.03;
	s.swing_s = 20;
	s.update_s = 0.1;
	s.err_pct = -25;
	o = observe(&s);
	assert_int_equal(o.cause, EE_WRONG_FORM);
	assert_int_equal(o.verdict, EE_NONCONFORMING);
	assert_near(o.err_pct, -25, o.U_pct);
	s.err_pct = 0.4;
	s.drop_each = 8;
	o = observe(&s);
	assert_int_equal(o.cause, EE_MISSED_OR_SPURIOUS);
	assert_int_equal(o.n_missed, 3);
	is_without_figure(&o);
}

static void the_physical_minimum(void **state)
{
	struct sim s = GOOD;

	(void)state;
	/* 2*q/(T_p*sqrt(n(n2-1))) <= 0.05 % at 10 edges */
	assert_near(observe(&s).physical_min_s, 9 * 2.16 / 1.004, 0.1);
	s.grid_s = 0; /* four periods */
	assert_near(observe(&s).physical_min_s, 4 * 2.16 / 1.004, 0.05);
	s.kh_wh = 72;
	s.seconds = 150;
	s.grid_s = 1 / 60.0;
	assert_near(observe(&s).physical_min_s, 4 * 21.6 / 1.004, 0.1);
}

/* ---- common causes ---- */
static void void_by(const struct ee_setup *setup, const struct ee_raw *raw, enum ee_cause cause)
{
	const struct ee_observation o = evaluate(setup, raw);

	assert_int_equal(o.cause, cause);
	assert_true(ee_cause_is_common(cause));
	assert_int_equal(o.stop, EE_STOP_VOID);
	is_without_figure(&o);
}

static void causes_of_the_reference(void **state)
{
	const struct ee_raw raw = sim_run(&GOOD);
	const struct ee_setup setup = sim_setup(&GOOD);
	struct ee_setup other = setup;
	struct ref_sample keep[EE_SAMPLES_MAX];
	struct ee_raw less = raw;

	(void)state;
	memcpy(keep, sim_samples, sizeof(keep));
	sim_samples[50].flags = REF_OVERLOAD;
	void_by(&setup, &raw, EE_REFERENCE_OVERLOAD);
	sim_samples[50].flags = REF_SIGN_FLIP;
	void_by(&setup, &raw, EE_ENERGY_SIGN);
	sim_samples[50].flags = 0;
	sim_samples[50].energy_wh = sim_samples[49].energy_wh - 1e-4;
	void_by(&setup, &raw, EE_ENERGY_SIGN);
	sim_samples[50].energy_wh = NAN;
	void_by(&setup, &raw, EE_INSTRUMENT_FAILED);
	sim_samples[50] = keep[50];
	sim_samples[50].seq = sim_samples[49].seq;
	void_by(&setup, &raw, EE_INSTRUMENT_FAILED);
	sim_samples[50] = keep[50];
	sim_samples[50].t_hi_ns = sim_samples[50].t_lo_ns - 1;
	void_by(&setup, &raw, EE_INSTRUMENT_FAILED);
	sim_samples[50] = keep[50];
	sim_samples[50].t_lo_ns = sim_samples[49].t_lo_ns;
	sim_samples[50].t_hi_ns = sim_samples[49].t_hi_ns;
	void_by(&setup, &raw, EE_INSTRUMENT_FAILED);
	sim_samples[50] = keep[50];
	assert_int_equal(evaluate(&setup, &raw).verdict, EE_CONFORMING);

	memmove(&sim_samples[50], &sim_samples[62],
		(raw.n_samples - 62) * sizeof(sim_samples[0])); /* a hole of 6 s */
	less.n_samples -= 12;
	void_by(&setup, &less, EE_REFERENCE_SILENT);
	memcpy(sim_samples, keep, sizeof(keep));
	memmove(&sim_samples[50], &sim_samples[52],
		(raw.n_samples - 52) * sizeof(sim_samples[0])); /* two not seen */
	less.n_samples = raw.n_samples - 2;
	assert_int_equal(evaluate(&setup, &less).verdict, EE_CONFORMING);
	memcpy(sim_samples, keep, sizeof(keep));
	less.n_samples = raw.n_samples - 13; /* and then nothing more */
	void_by(&setup, &less, EE_REFERENCE_SILENT);
	less.n_samples = 0;
	void_by(&setup, &less, EE_REFERENCE_SILENT);

	other.ref_power_w *= 1.07;
	void_by(&other, &raw, EE_ENERGY_POWER_MISMATCH);
	other.ref_power_w = setup.ref_power_w * 0.93;
	void_by(&other, &raw, EE_ENERGY_POWER_MISMATCH);
	other.ref_power_w = setup.ref_power_w * 1.03;
	assert_int_equal(evaluate(&other, &raw).verdict, EE_CONFORMING);
}

static void causes_of_the_reader(void **state)
{
	const struct ee_raw raw = sim_run(&GOOD);
	const struct ee_setup setup = sim_setup(&GOOD);
	const struct edge keep = sim_edges[10];
	struct ee_raw less = raw;

	(void)state;
	for (size_t i = 10; i < raw.n_edges; i++)
		sim_edges[i].seq++;
	void_by(&setup, &raw, EE_SEQUENCE_GAP);
	for (size_t i = 10; i < raw.n_edges; i++)
		sim_edges[i].seq--;
	sim_edges[10].t_reader_ns = sim_edges[9].t_reader_ns - 1;
	void_by(&setup, &raw, EE_READER_LOSS);
	sim_edges[10].t_reader_ns = INT64_MAX;
	void_by(&setup, &raw, EE_READER_LOSS);
	sim_edges[10] = keep;

	for (size_t i = 30; i < raw.n_pairs; i++)
		sim_pairs[i].reader_ns += 50000000;
	void_by(&setup, &raw, EE_CLOCK_MAP);
	for (size_t i = 30; i < raw.n_pairs; i++)
		sim_pairs[i].reader_ns -= 50000000;
	assert_int_equal(evaluate(&setup, &raw).verdict, EE_CONFORMING);

	less.n_pairs = 1; /* not yet known */
	assert_int_equal(evaluate(&setup, &less).cause, EE_TOO_FEW_PULSES);
	assert_int_equal(evaluate(&setup, &less).stop, EE_GO_ON);
}

/* What came before arming or after the look is as if it had not been. */
static void only_the_armed_time_counts(void **state)
{
	struct ee_raw raw = sim_run(&GOOD);
	const struct ee_setup setup = sim_setup(&GOOD);
	struct ee_observation o, all = evaluate(&setup, &raw);

	(void)state;
	sim_samples[2].flags = REF_OVERLOAD;
	sim_edges[1].seq += 7;
	raw.t_armed_ns += 20 * (int64_t)ET_NS_PER_S;
	o = evaluate(&setup, &raw);
	assert_int_equal(o.verdict, EE_CONFORMING);
	assert_true(o.n_edges >= all.n_edges - 10 && o.n_edges <= all.n_edges - 9);
	assert_true(o.t_first_ns >= raw.t_armed_ns);

	raw.t_armed_ns -= 20 * (int64_t)ET_NS_PER_S;
	sim_samples[2].flags = 0;
	sim_edges[1].seq -= 7;
	sim_samples[110].flags = REF_OVERLOAD;
	raw.t_now_ns -= 10 * (int64_t)ET_NS_PER_S;
	o = evaluate(&setup, &raw);
	assert_int_equal(o.verdict, EE_CONFORMING);
	assert_true(o.t_last_ns <= raw.t_now_ns);
}

/* ---- arguments ---- */
static void a_wrong_setup_is_refused(void **state)
{
	const struct ee_raw raw = sim_run(&GOOD);
	const struct ee_setup good = sim_setup(&GOOD);
	struct ee_observation o = { .n_edges = 77 };
	struct ee_raw wrong_raw = raw;
	struct ee_setup s;

	(void)state;
#define REFUSED(change)                                                  \
	do {                                                             \
		s = good;                                                \
		change;                                                  \
		assert_int_equal(ee_evaluate(&s, &raw, &o), ET_ERR_ARG); \
	} while (0)
	REFUSED(s.kh_wh = 0);
	REFUSED(s.kh_wh = NAN);
	REFUSED(s.m_num = 0);
	REFUSED(s.m_den = -1);
	REFUSED(s.ref_power_w = -5);
	REFUSED(s.ref_error_pct = NAN);
	REFUSED(s.ref_sigma_s = -1);
	REFUSED(s.ref_resolution_wh = NAN);
	REFUSED(s.pos_ratio_pct = NAN);
	REFUSED(s.pos_phase_crad = INFINITY);
	REFUSED(s.tan_phi = NAN);
	REFUSED(s.grid_s = -1);
	REFUSED(s.edge_sigma_s = INFINITY);
	REFUSED(s.stamp_resolution_s = NAN);
	REFUSED(s.limit_lo_pct = 2);
	REFUSED(s.limit_hi_pct = NAN);
	REFUSED(s.floor_a_pct = 0);
	REFUSED(s.cap_s = NAN);
	REFUSED(s.min_intervals = 3);
	REFUSED(s.tolerance_pct = 0);
	REFUSED(s.round_digits = 5);
	REFUSED(s.n_lines = EE_LINES_MAX + 1);
	REFUSED(s.n_lines = 1; s.lines[0] = ((struct ee_line){ "x", NAN, 1, 5 }));
	REFUSED(s.n_lines = 1; s.lines[0] = ((struct ee_line){ "x", 0.1, NAN, 5 }));
	REFUSED(s.n_lines = 1; s.lines[0] = ((struct ee_line){ "x", 0.1, 1, 0 }));
	wrong_raw.n_edges = EE_EDGES_MAX + 1;
	assert_int_equal(ee_evaluate(&good, &wrong_raw, &o), ET_ERR_ARG);
	wrong_raw = raw;
	wrong_raw.t_now_ns = raw.t_armed_ns - 1;
	assert_int_equal(ee_evaluate(&good, &wrong_raw, &o), ET_ERR_ARG);
	assert_int_equal(o.n_edges, 77);
}

static void words(void **state)
{
	(void)state;
	for (int a = 0; a < EE_CAUSES; a++)
		for (int b = 0; b < a; b++)
			assert_string_not_equal(ee_cause_word((enum ee_cause)a),
						ee_cause_word((enum ee_cause)b));
	assert_string_equal(ee_cause_word(EE_WRONG_KH), "wrong_kh");
	assert_string_equal(ee_cause_word((enum ee_cause)99), "unknown");
	assert_string_equal(ee_verdict_word(EE_INCONCLUSIVE), "inconclusive");
	assert_string_equal(ee_verdict_word((enum ee_verdict)99), "unknown");
	assert_string_equal(ee_stop_word(EE_STOP_CAP), "cap");
	assert_string_equal(ee_stop_word((enum ee_stop)99), "unknown");
	assert_false(ee_cause_is_common(EE_MISSED_OR_SPURIOUS));
	assert_false(ee_cause_is_common(EE_GROSS_ERROR));
	assert_true(ee_cause_is_common(EE_ABORTED));
}

/* Data that no instrument sends: it may say what it likes, but it must come back. */
static void hostile_data(void **state)
{
	const struct ee_setup setup = sim_setup(&GOOD);

	(void)state;
	sim_seed = 4711;
	print_message("seed %d\n", 4711);
	for (int run = 0; run < 300; run++) {
		struct ee_raw raw = sim_run(&GOOD);
		unsigned char *const bytes[] = { (unsigned char *)sim_edges,
						 (unsigned char *)sim_samples,
						 (unsigned char *)sim_pairs };
		const size_t sizes[] = { raw.n_edges * sizeof(sim_edges[0]),
					 raw.n_samples * sizeof(sim_samples[0]),
					 raw.n_pairs * sizeof(sim_pairs[0]) };
		struct ee_observation o;

		for (int hits = 1 + run % 5; hits > 0; hits--) {
			const int which = (int)(sim_uniform() * 3);

			bytes[which][(size_t)(sim_uniform() * (double)sizes[which])] ^=
				(unsigned char)(1 << (int)(sim_uniform() * 8));
		}
		o = evaluate(&setup, &raw);
		if (o.verdict == EE_CONFORMING) /* a bit that did not matter much */
			assert_near(o.err_pct, 0.4, 0.7);
	}
}

/* Two pairs, one of them slow: the rate of the reader's clock is known to some percent only, and nothing else is worth
 * waiting for. But the next pairs will tell it. */
static void a_slow_answer_of_the_clock_stops_nothing(void **state)
{
	struct sim s = GOOD;
	struct ee_observation o;
	struct ee_setup setup;
	struct ee_raw raw;

	(void)state;
	s.grid_s = 0; /* no beat by chance */
	raw = sim_run(&s);
	setup = sim_setup(&s);
	raw.n_pairs = 2;
	sim_pairs[1].host_after_ns = sim_pairs[1].host_before_ns + 300000000;
	o = evaluate(&setup, &raw);
	assert_true(o.U_pct > 5); /* 0.3 s/sqrt 12 in 1 s */
	assert_int_equal(o.stop, EE_GO_ON);
	raw.n_pairs = 30;
	o = evaluate(&setup, &raw);
	assert_true(o.U_pct < 0.05);
	assert_int_equal(o.stop, EE_STOP_GUARANTEED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_meter_passes),
		cmocka_unit_test(the_same_data_give_the_same_figures),
		cmocka_unit_test(error_and_corrections),
		cmocka_unit_test(the_budget_adds_up),
		cmocka_unit_test(gross_errors_are_measured_and_failed),
		cmocka_unit_test(one_pulse_in_eight_lost_is_void),
		cmocka_unit_test(a_dead_sensor_never_passes),
		cmocka_unit_test(a_sensor_that_was_blind_is_void),
		cmocka_unit_test(too_few_pulses),
		cmocka_unit_test(a_load_that_wanders),
		cmocka_unit_test(a_load_that_wanders_loses_no_edge),
		cmocka_unit_test(short_periods_against_a_loud_register),
		cmocka_unit_test(what_a_wandering_load_does_not_hide),
		cmocka_unit_test(the_physical_minimum),
		cmocka_unit_test(causes_of_the_reference),
		cmocka_unit_test(causes_of_the_reader),
		cmocka_unit_test(only_the_armed_time_counts),
		cmocka_unit_test(a_wrong_setup_is_refused),
		cmocka_unit_test(a_slow_answer_of_the_clock_stops_nothing),
		cmocka_unit_test(words),
		cmocka_unit_test(hostile_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
