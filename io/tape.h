/* SPDX-License-Identifier: Apache-2.0 */
/* io/tape.h - text files that are written while something is measured, and never hold it up.
 *
 * Lines go to memory; on the real clock a worker brings them to the files a few times a second, on the virtual one,
 * where waiting costs nothing, they are written when enough has come together. What fails (a full disk, a disk that does
 * not keep up, a file that is as long as can be read again) ends the tapes of the set, all at once and once only; nobody
 * else notices before tapes_close(). The first line of each file says how it ended; until then it says that it was cut, which
 * stays true of a process that was killed. */
#ifndef IO_TAPE_H
#define IO_TAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "io/clock.h"

struct tape; /* one file */
struct tapes; /* those of one recording */

/** @param out Freed by tapes_close(). @return ET_OK, ET_ERR_NOMEM. */
int tapes_new(struct clk *c, struct tapes **out) ET_CHECK;

/** A new file; one that exists is refused. All are opened before tapes_start(). Whenever the process ends, what is in the file that was
 * opened first was put no later than what is in the others.
 * @param out Owned by @p s. @return ET_OK, ET_ERR_IO, ET_ERR_NOMEM, ET_ERR_STATE (there are TAPES_MAX). */
enum { TAPES_MAX = 16 };
int tapes_open(struct tapes *s, const char *path, struct tape **out, struct fault *f) ET_CHECK;

/** Start the worker, if there is to be one. @return ET_OK, ET_ERR_NOMEM. */
int tapes_start(struct tapes *s) ET_CHECK;

/** Whole lines, each with its '\n'. Never waits for a disk on the real clock. Any thread. */
void tape_put(struct tape *t, const char *text, size_t len);
void tape_printf(struct tape *t, const char *fmt, ...) ET_PRINTF(2, 3);

/** End them all: something is missing that should be on them. Any thread. */
void tapes_end(struct tapes *s, const char *why);

/** Write what is left, say "complete" unless they ended before, close all. Nobody may put any more. NULL is allowed. Waits for a
 * disk that does not answer for 2 s, and then leaves it behind.
 * @param why  Out: "" or why they ended before their time; NULL is allowed. @return Are they complete? */
enum { TAPES_WHY_MAX = 60 };
bool tapes_close(struct tapes *s, char why[TAPES_WHY_MAX]);

#endif
