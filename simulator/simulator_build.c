/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "simulator/scenario_parts.h"
#include "simulator/simulator_parts.h"

/* ---- type B errors ---- */

static double deviate(struct rng *r, int distribution)
{
	switch (distribution) {
	case DIST_RECTANGULAR:
		return (2 * rng_uniform(r) - 1) * sqrt(3);
	case DIST_TRIANGULAR:
		return (rng_uniform(r) - rng_uniform(r)) * sqrt(6);
	default:
		return rng_normal(r);
	}
}

static void draw_one(struct sim *s, uint64_t seed, const struct scenario_type_b *t, size_t entry,
		     int position)
{
	const uint32_t index =
		((uint32_t)entry * TERM_KINDS + (uint32_t)t->term) * 64 + (uint32_t)position;
	struct sim_draw *d = &s->draw[s->n_draws];
	struct rng r;

	if (s->n_draws == SIM_DRAWS_MAX)
		return;
	rng_init(&r, seed, RNG_TYPE_B, index);
	d->term = (enum sim_term)t->term;
	d->name = scenario_term_word(t->term);
	d->position = position;
	d->u = t->u;
	d->value = t->u * deviate(&r, t->distribution);
	s->n_draws++;
}

static bool has_meter(const struct scenario *sc, int position)
{
	const struct scenario_meter *m = sc->meters.items;

	for (size_t n = 0; n < sc->meters.n; n++)
		if (position >= m[n].position && position <= last_of(m[n].position, m[n].to))
			return true;
	return false;
}

void sim_draw_all(struct sim *s, uint64_t seed)
{
	const struct scenario_type_b *t = s->sc->type_b.items;

	for (size_t n = 0; n < s->sc->type_b.n; n++) {
		if (t[n].term == TERM_REFERENCE_GAIN || t[n].term == TERM_REFERENCE_PHASE) {
			draw_one(s, seed, &t[n], n, 0);
			continue;
		}
		for (int p = 1; p <= ET_POSITIONS_MAX; p++)
			if (has_meter(s->sc, p))
				draw_one(s, seed, &t[n], n, p);
	}
}

static double drawn(const struct sim *s, enum sim_term term, int position)
{
	double sum = 0;

	for (size_t n = 0; n < s->n_draws; n++)
		if (s->draw[n].term == term && s->draw[n].position == position)
			sum += s->draw[n].value;
	return sum;
}

/* ---- world and meters ---- */

static struct phasor burden(double va, double pf, int kind)
{
	const double s = or_f64(va, 0), c = or_f64(pf, 1), q = s * sqrt(1 - c * c);

	return (struct phasor){ s * c, kind == SIM_BURDEN_CAPACITIVE ? -q : q };
}

static void build_isolation(struct sim *s)
{
	const struct scenario_position *p = s->sc->bench.positions.items;

	for (size_t n = 0; n < s->sc->bench.positions.n; n++)
		for (int64_t k = p[n].position; k <= last_of(p[n].position, p[n].to); k++) {
			struct world_position *w = &s->world.position[k - 1];

			w->ratio_pct = or_f64(p[n].ratio_pct, 0);
			w->phase_min = or_f64(p[n].phase_min, 0);
			w->impedance =
				(struct phasor){ or_f64(p[n].r_ohm, 0), or_f64(p[n].x_ohm, 0) };
			w->burden_va = burden(p[n].burden_va, p[n].burden_pf, p[n].burden_kind);
		}
}

static int build_meter(struct sim *s, const struct scenario_meter *card, int64_t k, struct fault *f)
{
	struct world_position *w = &s->world.position[k - 1];
	struct scenario_meter one = *card;
	const int64_t channel = or_i64(card->channel, card->position) + k - card->position;
	const int reader = scenario_reader_index(s->sc, card->reader);

	if (reader < 0 || channel < 1 || channel > s->stamp[reader].cfg.channels ||
	    s->stamp[reader].cfg.position_of[channel - 1])
		return fault_set(f, ET_ERR_ARG,
				 "scenario: position %d has no reader channel of its own", (int)k);
	w->meter = malloc(sizeof(*w->meter));
	if (!w->meter)
		return fault_set(f, ET_ERR_NOMEM, "scenario: out of memory");
	one.position = k;
	one.configuration = or_i64(card->configuration, or_i64(s->sc->bench.configuration, 2));
	meter_init(w->meter, &one, s->seed, s->world.t_ns);
	s->meter_gain_pct[k - 1] = drawn(s, TERM_METER_GAIN, (int)k);
	w->meter->extra_gain_pct = s->meter_gain_pct[k - 1];
	w->meter->temperature_c = s->world.temperature_c;
	w->ratio_pct += drawn(s, TERM_POSITION_RATIO, (int)k);
	w->phase_min += drawn(s, TERM_POSITION_PHASE, (int)k);
	w->burden_va =
		ph_add(w->burden_va, burden(card->burden_va, card->burden_pf, card->burden_kind));
	s->reader_of[k - 1] = reader;
	s->channel_of[k - 1] = (int)channel;
	s->stamp[reader].cfg.position_of[channel - 1] = (int)k;
	return ET_OK;
}

static int build_meters(struct sim *s, struct fault *f)
{
	const struct scenario_meter *m = s->sc->meters.items;

	for (size_t n = 0; n < s->sc->meters.n; n++)
		for (int64_t k = m[n].position; k <= last_of(m[n].position, m[n].to); k++) {
			int err;

			if (k < 1 || k > ET_POSITIONS_MAX || s->world.position[k - 1].meter)
				return fault_set(f, ET_ERR_ARG,
						 "scenario: position %d is wrong or taken", (int)k);
			err = build_meter(s, &m[n], k, f);
			if (err < 0)
				return err;
		}
	return ET_OK;
}

static void build_world(struct sim *s)
{
	const struct scenario_source *p = &s->sc->source;
	const struct scenario_bench *b = &s->sc->bench;
	const struct world_source src = {
		.volt_error_pct = or_f64(p->volt_error_pct, 0),
		.curr_error_pct = or_f64(p->curr_error_pct, 0),
		.phase_min = or_f64(p->phase_min, 0),
		.noise_pct = or_f64(p->noise_pct, 0.01),
		.drift_pct = or_f64(p->drift_pct, 0.02),
		.drift_tau_s = or_f64(p->drift_tau_s, 60),
		.segment_s = or_f64(p->segment_s, 0.5),
		.settle_tau_s = or_f64(p->settle_tau_s, 0.4),
		.impedance = { or_f64(b->source_r_ohm, 0), or_f64(b->source_x_ohm, 0) },
	};
	const enum connection conn =
		b->connection < 0 ? CONNECTION_SERIES : (enum connection)b->connection;

	world_init(&s->world, &src, conn, s->seed, clk_now_ns(s->clk));
	s->world.temperature_c = or_f64(b->temperature_c, 23);
}

/* ---- instruments ---- */

static void build_source(struct sim *s)
{
	const struct scenario_source *p = &s->sc->source;
	const struct sim_fg_config cfg = {
		.model = or_str(p->model, "SIMFG301"),
		.firmware = or_str(p->firmware, "V299"),
		.volt_max_v = or_f64(p->volt_max_v, 320),
		.curr_max_a = or_f64(p->curr_max_a, 200),
		.freq_min_hz = or_f64(p->freq_min_hz, 40),
		.freq_max_hz = or_f64(p->freq_max_hz, 70),
		.on_time_s = or_f64(p->on_time_s, 3),
		.off_time_s = or_f64(p->off_time_s, 1),
		.latency_s = or_f64(p->latency_s, 0.02),
	};

	sim_fg_init(&s->fg, &cfg, s->clk, &s->world);
}

static void build_com5003(struct sim *s)
{
	const struct scenario_reference *p = &s->sc->reference;
	const struct sim_com_config cfg = {
		.serial = or_str(p->serial, "SIM-COM-0001"),
		.firmware = or_str(p->firmware, "1.0"),
		.error_pct = s->reference_error_pct,
		.phase_min = s->reference_phase_min,
		.integration_s = or_f64(p->integration_s, 0.5),
		.energy_update_s = or_f64(p->energy_update_s, 1),
		.update_latency_s = or_f64(p->update_latency_s, 0.002),
		.update_jitter_s = or_f64(p->update_jitter_s, 0.001),
		.latency_s = or_f64(p->latency_s, 0.001),
		.jitter_s = or_f64(p->jitter_s, 0.001),
		.apply_s = or_f64(p->apply_s, 0.0015),
	};

	sim_com_init(&s->com, &cfg, s->clk, &s->world, s->seed);
	s->device[SIM_REFERENCE] = &s->com.dev;
}

static void build_sdm630(struct sim *s)
{
	const struct scenario_reference *p = &s->sc->reference;
	const struct sim_sdm_config cfg = {
		.serial = or_str(p->serial, "SIM-SDM-0001"),
		.error_pct = s->reference_error_pct,
		.phase_min = s->reference_phase_min,
		.update_s = or_f64(p->energy_update_s, 1),
		.latency_s = or_f64(p->latency_s, 0.02),
		.jitter_s = or_f64(p->jitter_s, 0.001),
		.start_kwh = 1234.56,
	};

	sim_sdm_init(&s->sdm, &cfg, s->clk, &s->world, s->seed);
	s->device[SIM_REFERENCE] = &s->sdm.dev;
}

static void build_reference(struct sim *s)
{
	const struct scenario_reference *p = &s->sc->reference;

	s->reference_error_pct = or_f64(p->error_pct, 0) + drawn(s, TERM_REFERENCE_GAIN, 0);
	s->reference_phase_min = or_f64(p->phase_min, 0) + drawn(s, TERM_REFERENCE_PHASE, 0);
	if (p->model == SIM_SDM630)
		build_sdm630(s);
	else
		build_com5003(s);
}

/* The map of channels is filled in by the meters, so this comes in two parts. */
static const struct scenario_reader *reader_card(const struct sim *s, int n)
{
	return n == 0 ? &s->sc->reader
		      : (const struct scenario_reader *)s->sc->readers.items + n - 1;
}

/* Chance of one reader; that of the first is as it was when there was only one. */
static uint64_t reader_seed(const struct sim *s, int n)
{
	return s->seed + (uint64_t)n * UINT64_C(0x9E3779B97F4A7C15);
}

static void prepare_reader(struct sim *s, int n)
{
	static const char *const serials[ET_READERS_MAX] = { "SIM-IR-0001", "SIM-IR-0002",
							     "SIM-IR-0003", "SIM-IR-0004",
							     "SIM-IR-0005", "SIM-IR-0006",
							     "SIM-IR-0007", "SIM-IR-0008" };
	const struct scenario_reader *p = reader_card(s, n);
	struct rng r;

	rng_init(&r, reader_seed(s, n), RNG_BOOT, 1);
	s->stamp[n].cfg = (struct sim_stamp_config){
		.serial = or_str(p->serial, serials[n]),
		.firmware = or_str(p->firmware, "1.0.2"),
		.channels = (int)or_i64(p->channels, ET_POSITIONS_MAX),
		.boot = (uint32_t)or_i64(p->boot, (int64_t)(rng_u64(&r) & 0xFFFFFFFF)),
		.tick_ns = or_i64(p->tick_ns, 1000),
		.u_ns = or_i64(p->u_ns, 600),
		.stamp_sd_s = or_f64(p->stamp_sd_s, 0.5e-6),
		.rate_ppm = or_f64(p->rate_ppm, 20),
		.wander_ppm = or_f64(p->wander_ppm, 0.05),
		.batch_s = or_f64(p->batch_s, 0.05),
		.latency_s = or_f64(p->latency_s, 0.001),
		.byte_ns = INT64_C(10000000000) / or_i64(p->baud, 921600),
		.buffer_lines = (int)or_i64(p->buffer_lines, 256),
	};
}

static int build_reader(struct sim *s, int n, struct fault *f)
{
	const struct sim_stamp_config cfg = s->stamp[n].cfg;

	if (sim_stamp_init(&s->stamp[n], &cfg, s->clk, &s->world, reader_seed(s, n)) < 0)
		return fault_set(f, ET_ERR_NOMEM, "scenario: out of memory");
	s->device[SIM_READER + n] = &s->stamp[n].dev;
	return ET_OK;
}

int sim_build(struct sim *s, struct fault *f)
{
	int err;

	if (s->sc->readers.n >= ET_READERS_MAX)
		return fault_set(f, ET_ERR_ARG, "scenario: more than %d readers", ET_READERS_MAX);
	s->n_readers = 1 + (int)s->sc->readers.n;
	build_world(s);
	for (int n = 0; n < s->n_readers; n++)
		prepare_reader(s, n);
	build_isolation(s);
	err = build_meters(s, f);
	for (int n = 0; n < s->n_readers && err == ET_OK; n++)
		err = build_reader(s, n, f);
	if (err < 0)
		return err;
	world_start(&s->world);
	build_source(s);
	build_reference(s);
	s->device[SIM_SOURCE] = &s->fg.dev;
	return ET_OK;
}
