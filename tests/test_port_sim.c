/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_port_sim.c - when bytes arrive over a simulated line, and what its faults do to them. */
#include "io/port_sim.h"

#include <stdio.h>
#include <string.h>

#include "base/quantities.h"
#include "tests/support/near.h"

static const struct clk_start start = { .mono_ns = 1000000 };

/* An instrument that writes down what it was given, and may answer at once. */
struct echo {
	struct sim_peer base;
	const char *answer;
	int64_t t_ns[8];
	char got[8][32];
	int n, woken;
	int64_t t_woken_ns, wake_every_ns;
};
static void echo_receive(struct sim_peer *s, int64_t t_ns, const uint8_t *data, size_t len)
{
	struct echo *e = (struct echo *)s;

	assert_in_range(e->n, 0, 7);
	e->t_ns[e->n] = t_ns;
	memcpy(e->got[e->n++], data, len);
	if (e->answer)
		sim_emit(s, t_ns, e->answer, strlen(e->answer));
}
static void echo_wake(struct sim_peer *s, int64_t t_ns)
{
	struct echo *e = (struct echo *)s;

	e->woken++;
	e->t_woken_ns = t_ns;
	if (e->wake_every_ns)
		sim_wake_at(s, t_ns + e->wake_every_ns);
}
static const struct sim_peer_ops echo_ops = { echo_receive, echo_wake };

struct bench {
	struct clk *c;
	struct echo e;
	struct port *p;
};
static void open_bench(struct bench *b, const struct sim_link_timing *timing)
{
	*b = (struct bench){ .c = clk_virtual_new(&start), .e.base.ops = &echo_ops };
	assert_int_equal(port_sim_new(b->c, &b->e.base, "echo", timing, &b->p), ET_OK);
	assert_string_equal(b->p->spec, "sim:echo");
	assert_ptr_equal(b->e.base.link, b->p);
}
static void close_bench(struct bench *b)
{
	port_close(b->p);
	assert_null(b->e.base.link);
	sim_emit(&b->e.base, 0, "nobody listens", 14);
	sim_wake_at(&b->e.base, 0);
	clk_free(b->c);
}

static void assert_reads(struct bench *b, const char *want, int64_t want_t_ns)
{
	char got[64] = "";

	assert_int_equal(port_read(b->p, got, sizeof(got) - 1, ET_NEVER_NS), strlen(want));
	assert_string_equal(got, want);
	assert_int_equal(clk_now_ns(b->c), want_t_ns);
}

static void bytes_take_their_time(void **state)
{
	struct bench b;
	char got[8];

	(void)state;
	open_bench(&b, &(struct sim_link_timing){ .latency_ns = 500, .byte_ns = 10 });
	b.e.answer = "OK\n";
	assert_int_equal(port_write(b.p, "STAT?\n", 6, 0), ET_OK);
	assert_int_equal(clk_now_ns(b.c), 1000000); /* writing costs no time here */
	assert_int_equal(port_write(b.p, "AB", 2, 0), ET_OK);
	assert_int_equal(b.e.n, 0);
	/* 6 bytes and the latency; the answer's 3 bytes and the latency */
	assert_int_equal(port_read(b.p, got, sizeof(got), 1001089), ET_ERR_TIMEOUT);
	assert_int_equal(clk_now_ns(b.c), 1001089);
	assert_reads(&b, "OK\n", 1001090);
	assert_int_equal(b.e.n, 2);
	assert_string_equal(b.e.got[0], "STAT?\n");
	assert_int_equal(b.e.t_ns[0], 1000560);
	assert_string_equal(b.e.got[1], "AB");
	assert_int_equal(b.e.t_ns[1], 1000580); /* 20 after the first */
	assert_reads(&b, "OK\n", 1001120); /* waits until the line has sent the first */
	assert_int_equal(port_read(b.p, got, sizeof(got), 0), ET_ERR_TIMEOUT);
	assert_int_equal(port_read(b.p, got, 0, 0), ET_ERR_ARG);
	close_bench(&b);
}

static void a_message_at_the_deadline_is_in_time(void **state)
{
	struct bench b;
	char got[8];

	(void)state;
	open_bench(&b, &(struct sim_link_timing){ .latency_ns = 100 });
	sim_emit(&b.e.base, 1000900, "x", 1);
	assert_int_equal(port_read(b.p, got, sizeof(got), 1001000), 1);
	close_bench(&b);
}

static void fragments_are_kept_and_joined(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, &(struct sim_link_timing){ 0 });
	sim_emit(&b.e.base, 1000010, "abc", 3);
	sim_emit(&b.e.base, 1000020, "def", 3);
	sim_emit(&b.e.base, 1000030, "ghi", 3);
	clk_sleep_until(b.c, 1000020);
	for (int i = 0; i < 2; i++) { /* what has arrived, as far as there is room */
		char got[5] = "";

		assert_int_equal(port_read(b.p, got, i ? 4 : 2, 0), i ? 4 : 2);
		assert_string_equal(got, i ? "cdef" : "ab");
	}
	assert_reads(&b, "ghi", 1000030);
	close_bench(&b);
}

static void the_peer_is_woken_when_it_asks(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, &(struct sim_link_timing){ 0 });
	sim_wake_at(&b.e.base, 1000100);
	sim_wake_at(&b.e.base, 1000300); /* replaces it */
	clk_sleep_until(b.c, 1000200);
	assert_int_equal(b.e.woken, 0);
	clk_sleep_until(b.c, 1000300);
	assert_int_equal(b.e.woken, 1);
	assert_int_equal(b.e.t_woken_ns, 1000300);
	b.e.wake_every_ns = 10;
	sim_wake_at(&b.e.base, 0); /* past: at the next wait */
	clk_sleep_until(b.c, 1000350);
	assert_int_equal(b.e.woken, 7);
	sim_wake_at(&b.e.base, ET_NEVER_NS);
	clk_sleep_until(b.c, 1000400);
	assert_int_equal(b.e.woken, 7);
	close_bench(&b);
}

static void reopening_forgets_what_is_under_way_to_us(void **state)
{
	struct bench b;
	char got[8];

	(void)state;
	open_bench(&b, &(struct sim_link_timing){ .latency_ns = 100 });
	sim_emit(&b.e.base, 0, "arrived", 7);
	clk_sleep_until(b.c, 1000150);
	sim_emit(&b.e.base, 0, "flying", 6);
	assert_int_equal(port_write(b.p, "kept", 4, 0), ET_OK);
	assert_int_equal(port_reopen(b.p, NULL), ET_OK);
	assert_int_equal(port_read(b.p, got, sizeof(got), 1009999), ET_ERR_TIMEOUT);
	assert_string_equal(b.e.got[0], "kept");
	sim_emit(&b.e.base, 0, "new", 3);
	assert_reads(&b, "new", 1010099);
	close_bench(&b);
}

static void jitter_is_bounded_seeded_and_keeps_order(void **state)
{
	int64_t t_ns[2][50];
	int spread = 0;

	(void)state;
	for (int run = 0; run < 2; run++) {
		struct bench b;

		open_bench(&b, &(struct sim_link_timing){ .jitter_ns = 40, .seed = 5 });
		for (int i = 0; i < 50; i++) {
			char m[2] = { (char)('0' + i), '\0' }, got[2] = "";

			/* every other one close behind, so that it could overtake */
			sim_emit(&b.e.base, 1000000 + i / 2 * 100 + i % 2, m, 1);
			if (i % 2 == 0)
				continue;
			for (int j = i - 1; j <= i; j++) {
				assert_int_equal(port_read(b.p, got, 1, ET_NEVER_NS), 1);
				assert_int_equal(got[0], '0' + j);
				t_ns[run][j] = clk_now_ns(b.c);
				assert_in_range(t_ns[run][j] - 1000000 - i / 2 * 100, j % 2, 41);
			}
		}
		close_bench(&b);
	}
	for (int i = 0; i < 50; i += 2) {
		assert_int_equal(t_ns[0][i], t_ns[1][i]);
		spread += t_ns[0][i] != t_ns[0][0] + i / 2 * 100;
	}
	assert_true(spread > 15);
}

/* Three messages 1000 ns apart; the fault meets the second. What is read, and when, until 1003500. */
static void messages_with_faults(const struct link_fault *f, int n, char *out)
{
	struct bench b;
	char *end = out;

	open_bench(&b, &(struct sim_link_timing){ .byte_ns = 10 });
	for (int i = 0; i < n; i++)
		assert_int_equal(port_sim_add_fault(b.p, &f[i]), ET_OK);
	for (int i = 0; i < 3; i++)
		sim_emit(&b.e.base, 1000000 + 1000 * i, i == 1 ? "P=12.39W\n" : "*\n",
			 i == 1 ? 9 : 2);
	for (;;) {
		char got[64] = "";

		if (port_read(b.p, got, sizeof(got) - 1, 1003500) < 0)
			break;
		end += sprintf(end, "%d:%s", (int)(clk_now_ns(b.c) - 1000000), got);
	}
	assert_int_equal(port_sim_messages(b.p), 3);
	close_bench(&b);
}

static void each_fault_does_what_it_says(void **state)
{
	static const struct {
		struct link_fault f;
		const char *want;
	} cases[] = {
		{ { LINK_FAULT_NONE, 1, 0, 0 }, "20:*\n1090:P=12.39W\n2020:*\n" },
		{ { LINK_LOST, 1, 0, 0 }, "20:*\n2020:*\n" },
		{ { LINK_LOST, 7, 0, 0 }, "20:*\n1090:P=12.39W\n2020:*\n" },
		{ { LINK_CUT, 1, 0, 4 }, "20:*\n1090:P=122020:*\n" },
		{ { LINK_CUT, 1, 0, 9 }, "20:*\n2020:*\n" },
		{ { LINK_LATE, 1, 500, 0 }, "20:*\n1590:P=12.39W\n2020:*\n" },
		{ { LINK_LATE, 1, 2000, 0 }, "20:*\n3090:P=12.39W\n*\n" }, /* order is kept */
		{ { LINK_BYTE_LOST, 1, 0, 4 }, "20:*\n1090:P=1239W\n2020:*\n" },
		{ { LINK_BYTE_LOST, 1, 0, 9 }, "20:*\n1090:=12.39W\n2020:*\n" },
		{ { LINK_BYTE_DOUBLED, 1, 0, 3 }, "20:*\n1090:P=122.39W\n2020:*\n" },
		{ { LINK_BYTE_NON_ASCII, 1, 0, 0 }, "20:*\n1090:\xc3=12.39W\n2020:*\n" },
		{ { LINK_DIGIT_CHANGED, 1, 0, 2 }, "20:*\n1090:P=12.49W\n2020:*\n" },
		{ { LINK_DIGIT_CHANGED, 1, 0, 7 }, "20:*\n1090:P=12.30W\n2020:*\n" },
		{ { LINK_DIGIT_CHANGED, 0, 0, 0 }, "20:\n1090:P=12.39W\n2020:*\n" },
		{ { LINK_SILENT_FROM, 1, 0, 0 }, "20:*\n" },
	};
	static const struct link_fault both[] = { { LINK_LATE, 1, 100, 0 },
						  { LINK_BYTE_DOUBLED, 1, 0, 0 },
						  { LINK_BYTE_DOUBLED, 1, 0, 0 },
						  { LINK_LOST, 2, 0, 0 } };
	char got[200];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		got[0] = '\0';
		messages_with_faults(&cases[i].f, 1, got);
		assert_string_equal(got, cases[i].want);
	}
	messages_with_faults(both, 4, got);
	assert_string_equal(got, "20:*\n1190:PPP=12.39W\n");
}

static void wrong_arguments_are_refused(void **state)
{
	const struct sim_link_timing timing = { 0 }, negative = { .latency_ns = -1 };
	const struct link_fault fault = { LINK_LOST, 0, 0, 0 }, early = { LINK_LATE, 0, -1, 0 };
	struct clk *real = clk_real_new();
	struct port *none = NULL;
	struct bench b;

	(void)state;
	open_bench(&b, &timing);
	assert_int_equal(port_sim_new(b.c, &b.e.base, "twice", &timing, &none), ET_ERR_ARG);
	for (int i = 0; i < 8; i++)
		assert_int_equal(port_sim_add_fault(b.p, i ? &fault : &early),
				 i ? ET_OK : ET_ERR_ARG);
	assert_int_equal(port_sim_add_fault(b.p, &fault), ET_OK);
	assert_int_equal(port_sim_add_fault(b.p, &fault), ET_ERR_ARG);
	close_bench(&b);
	assert_int_equal(port_sim_new(real, &b.e.base, "real", &timing, &none), ET_ERR_ARG);
	b.c = clk_virtual_new(&start);
	assert_int_equal(port_sim_new(b.c, &b.e.base, "past", &negative, &none), ET_ERR_ARG);
	assert_null(none);
	port_close(NULL);
	clk_free(b.c);
	clk_free(real);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_take_their_time),
		cmocka_unit_test(a_message_at_the_deadline_is_in_time),
		cmocka_unit_test(fragments_are_kept_and_joined),
		cmocka_unit_test(the_peer_is_woken_when_it_asks),
		cmocka_unit_test(reopening_forgets_what_is_under_way_to_us),
		cmocka_unit_test(jitter_is_bounded_seeded_and_keeps_order),
		cmocka_unit_test(each_fault_does_what_it_says),
		cmocka_unit_test(wrong_arguments_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
