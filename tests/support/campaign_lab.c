/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/campaign_lab.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "simulator/rng.h"
#include "tests/support/campaign_white.h"

/* Known errors, the same in truth and papers: they must be corrected away. */
static const double REF_ERROR_PCT = 0.010, POS_RATIO_PCT = -0.010, POS_PHASE_MIN = 0.2;
static const double METER_ERROR_PCT = 1.5, TYPICAL_PCT = 0.05, TYPICAL_SD_PCT = 0.15;
static const double LIMIT_PCT = 1, CAP_S = 180, CAP_PULSES = 8;
static const double PCT_PER_MIN = 100 * 3.14159265358979323846 / 10800;
enum { METER_DRAWS = 1000 }; /* beside the positions of RNG_METER_START */

/* ---- the papers: plan, card, bench, certificate ---- */

static void make_plan(struct campaign_lab *lab)
{
	const struct campaign_cell *c = lab->cell;
	const double volt_v = c->configuration == 2 ? 240 : 120, m = c->configuration == 4 ? 2 : 1;
	const double period_s = 3600 * c->kh_wh / (m * volt_v * c->curr_a * c->power_factor);
	struct plan *p = &lab->b.plan;

	lab->step = *(const struct plan_step *)p->steps.items;
	lab->step.current_a = c->curr_a;
	lab->step.current_pct_imax = NAN;
	lab->step.power_factor = c->power_factor;
	lab->step.sense = c->power_factor < 1 ? LOAD_LAG : -1;
	lab->step.limit_lo_pct = -LIMIT_PCT;
	lab->step.limit_hi_pct = LIMIT_PCT;
	p->steps = (struct yaml_list){ &lab->step, 1 };
	p->rule = RULE_SIMPLE;
	p->rounding.digits = 4; /* a coarse figure would bring a line of its own */
	p->floor_a_pct = c->floor_a_pct;
	p->cap_s = c->cap_s > 0 ? c->cap_s : fmax(CAP_S, CAP_PULSES * period_s);
	p->settle_s = 2;
	p->retries = 0;
}

/* 200 A: the drivers' usual limits would refuse the largest load. */
static void open_limits(struct campaign_lab *lab)
{
	static const struct bench_option option[BENCH_ROLES] = {
		[BENCH_SOURCE] = { "curr_max_a", "200" },
		[BENCH_REFERENCE] = { "range_margin", "1" },
	};
	struct bench_file *b = &lab->b.bench;

	memcpy(lab->instruments, b->instruments.items, sizeof(lab->instruments));
	memcpy(lab->option, option, sizeof(option));
	for (int i = 0; i < BENCH_ROLES; i++) {
		struct bench_option *o = &lab->option[lab->instruments[i].role];

		if (o->key)
			lab->instruments[i].options = (struct yaml_list){ o, 1 };
	}
	b->instruments.items = lab->instruments;
}

static void make_bench(struct campaign_lab *lab)
{
	const struct campaign_cell *c = lab->cell;
	const double declared = c->half_declared ? 0.5 : 1;
	struct bench_file *b = &lab->b.bench;

	open_limits(lab);
	b->ref_sigma_s = declared * c->update_jitter_s / sqrt(12);
	lab->position = (struct bench_position){ .ratio_pct = POS_RATIO_PCT,
						 .ratio_half_width_pct = c->ratio_pct,
						 .phase_min = POS_PHASE_MIN,
						 .phase_half_width_min = c->pos_phase_min };
	b->positions = (struct yaml_list){ &lab->position, 1 };
	lab->card = *(const struct meter_card *)lab->b.batch.meters.items;
	lab->card.kh_wh = c->kh_wh;
	lab->b.batch.meters = (struct yaml_list){ &lab->card, 1 };
	lab->type = (struct bench_meter_type){ .model = lab->card.model,
					       .grid_s = declared * c->grid_cycles / 60,
					       .edge_sigma_s =
						       declared * c->latency_jitter_s / sqrt(12) };
	b->meter_types = (struct yaml_list){ &lab->type, c->no_model ? 0 : 1 };
}

static void make_certificate(struct campaign_lab *lab)
{
	const struct campaign_cell *c = lab->cell;
	struct apparatus *a = &lab->b.reference;

	for (int i = 0; i < 2; i++)
		lab->correction[i] = (struct apparatus_point){ .volt_v = lab->b.batch.volt_v,
							       .curr_a = i ? 200 : 0.1,
							       .power_factor = c->power_factor,
							       .sense = 0,
							       .error_pct = REF_ERROR_PCT,
							       .U_pct = 2 * c->u_certificate_pct,
							       .k = 2 };
	a->correction = (struct yaml_list){ lab->correction, 2 };
	a->drift_pct = c->drift_pct;
	a->temperature_pct = NAN;
	a->phase_min = c->ref_phase_min;
}

/* ---- the truth ---- */

static void make_terms(struct campaign_lab *lab)
{
	const struct campaign_cell *c = lab->cell;
	const struct scenario_type_b terms[CAMPAIGN_TERMS] = {
		{ .term = TERM_REFERENCE_GAIN,
		  .distribution = DIST_NORMAL,
		  .u = c->u_certificate_pct },
		{ .term = TERM_REFERENCE_GAIN,
		  .distribution = DIST_RECTANGULAR,
		  .u = c->drift_pct / sqrt(3) },
		{ .term = TERM_REFERENCE_PHASE,
		  .distribution = DIST_RECTANGULAR,
		  .u = c->ref_phase_min / sqrt(3) },
		{ .term = TERM_POSITION_RATIO,
		  .distribution = DIST_RECTANGULAR,
		  .u = c->ratio_pct / sqrt(3) },
		{ .term = TERM_POSITION_PHASE,
		  .distribution = DIST_RECTANGULAR,
		  .u = c->pos_phase_min / sqrt(3) },
	};

	memcpy(lab->type_b, terms, sizeof(terms));
	lab->b.scenario.type_b = (struct yaml_list){ lab->type_b, CAMPAIGN_TERMS };
}

static void make_meter(struct campaign_lab *lab)
{
	const struct campaign_cell *c = lab->cell;
	struct scenario_meter *m = &lab->meter;

	scenario_meter_init(m);
	m->kh_wh = c->kh_wh;
	m->grid_cycles = c->grid_cycles;
	m->latency_jitter_s = c->latency_jitter_s;
	m->noise_1s_pct = c->noise_1s_pct;
	m->drop_one_in = c->drop_one_in;
	m->drop_every = c->drop_every;
	m->bounce_one_in = c->bounce_one_in;
	m->spurious_per_h = c->spurious_per_h;
	if (c->bounce_s > 0)
		m->bounce_s = c->bounce_s;
	lab->b.scenario.meters = (struct yaml_list){ m, 1 };
}

static void make_scenario(struct campaign_lab *lab)
{
	const struct campaign_cell *c = lab->cell;
	struct scenario *s = &lab->b.scenario;

	s->source.settle_tau_s = 0.1;
	if (c->source_drift_pct > 0) {
		s->source.drift_pct = c->source_drift_pct;
		s->source.drift_tau_s = c->source_drift_s;
	}
	s->reference.error_pct = REF_ERROR_PCT;
	s->reference.phase_min = 0;
	s->reference.energy_update_s = c->update_s;
	s->reference.update_jitter_s = c->update_jitter_s;
	s->reference.jitter_s = c->answer_jitter_s;
	scenario_position_init(&lab->true_position);
	lab->true_position.ratio_pct = POS_RATIO_PCT;
	lab->true_position.phase_min = POS_PHASE_MIN;
	s->bench.positions = (struct yaml_list){ &lab->true_position, 1 };
	make_meter(lab);
	make_terms(lab);
}

int campaign_lab_make(struct campaign_lab *lab, const struct campaign_cell *cell)
{
	const char *example = cell->configuration == 1	 ? "1-element"
			      : cell->configuration == 2 ? "1h-element"
							 : "2-element-network";

	memset(lab, 0, sizeof(*lab));
	lab->cell = cell;
	if (sim_bench_load(&lab->b, example) != 0) {
		sim_bench_free(&lab->b);
		return -1;
	}
	make_plan(lab);
	make_bench(lab);
	make_certificate(lab);
	make_scenario(lab);
	return 0;
}

void campaign_lab_free(struct campaign_lab *lab)
{
	sim_bench_free(&lab->b);
}

/* ---- one run ---- */

struct watch {
	struct campaign_lab *lab;
	struct campaign_run *out;
};

static void take_attempt(void *arg, const struct station_notice *n)
{
	struct watch *w = arg;
	const struct seq_attempt *at = seq_attempt(n->seq);
	const struct seq_observation *o;

	if (n->kind != NOTICE_COMMITTED || n->commit != COMMIT_ATTEMPT)
		return;
	o = &at->pos[w->lab->card.position - 1];
	w->out->done = at->result == SEQ_RESULT_DONE;
	if (!w->out->done)
		snprintf(w->out->why, sizeof(w->out->why), "%s: %.70s", ee_cause_word(at->cause),
			 at->fault.text);
	w->out->verdict = o->verdict;
	w->out->cause = o->cause;
	w->out->obs = o->obs;
	w->lab->setup = o->setup;
	w->out->used_s = (double)(at->t_ended_ns - at->t_armed_ns) / ET_NS_PER_S;
	w->out->white_U_pct =
		campaign_white_U_pct(&o->setup, &o->obs, &at->raw, (int)w->lab->card.position);
}

/* A reference that reads high makes the meter seem slow; a position whose voltage is high makes it seem fast. A
 * leading phase makes either register less at a lagging load. */
static double type_b_pct(const struct sim *sim, double tan_phi)
{
	double sum = 0;
	struct sim_draw d;

	for (size_t i = 0; sim_drawn(sim, i, &d); i++) {
		switch (d.term) {
		case TERM_REFERENCE_GAIN:
			sum -= d.value;
			break;
		case TERM_REFERENCE_PHASE:
			sum += d.value * PCT_PER_MIN * tan_phi;
			break;
		case TERM_POSITION_RATIO:
			sum += d.value;
			break;
		case TERM_POSITION_PHASE:
			sum -= d.value * PCT_PER_MIN * tan_phi;
			break;
		case TERM_METER_GAIN:
		case TERM_KINDS:
			break; /* an error of the meter is what is measured */
		}
	}
	return sum;
}

static void take_truth(void *arg, struct sim *sim)
{
	struct watch *w = arg;
	const double pf = w->lab->cell->power_factor;
	const struct ee_observation *o = &w->out->obs;
	struct sim_truth t;

	w->out->type_b_pct = type_b_pct(sim, sqrt(1 - pf * pf) / pf);
	if (!w->out->done || !isfinite(o->err_pct) ||
	    sim_truth_error(sim, (int)w->lab->card.position, o->seq_first, o->seq_last, &t) !=
		    ET_OK)
		return;
	w->out->truth_pct = t.err_pct;
	w->out->true_intervals = t.meter_wh / w->lab->cell->kh_wh;
}

static void draw_meter(struct campaign_lab *lab, uint64_t seed)
{
	struct rng r;

	rng_init(&r, seed, RNG_METER_START, METER_DRAWS);
	lab->meter.gain_pct = lab->cell->typical ? TYPICAL_PCT + TYPICAL_SD_PCT * rng_normal(&r)
						 : (2 * rng_uniform(&r) - 1) * METER_ERROR_PCT;
	lab->card.position = 1 + (int64_t)(rng_u64(&r) % ET_POSITIONS_MAX);
	lab->meter.position = lab->position.position = lab->true_position.position =
		lab->card.position;
}

void campaign_lab_run(struct campaign_lab *lab, uint64_t seed, struct run_result *room,
		      struct campaign_run *out)
{
	struct watch w = { lab, out };
	const struct sim_bench_run how = {
		.seed = seed, .notice = take_attempt, .finished = take_truth, .arg = &w
	};
	struct fault f = { 0 };

	memset(out, 0, sizeof(*out));
	out->seed = seed;
	out->truth_pct = out->true_intervals = out->used_s = out->white_U_pct = NAN;
	snprintf(out->why, sizeof(out->why), "no attempt");
	draw_meter(lab, seed);
	if (sim_bench_run(&lab->b, &how, room, &f) != ET_OK) {
		snprintf(out->why, sizeof(out->why), "%.90s", f.text);
		out->done = false;
	} else if (room->exit_code > 1) {
		snprintf(out->why, sizeof(out->why), "exit %d: %.70s", room->exit_code,
			 room->fault.text);
		out->done = false;
	}
}
