/* SPDX-License-Identifier: Apache-2.0 */
/* The three batches of the demonstration with seeds 2 to 11: figures against the truth, faults by their names. */
#include "tests/support/sim_bench.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/near.h"

static const struct expected {
	const char *example;
	int position;
	const char *step; /* NULL: every step */
	enum ee_verdict verdict;
	enum ee_cause cause;
} expected[] = {
	{ "1-element", 1, NULL, EE_CONFORMING, EE_CAUSE_NONE },
	{ "1-element", 2, NULL, EE_NONCONFORMING, EE_CAUSE_NONE }, /* too fast */
	{ "1-element", 3, NULL, EE_NONCONFORMING, EE_WRONG_KH }, /* 7.2 on its card */
	{ "1h-element", 1, NULL, EE_CONFORMING, EE_CAUSE_NONE },
	{ "1h-element", 2, "HL", EE_CONFORMING, EE_CAUSE_NONE },
	{ "1h-element", 2, "LL", EE_NONCONFORMING, EE_CAUSE_NONE }, /* slow at low load */
	{ "1h-element", 2, "PF", EE_CONFORMING, EE_CAUSE_NONE },
	{ "1h-element", 3, "HL", EE_CONFORMING, EE_CAUSE_NONE },
	{ "1h-element", 3, "LL", EE_CONFORMING, EE_CAUSE_NONE },
	{ "1h-element", 3, "PF", EE_NONCONFORMING, EE_CAUSE_NONE }, /* phase error */
	{ "1h-element", 4, NULL, EE_NOT_RUN, EE_CAUSE_NONE }, /* rating not in the notice */
	{ "2-element-network", 1, NULL, EE_CONFORMING, EE_CAUSE_NONE },
	{ "2-element-network", 2, NULL, EE_VOID,
	  EE_MISSED_OR_SPURIOUS }, /* drops one pulse in eight */
	{ "2-element-network", 3, NULL, EE_CONFORMING, EE_CAUSE_NONE },
};

static int points, inside, beyond_twice;

static void check_point(const struct sim_bench *b, const struct run_result *r,
			const struct expected *e, int step)
{
	const struct plan_step *st = b->plan.steps.items;
	const struct run_step_result *res = &r->step[step][e->position - 1];

	if (e->step && strcmp(e->step, st[step].id) != 0)
		return;
	if (res->verdict != e->verdict || res->cause != e->cause)
		print_error("%s position %d %s: %s %s, error %.4f U %.4f, ratio %.4f, %d edges, %d "
			    "accepted\n",
			    e->example, e->position, st[step].id, ee_verdict_word(res->verdict),
			    ee_cause_word(res->cause), res->obs.err_pct, res->obs.U_pct,
			    res->obs.period_ratio, (int)res->obs.n_edges, (int)res->obs.n_accepted);
	assert_int_equal(res->verdict, e->verdict);
	assert_int_equal(res->cause, e->cause);
	points++;
	if (e->verdict == EE_NOT_RUN || e->verdict == EE_VOID) {
		inside++; /* counts by its reason */
		return;
	}
	inside += fabs(res->obs.err_pct - res->truth_pct) <= res->obs.U_pct;
	if (!(fabs(res->obs.err_pct - res->truth_pct) <= 2 * res->obs.U_pct))
		beyond_twice++;
}

/* A void attempt says why in the log of the test. */
static void tell_void(void *arg, const struct station_notice *n)
{
	const struct seq_attempt *at = seq_attempt(n->seq);

	if (n->kind == NOTICE_COMMITTED && n->commit == COMMIT_ATTEMPT &&
	    at->result != SEQ_RESULT_DONE)
		print_message("%s: step %d attempt %d: %s\n", (const char *)arg, at->step,
			      at->number, at->fault.text);
}

static void run_example(const char *name, uint64_t seed, struct run_result *r)
{
	const struct sim_bench_run how = { .seed = seed,
					   .notice = tell_void,
					   .arg = (void *)(uintptr_t)name };
	struct fault f = { 0 };
	struct sim_bench b;

	assert_int_equal(sim_bench_load(&b, name), 0);
	if (sim_bench_run(&b, &how, r, &f) != ET_OK)
		fail_msg("%s seed %d: %s", name, (int)seed, f.text);
	if (r->exit_code != 1)
		fail_msg("%s seed %d: exit code %d: %s", name, (int)seed, r->exit_code,
			 r->fault.text);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		for (int s = 0; s < r->n_steps && strcmp(expected[i].example, name) == 0; s++)
			check_point(&b, r, &expected[i], s);
	sim_bench_free(&b);
}

static void run_seeds(uint64_t from, uint64_t to)
{
	struct run_result *r = malloc(sizeof(*r));

	assert_non_null(r);
	points = inside = beyond_twice = 0;
	for (uint64_t seed = from; seed <= to; seed++) {
		run_example("1-element", seed, r);
		run_example("1h-element", seed, r);
		run_example("2-element-network", seed, r);
	}
	free(r);
	print_message("%d of %d inside U, %d beyond 2 U\n", inside, points, beyond_twice);
	assert_int_equal(beyond_twice, 0);
}

static void the_demonstration_holds(void **state)
{
	(void)state;
	run_seeds(1, 1);
	assert_int_equal(points, 30);
	assert_true(inside >= 26);
}

static void figures_hold_and_faults_are_named(void **state)
{
	(void)state;
	run_seeds(2, 11);
	assert_int_equal(points, 300);
	assert_true(inside >= 279); /* 93 % */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_demonstration_holds),
		cmocka_unit_test(figures_hold_and_faults_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
