/* SPDX-License-Identifier: Apache-2.0 */
/* db/projections.c - the tables made from the journal, one function a kind of entry: laboratory, people,
 * apparatus, sessions, corrections; batches are in project_batch.c. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "db/project.h"

int project_refuse(struct apply *a, const char *what, const char *which)
{
	return fault_set(a->f, ET_ERR_ARG, "%s: %s \"%.80s\"", a->e->kind, what, which);
}

int64_t project_int_or_null(const json_t *o, const char *key)
{
	return json_get_int(o, key, INT64_MIN);
}

int project_truth(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

/* ---- ids of the form <bench>-<counter> move the counter of their series ---- */

int project_count_id(struct apply *a, const char *series, const char *id)
{
	const char *dash = strrchr(id, '-');
	char *end;
	long long n;

	if (!dash || dash[1] < '1' || dash[1] > '9' || strlen(dash) > 18)
		return ET_OK;
	n = strtoll(dash + 1, &end, 10);
	if (*end)
		return ET_OK;
	return store_run(a->d, a->f,
			 "INSERT INTO counters (series, last) VALUES (?1, ?2)"
			 " ON CONFLICT (series) DO UPDATE SET last = max(last, excluded.last)",
			 "ti", series, (int64_t)n);
}

/* ---- laboratory, people, apparatus ---- */

static int laboratory_created(struct apply *a)
{
	return a->e->seq == 1
		       ? ET_OK
		       : project_refuse(a, "not the first entry", json_get_str(a->p, "bench"));
}

static int person_added(struct apply *a)
{
	return store_run(a->d, a->f,
			 "INSERT INTO people (id, seq, name, role) VALUES (?1, ?2, ?3, ?4)"
			 " ON CONFLICT (id) DO UPDATE SET seq = ?2, name = ?3, role = ?4",
			 "titt", json_get_str(a->p, "id"), a->e->seq, json_get_str(a->p, "name"),
			 json_get_str(a->p, "role"));
}

static int apparatus_added(struct apply *a)
{
	const json_t *c = json_object_get(a->p, "certificate");
	int err = store_run(a->d, a->f, "DELETE FROM apparatus WHERE id = ?", "t",
			    json_get_str(a->p, "id"));

	if (err < 0)
		return err;
	return store_run(a->d, a->f,
			 "INSERT INTO apparatus (id, seq, kind, maker, model, serial, firmware,"
			 " \"use\", simulated, certificate, laboratory, issued, expires)"
			 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			 "tittttttbtttt", json_get_str(a->p, "id"), a->e->seq,
			 json_get_str(a->p, "kind"), json_get_str(a->p, "maker"),
			 json_get_str(a->p, "model"), json_get_str(a->p, "serial"),
			 json_get_str(a->p, "firmware"), json_get_str(a->p, "use"),
			 project_truth(a->p, "simulated"), json_get_str(c, "number"),
			 json_get_str(c, "laboratory"), json_get_str(c, "issued"),
			 json_get_str(c, "expires"));
}

static int apparatus_retired(struct apply *a)
{
	const char *id = json_get_str(a->p, "id");
	int err = store_run(a->d, a->f,
			    "UPDATE apparatus SET retired_seq = ?, reason = ? WHERE id = ?", "itt",
			    a->e->seq, json_get_str(a->p, "reason"), id);

	if (err < 0)
		return err;
	return sqlite3_changes(a->d->sql) ? ET_OK : project_refuse(a, "there is no apparatus", id);
}

/* ---- sessions ---- */

int project_session_exists(struct apply *a, const char *session)
{
	int64_t seq;
	int err = store_int(a->d, a->f, &seq, 0, "SELECT seq FROM sessions WHERE session = ?", "t",
			    session);

	if (err == ET_OK && seq == 0)
		err = project_refuse(a, "there is no session", session);
	return err;
}

/* Every entry that names its session is the last of it so far. */
static int touch_session(struct apply *a)
{
	const char *session = json_get_str(a->p, "session");

	return !session
		       ? ET_OK
		       : store_run(a->d, a->f, "UPDATE sessions SET last_seq = ? WHERE session = ?",
				   "it", a->e->seq, session);
}

static int session_started(struct apply *a)
{
	const char *session = json_get_str(a->p, "session");
	int64_t seq;
	int err = store_int(a->d, a->f, &seq, 0, "SELECT seq FROM sessions WHERE session = ?", "t",
			    session);

	if (err == ET_OK && seq)
		err = project_refuse(a, "there was a session", session);
	if (err == ET_OK)
		err = store_run(a->d, a->f,
				"INSERT INTO sessions (seq, session, operator, program, algorithm,"
				" simulated, last_seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?1)",
				"ittttb", a->e->seq, session, json_get_str(a->p, "operator"),
				json_get_str(a->p, "program"), json_get_str(a->p, "algorithm"),
				project_truth(a->p, "simulated"));
	return err == ET_OK ? project_count_id(a, "session", session) : err;
}

static int session_ended(struct apply *a)
{
	int err = project_session_exists(a, json_get_str(a->p, "session"));

	if (err < 0)
		return err;
	return store_run(a->d, a->f,
			 "UPDATE sessions SET ended_seq = ?, exit_code = ?, reason = ?"
			 " WHERE session = ?",
			 "iitt", a->e->seq, (int64_t)json_get_int(a->p, "exit_code", 0),
			 json_get_str(a->p, "reason"), json_get_str(a->p, "session"));
}

static int correction(struct apply *a)
{
	const int64_t corrects = json_get_int(a->p, "corrects_seq", 0);

	if (corrects < 1 || corrects >= a->e->seq)
		return fault_set(a->f, ET_ERR_ARG,
				 "correction of entry %" PRId64 ", which is not in the record",
				 corrects);
	return store_run(a->d, a->f, "INSERT INTO corrections VALUES (?, ?, ?, ?, ?)", "iiitt",
			 a->e->seq, corrects, a->e->utc_ns, a->e->actor,
			 json_get_str(a->p, "reason"));
}

static const struct {
	const char *kind;
	int (*apply)(struct apply *a);
} table[] = {
	{ "laboratory.created", laboratory_created },
	{ "person.added", person_added },
	{ "apparatus.added", apparatus_added },
	{ "apparatus.retired", apparatus_retired },
	{ "session.started", session_started },
	{ "session.ended", session_ended },
	{ "batch.opened", project_batch_opened },
	{ "attempt.stored", project_attempt_stored },
	{ "batch.interrupted", project_batch_interrupted },
	{ "batch.closed", project_batch_closed },
	{ "correction", correction },
};

int projections_apply(struct db *d, const struct journal_entry *e, const json_t *payload,
		      struct fault *f)
{
	struct apply a = { d, e, payload, f };
	int err = ET_OK;

	if (e->seq == 1 && strcmp(e->kind, "laboratory.created"))
		return fault_set(f, ET_ERR_ARG, "%s: the first entry must be laboratory.created",
				 e->kind);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (!strcmp(table[i].kind, e->kind))
			err = table[i].apply(&a);
	return err == ET_OK ? touch_session(&a) : err;
}
