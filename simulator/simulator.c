/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/simulator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulator/scenario_parts.h"
#include "simulator/simulator_parts.h"

static uint64_t base_seed(const struct scenario *sc, const struct sim_options *opt)
{
	return opt && opt->seed ? opt->seed : (uint64_t)or_i64(sc->seed, 1);
}

static int64_t resumed_at(const struct sim_options *opt)
{
	return opt ? opt->resume_at_ns : 0;
}

/* Chance of what comes after an interruption: nothing of the first part is repeated. */
static void resume_rng(struct rng *r, const struct scenario *sc, const struct sim_options *opt)
{
	const uint64_t at = (uint64_t)resumed_at(opt);

	rng_init(r, base_seed(sc, opt), RNG_RESUME, (uint32_t)(at ^ at >> 32));
}

static void write_boot_id(const struct scenario *sc, uint64_t seed, char out[40])
{
	struct rng r;
	uint64_t a, b;

	if (sc->boot_id) {
		snprintf(out, 40, "%s", sc->boot_id);
		return;
	}
	rng_init(&r, seed, RNG_BOOT, 0);
	a = rng_u64(&r);
	b = rng_u64(&r);
	snprintf(out, 40, "%08x-%04x-4%03x-8%03x-%012llx", (unsigned)(a >> 32),
		 (unsigned)(a >> 16 & 0xFFFF), (unsigned)(a & 0xFFF), (unsigned)(b >> 48 & 0xFFF),
		 (unsigned long long)(b & 0xFFFFFFFFFFFF));
}

int sim_clock_start(const struct scenario *sc, const struct sim_options *opt, struct clk_start *out)
{
	struct clk_start start = { .mono_ns = SIM_START_MONO_NS };
	int64_t utc_ns;

	if (scenario_parse_epoch(or_str(sc->epoch, SCENARIO_EPOCH), &utc_ns) < 0)
		return ET_ERR_ARG;
	if (resumed_at(opt) > 0) {
		struct rng r;

		resume_rng(&r, sc, opt);
		start.mono_ns =
			resumed_at(opt) + (int64_t)llround((20 + 280 * rng_uniform(&r)) * 1e9);
	}
	start.utc_ns = utc_ns + (start.mono_ns - SIM_START_MONO_NS);
	start.utc_offset_s = (int32_t)or_i64(sc->utc_offset_s, -18000);
	write_boot_id(sc, base_seed(sc, opt), start.boot_id);
	*out = start;
	return ET_OK;
}

int sim_create(const struct scenario *sc, const struct sim_options *opt, struct clk *c,
	       struct sim **out, struct fault *f)
{
	struct sim *s;
	int err;

	if (!clk_is_virtual(c))
		return fault_set(f, ET_ERR_ARG, "scenario: a simulated bench needs virtual time");
	s = calloc(1, sizeof(*s));
	if (!s)
		return fault_set(f, ET_ERR_NOMEM, "scenario: out of memory");
	s->sc = sc;
	s->clk = c;
	s->seed = base_seed(sc, opt);
	sim_draw_all(s, s->seed);
	if (resumed_at(opt) > 0) {
		struct rng r;

		resume_rng(&r, sc, opt);
		s->seed = rng_u64(&r);
	}
	err = sim_build(s, f);
	if (err == ET_OK)
		err = sim_schedule(s, f);
	if (err < 0) {
		sim_free(s);
		return err;
	}
	*out = s;
	return ET_OK;
}

void sim_free(struct sim *s)
{
	if (!s)
		return;
	sim_unschedule(s);
	for (int n = 0; n < SIM_DEVICES_MAX; n++)
		if (s->device[n])
			device_stop(s->device[n]);
	for (int n = 0; n < s->n_readers; n++)
		sim_stamp_free(&s->stamp[n]);
	world_free(&s->world);
	free(s);
}

/* ---- links ---- */

const char *sim_name(const struct sim *s, size_t i)
{
	static const char *const names[SIM_INSTRUMENTS] = { "source", "reference", "reader" };
	const struct scenario_reader *more = s->sc->readers.items;

	if (i < SIM_INSTRUMENTS)
		return names[i];
	return i - SIM_INSTRUMENTS < s->sc->readers.n ? more[i - SIM_INSTRUMENTS].name : NULL;
}

static int instrument_of(const struct sim *s, const char *name)
{
	const char *its;

	for (size_t n = 0; (its = sim_name(s, n)) != NULL; n++)
		if (strcmp(its, name) == 0)
			return (int)n;
	return -1;
}

static struct sim_link_timing timing_of(const struct sim *s, int which)
{
	struct sim_link_timing t = { .seed = s->seed };

	if (which == SIM_SOURCE)
		t.byte_ns = 1145833; /* 9600 baud, 8N2 */
	else if (which >= SIM_READER)
		t.byte_ns = s->stamp[which - SIM_READER].cfg.byte_ns;
	if (which == SIM_REFERENCE && s->sc->reference.model == SIM_SDM630) {
		t.kind = PORT_MODBUS;
		t.byte_ns = 1041667; /* 9600 baud, 8N1 */
		t.frame_bytes = 3; /* unit and checksum */
		return t;
	}
	t.latency_ns = which == SIM_SOURCE ? 0 : which == SIM_REFERENCE ? 150000 : 100000;
	return t;
}

static int add_faults(struct sim *s, int which, struct fault *f)
{
	const struct scenario_fault *x = s->sc->faults.items;

	for (size_t n = 0; n < s->sc->faults.n; n++) {
		const struct link_fault one = {
			.kind = (enum link_fault_kind)(x[n].kind + 1),
			.message = (uint64_t)or_i64(x[n].message, 0),
			.late_ns = (int64_t)llround(or_f64(x[n].late_s, 0) * 1e9),
			.where = (uint32_t)or_i64(x[n].where, 0),
		};

		if (x[n].instrument == which && port_sim_add_fault(s->port[which], &one) < 0)
			return fault_set(f, ET_ERR_ARG,
					 "scenario: too many faults for one instrument");
	}
	return ET_OK;
}

int sim_port(struct sim *s, const char *name, struct port **out, struct fault *f)
{
	const int which = instrument_of(s, name);
	struct sim_link_timing timing;
	int err;

	if (which < 0)
		return fault_set(f, ET_ERR_ARG,
				 "no simulated instrument \"%s\": source, reference, reader, "
				 "or one of the scenario's readers",
				 name);
	if (s->device[which]->peer.link)
		return fault_set(f, ET_ERR_STATE, "the simulated %s is already linked", name);
	timing = timing_of(s, which);
	err = port_sim_new(s->clk, &s->device[which]->peer, name, &timing, &s->port[which]);
	if (err < 0)
		return fault_set(f, err, "no link to the simulated %s", name);
	if (!s->faults_given[which]) {
		err = add_faults(s, which, f);
		if (err < 0) {
			port_close(s->port[which]);
			return err;
		}
		s->faults_given[which] = true;
	}
	*out = s->port[which];
	return ET_OK;
}

uint64_t sim_messages(const struct sim *s, const char *name)
{
	const int which = instrument_of(s, name);

	return which < 0 ? 0 : s->device[which]->messages;
}

int sim_inject(struct sim *s, const char *name, const struct link_fault *fault)
{
	const int which = instrument_of(s, name);

	if (which < 0)
		return ET_ERR_ARG;
	if (!s->device[which]->peer.link)
		return ET_ERR_STATE;
	return port_sim_add_fault(s->port[which], fault);
}

void sim_source_misbehave(struct sim *s, enum sim_source_fault how)
{
	s->fg.refuse_off = how == SIM_SOURCE_REFUSES_OFF;
	s->fg.stuck_on = how == SIM_SOURCE_STUCK_ON;
}

void sim_set_connection(struct sim *s, enum connection conn)
{
	world_advance(&s->world, clk_now_ns(s->clk));
	world_set_connection(&s->world, conn);
}

/* ---- truth ---- */

void sim_terminals(struct sim *s, struct setpoint *out)
{
	const struct world *w = &s->world;

	world_advance(&s->world, clk_now_ns(s->clk));
	out->freq_hz = w->target.freq_hz;
	for (int k = 0; k < ET_PHASES; k++)
		out->ph[k] = (struct phase_setpoint){ ph_abs(w->v[k]), ph_deg(w->v[k]),
						      ph_abs(w->i[k]), ph_deg(w->i[k]) };
}

double sim_energy_wh(struct sim *s)
{
	struct world_sums sums;

	world_advance(&s->world, clk_now_ns(s->clk));
	world_sums(&s->world, &sums);
	return sums.power_wh[0] + sums.power_wh[1] + sums.power_wh[2];
}

static const struct truth_log *log_of(const struct sim *s, int position)
{
	if (position < 1 || position > ET_POSITIONS_MAX || s->channel_of[position - 1] == 0)
		return NULL;
	return &s->stamp[s->reader_of[position - 1]].ch[s->channel_of[position - 1] - 1].truth;
}

int sim_truth_edge(const struct sim *s, int position, uint32_t seq, struct sim_edge *out)
{
	const struct truth_log *l = log_of(s, position);
	const struct sim_edge *e = l ? truth_find(l, seq) : NULL;

	if (!e)
		return ET_ERR_ARG;
	*out = *e;
	return ET_OK;
}

int sim_truth_error(const struct sim *s, int position, uint32_t seq_first, uint32_t seq_last,
		    struct sim_truth *out)
{
	const struct truth_log *l = log_of(s, position);

	return l ? truth_error(l, seq_first, seq_last, out) : ET_ERR_ARG;
}

bool sim_drawn(const struct sim *s, size_t i, struct sim_draw *out)
{
	if (i >= s->n_draws)
		return false;
	*out = s->draw[i];
	return true;
}

double sim_reference_error_pct(const struct sim *s)
{
	return s->reference_error_pct;
}

double sim_meter_gain_pct(const struct sim *s, int position)
{
	const struct meter *m;

	if (position < 1 || position > ET_POSITIONS_MAX || !s->world.position[position - 1].meter)
		return NAN;
	m = s->world.position[position - 1].meter;
	return m->p.gain_pct + m->extra_gain_pct;
}

double sim_meter_kh_wh(const struct sim *s, int position)
{
	if (position < 1 || position > ET_POSITIONS_MAX || !s->world.position[position - 1].meter)
		return NAN;
	return s->world.position[position - 1].meter->p.kh_wh;
}
