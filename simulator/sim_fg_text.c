/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/sim_fg_text.h"

#include <stdio.h>
#include <string.h>

#define COUNTS_AT_RANGE 20000

static bool all_digits(const char *s, int n)
{
	for (int i = 0; i < n; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return true;
}

bool fg_field(const char *s, int before, int after, double *out)
{
	double v = 0, scale = 1;

	if (!all_digits(s, before) || s[before] != '.' || !all_digits(s + before + 1, after))
		return false;
	for (int i = 0; i < before; i++)
		v = 10 * v + (s[i] - '0');
	for (int i = 0; i < after; i++) {
		v = 10 * v + (s[before + 1 + i] - '0');
		scale *= 10;
	}
	*out = v / scale;
	return true;
}

static double half_turn(double deg)
{
	while (deg > 180)
		deg -= 360;
	while (deg <= -180)
		deg += 360;
	return deg;
}

bool fg_three(const char *s, size_t len, double *amp, double *deg)
{
	enum { AMP = 7, ANGLE = 6, ONE = 1 + AMP + ANGLE };
	double a[3], d[3];

	if (len != 3 * ONE)
		return false;
	for (int k = 0; k < 3; k++, s += ONE) {
		if (s[0] != "RST"[k] || !fg_field(s + 1, 3, 3, &a[k]) ||
		    !fg_field(s + 1 + AMP, 3, 2, &d[k]) || d[k] >= 360)
			return false;
	}
	for (int k = 0; k < 3; k++) {
		amp[k] = a[k];
		deg[k] = half_turn(-d[k]);
	}
	return true;
}

double fg_din_deg(double deg, double zero_deg)
{
	double d = zero_deg - deg;

	while (d < 0)
		d += 360;
	while (d >= 360)
		d -= 360;
	return d;
}

/* ---- readings of the measuring part ---- */

static double range_of(const double *ranges, const struct phasor x[ET_PHASES])
{
	double most = 0, range = ranges[0];

	for (int k = 0; k < ET_PHASES; k++)
		most = ph_abs(x[k]) > most ? ph_abs(x[k]) : most;
	for (; *ranges > 0; ranges++)
		if (*ranges >= most)
			range = *ranges;
	return range;
}

static const double volt_ranges[] = { 480, 240, 120, 60, 5, 0 };
static const double curr_ranges[] = { 200, 100, 50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0 };

static void write_counts(char *out, size_t cap, const char *head, const struct phasor x[],
			 double range)
{
	unsigned n[ET_PHASES];

	for (int k = 0; k < ET_PHASES; k++)
		n[k] = (unsigned)lround(ph_abs(x[k]) * COUNTS_AT_RANGE / range) % 100000;
	snprintf(out, cap, "%sR%05uS%05uT%05u", head, n[0], n[1], n[2]);
}

static double zero_of(const struct world *w)
{
	for (int k = 0; k < ET_PHASES; k++)
		if (ph_abs(w->v[k]) > 1)
			return ph_deg(w->v[k]);
	return 0;
}

static double tenth(double deg)
{
	const double d = round(deg * 10) / 10;

	return d >= 360 ? 0 : d;
}

static void write_angles(const struct world *w, char *out, size_t cap)
{
	const double zero = zero_of(w);
	size_t n = (size_t)snprintf(out, cap, "AW");

	for (int k = 0; k < ET_PHASES; k++) {
		const bool v = ph_abs(w->v[k]) > 0, i = ph_abs(w->i[k]) > 0;

		n += (size_t)snprintf(out + n, cap - n, "%c%05.1f%05.1f", "RST"[k],
				      v ? tenth(fg_din_deg(ph_deg(w->v[k]), zero)) : 0,
				      i ? tenth(fg_din_deg(ph_deg(w->i[k]), zero)) : 0);
	}
}

static void write_power(const struct world *w, char what, char *out, size_t cap)
{
	double x[ET_PHASES];

	for (int k = 0; k < ET_PHASES; k++) {
		const struct phasor va = ph_mul(w->v[k], ph_conj(w->i[k]));

		x[k] = what == 'P' ? va.re : what == 'Q' ? va.im : ph_abs(va);
	}
	snprintf(out, cap, "M%cR%.3f;S%.3f;T%.3f;", what, x[0], x[1], x[2]);
}

bool fg_reading(const struct world *w, const char *command, char *out, size_t cap)
{
	static const char known[][3] = {
		"BU", "BI", "AU", "AI", "AW", "MP", "MQ", "MS", "AF", "FI"
	};
	const double u = range_of(volt_ranges, w->v), i = range_of(curr_ranges, w->i);
	size_t n = 0;

	while (n < sizeof(known) / sizeof(known[0]) && strcmp(known[n], command) != 0)
		n++;
	switch (n) {
	case 0:
		snprintf(out, cap, "BU%.3f", u);
		return true;
	case 1:
		snprintf(out, cap, "BI%.3f", i);
		return true;
	case 2:
		write_counts(out, cap, "AU", w->v, u);
		return true;
	case 3:
		write_counts(out, cap, "AI", w->i, i);
		return true;
	case 4:
		write_angles(w, out, cap);
		return true;
	case 5:
	case 6:
	case 7:
		write_power(w, known[n][1], out, cap);
		return true;
	case 8:
		snprintf(out, cap, "AF%05.2f", w->target.freq_hz);
		return true;
	case 9:
		snprintf(out, cap, "FI 60000");
		return true;
	default:
		return false;
	}
}
