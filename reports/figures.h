/* SPDX-License-Identifier: Apache-2.0 */
/* reports/figures.h - figures, times and columns of text for people, in their language.
 *
 * Pure; safe in any thread; no libc locale. */
#ifndef REPORTS_FIGURES_H
#define REPORTS_FIGURES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/lang.h"

struct figure_text {
	char s[96];
};

enum figure_sign { FIGURE_PLAIN = 0, FIGURE_SIGNED }; /* signed: "+" before what is above zero */

/** A figure of the record, an integer of 1e-6 %: "+0.12", "+0,12" in French; ROUNDING_NONE: "-".
 * Nothing is rounded here: where @p digits (0..6; others count as 6) decimals don't hold it, there are more. */
struct figure_text figures_u6(int64_t v_u6, int digits, enum figure_sign sign, enum lang lang);

/** Member @p key of a record in 1e-6 %; ROUNDING_NONE when it is no integer or beyond 1e18, so that two of them
 * can be subtracted. */
int64_t figures_of(const json_t *o, const char *key);

/** What decides no verdict (k, seconds, Wh): @p digits decimals (0..9), rounded; not finite: "-". */
struct figure_text figures_f64(double v, int digits, enum lang lang);

/** As it was entered: up to 6 significant digits, "7.2", "240"; not finite: "-". */
struct figure_text figures_short(double v, enum lang lang);

/** "2026-01-05 08:31:07 -05:00": the local time at that offset, cut to the second. An offset of a day or
 * more counts as 0; its odd seconds are left out of both time and offset. */
struct figure_text figures_time(int64_t utc_ns, int32_t utc_offset_s);

/** The code point at @p s (not at its end) and its length in bytes; 0, of one byte, where it is no UTF-8. */
uint32_t figures_code_point(const char *s, size_t *len);

/** May this be printed? False for what a terminal could obey or what turns text around: C0, DEL, C1, line and
 * paragraph separators, bidirectional and zero-width formats. */
bool figures_is_printable(uint32_t code_point);

/** Columns of one code point on a terminal: 0 (combining), 1 or 2 (East Asian wide, emoji). */
int figures_width(uint32_t code_point);

/** Columns of a text as it is printed: what is not printable becomes '?', one column. */
int figures_columns(const char *s);

#endif
