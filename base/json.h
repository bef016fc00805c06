/* SPDX-License-Identifier: Apache-2.0 */
/* base/json.h - JSON by jansson, with the one canonical form that is hashed and exported:
 * UTF-8, keys sorted by bytes, no blanks, reals with 17 significant digits, NAN as null. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"

/** A number, or null when @p v is not finite. New reference. */
json_t *json_num(double v);

/** A string, or null when @p s is NULL or not UTF-8. New reference. */
json_t *json_str(const char *s);

/** A real or integer as double; NAN when @p o has no such key, or null, or something else. */
double json_get_f64(const json_t *o, const char *key);

/** @return @p otherwise when the key is missing or not an integer. */
json_int_t json_get_int(const json_t *o, const char *key, json_int_t otherwise);

/** @return NULL when the key is missing or not a string. Owned by @p o. */
const char *json_get_str(const json_t *o, const char *key);

/** Canonical text of any JSON value without cycles.
 * @param out  NUL-terminated, freed with free(); untouched on failure, as is @p len.
 * @return ET_OK or ET_ERR_NOMEM. */
int json_canonical(const json_t *v, char **out, size_t *len) ET_CHECK;

/** Parse one whole document: any JSON value, nothing after it. Refused: duplicate keys, "\u0000", not UTF-8,
 * integers beyond 64 bits and reals beyond double.
 * @return new reference, or NULL with @p f (NULL is allowed) filled: ET_ERR_PROTO or ET_ERR_NOMEM. */
json_t *json_parse(const char *text, size_t len, struct fault *f);

#endif
