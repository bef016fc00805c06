/* SPDX-License-Identifier: Apache-2.0 */
/* io/port_replay.h - a link that is what a recording says: for the replay of whole sessions on the virtual clock.
 *
 * Unlike io/port_transcript.h, which tests a driver against a script, it brings the caller to the times of the recording. A
 * question waits until the instant at which it was sent, its answer comes when it came, a read that found nothing then finds
 * nothing, and the instants that a driver measures with (struct port, t_write_ns and t_read_ns) are the recorded ones. A
 * replay computes in no time, so it is never later than what it follows.
 *
 * What comes next is waited for as long as REPLAY_LATE_NS. A question that is not the next one of the recording is looked for by its text, near its time (REPLAY_NEAR_NS). Found later: those
 * in between were asked then and not now, they and their answers are passed over. Found before: it is asked once more, and
 * answered as it was. Not found: nobody answers. All this is counted, and the first of it is told. */
#ifndef IO_PORT_REPLAY_H
#define IO_PORT_REPLAY_H

#include "io/port.h"

#define REPLAY_NEAR_NS ((int64_t)3000000000)
#define REPLAY_LATE_NS \
	((int64_t)30000000000) /* a thread of a loaded machine may stand still so long */
#define REPLAY_LONGEST_NS ((int64_t)31 * 86400 * 1000000000) /* of one recording */

struct replay_tally {
	int64_t asked; /* questions that were those of the recording */
	int64_t passed_over; /* of the recording, not asked now */
	int64_t again; /* asked once more, answered as before */
	int64_t unknown; /* nobody knows an answer; also a reopening that the recording does not have */
	int64_t after_end; /* asked when the recording had no more: nobody answers */
	int64_t left; /* questions of the recording after the last one that was asked */
	int64_t unread; /* bytes of it that nobody read */
	int64_t wait_ns; /* the longest that a question waited for its instant */
	char first[200]; /* the first difference, in words; "": none */
};

/** @param name   For messages. @param text  Borrowed for this call; what was cut off at its end is ignored. Its
 *               times are at most REPLAY_LONGEST_NS after now.
 * @param tally  Filled by the thread that uses the port, complete when it is closed; outlives it.
 * @return ET_OK, ET_ERR_FILE (@p f names the line), ET_ERR_ARG (not a virtual clock), ET_ERR_NOMEM. */
int port_replay_open(const char *name, const char *text, size_t len, struct clk *c,
		     struct replay_tally *tally, struct port **out, struct fault *f) ET_CHECK;

#endif
