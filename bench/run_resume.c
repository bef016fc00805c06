/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/run_resume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "bench/run_record.h"
#include "procedures/energy_error_json.h"

struct scan {
	const struct run_input *in;
	struct run_result *out;
	int attempts[RUN_STEPS_MAX]; /* on record, of each step */
	int tries[RUN_STEPS_MAX]; /* of them not aborted */
	struct fault *f;
};

static int find_step(const struct run_input *in, const char *id)
{
	const struct plan_step *st = in->plan->steps.items;

	for (size_t i = 0; id && i < in->plan->steps.n; i++)
		if (strcmp(st[i].id, id) == 0)
			return (int)i;
	return -1;
}

static enum ee_verdict verdict_of(const char *word)
{
	for (int v = EE_NOT_RUN; v <= EE_ABORTED_RUN; v++)
		if (word && strcmp(ee_verdict_word((enum ee_verdict)v), word) == 0)
			return (enum ee_verdict)v;
	return EE_VOID;
}

static enum ee_cause cause_of(const char *word)
{
	for (int c = EE_CAUSE_NONE; c < EE_CAUSES; c++)
		if (word && strcmp(ee_cause_word((enum ee_cause)c), word) == 0)
			return (enum ee_cause)c;
	return EE_CAUSE_NONE;
}

static bool stands(enum ee_verdict v)
{
	return v == EE_CONFORMING || v == EE_NONCONFORMING || v == EE_INCONCLUSIVE;
}

static int take_position(struct scan *s, int step, const json_t *attempt, const json_t *pos)
{
	const int p = (int)json_get_int(pos, "position", 0);
	struct run_step_result *res;
	enum ee_verdict v;

	if (p < 1 || p > ET_POSITIONS_MAX)
		return fault_set(s->f, ET_ERR_INTEGRITY, "attempt.stored: position %d", p);
	res = &s->out->step[step][p - 1];
	if (stands(res->verdict))
		return ET_OK; /* the first that counts stands */
	v = verdict_of(json_get_str(pos, "verdict"));
	if (ee_setup_from_json(json_object_get(pos, "setup"), &res->setup, s->f) != ET_OK ||
	    ee_observation_from_json(json_object_get(pos, "observation"), &res->obs, s->f) != ET_OK)
		return ET_ERR_INTEGRITY;
	res->verdict = v;
	res->cause =
		cause_of(json_get_str(pos, "cause")); /* of the whole attempt, if it was that */
	res->has_observation = true;
	res->attempt_number = (int)json_get_int(attempt, "number", 0);
	snprintf(res->attempt, sizeof(res->attempt), "%s", json_get_str(attempt, "attempt"));
	return ET_OK;
}

static int take_attempt(struct scan *s, const json_t *attempt)
{
	const json_t *positions = json_object_get(attempt, "positions"), *pos;
	const int step = find_step(s->in, json_get_str(attempt, "step"));
	size_t i;

	if (step < 0)
		return fault_set(s->f, ET_ERR_INTEGRITY,
				 "attempt.stored: a step that the plan does not have");
	s->attempts[step]++;
	if (strcmp(json_get_str(attempt, "result"), "aborted") != 0)
		s->tries[step]++;
	json_array_foreach(positions, i, pos)
	{
		const int err = take_position(s, step, attempt, pos);

		if (err != ET_OK)
			return err;
	}
	return ET_OK;
}

static int each_entry(void *arg, const struct journal_entry *e)
{
	struct scan *s = arg;
	struct run_found *before = &s->out->before;
	json_t *payload = json_parse(e->payload, e->payload_len, s->f);
	const char *batch = payload ? json_get_str(payload, "batch") : NULL;
	const char *session = payload ? json_get_str(payload, "session") : NULL;
	int err = payload ? ET_OK : ET_ERR_INTEGRITY;

	if (batch && session && strcmp(batch, s->in->batch->id) == 0) {
		snprintf(before->session, sizeof(before->session), "%s", session);
		if (strcmp(e->kind, "attempt.stored") == 0)
			err = take_attempt(s, payload);
	}
	if (session && strcmp(session, before->session) == 0)
		before->last_seq = e->seq;
	json_decref(payload);
	return err;
}

/* ---- the session before ---- */

static bool has(const struct run_input *in, const char *kind, const char *key, const char *value)
{
	json_t *p = db_last(in->db, kind, key, value, NULL);

	json_decref(p);
	return p != NULL;
}

/* Every session that begins ends the one before, so only the last can be without an end. */
static int each_of_session(void *arg, const struct journal_entry *e)
{
	struct run_found *found = arg;
	struct fault f;
	json_t *payload = json_parse(e->payload, e->payload_len, &f);
	const char *session = payload ? json_get_str(payload, "session") : NULL;

	if (session && strcmp(session, found->session) == 0) {
		const char *batch = json_get_str(payload, "batch");

		if (batch)
			snprintf(found->batch, sizeof(found->batch), "%s", batch);
		found->last_seq = e->seq;
	}
	json_decref(payload);
	return payload ? ET_OK : ET_ERR_INTEGRITY;
}

static int find_unended(const struct run_input *in, struct run_found *out, struct fault *f)
{
	int64_t seq = 0;
	json_t *last = db_last(in->db, "session.started", NULL, NULL, &seq);
	struct run_found found = { .last_seq = seq };
	int err = ET_OK;

	snprintf(found.session, sizeof(found.session), "%s",
		 last ? json_get_str(last, "session") : "");
	json_decref(last);
	if (!found.session[0] || has(in, "session.ended", "session", found.session) ||
	    has(in, "batch.interrupted", "found_session", found.session))
		return ET_OK;
	err = db_each(in->db, seq, each_of_session, &found, f);
	if (err != ET_OK)
		return f->code ? err : fault_set(f, err, "the journal cannot be read");
	if (has(in, "batch.closed", "batch", found.batch))
		found.batch[0] = '\0';
	*out = found;
	return ET_OK;
}

/* Everything that was recorded must be said again; what a newer program says besides does not matter. */
static bool says_the_same(const json_t *recorded, const json_t *now)
{
	json_t *o = (json_t *)(uintptr_t)recorded,
	       *v; /* the macro wants it so; nothing is changed */
	const char *key;
	size_t i;

	if (json_is_array(recorded)) {
		if (json_array_size(recorded) != json_array_size(now))
			return false;
		json_array_foreach(recorded, i, v)
		{
			if (!says_the_same(v, json_array_get(now, i)))
				return false;
		}
		return true;
	}
	if (!json_is_object(recorded))
		return json_equal(recorded, now);
	json_object_foreach(o, key, v)
	{
		if (!says_the_same(v, json_object_get(now, key)))
			return false;
	}
	return json_is_object(now);
}

/* The meters on the bench must be those on record: the same positions, the same serial numbers. */
static int same_meters(const struct run_input *in, const json_t *opened, struct fault *f)
{
	const json_t *positions = json_object_get(opened, "positions"), *pos;
	size_t i, n = 0;

	json_array_foreach(positions, i, pos)
	{
		const json_int_t p = json_get_int(pos, "position", 0);
		const struct meter_card *c =
			p >= 1 && p <= ET_POSITIONS_MAX ? in->meters[p - 1].card : NULL;
		const char *serial = json_get_str(pos, "serial");

		if (!c || !serial || strcmp(c->serial, serial) != 0)
			return fault_set(f, ET_ERR_STATE,
					 "batch %s: position %lld held meter %s when it was opened",
					 in->batch->id, (long long)p, serial ? serial : "?");
		n++;
	}
	if (n != in->batch->meters.n)
		return fault_set(f, ET_ERR_STATE,
				 "batch %s was opened with %zu meters, the file has %zu",
				 in->batch->id, n, in->batch->meters.n);
	return ET_OK;
}

/* Nameplates, plan and its limits, notice, set-up, apparatus: what the first attempts were judged by. */
static int same_batch(const struct run_input *in, const json_t *opened, struct fault *f)
{
	json_t *now = run_record_opened(in, json_get_str(opened, "session")),
	       *o = (json_t *)(uintptr_t)opened, *v;
	const char *key;
	int err = now ? ET_OK : fault_set(f, ET_ERR_NOMEM, "out of memory");

	if (err == ET_OK)
		json_object_foreach(o, key, v)
		{
			if (!says_the_same(v, json_object_get(now, key))) {
				err = fault_set(f, ET_ERR_STATE,
						"batch %s was opened with another \"%s\"",
						in->batch->id, key);
				break;
			}
		}
	json_decref(now);
	return err;
}

/* The last entry of a kind ahead of @p before with payload[key] == id. The newest of all is tried first. */
static json_t *in_force_before(struct db *db, const char *kind, const char *key, const char *id,
			       int64_t before)
{
	int64_t seq = 0;
	json_t *p = db_last(db, kind, key, id, &seq);

	if (!p || seq < before)
		return p;
	json_decref(p);
	for (seq = before - 1; seq > 0; seq--) {
		const char *its;

		p = db_payload(db, seq, kind);
		its = json_get_str(p, key);
		if (its && strcmp(its, id) == 0)
			return p;
		json_decref(p);
	}
	return NULL;
}

/* The content counts, not only the number of the version. Takes @p now. */
static int same_in_force(const struct run_input *in, const char *kind, const char *key,
			 const char *id, json_t *now, int64_t opened_seq, struct fault *f)
{
	json_t *then = in_force_before(in->db, kind, key, id, opened_seq);
	int err = ET_OK;

	if (!now)
		err = fault_set(f, ET_ERR_NOMEM, "out of memory");
	else if (!then || !says_the_same(then, now))
		err = fault_set(
			f, ET_ERR_STATE,
			"batch %s was opened under another content of %s: put that file back",
			in->batch->id, id);
	json_decref(then);
	json_decref(now);
	return err;
}

static int same_as_opened(const struct run_input *in, const json_t *opened, int64_t seq,
			  struct fault *f)
{
	int err = same_meters(in, opened, f);

	if (err == ET_OK)
		err = same_batch(in, opened, f);
	if (err == ET_OK)
		err = same_in_force(in, "plan.in_force", "id", in->plan->id, run_record_plan(in),
				    seq, f);
	if (err == ET_OK)
		err = same_in_force(in, "approval.in_force", "number", in->approval->number,
				    run_record_approval(in), seq, f);
	return err;
}

static void set_config(const struct scan *s, struct seq_config *cfg)
{
	cfg->resumed = true;
	cfg->first_step = cfg->n_steps; /* all done: only to be closed */
	for (int step = cfg->n_steps - 1; step >= 0; step--) {
		uint64_t open = 0;

		for (int p = 0; p < ET_POSITIONS_MAX; p++)
			if ((cfg->positions >> p & 1) && !stands(s->out->step[step][p].verdict))
				open |= UINT64_C(1) << p;
		if (open && s->tries[step] <= cfg->retries) {
			cfg->first_step = step;
			cfg->first_attempt = s->attempts[step];
			cfg->first_tries = s->tries[step];
			cfg->first_positions = open;
		}
	}
}

/* What stands of a meter before this session, for the verdict over all steps. */
static void set_prior(const struct scan *s, struct seq_config *cfg)
{
	for (int p = 0; p < ET_POSITIONS_MAX; p++) {
		const bool waits =
			cfg->first_step < cfg->n_steps && (cfg->first_positions >> p & 1);
		const int end = cfg->first_step + (cfg->first_step < cfg->n_steps && !waits);

		for (int step = 0; step < end; step++) {
			const enum ee_verdict v = s->out->step[step][p].verdict;

			if (cfg->prior[p] == EE_NOT_RUN || cfg->prior[p] == EE_CONFORMING ||
			    v == EE_NONCONFORMING)
				cfg->prior[p] = v;
		}
	}
}

int run_resume_load(const struct run_input *in, struct seq_config *cfg, struct run_result *out,
		    struct fault *f)
{
	struct scan s = { .in = in, .out = out, .f = f };
	int64_t seq = 0;
	json_t *opened =
		in->db ? db_last(in->db, "batch.opened", "batch", in->batch->id, &seq) : NULL;
	int err = ET_OK;

	if (opened && has(in, "batch.closed", "batch", in->batch->id))
		err = fault_set(f, ET_ERR_STATE,
				"batch %s is on record and closed; a new batch needs a new id",
				in->batch->id);
	else if (opened && !in->resume)
		err = fault_set(f, ET_ERR_STATE,
				"batch %s was begun and not finished; --resume goes on with it",
				in->batch->id);
	else if (!opened && in->resume)
		err = fault_set(f, ET_ERR_STATE,
				"batch %s is not on record; without --resume it begins",
				in->batch->id);
	if (err == ET_OK && opened) {
		err = same_as_opened(in, opened, seq, f);
		if (err == ET_OK)
			err = db_each(in->db, seq, each_entry, &s, f);
		if (err == ET_OK) {
			set_config(&s, cfg);
			set_prior(&s, cfg);
		}
	}
	json_decref(opened);
	return err == ET_OK && in->db ? find_unended(in, &out->unended, f) : err;
}
