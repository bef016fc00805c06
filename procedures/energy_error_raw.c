/* SPDX-License-Identifier: Apache-2.0 */
/* procedures/energy_error_raw.c - raw data of one position, checked and brought on one time axis. */
#include "procedures/energy_error_parts.h"

#include <math.h>

static const double CLOCK_LIMIT_S = 1e-3; /* a quartz bends less in an attempt */
static const double SILENT_S = 5, SILENT_UPDATES = 10, SILENT_FROM_START_S = 15;
static const double POWER_MISMATCH = 0.05, POWER_CHECK_MIN_S = 2;

static double seconds(int64_t ns)
{
	return (double)ns / ET_NS_PER_S;
}

static enum ee_cause sample_cause(const struct ref_sample *s, const struct ref_sample *before)
{
	if (s->flags & REF_OVERLOAD)
		return EE_REFERENCE_OVERLOAD;
	if (s->flags & REF_SIGN_FLIP)
		return EE_ENERGY_SIGN;
	if (!isfinite(s->energy_wh) || s->t_hi_ns < s->t_lo_ns)
		return EE_INSTRUMENT_FAILED;
	if (!before)
		return EE_CAUSE_NONE;
	if (s->energy_wh < before->energy_wh)
		return EE_ENERGY_SIGN;
	/* a gap is an update that nobody saw; going back is another register */
	if (s->seq - before->seq - 1 >= UINT32_MAX / 2)
		return EE_INSTRUMENT_FAILED;
	return EE_CAUSE_NONE;
}

/* Holes, also the one after the last update: 10 updates, and never less than 5 s. */
static bool reference_is_silent(const struct ee_usable *u, double now_s)
{
	double largest = 0, typical;

	if (u->n_ref < 2)
		return now_s > SILENT_FROM_START_S;
	for (size_t i = 1; i < u->n_ref; i++)
		largest = fmax(largest, u->ref[i].t_s - u->ref[i - 1].t_s);
	typical = u->n_ref < 3 ? largest
			       : (u->ref[u->n_ref - 1].t_s - u->ref[0].t_s - largest) /
					 (double)(u->n_ref - 2);
	return fmax(largest, now_s - u->ref[u->n_ref - 1].t_s) >
	       fmax(SILENT_S, SILENT_UPDATES * typical);
}

/* The register against the indicated power: a line without checksum may have bent either. */
static bool energy_fits_power(const struct ee_setup *setup, const struct ee_usable *u)
{
	const struct ref_point *first = &u->ref[0], *last = &u->ref[u->n_ref - 1];
	const double span_s = last->t_s - first->t_s;
	const double expected_wh = setup->ref_power_w * span_s / 3600;
	const double sigma_wh =
		hypot(ref_point_sigma_wh(first, setup->ref_power_w, setup->ref_sigma_s,
					 setup->ref_resolution_wh),
		      ref_point_sigma_wh(last, setup->ref_power_w, setup->ref_sigma_s,
					 setup->ref_resolution_wh));

	return span_s < POWER_CHECK_MIN_S ||
	       fabs(last->energy_wh - expected_wh) <= POWER_MISMATCH * expected_wh + 4 * sigma_wh;
}

enum ee_cause ee_use_reference(const struct ee_setup *setup, const struct ee_raw *raw,
			       struct ee_usable *u)
{
	const struct ref_sample *before = NULL;

	u->n_ref = 0;
	u->power_w = NAN;
	for (size_t i = 0; i < raw->n_samples; i++) {
		const struct ref_sample *s = &raw->samples[i];
		struct ref_point p;
		enum ee_cause cause;

		if (s->t_lo_ns < raw->t_armed_ns || s->t_hi_ns > raw->t_now_ns)
			continue;
		cause = sample_cause(s, before);
		if (cause != EE_CAUSE_NONE)
			return cause;
		p.width_s = seconds(s->t_hi_ns - s->t_lo_ns);
		p.t_s = seconds(s->t_lo_ns - raw->t_armed_ns) + p.width_s / 2;
		if (u->n_ref > 0 && p.t_s <= u->ref[u->n_ref - 1].t_s)
			return EE_INSTRUMENT_FAILED;
		p.energy_wh = s->energy_wh;
		u->ref[u->n_ref++] = p;
		before = s;
	}
	for (size_t i = u->n_ref; i-- > 0;)
		u->ref[i].energy_wh -= u->ref[0].energy_wh;
	if (reference_is_silent(u, seconds(raw->t_now_ns - raw->t_armed_ns)))
		return EE_REFERENCE_SILENT;
	if (u->n_ref < 2)
		return EE_CAUSE_NONE;
	if (!energy_fits_power(setup, u))
		return EE_ENERGY_POWER_MISMATCH;
	u->power_w =
		u->ref[u->n_ref - 1].energy_wh * 3600 / (u->ref[u->n_ref - 1].t_s - u->ref[0].t_s);
	return EE_CAUSE_NONE;
}

static enum ee_cause map_clock(const struct ee_raw *raw, struct ee_usable *u)
{
	size_t n = 0;

	while (n < raw->n_pairs && raw->pairs[n].host_after_ns <= raw->t_now_ns)
		n++;
	u->have_map = n >= 2;
	if (u->have_map && clock_map_fit(raw->pairs, n, CLOCK_LIMIT_S, &u->map) < 0)
		return EE_CLOCK_MAP;
	return EE_CAUSE_NONE;
}

enum ee_cause ee_use_edges(const struct ee_raw *raw, struct ee_usable *u)
{
	const struct edge *before = NULL;
	enum ee_cause cause = map_clock(raw, u);

	u->n_seen = u->n_edges = 0;
	if (cause != EE_CAUSE_NONE || !u->have_map)
		return cause;
	for (size_t i = 0; i < raw->n_edges; i++) {
		const struct edge *e = &raw->edges[i];
		int64_t t_ns;
		double t_s;

		if (!clock_map_is_stamp(e->t_reader_ns))
			return EE_READER_LOSS;
		t_ns = clock_map_host_ns(&u->map, e->t_reader_ns);
		if (t_ns < raw->t_armed_ns || t_ns > raw->t_now_ns)
			continue;
		if (before && e->seq - before->seq != 1)
			return EE_SEQUENCE_GAP;
		if (before && e->t_reader_ns < before->t_reader_ns)
			return EE_READER_LOSS;
		before = e;
		u->n_seen++;
		t_s = seconds(t_ns - raw->t_armed_ns);
		if (u->n_ref < 2 || t_s < u->ref[0].t_s || t_s > u->ref[u->n_ref - 1].t_s)
			continue;
		u->t_s[u->n_edges] = t_s;
		u->index[u->n_edges++] = i;
	}
	return EE_CAUSE_NONE;
}
