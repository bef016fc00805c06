/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/ir_reader/serial_stamp_line.h - one line of the serial-stamp protocol, docs/ir-reader-protocol.md
 * section 2: checksum, fields, numbers. Pure functions on bytes from outside. */
#ifndef DRIVERS_IR_READER_SERIAL_STAMP_LINE_H
#define DRIVERS_IR_READER_SERIAL_STAMP_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { STAMP_LINE_MAX = 255, STAMP_COMMAND_MAX = 127, STAMP_FIELDS_MAX = 16 };

/** CRC-16/CCITT-FALSE. */
uint16_t stamp_crc(const char *s, size_t len);

/** Put '*' and the checksum behind @p text. @return false if it would be longer than @p cap. */
bool stamp_seal(const char *text, char *out, size_t cap);

/** Check and take off the checksum, in place. @return false: damaged, to be thrown away. */
bool stamp_unseal(char *line);

struct stamp_fields {
	size_t n;
	const char *f[STAMP_FIELDS_MAX];	/* into the line, NUL-terminated */
};
/** Split an unsealed line behind its KIND byte at single blanks, in place.
 * @return false: empty fields or too many. */
bool stamp_split(char *line, struct stamp_fields *out);

/** Decimal, no sign, no leading zeros, 0..max. */
bool stamp_number(const char *s, uint64_t max, uint64_t *out);
/** Hexadecimal, small letters, no leading zeros. */
bool stamp_mask(const char *s, uint64_t *out);
/** "key=value" in field @p i. @return the value, or NULL if that field has another key. */
const char *stamp_value(const struct stamp_fields *f, size_t i, const char *key);

#endif
