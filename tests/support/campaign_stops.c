/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/campaign_stops.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulator/rng.h"
#include "tests/support/campaign_lab.h"

#define ORDINARY                                                                                 \
	.latency_jitter_s = 0.0003, .update_jitter_s = 0.001, .answer_jitter_s = 0.001,          \
	.u_certificate_pct = 0.010, .drift_pct = 0.010, .ratio_pct = 0.020, .floor_a_pct = 0.05, \
	.cap_s = WATCHED_S

enum { WATCHED_S = 120, FIXED_S = 60, PULSES = 25, PULSES_S = 30, METER_DRAWS = 2000 };
static const double LIMIT_PCT = 1;

const struct campaign_cell stop_cells[STOP_CELLS] = {
	{ "48 kW Kh 1.0 grid 1 1.0 s", 2, 200, 1, 1.0, 1, .update_s = 1, ORDINARY },
	{ "12 kW Kh 1.0 grid 0 0.5 s", 2, 50, 1, 1.0, 0, .update_s = 0.5, ORDINARY },
	{ "12 kW Kh 7.2 grid 1 0.5 s", 2, 50, 1, 7.2, 1, .update_s = 0.5, ORDINARY },
	{ "1.2 kW Kh 1.0 grid 1 0.5 s", 2, 5, 1, 1.0, 1, .update_s = 0.5, ORDINARY },
};
const struct stop_population stop_populations[STOP_POPULATIONS] = {
	{ "typical: N(0.05, 0.15) %", 0.05, 0.15 },
	{ "old: N(0, 0.5) %", 0, 0.5 },
};
const int stop_batch[STOP_BATCHES] = { 1, 10, 20, 40 };

const char *stop_way_name(int way)
{
	static const char *const name[WAYS] = { "adaptive, alone",	 "adaptive, batch of 10",
						"adaptive, batch of 20", "adaptive, batch of 40",
						"25 pulses and 30 s",	 "60 s" };

	return name[way];
}

/* ---- a full bench ---- */
struct full_bench {
	struct campaign_lab lab;
	struct bench_position position[ET_POSITIONS_MAX];
	struct scenario_position true_position[ET_POSITIONS_MAX];
	struct scenario_meter meter[ET_POSITIONS_MAX];
	struct meter_card card[ET_POSITIONS_MAX];
	char serial[ET_POSITIONS_MAX][16];
	struct run_result room;
};

static int fill(struct full_bench *b, const struct campaign_cell *cell)
{
	struct campaign_lab *lab = &b->lab;

	if (campaign_lab_make(lab, cell) < 0)
		return -1;
	for (int i = 0; i < ET_POSITIONS_MAX; i++) {
		snprintf(b->serial[i], sizeof(b->serial[i]), "7000%04d", i + 1);
		b->position[i] = lab->position;
		b->true_position[i] = lab->true_position;
		b->meter[i] = lab->meter;
		b->card[i] = lab->card;
		b->card[i].serial = b->serial[i];
		b->position[i].position = b->true_position[i].position = b->meter[i].position =
			b->card[i].position = i + 1;
	}
	lab->b.bench.positions = (struct yaml_list){ b->position, ET_POSITIONS_MAX };
	lab->b.scenario.bench.positions = (struct yaml_list){ b->true_position, ET_POSITIONS_MAX };
	lab->b.scenario.meters = (struct yaml_list){ b->meter, ET_POSITIONS_MAX };
	lab->b.batch.meters = (struct yaml_list){ b->card, ET_POSITIONS_MAX };
	return 0;
}

static void draw_meters(struct full_bench *b, const struct stop_population *who, uint64_t seed,
			struct stops_run *out)
{
	for (uint32_t i = 0; i < ET_POSITIONS_MAX; i++) {
		struct rng r;

		rng_init(&r, seed, RNG_METER_START, METER_DRAWS + i);
		out->truth_pct[i] = who->mean_pct + who->sd_pct * rng_normal(&r);
		b->meter[i].gain_pct = out->truth_pct[i];
	}
}

/* ---- looking again ---- */
struct again {
	struct ee_setup setup[ET_POSITIONS_MAX];
	struct edge edges[ET_POSITIONS_MAX][EE_EDGES_MAX];
	size_t n_edges[ET_POSITIONS_MAX];
	const struct ee_raw_all *all;
	int64_t t_armed_ns;
};

static void sort_edges(struct again *a)
{
	memset(a->n_edges, 0, sizeof(a->n_edges));
	for (size_t i = 0; i < a->all->n_edges; i++) {
		const struct edge *e = &a->all->edges[i];
		size_t *n = &a->n_edges[e->position - 1];

		if (*n < EE_EDGES_MAX)
			a->edges[e->position - 1][(*n)++] = *e;
	}
}

static struct ee_observation look(const struct again *a, int i, double t_s)
{
	const struct ee_raw raw = { .edges = a->edges[i],
				    .n_edges = a->n_edges[i],
				    .pairs = a->all->pairs[0].p, /* there is one reader */
				    .n_pairs = a->all->pairs[0].n,
				    .samples = a->all->samples,
				    .n_samples = a->all->n_samples,
				    .t_armed_ns = a->t_armed_ns,
				    .t_now_ns = a->t_armed_ns + (int64_t)llrint(t_s * 1e9) };
	struct ee_observation o;

	if (ee_evaluate(&a->setup[i], &raw, &o) != ET_OK)
		memset(&o, 0, sizeof(o)); /* not run: no figure */
	return o;
}

static void take(const struct again *a, int i, double t_s, struct stop_figure *f)
{
	struct ee_observation o;

	*f = (struct stop_figure){ .t_s = t_s };
	if (isnan(t_s))
		return;
	o = look(a, i, t_s);
	f->has_figure = o.verdict == EE_CONFORMING || o.verdict == EE_NONCONFORMING;
	f->guaranteed = o.stop == EE_STOP_GUARANTEED;
	f->err_pct = o.err_pct;
	f->U_pct = o.U_pct;
	f->U_a_pct = o.k * o.u_a_pct;
}

/* @return NAN: not in the time that was watched. */
static double adaptive_end_s(const struct again *a, int i, double *min_s)
{
	for (int t = 1; t <= WATCHED_S; t++) {
		const struct ee_observation o = look(a, i, t);

		*min_s = o.physical_min_s;
		if (o.stop != EE_GO_ON)
			return t;
	}
	return NAN;
}

static double pulses_end_s(const struct again *a, int i)
{
	for (int t = PULSES_S; t <= WATCHED_S; t++)
		if (look(a, i, t).n_intervals >= PULSES)
			return t;
	return NAN;
}

/* Every member of a batch ends with the slowest. */
static double batch_end_s(const double *end_s, int i, int size)
{
	double end = 0;

	for (int k = i / size * size; k < i / size * size + size; k++)
		end = fmax(end, isnan(end_s[k]) ? WATCHED_S : end_s[k]);
	return end;
}

static void look_again(const struct again *a, struct stops_run *out)
{
	double end_s[ET_POSITIONS_MAX];

	for (int i = 0; i < ET_POSITIONS_MAX; i++)
		end_s[i] = adaptive_end_s(a, i, &out->min_s[i]);
	for (int i = 0; i < ET_POSITIONS_MAX; i++) {
		for (int k = 0; k < STOP_BATCHES; k++)
			take(a, i, batch_end_s(end_s, i, stop_batch[k]),
			     &out->figure[WAY_ADAPTIVE + k][i]);
		take(a, i, pulses_end_s(a, i), &out->figure[WAY_PULSES][i]);
		take(a, i, FIXED_S, &out->figure[WAY_FIXED][i]);
	}
}

/* ---- one run: watched for 120 s, and once more with the stop rule at work ---- */
struct watch {
	struct again *again;
	struct stops_run *out;
	bool stopping;
};

static void take_attempt(void *arg, const struct station_notice *n)
{
	struct watch *w = arg;
	const struct seq_attempt *at = seq_attempt(n->seq);

	if (n->kind != NOTICE_COMMITTED || n->commit != COMMIT_ATTEMPT)
		return;
	w->out->done = at->result == SEQ_RESULT_DONE;
	if (!w->out->done) {
		snprintf(w->out->why, sizeof(w->out->why), "%.90s", at->fault.text);
	} else if (w->stopping) {
		w->out->bench_s = (double)(at->t_ended_ns - at->t_armed_ns) / ET_NS_PER_S;
	} else {
		w->again->all = &at->raw;
		w->again->t_armed_ns = at->t_armed_ns;
		for (int i = 0; i < ET_POSITIONS_MAX; i++) {
			w->again->setup[i] = at->pos[i].setup;
			w->again->setup[i].min_intervals = 4;
		}
		sort_edges(w->again);
		look_again(w->again, w->out);
	}
}

static void one_run(struct full_bench *b, struct again *again, bool stopping, uint64_t seed,
		    struct stops_run *out)
{
	struct watch w = { again, out, stopping };
	const struct sim_bench_run how = { .seed = seed, .notice = take_attempt, .arg = &w };
	struct fault f = { 0 };

	/* so many that none may stop before the time is up */
	b->lab.step.min_intervals = stopping ? 4 : 4000;
	out->done = false;
	if (sim_bench_run(&b->lab.b, &how, &b->room, &f) != ET_OK || b->room.exit_code > 1) {
		snprintf(out->why, sizeof(out->why), "exit %d: %.70s", b->room.exit_code,
			 f.text[0] ? f.text : b->room.fault.text);
		out->done = false;
	}
}

struct bench_job {
	const struct campaign_cell *cell;
	const struct stop_population *who;
	uint64_t seed;
};

static int work(const void *arg, int first, int step, int n, void *out)
{
	const struct bench_job *job = arg;
	struct stops_run *run = out;
	struct full_bench *b = calloc(1, sizeof(*b));
	struct again *again = calloc(1, sizeof(*again));
	int err = b && again ? fill(b, job->cell) : -1;

	for (int i = first; i < n && err == 0; i += step) {
		const uint64_t seed = job->seed + (uint64_t)i;

		draw_meters(b, job->who, seed, &run[i]);
		one_run(b, again, false, seed, &run[i]);
		if (run[i].done)
			one_run(b, again, true, seed, &run[i]);
	}
	if (err == 0)
		campaign_lab_free(&b->lab);
	free(again);
	free(b);
	return err;
}

int stops_run_all(const struct campaign_cell *cell, const struct stop_population *who,
		  uint64_t seed, int n, struct stops_run *out)
{
	const struct bench_job job = { cell, who, seed };

	return campaign_share(work, &job, sizeof(*out), n, out);
}

/* ---- summary ---- */
static void add(const struct campaign_cell *cell, const struct stops_run *r, int way,
		struct stops *s)
{
	for (int i = 0; i < ET_POSITIONS_MAX; i++) {
		const struct stop_figure *f = &r->figure[way][i];
		const bool conforms = fabs(r->truth_pct[i]) <= LIMIT_PCT;
		const bool wrong = (fabs(f->err_pct) <= LIMIT_PCT) != conforms;

		s->way[way].mean_s += isnan(f->t_s) ? WATCHED_S : f->t_s;
		if (!f->has_figure) {
			s->way[way].n_without++;
			continue;
		}
		s->way[way].n_guaranteed += f->guaranteed;
		s->way[way].n_wrong += wrong;
		s->way[way].n_guaranteed_wrong += wrong && f->guaranteed;
		s->way[way].n_over_floor += f->U_a_pct > cell->floor_a_pct;
		s->way[way].mean_U_pct += f->U_pct;
		s->way[way].max_U_pct = fmax(s->way[way].max_U_pct, f->U_pct);
	}
}

void stops_summarise(const struct campaign_cell *cell, const struct stops_run *runs, int n,
		     struct stops *out)
{
	struct stops s = { .n = n };

	for (int i = 0; i < n; i++) {
		const struct stops_run *r = &runs[i];

		s.n_not_done += !r->done;
		if (!r->done)
			continue;
		s.meters += ET_POSITIONS_MAX;
		s.mean_bench_s += r->bench_s;
		for (int p = 0; p < ET_POSITIONS_MAX; p++)
			s.mean_min_s += r->min_s[p];
		for (int way = 0; way < WAYS; way++)
			add(cell, r, way, &s);
	}
	s.mean_bench_s /= n - s.n_not_done;
	s.mean_min_s /= s.meters;
	for (int way = 0; way < WAYS; way++) {
		s.way[way].mean_s /= s.meters;
		s.way[way].mean_U_pct /= s.meters - s.way[way].n_without;
	}
	*out = s;
}

bool stops_pass(const struct stops *s)
{
	const double again_s = s->way[WAY_ADAPTIVE + STOP_BATCHES - 1].mean_s;

	for (int way = 0; way < WAYS; way++)
		if (s->way[way].n_guaranteed_wrong)
			return false;
	/* what a look sees may come a moment later than its stamp says */
	return s->n_not_done == 0 && fabs(s->mean_bench_s - again_s) <= 1 + 0.03 * again_s;
}

void stops_print_time_head(void)
{
	printf("| cell | meters | minimum | alone | 10 | 20 | 40 | 40, bench | 25 pulses and 30 s "
	       "| fixed | "
	       "40 / fixed |\n");
	printf("|---|---|---|---|---|---|---|---|---|---|---|\n");
}

void stops_print_time(const char *cell, const char *who, const struct stops *s)
{
	const double fixed_s = s->way[WAY_FIXED].mean_s;

	printf("| %s | %s | %.1f", cell, who, s->mean_min_s);
	for (int k = 0; k < STOP_BATCHES; k++)
		printf(" | %.1f", s->way[WAY_ADAPTIVE + k].mean_s);
	printf(" | %.1f | %.1f | %.1f | %.2f |\n", s->mean_bench_s, s->way[WAY_PULSES].mean_s,
	       fixed_s, s->way[WAY_ADAPTIVE + STOP_BATCHES - 1].mean_s / fixed_s);
}

void stops_print_quality_head(void)
{
	printf("| cell | meters | ended by | verdicts | guaranteed %% | wrong | guaranteed and "
	       "wrong | mean U "
	       "%% | largest U %% | over the floor %% |\n");
	printf("|---|---|---|---|---|---|---|---|---|---|\n");
}

void stops_print_quality(const char *cell, const char *who, const struct stops *s)
{
	for (int way = 0; way < WAYS; way++) {
		const int n = s->meters - s->way[way].n_without;

		if (way > WAY_ADAPTIVE && way < WAY_ADAPTIVE + STOP_BATCHES - 1)
			continue; /* between alone and 40 */
		printf("| %s | %s | %s | %d | %.1f | %d | %d | %.4f | %.4f | %.1f |\n", cell, who,
		       stop_way_name(way), n, 100.0 * s->way[way].n_guaranteed / n,
		       s->way[way].n_wrong, s->way[way].n_guaranteed_wrong, s->way[way].mean_U_pct,
		       s->way[way].max_U_pct, 100.0 * s->way[way].n_over_floor / n);
	}
}
