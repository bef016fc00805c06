/* SPDX-License-Identifier: Apache-2.0 */
/* metrology/rounding.h - decimal rounding, done once and on integers of 1e-6 %.
 *
 * A binary double can't hold 2.15, so a figure is first brought to the nearest 1e-6 % and every
 * tie is then decided exactly (ISO 80000-1, annex B: rule A ties to even, rule B ties away).
 * Pure; safe in any thread. */
#ifndef METROLOGY_ROUNDING_H
#define METROLOGY_ROUNDING_H

#include <stdint.h>

#include "base/err.h"

enum rounding_mode { ROUND_HALF_EVEN = 0, ROUND_HALF_AWAY };

#define ROUNDING_NONE INT64_MIN /* the figure does not exist */

/** The nearest integer of 1e-6 %; ROUNDING_NONE when @p pct is not finite or beyond 1e12 %. */
int64_t rounding_u6(double pct);

/** Round to @p digits decimals, 0..6. ROUNDING_NONE stays; so does a wrong @p digits make it. */
int64_t rounding_round(int64_t v_u6, int digits, enum rounding_mode mode);

/** Round away from zero to @p digits decimals: for an uncertainty, which must not shrink
 * (JCGM 100, 7.2.6). */
int64_t rounding_up(int64_t v_u6, int digits);

/** Write with exactly @p digits decimals (0..6; what is beyond them must be zero), "." as decimal
 * sign, "-" only before a figure that is not zero; "-" alone for ROUNDING_NONE.
 * @return @p buf. */
char *rounding_format(char buf[32], int64_t v_u6, int digits);

#endif
