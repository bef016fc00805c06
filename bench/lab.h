/* SPDX-License-Identifier: Apache-2.0 */
/* bench/lab.h - a laboratory folder: bench.yaml, plans/, approvals/, etalon.db. */
#ifndef BENCH_LAB_H
#define BENCH_LAB_H

#include <limits.h>
#include <stdbool.h>

#include "db/journal.h"
#include "io/clock.h"

struct lab {
	char dir[PATH_MAX];
	char bench_id[32]; /* first part of every id in the record */
	bool simulated; /* made by `init --simulate`: never certifies anything */
	struct db *db;
};

/** Is the folder @p dir a laboratory? Its record stays closed. @return ET_OK, ET_ERR_FILE. */
int lab_check(const char *dir, struct fault *f) ET_CHECK;

/** Open the record of the folder @p dir.
 * @return ET_OK; ET_ERR_FILE: not a laboratory folder; as db_open() otherwise. */
int lab_open(const char *dir, enum db_mode mode, struct lab *out, struct fault *f) ET_CHECK;
void lab_close(struct lab *l);

/** "DIR/name" of a file in the folder. @return @p out, cut to what fits. */
const char *lab_path(const struct lab *l, const char *name, char out[PATH_MAX]);

/** When a command acts. In a simulated laboratory time is the last entry's plus one second, so that the same
 * commands give the same record; else it is the machine's. Strings live in @p boot. */
struct lab_time {
	struct clk_start start; /* mono_ns, utc_ns, utc_offset_s, boot_id */
};
int lab_now(struct lab *l, struct lab_time *out, struct fault *f) ET_CHECK;

/** Append one entry in a transaction of its own: an act of a person. */
int lab_record(struct lab *l, const char *actor, const char *kind, const json_t *payload,
	       struct fault *f) ET_CHECK;

/** Make the folder @p dir (or fill an empty one) with the files that come with the program, and the record. */
int lab_create(const char *dir, const char *bench_id, const char *name, bool simulated,
	       struct fault *f) ET_CHECK;

/** Is @p id a person on record? */
bool lab_knows_person(struct lab *l, const char *id);

#endif
