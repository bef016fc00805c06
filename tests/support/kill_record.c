/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/kill_record.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"

static const char *const step_ids[KILL_STEPS] = { "HL", "LL", "PF" };

static void take_text(char *out, size_t cap, const json_t *o, const char *key)
{
	const char *text = json_get_str(o, key);

	snprintf(out, cap, "%s", text ? text : "");
}

static int position_of(const json_t *pos)
{
	const json_int_t p = json_get_int(pos, "position", 0);

	return p >= 1 && p <= KILL_METERS ? (int)p - 1 : -1;
}

static int take_attempt(struct kill_record *r, const json_t *p)
{
	struct kill_attempt *a = &r->attempts[r->n_attempts];
	const json_t *pos;
	size_t i;

	if (++r->n_attempts > KILL_ATTEMPTS_MAX)
		return -1;
	take_text(a->id, sizeof(a->id), p, "attempt");
	take_text(a->step, sizeof(a->step), p, "step");
	take_text(a->result, sizeof(a->result), p, "result");
	a->number = (int)json_get_int(p, "number", 0);
	json_array_foreach(json_object_get(p, "positions"), i, pos)
	{
		if (position_of(pos) < 0)
			return -1;
		take_text(a->verdict[position_of(pos)], sizeof(a->verdict[0]), pos, "verdict");
	}
	return 0;
}

static int take_closed(struct kill_record *r, const json_t *p)
{
	const json_t *pos, *step;
	size_t i, s;

	r->closed = true;
	json_array_foreach(json_object_get(p, "positions"), i, pos)
	{
		const int at = position_of(pos);

		if (at < 0)
			return -1;
		take_text(r->verdict[at], sizeof(r->verdict[0]), pos, "verdict");
		json_array_foreach(json_object_get(pos, "steps"), s, step)
		{
			const char *id = json_get_str(step, "step");

			if (s >= KILL_STEPS || !id || strcmp(id, step_ids[s]) != 0)
				return -1;
			take_text(r->step_verdict[s][at], sizeof(r->step_verdict[0][0]), step,
				  "verdict");
			take_text(r->step_attempt[s][at], sizeof(r->step_attempt[0][0]), step,
				  "attempt");
		}
	}
	return 0;
}

static struct kill_session *session(struct kill_record *r, const char *id)
{
	for (int i = 0; id && i < r->n_sessions; i++)
		if (strcmp(r->sessions[i].id, id) == 0)
			return &r->sessions[i];
	return NULL;
}

static int take_session(struct kill_record *r, const json_t *p)
{
	if (r->n_sessions == KILL_SESSIONS_MAX)
		return -1;
	take_text(r->sessions[r->n_sessions++].id, sizeof(r->sessions[0].id), p, "session");
	return 0;
}

static int take_interrupted(struct kill_record *r, const json_t *p)
{
	struct kill_session *found = session(r, json_get_str(p, "found_session"));

	if (!found)
		return -1;
	found->interruptions++;
	found->last_seq = json_get_int(p, "last_seq", 0);
	return 0;
}

static int take(struct kill_record *r, const char *kind, const json_t *p)
{
	if (strcmp(kind, "session.started") == 0)
		return take_session(r, p);
	if (strcmp(kind, "batch.interrupted") == 0)
		return take_interrupted(r, p);
	if (strcmp(kind, "attempt.stored") == 0)
		return take_attempt(r, p);
	if (strcmp(kind, "batch.closed") == 0)
		return take_closed(r, p);
	if (strcmp(kind, "source.state") == 0)
		take_text(r->source, sizeof(r->source), p, "state");
	if (strcmp(kind, "session.ended") == 0)
		session(r, json_get_str(p, "session"))->ended = true;
	r->opened |= strcmp(kind, "batch.opened") == 0;
	return 0;
}

static int each(void *arg, const struct journal_entry *e)
{
	struct kill_record *r = arg;
	struct fault f;
	json_t *p = json_parse(e->payload, e->payload_len, &f);
	int err = p && e->seq <= KILL_ENTRIES_MAX ? take(r, e->kind, p) : -1;

	if (err == 0) {
		snprintf(r->hash[e->seq], sizeof(r->hash[0]), "%s", e->hash_hex);
		r->mono_ns = e->mono_ns;
	}
	json_decref(p);
	return err == 0 ? ET_OK : ET_ERR_INTEGRITY;
}

int kill_record_read(const char *path, struct kill_record *out, struct fault *f)
{
	struct db *db = NULL;
	int err;

	*f = (struct fault){ 0 };
	memset(out, 0, sizeof(*out));
	if (db_open(path, DB_WRITE, NULL, &db, f) != ET_OK)
		return -1;
	err = db_verify(db, &out->n, NULL, f);
	if (err == ET_OK)
		err = db_verify_projections(db, f);
	if (err == ET_OK)
		err = db_each(db, 1, each, out, f);
	if (err != ET_OK && !f->code)
		(void)fault_set(f, err, "an entry has not the form that is expected here");
	db_close(db);
	return err == ET_OK ? 0 : -1;
}

/* ---- files ---- */

static int copy_file(const char *from, const char *to)
{
	FILE *in = fopen(from, "rb"), *out = in ? fopen(to, "wb") : NULL;
	char buf[65536];
	size_t n;
	int err = out ? 0 : -1;

	while (err == 0 && (n = fread(buf, 1, sizeof(buf), in)) > 0)
		err = fwrite(buf, 1, n, out) == n ? 0 : -1;
	if (in)
		fclose(in);
	if (out && fclose(out) != 0)
		err = -1;
	return err;
}

int kill_record_copy(const char *from, const char *to)
{
	static const char *const extra[] = { "-shm", "-wal" };
	char a[128], b[128];

	for (int i = 0; i < 2; i++) {
		snprintf(a, sizeof(a), "%s%s", from, extra[i]);
		snprintf(b, sizeof(b), "%s%s", to, extra[i]);
		(void)unlink(b);
		if (i == 1 && access(a, F_OK) == 0 && copy_file(a, b) != 0)
			return -1;
	}
	return copy_file(from, to);
}

/* ---- comparisons ---- */

const struct kill_attempt *kill_record_attempt(const struct kill_record *r, const char *id)
{
	for (int i = 0; i < r->n_attempts; i++)
		if (strcmp(r->attempts[i].id, id) == 0)
			return &r->attempts[i];
	return NULL;
}

static bool counts(const struct kill_attempt *a, int p)
{
	static const char *const words[] = { "conforming", "nonconforming", "inconclusive" };

	for (int i = 0; i < 3; i++)
		if (strcmp(a->result, "done") == 0 && strcmp(a->verdict[p], words[i]) == 0)
			return true;
	return false;
}

/* The first attempt of the step that counts for the position. */
static const struct kill_attempt *standing(const struct kill_record *r, int step, int p)
{
	for (int i = 0; i < r->n_attempts; i++)
		if (strcmp(r->attempts[i].step, step_ids[step]) == 0 && counts(&r->attempts[i], p))
			return &r->attempts[i];
	return NULL;
}

static int compare_standing(const struct kill_record *before, const struct kill_record *after,
			    struct fault *f)
{
	for (int s = 0; s < KILL_STEPS; s++)
		for (int p = 0; p < KILL_METERS; p++) {
			const struct kill_attempt *a = standing(before, s, p);

			if (a && (strcmp(a->id, after->step_attempt[s][p]) != 0 ||
				  strcmp(a->verdict[p], after->step_verdict[s][p]) != 0))
				return fault_set(f, ET_ERR_INTEGRITY,
						 "position %d, %s: attempt %s said %s, closed with "
						 "%s of attempt %s",
						 p + 1, step_ids[s], a->id, a->verdict[p],
						 after->step_verdict[s][p],
						 after->step_attempt[s][p]);
		}
	return 0;
}

int kill_record_goes_on(const struct kill_record *before, const struct kill_record *after,
			struct fault *f)
{
	int err = 0;

	if (after->n < before->n)
		err = fault_set(f, ET_ERR_INTEGRITY, "%d entries, there were %d", (int)after->n,
				(int)before->n);
	for (int64_t i = 1; i <= before->n && !err; i++)
		if (strcmp(before->hash[i], after->hash[i]) != 0)
			err = fault_set(f, ET_ERR_INTEGRITY, "entry %d is another one", (int)i);
	if (!err && after->closed)
		err = compare_standing(before, after, f);
	return err ? -1 : 0;
}

int kill_record_same_verdicts(const struct kill_record *want, const struct kill_record *got,
			      struct fault *f)
{
	int err = 0;

	for (int p = 0; p < KILL_METERS; p++) {
		if (strcmp(want->verdict[p], got->verdict[p]) != 0)
			err = fault_set(f, ET_ERR_INTEGRITY, "position %d is \"%s\", not \"%s\"",
					p + 1, got->verdict[p], want->verdict[p]);
		for (int s = 0; s < KILL_STEPS && !err; s++)
			if (strcmp(want->step_verdict[s][p], got->step_verdict[s][p]) != 0)
				err = fault_set(f, ET_ERR_INTEGRITY,
						"position %d, %s is \"%s\", not \"%s\"", p + 1,
						step_ids[s], got->step_verdict[s][p],
						want->step_verdict[s][p]);
	}
	return err ? -1 : 0;
}
