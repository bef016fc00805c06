/* SPDX-License-Identifier: Apache-2.0 */
#include "db/query.h"

#include <string.h>

#include "db/store.h"

/* ---- rows as objects: the column's name is the key; a '?' after it: a truth value ---- */

static json_t *column(sqlite3_stmt *s, int i, bool truth)
{
	switch (sqlite3_column_type(s, i)) {
	case SQLITE_INTEGER:
		return truth ? json_boolean(sqlite3_column_int(s, i))
			     : json_integer(sqlite3_column_int64(s, i));
	case SQLITE_FLOAT:
		return json_real(sqlite3_column_double(s, i));
	case SQLITE_TEXT:
		return json_stringn(store_text(s, i), (size_t)sqlite3_column_bytes(s, i));
	default:
		return json_null();
	}
}

static json_t *row(sqlite3_stmt *s)
{
	json_t *o = json_object();

	for (int i = 0; o && i < sqlite3_column_count(s); i++) {
		const char *name = sqlite3_column_name(s, i);
		const size_t len = strlen(name);
		const bool truth = len && name[len - 1] == '?';

		if (json_object_setn_new(o, name, len - truth, column(s, i, truth)) < 0) {
			json_decref(o);
			o = NULL;
		}
	}
	return o;
}

/* What is bound: by name, and only where the text has the name. */
struct values {
	const struct query_filter *q;
	const char *id;
	int64_t seq, position;
};

static void bind_text(sqlite3_stmt *s, const char *name, const char *v)
{
	const int i = sqlite3_bind_parameter_index(s, name);

	if (i && v)
		sqlite3_bind_text(s, i, v, -1, SQLITE_STATIC);
}

static void bind_int(sqlite3_stmt *s, const char *name, int64_t v)
{
	const int i = sqlite3_bind_parameter_index(s, name);

	if (i)
		sqlite3_bind_int64(s, i, v);
}

static void bind_values(sqlite3_stmt *s, const struct values *v)
{
	bind_text(s, ":id", v->id);
	bind_int(s, ":seq", v->seq);
	bind_int(s, ":position", v->position);
	if (!v->q)
		return;
	bind_text(s, ":maker", v->q->maker);
	bind_text(s, ":serial", v->q->serial);
	bind_text(s, ":batch", v->q->batch);
	bind_text(s, ":session", v->q->session);
	bind_text(s, ":verdict", v->q->verdict);
	bind_text(s, ":approval", v->q->approval);
	bind_text(s, ":apparatus", v->q->apparatus);
	bind_int(s, ":since", v->q->since_utc_ns);
	bind_int(s, ":until", v->q->until_utc_ns);
}

static json_t *rows(struct db *d, const char *text, const struct values *v, struct fault *f)
{
	sqlite3_stmt *s = store_stmt_own(d, text, f);
	json_t *all = s ? json_array() : NULL;
	int rc;

	if (s)
		bind_values(s, v);
	while (all && (rc = sqlite3_step(s)) != SQLITE_DONE) {
		if (rc == SQLITE_ROW && json_array_append_new(all, row(s)) == 0)
			continue;
		if (rc == SQLITE_ROW)
			fault_set(f, ET_ERR_NOMEM, "out of memory");
		else
			store_fault(d, f, "asking the record");
		json_decref(all);
		all = NULL;
	}
	sqlite3_finalize(s);
	return all;
}

/* Hang the answer to another question into @p o. */
static bool attach(struct db *d, json_t *o, const char *key, const char *text,
		   const struct values *v, struct fault *f)
{
	json_t *a = rows(d, text, v, f);

	return a && json_object_set_new(o, key, a) == 0;
}

/* ---- the filter: only conditions that narrow are in the text, so that their index is used ---- */

static bool has(const char *s)
{
	return s != NULL;
}

static void where_batch(sqlite3_str *t, const struct query_filter *q)
{
	sqlite3_str_appendall(t, " WHERE 1");
	if (has(q->batch))
		sqlite3_str_appendall(t, " AND b.batch = :batch");
	if (has(q->session))
		sqlite3_str_appendall(t, " AND b.session = :session");
	if (q->since_utc_ns != INT64_MIN)
		sqlite3_str_appendall(t, " AND b.opened_utc_ns >= :since");
	if (q->until_utc_ns != INT64_MAX)
		sqlite3_str_appendall(t, " AND b.opened_utc_ns < :until");
	if (has(q->apparatus))
		sqlite3_str_appendall(t, " AND b.seq IN (SELECT batch_seq FROM batch_apparatus"
					 " WHERE apparatus = :apparatus)");
	if (has(q->verdict) && !strcmp(q->verdict, "open"))
		sqlite3_str_appendall(t, " AND b.closed_seq IS NULL");
}

static void where_meter(sqlite3_str *t, const struct query_filter *q)
{
	if (has(q->maker))
		sqlite3_str_appendall(t, " AND p.maker = :maker");
	if (has(q->serial))
		sqlite3_str_appendall(t, " AND p.serial = :serial");
	if (has(q->approval))
		sqlite3_str_appendall(t, " AND p.approval = :approval");
	if (has(q->verdict) && strcmp(q->verdict, "open"))
		sqlite3_str_appendall(t, " AND p.verdict = :verdict");
}

static bool narrows_meters(const struct query_filter *q)
{
	return has(q->maker) || has(q->serial) || has(q->approval) ||
	       (has(q->verdict) && strcmp(q->verdict, "open"));
}

static json_t *rows_of(struct db *d, sqlite3_str *t, const struct query_filter *q, struct fault *f)
{
	char *text = sqlite3_str_finish(t);
	json_t *all = text ? rows(d, text, &(struct values){ .q = q }, f) : NULL;

	if (!text)
		fault_set(f, ET_ERR_NOMEM, "out of memory");
	sqlite3_free(text);
	return all;
}

#define BATCH_COLUMNS                                                                             \
	"b.batch, b.seq, b.closed_seq, b.interrupted_seq, b.opened_utc_ns, b.closed_utc_ns,"      \
	" b.session, s.operator, s.simulated AS \"simulated?\", b.work_order, b.owner, b.\"as\"," \
	" b.plan, b.plan_version, b.plan_standing, "

json_t *query_meters(struct db *d, const struct query_filter *q, struct fault *f)
{
	sqlite3_str *t = sqlite3_str_new(d->sql);

	sqlite3_str_appendall(t,
			      "SELECT " BATCH_COLUMNS
			      "p.position, p.maker, p.serial, p.model, p.inspection_no, p.approval,"
			      " p.approval_revision, p.kh_wh, p.firmware,"
			      " p.measured AS \"measured?\", p.verdict, p.reason"
			      " FROM batches b JOIN sessions s ON s.session = b.session"
			      " JOIN batch_positions p ON p.batch_seq = b.seq");
	where_batch(t, q);
	where_meter(t, q);
	sqlite3_str_appendall(t, " ORDER BY b.seq, p.position");
	return rows_of(d, t, q, f);
}

json_t *query_batches(struct db *d, const struct query_filter *q, struct fault *f)
{
	sqlite3_str *t = sqlite3_str_new(d->sql);

	sqlite3_str_appendall(
		t,
		"SELECT " BATCH_COLUMNS
		"b.approval, b.approval_revision, b.configuration, b.volt_v, b.curr_min_a,"
		" b.curr_max_a, b.connection,"
		" (SELECT count(*) FROM batch_positions p WHERE p.batch_seq = b.seq) AS positions,"
		" (SELECT count(*) FROM batch_positions p WHERE p.batch_seq = b.seq"
		"  AND p.verdict = 'conforming') AS conforming"
		" FROM batches b JOIN sessions s ON s.session = b.session");
	where_batch(t, q);
	if (narrows_meters(q)) {
		sqlite3_str_appendall(t, " AND b.seq IN (SELECT p.batch_seq FROM batch_positions p"
					 " WHERE 1");
		where_meter(t, q);
		sqlite3_str_appendall(t, ")");
	}
	sqlite3_str_appendall(t, " ORDER BY b.seq");
	return rows_of(d, t, q, f);
}

/* ---- a meter, a batch ---- */

/* In the order in which the batch came to them. */
static const char steps_text[] =
	"SELECT v.step, v.verdict, v.attempt FROM verdicts v"
	" WHERE v.batch_seq = :seq AND v.position = :position ORDER BY"
	" (SELECT min(a.seq) FROM attempts a WHERE a.batch_seq = v.batch_seq AND a.step = v.step),"
	" v.step";

static const char observations_text[] =
	"SELECT a.attempt, a.seq, a.utc_ns, a.step, a.number, a.result, a.cause AS attempt_cause,"
	" o.verdict, o.cause, o.err_pct, o.U_pct, o.k, o.n_intervals, o.err_rounded_u6,"
	" o.U_rounded_u6 FROM observations o JOIN attempts a ON a.seq = o.seq"
	" WHERE o.batch_seq = :seq AND o.position = :position ORDER BY o.seq";

static struct values place_of(const json_t *meter)
{
	return (struct values){
		.seq = json_integer_value(json_object_get(meter, "seq")),
		.position = json_integer_value(json_object_get(meter, "position")),
	};
}

static bool attach_batches(struct db *d, json_t *meter, struct fault *f)
{
	struct query_filter q = QUERY_ALL;
	json_t *batches, *b;
	size_t i;

	q.maker = json_string_value(json_object_get(meter, "maker"));
	q.serial = json_string_value(json_object_get(meter, "serial"));
	batches = query_meters(d, &q, f);
	if (!batches || json_object_set_new(meter, "batches", batches) < 0)
		return false;
	json_array_foreach(batches, i, b)
	{
		const struct values v = place_of(b);

		if (!attach(d, b, "steps", steps_text, &v, f) ||
		    !attach(d, b, "attempts", observations_text, &v, f))
			return false;
	}
	return true;
}

json_t *query_history(struct db *d, const char *maker, const char *serial, struct fault *f)
{
	const struct query_filter q = { .maker = maker, .serial = serial };
	json_t *meters, *m;
	size_t i;

	meters = rows(d,
		      maker ? "SELECT * FROM meters WHERE serial = :serial AND maker = :maker"
			    : "SELECT * FROM meters WHERE serial = :serial ORDER BY maker",
		      &(struct values){ .q = &q }, f);
	json_array_foreach(meters, i, m)
	{
		if (!attach_batches(d, m, f)) {
			json_decref(meters);
			return NULL;
		}
	}
	return meters;
}

static bool attach_meters(struct db *d, json_t *batch, const struct query_filter *q,
			  struct fault *f)
{
	json_t *meters = query_meters(d, q, f), *m;
	size_t i;

	if (!meters || json_object_set_new(batch, "meters", meters) < 0)
		return false;
	json_array_foreach(meters, i, m)
	{
		const struct values v = place_of(m);

		if (!attach(d, m, "steps", steps_text, &v, f))
			return false;
	}
	return true;
}

json_t *query_batch(struct db *d, const char *batch, struct fault *f)
{
	struct query_filter q = QUERY_ALL;
	json_t *all, *b;
	struct values v;

	q.batch = batch;
	all = query_batches(d, &q, f);
	if (!all)
		return NULL;
	b = json_incref(json_array_get(all, 0));
	json_decref(all);
	if (!b)
		return json_null();
	v = place_of(b);
	if (attach_meters(d, b, &q, f) &&
	    attach(d, b, "attempts",
		   "SELECT attempt, seq, utc_ns, session, step, number, result, cause FROM attempts"
		   " WHERE batch_seq = :seq ORDER BY seq",
		   &v, f) &&
	    attach(d, b, "apparatus",
		   "SELECT apparatus AS id, apparatus_seq AS seq FROM batch_apparatus"
		   " WHERE batch_seq = :seq ORDER BY apparatus",
		   &v, f))
		return b;
	json_decref(b);
	return NULL;
}

/* ---- lists ---- */

json_t *query_open_sessions(struct db *d, struct fault *f)
{
	return rows(d,
		    "SELECT session, seq, last_seq, operator, simulated AS \"simulated?\", program,"
		    " algorithm FROM sessions WHERE ended_seq IS NULL ORDER BY seq",
		    &(struct values){ 0 }, f);
}

json_t *query_apparatus(struct db *d, const char *id, struct fault *f)
{
	return rows(d,
		    "SELECT id, seq, kind, maker, model, serial, firmware, \"use\","
		    " simulated AS \"simulated?\", certificate, laboratory, issued, expires,"
		    " retired_seq, reason FROM apparatus WHERE id = coalesce(:id, id) ORDER BY id",
		    &(struct values){ .id = id }, f);
}

json_t *query_people(struct db *d, const char *id, struct fault *f)
{
	return rows(d,
		    "SELECT id, seq, name, role FROM people WHERE id = coalesce(:id, id)"
		    " ORDER BY id",
		    &(struct values){ .id = id }, f);
}

json_t *query_corrections(struct db *d, int64_t seq, struct fault *f)
{
	return rows(d,
		    seq ? "SELECT * FROM corrections WHERE corrects_seq = :seq ORDER BY seq"
			: "SELECT * FROM corrections ORDER BY seq",
		    &(struct values){ .seq = seq }, f);
}
