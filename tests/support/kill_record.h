/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/kill_record.h - what the journal says of the one batch of a killed run, read apart from the bench. */
#ifndef TESTS_KILL_RECORD_H
#define TESTS_KILL_RECORD_H

#include "db/journal.h"

enum {
	KILL_ENTRIES_MAX = 256,
	KILL_ATTEMPTS_MAX = 32,
	KILL_SESSIONS_MAX = 8,
	KILL_STEPS = 3,
	KILL_METERS = 3
};

struct kill_attempt {
	char id[48], step[8], result[16];
	int number;
	char verdict[KILL_METERS][16]; /* by position; "": not measured */
};
struct kill_session {
	char id[48];
	bool ended;
	int interruptions; /* that name it as found */
	int64_t last_seq; /* as the last interruption says */
};
struct kill_record {
	int64_t n;
	char hash[KILL_ENTRIES_MAX + 1][65]; /* of entry seq */
	int64_t mono_ns; /* of the last entry */
	bool opened, closed;
	struct kill_session sessions[KILL_SESSIONS_MAX];
	int n_sessions;
	struct kill_attempt attempts[KILL_ATTEMPTS_MAX];
	int n_attempts;
	char source[16]; /* last "source.state" */
	/* as closed */
	char verdict[KILL_METERS][16];
	char step_verdict[KILL_STEPS][KILL_METERS][16];
	char step_attempt[KILL_STEPS][KILL_METERS][48];
};

/** Verify chain and projections, then read. @return 0; -1 with the reason in @p f. */
int kill_record_read(const char *path, struct kill_record *out, struct fault *f);

/** A record that is closed (not in use): file and WAL, without the index. */
int kill_record_copy(const char *from, const char *to);

/** The attempt of that id; NULL: not there. */
const struct kill_attempt *kill_record_attempt(const struct kill_record *r, const char *id);

/** What must hold between a record @p before and the same record @p after more was done: every entry is as it was, and
 * what stood of an attempt still stands when the batch is closed. @return 0; -1 with the reason in @p f. */
int kill_record_goes_on(const struct kill_record *before, const struct kill_record *after,
			struct fault *f);

/** The same verdicts, by position and step, when both are closed. @return 0; -1 with the reason in
 * @p f. */
int kill_record_same_verdicts(const struct kill_record *want, const struct kill_record *got,
			      struct fault *f);

#endif
