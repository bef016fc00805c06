/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/power_source/zera_fg_lines.c - see the header. */
#include "drivers/power_source/zera_fg_lines.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"

static const char phase_letter[ET_PHASES] = { 'R', 'S', 'T' };

double zfg_zero_deg(const struct setpoint *sp)
{
	for (int i = 0; i < ET_PHASES; i++)
		if (sp->ph[i].volt_v > 0)
			return sp->ph[i].volt_deg;
	return isfinite(sp->ph[0].volt_deg) ? sp->ph[0].volt_deg : 0;
}

double zfg_din_from_iec(double iec_deg, double zero_deg)
{
	double din = fmod(zero_deg - iec_deg, 360);

	if (din < 0)
		din += 360;
	din = round(din * 100) / 100;
	return din >= 360 ? 0 : din;
}

double zfg_iec_from_din(double din_deg, double zero_deg)
{
	double iec = fmod(zero_deg - din_deg, 360);

	if (iec > 180)
		iec -= 360;
	return iec <= -180 ? iec + 360 : iec;
}

/* "R230.000120.00"; an output that stays off has no angle to speak of. */
static void write_phase(char *out, size_t cap, int phase, double amplitude, double iec_deg,
			double zero)
{
	double din = amplitude > 0 ? zfg_din_from_iec(iec_deg, zero) : 0;

	snprintf(out, cap, "%c%07.3f%06.2f", phase_letter[phase], amplitude, din);
}

static void write_triple(const char *head, const struct setpoint *sp, bool volt,
			 char out[ZFG_LINE_MAX])
{
	double zero = zfg_zero_deg(sp);
	size_t len;

	snprintf(out, ZFG_LINE_MAX, "%s", head);
	for (int i = 0; i < ET_PHASES; i++) {
		const struct phase_setpoint *p = &sp->ph[i];

		len = strlen(out);
		write_phase(out + len, ZFG_LINE_MAX - len, i, volt ? p->volt_v : p->curr_a,
			    volt ? p->volt_deg : p->curr_deg, zero);
	}
}

void zfg_write_voltages(const struct setpoint *sp, char out[ZFG_LINE_MAX])
{
	/* no e-function; the voltage stays on when a dosage ends */
	write_triple("UPAE", sp, true, out);
}

void zfg_write_currents(const struct setpoint *sp, char out[ZFG_LINE_MAX])
{
	write_triple("IPAA", sp, false, out);
}

void zfg_write_frequency(const struct setpoint *sp, char out[ZFG_LINE_MAX])
{
	snprintf(out, ZFG_LINE_MAX, "FR%05.2f", sp->freq_hz);
}

void zfg_write_switch(const struct setpoint *sp, char out[ZFG_LINE_MAX])
{
	snprintf(out, ZFG_LINE_MAX, "%s", ZFG_ALL_OFF);
	for (int i = 0; i < ET_PHASES; i++) {
		if (sp->ph[i].volt_v > 0)
			out[2 + i] = 'E';
		if (sp->ph[i].curr_a > 0)
			out[2 + ET_PHASES + i] = 'P';
	}
}

/* @p n bytes without the blanks at their ends. */
static void copy_trimmed(const char *s, size_t n, char out[32])
{
	while (n && s[n - 1] == ' ')
		n--;
	while (n && *s == ' ')
		s++, n--;
	memcpy(out, s, n);
	out[n] = '\0';
}

int zfg_read_identity(const char *line, struct instrument_id *out)
{
	struct instrument_id id = { .maker = "ZERA" };

	if (strlen(line) != 14 || line[0] != 'T' || line[1] != 'S')
		return ET_ERR_PROTO;
	for (const char *p = line; *p; p++)
		if (*p < 0x20 || *p > 0x7e)
			return ET_ERR_PROTO;
	copy_trimmed(line + 2, 8, id.model);
	copy_trimmed(line + 10, 4, id.firmware);
	if (!id.model[0] || !id.firmware[0])
		return ET_ERR_PROTO;
	/* The protocol knows no serial number; a simulated FG says what it is in the model field. */
	id.simulated = !strncmp(id.model, "SIM", 3);
	if (id.simulated)
		memcpy(id.serial, id.model, sizeof(id.serial));
	*out = id;
	return ET_OK;
}

int zfg_read_status(const char *line, bool *healthy)
{
	const char *p = line + 2;
	bool good = true;

	if (line[0] != 'S' || line[1] != 'M' || !*p)
		return ET_ERR_PROTO;
	for (; *p; p++) {
		if (!strchr("0123456789abcdefABCDEF", *p))
			return ET_ERR_PROTO;
		good = good && *p == '0';
	}
	*healthy = good;
	return ET_OK;
}

/* Numbers of fixed width have leading zeros. */
static int read_number(const char *s, size_t len, double *out)
{
	while (len > 1 && s[0] == '0' && s[1] != '.')
		s++, len--;
	return num_parse_f64(s, len, out);
}

int zfg_read_value(const char *line, const char *key, double *out)
{
	size_t n = strlen(key);

	if (strncmp(line, key, n))
		return ET_ERR_PROTO;
	return read_number(line + n, strlen(line + n), out);
}

int zfg_read_amplitudes(const char *line, const char *key, double range, double out[ET_PHASES])
{
	double v[ET_PHASES];
	const char *p = line + 2;

	if (strlen(line) != 2 + ET_PHASES * 6 || strncmp(line, key, 2))
		return ET_ERR_PROTO;
	for (int i = 0; i < ET_PHASES; i++, p += 6) {
		int64_t n;

		if (*p != phase_letter[i] || num_parse_digits(p + 1, 5, &n) != ET_OK)
			return ET_ERR_PROTO;
		v[i] = (double)n * range / 20000;
	}
	memcpy(out, v, sizeof(v));
	return ET_OK;
}

static int read_angle(const char *s, double *out)
{
	return memchr(s, '.', 5) ? read_number(s, 5, out) : ET_ERR_PROTO;
}

int zfg_read_angles(const char *line, double volt_din_deg[ET_PHASES],
		    double curr_din_deg[ET_PHASES])
{
	double u[ET_PHASES], c[ET_PHASES];
	const char *p = line + 2;

	if (strlen(line) != 2 + ET_PHASES * 11 || strncmp(line, "AW", 2))
		return ET_ERR_PROTO;
	for (int i = 0; i < ET_PHASES; i++, p += 11)
		if (*p != phase_letter[i] || read_angle(p + 1, &u[i]) != ET_OK ||
		    read_angle(p + 6, &c[i]) != ET_OK)
			return ET_ERR_PROTO;
	memcpy(volt_din_deg, u, sizeof(u));
	memcpy(curr_din_deg, c, sizeof(c));
	return ET_OK;
}
