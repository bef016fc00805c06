/* SPDX-License-Identifier: Apache-2.0 */
/* tests/bench_clock.c - what a hand-over of the baton costs, a callback, and a query. */
#include <stdio.h>

#include "io/clock.h"
#include "io/line.h"
#include "io/port_sim.h"
#include "io/worker.h"

enum { ROUNDS = 100000 };

struct player {
	struct clk *c;
	int64_t first_ns, step_ns;
};

static void play(void *arg)
{
	struct player *p = arg;

	for (int64_t i = 0; i < ROUNDS; i++)
		clk_sleep_until(p->c, p->first_ns + i * p->step_ns);
}

static void tick(void *arg, int64_t now_ns)
{
	struct player *p = arg;

	if (now_ns < p->first_ns)
		clk_call_at(p->c, now_ns + p->step_ns, tick, p);
}

static void answer(struct sim_peer *s, int64_t t_ns, const uint8_t *data, size_t len)
{
	(void)data;
	(void)len;
	sim_emit(s, t_ns, "+1.15000E+03\n", 13);
}

/* The questions of one driver, while nobody else runs. */
static int query(struct clk *c)
{
	static const struct sim_peer_ops ops = { .receive = answer };
	const struct sim_link_timing timing = { .latency_ns = 1000, .byte_ns = 1145833 };
	struct sim_peer peer = { .ops = &ops };
	struct line_io l;
	struct port *p;
	int failed = 0;

	if (port_sim_new(c, &peer, "bench", &timing, &p) != ET_OK)
		return 1;
	line_init(&l, p, '\n');
	for (int i = 0; i < ROUNDS; i++) {
		char reply[64];

		failed += line_write(&l, "MEAS:POW?", INT64_MAX) != ET_OK;
		failed += line_read(&l, reply, sizeof(reply), INT64_MAX, NULL) != ET_OK;
	}
	port_close(p);
	return failed;
}

static void report(const char *what, struct clk *real, int64_t since_ns, double n)
{
	printf("%-34s %7.3f us\n", what, (double)(clk_now_ns(real) - since_ns) / n / 1e3);
}

int main(void)
{
	const struct clk_start start = { .mono_ns = 0 };
	struct clk *real = clk_real_new(), *c = clk_virtual_new(&start);
	struct player one = { c, 1000, 20 }, other = { c, 1010, 20 };
	struct player ticks = { c, 200000000, 1000 };
	struct worker *w[2];
	int64_t t_ns = clk_now_ns(real);

	if (worker_start(c, "one", play, &one, &w[0]) != ET_OK ||
	    worker_start(c, "other", play, &other, &w[1]) != ET_OK)
		return 1;
	worker_join(w[0]);
	worker_join(w[1]);
	report("hand-over between two threads", real, t_ns, 2.0 * ROUNDS);

	one.first_ns = clk_now_ns(c);
	t_ns = clk_now_ns(real);
	play(&one);
	report("wait of the only thread", real, t_ns, ROUNDS);

	t_ns = clk_now_ns(real);
	clk_call_at(c, 100000000, tick, &ticks);
	clk_sleep_until(c, 300000000);
	report("callback that asks for the next", real, t_ns, 1e5);

	t_ns = clk_now_ns(real);
	if (query(c))
		return 1;
	report("query over a simulated line", real, t_ns, ROUNDS);
	clk_free(c);
	clk_free(real);
	return 0;
}
