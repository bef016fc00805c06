/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/numbering.h"

#include <string.h>

#include "metrology/consensus.h"
#include "metrology/period_name.h"
#include "tests/support/near.h"

static const double CYCLE_S = 1 / 60.0;

static struct numbering_setup setup_for(double period_s)
{
	return (struct numbering_setup){ period_s, 0.02, CYCLE_S + 5e-3, CYCLE_S };
}

static struct numbering run(const struct numbering_setup *s, const double *t, size_t n,
			    int32_t *number)
{
	struct numbering r;

	assert_int_equal(numbering_run(s, t, n, number, &r), ET_OK);
	return r;
}

/* One missed, one spurious among eight: numbered right, and too much for so few. */
static void one_missed_one_spurious(void **state)
{
	static const double t[] = {
		10.000, 12.160, 14.320, 18.640, 19.900, 20.800, 22.960, 25.120
	};
	static const int32_t want[] = { 0, 1, 2, 4, NUMBERING_DROPPED, 5, 6, 7 };
	const struct numbering_setup s = setup_for(2.16);
	int32_t number[8];
	const struct numbering r = run(&s, t, 8, number);

	(void)state;
	for (int i = 0; i < 8; i++)
		assert_int_equal(number[i], want[i]);
	assert_int_equal(r.status, NUMBERING_MISSED_OR_SPURIOUS);
	assert_int_equal(r.n_missed, 1);
	assert_int_equal(r.n_rejected, 1);
	assert_int_equal(r.n_accepted, 7);
	assert_int_equal(r.n_intervals, 7);
	assert_near(r.period_s, 2.16, 1e-9);
	assert_near(r.start_s, 10, 1e-9);
	assert_false(r.gross);
}

static void bounces_are_dropped_first(void **state)
{
	static const double t[] = { 1, 3.16, 3.17, 5.32, 5.3201, 7.48, 9.64, 9.66 };
	static const int32_t want[] = { 0, 1, NUMBERING_DROPPED, 2, NUMBERING_DROPPED,
					3, 4, NUMBERING_DROPPED };
	const struct numbering_setup s = setup_for(2.16);
	int32_t number[8];
	const struct numbering r = run(&s, t, 8, number);

	(void)state;
	for (int i = 0; i < 8; i++)
		assert_int_equal(number[i], want[i]);
	assert_int_equal(r.status, NUMBERING_OK);
	assert_int_equal(r.n_bounced, 3);
	assert_int_equal(r.n_rejected, 0);
}

/* ---- gross errors, and what only looks like one ---- */
static size_t make_regular(double *t, size_t n, double period_s, size_t leave_out_each)
{
	size_t m = 0;

	for (size_t k = 0; k < n; k++)
		if (!leave_out_each || k % leave_out_each != leave_out_each - 1)
			t[m++] = 3 + ceil((double)k * period_s / CYCLE_S) * CYCLE_S;
	return m;
}

static void gross_errors_are_measured(void **state)
{
	static const double ratios[] = { 1 / 0.75, 1 / 1.4, 0.25, 0.5, 2, 4, 1.0 / 7.2, 1.06 };
	static const double periods[] = { 0.3, 2.16, 21.6 };

	(void)state;
	for (size_t i = 0; i < sizeof(ratios) / sizeof(ratios[0]); i++) {
		for (size_t k = 0; k < 3; k++) {
			const struct numbering_setup s = setup_for(periods[k]);
			const double period = ratios[i] * periods[k];
			double t[200];
			int32_t number[200];
			struct numbering r;

			if (period < 0.07) /* faster than the gate can tell */
				continue;
			print_message("ratio %g of %g s\n", ratios[i], periods[k]);
			r = run(&s, t, make_regular(t, 40, period, 0), number);
			assert_int_equal(r.status, NUMBERING_OK);
			assert_true(r.gross);
			assert_int_equal(r.n_missed, 0);
			assert_int_equal(r.n_accepted, 40);
			assert_int_equal(number[39], 39);
			assert_near(r.period_s / period, 1, 1e-3 + CYCLE_S / (39 * period));
		}
	}
}

static void one_in_eight_left_out_is_missed_pulses(void **state)
{
	const struct numbering_setup s = setup_for(2.16);
	double t[100];
	int32_t number[100];
	const size_t n = make_regular(t, 80, 2.17, 8);
	const struct numbering r = run(&s, t, n, number);

	(void)state;
	assert_int_equal(r.status, NUMBERING_MISSED_OR_SPURIOUS);
	assert_false(r.gross);
	assert_int_equal(r.n_missed, 9); /* the tenth gap is after the last edge */
	assert_int_equal(r.n_accepted, 70);
}

static void five_percent_may_be_lost(void **state)
{
	const struct numbering_setup s = setup_for(2.16);
	double t[100];
	int32_t number[100];
	const size_t n = make_regular(t, 90, 2.16, 25);
	const struct numbering r = run(&s, t, n, number);

	(void)state;
	assert_int_equal(r.status, NUMBERING_OK);
	assert_int_equal(r.n_missed, 3);
	assert_int_equal(number[n - 1], 89);
}

static void too_few_and_unstable(void **state)
{
	static const double few[] = { 1, 3.16, 5.32 };
	static const double wild[] = { 0,    1.1,  2.9,	 3.3,  7.7,  8.4,  11.9, 12.6, 13,
				       17.1, 18.8, 19.5, 24.2, 24.9, 25.5, 29,	 30.1, 33.3 };
	const struct numbering_setup s = setup_for(2.16);
	int32_t number[18];

	(void)state;
	assert_int_equal(run(&s, few, 0, number).status, NUMBERING_TOO_FEW);
	assert_int_equal(run(&s, few, 1, number).status, NUMBERING_TOO_FEW);
	assert_int_equal(run(&s, few, 3, number).status, NUMBERING_TOO_FEW);
	assert_int_equal(number[2], NUMBERING_DROPPED);
	assert_int_equal(run(&s, wild, 18, number).status, NUMBERING_UNSTABLE);
}

/* Every second of a few edges lost by chance is no "wrong Kh". */
static void a_few_edges_do_not_make_half_the_pulses(void **state)
{
	static const double t[] = { 1, 5.32, 9.64, 13.96, 18.28 };
	const struct numbering_setup s = setup_for(2.16);
	int32_t number[5];
	const struct numbering r = run(&s, t, 5, number);

	(void)state;
	assert_int_equal(r.status, NUMBERING_MISSED_OR_SPURIOUS);
	assert_false(r.gross);
}

static void nonsense_is_refused(void **state)
{
	static const double falls[] = { 1, 2, 1.5, 3 }, nan_t[] = { 1, NAN, 3, 4 };
	static const double far[] = { 0, 1, 2, 1e300 };
	struct numbering_setup s = setup_for(1);
	struct numbering r = { .n_accepted = 77 };
	int32_t number[4];

	(void)state;
	assert_int_equal(numbering_run(&s, falls, 4, number, &r), ET_ERR_ARG);
	assert_int_equal(numbering_run(&s, nan_t, 4, number, &r), ET_ERR_ARG);
	assert_int_equal(numbering_run(&s, falls, NUMBERING_EDGES_MAX + 1, number, &r), ET_ERR_ARG);
	s.period_s = NAN;
	assert_int_equal(numbering_run(&s, far, 4, number, &r), ET_ERR_ARG);
	s.period_s = 1;
	s.gate_s = 0;
	assert_int_equal(numbering_run(&s, far, 4, number, &r), ET_ERR_ARG);
	assert_int_equal(r.n_accepted, 77);
	s.gate_s = 0.02; /* and what would take ages is not tried */
	assert_int_equal(run(&s, far, 4, number).status, NUMBERING_TOO_FEW);
}

static void names_for_a_period(void **state)
{
	(void)state;
	assert_int_equal(period_name(1.01, 7.2, 0.02), PERIOD_AS_EXPECTED);
	assert_int_equal(period_name(1 / 0.75, 7.2, 0.02), PERIOD_WRONG_FORM);
	assert_int_equal(period_name(1 / 0.746, 1.8, 0.02), PERIOD_WRONG_FORM);
	assert_int_equal(period_name(2.01, 7.2, 0.02), PERIOD_WRONG_KH);
	assert_int_equal(period_name(0.5, 5.5, 0.02), PERIOD_WRONG_KH);
	assert_int_equal(period_name(1.0 / 7.2, 7.2, 0.02), PERIOD_WRONG_KH);
	assert_int_equal(period_name(1.8, 1.0, 0.02), PERIOD_WRONG_KH);
	assert_int_equal(period_name(4 / 7.2, 7.2, 0.02), PERIOD_WRONG_KH);
	assert_int_equal(period_name(1 / 1.4, 7.2, 0.02), PERIOD_GROSS_ERROR);
	assert_int_equal(period_name(NAN, 7.2, 0.02), PERIOD_GROSS_ERROR);
}

/* ---- simulated disturbances ---- */
static uint64_t seed = 7;

static double uniform(void) /* splitmix64 */
{
	uint64_t z = seed += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return ((double)((z ^ z >> 31) >> 11) + 0.5) / 9007199254740992.0;
}

struct series {
	double t[1024];
	int truth[1024]; /* pulse number; -1: spurious or bounce */
	size_t n;
};

static void put(struct series *s, double t, int truth)
{
	size_t i = s->n++;

	for (; i > 0 && s->t[i - 1] > t; i--) {
		s->t[i] = s->t[i - 1];
		s->truth[i] = s->truth[i - 1];
	}
	s->t[i] = t;
	s->truth[i] = truth;
}

struct cell {
	double period_s;
	int intervals;
	double miss, spurious, bounce;
	bool first; /* a spurious edge before the first pulse, always or in half of the runs */
	double flagged_lo, flagged_hi; /* expected share of flagged runs */
};

static void disturb(struct series *s, const struct cell *c, double period_s, bool first)
{
	const double phase = uniform() * CYCLE_S;
	double start = uniform() * period_s;

	s->n = 0;
	if (first)
		put(s, start - uniform() * period_s, -1);
	for (int k = 0; k <= c->intervals; k++) {
		const double t = ceil((start + k * period_s - phase) / CYCLE_S) * CYCLE_S + phase +
				 60e-6 * (uniform() + uniform() + uniform() - 1.5) * 2;

		if (k < c->intervals && uniform() < c->spurious)
			put(s, t + uniform() * period_s, -1);
		if (uniform() < c->miss)
			continue;
		put(s, t, k);
		if (uniform() < c->bounce)
			put(s, t + 1e-4 + uniform() * 0.0299, -1);
	}
}

/* @return an accepted edge has another number than the truth, relative to the first true one, or is false. */
static bool is_wrong(const struct series *s, const int32_t *number, double period_s, double gate_s)
{
	int offset = 0;
	bool have = false;

	for (size_t i = 0; i < s->n; i++) {
		if (number[i] == NUMBERING_DROPPED || s->truth[i] < 0)
			continue;
		if (have && s->truth[i] - number[i] != offset)
			return true;
		offset = s->truth[i] - number[i];
		have = true;
	}
	for (size_t i = 0; i < s->n; i++) /* a false edge may stand for a true one beside it */
		if (number[i] != NUMBERING_DROPPED && s->truth[i] < 0) {
			bool near = false;

			for (size_t k = 0; k < s->n; k++)
				near |= s->truth[k] == number[i] + offset &&
					fabs(s->t[k] - s->t[i]) <= 2 * gate_s;
			if (!near && gate_s < period_s / 8) {
				/* or for one that is missing, where it would have been */
				double t0 = NAN;

				for (size_t k = 0; k < s->n && isnan(t0); k++)
					if (s->truth[k] >= 0)
						t0 = s->t[k] +
						     (number[i] + offset - s->truth[k]) * period_s;
				if (!(fabs(t0 - s->t[i]) <= 2 * gate_s))
					return true;
			}
		}
	return false;
}

static void never_wrong_without_a_flag(void **state)
{
	static const struct cell cells[] = {
		{ 2.16, 3, 0, 0, 0, true, 0, .05 },
		{ 2.16, 5, 0, 0, 0, true, 0, .02 },
		{ 2.16, 10, .02, .02, 0, true, .12, .24 },
		{ 2.16, 28, .1, .1, .1, true, .93, 1 },
		{ 0.54, 110, .02, .02, 0, true, .22, .42 },
		{ 0.30, 200, .05, .05, .05, true, .9, 1 },
		{ 21.6, 3, 0, 0, 0, true, 0, .05 },
		{ 21.6, 4, 0, 0, 0, true, 0, .01 },
		{ 21.6, 4, .1, .1, .1, true, .2, .45 },
		{ 108, 3, .1, .1, .1, true, .3, .6 },
		{ 0.075, 300, .02, .02, .02, true, .01, .15 },
		{ 0.15, 150, .05, .05, .05, true, .85, 1 },
		{ 0.30, 200, 0, 0, 0, false, 0, 0 },
		{ 2.16, 4, 0, 0, 0, false, 0, 0 },
		{ 0.075, 500, 0, 0, 0, false, 0, 0 },
		{ 108, 5, 0, 0, 0, false, 0, 0 },
	};
	enum { RUNS = 600 };

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		const struct cell *c = &cells[i];
		const struct numbering_setup setup = setup_for(c->period_s);
		int flagged = 0, wrong = 0, wrong_flagged = 0;

		for (int k = 0; k < RUNS; k++) {
			static struct series s;
			static int32_t number[1024];
			const double period = c->period_s / (1 + (uniform() - 0.5) * 0.03);
			struct numbering r;

			disturb(&s, c, period, c->first && (c->miss == 0 || k % 2));
			r = run(&setup, s.t, s.n, number);
			if (r.status != NUMBERING_OK || r.gross) {
				flagged++;
				wrong_flagged += r.n_accepted > 0 &&
						 is_wrong(&s, number, period, setup.gate_s);
			} else if (is_wrong(&s, number, period, setup.gate_s)) {
				wrong++;
			}
		}
		print_message("T_p %6.3f N %3d: wrong %d, wrong but flagged %d, flagged %.1f %%\n",
			      c->period_s, c->intervals, wrong, wrong_flagged,
			      100.0 * flagged / RUNS);
		assert_int_equal(wrong, 0);
		assert_true(flagged >= c->flagged_lo * RUNS && flagged <= c->flagged_hi * RUNS);
	}
}

/* ---- the short way, against the search ---- */

/* Any series and any set-up: also tolerances and gates that no bench would have. */
static struct numbering_setup any_series(struct series *s, bool clean)
{
	const double grid = uniform() < 0.5 ? CYCLE_S : 0;
	const double period = exp(log(0.04) + uniform() * log(500));
	const double wander = uniform() < 0.3 ? 0.01 * uniform() : 0;
	const double often = uniform() < 0.5 ? 0.02 : 0.2;
	const struct numbering_setup setup = {
		.period_s = period * (1 + (uniform() - 0.5) * 0.06),
		.tolerance = uniform() < 0.7 ? 0.02 : 0.01 + 0.38 * uniform(),
		.gate_s = uniform() < 0.7 ? grid + 5e-3 : period * uniform(),
		.grid_s = grid,
	};
	const int n = 1 + (int)(uniform() * 60);

	s->n = 0;
	for (int k = 0; k < n; k++) {
		const double at = period * k + wander * period * n * sin(k * 6.3 / n);
		const double t = grid > 0 ? ceil(at / grid) * grid : at + 1e-3 * uniform();

		if (!clean && uniform() < often)
			put(s, t + (uniform() - 0.5) * period, -1);
		if (clean || uniform() >= often)
			put(s, t, k);
	}
	return setup;
}

/* Where the short way speaks, it says what the search says, to the last bit. */
static void the_short_way_says_what_the_search_says(void **state)
{
	enum { RUNS = 20000 };
	int plain[2] = { 0 }, ambiguous = 0;

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (int run = 0; run < RUNS; run++) {
		static struct series s;
		static double slots[1024], by_search[1024], room[1024];
		const struct numbering_setup setup = any_series(&s, run % 2 == 0);
		const struct consensus_edges e = { s.t, s.n };
		bool is_ambiguous = false, found;

		slots[0] = -77;
		found = consensus_find(&e, &setup, by_search, room, &is_ambiguous);
		ambiguous += found && is_ambiguous;
		if (!consensus_plain(&e, &setup, slots)) {
			assert_near(slots[0], -77, 0);
			continue;
		}
		plain[run % 2]++;
		assert_true(found);
		assert_false(is_ambiguous);
		assert_memory_equal(slots, by_search, s.n * sizeof(slots[0]));
	}
	print_message("plain: %d clean, %d disturbed of %d each; ambiguous %d\n", plain[0],
		      plain[1], RUNS / 2, ambiguous);
	assert_true(plain[0] > RUNS / 2 * 0.3);
	assert_true(plain[1] > 20 && plain[1] < RUNS / 2 * 0.2);
	assert_true(ambiguous > 100);
}

/* What is not plain: a gap, an edge between, another period, and intervals that may be one period or two. */
static void the_short_way_holds_its_tongue(void **state)
{
	static const double gap[] = { 0, 1, 2, 4, 5, 6 }, extra[] = { 0, 1, 1.5, 2, 3, 4 };
	static const double slow[] = { 0, 1.03, 2.06, 3.09, 4.12, 5.15 };
	static const double good[] = { 0, 1, 2, 3, 4, 5 };
	struct numbering_setup s = { 1, 0.02, 0.02, 0 };
	double slots[6];

	(void)state;
	assert_true(consensus_plain(&(struct consensus_edges){ good, 6 }, &s, slots));
	assert_near(slots[5], 5, 0);
	assert_false(consensus_plain(&(struct consensus_edges){ gap, 6 }, &s, slots));
	assert_false(consensus_plain(&(struct consensus_edges){ extra, 6 }, &s, slots));
	assert_false(consensus_plain(&(struct consensus_edges){ slow, 6 }, &s, slots));
	assert_false(consensus_plain(&(struct consensus_edges){ good, 3 }, &s, slots));
	s.gate_s = 0.49; /* 2*0.98 - 2*0.49 = 0.98: an interval of 1 may be two periods */
	assert_false(consensus_plain(&(struct consensus_edges){ good, 6 }, &s, slots));
	s.gate_s = 0.47;
	assert_true(consensus_plain(&(struct consensus_edges){ good, 6 }, &s, slots));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_missed_one_spurious),
		cmocka_unit_test(bounces_are_dropped_first),
		cmocka_unit_test(gross_errors_are_measured),
		cmocka_unit_test(one_in_eight_left_out_is_missed_pulses),
		cmocka_unit_test(five_percent_may_be_lost),
		cmocka_unit_test(too_few_and_unstable),
		cmocka_unit_test(a_few_edges_do_not_make_half_the_pulses),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(names_for_a_period),
		cmocka_unit_test(never_wrong_without_a_flag),
		cmocka_unit_test(the_short_way_says_what_the_search_says),
		cmocka_unit_test(the_short_way_holds_its_tongue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
