/* SPDX-License-Identifier: Apache-2.0 */
/* metrology/power.h - phasors, power, quadrants, burdens, and what an impedance does to a meter.
 *
 * RMS phasors in the mathematical sense: angle > 0 leads. S = V*conj(I) = P + jQ, Q > 0 where the
 * current lags (inductive). Pure; safe in any thread. */
#ifndef METROLOGY_POWER_H
#define METROLOGY_POWER_H

#include <complex.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/** re + j*im; CMPLX() itself is not known to every compiler. */
double complex power_complex(double re, double im);

/** Phasor from magnitude and angle. */
double complex power_phasor(double rms, double deg);

/** Angle in degrees, (-180, 180]. */
double power_deg(double complex z);

/** S of one voltage and current. */
double complex power_va(double complex volt_v, double complex curr_a);

/** Apparent power of several phases by vector sum, sqrt((sum P)^2 + (sum Q)^2): Electricity and Gas
 * Inspection Regulations, s. 5(2). */
double power_vector_va(const double complex *s_va, size_t n);

/** Sum of the apparent powers of the phases, for comparison only. */
double power_arithmetic_va(const double complex *s_va, size_t n);

/** 1: P+ Q+, 2: P- Q+, 3: P- Q-, 4: P+ Q- (seen as delivered); 0: NAN. Zero counts as +. */
int power_quadrant(double complex s_va);

/* ---- burdens ---- */
enum power_burden { POWER_UNDETERMINED = 0, POWER_INDUCTIVE, POWER_CAPACITIVE };

/** Burden as stated: apparent power, power factor and kind; burdens are added as complex numbers. */
double complex power_burden_va(double va, double power_factor, enum power_burden kind);

/** Kind of a measured burden: undetermined unless abs(Q) > 3*u(Q). */
enum power_burden power_burden_kind(double complex s_va, double u_q_var);

/** Capacitance that takes @p va at a voltage and frequency, in F. */
double power_capacitance_f(double va, double volt_v, double freq_hz);

/* ---- elements ---- */
/** Power that a 1 1/2 element meter registers: Re((Va - Vb)*conj((Ia - Ib)/2)). */
double power_one_and_a_half_w(double complex va_v, double complex vb_v, double complex ia_a,
			      double complex ib_a);

/* ---- a source or isolation impedance in front of a burden ---- */
struct power_drop {
	double ratio_pct; /* voltage behind the impedance against the one before, - 100 % */
	double phase_mrad; /* + = the voltage behind leads */
};

/** Exact, by iteration of V = V0 - Z*conj(S/V).
 * @return ET_ERR_ARG when there is no such voltage (the impedance is too large) or no sense in it. */
int power_drop_exact(double volt_v, double complex z_ohm, double complex s_va,
		     struct power_drop *out) ET_CHECK;

/** First order: -(PR + QX)/V^2 and -(PX - QR)/V^2. */
struct power_drop power_drop_first_order(double volt_v, double complex z_ohm, double complex s_va);

/** Error that such a drop makes in a meter behind it, %: (1 + r)*cos(phi + delta)/cos(phi) - 1.
 * @param tan_phi  Of the load; lagging > 0. */
double power_drop_error_pct(const struct power_drop *d, double tan_phi);

#endif
