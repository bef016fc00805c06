/* SPDX-License-Identifier: Apache-2.0 */
/* reports/batch_load.c - a batch collected from the record, into one object. */
#include "reports/batch_report.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "db/query.h"
#include "reports/batch_parts.h"

enum { STOP = 1 }; /* of a walk: enough */

struct load {
	struct db *db;
	const char *id; /* of the batch */
	struct fault *f;
	json_t *out; /* the report */
	json_t *row; /* query_batch() */
	json_t *opened; /* payload of batch.opened */
	json_t *attempts; /* payloads of attempt.stored with seq, utc_ns and utc_offset_s */
	json_int_t opened_seq, closed_seq, last_seq;
	char head[65];
	int err;
};

/* Takes the reference of @p v; a missing one is memory that ran out. */
static void put(struct load *l, json_t *o, const char *key, json_t *v)
{
	if (json_object_set_new(o, key, v) < 0)
		l->err = fault_set(l->f, ET_ERR_NOMEM, "out of memory");
}

static void append(struct load *l, json_t *a, json_t *v)
{
	if (json_array_append_new(a, v) < 0)
		l->err = fault_set(l->f, ET_ERR_NOMEM, "out of memory");
}

static json_t *copy(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return v ? json_deep_copy(v) : json_null();
}

/* ---- entries ---- */

static void put_time(struct load *l, json_t *o, const struct journal_entry *e)
{
	put(l, o, "seq", json_integer(e->seq));
	put(l, o, "utc_ns", json_integer(e->utc_ns));
	put(l, o, "utc_offset_s", json_integer(e->utc_offset_s));
}

struct at {
	struct load *l;
	json_t *o;
};

static int put_first(void *arg, const struct journal_entry *e)
{
	struct at *a = arg;

	put_time(a->l, a->o, e);
	return STOP;
}

/* When entry @p seq was written, into @p o. */
static void put_time_of(struct load *l, json_t *o, int64_t seq)
{
	struct at a = { l, o };
	const int err = db_each(l->db, seq, put_first, &a, l->f);

	if (err < 0)
		l->err = err;
}

static json_t *time_of(struct load *l, int64_t seq)
{
	json_t *o = json_object();

	put_time_of(l, o, seq);
	return o;
}

/* The last entry of a kind before the batch was opened, with payload.id == @p id. What was in force then may
 * have been replaced since, so the newest is only tried first. */
static json_t *in_force(struct load *l, const char *kind, const char *id)
{
	int64_t seq = 0;
	json_t *p = id ? db_last(l->db, kind, "id", id, &seq) : NULL;

	if (!p || seq < l->opened_seq)
		return p;
	json_decref(p);
	for (seq = l->opened_seq - 1; seq > 0; seq--) {
		const char *its;

		p = db_payload(l->db, seq, kind);
		its = json_get_str(p, "id");
		if (its && strcmp(its, id) == 0)
			return p;
		json_decref(p);
	}
	return NULL;
}

/* ---- who and with what ---- */

static void put_laboratory(struct load *l)
{
	json_t *lab = db_last(l->db, "laboratory.created", NULL, NULL, NULL);
	json_t *o = json_object();

	put(l, o, "name", copy(lab, "name"));
	put(l, o, "bench", copy(lab, "bench"));
	put(l, o, "simulated", copy(lab, "simulated"));
	put(l, l->out, "laboratory", o);
	json_decref(lab);
}

static json_t *person(struct load *l, const char *id)
{
	json_t *people = id ? query_people(l->db, id, l->f) : NULL;
	const json_t *who = json_array_get(people, 0);
	json_t *o = json_object();

	put(l, o, "id", json_str(id));
	put(l, o, "name", copy(who, "name"));
	put(l, o, "role", copy(who, "role"));
	json_decref(people);
	return o;
}

static json_t *session(struct load *l, const char *id)
{
	static const char *const keys[] = { "session",	 "operator",  "program",
					    "algorithm", "simulated", "scenario",
					    "seed",	 "command",   "instruments" };
	int64_t seq = 0;
	json_t *started = db_last(l->db, "session.started", "session", id, &seq);
	json_t *ended = db_last(l->db, "session.ended", "session", id, NULL);
	json_t *o = json_object();

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		put(l, o, keys[i], copy(started, keys[i]));
	if (started)
		put_time_of(l, o, seq);
	put(l, o, "exit_code", copy(ended, "exit_code"));
	put(l, o, "reason", copy(ended, "reason"));
	json_decref(started);
	json_decref(ended);
	return o;
}

static void add_session(struct load *l, json_t *sessions, const char *id)
{
	const json_t *s;
	size_t i;

	json_array_foreach(sessions, i, s)
	{
		const char *known = json_get_str(s, "session");

		if (known && id && strcmp(known, id) == 0)
			return;
	}
	if (id)
		append(l, sessions, session(l, id));
}

/* In the order in which they worked on the batch. */
static void put_sessions(struct load *l)
{
	json_t *sessions = json_array();
	const json_t *o;
	size_t i;

	add_session(l, sessions, json_get_str(l->opened, "session"));
	json_array_foreach(l->attempts, i, o)
	{
		add_session(l, sessions, json_get_str(o, "session"));
	}
	json_array_foreach(json_object_get(l->out, "interruptions"), i, o)
	{
		add_session(l, sessions, json_get_str(o, "session"));
	}
	o = json_array_get(sessions, 0);
	put(l, l->out, "operator", person(l, json_get_str(o, "operator")));
	put(l, l->out, "instruments", copy(o, "instruments"));
	put(l, l->out, "program", copy(o, "program"));
	put(l, l->out, "algorithm", copy(o, "algorithm"));
	put(l, l->out, "sessions", sessions);
}

static void put_apparatus(struct load *l)
{
	json_t *a = json_array(), *o, *p;
	const json_t *used;
	size_t i;

	json_array_foreach(json_object_get(l->row, "apparatus"), i, used)
	{
		p = db_payload(l->db, json_get_int(used, "seq", 0), "apparatus.added");
		o = json_object();
		put(l, o, "id", copy(used, "id"));
		put(l, o, "seq", copy(used, "seq"));
		for (const char *const *k =
			     (const char *const[]){ "kind", "maker", "model", "serial", "firmware",
						    "use", "simulated", "certificate", NULL };
		     *k; k++)
			put(l, o, *k, copy(p, *k));
		append(l, a, o);
		json_decref(p);
	}
	put(l, l->out, "apparatus", a);
}

/* ---- the walk: attempts and interruptions ---- */

static int take_attempt(struct load *l, const struct journal_entry *e, json_t *payload)
{
	put_time(l, payload, e);
	append(l, l->attempts, json_incref(payload));
	return l->err;
}

static int take_interruption(struct load *l, const struct journal_entry *e, json_t *payload)
{
	put_time(l, payload, e);
	append(l, json_object_get(l->out, "interruptions"), json_incref(payload));
	return l->err;
}

static int take(void *arg, const struct journal_entry *e)
{
	struct load *l = arg;
	const bool attempt = strcmp(e->kind, "attempt.stored") == 0;
	const char *batch;
	json_t *p;
	int err = ET_OK;

	if (e->seq > l->last_seq)
		return STOP;
	if (!attempt && strcmp(e->kind, "batch.interrupted") != 0)
		return ET_OK;
	p = json_parse(e->payload, e->payload_len, l->f);
	if (!p)
		return fault_set(l->f, ET_ERR_INTEGRITY, "entry %lld is no JSON",
				 (long long)e->seq);
	batch = json_get_str(p, "batch");
	if (batch && strcmp(batch, l->id) == 0)
		err = attempt ? take_attempt(l, e, p) : take_interruption(l, e, p);
	json_decref(p);
	return err;
}

static void walk(struct load *l)
{
	int err;

	put(l, l->out, "interruptions", json_array());
	err = db_each(l->db, l->opened_seq, take, l, l->f);
	if (err < 0)
		l->err = err;
}

/* Corrections of any entry of this batch. */
static void put_corrections(struct load *l)
{
	json_t *all = query_corrections(l->db, 0, l->f), *mine = json_array();
	const json_t *c, *a;
	size_t i, k;

	json_array_foreach(all, i, c)
	{
		const json_int_t seq = json_get_int(c, "corrects_seq", 0);
		bool ours = seq == l->opened_seq || seq == l->closed_seq;

		json_array_foreach(l->attempts, k, a)
		{
			ours = ours || seq == json_get_int(a, "seq", -1);
		}
		if (ours)
			append(l, mine, json_deep_copy(c));
	}
	put(l, l->out, "corrections", mine);
	json_decref(all);
}

/* ---- the whole ---- */

static void put_batch(struct load *l)
{
	static const char *const keys[] = { "work_order",    "owner",	   "as",
					    "configuration", "volt_v",	   "curr_min_a",
					    "curr_max_a",    "connection", "approval" };
	const bool closed = l->closed_seq > 0;

	put(l, l->out, "schema", json_string(BATCH_REPORT_SCHEMA));
	put(l, l->out, "batch", copy(l->opened, "batch"));
	put(l, l->out, "closed", json_boolean(closed));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		put(l, l->out, keys[i], copy(l->opened, keys[i]));
	put(l, l->out, "opened_at", time_of(l, l->opened_seq));
	put(l, l->out, "closed_at", closed ? time_of(l, l->closed_seq) : json_null());
}

static void put_journal(struct load *l)
{
	put(l, l->out, "journal",
	    json_pack("{s:I, s:s}", "entries", (json_int_t)l->last_seq, "head", l->head));
}

static void put_plan(struct load *l)
{
	const json_t *named = json_object_get(l->opened, "plan");
	json_t *p = in_force(l, "plan.in_force", json_get_str(named, "id"));

	put(l, l->out, "plan", parts_plan(named, json_object_get(p, "plan"), l->attempts));
	json_decref(p);
}

static void put_simulated(struct load *l)
{
	bool simulated =
		json_is_true(json_object_get(json_object_get(l->out, "laboratory"), "simulated"));
	const json_t *s;
	size_t i;

	json_array_foreach(json_object_get(l->out, "sessions"), i, s)
	{
		simulated = simulated || json_is_true(json_object_get(s, "simulated"));
	}
	put(l, l->out, "simulated", json_boolean(simulated));
}

static void collect(struct load *l)
{
	int64_t n = 0;

	l->err = db_head(l->db, &n, l->head, l->f);
	l->last_seq = n;
	l->attempts = json_array();
	put_batch(l);
	put_laboratory(l);
	if (l->err == ET_OK)
		walk(l);
	if (l->err != ET_OK)
		return;
	put_sessions(l);
	put_simulated(l);
	put_apparatus(l);
	put_plan(l);
	put(l, l->out, "meters",
	    parts_meters(l->opened, l->row, json_object_get(l->out, "plan"), l->attempts));
	put(l, l->out, "attempts", parts_attempts(l->attempts));
	put_corrections(l);
	put_journal(l);
}

int report_batch_load(struct db *db, const char *batch, json_t **out, struct fault *f)
{
	struct fault own = { 0 };
	struct load l = { .db = db, .id = batch, .f = f ? f : &own, .out = json_object() };

	l.row = query_batch(db, batch, l.f);
	l.opened_seq = json_get_int(l.row, "seq", 0);
	l.closed_seq = json_get_int(l.row, "closed_seq", 0);
	l.opened = db_payload(db, l.opened_seq, "batch.opened");
	if (!l.row)
		l.err = l.f->code;
	else if (json_is_null(l.row))
		l.err = fault_set(l.f, ET_ERR_STATE, "there is no batch \"%.80s\" on record",
				  batch);
	else if (!l.opened)
		l.err = fault_set(l.f, ET_ERR_INTEGRITY,
				  "entry %lld of batch \"%.80s\" is not there",
				  (long long)l.opened_seq, batch);
	else
		collect(&l);
	if (l.err == ET_OK)
		*out = json_incref(l.out);
	json_decref(l.out);
	json_decref(l.row);
	json_decref(l.opened);
	json_decref(l.attempts);
	return l.err;
}
