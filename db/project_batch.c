/* SPDX-License-Identifier: Apache-2.0 */
/* db/project_batch.c - the tables of meters, batches, attempts and verdicts, made from the journal. */
#include <string.h>

#include "base/json.h"
#include "db/project.h"

/* ---- batches ---- */

static int see_meter(struct apply *a, const json_t *pos)
{
	return store_run(
		a->d, a->f,
		"INSERT INTO meters VALUES (?1, ?2, ?3, ?3, ?4, ?4) ON CONFLICT (serial, maker)"
		" DO UPDATE SET last_seq = ?3, last_utc_ns = ?4",
		"ttii", json_get_str(pos, "maker"), json_get_str(pos, "serial"), a->e->seq,
		a->e->utc_ns);
}

static int open_batch(struct apply *a, const char *batch)
{
	const json_t *plan = json_object_get(a->p, "plan");
	const json_t *approval = json_object_get(a->p, "approval");
	const char *owner =
		json_get_str(json_object_get(a->p, "owner"), "name"); /* address: in the entry */

	return store_run(
		a->d, a->f,
		"INSERT INTO batches (seq, batch, session, opened_utc_ns, work_order, owner,"
		" \"as\", plan, plan_version, plan_standing, approval, approval_revision,"
		" configuration, volt_v, curr_min_a, curr_max_a, connection)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"ittittttittiidddt", a->e->seq, batch, json_get_str(a->p, "session"), a->e->utc_ns,
		json_get_str(a->p, "work_order"), owner, json_get_str(a->p, "as"),
		json_get_str(plan, "id"), (int64_t)json_get_int(plan, "version", 0),
		json_get_str(plan, "standing"), json_get_str(approval, "number"),
		(int64_t)json_get_int(approval, "revision", 0),
		(int64_t)json_get_int(a->p, "configuration", 0), json_get_f64(a->p, "volt_v"),
		json_get_f64(a->p, "curr_min_a"), json_get_f64(a->p, "curr_max_a"),
		json_get_str(a->p, "connection"));
}

static int put_position(struct apply *a, const json_t *pos)
{
	int err = store_run(
		a->d, a->f,
		"INSERT OR IGNORE INTO batch_positions (batch_seq, position, maker, serial,"
		" model, inspection_no, approval, approval_revision, kh_wh, firmware, measured)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"iitttttndtb", a->e->seq, (int64_t)json_get_int(pos, "position", 0),
		json_get_str(pos, "maker"), json_get_str(pos, "serial"), json_get_str(pos, "model"),
		json_get_str(pos, "inspection_no"), json_get_str(pos, "approval"),
		project_int_or_null(pos, "approval_revision"), json_get_f64(pos, "kh_wh"),
		json_get_str(pos, "firmware"), project_truth(pos, "measured"));

	if (err == ET_OK && !sqlite3_changes(a->d->sql))
		err = project_refuse(a, "position or meter twice", json_get_str(pos, "serial"));
	return err == ET_OK ? see_meter(a, pos) : err;
}

static int use_apparatus(struct apply *a)
{
	const json_t *id;
	size_t i;
	int err = ET_OK;

	json_array_foreach(json_object_get(a->p, "apparatus"), i, id)
	{
		if (!json_is_string(id))
			return project_refuse(a, "apparatus is no array of", "id");
		err = store_run(a->d, a->f,
				"INSERT OR IGNORE INTO batch_apparatus"
				" VALUES (?1, ?2, (SELECT seq FROM apparatus WHERE id = ?1))",
				"ti", json_string_value(id), a->e->seq);
		if (err < 0)
			break;
	}
	return err;
}

int project_batch_opened(struct apply *a)
{
	const char *batch = json_get_str(a->p, "batch");
	const json_t *pos;
	int64_t seq;
	size_t i;
	int err = store_int(a->d, a->f, &seq, 0, "SELECT seq FROM batches WHERE batch = ?", "t",
			    batch);

	if (err == ET_OK && seq)
		err = project_refuse(a, "there was a batch", batch);
	if (err == ET_OK)
		err = project_session_exists(a, json_get_str(a->p, "session"));
	if (err == ET_OK)
		err = open_batch(a, batch);
	json_array_foreach(json_object_get(a->p, "positions"), i, pos)
	{
		if (err == ET_OK)
			err = put_position(a, pos);
	}
	if (err == ET_OK)
		err = use_apparatus(a);
	return err == ET_OK ? project_count_id(a, "batch", batch) : err;
}

static int find_open_batch(struct apply *a, const char *batch, int64_t *seq)
{
	int64_t closed;
	int err = store_int(a->d, a->f, seq, 0, "SELECT seq FROM batches WHERE batch = ?", "t",
			    batch);

	if (err == ET_OK && *seq == 0)
		err = project_refuse(a, "there is no batch", batch);
	if (err == ET_OK)
		err = store_int(a->d, a->f, &closed, 0,
				"SELECT closed_seq FROM batches WHERE seq = ?", "i", *seq);
	if (err == ET_OK && closed)
		err = project_refuse(a, "it is closed, batch", batch);
	return err;
}

/* The session that was found without an end has one now. */
static int end_found_session(struct apply *a)
{
	const char *found = json_get_str(a->p, "found_session");
	int err = project_session_exists(a, found);

	if (err < 0)
		return err;
	return store_run(a->d, a->f,
			 "UPDATE sessions SET ended_seq = ?, reason = 'interrupted'"
			 " WHERE session = ? AND ended_seq IS NULL",
			 "it", a->e->seq, found);
}

int project_batch_interrupted(struct apply *a)
{
	const char *batch = json_get_str(a->p, "batch");
	int64_t batch_seq;
	int err = end_found_session(a);

	if (err < 0 || !batch)
		return err;
	err = find_open_batch(a, batch, &batch_seq);
	if (err < 0)
		return err;
	return store_run(a->d, a->f, "UPDATE batches SET interrupted_seq = ? WHERE seq = ?", "ii",
			 a->e->seq, batch_seq);
}

/* ---- attempts ---- */

static int meter_is_there(struct apply *a, int64_t batch_seq, const json_t *pos)
{
	int64_t there;
	int err = store_int(a->d, a->f, &there, 0,
			    "SELECT 1 FROM batch_positions WHERE batch_seq = ? AND position = ?"
			    " AND maker = ? AND serial = ?",
			    "iitt", batch_seq, (int64_t)json_get_int(pos, "position", 0),
			    json_get_str(pos, "maker"), json_get_str(pos, "serial"));

	if (err == ET_OK && !there)
		err = project_refuse(
			a, "the batch has no such meter there:", json_get_str(pos, "serial"));
	return err;
}

/* The first figure that counts stands; what did not count is only a word until then. */
static int step_verdict(struct apply *a, int64_t batch_seq, const json_t *pos)
{
	const char *result = json_get_str(a->p, "result");
	const char *verdict = strcmp(result, "done") ? result : json_get_str(pos, "verdict");

	return store_run(
		a->d, a->f,
		"INSERT INTO verdicts VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
		" ON CONFLICT (batch_seq, position, step)"
		" DO UPDATE SET verdict = ?4, attempt = ?5, seq = ?6 WHERE verdicts.verdict"
		" NOT IN ('conforming', 'nonconforming', 'inconclusive')",
		"iittti", batch_seq, (int64_t)json_get_int(pos, "position", 0),
		json_get_str(a->p, "step"), verdict, json_get_str(a->p, "attempt"), a->e->seq);
}

static int observe(struct apply *a, int64_t batch_seq, const json_t *pos)
{
	const json_t *o = json_object_get(pos, "observation");
	int err = meter_is_there(a, batch_seq, pos);

	if (err == ET_OK)
		err = store_run(a->d, a->f,
				"INSERT INTO observations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
				"iiidddnnntt", batch_seq, (int64_t)json_get_int(pos, "position", 0),
				a->e->seq, json_get_f64(o, "err_pct"), json_get_f64(o, "U_pct"),
				json_get_f64(o, "k"), project_int_or_null(o, "n_intervals"),
				project_int_or_null(o, "err_rounded_u6"),
				project_int_or_null(o, "U_rounded_u6"),
				json_get_str(pos, "verdict"), json_get_str(pos, "cause"));
	if (err == ET_OK)
		err = step_verdict(a, batch_seq, pos);
	return err == ET_OK ? see_meter(a, pos) : err;
}

int project_attempt_stored(struct apply *a)
{
	const char *attempt = json_get_str(a->p, "attempt");
	const json_t *pos;
	int64_t batch_seq, seq;
	size_t i;
	int err = find_open_batch(a, json_get_str(a->p, "batch"), &batch_seq);

	if (err == ET_OK)
		err = project_session_exists(a, json_get_str(a->p, "session"));
	if (err == ET_OK)
		err = store_int(a->d, a->f, &seq, 0, "SELECT seq FROM attempts WHERE attempt = ?",
				"t", attempt);
	if (err == ET_OK && seq)
		err = project_refuse(a, "there was an attempt", attempt);
	if (err == ET_OK)
		err = store_run(a->d, a->f,
				"INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
				"itiittitt", a->e->seq, attempt, batch_seq, a->e->utc_ns,
				json_get_str(a->p, "session"), json_get_str(a->p, "step"),
				(int64_t)json_get_int(a->p, "number", 0),
				json_get_str(a->p, "result"), json_get_str(a->p, "cause"));
	json_array_foreach(json_object_get(a->p, "positions"), i, pos)
	{
		if (err == ET_OK)
			err = observe(a, batch_seq, pos);
	}
	return err == ET_OK ? project_count_id(a, "attempt", attempt) : err;
}

/* ---- the end of a batch ---- */

static int final_step(struct apply *a, int64_t batch_seq, const json_t *pos, const json_t *step)
{
	return store_run(a->d, a->f,
			 "INSERT INTO verdicts VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
			 " ON CONFLICT (batch_seq, position, step)"
			 " DO UPDATE SET verdict = ?4, attempt = ?5, seq = ?6",
			 "iittti", batch_seq, (int64_t)json_get_int(pos, "position", 0),
			 json_get_str(step, "step"), json_get_str(step, "verdict"),
			 json_get_str(step, "attempt"), a->e->seq);
}

static int final_verdict(struct apply *a, int64_t batch_seq, const json_t *pos)
{
	const json_t *step;
	size_t i;
	int err = meter_is_there(a, batch_seq, pos);

	if (err == ET_OK)
		err = store_run(a->d, a->f,
				"UPDATE batch_positions SET verdict = ?, reason = ?"
				" WHERE batch_seq = ? AND position = ?",
				"ttii", json_get_str(pos, "verdict"), json_get_str(pos, "reason"),
				batch_seq, (int64_t)json_get_int(pos, "position", 0));
	json_array_foreach(json_object_get(pos, "steps"), i, step)
	{
		if (err == ET_OK)
			err = final_step(a, batch_seq, pos, step);
	}
	return err;
}

int project_batch_closed(struct apply *a)
{
	const json_t *pos;
	int64_t batch_seq;
	size_t i;
	int err = find_open_batch(a, json_get_str(a->p, "batch"), &batch_seq);

	json_array_foreach(json_object_get(a->p, "positions"), i, pos)
	{
		if (err == ET_OK)
			err = final_verdict(a, batch_seq, pos);
	}
	if (err < 0)
		return err;
	return store_run(a->d, a->f,
			 "UPDATE batches SET closed_seq = ?, closed_utc_ns = ? WHERE seq = ?",
			 "iii", a->e->seq, a->e->utc_ns, batch_seq);
}
