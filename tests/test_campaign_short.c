/* SPDX-License-Identifier: Apache-2.0 */
/* A short piece of the campaigns: few runs, the same cells and the same judgement (docs/campaign-howto.md). */
#include <stdlib.h>

#include "tests/support/campaign_coverage.h"
#include "tests/support/campaign_decisions.h"
#include "tests/support/campaign_disturbed.h"
#include "tests/support/campaign_section.h"
#include "tests/support/campaign_stops.h"
#include "tests/support/near.h"
#include "tests/support/two_sample.h"

enum { RUNS = 60, DISTURBED_RUNS = 20, SEED = 77000, AGREE_RUNS = 200, DECISIONS = 1000 };

static struct campaign_run runs[RUNS];

static const struct campaign_cell *coverage_cell(int number)
{
	return &coverage_cells[number - 1];
}

static void truth_is_inside(void **state)
{
	static const int cells[] = { 1, 2, 5, 8 };
	struct coverage c;

	(void)state;
	print_message("seeds from %d\n", SEED);
	coverage_print_head();
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		assert_int_equal(campaign_cell_run(coverage_cell(cells[i]), SEED, RUNS, runs), 0);
		coverage_summarise(runs, RUNS, false, &c);
		coverage_print(coverage_cell(cells[i])->name, &c);
		assert_int_equal(c.n_figures, RUNS);
		assert_int_equal(c.n_contrary, 0);
		assert_true(coverage_passes(coverage_cell(cells[i]), &c));
	}
}

/* Whoever takes the residuals of interpolated energies as independent must be found out. */
static void white_residuals_fail(void **state)
{
	struct coverage right, white;

	(void)state;
	assert_int_equal(campaign_cell_run(coverage_cell(2), SEED, RUNS, runs), 0);
	coverage_summarise(runs, RUNS, false, &right);
	coverage_summarise(runs, RUNS, true, &white);
	coverage_print("white", &white);
	assert_int_equal(white.n_figures, RUNS);
	assert_true(coverage_passes(coverage_cell(2), &right));
	assert_false(coverage_passes(coverage_cell(2), &white));
}

static void what_is_wrong_is_told(void **state)
{
	static const int cells[] = { 8, 10, 18, 21 };
	struct disturbed d;
	char text[1024];

	(void)state;
	disturbed_print_head();
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		const struct campaign_cell *cell = &disturbed_cells[cells[i] - 1];

		assert_int_equal(campaign_cell_run(cell, SEED, DISTURBED_RUNS, runs), 0);
		disturbed_summarise(cell, runs, DISTURBED_RUNS, &d);
		disturbed_print(cell->name, &d);
		if (disturbed_tell(cell, runs, DISTURBED_RUNS, text, sizeof(text)))
			print_message("%s", text);
		assert_true(disturbed_passes(&d));
	}
}

/* The judgement itself: an uncounted interval and a far error are wrong. */
static void wrong_is_seen(void **state)
{
	const struct campaign_cell *cell = &disturbed_cells[4]; /* grid of one cycle */
	struct campaign_run r = {
		.done = true, .verdict = EE_CONFORMING, .truth_pct = 0.50, .true_intervals = 100
	};
	struct disturbed d;

	(void)state;
	r.obs.err_pct = 0.52;
	r.obs.U_pct = 0.05;
	r.obs.n_intervals = 100;
	r.obs.span_s = 216; /* 160 * 21.667 ms / 216 s = 0.01605 % */
	assert_false(disturbed_is_wrong(cell, &r));
	r.obs.err_pct = 0.50 + 0.0660;
	assert_false(disturbed_is_wrong(cell, &r));
	r.obs.err_pct = 0.50 + 0.0662;
	assert_true(disturbed_is_wrong(cell, &r));
	r.obs.err_pct = 0.52;
	r.obs.n_intervals = 101;
	assert_true(disturbed_is_wrong(cell, &r));
	disturbed_summarise(cell, &r, 1, &d);
	assert_int_equal(d.n_wrong, 1);
	assert_false(disturbed_passes(&d));
	r.cause = EE_WRONG_KH;
	disturbed_summarise(cell, &r, 1, &d);
	assert_int_equal(d.n_wrong, 0);
	assert_int_equal(d.n_wrong_flagged, 1);
	r.truth_pct = NAN;
	assert_true(disturbed_is_wrong(cell, &r));
}

static void nothing_guaranteed_is_wrong(void **state)
{
	const struct campaign_cell *cell = &decision_cells[1];
	struct agreement a;
	struct decision_tally t;

	(void)state;
	assert_int_equal(decision_agree(cell, SEED, AGREE_RUNS, AGREE_RUNS, &a), 0);
	agreement_print_head();
	agreement_print(cell->name, &a);
	assert_true(agreement_holds(&a));
	assert_int_equal(decision_tally_run(cell, &a.setup, SEED, DECISIONS, NAN, &t), 0);
	decision_tally_print_head();
	decision_tally_print(cell->name, &t);
	assert_int_equal(t.n, DECISIONS);
	assert_int_equal(t.n_void, 0);
	assert_true(t.n_guaranteed > DECISIONS * 0.8);
	assert_int_equal(t.n_accepted_wrong + t.n_rejected_wrong, 0);
}

/* A certificate that understates must be found out. */
static void wrong_guarantees_are_seen(void **state)
{
	const struct campaign_cell *cell = &decision_cells[1];
	struct campaign_cell worse = *cell;
	struct agreement a;
	struct decision_tally t;

	(void)state;
	worse.u_certificate_pct = 0.15; /* declared: 0.010 */
	assert_int_equal(decision_agree(cell, SEED, 20, 20, &a), 0);
	assert_int_equal(decision_tally_run(&worse, &a.setup, SEED, DECISIONS, NAN, &t), 0);
	decision_tally_print("certificate that understates", &t);
	assert_true(t.n_accepted_wrong + t.n_rejected_wrong > 0);
}

static void a_full_bench_ends_with_its_slowest(void **state)
{
	static struct stops_run run[1];
	struct stops s;

	(void)state;
	assert_int_equal(stops_run_all(&stop_cells[1], &stop_populations[0], SEED, 1, run), 0);
	stops_summarise(&stop_cells[1], run, 1, &s);
	stops_print_time_head();
	stops_print_time(stop_cells[1].name, stop_populations[0].name, &s);
	stops_print_quality_head();
	stops_print_quality(stop_cells[1].name, stop_populations[0].name, &s);
	assert_true(stops_pass(&s));
	assert_int_equal(s.meters, 40);
	for (int k = 1; k < STOP_BATCHES; k++)
		assert_true(s.way[WAY_ADAPTIVE + k].mean_s >= s.way[WAY_ADAPTIVE + k - 1].mean_s);
	assert_true(s.way[WAY_ADAPTIVE].mean_s >= s.mean_min_s);
	assert_int_equal(s.way[WAY_FIXED].n_without, 0);
}

/* ---- the tools ---- */
static void two_samples(void **state)
{
	double a[] = { 3, 1, 2, 4 }, b[] = { 2.5, 3.5, 10, 11 }, c[400], d[400], p;

	(void)state;
	/* below 2.5: 2 of 4 against 0; below 4.5: 4 against 2 */
	assert_near(two_sample_distance(a, 4, b, 4, &p), 0.5, 1e-12);
	for (int i = 0; i < 400; i++) {
		c[i] = i;
		d[i] = i + 39;
	}
	/* 39/400; 1.36 is the published 5 % point: 1.36*sqrt(2/400) = 0.0962 */
	assert_near(two_sample_distance(c, 400, d, 400, &p), 0.0975, 1e-12);
	assert_near(p, 0.045, 0.005);
	for (int i = 0; i < 400; i++)
		d[i] = i + 0.5;
	two_sample_distance(c, 400, d, 400, &p);
	assert_true(p > 0.99);
}

static void upper_bounds(void **state)
{
	(void)state;
	assert_near(section_upper_95(0, 100), 1 - pow(0.05, 0.01), 1e-12);
	assert_near(section_upper_95(0, 210000), 3.0 / 210000, 1e-7);
	assert_near(section_upper_95(1, 10), 0.3942, 1e-4); /* tables of Clopper and Pearson */
	assert_near(section_upper_95(10, 10), 1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(truth_is_inside),
		cmocka_unit_test(white_residuals_fail),
		cmocka_unit_test(what_is_wrong_is_told),
		cmocka_unit_test(wrong_is_seen),
		cmocka_unit_test(nothing_guaranteed_is_wrong),
		cmocka_unit_test(wrong_guarantees_are_seen),
		cmocka_unit_test(a_full_bench_ends_with_its_slowest),
		cmocka_unit_test(two_samples),
		cmocka_unit_test(upper_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
