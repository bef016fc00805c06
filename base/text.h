/* SPDX-License-Identifier: Apache-2.0 */
/* base/text.h - what several readers of text need. Pure functions. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stddef.h>

/** Length of the longest valid UTF-8 beginning of @p s (RFC 3629: no surrogates, no overlong forms, not
 * beyond U+10FFFF); equal to @p len when all of it is valid. */
size_t text_utf8_prefix(const char *s, size_t len);

enum { TEXT_DISTANCE_MAX = 63 };

/** How many single-byte typing errors lie between two words: a byte left out, added, wrong, or two
 * neighbours swapped (optimal string alignment).
 * @return TEXT_DISTANCE_MAX + 1 when either is longer than TEXT_DISTANCE_MAX bytes. */
unsigned text_distance(const char *a, size_t a_len, const char *b, size_t b_len);

#endif
