/* SPDX-License-Identifier: Apache-2.0 */
/* io/transcript.h - the text form of a transcript: reading it whole, writing a byte of it.
 * Internal to io/port_transcript.c and io/port_record.c; the form is described in
 * io/port_transcript.h. */
#ifndef IO_TRANSCRIPT_H
#define IO_TRANSCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct transcript_step {
	char kind; /* '>', '<' or '!' */
	unsigned line; /* of the text, from 1 */
	int64_t mark_ns; /* of the '@' before it; -1: none. They never decrease. */
	const uint8_t *data; /* points into bytes; '!': none */
	size_t len; /* > 0, unless '!' */
};
struct transcript {
	struct transcript_step *step;
	size_t n_steps;
	uint8_t *bytes;
	bool is_hex; /* its lines are Modbus messages */
};

/** @param out  Freed with transcript_free(); untouched unless ET_OK.
 * @return ET_OK; ET_ERR_FILE: @p f names the line; ET_ERR_NOMEM. Hostile text is harmless. */
int transcript_parse(const char *text, size_t len, struct transcript *out,
		     struct fault *f) ET_CHECK;
void transcript_free(struct transcript *t);

/** @p b as it stands in a transcript, in @p out, NUL-terminated. @return @p out. */
const char *transcript_byte(char out[5], uint8_t b);

#endif
