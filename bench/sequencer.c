/* SPDX-License-Identifier: Apache-2.0 */
/* bench/sequencer.c - life of a sequencer, and what is known of it. */
#include "bench/sequencer_private.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "metrology/connection.h"

#define TIME_MAX_S 1e6 /* no wait is longer: ns stay far from their end */

/* ---- words ---- */
const char *seq_source_word(enum seq_source source)
{
	switch (source) {
	case SEQ_SOURCE_ENERGISED:
		return "energised";
	case SEQ_SOURCE_OFF_COMMANDED:
		return "off_commanded";
	case SEQ_SOURCE_OFF_REPORTED:
		return "off_reported";
	case SEQ_SOURCE_OFF_PROVEN:
		return "off_proven";
	case SEQ_SOURCE_UNKNOWN:
		break;
	}
	return "unknown";
}

const char *seq_result_word(enum seq_result result)
{
	switch (result) {
	case SEQ_RESULT_DONE:
		return "done";
	case SEQ_RESULT_VOID:
		return "void";
	case SEQ_RESULT_ABORTED:
		return "aborted";
	case SEQ_RESULT_NONE:
		break;
	}
	return "none";
}

/* ---- life ---- */
void seq_config_init(struct seq_config *cfg)
{
	*cfg = (struct seq_config){
		.timeout = { .identify_s = 60,
			     .off_s = 60,
			     .set_s = 120,
			     .prepare_s = 60,
			     .read_s = 60,
			     .arm_s = 60,
			     .disarm_s = 60,
			     .commit_s = 120,
			     .prompt_s = 8 * 3600 },
		.look_s = 1,
		.prove_s = 10,
		.ref_silence_s = 10,
		.reader_silence_s = 10,
		.n_readers = 1,
		.off_volt_v = 5,
		.off_curr_a = 0.1,
	};
}

static bool is_time(double s)
{
	return s > 0 && s <= TIME_MAX_S;
}

static bool is_limit(double v)
{
	return isnan(v) || v > 0;
}

static bool is_good_config(const struct seq_config *c)
{
	const struct seq_timeouts *t = &c->timeout;
	const uint64_t all = (UINT64_C(1) << ET_POSITIONS_MAX) - 1;

	for (int i = 0; i < ET_POSITIONS_MAX; i++)
		if (c->reader_of[i] >= c->n_readers)
			return false;
	return c->n_readers <= ET_READERS_MAX && c->steps && c->n_steps >= 1 && c->positions != 0 &&
	       (c->positions & ~all) == 0 && c->retries >= 0 && c->retries <= 9 &&
	       c->first_step >= 0 && c->first_step < c->n_steps + c->resumed &&
	       c->first_attempt >= 0 && c->first_tries >= 0 && c->first_tries <= c->first_attempt &&
	       (c->first_positions & ~c->positions) == 0 && is_time(t->identify_s) &&
	       is_time(t->off_s) && is_time(t->set_s) && is_time(t->prepare_s) &&
	       is_time(t->read_s) && is_time(t->arm_s) && is_time(t->disarm_s) &&
	       is_time(t->commit_s) && is_time(t->prompt_s) && c->look_s >= 1 &&
	       is_time(c->look_s) && is_time(c->prove_s) && is_time(c->ref_silence_s) &&
	       is_time(c->reader_silence_s) && c->off_volt_v > 0 && c->off_curr_a > 0;
}

static bool is_good_setpoint(const struct setpoint *sp)
{
	double power_w, reactive_var;
	bool volts = false;

	if (!(isfinite(sp->freq_hz) && sp->freq_hz > 0))
		return false;
	for (int i = 0; i < ET_PHASES; i++) {
		const struct phase_setpoint *ph = &sp->ph[i];

		if (!(ph->volt_v >= 0 && ph->curr_a >= 0))
			return false;
		volts = volts || ph->volt_v > 0;
	}
	setpoint_power(sp, &power_w, &reactive_var);
	return volts && isfinite(power_w) && power_w != 0;
}

static bool is_good_step(const struct seq_step *st)
{
	const struct seq_window *w = &st->window;

	return is_good_setpoint(&st->sp) && st->settle_s >= 0 && st->settle_s <= TIME_MAX_S &&
	       is_time(st->cap_s) && is_limit(w->volt_pct) && is_limit(w->curr_pct) &&
	       is_limit(w->phase_deg) && is_limit(w->freq_pct);
}

/* Every set-up is tried before anything is energised. */
static int try_steps(struct seq *s)
{
	for (int i = 0; i < s->cfg.n_steps; i++) {
		int err;

		if (!is_good_step(&s->cfg.steps[i]))
			return ET_ERR_ARG;
		s->step = i;
		s->todo = s->cfg.positions;
		err = seq_attempt_begin(s);
		if (err < 0)
			return err;
	}
	s->step = s->cfg.first_step < s->cfg.n_steps ? s->cfg.first_step : s->cfg.n_steps - 1;
	s->todo = 0;
	s->number = s->tries = 0;
	s->has_attempt = s->attempt_open = false;
	return ET_OK;
}

int seq_new(const struct seq_config *cfg, struct seq **out)
{
	struct seq *s;
	int err = ET_ERR_NOMEM;

	if (!is_good_config(cfg))
		return ET_ERR_ARG;
	s = calloc(1, sizeof(*s));
	if (!s)
		return ET_ERR_NOMEM;
	s->cfg = *cfg;
	s->source_on_record = -1;
	s->machine = ee_machine_new();
	s->results = calloc((size_t)cfg->n_steps, sizeof(*s->results));
	if (s->machine && s->results)
		err = try_steps(s);
	if (err < 0) {
		seq_free(s);
		return err;
	}
	*out = s;
	return ET_OK;
}

void seq_free(struct seq *s)
{
	if (!s)
		return;
	ee_machine_free(s->machine);
	free(s->results);
	free(s);
}

/* ---- what is known ---- */
enum seq_state seq_state(const struct seq *s)
{
	return s->state;
}

bool seq_off_contradicted(const struct seq *s)
{
	return s->off_contradicted;
}

enum seq_source seq_source(const struct seq *s)
{
	return s->source;
}

int seq_current_step(const struct seq *s)
{
	return s->step;
}

int64_t seq_stale(const struct seq *s)
{
	return s->stale;
}

int64_t seq_misplaced(const struct seq *s)
{
	return s->misplaced;
}

const struct fault *seq_fault(const struct seq *s)
{
	return &s->fault;
}

const struct instrument_id *seq_identity(const struct seq *s, enum request_target from)
{
	assert(from >= TO_SOURCE && (int)from < ET_TARGETS);
	return &s->identity[from];
}

const struct seq_attempt *seq_attempt(const struct seq *s)
{
	return s->has_attempt ? &s->attempt : NULL;
}

int seq_exit_code(const struct seq *s)
{
	if (s->source < SEQ_SOURCE_OFF_REPORTED)
		return SEQ_EXIT_NOT_OFF;
	if (s->record_fault)
		return SEQ_EXIT_RECORD;
	if (s->bench_fault)
		return SEQ_EXIT_BENCH;
	for (int i = 1; i <= ET_POSITIONS_MAX; i++)
		if ((s->cfg.positions >> (i - 1) & 1) && seq_verdict(s, i) != EE_CONFORMING)
			return SEQ_EXIT_FINDINGS;
	return s->aborted ? SEQ_EXIT_FINDINGS : SEQ_EXIT_CONFORMING;
}
