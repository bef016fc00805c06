/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/reference_energy.h"

#include <math.h>

static size_t find_interval(const struct ref_point *p, size_t n, double t_s, size_t hint)
{
	size_t lo = 0, hi = n - 1;

	for (size_t k = hint; k < hint + 4 && k + 1 < n; k++) /* edges mostly come in order */
		if (p[k].t_s <= t_s && t_s <= p[k + 1].t_s)
			return k;
	while (hi - lo > 1) {
		const size_t mid = lo + (hi - lo) / 2;

		if (p[mid].t_s <= t_s)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

int ref_form_at(const struct ref_point *p, size_t n, double t_s, size_t *hint, struct ref_form *out)
{
	size_t k;

	if (n < 2 || !(p[0].t_s <= t_s && t_s <= p[n - 1].t_s))
		return ET_ERR_STATE;
	k = find_interval(p, n, t_s, *hint);
	*hint = k;
	out->k = k;
	out->w = (t_s - p[k].t_s) / (p[k + 1].t_s - p[k].t_s);
	return ET_OK;
}

double ref_form_energy_wh(const struct ref_point *p, const struct ref_form *f)
{
	return p[f->k].energy_wh + f->w * (p[f->k + 1].energy_wh - p[f->k].energy_wh);
}

double ref_point_sigma_wh(const struct ref_point *p, double power_w, double sigma_s,
			  double resolution_wh)
{
	const double instant_s2 = p->width_s * p->width_s / 12 + sigma_s * sigma_s;
	const double watt_s = power_w * power_w * instant_s2 / (3600.0 * 3600.0);

	return sqrt(watt_s + resolution_wh * resolution_wh / 12);
}

double ref_sigma_estimate_wh(const struct ref_point *p, size_t n, double *dof)
{
	double sum = 0;
	size_t m = 0;

	for (size_t i = 1; i + 1 < n; i++, m++) {
		const double a = (p[i].t_s - p[i - 1].t_s) / (p[i + 1].t_s - p[i - 1].t_s);
		const double r = (p[i].energy_wh - p[i - 1].energy_wh) -
				 a * (p[i + 1].energy_wh - p[i - 1].energy_wh);

		sum += r * r / (1 + (1 - a) * (1 - a) + a * a);
	}
	*dof = m >= 2 ? (double)m * 18 / 35 : 0;
	return m >= 2 ? sqrt(sum / (double)m) : NAN;
}
