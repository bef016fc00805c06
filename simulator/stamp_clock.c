/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/stamp_clock.h"

#include <math.h>
#include <string.h>

#define PIECE_NS INT64_C(1000000000)
#define WANDER_TAU_S 300.0

void stamp_clock_init(struct stamp_clock *c, double rate_ppm, double wander_ppm, int64_t tick_ns,
		      uint64_t seed, int64_t t_ns)
{
	double reader_ns;

	memset(c, 0, sizeof(*c));
	c->rate_ppm = rate_ppm;
	c->wander_ppm = wander_ppm;
	c->tick_ns = tick_ns;
	rng_init(&c->rng, seed, RNG_READER_CLOCK, 0);
	reader_ns = 1e9 + 1e12 * rng_uniform(&c->rng);
	c->wander = wander_ppm * rng_normal(&c->rng);
	for (int n = 0; n < STAMP_PIECES; n++) {
		c->piece[n].t_ns = t_ns;
		c->piece[n].reader_ns = reader_ns;
		c->piece[n].rate = 1 + (rate_ppm + c->wander) * 1e-6;
	}
}

static double reader_at(const struct stamp_clock *c, int n, int64_t t_ns)
{
	return c->piece[n].reader_ns + (double)(t_ns - c->piece[n].t_ns) * c->piece[n].rate;
}

static void next_piece(struct stamp_clock *c)
{
	const double keep = exp(-(double)PIECE_NS * 1e-9 / WANDER_TAU_S);
	const int64_t t = c->piece[STAMP_PIECES - 1].t_ns + PIECE_NS;
	const double reader = reader_at(c, STAMP_PIECES - 1, t);

	memmove(&c->piece[0], &c->piece[1], sizeof(c->piece[0]) * (STAMP_PIECES - 1));
	c->wander = keep * c->wander + c->wander_ppm * sqrt(1 - keep * keep) * rng_normal(&c->rng);
	c->piece[STAMP_PIECES - 1].t_ns = t;
	c->piece[STAMP_PIECES - 1].reader_ns = reader;
	c->piece[STAMP_PIECES - 1].rate = 1 + (c->rate_ppm + c->wander) * 1e-6;
}

uint64_t stamp_clock_ticks(struct stamp_clock *c, int64_t t_ns, double jitter_ns)
{
	int n = STAMP_PIECES - 1;

	while (t_ns >= c->piece[STAMP_PIECES - 1].t_ns + PIECE_NS)
		next_piece(c);
	while (n > 0 && c->piece[n].t_ns > t_ns)
		n--;
	return (uint64_t)floor((reader_at(c, n, t_ns) + jitter_ns) / (double)c->tick_ns);
}
