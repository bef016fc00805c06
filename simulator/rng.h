/* SPDX-License-Identifier: Apache-2.0 */
/* simulator/rng.h - seeded chance, one stream for each purpose, so that one more draw moves nothing else.
 * xoshiro256** started by splitmix64 (Blackman and Vigna). */
#ifndef SIMULATOR_RNG_H
#define SIMULATOR_RNG_H

#include <stdint.h>

/* The numbers are part of what a seed means: add at the end, never renumber. */
enum rng_purpose {
	RNG_BOOT = 1,
	RNG_RESUME,
	RNG_TYPE_B, /* index: enum sim_term * 64 + position */
	RNG_SOURCE,
	RNG_METER_START, /* index of the meters: position */
	RNG_METER_NOISE,
	RNG_METER_FLASH,
	RNG_METER_DARK,
	RNG_METER_SPURIOUS,
	RNG_METER_BOUNCE,
	RNG_REFERENCE_START,
	RNG_REFERENCE_UPDATE,
	RNG_REFERENCE_LATENCY,
	RNG_READER_CLOCK,
	RNG_READER_STAMP, /* index: channel */
	RNG_LINK, /* index: enum sim_instrument */
};

struct rng {
	uint64_t s[4];
	double spare; /* second normal deviate of a pair */
	int has_spare;
};

void rng_init(struct rng *r, uint64_t seed, enum rng_purpose purpose, uint32_t index);
uint64_t rng_u64(struct rng *r);
/** 0 <= x < 1 */
double rng_uniform(struct rng *r);
/** Standard normal deviate (polar method). */
double rng_normal(struct rng *r);
/** Exponential with mean 1. */
double rng_exponential(struct rng *r);

#endif
