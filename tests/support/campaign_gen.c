/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/campaign_gen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The simulated bench where a scenario says nothing, and what campaign_lab.c says. */
#define SEGMENT_S 0.5 /* of the load */
static const double NOISE_PCT = 0.01, DRIFT_PCT = 0.02, DRIFT_S = 60; /* of voltage and current */
static const double BEFORE_S = 0.1; /* the meter pulses before the reader is armed */
static const double REF_ERROR_PCT = 0.010, POS_RATIO_PCT = -0.010;
static const double READER_RATE = 20e-6, BATCH_S = 0.05, PAIR_STEP_S = 1.00223,
		    PAIR_WIDTH_S = 0.00223;
/* one question to the reference: until it looks at its register, until its answer is complete (jitter on top) */
static const double ASK_S = 0.00020, ANSWER_S = 0.00130;
static const double SEARCH_S = 0.015, POLL_S = 0.003, UPDATE_JITTER_S = 0.002;
static const int64_t ARMED_NS = 100 * (int64_t)ET_NS_PER_S;

enum { SEGMENTS_MAX = 4096 };

struct campaign_gen {
	uint64_t state; /* of chance */
	double seconds;
	size_t n_segments;
	double energy_wh[SEGMENTS_MAX +
			 1]; /* at the beginning of each segment, from -BEFORE_S on */
	struct edge edges[EE_EDGES_MAX];
	struct ref_sample samples[EE_SAMPLES_MAX];
	struct clock_pair pairs[EE_PAIRS_MAX];
	size_t n_edges, n_samples, n_pairs;
};

struct campaign_gen *campaign_gen_new(void)
{
	return malloc(sizeof(struct campaign_gen));
}

void campaign_gen_free(struct campaign_gen *g)
{
	free(g);
}

/* ---- chance: splitmix64 ---- */
static double uniform(struct campaign_gen *g)
{
	uint64_t z = g->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return ((double)((z ^ z >> 31) >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(struct campaign_gen *g)
{
	const double r = sqrt(-2 * log(uniform(g)));

	return r * cos(6.283185307179586 * uniform(g));
}

static double within(struct campaign_gen *g, double half_width)
{
	return (2 * uniform(g) - 1) * half_width;
}

/* ---- the load ---- */
static void make_load(struct campaign_gen *g, double power_w)
{
	const double keep = exp(-SEGMENT_S / DRIFT_S), fresh = DRIFT_PCT * sqrt(1 - keep * keep);
	double drift_v = 0, drift_i = 0;

	/* it has drifted since the source was switched on, some seconds ago */
	for (int i = 0; i < 8; i++) {
		drift_v = keep * drift_v + fresh * normal(g);
		drift_i = keep * drift_i + fresh * normal(g);
	}
	g->n_segments = (size_t)ceil((g->seconds + BEFORE_S) / SEGMENT_S) + 1;
	g->energy_wh[0] = 0;
	for (size_t i = 0; i < g->n_segments; i++) {
		const double pct = drift_v + drift_i + NOISE_PCT * (normal(g) + normal(g));

		g->energy_wh[i + 1] =
			g->energy_wh[i] + power_w * (1 + pct / 100) * SEGMENT_S / 3600;
		drift_v = keep * drift_v + fresh * normal(g);
		drift_i = keep * drift_i + fresh * normal(g);
	}
}

static double energy_at(const struct campaign_gen *g, double t_s)
{
	const double x = (t_s + BEFORE_S) / SEGMENT_S;
	const size_t i = (size_t)x;

	return g->energy_wh[i] + (x - (double)i) * (g->energy_wh[i + 1] - g->energy_wh[i]);
}

/* ---- the meter and its reader ---- */
static int64_t reader_ns(double t_s)
{
	return (int64_t)llrint((t_s * (1 + READER_RATE) + 1234.5) * 1e6) * 1000;
}

/* @param per_wh  What it counts for 1 Wh at the terminals of the reference. */
static void make_edges(struct campaign_gen *g, const struct campaign_cell *c, double per_wh)
{
	const double grid_s = c->grid_cycles / 60, phase_s = uniform(g) * grid_s;
	const double first = uniform(g);
	size_t segment = 0;

	g->n_edges = 0;
	for (int k = 0; g->n_edges < EE_EDGES_MAX; k++) {
		const double want_wh = (first + k) * c->kh_wh / per_wh;
		double t;

		while (segment < g->n_segments && g->energy_wh[segment + 1] <= want_wh)
			segment++;
		if (segment >= g->n_segments)
			break;
		t = ((double)segment +
		     (want_wh - g->energy_wh[segment]) /
			     (g->energy_wh[segment + 1] - g->energy_wh[segment])) *
			    SEGMENT_S -
		    BEFORE_S;
		if (grid_s > 0)
			t = ceil((t - phase_s) / grid_s) * grid_s + phase_s;
		t += uniform(g) * c->latency_jitter_s;
		g->edges[g->n_edges] = (struct edge){ .t_reader_ns = reader_ns(t),
						      .seq = (uint32_t)g->n_edges + 1,
						      .position = 1 };
		g->n_edges++;
	}
}

static void make_pairs(struct campaign_gen *g)
{
	g->n_pairs = 0;
	for (double t = -0.05 - 0.15 * uniform(g); t < g->seconds && g->n_pairs < EE_PAIRS_MAX;
	     t += PAIR_STEP_S)
		g->pairs[g->n_pairs++] = (struct clock_pair){
			.host_before_ns = ARMED_NS + (int64_t)llrint(t * 1e9),
			.host_after_ns = ARMED_NS + (int64_t)llrint((t + PAIR_WIDTH_S) * 1e9),
			.reader_ns = reader_ns(t + PAIR_WIDTH_S / 2),
		};
}

/* ---- the register and who polls it ---- */

/* Every 15 ms until two updates were seen, then only around the predicted instant. */
struct poll {
	double next_s, gap_s;
	double anchor_s, anchor_width_s; /* of the first update */
	int n; /* updates since */
};

/* @param told_s  When the answer was confirmed by a second one, and the overload asked for. */
static void seen(struct poll *p, double lo_s, double hi_s, double told_s)
{
	const double width = hi_s - lo_s, middle = (lo_s + hi_s) / 2;
	double interval, half;

	if (p->n++ < 0) {
		p->anchor_s = middle;
		p->anchor_width_s = width;
		p->next_s = told_s;
		return;
	}
	interval = (middle - p->anchor_s) / p->n;
	half = width / 2 + UPDATE_JITTER_S + (p->anchor_width_s + width) / 2 / p->n;
	p->next_s = middle + interval - half;
	p->gap_s = fmax(POLL_S, half / 4);
}

static void make_samples(struct campaign_gen *g, const struct campaign_cell *c, double indicated,
			 double step_wh)
{
	struct poll p = { .gap_s = SEARCH_S, .next_s = -0.02 * uniform(g), .n = -1 };
	const double phase_s = c->update_s * uniform(g), start_wh = energy_at(g, p.next_s);

	g->n_samples = 0;
	for (int k = 0; g->n_samples < EE_SAMPLES_MAX; k++) {
		const double latch_s = phase_s + k * c->update_s;
		const double shown_s = latch_s + 0.002 + c->update_jitter_s * uniform(g);
		double lo_s = p.next_s, asked_s = p.next_s, late_s, hi_s;

		if (shown_s + 0.1 >= g->seconds)
			break;
		for (;;) {
			late_s = c->answer_jitter_s * uniform(g);
			if (asked_s + ASK_S >= shown_s)
				break;
			lo_s = asked_s;
			asked_s = fmax(asked_s + p.gap_s, asked_s + ANSWER_S + late_s);
		}
		if (asked_s ==
		    lo_s) { /* it came before the first look: as wide as the update before allows */
			if (k == 0)
				continue;
			lo_s = asked_s - p.gap_s;
		}
		hi_s = asked_s + ANSWER_S + late_s;
		seen(&p, lo_s, hi_s,
		     hi_s + 2 * ANSWER_S + c->answer_jitter_s * (uniform(g) + uniform(g)));
		g->samples[g->n_samples++] = (struct ref_sample){
			.t_lo_ns = ARMED_NS + (int64_t)llrint(lo_s * 1e9),
			.t_hi_ns = ARMED_NS + (int64_t)llrint(hi_s * 1e9),
			.energy_wh =
				floor((energy_at(g, latch_s) - start_wh) * indicated / step_wh) *
				step_wh,
			.seq = (uint32_t)k + 1,
		};
	}
}

/* ---- one run ---- */
static void make(struct campaign_gen *g, const struct campaign_cell *c, const struct ee_setup *s,
		 double err_pct)
{
	const double power_w = s->ref_power_w;
	const double ref_pct = c->u_certificate_pct * normal(g) + within(g, c->drift_pct);
	const double ratio_pct = within(g, c->ratio_pct);

	g->seconds = s->cap_s;
	make_load(g, power_w);
	make_edges(g, c,
		   (double)s->m_num / (double)s->m_den * (1 + err_pct / 100) *
			   (1 + (POS_RATIO_PCT + ratio_pct) / 100));
	make_samples(g, c, 1 + (REF_ERROR_PCT + ref_pct) / 100, power_w / 2.4e8);
	make_pairs(g);
}

/* What had come by then. @param late_s The reader sends in batches. */
static struct ee_raw until(const struct campaign_gen *g, double t_s, double late_s,
			   struct ee_raw raw)
{
	const int64_t now_ns = ARMED_NS + (int64_t)llrint(t_s * 1e9);
	const int64_t edges_ns = reader_ns(t_s - late_s);

	while (raw.n_edges < g->n_edges && g->edges[raw.n_edges].t_reader_ns < edges_ns)
		raw.n_edges++;
	while (raw.n_samples < g->n_samples && g->samples[raw.n_samples].t_hi_ns <= now_ns)
		raw.n_samples++;
	while (raw.n_pairs < g->n_pairs && g->pairs[raw.n_pairs].host_after_ns <= now_ns)
		raw.n_pairs++;
	raw.t_now_ns = now_ns;
	return raw;
}

void campaign_gen_run(struct campaign_gen *g, const struct campaign_cell *cell,
		      const struct ee_setup *setup, uint64_t seed, double err_pct,
		      struct campaign_run *out)
{
	struct ee_raw raw = {
		.edges = g->edges, .samples = g->samples, .pairs = g->pairs, .t_armed_ns = ARMED_NS
	};

	memset(out, 0, sizeof(*out));
	out->seed = g->state = seed;
	out->truth_pct = err_pct;
	out->done = true;
	for (int i = 0; i < 3; i++)
		uniform(g); /* neighbouring seeds */
	make(g, cell, setup, err_pct);
	for (double t_s = 1; t_s <= setup->cap_s; t_s++) {
		raw = until(g, t_s, BATCH_S * uniform(g), raw);
		out->used_s = t_s;
		if (ee_evaluate(setup, &raw, &out->obs) != ET_OK) {
			out->done = false;
			break;
		}
		if (out->obs.stop != EE_GO_ON)
			break;
	}
	raw = until(g, out->used_s, 0, raw); /* what disarming still brings counts too */
	out->done = out->done && ee_evaluate(setup, &raw, &out->obs) == ET_OK;
	out->verdict = out->obs.verdict;
	out->cause = out->obs.cause;
}
