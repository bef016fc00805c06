/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/meter.h"

#include <string.h>

#include "simulator/scenario_parts.h"

static void resolve(struct scenario_meter *p, struct rng *start)
{
	const double phase = rng_uniform(start);

	p->kh_wh = or_f64(p->kh_wh, 1);
	p->gain_pct = or_f64(p->gain_pct, 0);
	p->phase_min = or_f64(p->phase_min, 0);
	p->low_load_pct = or_f64(p->low_load_pct, 0);
	p->low_load_below_a = or_f64(p->low_load_below_a, 0);
	p->temp_coeff_pct_per_k = or_f64(p->temp_coeff_pct_per_k, 0);
	p->starting_a = or_f64(p->starting_a, 0);
	p->creep_w = or_f64(p->creep_w, 0);
	p->noise_1s_pct = or_f64(p->noise_1s_pct, 0);
	p->counts = p->counts < 0 ? COUNTS_ABSOLUTE : p->counts;
	p->grid_cycles = or_f64(p->grid_cycles, 0);
	p->grid_phase = or_f64(p->grid_phase, phase);
	p->latency_s = or_f64(p->latency_s, 0);
	p->latency_jitter_s = or_f64(p->latency_jitter_s, 0);
	p->drop_every = or_i64(p->drop_every, 0);
	p->drop_one_in = or_i64(p->drop_one_in, 0);
	p->spurious_per_h = or_f64(p->spurious_per_h, 0);
	p->bounce_one_in = or_i64(p->bounce_one_in, 0);
	p->bounce_s = or_f64(p->bounce_s, 0.002);
}

static int64_t plus_s(int64_t t_ns, double s)
{
	return t_ns + (int64_t)llround(s * 1e9);
}

static int64_t draw_spurious(struct meter *m, int64_t t_ns)
{
	if (!(m->p.spurious_per_h > 0))
		return ET_NEVER_NS;
	return plus_s(t_ns, rng_exponential(&m->spurious_rng) * 3600 / m->p.spurious_per_h) + 1;
}

void meter_init(struct meter *m, const struct scenario_meter *p, uint64_t seed, int64_t t_ns)
{
	const uint32_t who = (uint32_t)p->position;
	struct rng start;

	memset(m, 0, sizeof(*m));
	m->p = *p;
	rng_init(&start, seed, RNG_METER_START, who);
	resolve(&m->p, &start);
	rng_init(&m->noise_rng, seed, RNG_METER_NOISE, who);
	rng_init(&m->flash_rng, seed, RNG_METER_FLASH, who);
	rng_init(&m->dark_rng, seed, RNG_METER_DARK, who);
	rng_init(&m->spurious_rng, seed, RNG_METER_SPURIOUS, who);
	rng_init(&m->bounce_rng, seed, RNG_METER_BOUNCE, who);
	m->temperature_c = 23;
	m->dead = m->p.led == 1;
	m->t0_ns = t_ns;
	m->rest_wh = rng_uniform(&start) * m->p.kh_wh;
	m->next_cross_ns = ET_NEVER_NS;
	m->last_led_ns = t_ns;
	m->next_spurious_ns = draw_spurious(m, t_ns);
	m->freq_hz = 60;
}

double meter_gain(const struct meter *m, double curr_a)
{
	double pct = m->p.gain_pct + m->extra_gain_pct +
		     m->p.temp_coeff_pct_per_k * (m->temperature_c - 23);

	if (curr_a < m->p.low_load_below_a)
		pct += m->p.low_load_pct * (1 - curr_a / m->p.low_load_below_a);
	return 1 + pct / 100;
}

static double counted_w(const struct meter *m, double power_w)
{
	if (m->p.counts == COUNTS_DELIVERED)
		return power_w > 0 ? power_w : 0;
	return fabs(power_w);
}

static void set_power(struct meter *m, const struct meter_input *in)
{
	const double delta = m->p.phase_min * SIM_RAD_PER_MIN;
	const double c = cos(delta), s = sin(delta);
	double power = 0, real = 0, curr_max = 0, volt_max = 0;

	for (int e = 0; e < in->n; e++) {
		const struct phasor va = ph_mul(in->v[e], ph_conj(in->i[e]));
		const double curr = ph_abs(in->i[e]), volt = ph_abs(in->v[e]);

		real += va.re;
		/* Its voltage seems to lead by delta more: phi + delta. */
		power += (va.re * c - va.im * s) * meter_gain(m, curr);
		curr_max = curr > curr_max ? curr : curr_max;
		volt_max = volt > volt_max ? volt : volt_max;
	}
	if (curr_max < m->p.starting_a || !(curr_max > 0))
		power = volt_max > 10 ? m->p.creep_w : 0;
	else
		power *= 1 + m->noise;
	m->power_w = counted_w(m, power);
	m->true_w = counted_w(m, real);
}

static void find_next_cross(struct meter *m)
{
	const double wh = m->p.kh_wh * (double)(m->in_segment + 1) - m->rest_wh;
	const double s = m->power_w > 0 ? wh * 3600 / m->power_w : INFINITY;

	m->next_cross_ns = s < 1e9 ? m->t0_ns + (int64_t)ceil(s * 1e9) : ET_NEVER_NS;
}

void meter_begin(struct meter *m, int64_t t_ns, const struct meter_input *in)
{
	const double h = (double)(t_ns - m->t0_ns) * 1e-9 / 3600;

	meter_advance(m, t_ns);
	m->meter_wh += m->power_w * h;
	m->true_wh += m->true_w * h;
	m->rest_wh += m->power_w * h - m->p.kh_wh * (double)m->in_segment;
	m->in_segment = 0;
	m->t0_ns = t_ns;
	m->freq_hz = in->freq_hz;
	m->line_cycles = in->line_cycles;
	set_power(m, in);
	find_next_cross(m);
}

void meter_draw_noise(struct meter *m, double segment_s)
{
	if (m->p.noise_1s_pct > 0)
		m->noise = m->p.noise_1s_pct / 100 * rng_normal(&m->noise_rng) / sqrt(segment_s);
}

/* Kept in the order of time: a spurious flash may come before a pulse that still waits for its grid. */
static void enqueue(struct meter *m, const struct sim_edge *e)
{
	unsigned i;

	if (m->n_queued == METER_QUEUE) {
		m->head = (m->head + 1) % METER_QUEUE;
		m->n_queued--;
	}
	for (i = m->n_queued; i > 0; i--) {
		const struct sim_edge *before = &m->queue[(m->head + i - 1) % METER_QUEUE];

		if (before->t_led_ns <= e->t_led_ns)
			break;
		m->queue[(m->head + i) % METER_QUEUE] = *before;
	}
	m->queue[(m->head + i) % METER_QUEUE] = *e;
	m->n_queued++;
}

static void flash(struct meter *m, const struct sim_edge *e)
{
	struct sim_edge bounce = *e;
	int n;

	if (m->dead)
		return;
	enqueue(m, e);
	if (m->p.bounce_one_in <= 0 ||
	    rng_uniform(&m->bounce_rng) * (double)m->p.bounce_one_in >= 1)
		return;
	bounce.index = -1;
	n = 1 + (int)(rng_u64(&m->bounce_rng) % 3);
	for (int i = 0; i < n; i++) {
		bounce.t_led_ns =
			plus_s(e->t_led_ns, rng_uniform(&m->bounce_rng) * m->p.bounce_s) + 1;
		enqueue(m, &bounce);
	}
}

static bool is_dark(struct meter *m)
{
	bool dark = m->p.drop_every > 0 && m->index % m->p.drop_every == 0;

	if (m->p.drop_one_in > 0 && rng_uniform(&m->dark_rng) * (double)m->p.drop_one_in < 1)
		dark = true;
	return dark;
}

static int64_t led_time(struct meter *m, double after_s)
{
	double s = after_s;
	int64_t t;

	if (m->p.grid_cycles > 0) {
		const double cross = m->line_cycles + m->freq_hz * after_s;
		const double n = ceil(cross / m->p.grid_cycles - m->p.grid_phase);

		s = ((n + m->p.grid_phase) * m->p.grid_cycles - m->line_cycles) / m->freq_hz;
	}
	s += m->p.latency_s;
	if (m->p.latency_jitter_s > 0)
		s += m->p.latency_jitter_s * rng_uniform(&m->flash_rng);
	t = m->t0_ns + (int64_t)ceil(s * 1e9);
	if (t <= m->last_led_ns)
		t = m->last_led_ns + 1000;
	m->last_led_ns = t;
	return t;
}

static void cross(struct meter *m)
{
	const double wh = m->p.kh_wh * (double)(m->in_segment + 1) - m->rest_wh;
	const double s = wh * 3600 / m->power_w;
	struct sim_edge e = { .t_cross_ns = m->next_cross_ns };

	m->in_segment++;
	e.index = ++m->index;
	e.meter_wh = m->meter_wh + wh;
	e.true_wh = m->true_wh + m->true_w * s / 3600;
	e.t_led_ns = led_time(m, s);
	if (!is_dark(m))
		flash(m, &e);
	find_next_cross(m);
}

static void spurious(struct meter *m)
{
	const double h = (double)(m->next_spurious_ns - m->t0_ns) * 1e-9 / 3600;
	const struct sim_edge e = {
		.t_led_ns = m->next_spurious_ns,
		.t_cross_ns = m->next_spurious_ns,
		.index = -1,
		.meter_wh = m->meter_wh + m->power_w * h,
		.true_wh = m->true_wh + m->true_w * h,
	};

	flash(m, &e);
	m->next_spurious_ns = draw_spurious(m, m->next_spurious_ns);
}

void meter_advance(struct meter *m, int64_t t_ns)
{
	while (m->next_cross_ns <= t_ns || m->next_spurious_ns <= t_ns) {
		if (m->next_cross_ns <= m->next_spurious_ns)
			cross(m);
		else
			spurious(m);
	}
}

bool meter_take(struct meter *m, int64_t t_ns, struct sim_edge *out)
{
	if (m->n_queued == 0 || m->queue[m->head].t_led_ns > t_ns)
		return false;
	*out = m->queue[m->head];
	m->head = (m->head + 1) % METER_QUEUE;
	m->n_queued--;
	return true;
}
