/* SPDX-License-Identifier: Apache-2.0 */
/* Is the stated uncertainty true? Simulated meters of known error, evaluated like real ones. */
#include "procedures/energy_error_eval.h"

#include <stdlib.h>

#include "tests/support/near.h"
#include "tests/support/pulse_sim.h"

static int compare_double(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct tally {
	int n, inside, beats, walks;
	double sum_U, sum_s, err[4000];
};

static void count(struct tally *t, const struct ee_observation *o, double truth_pct)
{
	const double e = fabs(o->err_pct - truth_pct);

	t->err[t->n++] = e;
	t->inside += e <= o->U_pct;
	t->beats += o->beat;
	t->walks += o->walk;
	t->sum_U += o->U_pct;
	t->sum_s += o->span_s;
}

/* Mean U against the 95.45 % quantile of what really happened. */
static double excess(struct tally *t)
{
	qsort(t->err, (size_t)t->n, sizeof(t->err[0]), compare_double);
	return t->sum_U / t->n / t->err[(int)(0.9545 * t->n)];
}

/* ---- a fixed time, type A alone: nothing else may hide it ---- */
static const struct {
	double power_w, kh_wh, grid_s, update_s, update_sigma_s, seconds;
	double excess_max;
} cells[] = {
	/* without a grid the two parts must be as large as they are, and no larger */
	{ 48000, 1, 0, 0.1, 5e-4, 20, 1.5 },
	{ 48000, 7.2, 0, 0.5, 2e-3, 60, 1.5 },
	{ 48000, 1, 0, 1, 0.020, 30, 1.5 },
	{ 12000, 7.2, 0, 0.1, 5e-4, 20, 1.5 },
	{ 12000, 7.2, 0, 1, 0.020, 60, 1.5 },
	{ 12000, 1, 0, 0.5, 2e-3, 20, 1.5 },
	{ 1200, 1, 0, 0.1, 2e-3, 25, 1.5 },
	{ 1200, 7.2, 0, 1, 0.020, 151, 1.5 },
	{ 600, 1, 0, 0.5, 2e-3, 60, 1.5 },
	/* one cycle: where the reference leads, as above; else what the set of slopes leaves */
	{ 48000, 1, 1 / 60.0, 1, 0.020, 20, 1.7 },
	{ 12000, 7.2, 1 / 60.0, 1, 0.020, 60, 1.7 },
	{ 1200, 1, 1 / 60.0, 1, 0.020, 60, 1.7 },
	{ 48000, 1, 1 / 60.0, 0.1, 5e-4, 20, 2.2 },
	{ 48000, 7.2, 1 / 60.0, 0.5, 2e-3, 20, 2.2 },
	{ 12000, 7.2, 1 / 60.0, 0.5, 2e-3, 60, 2.2 },
	{ 12000, 7.2, 1 / 60.0, 0.1, 5e-4, 20, 2.2 },
	{ 12000, 1, 1 / 60.0, 0.5, 2e-3, 20, 2.2 },
	{ 1200, 1, 1 / 60.0, 0.1, 2e-3, 25, 2.2 },
};

static void the_truth_lies_inside(void **state)
{
	enum { RUNS = 500 };

	(void)state;
	print_message("seed %llu\n", (unsigned long long)sim_seed);
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		struct sim s = {
			.power_w = cells[i].power_w,
			.kh_wh = cells[i].kh_wh,
			.m = 1,
			.grid_s = cells[i].grid_s,
			.edge_sigma_s = 1e-4,
			.update_s = cells[i].update_s,
			.update_sigma_s = cells[i].update_sigma_s,
			.window_s = 1e-3,
			.resolution_wh = 1e-4,
			.seconds = cells[i].seconds,
		};
		static struct tally t;

		t = (struct tally){ 0 };
		for (int run = 0; run < RUNS; run++) {
			struct ee_raw raw;
			struct ee_setup setup = sim_setup(&s);
			struct ee_observation o;

			s.err_pct = (sim_uniform() - 0.5) * 3;
			raw = sim_run(&s);
			assert_int_equal(ee_evaluate(&setup, &raw, &o), ET_OK);
			assert_int_equal(o.cause, EE_CAUSE_NONE);
			count(&t, &o, s.err_pct);
		}
		print_message("%5.0f W Kh %.1f q %.4f register %.1f s +- %4.1f ms, %3.0f s: "
			      "%5.1f %% inside, U %.4f %%, excess %.2f, beat %d %%\n",
			      s.power_w, s.kh_wh, s.grid_s, s.update_s, s.update_sigma_s * 1e3,
			      s.seconds, 100.0 * t.inside / t.n, t.sum_U / t.n, excess(&t),
			      100 * t.beats / t.n);
		assert_true(t.inside >= 0.93 * t.n);
		assert_true(excess(&t) <= cells[i].excess_max);
	}
}

/* ---- looks every two seconds until the stop rule is content, with a type B term drawn per run ---- */
struct campaign {
	const char *name;
	struct sim sim;
	double declared; /* of sigma: 1: the truth; 0.5: half of it; NAN: no model */
	double inside_min, excess_max;
};

static struct ee_observation until_stop(const struct ee_setup *setup, struct ee_raw *raw,
					double seconds)
{
	struct ee_observation o = { 0 };

	for (double at = 4; at <= seconds; at += 2) {
		raw->t_now_ns = SIM_ARMED_NS + (int64_t)llrint(at * 1e9);
		assert_int_equal(ee_evaluate(setup, raw, &o), ET_OK);
		if (o.stop != EE_GO_ON)
			break;
	}
	return o;
}

static void whole_way(const struct campaign *c, int runs, double spread_pct, struct tally *t,
		      int *wrong)
{
	struct sim s = c->sim;

	*t = (struct tally){ 0 };
	*wrong = 0;
	for (int run = 0; run < runs; run++) {
		struct ee_raw raw;
		struct ee_setup setup;
		struct ee_observation o;

		s.err_pct = (sim_uniform() - 0.5) * 2 * spread_pct;
		s.ref_error_pct = 0.025 * sim_gauss();
		raw = sim_run(&s);
		setup = sim_setup(&s);
		setup.cap_s = s.seconds;
		setup.n_lines = 1;
		setup.lines[0] = (struct ee_line){ "reference.certificate", 0.025, 1, INFINITY };
		setup.edge_sigma_s *= c->declared;
		setup.ref_sigma_s *= isnan(c->declared) ? 1 : c->declared;
		if (isnan(c->declared))
			setup.grid_s = NAN;
		o = until_stop(&setup, &raw, s.seconds);
		assert_int_equal(o.cause, EE_CAUSE_NONE);
		assert_int_not_equal(o.stop, EE_GO_ON);
		count(t, &o, s.err_pct);
		if (o.stop == EE_STOP_GUARANTEED)
			*wrong += (o.verdict == EE_CONFORMING) != (fabs(s.err_pct) <= 1);
	}
}

static void what_the_stop_rule_certifies(void **state)
{
	static const struct sim high = { .power_w = 12000,
					 .kh_wh = 7.2,
					 .m = 1,
					 .grid_s = 1 / 60.0,
					 .edge_sigma_s = 1e-4,
					 .update_s = 0.5,
					 .update_sigma_s = 1e-3,
					 .window_s = 1e-3,
					 .resolution_wh = 1e-4,
					 .seconds = 120 };
	struct campaign c[] = {
		{ "one cycle", high, 1, .92, 1.6 },
		{ "no grid", high, 1, .92, 1.6 },
		{ "no grid, 5 ms, half declared", high, 0.5, .88, 1.6 },
		{ "no grid, walking 0.1 % at 1 s", high, 1, .86, 1.6 },
		{ "no model", high, NAN, .94, 1.6 },
		{ "Kh 1, one cycle, register 1 s +- 10 ms", high, 1, .92, 1.6 },
		{ "1.2 kW Kh 1, one cycle", high, 1, .92, 1.6 },
	};
	static struct tally t;
	int wrong;

	(void)state;
	c[1].sim.grid_s = 0;
	c[2].sim.grid_s = 0;
	c[2].sim.edge_sigma_s = 5e-3;
	c[3].sim.grid_s = 0;
	c[3].sim.walk_rel = 1e-3;
	c[5].sim.kh_wh = 1;
	c[5].sim.update_s = 1;
	c[5].sim.update_sigma_s = 0.010;
	c[6].sim.power_w = 1200;
	c[6].sim.kh_wh = 1;
	print_message("seed %llu\n", (unsigned long long)sim_seed);
	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		whole_way(&c[i], 300, 0.6, &t, &wrong);
		print_message("%-40s %5.1f %% inside, mean %5.1f s, U %.4f %%, excess %.2f, beat "
			      "%d %%, walk %d %%\n",
			      c[i].name, 100.0 * t.inside / t.n, t.sum_s / t.n, t.sum_U / t.n,
			      excess(&t), 100 * t.beats / t.n, 100 * t.walks / t.n);
		assert_true(t.inside >= c[i].inside_min * t.n);
		assert_true(excess(&t) <= c[i].excess_max);
		assert_int_equal(wrong, 0);
	}
	/* errors around the limit: no guarantee may be false */
	whole_way(&c[1], 500, 1.5, &t, &wrong);
	assert_int_equal(wrong, 0);
	whole_way(&c[0], 500, 1.5, &t, &wrong);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_truth_lies_inside),
		cmocka_unit_test(what_the_stop_rule_certifies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
