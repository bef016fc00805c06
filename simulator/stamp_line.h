/* SPDX-License-Identifier: Apache-2.0 */
/* simulator/stamp_line.h - lines of the serial-stamp protocol: checksum, fields, tags. */
#ifndef SIMULATOR_STAMP_LINE_H
#define SIMULATOR_STAMP_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	STAMP_CHANNELS = 64,
	STAMP_TEXT = 256,
	STAMP_HOST_MAX = 127,
	STAMP_FIELDS = 4,
	STAMP_BODY = 48
};

struct stamp_line { /* an unsolicited line that waits to be sent */
	char kind; /* E L O S B */
	int channel; /* E, L: 1.. */
	uint32_t n; /* L: edges */
	uint16_t number;
	uint8_t len;
	char text[64]; /* whole, with checksum and LF: at most 52 bytes */
};

/** CRC-16/CCITT-FALSE. */
uint16_t stamp_crc(const char *data, size_t len);

/** The decimal digits of @p n, at most 20, no NUL. @return how many. printf would take most of the time. */
size_t stamp_write(char *out, uint64_t n);

/** Append "*CCCC\n" to @p text. @return the new length. */
size_t stamp_close(char *text, size_t len, size_t cap);

struct stamp_question {
	uint32_t tag;
	char verb[8];
	int n_args;
	char word[STAMP_FIELDS][24];
};

/** A line of the host without LF. @return NULL when it is one, else the error code ("CRC", "LONG", "SYNTAX");
 * @p out->tag is then what the error reply must carry. */
const char *stamp_parse(const char *line, size_t len, struct stamp_question *out);

/** Strict: digits without leading zero. */
bool stamp_number(const char *word, uint64_t *out);
/** Small hexadecimal without leading zero, 64 bits. */
bool stamp_mask(const char *word, uint64_t *out);

#endif
