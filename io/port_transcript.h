/* SPDX-License-Identifier: Apache-2.0 */
/* io/port_transcript.h - recording a link, and playing a recording back.
 *
 * A transcript is text, one fragment a line; \n \r \\ and \xHH are understood:
 *   # Device: ...               header: device, firmware, source (capture or manual), notes
 *   @ 1234567890                optional: the next line happened at this bench time, ns
 *   > *IDN?\n                   these bytes are sent next
 *   < ACME,REF3000,7,1.0\n      these bytes come back
 *   ! timeout                   the next read waits until its deadline, for nothing
 *   >x 04 00 00 00 02           a Modbus port instead: this request is sent next
 *   <x 04 04 43 66 80 00        and this is its reply
 * Recordings have more, which is passed over here and counts in io/port_replay.h:
 *   @ 1234567890 1234567950     the line after it began and ended at these times: a write, or a read, whose answer came
 *                               at its end
 *   ! nothing                   a read ended at this time without a byte
 *   ! request                   the session took a request
 *   ! read failed, ! read damaged, ! write failed, ! write timed out, ! reopened, ! not reopened
 * Other bytes than printable ASCII are written as \xHH. A line '<' is given out by one read, if there
 * is room. Writes need not be divided as in the transcript. What came before a line '>' may be read
 * after it; a time-out may not be skipped.
 *
 * Played back, a write that differs from the transcript is ET_ERR_IO and a deviation. Where nothing
 * is to come, a read waits until its deadline (for ever: ET_ERR_IO). port_reopen() forgets what is
 * still to come for earlier questions. On a virtual clock the marks '@' delay the answers, relative to the
 * last line '>' with a mark (before there is one: to the first mark), so that an answer is as late
 * after its question as it was, whatever the driver did in between. */
#ifndef IO_PORT_TRANSCRIPT_H
#define IO_PORT_TRANSCRIPT_H

#include "io/port.h"
#include "io/tape.h"

/** @return ET_OK, ET_ERR_FILE (not a transcript: @p f names the line), ET_ERR_IO, ET_ERR_NOMEM. */
int port_transcript_open(const char *path, struct clk *c, struct port **out,
			 struct fault *f) ET_CHECK;

/** The same from memory. */
int port_transcript_open_mem(const char *text, struct clk *c, struct port **out,
			     struct fault *f) ET_CHECK;

/** Let the nth read from here (0: the very next) time out instead of answering; the answer then comes
 * late. Only reads that would find an answer count. -1: none. */
void port_transcript_fail_read(struct port *p, int n);

/** @return 0: played to its end; 1: an injected time-out was reached; -1: a deviation, or lines left
 * over, with @p f filled. Does not close. */
int port_transcript_result(struct port *p, struct fault *f);

/** Wrap @p inner so that all traffic is also written to @p tape, with its times and all else that io/port_replay.h
 * needs. Takes ownership of @p inner, which is closed with the wrapper (also on failure of this call); the tape outlives
 * it. What ends the tape does not touch the link. @return ET_OK, ET_ERR_NOMEM. */
int port_record(struct port *inner, struct tape *tape, struct port **out) ET_CHECK;

#endif
