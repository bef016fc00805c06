/* SPDX-License-Identifier: Apache-2.0 */
/* A short piece of the campaigns: few runs, the same cells and the same judgement (docs/campaign-howto.md). */
#include <stdlib.h>

#include "tests/support/campaign_coverage.h"
#include "tests/support/campaign_disturbed.h"
#include "tests/support/near.h"

enum { RUNS = 60, DISTURBED_RUNS = 20, SEED = 77000 };

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(truth_is_inside),
		cmocka_unit_test(white_residuals_fail),
		cmocka_unit_test(what_is_wrong_is_told),
		cmocka_unit_test(wrong_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
