/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/pulse_sim.h - raw data of one position whose truth is known, made for tests alone:
 * it shares no code with what it tests. */
#ifndef TESTS_PULSE_SIM_H
#define TESTS_PULSE_SIM_H

#include <math.h>
#include <stdbool.h>

#include "procedures/energy_error_eval.h"

/* ---- random numbers: splitmix64 ---- */
static uint64_t sim_seed = 1;

static inline double sim_uniform(void)
{
	uint64_t z = sim_seed += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return ((double)((z ^ z >> 31) >> 11) + 0.5) / 9007199254740992.0;
}

static inline double sim_gauss(void)
{
	return sqrt(-2 * log(sim_uniform())) * cos(6.283185307179586 * sim_uniform());
}

/* ---- what is simulated ---- */
struct sim {
	double power_w, kh_wh, m;
	double err_pct; /* of the meter, true */
	double grid_s, edge_sigma_s; /* of its pulses */
	double walk_rel; /* its power noise: sd of the relative energy over 1 s */
	double update_s,
		update_sigma_s; /* register: interval, jitter of the instant as it is known */
	double window_s; /* t_hi - t_lo */
	double resolution_wh;
	double ref_error_pct; /* true error of the reference */
	double swing_rel, swing_s; /* power varies by a sine */
	double missed, spurious, bounce; /* probabilities per pulse */
	bool spurious_first; /* one false edge before the first pulse */
	int drop_each; /* the meter leaves out every n-th pulse; 0: none */
	bool exact_clock; /* the reader answers at once */
	double seconds;
};

static struct edge sim_edges[EE_EDGES_MAX];
static int sim_truth[EE_EDGES_MAX]; /* pulse number, -1: spurious or bounce */
static struct ref_sample sim_samples[EE_SAMPLES_MAX];
static struct clock_pair sim_pairs[EE_PAIRS_MAX];

static const int64_t SIM_ARMED_NS = 5000 * (int64_t)ET_NS_PER_S;
static const double SIM_READER_RATE = 20e-6;

/* Energy at the reference's terminals after t, true. */
static inline double sim_energy_wh(const struct sim *s, double t)
{
	double e = s->power_w * t / 3600;

	if (s->swing_s > 0) {
		const double w = 6.283185307179586 / s->swing_s;

		e += s->power_w / 3600 * s->swing_rel * (1 - cos(w * t)) / w;
	}
	return e;
}

static inline int64_t sim_reader_ns(double t)
{
	return (int64_t)llrint((t * (1 - SIM_READER_RATE) + 77.7) * 1e9);
}

static inline size_t sim_put(size_t n, double t, int truth)
{
	size_t i = n;

	if (n >= EE_EDGES_MAX || t < 0)
		return n;
	for (; i > 0 && sim_edges[i - 1].t_reader_ns > sim_reader_ns(t); i--) {
		sim_edges[i] = sim_edges[i - 1];
		sim_truth[i] = sim_truth[i - 1];
	}
	sim_edges[i] = (struct edge){ .t_reader_ns = sim_reader_ns(t), .position = 1 };
	sim_truth[i] = truth;
	return n + 1;
}

static inline size_t sim_make_edges(const struct sim *s)
{
	const double phase_s = sim_uniform() * s->grid_s;
	double energy_wh = sim_uniform() * s->kh_wh, walked = 0, t_last = 0, t = 0;
	size_t n = 0;

	for (int k = 0;; k++, energy_wh += s->kh_wh) {
		double want = (energy_wh - walked) / (s->m * (1 + s->err_pct / 100)), seen;

		for (int i = 0; i < (s->swing_s > 0 ? 30 : 2); i++) /* energy(t) = want */
			t += (want - sim_energy_wh(s, t)) * 3600 / s->power_w;
		if (t > s->seconds)
			break;
		if (s->walk_rel > 0)
			walked += s->walk_rel * s->power_w * s->m / 3600 * sqrt(t - t_last) *
				  sim_gauss();
		t_last = t;
		seen = t;
		if (s->grid_s > 0)
			seen = ceil((t - phase_s) / s->grid_s) * s->grid_s + phase_s;
		seen += s->edge_sigma_s * sim_gauss();
		if (k == 0 && s->spurious_first)
			n = sim_put(n, seen * sim_uniform(), -1);
		if (s->drop_each > 0 && k % s->drop_each == s->drop_each - 1)
			continue;
		if (sim_uniform() < s->spurious)
			n = sim_put(n, t + sim_uniform() * s->kh_wh * 3600 / s->power_w / s->m, -1);
		if (sim_uniform() < s->missed)
			continue;
		n = sim_put(n, seen, k);
		if (sim_uniform() < s->bounce)
			n = sim_put(n, seen + 1e-4 + 0.03 * sim_uniform(), -1);
	}
	for (size_t i = 0; i < n; i++)
		sim_edges[i].seq = (uint32_t)(0xfffffffau + i); /* it wraps */
	return n;
}

static inline size_t sim_make_samples(const struct sim *s)
{
	size_t n = 0;
	double t = s->update_s * sim_uniform();

	for (; t < s->seconds && n < EE_SAMPLES_MAX; t += s->update_s, n++) {
		const double seen = t + s->update_sigma_s * sim_gauss();
		const double lo = seen - s->window_s * sim_uniform();
		double e = 1000 + sim_energy_wh(s, t) * (1 + s->ref_error_pct / 100);

		if (s->resolution_wh > 0)
			e = floor(e / s->resolution_wh) * s->resolution_wh;
		sim_samples[n] = (struct ref_sample){
			.t_lo_ns = SIM_ARMED_NS + (int64_t)llrint(lo * 1e9),
			.t_hi_ns = SIM_ARMED_NS + (int64_t)llrint((lo + s->window_s) * 1e9),
			.energy_wh = e,
			.seq = (uint32_t)n + 1,
		};
	}
	return n;
}

static inline size_t sim_make_pairs(const struct sim *s)
{
	size_t n = 0;

	for (double t = 0; t < s->seconds && n < EE_PAIRS_MAX; t += 1, n++) {
		const double before = t, at = s->exact_clock ? t
							     : t + (2e-4 + 1e-3 * sim_uniform()) *
									       sim_uniform();
		const double after = s->exact_clock ? t : at + 2e-4 * sim_uniform();

		sim_pairs[n].host_before_ns = SIM_ARMED_NS + (int64_t)llrint(before * 1e9);
		sim_pairs[n].host_after_ns = SIM_ARMED_NS + (int64_t)llrint(after * 1e9);
		sim_pairs[n].reader_ns = sim_reader_ns(at);
	}
	return n;
}

static inline struct ee_raw sim_run(const struct sim *s)
{
	return (struct ee_raw){
		.edges = sim_edges,
		.n_edges = sim_make_edges(s),
		.pairs = sim_pairs,
		.n_pairs = sim_make_pairs(s),
		.samples = sim_samples,
		.n_samples = sim_make_samples(s),
		.t_armed_ns = SIM_ARMED_NS,
		.t_now_ns = SIM_ARMED_NS + (int64_t)llrint(s->seconds * 1e9),
	};
}

/* A set-up that declares what is simulated. */
static inline struct ee_setup sim_setup(const struct sim *s)
{
	return (struct ee_setup){
		.kh_wh = s->kh_wh,
		.m_num = (int64_t)llrint(s->m * 2),
		.m_den = 2,
		.ref_power_w = s->power_w,
		.ref_sigma_s = s->update_sigma_s,
		.ref_resolution_wh = s->resolution_wh,
		.line_hz = 60,
		.grid_s = s->grid_s,
		.edge_sigma_s = s->edge_sigma_s,
		.stamp_resolution_s = 1e-6,
		.limit_lo_pct = -1,
		.limit_hi_pct = 1,
		.rule = RULE_SIMPLE,
		.floor_a_pct = 0.05,
		.cap_s = 3600,
		.min_intervals = 4,
		.tolerance_pct = 2,
		.round_digits = 2,
	};
}

#endif
