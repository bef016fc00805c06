/* SPDX-License-Identifier: Apache-2.0 */
/* bench/guardian_record.h - what guardians of earlier runs left behind goes into the journal. */
#ifndef BENCH_GUARDIAN_RECORD_H
#define BENCH_GUARDIAN_RECORD_H

#include "bench/lab.h"

/** The folder of the notes in a laboratory folder. @return @p out. */
const char *guardian_folder(const char *lab_dir, char out[PATH_MAX]);

/** Put every note that nobody holds any more into the journal, once, and remove it. Before anything of a live run is
 * touched; the source counts as energised until it is proven off, whatever they say.
 * @param n How many there were. @return ET_OK, ET_ERR_IO (a note), or as lab_record(). */
int guardian_record_notes(struct lab *l, const char *actor, int *n, struct fault *f) ET_CHECK;

#endif
