/* SPDX-License-Identifier: Apache-2.0 */
/* bench/timeline.h - transcripts as a list of what was said when, of several links in the order of time. */
#ifndef BENCH_TIMELINE_H
#define BENCH_TIMELINE_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"
#include "base/lang.h"

/** @param paths  Transcripts; what was cut off at the end of one is ignored.
 * @param out  New reference: docs/json.md, "replay". @return ET_OK, ET_ERR_IO, ET_ERR_FILE, ET_ERR_NOMEM. */
int timeline_load(const char *const *paths, size_t n, json_t **out, struct fault *f) ET_CHECK;

/** Time since the first line, idle time since the line before, instrument, direction, text. */
void timeline_print(const json_t *lines, enum lang lang);

#endif
