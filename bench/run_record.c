/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/run_record.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "bench/version.h"
#include "db/raw.h"
#include "procedures/energy_error_json.h"

static const char *const as_words[] = { "as_found", "as_left" };
static const char *const standing_words[] = { "sample", "draft", "approved" };
static const char *const connection_words[] = { "series", "true_service", "element_a",
						"element_b" };
/* Clock pairs of each reader; the names are those of the raw data in the record. */
static const char *const pairs_names[ET_READERS_MAX] = {
	"pairs", "pairs_2", "pairs_3", "pairs_4", "pairs_5", "pairs_6", "pairs_7", "pairs_8"
};
static const char *const role_words[] = { "source", "reference", "reader" };

/* ---- small objects ---- */

static json_t *phases(const double v[ET_PHASES])
{
	return json_pack("[o,o,o]", json_num(v[0]), json_num(v[1]), json_num(v[2]));
}

static json_t *setpoint_json(const struct setpoint *sp)
{
	json_t *ph = json_array();

	for (int p = 0; p < ET_PHASES; p++)
		json_array_append_new(ph, json_pack("{s:o,s:o,s:o,s:o}", "volt_v",
						    json_num(sp->ph[p].volt_v), "volt_deg",
						    json_num(sp->ph[p].volt_deg), "curr_a",
						    json_num(sp->ph[p].curr_a), "curr_deg",
						    json_num(sp->ph[p].curr_deg)));
	return json_pack("{s:o,s:o}", "freq_hz", json_num(sp->freq_hz), "ph", ph);
}

static json_t *reading_json(const struct ref_reading *r)
{
	return json_pack("{s:I,s:I,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:b}", "t_before_ns",
			 (json_int_t)r->t_before_ns, "t_after_ns", (json_int_t)r->t_after_ns,
			 "volt_v", phases(r->volt_v), "volt_deg", phases(r->volt_deg), "curr_a",
			 phases(r->curr_a), "curr_deg", phases(r->curr_deg), "power_w",
			 phases(r->power_w), "power_sum_w", json_num(r->power_sum_w),
			 "reactive_sum_var", json_num(r->reactive_sum_var), "freq_hz",
			 json_num(r->freq_hz), "range_v", phases(r->range_v), "range_a",
			 phases(r->range_a), "overload", r->overload);
}

static json_t *register_json(bool has, const struct ref_register *r)
{
	if (!has)
		return json_null();
	return json_pack(
		"{s:o,s:o,s:o,s:o,s:o}", "constant_imp_per_kwh", json_num(r->constant_imp_per_kwh),
		"range_v", phases(r->range_v), "range_a", phases(r->range_a), "update_interval_s",
		json_num(r->update_interval_s), "resolution_wh", json_num(r->resolution_wh));
}

static json_t *texts(const struct yaml_list *l)
{
	json_t *a = json_array();

	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(a, json_str(((const char *const *)l->items)[i]));
	return a;
}

/* ---- session ---- */

static json_t *instruments_json(const struct run_record *r)
{
	json_t *a = json_array();

	for (int t = TO_SOURCE; t < TO_READER + r->in->n_readers; t++) {
		const struct bench_instrument *b = run_instrument(r->in, t);
		const struct instrument_id none = { 0 };
		const struct instrument_id *id =
			r->seq ? seq_identity(r->seq, (enum request_target)t) : &none;
		json_t *o = json_pack("{s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:b}", "name", b->name,
				      "driver", b->driver, "role", role_words[b->role], "maker",
				      json_str(id->maker), "model", json_str(id->model), "serial",
				      json_str(id->serial), "firmware", json_str(id->firmware),
				      "serial_declared", id->serial_declared);

		json_array_append_new(a, o);
	}
	return a;
}

static json_t *session_started(const struct run_record *r)
{
	const struct run_input *in = r->in;

	return json_pack("{s:s,s:s,s:s,s:s,s:b,s:o,s:o,s:s,s:o}", "session", r->result->session,
			 "operator", in->operator_id, "program", "etalon " ETALON_VERSION,
			 "algorithm", EE_ALGORITHM, "simulated", in->simulated, "scenario",
			 json_str(in->scenario), "seed",
			 in->sim ? json_integer((json_int_t)in->seed) : json_null(), "command",
			 in->command, "instruments", instruments_json(r));
}

static json_t *interrupted(const struct run_record *r, const char *batch,
			   const struct run_found *found)
{
	return json_pack("{s:o,s:s,s:s,s:I,s:n}", "batch", json_str(batch[0] ? batch : NULL),
			 "session", r->result->session, "found_session", found->session, "last_seq",
			 (json_int_t)found->last_seq, "note");
}

/* Has this content been in force before, as the last with this key? */
static bool in_force(struct db *db, const char *kind, const char *id_key, const char *id,
		     const json_t *payload)
{
	json_t *last = db_last(db, kind, id_key, id, NULL);
	char *a = NULL, *b = NULL;
	size_t na = 0, nb = 0;
	bool same = false;

	if (last && json_canonical(last, &a, &na) == ET_OK &&
	    json_canonical(payload, &b, &nb) == ET_OK)
		same = na == nb && memcmp(a, b, na) == 0;
	json_decref(last);
	free(a);
	free(b);
	return same;
}

/* The entry, unless this content is in force already. */
static json_t *if_new(struct db *db, const char *kind, const char *id_key, const char *id,
		      json_t *payload)
{
	if (payload && in_force(db, kind, id_key, id, payload)) {
		json_decref(payload);
		return NULL;
	}
	return payload;
}

json_t *run_record_plan(const struct run_input *in)
{
	return json_pack("{s:s,s:I,s:s,s:o}", "id", in->plan->id, "version",
			 (json_int_t)in->plan->version, "standing",
			 standing_words[in->plan->standing], "plan",
			 yaml_to_json(PLAN_SCHEMA, plan_keys, in->plan));
}

json_t *run_record_approval(const struct run_input *in)
{
	return json_pack("{s:s,s:I,s:o}", "number", in->approval->number, "revision",
			 (json_int_t)in->approval->revision, "approval",
			 yaml_to_json(APPROVAL_SCHEMA, approval_keys, in->approval));
}

void run_record_prepare(struct run_record *r)
{
	const struct run_input *in = r->in;

	if (!in->db)
		return;
	r->plan = if_new(in->db, "plan.in_force", "id", in->plan->id, run_record_plan(in));
	r->approval = if_new(in->db, "approval.in_force", "number", in->approval->number,
			     run_record_approval(in));
}

void run_record_release(struct run_record *r)
{
	json_decref(r->plan);
	json_decref(r->approval);
	r->plan = r->approval = NULL;
}

/* Hand an entry over to the job, if there is one. */
static int give(struct job *j, const char *kind, json_t **payload)
{
	json_t *p = *payload;

	*payload = NULL;
	return p ? job_add(j, kind, p) : ET_OK;
}

static int add_session(struct run_record *r, struct job *j)
{
	int err = job_add(j, "session.started", session_started(r));

	if (err == ET_OK && r->result->unended.session[0])
		err = job_add(j, "batch.interrupted",
			      interrupted(r, r->result->unended.batch, &r->result->unended));
	if (err == ET_OK)
		err = give(j, "plan.in_force", &r->plan);
	if (err == ET_OK)
		err = give(j, "approval.in_force", &r->approval);
	return err;
}

/* ---- batch ---- */

static json_t *findings_json(const struct run_meter *m)
{
	json_t *a = json_array();

	for (int i = 0; i < m->n_findings; i++)
		json_array_append_new(a, json_pack("{s:s,s:s,s:s,s:s}", "level",
						   finding_level_word(m->findings[i].level), "code",
						   m->findings[i].code, "en", m->findings[i].en,
						   "fr", m->findings[i].fr));
	return a;
}

static json_t *modules_json(const struct meter_card *c)
{
	const struct meter_module *m = c->modules.items;
	json_t *a = json_array();

	for (size_t i = 0; i < c->modules.n; i++)
		json_array_append_new(a, json_pack("{s:o,s:o}", "name", json_str(m[i].name),
						   "firmware", json_str(m[i].firmware)));
	return a;
}

static json_t *position_json(const struct run_meter *m)
{
	const struct meter_card *c = m->card;

	return json_pack(
		"{s:I,s:s,s:o,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:b,s:o}", "position",
		(json_int_t)c->position, "maker", c->maker, "model", json_str(c->model), "serial",
		c->serial, "inspection_no", json_str(c->inspection_no), "approval",
		json_str(c->approval), "approval_revision",
		c->approval_revision == INT64_MIN ? json_null()
						  : json_integer(c->approval_revision),
		"configuration",
		c->configuration == INT64_MIN ? json_null() : json_integer(c->configuration),
		"volt_v", json_num(c->volt_v), "curr_min_a", json_num(c->curr_min_a), "curr_max_a",
		json_num(c->curr_max_a), "kh_wh", json_num(c->kh_wh), "firmware",
		json_str(c->firmware), "modules", modules_json(c), "seals", texts(&c->seals),
		"measured", m->measured, "findings", findings_json(m));
}

static json_t *positions_json(const struct run_input *in)
{
	json_t *a = json_array();

	for (int p = 0; p < ET_POSITIONS_MAX; p++)
		if (in->meters[p].card)
			json_array_append_new(a, position_json(&in->meters[p]));
	return a;
}

/* What measures: the reference, and the readers that are used. */
static json_t *apparatus_json(const struct run_input *in)
{
	json_t *a = json_array();

	json_array_append_new(a, json_string(in->reference->id));
	for (int k = 0; k < in->n_readers; k++)
		json_array_append_new(a, json_string(in->readers[k].apparatus->id));
	return a;
}

json_t *run_record_opened(const struct run_input *in, const char *session)
{
	const struct batch *b = in->batch;

	return json_pack(
		"{s:s,s:s,s:o,s:{s:o,s:o},s:s,s:{s:s,s:I,s:s},s:{s:s,s:I},s:I,s:o,s:o,s:o,s:s,s:o,"
		"s:o}",
		"batch", b->id, "session", session, "work_order", json_str(b->work_order), "owner",
		"name", json_str(b->owner.name), "address", json_str(b->owner.address), "as",
		as_words[b->as == 1], "plan", "id", in->plan->id, "version",
		(json_int_t)in->plan->version, "standing", standing_words[in->plan->standing],
		"approval", "number", in->approval->number, "revision",
		(json_int_t)in->approval->revision, "configuration", (json_int_t)b->configuration,
		"volt_v", json_num(b->volt_v), "curr_min_a", json_num(b->curr_min_a), "curr_max_a",
		json_num(b->curr_max_a), "connection", connection_words[in->bench->connection],
		"apparatus", apparatus_json(in), "positions", positions_json(in));
}

/* The first reason of a meter: its worst finding, else the cause of its first step that does not conform. */
static json_t *reason_of(const struct run_record *r, int p)
{
	const struct run_meter *m = &r->in->meters[p];
	const struct run_result *res = r->result;

	if (m->n_findings && m->findings[0].level == FINDING_NONCONFORMING)
		return json_str(m->findings[0].code);
	for (int s = 0; s < res->n_steps; s++) {
		const struct run_step_result *st = &res->step[s][p];

		if (st->cause != EE_CAUSE_NONE)
			return json_str(ee_cause_word(st->cause));
		if (st->verdict == EE_NONCONFORMING)
			return json_string("error_beyond_limit");
		if (st->verdict == EE_INCONCLUSIVE)
			return json_string("within_uncertainty_of_limit");
	}
	if (m->n_findings && m->findings[0].level == FINDING_OPEN)
		return json_str(m->findings[0].code);
	return json_null();
}

static json_t *steps_of(const struct run_record *r, int p)
{
	const struct plan_step *st = r->in->plan->steps.items;
	json_t *a = json_array();

	for (int s = 0; s < r->result->n_steps; s++) {
		const struct run_step_result *res = &r->result->step[s][p];

		json_array_append_new(
			a, json_pack("{s:s,s:s,s:o}", "step", st[s].id, "verdict",
				     ee_verdict_word(res->verdict), "attempt",
				     res->attempt[0] ? json_string(res->attempt) : json_null()));
	}
	return a;
}

static json_t *batch_closed(const struct run_record *r)
{
	json_t *a = json_array();

	for (int p = 0; p < ET_POSITIONS_MAX; p++) {
		const struct meter_card *c = r->in->meters[p].card;

		if (c)
			json_array_append_new(a, json_pack("{s:I,s:s,s:s,s:s,s:o,s:o}", "position",
							   (json_int_t)c->position, "maker",
							   c->maker, "serial", c->serial, "verdict",
							   ee_verdict_word(r->result->verdict[p]),
							   "reason", reason_of(r, p), "steps",
							   steps_of(r, p)));
	}
	return json_pack("{s:s,s:s,s:o}", "batch", r->in->batch->id, "session", r->result->session,
			 "positions", a);
}

/* ---- attempt ---- */

static json_t *attempt_positions(const struct run_record *r, const struct seq_attempt *at)
{
	json_t *a = json_array();

	for (int p = 0; p < ET_POSITIONS_MAX; p++) {
		const struct meter_card *c = r->in->meters[p].card;
		const struct seq_observation *o = &at->pos[p];

		const int k = run_reader_of(r->in, p + 1);

		if (!c || !(at->positions >> p & 1))
			continue;
		json_array_append_new(
			a, json_pack("{s:I,s:s,s:s,s:o,s:o,s:s,s:o,s:s,s:i,s:s}", "position",
				     (json_int_t)c->position, "maker", c->maker, "serial",
				     c->serial, "setup", ee_setup_to_json(&o->setup), "observation",
				     ee_observation_to_json(&o->obs), "verdict",
				     ee_verdict_word(o->verdict), "cause",
				     o->cause ? json_str(ee_cause_word(o->cause)) : json_null(),
				     "reader", r->in->readers[k].instrument->name, "channel",
				     r->in->readers[k].channel_of[p], "pairs", pairs_names[k]));
	}
	return a;
}

static json_t *attempt_stored(const struct run_record *r, const struct seq_attempt *at)
{
	const struct plan_step *st = r->in->plan->steps.items;
	json_t *readings = json_array();

	for (int i = 0; i < at->n_readings; i++)
		json_array_append_new(readings, reading_json(&at->reading[i]));
	return json_pack("{s:s,s:s,s:s,s:i,s:s,s:o,s:o,s:I,s:o,s:I,s:o,s:o,s:o,s:o,s:o}", "batch",
			 r->in->batch->id, "session", r->result->session, "step", st[at->step].id,
			 "number", at->number, "result", seq_result_word(at->result), "cause",
			 at->cause ? json_str(ee_cause_word(at->cause)) : json_null(), "fault",
			 at->fault.code ? json_str(at->fault.text) : json_null(), "started_mono_ns",
			 (json_int_t)at->t_started_ns, "armed_mono_ns",
			 at->t_armed_ns == ET_NEVER_NS ? json_null() : json_integer(at->t_armed_ns),
			 "ended_mono_ns", (json_int_t)at->t_ended_ns, "setpoint",
			 setpoint_json(&at->sp), "readings", readings, "register_before",
			 register_json(at->has_before, &at->before), "register_after",
			 register_json(at->has_after, &at->after), "positions",
			 attempt_positions(r, at));
}

static int add_raw(const struct run_record *r, const struct ee_raw_all *raw, struct job *j)
{
	int err = raw_encode_edges(raw->edges, raw->n_edges, &j->blobs[0].data, &j->blobs[0].len);

	j->blobs[0].name = "edges";
	if (err == ET_OK)
		err = raw_encode_samples(raw->samples, raw->n_samples, &j->blobs[1].data,
					 &j->blobs[1].len);
	j->blobs[1].name = "samples";
	j->n_blobs = 2;
	for (int k = 0; k < r->in->n_readers && err == ET_OK; k++) {
		struct job_blob *b = &j->blobs[j->n_blobs++];

		b->name = pairs_names[k];
		err = raw_encode_pairs(raw->pairs[k].p, raw->pairs[k].n, &b->data, &b->len);
	}
	return err;
}

static json_t *hash_of(const void *data, size_t len)
{
	unsigned char hash[32];
	char hex[2 * sizeof(hash) + 1];

	if (crypto_generichash(hash, sizeof(hash), data, len, NULL, 0) != 0)
		return json_null();
	return json_string(sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash)));
}

json_t *run_record_attempt(const struct run_record *r)
{
	const struct seq_attempt *at = seq_attempt(r->seq);
	json_t *o = attempt_stored(r, at), *raw = json_object();
	struct job j = { 0 };
	int err = add_raw(r, &at->raw, &j);

	for (size_t i = 0; i < j.n_blobs && err == ET_OK; i++)
		if (json_object_set_new(raw, j.blobs[i].name,
					hash_of(j.blobs[i].data, j.blobs[i].len)) != 0)
			err = ET_ERR_NOMEM;
	job_clear(&j);
	if (err == ET_OK && o && json_object_set(o, "raw", raw) != 0)
		err = ET_ERR_NOMEM;
	json_decref(raw);
	if (err == ET_OK)
		return o;
	json_decref(o);
	return NULL;
}

static json_t *source_state(const struct run_record *r)
{
	const struct fault *f = seq_fault(r->seq);
	const enum seq_source now = seq_source(r->seq);
	/* a failure says why it is not proven off; it is nothing that proves, or energises */
	const bool tells = f->code && now != SEQ_SOURCE_ENERGISED && now != SEQ_SOURCE_OFF_PROVEN;

	return json_pack("{s:s,s:s,s:o}", "session", r->result->session, "state",
			 seq_source_word(now), "evidence", tells ? json_str(f->text) : json_null());
}

static void stamp(const struct run_record *r, struct job *j)
{
	struct clk *c = r->in->clk;

	j->stamp = (struct journal_stamp){ .utc_ns = clk_utc_ns(c),
					   .utc_offset_s = clk_utc_offset_s(c),
					   .boot_id = clk_boot_id(c),
					   .mono_ns = clk_now_ns(c),
					   .actor = r->in->operator_id };
}

int run_record_fill(struct run_record *r, enum commit_what what, struct job *j)
{
	int err = ET_OK;

	if (!r->in->db)
		return ET_OK; /* a campaign looks at the result itself */
	stamp(r, j);
	if (!r->session_written)
		err = add_session(r, j);
	if (err != ET_OK)
		return err;
	r->session_written = true;
	switch (what) {
	case COMMIT_BATCH_OPENED:
		return job_add(j, "batch.opened", run_record_opened(r->in, r->result->session));
	case COMMIT_INTERRUPTED:
		if (strcmp(r->result->unended.batch, r->in->batch->id) == 0)
			return ET_OK; /* said when the session began */
		return job_add(j, "batch.interrupted",
			       interrupted(r, r->in->batch->id, &r->result->before));
	case COMMIT_BATCH_CLOSED:
		return job_add(j, "batch.closed", batch_closed(r));
	case COMMIT_SOURCE_STATE:
		return job_add(j, "source.state", source_state(r));
	case COMMIT_ATTEMPT:
		err = add_raw(r, &seq_attempt(r->seq)->raw, j);
		j->series = "attempt";
		return err == ET_OK ? job_add(j, "attempt.stored",
					      attempt_stored(r, seq_attempt(r->seq)))
				    : err;
	case COMMIT_NONE:
		break;
	}
	return ET_ERR_ARG;
}

int run_record_end(struct run_record *r, const char *reason, struct job *j)
{
	int err = ET_OK;

	stamp(r, j);
	if (!r->session_written)
		err = add_session(r, j);
	if (err != ET_OK)
		return err;
	r->session_written = true;
	return job_add(j, "session.ended",
		       json_pack("{s:s,s:i,s:o}", "session", r->result->session, "exit_code",
				 r->result->exit_code, "reason", json_str(reason)));
}
