/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/campaign_wish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_number(const char *text, long long lo, long long hi, long long *out)
{
	char *end;
	const long long v = text ? strtoll(text, &end, 10) : 0;

	if (!text || end == text || *end || v < lo || v > hi)
		return false;
	*out = v;
	return true;
}

bool campaign_wish_read(int argc, char **argv, int n_cells, struct campaign_wish *w)
{
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;
		long long v = 0;

		if (strcmp(argv[i], "--white") == 0) {
			w->white = true;
			continue;
		}
		if (strcmp(argv[i], "--runs") == 0 && read_number(value, 1, 1000000, &v)) {
			w->runs = (int)v;
		} else if (strcmp(argv[i], "--cell") == 0 && read_number(value, 1, n_cells, &v)) {
			w->cell = (int)v;
		} else if (strcmp(argv[i], "--seed") == 0 &&
			   read_number(value, 1, INT64_MAX / 2, &v)) {
			w->seed = (uint64_t)v;
		} else {
			fprintf(stderr,
				"usage: %s [--runs N] [--cell 1..%d] [--seed S] [--white]\n",
				argv[0], n_cells);
			return false;
		}
		i++;
	}
	return true;
}
