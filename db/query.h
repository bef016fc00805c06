/* SPDX-License-Identifier: Apache-2.0 */
/* db/query.h - questions to the record, answered as JSON: text and --json come from one source.
 *
 * Answers are new references; NULL means that the question failed and @p f says why (nothing found is
 * an empty array or a null). Times are *_utc_ns; seqs point into the journal. Same thread rule as struct db. */
#ifndef DB_QUERY_H
#define DB_QUERY_H

#include "db/journal.h"

/** All that is known of a serial number: array, one object a maker:
 * {maker, serial, first_seq, last_seq, first_utc_ns, last_utc_ns, batches: [{batch, seq, closed_seq, opened_utc_ns,
 *  closed_utc_ns, session, operator, simulated, work_order, as, plan, plan_version, plan_standing, position, model, inspection_no,
 *  approval, approval_revision, kh_wh, firmware, measured, verdict, reason, interrupted_seq,
 *  steps: [{step, verdict, attempt}], attempts: [{attempt, seq, utc_ns, step, number, result, attempt_cause,
 *  verdict, cause, err_pct, U_pct, k, n_intervals, err_rounded_u6, U_rounded_u6}]}]}, oldest first.
 * @param maker  NULL: any. */
json_t *query_history(struct db *d, const char *maker, const char *serial, struct fault *f);

/* What is NULL, or INT64_MIN and INT64_MAX, does not narrow. */
struct query_filter {
	const char *maker, *serial, *batch, *session;
	const char *verdict; /* of the meter in its batch; "open": not closed yet */
	const char *approval, *apparatus; /* number; id */
	int64_t since_utc_ns, until_utc_ns; /* opened at or after; before */
};
#define QUERY_ALL ((struct query_filter){ .since_utc_ns = INT64_MIN, .until_utc_ns = INT64_MAX })

/** Array of meters in batches, one object each, members as in query_history() without steps and attempts, and with
 * maker and serial; in order of seq, then position. */
json_t *query_meters(struct db *d, const struct query_filter *q, struct fault *f);

/** Array of batches (same filter): {batch, seq, closed_seq, interrupted_seq, opened_utc_ns, closed_utc_ns, session, operator, simulated,
 * work_order, owner, as, plan, plan_version, plan_standing, approval, approval_revision, configuration, volt_v, curr_min_a,
 * curr_max_a, connection, positions, conforming: number of them}. */
json_t *query_batches(struct db *d, const struct query_filter *q, struct fault *f);

/** One batch as in query_batches() with meters: [as in query_meters(), and steps: [...]], attempts: [{attempt, seq, utc_ns,
 * session, step, number, result, cause}], apparatus: [{id, seq}]: the entry
 * that was in force when the batch was opened, null: none. json null: there is no such batch. */
json_t *query_batch(struct db *d, const char *batch, struct fault *f);

/** Sessions without an end (the running one, and any that was killed: batch.interrupted ends those), oldest
 * first: [{session, seq, last_seq, operator, simulated, program, algorithm}]. */
json_t *query_open_sessions(struct db *d, struct fault *f);

/** [{id, seq, kind, maker, model, serial, firmware, use, simulated, certificate, laboratory, issued, expires, retired_seq,
 * reason}] in order of id. @param id  NULL: all. The correction table is in the entry: db_payload(seq). */
json_t *query_apparatus(struct db *d, const char *id, struct fault *f);

/** [{id, seq, name, role}] in order of id. @param id  NULL: all. */
json_t *query_people(struct db *d, const char *id, struct fault *f);

/** Entries that correct entry @p seq: [{seq, corrects_seq, utc_ns, actor, reason}]. @param seq  0: all. */
json_t *query_corrections(struct db *d, int64_t seq, struct fault *f);

#endif
