/* SPDX-License-Identifier: Apache-2.0 */
/* procedures/energy_error.c - collecting, looking, stopping. */
#include "procedures/energy_error.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A position without an edge for so many expected periods (and not less than so long) is taken for
 * dead or loose: it does not hold the others. A meter at -85 % still pulses in time. Edges come late
 * by what their delivery takes. */
#define SILENT_PERIODS 10.0
#define SILENT_MIN_S 10.0
#define DELIVERY_S 2.0
/* Positions that only disturb get at most this multiple of the time that the good ones needed. */
#define DISTURBED_TIMES 2

struct slot {
	struct ee_position pub;
	bool decided; /* the evaluation, or a full buffer, says that it may stop */
	bool seen; /* at least one edge came: next_seq holds */
	uint32_t next_seq;
	double silent_s;
	struct edge edges[EE_EDGES_MAX];
};

struct ee_machine {
	struct ee_plan plan;
	bool started, full;
	int64_t t_armed_ns, t_sample_ns;
	int64_t t_good_ns; /* when the undisturbed positions had all stopped; 0: not yet */
	enum ee_cause cause;
	int64_t strays;
	size_t n_edges, n_samples;
	struct slot slot[ET_POSITIONS_MAX];
	struct edge edges[ET_POSITIONS_MAX * EE_EDGES_MAX];
	struct ref_sample samples[EE_SAMPLES_MAX];
	struct reader {
		bool used; /* a position that is measured is in front of it */
		int64_t t_pair_ns;
		size_t n_pairs;
		struct clock_pair pairs[EE_PAIRS_MAX];
	} reader[ET_READERS_MAX];
};

struct ee_machine *ee_machine_new(void)
{
	return calloc(1, sizeof(struct ee_machine));
}

void ee_machine_free(struct ee_machine *m)
{
	free(m);
}

static bool is_measured(const struct ee_machine *m, int i)
{
	return (m->plan.positions >> i & 1) != 0;
}

static int reader_of(const struct ee_machine *m, int i)
{
	return m->plan.reader_of ? m->plan.reader_of[i] : 0;
}

static double seconds_between(int64_t from_ns, int64_t to_ns)
{
	return (double)(to_ns - from_ns) / ET_NS_PER_S;
}

/* What is wrong first is what is told. */
static void note_cause(struct ee_machine *m, enum ee_cause cause)
{
	if (m->cause == EE_CAUSE_NONE)
		m->cause = cause;
}

static int evaluate(const struct ee_machine *m, int i, int64_t now_ns, struct ee_observation *out)
{
	const struct slot *p = &m->slot[i];
	const struct reader *r = &m->reader[reader_of(m, i)];
	const struct ee_raw raw = {
		.edges = p->edges,
		.n_edges = (size_t)p->pub.n_edges,
		.pairs = r->pairs,
		.n_pairs = r->n_pairs,
		.samples = m->samples,
		.n_samples = m->n_samples,
		.t_armed_ns = m->t_armed_ns,
		.t_now_ns = now_ns,
	};

	return ee_evaluate(&m->plan.setup[i], &raw, out);
}

static double period_s(const struct ee_setup *s)
{
	return 3600.0 * s->kh_wh * (double)s->m_den / ((double)s->m_num * s->ref_power_w);
}

/* The empty observation comes from the evaluation itself: it also finds a setup out of range
 * before anything is energised for it. */
static int slot_reset(struct ee_machine *m, int i)
{
	struct slot *p = &m->slot[i];

	p->pub = (struct ee_position){ 0 };
	p->decided = p->seen = false;
	p->next_seq = 0;
	return is_measured(m, i) ? evaluate(m, i, 0, &p->pub.obs) : ET_OK;
}

static bool readers_exist(const struct ee_plan *plan)
{
	for (int i = 0; plan->reader_of && i < ET_POSITIONS_MAX; i++)
		if (plan->reader_of[i] >= ET_READERS_MAX)
			return false;
	return true;
}

int ee_machine_plan(struct ee_machine *m, const struct ee_plan *plan)
{
	if (!readers_exist(plan) || plan->positions == 0 || plan->positions >> ET_POSITIONS_MAX ||
	    !(plan->cap_s > 0) || !(plan->ref_silence_s > 0) || !(plan->reader_silence_s > 0))
		return ET_ERR_ARG;
	m->plan = *plan;
	m->started = m->full = false;
	m->t_armed_ns = m->t_sample_ns = m->t_good_ns = 0;
	m->cause = EE_CAUSE_NONE;
	m->strays = 0;
	m->n_edges = m->n_samples = 0;
	for (int k = 0; k < ET_READERS_MAX; k++) {
		m->reader[k].used = false;
		m->reader[k].n_pairs = 0;
	}
	for (int i = 0; i < ET_POSITIONS_MAX; i++)
		if (is_measured(m, i))
			m->reader[reader_of(m, i)].used = true;
	for (int i = 0; i < ET_POSITIONS_MAX; i++) {
		int err = slot_reset(m, i);

		if (err < 0)
			return err;
	}
	return ET_OK;
}

void ee_machine_start(struct ee_machine *m, int64_t t_armed_ns)
{
	m->started = true;
	m->t_armed_ns = m->t_sample_ns = t_armed_ns;
	for (int k = 0; k < ET_READERS_MAX; k++)
		m->reader[k].t_pair_ns = t_armed_ns;
	for (int i = 0; i < ET_POSITIONS_MAX; i++) {
		m->slot[i].pub.t_last_ns = t_armed_ns;
		if (is_measured(m, i))
			m->slot[i].silent_s =
				DELIVERY_S +
				fmax(SILENT_MIN_S, SILENT_PERIODS * period_s(&m->plan.setup[i]));
	}
}

static void take_edge(struct ee_machine *m, int reader, const struct edge *e, int64_t t_ns)
{
	struct slot *p;

	if (e->position < 1 || e->position > ET_POSITIONS_MAX || !is_measured(m, e->position - 1) ||
	    reader_of(m, e->position - 1) != reader) {
		m->strays++;
		return;
	}
	p = &m->slot[e->position - 1];
	if (p->seen && e->seq != p->next_seq)
		note_cause(m, EE_SEQUENCE_GAP);
	p->seen = true;
	p->next_seq = e->seq + 1;
	p->pub.t_last_ns = t_ns;
	if (p->pub.n_edges == EE_EDGES_MAX) {
		p->pub.n_dropped++;
		return;
	}
	p->edges[p->pub.n_edges++] = *e;
	m->edges[m->n_edges++] = *e;
}

static void take_sample(struct ee_machine *m, const struct ref_sample *s, int64_t t_ns)
{
	if (s->flags & REF_OVERLOAD)
		note_cause(m, EE_REFERENCE_OVERLOAD);
	if (s->flags & REF_SIGN_FLIP)
		note_cause(m, EE_ENERGY_SIGN);
	m->t_sample_ns = t_ns;
	if (m->n_samples < EE_SAMPLES_MAX)
		m->samples[m->n_samples++] = *s;
	m->full = m->full || m->n_samples == EE_SAMPLES_MAX;
}

static void take_pair(struct ee_machine *m, struct reader *r, const struct clock_pair *pair,
		      int64_t t_ns)
{
	r->t_pair_ns = t_ns;
	if (r->n_pairs < EE_PAIRS_MAX)
		r->pairs[r->n_pairs++] = *pair;
	m->full = m->full || (r->used && r->n_pairs == EE_PAIRS_MAX);
}

int ee_machine_event(struct ee_machine *m, const struct event *ev)
{
	const int reader = (int)ev->from - TO_READER;
	const bool of_reader = reader >= 0 && reader < ET_READERS_MAX;

	if (ev->kind == EV_EDGES) {
		if (ev->edges.n > EV_EDGES_MAX || !of_reader)
			return ET_ERR_ARG;
		for (int k = 0; k < ev->edges.n; k++)
			take_edge(m, reader, &ev->edges.e[k], ev->t_ns);
		return ET_OK;
	}
	if (ev->kind == EV_REF_SAMPLES) {
		if (ev->samples.n > EV_REF_SAMPLES_MAX)
			return ET_ERR_ARG;
		for (int k = 0; k < ev->samples.n; k++)
			take_sample(m, &ev->samples.s[k], ev->t_ns);
		return ET_OK;
	}
	if (ev->kind != EV_CLOCK_PAIR || !of_reader)
		return ET_ERR_ARG;
	take_pair(m, &m->reader[reader], &ev->pair, ev->t_ns);
	return ET_OK;
}

static bool is_figure(enum ee_verdict v)
{
	return v == EE_CONFORMING || v == EE_NONCONFORMING || v == EE_INCONCLUSIVE;
}

/* Disturbed: there are pulses, but they make no measurement. More time seldom helps. */
static bool is_disturbed(enum ee_cause cause)
{
	return cause == EE_MISSED_OR_SPURIOUS || cause == EE_AMBIGUOUS_NUMBERING ||
	       cause == EE_UNSTABLE_PULSES;
}

static void look_at(struct ee_machine *m, int i, int64_t now_ns)
{
	struct slot *p = &m->slot[i];
	struct ee_observation obs;

	if (evaluate(m, i, now_ns, &obs) == ET_OK) {
		p->pub.obs = obs;
		p->pub.evaluated = true;
		p->decided = obs.stop != EE_GO_ON;
		if (ee_cause_is_common(obs.cause))
			note_cause(m, obs.cause);
	}
	p->decided = p->decided || p->pub.n_edges == EE_EDGES_MAX;
	p->pub.stopped = p->decided || seconds_between(p->pub.t_last_ns, now_ns) > p->silent_s;
}

/* Without one good position there is nothing to compare with: then the cap ends it. */
static bool all_may_stop(struct ee_machine *m, int64_t now_ns)
{
	bool waiting = false, disturbed = false, good = false;

	for (int i = 0; i < ET_POSITIONS_MAX; i++) {
		const struct slot *p = &m->slot[i];

		if (!is_measured(m, i))
			continue;
		if (p->pub.stopped)
			good = good || is_figure(p->pub.obs.verdict);
		else if (p->pub.evaluated && is_disturbed(p->pub.obs.cause))
			disturbed = true;
		else
			waiting = true;
	}
	if (waiting || (disturbed && !good)) {
		m->t_good_ns = 0;
		return false;
	}
	if (m->t_good_ns == 0)
		m->t_good_ns = now_ns;
	return !disturbed ||
	       now_ns - m->t_armed_ns >= DISTURBED_TIMES * (m->t_good_ns - m->t_armed_ns);
}

/* What needs no evaluation to be known. */
static void watch_streams(struct ee_machine *m, int64_t now_ns)
{
	if (seconds_between(m->t_sample_ns, now_ns) > m->plan.ref_silence_s)
		note_cause(m, EE_REFERENCE_SILENT);
	for (int k = 0; k < ET_READERS_MAX; k++)
		if (m->reader[k].used &&
		    seconds_between(m->reader[k].t_pair_ns, now_ns) > m->plan.reader_silence_s)
			note_cause(m, EE_READER_LOSS);
}

bool ee_machine_look(struct ee_machine *m, int64_t now_ns)
{
	assert(m->started);
	watch_streams(m, now_ns);
	if (m->cause != EE_CAUSE_NONE)
		return true;
	for (int i = 0; i < ET_POSITIONS_MAX && m->n_samples >= 2; i++)
		if (is_measured(m, i) && !m->slot[i].decided &&
		    m->reader[reader_of(m, i)].n_pairs >= 2)
			look_at(m, i, now_ns);
	return m->cause != EE_CAUSE_NONE || m->full ||
	       seconds_between(m->t_armed_ns, now_ns) >= m->plan.cap_s || all_may_stop(m, now_ns);
}

static void finish_position(struct ee_machine *m, int i, int64_t t_end_ns)
{
	struct slot *p = &m->slot[i];
	struct ee_observation obs;

	if (evaluate(m, i, t_end_ns, &obs) == ET_OK) {
		p->pub.obs = obs;
		p->pub.evaluated = true;
		if (ee_cause_is_common(obs.cause))
			note_cause(m, obs.cause);
	}
	p->pub.verdict = p->pub.obs.verdict;
	p->pub.cause = p->pub.obs.cause;
	if (p->pub.n_edges > 0 && is_figure(p->pub.verdict))
		return;
	p->pub.verdict = EE_VOID;
	if (p->pub.n_edges == 0 && !ee_cause_is_common(p->pub.cause))
		p->pub.cause = EE_NO_PULSES;
	else if (p->pub.cause == EE_CAUSE_NONE)
		p->pub.cause = EE_TOO_FEW_PULSES;
}

void ee_machine_finish(struct ee_machine *m, int64_t t_end_ns)
{
	assert(m->started);
	if (m->n_samples < 2)
		note_cause(m, EE_REFERENCE_SILENT);
	for (int k = 0; k < ET_READERS_MAX; k++)
		if (m->reader[k].used && m->reader[k].n_pairs < 2)
			note_cause(m, EE_CLOCK_MAP);
	for (int i = 0; i < ET_POSITIONS_MAX; i++)
		if (is_measured(m, i))
			finish_position(m, i, t_end_ns);
}

enum ee_cause ee_machine_cause(const struct ee_machine *m)
{
	return m->cause;
}

const struct ee_position *ee_machine_position(const struct ee_machine *m, int position)
{
	assert(position >= 1 && position <= ET_POSITIONS_MAX);
	return &m->slot[position - 1].pub;
}

struct ee_raw_all ee_machine_raw(const struct ee_machine *m)
{
	struct ee_raw_all raw = {
		.edges = m->edges,
		.samples = m->samples,
		.n_edges = m->n_edges,
		.n_samples = m->n_samples,
	};

	for (int k = 0; k < ET_READERS_MAX; k++)
		raw.pairs[k] = (struct ee_raw_pairs){ m->reader[k].pairs, m->reader[k].n_pairs };
	return raw;
}

int64_t ee_machine_strays(const struct ee_machine *m)
{
	return m->strays;
}
