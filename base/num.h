/* SPDX-License-Identifier: Apache-2.0 */
/* base/num.h - strict numbers: a text is a whole, finite number in C notation or it is refused. */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { NUM_TEXT_MAX = 400 }; /* longer texts are no numbers; 1e308 written out has 309 digits */

/** Parse all @p len bytes as decimal number: optional sign, digits, optional fraction and exponent.
 * Refused with ET_ERR_PROTO: empty, blanks, "1,5", "0x10", "010", "60 Hz", "nan", "inf", "1e999", "1.", ".5",
 * and "1e-999", which is not zero and would read as zero.
 * A leading '+' is accepted (instruments send it). Independent of the locale.
 * @param out  Untouched unless ET_OK. */
int num_parse_f64(const char *s, size_t len, double *out) ET_CHECK;

/** As above for integers: optional sign, digits without leading zero ("0" itself is fine). */
int num_parse_i64(const char *s, size_t len, int64_t *out) ET_CHECK;

/** Fixed-width digits as instruments send them: leading zeros allowed, digits only, 1 to 18 of them. */
int num_parse_digits(const char *s, size_t len, int64_t *out) ET_CHECK;

/** Write @p v so that it reads back as the same double: 17 significant digits, decimal point
 * always '.', whatever the locale. @param buf At least 32 bytes. @return @p buf. Finite values only. */
char *num_format_f64(char buf[32], double v);

#endif
