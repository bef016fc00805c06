/* SPDX-License-Identifier: Apache-2.0 */
/* Loss loops: whatever happens to one message of an instrument, the run ends, off, and nothing wrong stands. This is
 * a part of the matrix; campaign_loss.c goes through all of it. */
#include "tests/support/loss.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/near.h"

enum { PAIRS = 100 };

static struct sim_bench bench;
static struct run_result *result;
static struct loss_report clean;

static int set_up(void **state)
{
	(void)state;
	result = malloc(sizeof(*result));
	return result && loss_load(&bench, true) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	sim_bench_free(&bench);
	free(result);
	return 0;
}

/* LOSS_PART=10 in the environment: only every tenth run, where a run takes long (valgrind). */
static long part(void)
{
	const char *given = getenv("LOSS_PART");
	const long n = given ? strtol(given, NULL, 10) : 1;

	return n > 1 ? n : 1;
}

static void run(const struct loss_case *c, struct loss_report *r)
{
	loss_run(&bench, c, result, r);
}

static const struct loss_case nothing = { .seed = LOSS_SEED, .most_u = 1 };

static void one(struct loss_tally *t, struct scenario_fault a, const struct scenario_fault *b)
{
	struct loss_case c = { .seed = LOSS_SEED, .most_u = 1, .n = b ? 2 : 1, .fault = { a } };
	struct loss_report r;

	if (t->asked++ % part() != 0)
		return;
	if (b)
		c.fault[1] = *b;
	run(&c, &r);
	loss_count(t, &c, &r);
}

static void done(const struct loss_tally *t, const char *title)
{
	loss_print(t, title);
	assert_int_equal(t->outcome[LOSS_WRONG], 0);
	assert_true(t->runs > 0);
}

static void undisturbed(void **state)
{
	(void)state;
	run(&nothing, &clean);
	if (clean.outcome != LOSS_RECOVERED)
		fail_msg("%s", clean.why);
	assert_int_equal(clean.exit_code, 1);
	assert_int_equal(clean.figures, LOSS_METERS * LOSS_STEPS);
	assert_int_equal(clean.beyond_u, 0);
	for (int i = 0; i < SIM_INSTRUMENTS; i++)
		assert_true(clean.messages[i] >= 20);
}

/* The referee has eyes: a bench that corrects by a wrong ratio gives figures beyond U. */
static void wrong_figure_is_seen(void **state)
{
	struct bench_position *p = bench.bench.positions.items;
	struct loss_report r;

	(void)state;
	p[0].ratio_pct += 0.2;
	run(&nothing, &r);
	p[0].ratio_pct -= 0.2;
	assert_int_equal(r.outcome, LOSS_WRONG);
	assert_non_null(strstr(r.why, "position 1: conforming"));
}

static void each_message_of_the_source(void **state)
{
	struct loss_tally t = { 0 };

	(void)state;
	for (uint64_t m = 0; m < clean.messages[SIM_SOURCE]; m++)
		for (int k = (int)(m % 3); k < LOSS_VARIANTS; k += 3)
			one(&t, loss_variant(SIM_SOURCE, m, k), NULL);
	done(&t, "source, a third of the faults");
	assert_true(t.outcome[LOSS_RECOVERED] > 0 && t.outcome[LOSS_VOID] > 0);
}

static void each_message_of_the_others(void **state)
{
	struct loss_tally t = { 0 };

	(void)state;
	for (int i = SIM_REFERENCE; i < SIM_INSTRUMENTS; i++)
		for (uint64_t m = 0; m < clean.messages[i]; m++)
			one(&t, loss_variant(i, m, (int)(m * 17 % (LOSS_VARIANTS - 1))), NULL);
	done(&t, "reference and reader, one fault each");
	assert_true(t.outcome[LOSS_RECOVERED] > 0 && t.outcome[LOSS_REPEATED] > 0);
}

/* So many answers in a row that even the stopping of its register fails: it is asked anew, and the attempt repeated. */
static void a_burst_at_the_reference(void **state)
{
	struct loss_case c = { .seed = LOSS_SEED, .most_u = 1, .n = LOSS_FAULTS_MAX };
	struct loss_tally t = { 0 };
	struct loss_report r;

	(void)state;
	for (uint64_t k = 1; k < 8; k++) { /* before the last readings, which prove off */
		const uint64_t m = k * clean.messages[SIM_REFERENCE] / 8;

		if (t.asked++ % part() != 0)
			continue;
		for (size_t i = 0; i < c.n; i++)
			c.fault[i] = loss_variant(SIM_REFERENCE, m + i, 0);
		run(&c, &r);
		loss_count(&t, &c, &r);
	}
	done(&t, "eight answers of the reference lost");
	assert_int_equal(t.outcome[LOSS_REPEATED], t.runs);
}

/* Silent for ever: the bench is safe, or says that it does not know. */
static void silence(void **state)
{
	struct loss_tally t = { 0 };

	(void)state;
	for (int i = 0; i < SIM_INSTRUMENTS; i++)
		for (uint64_t m = 0; m < clean.messages[i]; m += 1 + clean.messages[i] / 20) {
			const struct scenario_fault f = loss_variant(i, m, LOSS_VARIANTS - 1);

			assert_int_equal(f.kind, LINK_SILENT_FROM - 1);
			one(&t, f, NULL);
		}
	done(&t, "silent for ever");
	assert_int_equal(t.exit_code[3], t.runs);
}

/* Neither says that it is off, and nobody else can see it: the run must not claim it. */
static void source_and_reference_silent(void **state)
{
	struct loss_tally t = { 0 };

	(void)state;
	for (uint64_t there = 60; there < 260; there += 25) {
		/* the source from the end of the first step on */
		const struct scenario_fault reference =
			loss_variant(SIM_REFERENCE, there, LOSS_VARIANTS - 1);

		one(&t, loss_variant(SIM_SOURCE, 24, LOSS_VARIANTS - 1), &reference);
	}
	done(&t, "source and reference silent");
	assert_int_equal(t.exit_code[6], t.runs);
}

static void two_faults(void **state)
{
	struct loss_tally t = { 0 };
	struct rng dice;

	(void)state;
	rng_init(&dice, 7, RNG_LINK, 0);
	for (int k = 0; k < PAIRS; k++) {
		const struct scenario_fault a = loss_drawn(&dice, clean.messages),
					    b = loss_drawn(&dice, clean.messages);

		one(&t, a, &b);
	}
	done(&t, "two faults");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(undisturbed),
		cmocka_unit_test(wrong_figure_is_seen),
		cmocka_unit_test(each_message_of_the_source),
		cmocka_unit_test(each_message_of_the_others),
		cmocka_unit_test(a_burst_at_the_reference),
		cmocka_unit_test(silence),
		cmocka_unit_test(source_and_reference_silent),
		cmocka_unit_test(two_faults),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
