/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/connection.h"

#include <math.h>
#include <stddef.h>

static const double RAD_PER_DEG = 3.14159265358979323846 / 180;

/* The indices of the notice that this bench can connect. */
enum { ONE_ELEMENT = 1, ONE_AND_A_HALF = 2, NETWORK = 4 };

/* A 1 1/2 element meter has 240 V across and half the turns in each current coil: with both coils in
 * series it registers 240 V * I, with one coil half of it. A network meter has two whole elements. */
static const struct {
	int configuration;
	enum connection conn;
	int num, den;
} table[] = {
	{ ONE_ELEMENT, CONNECTION_SERIES, 1, 1 },
	{ ONE_AND_A_HALF, CONNECTION_SERIES, 1, 1 },
	{ NETWORK, CONNECTION_SERIES, 2, 1 },
	{ ONE_ELEMENT, CONNECTION_TRUE_SERVICE, 1, 1 },
	{ ONE_AND_A_HALF, CONNECTION_TRUE_SERVICE, 1, 1 },
	{ NETWORK, CONNECTION_TRUE_SERVICE, 1, 1 },
	{ ONE_ELEMENT, CONNECTION_ELEMENT_A, 1, 1 },
	{ ONE_AND_A_HALF, CONNECTION_ELEMENT_A, 1, 2 },
	{ NETWORK, CONNECTION_ELEMENT_A, 1, 1 },
	{ ONE_AND_A_HALF, CONNECTION_ELEMENT_B, 1, 2 },
	{ NETWORK, CONNECTION_ELEMENT_B, 1, 1 },
};

int connection_m(int configuration, enum connection conn, int64_t *m_num, int64_t *m_den)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].configuration != configuration || table[i].conn != conn)
			continue;
		*m_num = table[i].num;
		*m_den = table[i].den;
		return ET_OK;
	}
	return ET_ERR_ARG;
}

static double wrap_deg(double deg) /* into (-180, 180] */
{
	const double d = remainder(deg, 360);

	return d <= -180 ? d + 360 : d;
}

static bool is_at_least_0(double v)
{
	return isfinite(v) && v >= 0;
}

int connection_setpoint(int configuration, enum connection conn, double volt_v, double curr_a,
			double power_factor, bool lag, bool received, double freq_hz,
			struct setpoint *out)
{
	struct setpoint sp = { .freq_hz = freq_hz };
	const double phi_deg = acos(power_factor) / RAD_PER_DEG * (lag ? 1 : -1);
	int64_t num, den;
	int n = 1;

	if (connection_m(configuration, conn, &num, &den) < 0 || !is_at_least_0(volt_v) ||
	    !is_at_least_0(curr_a) || !(power_factor > 0 && power_factor <= 1) ||
	    !(isfinite(freq_hz) && freq_hz > 0))
		return ET_ERR_ARG;

	sp.ph[0].volt_v = volt_v;
	if (conn == CONNECTION_TRUE_SERVICE && configuration != ONE_ELEMENT) {
		n = 2;
		sp.ph[0].volt_v = configuration == ONE_AND_A_HALF ? volt_v / 2 : volt_v;
		sp.ph[1].volt_v = sp.ph[0].volt_v;
		sp.ph[1].volt_deg = configuration == ONE_AND_A_HALF ? 180 : -120;
	}
	for (int i = 0; i < n; i++) {
		sp.ph[i].curr_a = curr_a;
		sp.ph[i].curr_deg = wrap_deg(sp.ph[i].volt_deg - phi_deg + (received ? 180 : 0));
	}
	*out = sp;
	return ET_OK;
}

void setpoint_power(const struct setpoint *sp, double *power_w, double *reactive_var)
{
	double p = 0, q = 0;

	for (int i = 0; i < ET_PHASES; i++) {
		const struct phase_setpoint *ph = &sp->ph[i];
		const double phi = (ph->volt_deg - ph->curr_deg) * RAD_PER_DEG;

		p += ph->volt_v * ph->curr_a * cos(phi);
		q += ph->volt_v * ph->curr_a * sin(phi);
	}
	*power_w = p;
	*reactive_var = q;
}
