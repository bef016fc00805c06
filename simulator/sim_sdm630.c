/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/sim_sdm630.h"

#include <string.h>

enum { READ_INPUT = 4, ILLEGAL_FUNCTION = 1, ILLEGAL_ADDRESS = 2, ILLEGAL_VALUE = 3 };
static const double STEP_KWH = 0.01;

static int64_t plus_s(int64_t t_ns, double s)
{
	return t_ns + (int64_t)llround(s * 1e9);
}

/* ---- what it measures ---- */

/* At lagging power factor a positive phase error of the voltage makes it read less. */
static struct phasor indicated_va(const struct sim_sdm *m, struct phasor va)
{
	return ph_scale(ph_mul(va, ph_polar(1, m->cfg.phase_min * SIM_RAD_PER_MIN)),
			1 + m->cfg.error_pct / 100);
}

static double indicated_wh(const struct sim_sdm *m)
{
	struct phasor sum = { 0, 0 };
	struct world_sums sums;

	world_sums(m->dev.world, &sums);
	for (int k = 0; k < ET_PHASES; k++)
		sum = ph_add(sum, (struct phasor){ sums.power_wh[k], sums.reactive_varh[k] });
	return indicated_va(m, sum).re;
}

static double in_steps(double kwh)
{
	return trunc(kwh / STEP_KWH + 1e-9) * STEP_KWH;
}

static void update(struct sim_sdm *m)
{
	const struct world *w = m->dev.world;
	const double half = 1 + m->cfg.error_pct / 200, wh = indicated_wh(m);
	bool any = false;

	*(wh > m->last_wh ? &m->import_wh : &m->export_wh) += fabs(wh - m->last_wh);
	m->last_wh = wh;
	m->shown.import_kwh = in_steps(m->cfg.start_kwh + m->import_wh / 1000);
	m->shown.export_kwh = in_steps(m->export_wh / 1000);
	for (int k = 0; k < ET_PHASES; k++) {
		const struct phasor va = indicated_va(m, ph_mul(w->v[k], ph_conj(w->i[k])));

		m->shown.volt_v[k] = half * ph_abs(w->v[k]);
		m->shown.curr_a[k] = half * ph_abs(w->i[k]);
		m->shown.power_w[k] = va.re;
		m->shown.reactive_var[k] = va.im;
		any = any || ph_abs(w->v[k]) > 1;
	}
	m->shown.freq_hz = any ? w->target.freq_hz : 0;
}

static void on_alarm(struct device *d, int64_t now_ns)
{
	struct sim_sdm *m = (struct sim_sdm *)d;

	update(m);
	m->t_update_ns = plus_s(m->t_update_ns, m->cfg.update_s);
	device_alarm_at(d, m->t_update_ns > now_ns ? m->t_update_ns : now_ns + 1);
}

/* ---- its registers ---- */

static double sum_of(const double v[ET_PHASES])
{
	return v[0] + v[1] + v[2];
}

/* The float at an even address. @return false: there is none. */
static bool value_at(const struct sim_sdm *m, unsigned address, double *out)
{
	const struct sim_sdm_shown *s = &m->shown;
	const unsigned k = address / 2 % 3;
	const double va = k < 3 ? s->volt_v[k] * s->curr_a[k] : 0;

	switch (address) {
	case 0x00:
	case 0x02:
	case 0x04:
		*out = s->volt_v[k];
		return true;
	case 0x06:
	case 0x08:
	case 0x0a:
		*out = s->curr_a[k];
		return true;
	case 0x0c:
	case 0x0e:
	case 0x10:
		*out = s->power_w[k];
		return true;
	case 0x12:
	case 0x14:
	case 0x16:
		*out = va;
		return true;
	case 0x18:
	case 0x1a:
	case 0x1c:
		*out = s->reactive_var[k];
		return true;
	case 0x1e:
	case 0x20:
	case 0x22:
		*out = va > 0 ? s->power_w[k] / va : 1;
		return true;
	case 0x34:
		*out = sum_of(s->power_w);
		return true;
	case 0x46:
		*out = s->freq_hz;
		return true;
	case 0x48:
		*out = s->import_kwh;
		return true;
	case 0x4a:
		*out = s->export_kwh;
		return true;
	case 0x156:
		*out = s->import_kwh + s->export_kwh;
		return true;
	default:
		return false;
	}
}

/* Four bytes, most significant first. */
static void put_float(double v, uint8_t out[4])
{
	const float f = (float)v;
	uint32_t bits;

	memcpy(&bits, &f, sizeof(bits));
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)(bits >> (24 - 8 * i));
}

/* The bytes of the two registers at an even address. */
static bool put_pair(const struct sim_sdm *m, unsigned address, uint8_t out[4])
{
	double v;

	if (address >= SDM_SERIAL_ADDRESS && address < SDM_SERIAL_ADDRESS + SDM_SERIAL_BYTES / 2) {
		char text[SDM_SERIAL_BYTES] = "";

		strncpy(text, m->cfg.serial, sizeof(text) - 1);
		memcpy(out, text + 2 * (address - SDM_SERIAL_ADDRESS), 4);
		return true;
	}
	if (!value_at(m, address, &v))
		return false;
	put_float(v, out);
	return true;
}

/* @return the length of the reply in @p out. */
static size_t answer(const struct sim_sdm *m, const uint8_t *ask, size_t len,
		     uint8_t out[2 + 2 * SDM_REGISTERS_MAX])
{
	const unsigned address = len == 5 ? (unsigned)(ask[1] << 8 | ask[2]) : 0;
	const unsigned count = len == 5 ? (unsigned)(ask[3] << 8 | ask[4]) : 0;

	out[0] = ask[0] | 0x80;
	out[1] = 0;
	if (ask[0] != READ_INPUT)
		out[1] = ILLEGAL_FUNCTION;
	else if (count < 2 || count > SDM_REGISTERS_MAX || count % 2)
		out[1] = ILLEGAL_VALUE;
	else if (address % 2)
		out[1] = ILLEGAL_ADDRESS;
	for (unsigned i = 0; i < count && !out[1]; i += 2)
		if (!put_pair(m, address + i, out + 2 + 2 * i))
			out[1] = ILLEGAL_ADDRESS;
	if (out[1])
		return 2;
	out[0] = READ_INPUT;
	out[1] = (uint8_t)(2 * count);
	return 2 + 2 * (size_t)count;
}

static void receive(struct sim_peer *s, int64_t t_ns, const uint8_t *data, size_t len)
{
	struct sim_sdm *m = (struct sim_sdm *)s;
	uint8_t reply[2 + 2 * SDM_REGISTERS_MAX];
	size_t n;

	if (len == 0)
		return;
	world_advance(m->dev.world, t_ns);
	n = answer(m, data, len, reply);
	device_emit(&m->dev,
		    plus_s(t_ns, m->cfg.latency_s + m->cfg.jitter_s * rng_uniform(&m->latency_rng)),
		    (const char *)reply, n);
}

static void wake(struct sim_peer *s, int64_t t_ns)
{
	(void)s; /* never asked for */
	(void)t_ns;
}

void sim_sdm_init(struct sim_sdm *m, const struct sim_sdm_config *cfg, struct clk *c,
		  struct world *w, uint64_t seed)
{
	static const struct sim_peer_ops ops = { receive, wake }; /* messages, not lines */
	struct rng start;

	memset(m, 0, sizeof(*m));
	device_init(&m->dev, c, w, '\n', NULL, on_alarm);
	m->dev.peer.ops = &ops;
	m->cfg = *cfg;
	rng_init(&start, seed, RNG_REFERENCE_START, 0);
	rng_init(&m->latency_rng, seed, RNG_REFERENCE_LATENCY, 0);
	update(m);
	m->t_update_ns = plus_s(w->t_ns, cfg->update_s * rng_uniform(&start)) + 1;
	device_alarm_at(&m->dev, m->t_update_ns);
}
