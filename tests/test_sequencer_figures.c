/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_sequencer_figures.c - a run with the real evaluation: meters of known error on a steady load. */
#define FAKE_BENCH_REAL_EVALUATION
#include "tests/support/fake_bench.h"

#define READER_OFFSET_NS (5 * SEC)

static struct fake_bench b;
static double err_pct[5]; /* of the meter at position n; NAN: its sensor is dead */
static int64_t sent_ns; /* streams are out up to here */
static uint32_t seq_of[5];

static void set_up_steps(void)
{
	for (int k = 0; k < FB_STEPS; k++)
		for (int i = 0; i < ET_POSITIONS_MAX; i++) {
			struct ee_setup *s = &b.steps[k].setup[i];

			*s = (struct ee_setup){
				.kh_wh = 1,
				.m_num = 1,
				.m_den = 1,
				.ref_sigma_s = 1e-4,
				.ref_resolution_wh = 1e-4,
				.edge_sigma_s = 1e-4,
				.stamp_resolution_s = 1e-6,
				.limit_lo_pct = -1,
				.limit_hi_pct = 1,
				.floor_a_pct = 0.05,
				.min_intervals = 4,
				.tolerance_pct = 2,
				.round_digits = 2,
				.n_lines = 1,
			};
			s->lines[0] =
				(struct ee_line){ "reference.certificate", 0.02, 1, INFINITY };
		}
}

static void send_edge(int position, int64_t t_ns)
{
	struct event ev = { .kind = EV_EDGES, .from = TO_READER, .t_ns = t_ns };

	ev.edges.n = 1;
	ev.edges.e[0] =
		(struct edge){ t_ns + READER_OFFSET_NS, seq_of[position]++, (uint16_t)position, 0 };
	fb_feed(&b, &ev);
}

/* Edges of one second: the meter's pulses come each 3600 Wh s / (P (1 + e)). */
static void send_second(int64_t from_ns, int64_t to_ns)
{
	struct event pair = { .kind = EV_CLOCK_PAIR, .from = TO_READER, .t_ns = to_ns };
	struct event sample = { .kind = EV_REF_SAMPLES, .from = TO_REFERENCE, .t_ns = to_ns };
	const double power_w = b.sp.ph[0].volt_v * b.sp.ph[0].curr_a;

	for (int n = 1; n <= 4; n++) {
		const double period_ns = 3600e9 / (power_w * (1 + err_pct[n] / 100));

		if (!(b.armed >> (n - 1) & 1) || isnan(err_pct[n]))
			continue;
		for (double k = ceil((double)from_ns / period_ns); (int64_t)(k * period_ns) < to_ns;
		     k++)
			send_edge(n, (int64_t)(k * period_ns));
	}
	pair.pair = (struct clock_pair){ to_ns - 1000, to_ns, to_ns - 500 + READER_OFFSET_NS };
	sample.samples.n = 1;
	sample.samples.s[0] = (struct ref_sample){
		.t_lo_ns = to_ns - 1000,
		.t_hi_ns = to_ns,
		.energy_wh = power_w * (double)(to_ns - 500) / 3600e9,
		.seq = (uint32_t)(to_ns / (SEC / 2)),
	};
	fb_feed(&b, &pair);
	fb_feed(&b, &sample);
}

/* As fb_go_on(), with streams that know the time. */
static void go_on(void)
{
	const int timer = fb_first_timer(&b);

	if (seq_state(b.seq) != SEQ_MEASURING) {
		fb_go_on(&b);
		sent_ns = b.now_ns;
		return;
	}
	for (; sent_ns + SEC / 2 <= b.open[timer].t_ns; sent_ns += SEC / 2)
		send_second(sent_ns, sent_ns + SEC / 2);
	fb_answer_at(&b, timer);
}

static void run_to(enum seq_state state)
{
	for (int i = 0; i < 5000 && seq_state(b.seq) != state; i++)
		go_on();
	assert_int_equal(seq_state(b.seq), state);
}

static void begin(void)
{
	fb_init(&b);
	b.now_ns = sent_ns = 1000 * SEC;
	set_up_steps();
	b.cfg.n_steps = 1;
	b.cfg.retries = 0;
	b.cfg.positions = 15;
	fb_start(&b);
}

static void known_errors_come_out(void **state)
{
	const struct seq_attempt *a;

	(void)state;
	err_pct[1] = 0.3;
	err_pct[2] = -0.7;
	err_pct[3] = -25;
	err_pct[4] = NAN;
	begin();
	run_to(SEQ_STORING);
	a = seq_attempt(b.seq);
	assert_int_equal(a->result, SEQ_RESULT_DONE);
	for (int n = 1; n <= 3; n++) {
		assert_near(a->pos[n - 1].obs.err_pct, err_pct[n], 0.02);
		assert_true(a->pos[n - 1].obs.U_pct < 0.2);
	}
	assert_int_equal(a->pos[0].verdict, EE_CONFORMING);
	assert_int_equal(a->pos[1].verdict, EE_CONFORMING);
	assert_int_equal(a->pos[2].verdict, EE_NONCONFORMING);
	assert_int_equal(a->pos[3].verdict, EE_VOID);
	assert_int_equal(a->pos[3].cause, EE_NO_PULSES);
	/* the dead sensor held the bench until it was known to be dead, not to the cap of 60 s */
	assert_true(a->t_ended_ns - a->t_armed_ns < 20 * SEC);
	run_to(SEQ_FINISHED);
	assert_int_equal(b.code, SEQ_EXIT_FINDINGS);
}

/* A coarse reader makes every figure less certain, and the record says by what. */
static void what_the_reader_declares_counts(void **state)
{
	double fine_U_pct;

	(void)state;
	err_pct[1] = err_pct[2] = err_pct[3] = err_pct[4] = 0.3;
	begin();
	run_to(SEQ_STORING);
	fine_U_pct = seq_attempt(b.seq)->pos[0].obs.U_pct;
	assert_near(seq_attempt(b.seq)->pos[0].setup.stamp_resolution_s, 1e-6, 0);
	seq_free(b.seq);
	fb_init(&b);
	b.reader_resolution_s = 5e-3;
	b.reader_u_s = 4e-3;
	b.now_ns = sent_ns = 1000 * SEC;
	set_up_steps();
	b.cfg.n_steps = 1;
	b.cfg.positions = 15;
	fb_start(&b);
	run_to(SEQ_STORING);
	assert_near(seq_attempt(b.seq)->pos[0].setup.stamp_resolution_s, 5e-3, 0);
	assert_near(seq_attempt(b.seq)->pos[0].setup.edge_sigma_s, hypot(1e-4, 4e-3), 1e-12);
	assert_true(seq_attempt(b.seq)->pos[0].obs.U_pct > 1.2 * fine_U_pct);
}

/* So does a coarse register of the reference. */
static void what_the_register_steps_by_counts(void **state)
{
	double fine_U_pct;

	(void)state;
	err_pct[1] = err_pct[2] = err_pct[3] = err_pct[4] = 0.3;
	begin();
	run_to(SEQ_STORING);
	fine_U_pct = seq_attempt(b.seq)->pos[0].obs.U_pct;
	assert_near(seq_attempt(b.seq)->pos[0].setup.ref_resolution_wh, 1e-4, 0);
	seq_free(b.seq);
	fb_init(&b);
	b.ref_resolution_wh = 1;
	b.now_ns = sent_ns = 1000 * SEC;
	set_up_steps();
	b.cfg.n_steps = 1;
	b.cfg.positions = 15;
	fb_start(&b);
	run_to(SEQ_STORING);
	assert_near(seq_attempt(b.seq)->pos[0].setup.ref_resolution_wh, 1, 0);
	assert_true(seq_attempt(b.seq)->pos[0].obs.U_pct > 1.2 * fine_U_pct);
}

static void recomputation_gives_the_same_figures(void **state)
{
	static struct edge edges[EE_EDGES_MAX];
	const struct seq_attempt *a;

	(void)state;
	err_pct[1] = err_pct[2] = err_pct[3] = 0.123;
	err_pct[4] = NAN;
	begin();
	run_to(SEQ_STORING);
	a = seq_attempt(b.seq);
	assert_int_equal(a->result, SEQ_RESULT_DONE);
	assert_near(a->pos[0].obs.err_pct, 0.123, 0.02);
	for (int n = 1; n <= 4; n++) {
		struct ee_raw raw = { .edges = edges,
				      .pairs = a->raw.pairs[0].p,
				      .n_pairs = a->raw.pairs[0].n,
				      .samples = a->raw.samples,
				      .n_samples = a->raw.n_samples,
				      .t_armed_ns = a->t_armed_ns,
				      .t_now_ns = a->t_ended_ns };
		struct ee_observation again;

		for (size_t i = 0; i < a->raw.n_edges; i++)
			if (a->raw.edges[i].position == n)
				edges[raw.n_edges++] = a->raw.edges[i];
		assert_int_equal(ee_evaluate(&a->pos[n - 1].setup, &raw, &again), ET_OK);
		assert_memory_equal(&again.err_pct, &a->pos[n - 1].obs.err_pct, sizeof(double));
		assert_memory_equal(&again.U_pct, &a->pos[n - 1].obs.U_pct, sizeof(double));
		assert_int_equal(again.n_edges, a->pos[n - 1].obs.n_edges);
		assert_int_equal(again.verdict, a->pos[n - 1].obs.verdict);
		assert_int_equal(again.cause, a->pos[n - 1].obs.cause);
		assert_int_equal(again.stop, a->pos[n - 1].obs.stop);
	}
}

static int tear_down(void **state)
{
	(void)state;
	seq_free(b.seq);
	b.seq = NULL;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(known_errors_come_out, tear_down),
		cmocka_unit_test_teardown(what_the_reader_declares_counts, tear_down),
		cmocka_unit_test_teardown(what_the_register_steps_by_counts, tear_down),
		cmocka_unit_test_teardown(recomputation_gives_the_same_figures, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
