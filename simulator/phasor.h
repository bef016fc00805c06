/* SPDX-License-Identifier: Apache-2.0 */
/* simulator/phasor.h - RMS phasors. Positive angle = leads; S = V * conj(I), so lagging current has Q > 0. */
#ifndef SIMULATOR_PHASOR_H
#define SIMULATOR_PHASOR_H

#include <math.h>

#define SIM_RAD_PER_DEG 0.017453292519943295
#define SIM_RAD_PER_MIN (SIM_RAD_PER_DEG / 60)

struct phasor {
	double re, im;
};

static inline struct phasor ph_polar(double abs, double rad)
{
	const double c = cos(rad), s = sin(rad);

	return (struct phasor){ abs * c, abs * s };
}
static inline struct phasor ph_add(struct phasor a, struct phasor b)
{
	return (struct phasor){ a.re + b.re, a.im + b.im };
}
static inline struct phasor ph_sub(struct phasor a, struct phasor b)
{
	return (struct phasor){ a.re - b.re, a.im - b.im };
}
static inline struct phasor ph_mul(struct phasor a, struct phasor b)
{
	return (struct phasor){ a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re };
}
static inline struct phasor ph_scale(struct phasor a, double k)
{
	return (struct phasor){ a.re * k, a.im * k };
}
static inline struct phasor ph_conj(struct phasor a)
{
	return (struct phasor){ a.re, -a.im };
}
static inline struct phasor ph_div(struct phasor a, struct phasor b)
{
	const double q = b.re * b.re + b.im * b.im;

	return ph_scale(ph_mul(a, ph_conj(b)), 1 / q);
}
static inline double ph_abs(struct phasor a)
{
	return sqrt(a.re * a.re + a.im * a.im);
}
/** -180 < angle <= 180; 0 for no phasor at all. */
static inline double ph_deg(struct phasor a)
{
	return a.re != 0 || a.im != 0 ? atan2(a.im, a.re) / SIM_RAD_PER_DEG : 0;
}

#endif
