/* SPDX-License-Identifier: Apache-2.0 */
/* bench/recording_file.h - the folder of a recording (docs/replay.md): recording.yaml, and the files beside it. */
#ifndef BENCH_RECORDING_FILE_H
#define BENCH_RECORDING_FILE_H

#include "bench/apparatus.h"
#include "bench/bench_file.h"
#include "bench/event_log.h"
#include "bench/run.h"
#include "io/clock.h"
#include "procedures/approval.h"
#include "procedures/batch.h"
#include "procedures/plan.h"

#define RECORDING_SCHEMA "etalon/recording/1"

struct recording_link {
	struct yaml_mark mark;
	const char *instrument; /* its name in bench.json */
	const char *transcript; /* file in the folder */
};
struct recording_verdict { /* what stood of a meter before a resumed run */
	struct yaml_mark mark;
	const char *step; /* NULL: over all steps */
	int64_t position;
	int verdict; /* enum ee_verdict */
};
struct recording_file {
	const char *program, *algorithm; /* that made it */
	const char *session, *batch, *operator_id;
	int clock; /* 0 virtual, 1 real */
	int simulated; /* bool */
	const char *scenario; /* NULL: none */
	int64_t seed; /* INT64_MIN: none */
	struct {
		int64_t mono_ns, utc_ns, utc_offset_s;
		const char *boot_id;
	} start;
	int prompts; /* bool: the person was asked */
	struct { /* first_step INT64_MIN: a run from its beginning */
		int64_t first_step, first_attempt, first_tries;
		struct yaml_list positions; /* double, 1.. */
		struct yaml_list standing; /* struct recording_verdict */
	} resumed;
	struct yaml_list links; /* struct recording_link */
};
extern const struct yaml_key recording_keys[];

/** Load and check: a link for each name, no name twice, transcripts beside the file.
 * @param doc Owns the strings of @p out. @return ET_OK, ET_ERR_FILE (in @p d), ET_ERR_NOMEM. */
int recording_file_load(const char *path, struct recording_file *out, struct yaml_doc **doc,
			struct diag *d) ET_CHECK;
int recording_file_load_mem(const char *name, const char *text, size_t len,
			    struct recording_file *out, struct yaml_doc **doc,
			    struct diag *d) ET_CHECK;

struct recorded { /* a whole folder, as it was read */
	struct recording_file file;
	struct bench_file bench;
	struct batch batch;
	struct plan plan;
	struct approval approval;
	struct apparatus reference,
		readers[ET_READERS_MAX]; /* in the order of the bench, as used */
	struct yaml_doc *docs[6 + ET_READERS_MAX];
	size_t n_docs;
	struct event_log events;
	json_t *attempts; /* array; see run_record_attempt() */
	struct {
		char *text;
		size_t len;
	} transcript[ET_TARGETS]; /* in the order of file.links */
};

/** Every file of the folder @p dir. @param out  Freed by recorded_free(), on failure too.
 * @return ET_OK, ET_ERR_FILE (in @p d), ET_ERR_NOMEM. */
int recorded_load(const char *dir, struct recorded *out, struct diag *d) ET_CHECK;
void recorded_free(struct recorded *r);

/** "reader.json", "reader-2.json" ... of the reader @p k, from 0. @return @p out. */
const char *recording_reader_file(int k, char out[32]);
/** Which of file.links is of @p instrument. @return -1: none. */
int recorded_link(const struct recorded *r, const char *instrument);

/** As they stand in the folder. */
#define RECORDING_FILE "recording.yaml"
#define RECORDING_EVENTS "station.txt"
#define RECORDING_ATTEMPTS "attempts.txt"

#endif
