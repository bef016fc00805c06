/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/campaign_stops.h - three ways to end a measurement, on the same raw data of a full bench.
 *
 * One run is one attempt of the whole stack, 40 meters for 120 s, whatever they show. Its raw data are then looked at
 * again once a second, as the bench would have: by the adaptive stop rule for batches of 1, 10, 20 and 40 neighbours (a
 * batch ends with its slowest meter), by 25 pulses and 30 s, and by 60 s. */
#ifndef TESTS_CAMPAIGN_STOPS_H
#define TESTS_CAMPAIGN_STOPS_H

#include "tests/support/campaign.h"

enum { STOP_CELLS = 4, STOP_POPULATIONS = 2, STOP_BATCHES = 4 };
extern const struct campaign_cell stop_cells[STOP_CELLS];
struct stop_population {
	const char *name;
	double mean_pct, sd_pct; /* of the meters' errors */
};
extern const struct stop_population stop_populations[STOP_POPULATIONS];
extern const int stop_batch[STOP_BATCHES]; /* meters in a batch */

enum stop_way { WAY_ADAPTIVE, WAY_PULSES = WAY_ADAPTIVE + STOP_BATCHES, WAY_FIXED, WAYS };
const char *stop_way_name(int way);

struct stop_figure {
	double t_s; /* when its batch ended; NAN: not within 120 s */
	double err_pct, U_pct, U_a_pct; /* of all that had come by then */
	bool has_figure, guaranteed;
};
struct stops_run {
	bool done;
	char why[96];
	double bench_s; /* the same seed with the stop rule at work in the bench: how long it took */
	double truth_pct[ET_POSITIONS_MAX], min_s[ET_POSITIONS_MAX];
	struct stop_figure figure[WAYS][ET_POSITIONS_MAX];
};

/** Runs @p seed .. @p seed + n - 1. @return 0; -1 after a message. */
int stops_run_all(const struct campaign_cell *cell, const struct stop_population *who,
		  uint64_t seed, int n, struct stops_run *out);

struct stops {
	int n, n_not_done; /* attempts */
	int meters;
	double mean_min_s, mean_bench_s;
	struct {
		double mean_s; /* of a batch */
		int n_without, n_guaranteed, n_wrong, n_guaranteed_wrong, n_over_floor;
		double mean_U_pct, max_U_pct;
	} way[WAYS];
};
void stops_summarise(const struct campaign_cell *cell, const struct stops_run *runs, int n,
		     struct stops *out);
/** @return true: all was done, no guaranteed decision was wrong, and the bench took as long as the second look. */
bool stops_pass(const struct stops *s);

void stops_print_time_head(void);
void stops_print_time(const char *cell, const char *who, const struct stops *s);
void stops_print_quality_head(void);
void stops_print_quality(const char *cell, const char *who, const struct stops *s);

#endif
