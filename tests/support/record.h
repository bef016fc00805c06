/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/record.h - entries of a small laboratory, for tests of the record. Every function asserts
 * success unless it says otherwise. */
#ifndef TESTS_RECORD_H
#define TESTS_RECORD_H

#include "db/journal.h"

/** A fresh folder under $TMPDIR, /dev/shm or /tmp; its name is kept until record_remove_dir(). */
void record_make_dir(void);
void record_remove_dir(void);
/** Path of a file in it; one of four static buffers. */
const char *record_path(const char *name);

/** Second @p n of a made-up morning; actor "jt". */
struct journal_stamp record_stamp(int64_t n);

/** Append one entry with record_stamp(seq). Takes the reference. @return as db_append(). */
int record_append(struct db *d, const char *kind, json_t *payload, struct fault *f) ET_CHECK;
/** The same in a transaction of its own. @return the first error. */
int record_commit(struct db *d, const char *kind, json_t *payload, struct fault *f) ET_CHECK;

json_t *record_laboratory(void); /* bench "B1" */
json_t *record_session(const char *session);
json_t *record_apparatus(const char *id, const char *certificate);
/** @p n meters "L+G" with serials first, first + 1 ... at positions 1.. */
json_t *record_batch(const char *batch, const char *session, int first, int n);
/** One attempt of @p step over the same meters; position p has err_pct = err + p/100 and verdict "conforming"
 * when @p result is "done". @param edges  Hash of a stored blob, or NULL. */
json_t *record_attempt(const char *batch, const char *attempt, const char *session,
		       const char *step, int number, const char *result, int first, int n,
		       double err, const char *edges);
json_t *record_closed(const char *batch, const char *session, int first, int n, const char *verdict,
		      const char *step, const char *attempt);

/** Open a new record and put laboratory and session "B1-1" in it. */
struct db *record_create(const char *path, const char *vfs);

/** Attempt @p number of step "HL" with an edges blob of its own, in one transaction. @return the first error. */
int record_commit_attempt(struct db *d, const char *batch, int number, int first, int n,
			  struct fault *f) ET_CHECK;

#endif
