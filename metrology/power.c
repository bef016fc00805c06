/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/power.h"

#include <math.h>

static const double PI = 3.14159265358979323846;

double complex power_complex(double re, double im)
{
	const union {
		double part[2]; /* C11, 6.2.5: a complex is an array of two */
		double complex z;
	} u = { { re, im } };

	return u.z;
}

double complex power_phasor(double rms, double deg)
{
	return power_complex(rms * cos(deg * PI / 180), rms * sin(deg * PI / 180));
}

double power_deg(double complex z)
{
	return carg(z) * 180 / PI;
}

double complex power_va(double complex volt_v, double complex curr_a)
{
	return volt_v * conj(curr_a);
}

double power_vector_va(const double complex *s_va, size_t n)
{
	double complex sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += s_va[i];
	return cabs(sum);
}

double power_arithmetic_va(const double complex *s_va, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += cabs(s_va[i]);
	return sum;
}

int power_quadrant(double complex s_va)
{
	const double p = creal(s_va), q = cimag(s_va);

	if (isnan(p) || isnan(q))
		return 0;
	if (q >= 0)
		return p >= 0 ? 1 : 2;
	return p >= 0 ? 4 : 3;
}

double complex power_burden_va(double va, double power_factor, enum power_burden kind)
{
	const double q = va * sqrt(fmax(0, 1 - power_factor * power_factor));

	return power_complex(va * power_factor, kind == POWER_CAPACITIVE ? -q : q);
}

enum power_burden power_burden_kind(double complex s_va, double u_q_var)
{
	const double q = cimag(s_va);

	if (!(fabs(q) > 3 * u_q_var))
		return POWER_UNDETERMINED;
	return q > 0 ? POWER_INDUCTIVE : POWER_CAPACITIVE;
}

double power_capacitance_f(double va, double volt_v, double freq_hz)
{
	return va / (volt_v * volt_v * 2 * PI * freq_hz);
}

double power_one_and_a_half_w(double complex va_v, double complex vb_v, double complex ia_a,
			      double complex ib_a)
{
	return creal(power_va(va_v - vb_v, (ia_a - ib_a) / 2));
}

int power_drop_exact(double volt_v, double complex z_ohm, double complex s_va,
		     struct power_drop *out)
{
	double complex v = volt_v;

	if (!(volt_v > 0) || !isfinite(volt_v))
		return ET_ERR_ARG;
	for (int i = 0; i < 200; i++) {
		const double complex next = volt_v - z_ohm * conj(s_va / v);
		const double change = cabs(next - v);

		v = next;
		if (!(cabs(v) > volt_v / 2)) /* also NAN: less than half has no stable burden */
			return ET_ERR_ARG;
		if (change <= 1e-14 * volt_v) {
			out->ratio_pct = (cabs(v) / volt_v - 1) * 100;
			out->phase_mrad = carg(v) * 1000;
			return ET_OK;
		}
	}
	return ET_ERR_ARG;
}

struct power_drop power_drop_first_order(double volt_v, double complex z_ohm, double complex s_va)
{
	const double complex drop = z_ohm * conj(s_va) / (volt_v * volt_v);

	return (struct power_drop){ -100 * creal(drop), -1000 * cimag(drop) };
}

double power_drop_error_pct(const struct power_drop *d, double tan_phi)
{
	const double delta = d->phase_mrad / 1000;

	return ((1 + d->ratio_pct / 100) * (cos(delta) - sin(delta) * tan_phi) - 1) * 100;
}
