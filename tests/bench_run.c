/* SPDX-License-Identifier: Apache-2.0 */
/* tests/bench_run.c - how much faster than real time a simulated bench of 40 positions runs.
 *
 * Virtual time: from setting a load to storing its results, all attempts. Against the processor time of the whole
 * run, all threads, start and end of the session included: a busy machine changes nothing. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/support/sim_bench.h"

struct bench_40 {
	struct sim_bench b;
	struct meter_card card[ET_POSITIONS_MAX];
	struct bench_position position[ET_POSITIONS_MAX];
	struct bench_instrument instruments[BENCH_ROLES];
	struct scenario_meter meter;
	struct scenario_position true_position;
	struct plan_step step;
};

static const struct bench_option option[BENCH_ROLES] = {
	[BENCH_SOURCE] = { "curr_max_a", "200" }, /* 48 kW are 200 A at 240 V */
	[BENCH_REFERENCE] = { "range_margin", "1" },
};

static int fill(struct bench_40 *t)
{
	struct sim_bench *b = &t->b;

	if (sim_bench_load(b, "1h-element") != 0)
		return -1;
	for (int p = 0; p < ET_POSITIONS_MAX; p++) {
		t->card[p] = *(const struct meter_card *)b->batch.meters.items;
		t->card[p].position = p + 1;
		t->position[p] = *(const struct bench_position *)b->bench.positions.items;
		t->position[p].position = p + 1;
	}
	b->batch.meters = (struct yaml_list){ t->card, ET_POSITIONS_MAX };
	b->bench.positions = (struct yaml_list){ t->position, ET_POSITIONS_MAX };
	memcpy(t->instruments, b->bench.instruments.items, sizeof(t->instruments));
	for (int i = 0; i < BENCH_ROLES; i++)
		if (option[t->instruments[i].role].key)
			t->instruments[i].options = (struct yaml_list){
				(void *)(uintptr_t)&option[t->instruments[i].role], 1
			};
	b->bench.instruments.items = t->instruments;
	t->meter = *(const struct scenario_meter *)b->scenario.meters.items;
	t->meter.to = ET_POSITIONS_MAX;
	b->scenario.meters = (struct yaml_list){ &t->meter, 1 };
	t->true_position = *(const struct scenario_position *)b->scenario.bench.positions.items;
	t->true_position.to = ET_POSITIONS_MAX;
	b->scenario.bench.positions = (struct yaml_list){ &t->true_position, 1 };
	return 0;
}

/* @return 0 when the run was as it should be; a missed target is told. */
static int measure(const char *what, const struct bench_40 *t, double target)
{
	struct run_result *r = malloc(sizeof(*r));
	const struct sim_bench_run how = { .seed = 5 };
	struct fault f = { 0 };
	const clock_t began = clock();
	double virtual_s = 0, cpu_s, ratio;
	long long n_edges = 0;

	if (!r || sim_bench_run(&t->b, &how, r, &f) != ET_OK || r->exit_code > 1) {
		printf("%s: %s\n", what, r ? r->fault.text : f.text);
		free(r);
		return 1;
	}
	cpu_s = (double)(clock() - began) / CLOCKS_PER_SEC;
	for (int s = 0; s < r->n_steps; s++) {
		virtual_s += r->step_time_s[s];
		for (int p = 0; p < ET_POSITIONS_MAX; p++)
			n_edges += r->step[s][p].obs.n_edges;
	}
	ratio = virtual_s / cpu_s;
	printf("%-34s %8.1f s in %6.3f s of CPU, %6lld pulses: %6.0f x real time, target >= %.0f: "
	       "%s\n",
	       what, virtual_s, cpu_s, n_edges, ratio, target,
	       ratio >= target ? "reached" : "MISSED");
	free(r);
	return 0;
}

int main(void)
{
	struct bench_40 *t = calloc(1, sizeof(*t));
	int broken = 0;

	if (!t || fill(t) != 0)
		return 1;
	broken += measure("40 positions, sample plan", t, 2000);
	t->step = *(const struct plan_step *)t->b.plan.steps.items;
	t->step.current_pct_imax = 100;
	t->b.plan.steps = (struct yaml_list){ &t->step, 1 };
	broken += measure("40 positions, 48 kW, Kh 1", t, 500);
	sim_bench_free(&t->b);
	free(t);
	return broken ? 1 : 0;
}
