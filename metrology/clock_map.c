/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/clock_map.h"

#include <math.h>
#include <stdbool.h>

/* A round trip of no width at all (both stamps by one clock) still has the granularity of a call. */
static const double ROUND_TRIP_MIN_S = 1e-6;

/* No clock is that wrong; with it and the limit of the stamps no sum here can overflow. */
static const double RATE_MAX = 0.5;

struct weighted {
	double w, x, y; /* weight; reader and host-minus-reader time from the first pair, s */
};

static double width_s(const struct clock_pair *p)
{
	return (double)(p->host_after_ns - p->host_before_ns) / ET_NS_PER_S;
}

static struct weighted weigh(const struct clock_pair *p, const struct clock_pair *first)
{
	const double width = fmax(width_s(p), ROUND_TRIP_MIN_S);
	const int64_t x_ns = p->reader_ns - first->reader_ns;
	const int64_t mid_ns = p->host_before_ns + (p->host_after_ns - p->host_before_ns) / 2;

	return (struct weighted){
		.w = 12 / (width * width), /* the instant is uniform in the round trip */
		.x = (double)x_ns / ET_NS_PER_S,
		.y = (double)(mid_ns - first->host_before_ns - x_ns) / ET_NS_PER_S,
	};
}

bool clock_map_is_stamp(int64_t t_ns)
{
	return t_ns >= -CLOCK_MAP_STAMP_MAX_NS && t_ns <= CLOCK_MAP_STAMP_MAX_NS;
}

static bool pairs_make_sense(const struct clock_pair *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!clock_map_is_stamp(p[i].host_before_ns) ||
		    !clock_map_is_stamp(p[i].host_after_ns) || !clock_map_is_stamp(p[i].reader_ns))
			return false;
		if (p[i].host_after_ns < p[i].host_before_ns)
			return false;
		if (i > 0 && p[i].reader_ns <= p[i - 1].reader_ns)
			return false;
	}
	return n >= 2;
}

int clock_map_fit(const struct clock_pair *pairs, size_t n, double limit_s, struct clock_map *out)
{
	double sw = 0, sx = 0, sy = 0, sxx = 0, sxy = 0, x0, y0;
	struct clock_map m = { 0 };

	if (!(limit_s > 0) || !pairs_make_sense(pairs, n))
		return ET_ERR_ARG;
	for (size_t i = 0; i < n; i++) {
		const struct weighted p = weigh(&pairs[i], &pairs[0]);

		sw += p.w;
		sx += p.w * p.x;
		sy += p.w * p.y;
	}
	x0 = sx / sw;
	y0 = sy / sw;
	for (size_t i = 0; i < n; i++) {
		const struct weighted p = weigh(&pairs[i], &pairs[0]);

		sxx += p.w * (p.x - x0) * (p.x - x0);
		sxy += p.w * (p.x - x0) * (p.y - y0);
	}
	m.rate = sxy / sxx;
	if (!(fabs(m.rate) <= RATE_MAX))
		return ET_ERR_LOST;
	m.u_rate = 1 / sqrt(sxx);
	m.u_offset_s = 1 / sqrt(sw);
	for (size_t i = 0; i < n; i++) {
		const struct weighted p = weigh(&pairs[i], &pairs[0]);
		const double r = fabs((p.y - y0) - m.rate * (p.x - x0));

		if (!(r <= width_s(&pairs[i]) / 2 + limit_s))
			return ET_ERR_LOST;
		m.residual_max_s = fmax(m.residual_max_s, r);
	}
	m.reader0_ns = pairs[0].reader_ns + llrint(x0 * ET_NS_PER_S);
	m.host0_ns = pairs[0].host_before_ns + (m.reader0_ns - pairs[0].reader_ns);
	m.offset_s = y0;
	*out = m;
	return ET_OK;
}

int64_t clock_map_host_ns(const struct clock_map *m, int64_t reader_ns)
{
	const int64_t dx_ns = reader_ns - m->reader0_ns;

	return m->host0_ns + dx_ns + llrint(m->offset_s * ET_NS_PER_S + m->rate * (double)dx_ns);
}

double clock_map_u_s(const struct clock_map *m, int64_t reader_ns)
{
	const double dx_s = (double)(reader_ns - m->reader0_ns) / ET_NS_PER_S;

	return hypot(m->u_offset_s, m->u_rate * dx_s);
}
