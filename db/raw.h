/* SPDX-License-Identifier: Apache-2.0 */
/* db/raw.h - raw arrays of an attempt as bytes and back: a format byte, then columns of
 * differences (docs/json.md, "Raw data"). Pure. */
#ifndef DB_RAW_H
#define DB_RAW_H

#include <stddef.h>

#include "base/quantities.h"

/** Bytes of an array. @param out Freed with free(). The plain form (before compression) is what is hashed;
 * compression happens in db_put_blob(). @return ET_OK, ET_ERR_NOMEM. */
int raw_encode_edges(const struct edge *e, size_t n, void **out, size_t *len) ET_CHECK;
int raw_encode_samples(const struct ref_sample *s, size_t n, void **out, size_t *len) ET_CHECK;
int raw_encode_pairs(const struct clock_pair *p, size_t n, void **out, size_t *len) ET_CHECK;

/** And back. Bounded; hostile bytes are ET_ERR_INTEGRITY. @param out Freed with free(). */
int raw_decode_edges(const void *bytes, size_t len, struct edge **out, size_t *n) ET_CHECK;
int raw_decode_samples(const void *bytes, size_t len, struct ref_sample **out, size_t *n) ET_CHECK;
int raw_decode_pairs(const void *bytes, size_t len, struct clock_pair **out, size_t *n) ET_CHECK;

#endif
