/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/campaign_wish.h - the command line of a campaign. */
#ifndef TESTS_CAMPAIGN_WISH_H
#define TESTS_CAMPAIGN_WISH_H

#include <stdbool.h>
#include <stdint.h>

struct campaign_wish {
	int runs; /* of each cell */
	int cell; /* 1.., 0: all */
	uint64_t seed; /* of the first run */
	bool white;
};

/** [--runs N] [--cell K] [--seed S] [--white]; @p w holds the defaults. @return false after a message. */
bool campaign_wish_read(int argc, char **argv, int n_cells, struct campaign_wish *w);

#endif
