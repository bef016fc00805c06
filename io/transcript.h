/* SPDX-License-Identifier: Apache-2.0 */
/* io/transcript.h - the text form of a transcript: reading it whole, writing a byte of it.
 * The form is described in io/port_transcript.h. */
#ifndef IO_TRANSCRIPT_H
#define IO_TRANSCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* What a line '!' says. All but the first stand in recordings only. */
enum transcript_what {
	TRANSCRIPT_TIMEOUT = 0,
	TRANSCRIPT_NOTHING, /* a read ended here without a byte */
	TRANSCRIPT_REQUEST, /* the session took a request */
	TRANSCRIPT_READ_FAILED, /* ET_ERR_IO */
	TRANSCRIPT_READ_DAMAGED, /* ET_ERR_PROTO */
	TRANSCRIPT_WRITE_FAILED, /* the question before it: ET_ERR_IO */
	TRANSCRIPT_WRITE_TIMED_OUT,
	TRANSCRIPT_REOPENED,
	TRANSCRIPT_NOT_REOPENED,
	TRANSCRIPT_WHATS
};
struct transcript_step {
	char kind; /* '>', '<' or '!' */
	enum transcript_what what; /* '!' */
	unsigned line; /* of the text, from 1 */
	int64_t mark_ns; /* of the '@' before it; -1: none. They never decrease. */
	int64_t end_ns; /* its second number: when that was over, so when bytes came; else as mark_ns */
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

/** Of a text that may have been cut anywhere: the length of its whole steps. */
size_t transcript_whole(const char *text, size_t len);

enum { TRANSCRIPT_FILE_MAX = 512 << 20 };
/** Read a whole file, freed with free(). @return ET_OK, ET_ERR_IO, ET_ERR_NOMEM (TRANSCRIPT_FILE_MAX bytes or more, too). */
int transcript_read_file(const char *path, char **text, size_t *len, struct fault *f) ET_CHECK;

/** The words after '!'. */
const char *transcript_word(enum transcript_what what);

/** @p b as it stands in a transcript, in @p out, NUL-terminated. @return @p out. */
const char *transcript_byte(char out[5], uint8_t b);
/** As many of the bytes as fit, each as transcript_byte() writes it. @param cap  At least 1. */
void transcript_quote(char *out, size_t cap, const uint8_t *data, size_t len);

#endif
