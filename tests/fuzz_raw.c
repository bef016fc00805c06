/* SPDX-License-Identifier: Apache-2.0 */
/* Hostile raw data: no crash, no hunger for memory, and what is accepted is what the encoder makes. */
#include <stdlib.h>
#include <string.h>

#include "db/raw.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require_same(int err, void *back, size_t len, const uint8_t *data, size_t size)
{
	if (err < 0 || len != size || memcmp(back, data, size))
		abort();
	free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ref_sample *s;
	struct clock_pair *p;
	struct edge *e;
	void *back = NULL;
	size_t n, len = 0;
	int err;

	if (raw_decode_edges(data, size, &e, &n) == ET_OK) {
		err = raw_encode_edges(e, n, &back, &len);
		require_same(err, back, len, data, size);
		free(e);
	}
	if (raw_decode_samples(data, size, &s, &n) == ET_OK) {
		err = raw_encode_samples(s, n, &back, &len);
		require_same(err, back, len, data, size);
		free(s);
	}
	if (raw_decode_pairs(data, size, &p, &n) == ET_OK) {
		err = raw_encode_pairs(p, n, &back, &len);
		require_same(err, back, len, data, size);
		free(p);
	}
	return 0;
}
