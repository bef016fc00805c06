/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/sim_com5003_parts.h"

static int64_t span_ns(double s)
{
	return (int64_t)llround(s * 1e9);
}

double com_indicated_wh(const struct sim_com *com)
{
	const double delta = com->cfg.phase_min * SIM_RAD_PER_MIN;
	const double gain = 1 + com->cfg.error_pct / 100;
	const int n = com->mode == COM_2LW ? 1 : ET_PHASES;
	struct world_sums sums;
	double p = 0, q = 0;

	world_sums(com->dev.world, &sums);
	for (int k = 0; k < n; k++) {
		p += sums.power_wh[k];
		q += sums.reactive_varh[k];
	}
	return gain * (p * cos(delta) - q * sin(delta));
}

/* With the constant that is in force until now. */
void com_em_count(struct sim_com *com)
{
	struct com_em *em = &com->em;
	const double wh = com_indicated_wh(com);

	if (em->status == EM_RUNNING)
		em->pulses += (wh - em->last_wh) / 1000 * com_constant(com);
	em->last_wh = wh;
}

static void latch(struct sim_com *com, int64_t t_ns)
{
	struct com_em *em = &com->em;

	com_em_count(com);
	em->latched_kwh = trunc(em->pulses) / em->constant;
	em->latched_s = (double)(t_ns - em->t_start_ns) * 1e-9;
}

void com_em_start(struct sim_com *com, int64_t t_ns)
{
	struct com_em *em = &com->em;

	em->status = EM_RUNNING;
	em->constant = com_constant(com);
	em->pulses = 0;
	em->last_wh = com_indicated_wh(com);
	em->t_start_ns = t_ns;
	em->latched_kwh = em->latched_s = em->shown_kwh = em->shown_s = 0;
	em->t_shown_ns = t_ns;
	if (em->t_latch_ns <= t_ns) { /* the instants ran free while the register stood */
		const int64_t step = span_ns(com->cfg.energy_update_s);

		em->t_latch_ns += ((t_ns - em->t_latch_ns) / step + 1) * step;
	}
}

void com_em_stop(struct sim_com *com, enum com_em_status status, int64_t t_ns)
{
	struct com_em *em = &com->em;

	if (em->status == EM_RUNNING) {
		latch(com, t_ns);
		em->t_shown_ns = t_ns;
		com_em_show(com, t_ns);
	}
	em->status = status;
}

static int64_t end_ns(const struct com_em *em)
{
	if (em->status != EM_RUNNING || em->mode == 0)
		return ET_NEVER_NS;
	return em->t_start_ns + span_ns(em->duration_s);
}

int64_t com_em_next_ns(const struct sim_com *com)
{
	const struct com_em *em = &com->em;

	if (em->status != EM_RUNNING)
		return ET_NEVER_NS;
	return end_ns(em) < em->t_latch_ns ? end_ns(em) : em->t_latch_ns;
}

void com_em_run(struct sim_com *com, int64_t now_ns)
{
	struct com_em *em = &com->em;
	const struct sim_com_config *cfg = &com->cfg;

	if (em->status != EM_RUNNING)
		return;
	if (em->t_latch_ns <= now_ns) {
		com_em_show(com, now_ns);
		latch(com, now_ns);
		em->t_shown_ns =
			now_ns + span_ns(cfg->update_latency_s +
					 cfg->update_jitter_s * rng_uniform(&com->update_rng));
		em->t_latch_ns += span_ns(cfg->energy_update_s);
	}
	if (end_ns(em) <= now_ns)
		com_em_stop(com, EM_READY, now_ns);
}

void com_em_show(struct sim_com *com, int64_t now_ns)
{
	struct com_em *em = &com->em;

	if (em->t_shown_ns > now_ns)
		return;
	em->shown_kwh = em->latched_kwh;
	em->shown_s = em->latched_s;
}
