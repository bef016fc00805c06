/* SPDX-License-Identifier: Apache-2.0 */
/* The electrical world and its meters, seen from inside, against phasors and sums written here. */
#include <complex.h>
#include <stdlib.h>
#include <string.h>

#include "simulator/world_wiring.h"
#include "tests/support/near.h"

#define T0 INT64_C(1000000000)
#define S INT64_C(1000000000)

static const struct world_source quiet = { .drift_tau_s = 60, .segment_s = 0.5 };

static void world_of(struct world *w, const struct world_source *src, enum connection conn,
		     const struct scenario_meter *card)
{
	world_init(w, src, conn, 7, T0);
	w->position[0].meter = malloc(sizeof(struct meter));
	meter_init(w->position[0].meter, card, 7, T0);
	world_start(w);
}

static struct scenario_meter card_of(int64_t configuration)
{
	struct scenario_meter m;

	scenario_meter_init(&m);
	m.position = 1;
	m.configuration = configuration;
	return m;
}

static struct setpoint one_phase(double volt_v, double curr_a, double curr_deg)
{
	struct setpoint sp = { .freq_hz = 60 };

	sp.ph[0] = (struct phase_setpoint){ volt_v, 0, curr_a, curr_deg };
	return sp;
}

/* Accumulated by the meter and at its terminals in one hour. */
static void hour(struct world *w, double *meter_wh, double *true_wh, double *ref_wh)
{
	const struct meter *m = w->position[0].meter;
	const double m0 = m->meter_wh, t0 = m->true_wh;
	struct world_sums a, b;

	world_sums(w, &a);
	world_advance(w, w->t_ns + 3600 * S);
	world_sums(w, &b);
	world_set_temperature(w, w->temperature_c); /* closes the segment */
	*meter_wh = m->meter_wh - m0;
	*true_wh = m->true_wh - t0;
	*ref_wh = b.power_wh[0] + b.power_wh[1] + b.power_wh[2] - a.power_wh[0] - a.power_wh[1] -
		  a.power_wh[2];
}

static double hour_error_pct(const struct scenario_meter *card, const struct setpoint *sp,
			     double celsius)
{
	double m, t, ref;
	struct world w;

	world_of(&w, &quiet, CONNECTION_SERIES, card);
	world_set_temperature(&w, celsius);
	world_set_source(&w, sp);
	hour(&w, &m, &t, &ref);
	world_free(&w);
	return 100 * (m - t) / t;
}

/* Domain vectors: Z = 0.5 + j0.3 ohm, 240 V; ratio %, phase mrad. */
static void test_burden(void **state)
{
	static const struct {
		double p, q, ratio_pct, phase_mrad;
	} v[] = {
		{ 2.2 * 0.3, 2.2 * 0.9539392, -0.00167, 0.0148 },
		{ 4.95 * 0.3, 4.95 * 0.9539392, -0.00375, 0.0333 },
		{ 41.5 * 0.05, -41.5 * 0.9987492, 0.01978, -0.3705 },
		{ 41.5 * 0.05 + 2.2 * 0.3, -41.5 * 0.9987492 + 2.2 * 0.9539392, 0.01811, -0.3558 },
	};

	(void)state;
	for (size_t n = 0; n < sizeof(v) / sizeof(v[0]); n++) {
		const struct phasor x =
			world_drop((struct phasor){ 240, 0 }, (struct phasor){ 0.5, 0.3 },
				   (struct phasor){ v[n].p, v[n].q });

		assert_near(100 * (ph_abs(x) / 240 - 1), v[n].ratio_pct, 1e-5);
		assert_near(1000 * ph_deg(x) * SIM_RAD_PER_DEG, v[n].phase_mrad, 1e-4);
	}
}

/* The capacitive module makes a perfect meter read 0.084 % too much at power factor 0.5 lagging. */
static void test_burden_makes_error_against_the_reference(void **state)
{
	const struct setpoint unity = one_phase(240, 5, 0), lag = one_phase(240, 5, -60);
	struct scenario_meter card = card_of(2);
	double m, t, ref;
	struct world w;

	(void)state;
	world_of(&w, &quiet, CONNECTION_SERIES, &card);
	w.position[0].impedance = (struct phasor){ 0.5, 0.3 };
	w.position[0].burden_va = (struct phasor){ 41.5 * 0.05, -41.5 * 0.9987492 };
	world_set_source(&w, &unity);
	hour(&w, &m, &t, &ref);
	assert_near(100 * (m / ref - 1), 0.01977, 1e-5);
	assert_near(100 * (m / t - 1), 0, 1e-9); /* the meter itself has no error */
	world_set_source(&w, &lag);
	hour(&w, &m, &t, &ref);
	assert_near(100 * (m / ref - 1), 0.08396, 1e-5);
	world_free(&w);
}

/* What the burdens pull down between source and terminals is seen by reference and meter alike. */
static void test_impedance_of_the_source(void **state)
{
	struct world_source weak = quiet;
	const struct setpoint sp = one_phase(240, 5, 0);
	struct scenario_meter card = card_of(2);
	double m, t, ref;
	struct world w;

	(void)state;
	weak.impedance = (struct phasor){ 0.5, 0.3 };
	world_of(&w, &weak, CONNECTION_SERIES, &card);
	w.position[0].burden_va = (struct phasor){ 41.5 * 0.05, -41.5 * 0.9987492 };
	world_set_source(&w, &sp);
	hour(&w, &m, &t, &ref);
	assert_near(100 * (ref / 1200 - 1), 0.01977,
		    1e-5); /* as behind an isolation of the same impedance */
	assert_near(m / ref, 1, 1e-12);
	world_free(&w);
}

/* A perfect meter registers what passes the reference, noise and drift and all. */
static void test_energy_is_conserved(void **state)
{
	struct world_source noisy = quiet;
	const struct setpoint sp = one_phase(240, 50, -60);
	struct scenario_meter card = card_of(2);
	double m, t, ref;
	struct world w;

	(void)state;
	noisy.noise_pct = 0.5;
	noisy.drift_pct = 1;
	noisy.settle_tau_s = 0.4;
	world_of(&w, &noisy, CONNECTION_SERIES, &card);
	world_set_source(&w, &sp);
	hour(&w, &m, &t, &ref);
	assert_near(ref, 6000, 200);
	assert_true(fabs(ref - 6000) > 0.01); /* there was noise */
	assert_near(m / ref - 1, 0, 1e-9);
	assert_near(t / ref - 1, 0, 1e-9);
	/* and Kh 1: as many pulses as whole Wh, give or take the rest */
	assert_near((double)w.position[0].meter->index, ref, 1.01);
	world_free(&w);
}

/* Who looks when must not matter. */
static void test_looking_changes_nothing(void **state)
{
	struct world_source noisy = quiet;
	const struct setpoint sp = one_phase(240, 50, -60);
	struct scenario_meter card = card_of(2);
	struct world_sums x, y;
	struct world a, b;

	(void)state;
	noisy.noise_pct = 0.5;
	noisy.drift_pct = 1;
	noisy.settle_tau_s = 0.4;
	world_of(&a, &noisy, CONNECTION_SERIES, &card);
	world_of(&b, &noisy, CONNECTION_SERIES, &card);
	world_set_source(&a, &sp);
	world_set_source(&b, &sp);
	for (int n = 0; n < 1000; n++)
		world_advance(&b, T0 + n * INT64_C(77777777));
	world_advance(&a, T0 + 100 * S);
	world_advance(&b, T0 + 100 * S);
	world_sums(&a, &x);
	world_sums(&b, &y);
	assert_memory_equal(&x, &y, sizeof(x));
	assert_int_equal(a.position[0].meter->index, b.position[0].meter->index);
	world_free(&a);
	world_free(&b);
}

/* m of each connection, from phasors of the C library: what the form registers against the sum of the phases. */
static void test_connections(void **state)
{
	static const struct {
		int64_t configuration;
		enum connection conn;
		double m;
	} v[] = {
		{ 1, CONNECTION_SERIES, 1 },	   { 2, CONNECTION_SERIES, 1 },
		{ 2, CONNECTION_ELEMENT_A, 0.5 },  { 2, CONNECTION_ELEMENT_B, 0.5 },
		{ 4, CONNECTION_SERIES, 2 },	   { 4, CONNECTION_ELEMENT_A, 1 },
		{ 4, CONNECTION_ELEMENT_B, 1 },	   { 1, CONNECTION_TRUE_SERVICE, 1 },
		{ 2, CONNECTION_TRUE_SERVICE, 1 }, { 4, CONNECTION_TRUE_SERVICE, 1 },
	};

	(void)state;
	for (size_t n = 0; n < sizeof(v) / sizeof(v[0]); n++) {
		struct scenario_meter card = card_of(v[n].configuration);
		struct setpoint sp = one_phase(120, 50, -60);
		double m, t, ref;
		struct world w;

		if (v[n].conn == CONNECTION_TRUE_SERVICE && v[n].configuration == 2)
			sp.ph[1] = (struct phase_setpoint){ 120, 180, 50, 120 };
		if (v[n].conn == CONNECTION_TRUE_SERVICE && v[n].configuration == 4)
			sp.ph[1] = (struct phase_setpoint){ 120, -120, 50, -180 };
		world_of(&w, &quiet, v[n].conn, &card);
		world_set_source(&w, &sp);
		hour(&w, &m, &t, &ref);
		assert_near(m / ref, v[n].m, 1e-12);
		world_free(&w);
	}
}

/* A 1 1/2 element meter on a network: 75 % at any power factor; unequal voltages: the form's own effect. */
static void test_form_effects(void **state)
{
	struct scenario_meter card = card_of(2);
	struct setpoint sp = { .freq_hz = 60 };
	double m, t, ref;
	struct world w;

	(void)state;
	sp.ph[0] = (struct phase_setpoint){ 120, 0, 50, -30 };
	sp.ph[1] = (struct phase_setpoint){ 120, -120, 50, -150 };
	world_of(&w, &quiet, CONNECTION_TRUE_SERVICE, &card);
	world_set_source(&w, &sp);
	hour(&w, &m, &t, &ref);
	assert_near(100 * m / ref, 75, 1e-9);
	sp.ph[0] = (struct phase_setpoint){ 122, 0, 50, 0 };
	sp.ph[1] = (struct phase_setpoint){ 118, 180, 0, 0 };
	world_set_source(&w, &sp);
	hour(&w, &m, &t, &ref);
	assert_near(ref, 6100, 1e-6);
	assert_near(m, 6000, 1e-6); /* -1.6393 % */
	world_free(&w);
}

static void test_meter_errors(void **state)
{
	const struct setpoint unity = one_phase(240, 5, 0), lag = one_phase(240, 5, -60);
	struct scenario_meter card = card_of(2);
	double complex s = 240 * conj(5 * cexp(-I * M_PI / 3));

	(void)state;
	assert_true(cimag(s) > 0); /* lagging */
	card.gain_pct = -0.7;
	assert_near(hour_error_pct(&card, &unity, 23), -0.7, 1e-9);
	card.temp_coeff_pct_per_k = 0.01;
	assert_near(hour_error_pct(&card, &unity, -27), -1.2, 1e-9);
	card = card_of(2);
	card.phase_min = 1; /* 1' costs 0.0504 % at 0.5 lagging: it seems to lag more */
	assert_near(hour_error_pct(&card, &lag, 23), -0.05039, 1e-5);
	assert_near(hour_error_pct(&card, &unity, 23), 0, 1e-5);
	s *= cexp(I * 30 * M_PI / 180 / 60);
	card.phase_min = 30;
	assert_near(hour_error_pct(&card, &lag, 23), 100 * (creal(s) / 600 - 1), 1e-9);
	card = card_of(2);
	card.low_load_pct = 2;
	card.low_load_below_a = 20;
	assert_near(hour_error_pct(&card, &unity, 23), 1.5, 1e-9); /* 5 A is 3/4 of the way down */
	card.low_load_below_a = 5;
	assert_near(hour_error_pct(&card, &unity, 23), 0, 1e-9);
	card = card_of(2);
	card.starting_a = 6;
	assert_near(hour_error_pct(&card, &unity, 23), -100, 1e-9);
	card.creep_w = 12;
	assert_near(hour_error_pct(&card, &unity, 23), -99, 1e-9);
}

static void test_no_load(void **state)
{
	const struct setpoint no_load = one_phase(240, 0, 0), off = one_phase(0, 0, 0);
	struct scenario_meter card = card_of(2);
	double m, t, ref;
	struct world w;

	(void)state;
	card.creep_w = 12;
	world_of(&w, &quiet, CONNECTION_SERIES, &card);
	world_set_source(&w, &no_load);
	hour(&w, &m, &t, &ref);
	assert_near(m, 12, 1e-9);
	assert_near(t, 0, 0);
	world_set_source(&w, &off);
	hour(&w, &m, &t, &ref);
	assert_near(m, 0, 0);
	world_free(&w);
}

static void test_direction(void **state)
{
	const struct setpoint received = one_phase(240, 5, 180);
	struct scenario_meter card = card_of(2);
	double m, t, ref;
	struct world w;

	(void)state;
	world_of(&w, &quiet, CONNECTION_SERIES, &card);
	world_set_source(&w, &received);
	hour(&w, &m, &t, &ref);
	assert_near(ref, -1200, 1e-6);
	assert_near(m, 1200, 1e-6); /* absolute */
	world_free(&w);
	card.counts = COUNTS_DELIVERED;
	world_of(&w, &quiet, CONNECTION_SERIES, &card);
	world_set_source(&w, &received);
	hour(&w, &m, &t, &ref);
	assert_near(m, 0, 0);
	world_free(&w);
}

/* A grid of one 60 Hz cycle: 13.3 pulses a second, and every flash is at a whole cycle plus the phase. */
static void test_grid(void **state)
{
	const struct setpoint sp = one_phase(240, 200, 0);
	struct scenario_meter card = card_of(2);
	struct sim_edge e, before = { 0 };
	struct world w;
	int n = 0;

	(void)state;
	card.grid_cycles = 1;
	card.grid_phase = 0.25;
	world_of(&w, &quiet, CONNECTION_SERIES, &card);
	world_set_source(&w, &sp);
	world_advance(&w, T0 + 10 * S);
	while (meter_take(w.position[0].meter, w.t_ns, &e)) {
		const double cycles = (double)(e.t_led_ns - T0) * 1e-9 * 60;

		assert_near(cycles - 0.25, round(cycles - 0.25), 1e-6);
		assert_in_range(e.t_led_ns - e.t_cross_ns, 0, 16666668);
		if (n++ > 0) {
			assert_int_equal(e.index, before.index + 1);
			assert_near((double)(e.t_cross_ns - before.t_cross_ns), 75e6, 2);
			assert_near(e.true_wh - before.true_wh, 1, 1e-9);
			assert_near(e.meter_wh - before.meter_wh, 1, 1e-9);
		}
		before = e;
	}
	assert_in_range(n, 132, 134);
	world_free(&w);
}

/* Relative sd of the energy of one second. */
static void test_power_noise(void **state)
{
	const struct setpoint sp = one_phase(240, 5, 0);
	struct scenario_meter card = card_of(2);
	double sum = 0, sum2 = 0, last = 0;
	struct world w;
	const int n = 4000;

	(void)state;
	card.noise_1s_pct = 0.2;
	world_of(&w, &quiet, CONNECTION_SERIES, &card);
	world_set_source(&w, &sp);
	for (int k = 0; k < n; k++) {
		double pct;

		world_advance(&w, w.t_ns + S);
		world_set_temperature(&w, 23);
		pct = 100 * ((w.position[0].meter->meter_wh - last) * 3 - 1); /* 1/3 Wh a second */
		last = w.position[0].meter->meter_wh;
		sum += pct;
		sum2 += pct * pct;
	}
	assert_near(sum / n, 0, 4 * 0.2 / sqrt(n));
	assert_near(sqrt(sum2 / n), 0.2, 4 * 0.2 / sqrt(2.0 * n));
	world_free(&w);
}

static void test_streams_of_chance(void **state)
{
	struct rng a, b, c;
	double sum = 0, sum2 = 0;
	const int n = 100000;

	(void)state;
	rng_init(&a, 1, RNG_SOURCE, 0);
	rng_init(&b, 1, RNG_SOURCE, 0);
	rng_init(&c, 1, RNG_SOURCE, 1);
	for (int k = 0; k < 100; k++) {
		const uint64_t x = rng_u64(&a);

		assert_true(x == rng_u64(&b));
		assert_true(x != rng_u64(&c));
	}
	for (int k = 0; k < n; k++) {
		const double x = rng_normal(&a);

		sum += x;
		sum2 += x * x;
	}
	assert_near(sum / n, 0, 4 / sqrt(n));
	assert_near(sum2 / n, 1, 4 * sqrt(2.0 / n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_burden),
		cmocka_unit_test(test_burden_makes_error_against_the_reference),
		cmocka_unit_test(test_impedance_of_the_source),
		cmocka_unit_test(test_energy_is_conserved),
		cmocka_unit_test(test_looking_changes_nothing),
		cmocka_unit_test(test_connections),
		cmocka_unit_test(test_form_effects),
		cmocka_unit_test(test_meter_errors),
		cmocka_unit_test(test_no_load),
		cmocka_unit_test(test_direction),
		cmocka_unit_test(test_grid),
		cmocka_unit_test(test_power_noise),
		cmocka_unit_test(test_streams_of_chance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
