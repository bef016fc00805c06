/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/ir_reader/serial_stamp_line.h - one line of the serial-stamp protocol, docs/ir-reader-protocol.md
 * section 2: checksum, fields, numbers. Pure functions on bytes from outside. */
#ifndef DRIVERS_IR_READER_SERIAL_STAMP_LINE_H
#define DRIVERS_IR_READER_SERIAL_STAMP_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { SS_LINE_MAX = 255, SS_COMMAND_MAX = 127, SS_FIELDS_MAX = 16 };

/** CRC-16/CCITT-FALSE. */
uint16_t ss_crc(const char *s, size_t len);

/** Put '*' and the checksum behind @p text. @return false if it would be longer than @p cap. */
bool ss_seal(const char *text, char *out, size_t cap);

/** Check and take off the checksum, in place. @return false: damaged, to be thrown away. */
bool ss_unseal(char *line);

struct ss_fields {
	size_t n;
	const char *f[SS_FIELDS_MAX]; /* into the line, NUL-terminated */
};
/** Split an unsealed line behind its KIND byte at single blanks, in place.
 * @return false: empty fields or too many. */
bool ss_split(char *line, struct ss_fields *out);

/** Decimal, no sign, no leading zeros, 0..max. */
bool ss_number(const char *s, uint64_t max, uint64_t *out);
/** Hexadecimal, small letters, no leading zeros. */
bool ss_mask(const char *s, uint64_t *out);
/** "key=value" in field @p i. @return the value, or NULL if that field has another key. */
const char *ss_value(const struct ss_fields *f, size_t i, const char *key);

#endif
