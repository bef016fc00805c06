/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/strike.h - a live run over wires that is killed from outside at a chosen byte of a line, at a chosen write
 * of its record, or while it asks a person; and what became of it. */
#ifndef TESTS_STRIKE_H
#define TESTS_STRIKE_H

#include "tests/support/live_bench.h"
#include "tests/support/relay.h"

enum {
	STRIKE_SOURCE = 0,
	STRIKE_REFERENCE,
	STRIKE_READER,
	STRIKE_RECORD,
	STRIKE_PROMPT,
	STRIKE_SCREEN,
	STRIKE_PLACES
};

enum strike_course {
	STRIKE_PLAIN = 0,
	STRIKE_SIGTERM, /* a signal asks for the safe state as soon as the reader is armed */
	STRIKE_LOSSES, /* answers of the reference are lost while it measures: instruments are asked anew */
	STRIKE_COURSES
};

struct strike {
	int place; /* STRIKE_SOURCE .. */
	uint64_t
		at; /* byte of that line, or write of the record; SCREEN: ms after .word stood there; 0: never */
	const char *word;
	enum strike_course course;
	bool deliver; /* what the worker had sent before it died still arrives */
	bool both; /* the guardian too, in the same moment */
	bool resume;
	const char *preload; /* a library for the run; NULL: none */
};

struct strike_bench {
	struct live_bench b;
	struct relay relay;
	int n_batches;
	bool in_use; /* the relay listens */
};

struct strike_report {
	bool struck; /* else it came to its end by itself */
	int exit_code; /* of the guardian; -1: killed */
	char state[24], source[24]; /* of the worker, as the guardian's note says; "": no note */
	char event[24];
	double noticed_s, off_sent_s,
		reported_s; /* after the strike, after noticing, after noticing; NAN */
	int n_switched_on; /* orders to switch on that reached the source after the strike */
	double volt_v; /* largest at the terminals when all was over */
	uint64_t n_bytes[RELAY_LINES], n_writes; /* passed in all, when it was not struck */
};

/** A laboratory, its instruments in real time, and a relay before them. @return 0; -1 after a message. */
int strike_bench_make(struct strike_bench *s);
void strike_bench_remove(struct strike_bench *s);

/** The batch of two meters with the number s->n_batches. */
void strike_batch(const struct strike_bench *s, char *out, size_t cap);

/** A new batch of two meters, or the same again when it is resumed. @return 0; -1 after a message: no run, or no end. */
int strike_run(struct strike_bench *s, const struct strike *k, struct strike_report *out);

const char *strike_place_word(int place); /* "source" ... */

#endif
