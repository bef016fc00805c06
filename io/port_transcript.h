/* SPDX-License-Identifier: Apache-2.0 */
/* io/port_transcript.h - recording a link, and playing a recording back.
 *
 * A transcript is text, one fragment a line; \n \r \\ and \xHH are understood:
 *   # Device: ...               header: device, firmware, source (capture or manual), notes
 *   @ 1234567890                optional: the next line happened at this bench time, ns
 *   > *IDN?\n                   these bytes are sent next
 *   < ACME,REF3000,7,1.0\n      these bytes come back
 *   ! timeout                   the next read waits until its deadline, for nothing
 * Played back, a write that differs from the transcript is ET_ERR_IO and counted as a deviation. On
 * a virtual clock the marks '@' delay the answers, relative to the first mark. */
#ifndef IO_PORT_TRANSCRIPT_H
#define IO_PORT_TRANSCRIPT_H

#include "io/port.h"

/** @return ET_OK, ET_ERR_FILE (not a transcript: @p f names the line), ET_ERR_IO. */
int port_transcript_open(const char *path, struct clk *c, struct port **out, struct fault *f) ET_CHECK;

/** The same from memory. */
int port_transcript_open_mem(const char *text, struct clk *c, struct port **out, struct fault *f) ET_CHECK;

/** Let the nth read from here (0: the very next) time out instead of answering; the answer then comes late. */
void port_transcript_fail_read(struct port *p, int n);

/** @return 0: played to its end; 1: an injected time-out was reached; -1: a deviation, or lines left
 * over, with @p f filled. Does not close. */
int port_transcript_result(struct port *p, struct fault *f);

/** Wrap @p inner so that all traffic is also written to the file @p path. Takes ownership of
 * @p inner, which is closed with the wrapper (also on failure of this call). */
int port_record(struct port *inner, const char *path, const char *header, struct port **out,
		struct fault *f) ET_CHECK;

#endif
