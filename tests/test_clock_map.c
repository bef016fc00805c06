/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/clock_map.h"

#include "tests/support/near.h"

#define MS (int64_t)1000000
#define S (int64_t)1000000000

/* The reader is 100 s behind and 50 ppm slow; it answers in the middle of the round trip, + early. */
static struct clock_pair pair_at(int64_t host_ns, int64_t width_ns, int64_t early_ns)
{
	return (struct clock_pair){
		.host_before_ns = host_ns - width_ns / 2,
		.host_after_ns = host_ns + width_ns / 2,
		.reader_ns =
			(int64_t)llrint((double)(host_ns - early_ns - 200 * S) / 1.00005) + 100 * S,
	};
}

static void offset_and_rate(void **state)
{
	struct clock_pair p[31];
	struct clock_map m;

	(void)state;
	for (int i = 0; i < 31; i++)
		p[i] = pair_at(200 * S + i * S, 1 * MS, 0);
	assert_int_equal(clock_map_fit(p, 31, 1e-3, &m), ET_OK);
	assert_near(m.rate, 50e-6, 1e-12);
	assert_near((double)(clock_map_host_ns(&m, p[7].reader_ns) - 207 * S), 0, 2);
	assert_near((double)(clock_map_host_ns(&m, 100 * S - 10 * S) - 190 * S), -500000, 2);
	/* uniform in 1 ms: 0.2887 ms each; S of 31 points a second apart is 2480 */
	assert_near(m.u_offset_s, 0.28868e-3 / sqrt(31), 1e-8);
	assert_near(m.u_rate, 0.28868e-3 / sqrt(2480), 1e-9);
	assert_near(clock_map_u_s(&m, m.reader0_ns), m.u_offset_s, 1e-15);
	assert_near(clock_map_u_s(&m, m.reader0_ns + 100 * S), hypot(m.u_offset_s, 100 * m.u_rate),
		    1e-12);
	assert_near(m.residual_max_s, 0, 1e-9);
}

/* A round trip of 0.4 s whose answer came at its very beginning hardly moves anything. */
static void a_long_round_trip_has_no_say(void **state)
{
	struct clock_pair p[11];
	struct clock_map m;

	(void)state;
	for (int i = 0; i < 11; i++)
		p[i] = pair_at(200 * S + i * S, 1 * MS, 0);
	p[10] = pair_at(210 * S, 400 * MS, 199 * MS);
	assert_int_equal(clock_map_fit(p, 11, 1e-3, &m), ET_OK);
	assert_near(m.rate, 50e-6, 1e-6);
	assert_near((double)(clock_map_host_ns(&m, p[5].reader_ns) - 205 * S), 0, 2000);
	assert_true(m.residual_max_s > 0.198);
}

static void a_step_is_found(void **state)
{
	struct clock_pair p[20];
	struct clock_map m = { .rate = -7 };

	(void)state;
	for (int i = 0; i < 20; i++)
		p[i] = pair_at(200 * S + i * S, 1 * MS, i >= 10 ? 20 * MS : 0);
	assert_int_equal(clock_map_fit(p, 20, 1e-3, &m), ET_ERR_LOST);
	assert_near(m.rate, -7, 0);
	/* the same, small enough for the limit */
	for (int i = 0; i < 20; i++)
		p[i] = pair_at(200 * S + i * S, 1 * MS, i >= 10 ? MS / 5 : 0);
	assert_int_equal(clock_map_fit(p, 20, 1e-3, &m), ET_OK);
}

/* Random asymmetry within the round trips: the stated uncertainty must be the found one. */
static void the_uncertainty_is_honest(void **state)
{
	uint64_t x = 99;
	double sum2_rate = 0, sum2_offset = 0, u_rate = 0, u_offset = 0;

	(void)state;
	print_message("seed %d\n", 99);
	for (int run = 0; run < 2000; run++) {
		struct clock_pair p[21];
		struct clock_map m;
		double at;

		for (int i = 0; i < 21; i++) {
			int64_t width, early;

			x = x * 6364136223846793005u + 1442695040888963407u;
			width = MS / 5 + (int64_t)((x >> 33) % (uint64_t)(2 * MS));
			x = x * 6364136223846793005u + 1442695040888963407u;
			early = (int64_t)((x >> 33) % (uint64_t)width) - width / 2;
			p[i] = pair_at(200 * S + i * S, width, early);
		}
		assert_int_equal(clock_map_fit(p, 21, 1e-3, &m), ET_OK);
		at = (double)(clock_map_host_ns(&m, 110 * S) - (210 * S + 500000));
		sum2_offset += at * at * 1e-18;
		sum2_rate += (m.rate - 50e-6) * (m.rate - 50e-6);
		u_rate = m.u_rate * m.u_rate + u_rate;
		u_offset += clock_map_u_s(&m, 110 * S) * clock_map_u_s(&m, 110 * S);
	}
	assert_near(sqrt(sum2_rate / u_rate), 1, 0.1);
	assert_near(sqrt(sum2_offset / u_offset), 1, 0.1);
}

static void nonsense_is_refused(void **state)
{
	struct clock_pair p[2] = { pair_at(200 * S, MS, 0), pair_at(201 * S, MS, 0) };
	struct clock_map m = { .rate = -7 };

	(void)state;
	assert_int_equal(clock_map_fit(p, 1, 1e-3, &m), ET_ERR_ARG);
	assert_int_equal(clock_map_fit(p, 2, 0, &m), ET_ERR_ARG);
	assert_int_equal(clock_map_fit(p, 2, NAN, &m), ET_ERR_ARG);
	p[1].reader_ns = p[0].reader_ns;
	assert_int_equal(clock_map_fit(p, 2, 1e-3, &m), ET_ERR_ARG);
	p[1].reader_ns = p[0].reader_ns + 1; /* a second of ours in a nanosecond of it */
	assert_int_equal(clock_map_fit(p, 2, 1e-3, &m), ET_ERR_LOST);
	p[1] = pair_at(201 * S, -MS, 0);
	assert_int_equal(clock_map_fit(p, 2, 1e-3, &m), ET_ERR_ARG);
	p[1] = pair_at(201 * S, MS, 0);
	p[0].reader_ns = INT64_MIN;
	assert_int_equal(clock_map_fit(p, 2, 1e-3, &m), ET_ERR_ARG);
	assert_near(m.rate, -7, 0);
	assert_false(clock_map_is_stamp(INT64_MAX));
	assert_true(clock_map_is_stamp(-5));
}

/* A kernel that stamps in our own clock: both ends of the "round trip" are the same. */
static void one_clock_for_both(void **state)
{
	const struct clock_pair p[2] = { { 5 * S, 5 * S, 5 * S }, { 65 * S, 65 * S, 65 * S } };
	struct clock_map m;

	(void)state;
	assert_int_equal(clock_map_fit(p, 2, 1e-3, &m), ET_OK);
	assert_int_equal(clock_map_host_ns(&m, 33 * S + 7), 33 * S + 7);
	assert_true(m.u_rate < 1e-8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offset_and_rate),
		cmocka_unit_test(a_long_round_trip_has_no_say),
		cmocka_unit_test(a_step_is_found),
		cmocka_unit_test(the_uncertainty_is_honest),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(one_clock_for_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
