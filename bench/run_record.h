/* SPDX-License-Identifier: Apache-2.0 */
/* bench/run_record.h - what a run writes into the journal (docs/json.md). */
#ifndef BENCH_RUN_RECORD_H
#define BENCH_RUN_RECORD_H

#include "bench/run.h"

struct run_record {
	const struct run_input *in;
	const struct run_result *result; /* verdicts and attempts so far */
	const struct seq *seq;
	bool session_written; /* session.started is on record, or in a job before */
	/* read before the recorder owns the database */
	json_t *plan, *approval; /* entries to come; NULL: in force already */
};

/** Read from the record what the entries will need. */
void run_record_prepare(struct run_record *r);
void run_record_release(struct run_record *r);

/** Payloads of batch.opened, plan.in_force and approval.in_force as they would be written now. @return new reference,
 * NULL: out of memory. */
json_t *run_record_opened(const struct run_input *in, const char *session);
json_t *run_record_plan(const struct run_input *in);
json_t *run_record_approval(const struct run_input *in);

/** The attempt that was just stored, as attempt.stored has it, with a hash of each array of raw data in place of the
 * blobs: what a recording keeps and a replay compares. New reference; NULL: out of memory. */
json_t *run_record_attempt(const struct run_record *r);

/** Entries of one transaction. Session and plans come first, with the first commit of all. */
int run_record_fill(struct run_record *r, enum commit_what what, struct job *j) ET_CHECK;

/** The session's last entry. */
int run_record_end(struct run_record *r, const char *reason, struct job *j) ET_CHECK;

#endif
