/* SPDX-License-Identifier: Apache-2.0 */
/* procedures/energy_error.h - the inner machine of the kind of test "energy error": it collects the raw
 * data of one attempt, looks at them, and says when every position may stop.
 *
 * Pure: no I/O, no clock; all memory is taken in ee_machine_new(). A buffer that is full ends what it
 * serves as the cap does (one position; or all, for samples and pairs): nothing is ever lost and used. */
#ifndef PROCEDURES_ENERGY_ERROR_H
#define PROCEDURES_ENERGY_ERROR_H

#include "base/quantities.h"
#include "procedures/energy_error_eval.h"

struct ee_machine;

struct ee_plan {
	uint64_t positions; /* to be measured: bit n-1 = position n; not 0 */
	const struct ee_setup
		*setup; /* [ET_POSITIONS_MAX], position n at n-1; borrowed until the next plan */
	double cap_s; /* longest time from arming; > 0 */
	double ref_silence_s; /* longest time between two updates of the register; > 0 */
	double reader_silence_s; /* longest time between two clock pairs of one reader; > 0 */
	const uint8_t *
		reader_of; /* [ET_POSITIONS_MAX], as setup: its reader, 0 .. ET_READERS_MAX-1; NULL: all 0 */
};

/* One position, as the last look saw it; after ee_machine_finish() by all of its raw data. */
struct ee_position {
	int64_t n_edges; /* kept; counted at once, not only at looks */
	int64_t n_dropped; /* came after the buffer was full: in no figure, in no record */
	int64_t t_last_ns; /* arrival of the last edge; t_armed before the first */
	bool stopped; /* it may stop */
	bool evaluated; /* .obs holds something */
	struct ee_observation obs; /* as evaluated; recomputation gives the same */
	/* after ee_machine_finish(): what it comes to now that there will be no more data. Without a figure EE_VOID,
	 * and always a cause: a dead sensor never passes */
	enum ee_verdict verdict;
	enum ee_cause cause;
};

/* Raw data of the attempt, in the order of their arrival. */
struct ee_raw_all {
	const struct edge *edges;
	const struct ref_sample *samples;
	size_t n_edges, n_samples;
	struct ee_raw_pairs {
		const struct clock_pair *p;
		size_t n;
	} pairs[ET_READERS_MAX]; /* each reader has its own clock */
};

/** NULL: out of memory. About 8 MB, touched only as data come. */
struct ee_machine *ee_machine_new(void);
void ee_machine_free(struct ee_machine *m); /* NULL is allowed */

/** Forget the last attempt and begin to collect. @return ET_OK, ET_ERR_ARG (a value out of its range). */
int ee_machine_plan(struct ee_machine *m, const struct ee_plan *plan) ET_CHECK;

/** Reader and reference run since @p t_armed_ns: figures, cap and silence count from here. */
void ee_machine_start(struct ee_machine *m, int64_t t_armed_ns);

/** Take EV_EDGES, EV_CLOCK_PAIR, EV_REF_SAMPLES; those of reader n are .from TO_READER + n. Edges of positions that
 * are not measured, or not by this reader, are counted as strays.
 * @return ET_OK, ET_ERR_ARG (another kind, or a count out of its range: nothing taken). */
int ee_machine_event(struct ee_machine *m, const struct event *ev) ET_CHECK;

/** Look at the positions that may not stop yet. @return true: all may stop, or the attempt is void. */
bool ee_machine_look(struct ee_machine *m, int64_t now_ns);

/** Evaluate every position once more, with all that came, as recomputation will. */
void ee_machine_finish(struct ee_machine *m, int64_t t_end_ns);

/** First common cause that the raw data show: the attempt is void. EE_CAUSE_NONE: none. */
enum ee_cause ee_machine_cause(const struct ee_machine *m);

/** @param position 1..ET_POSITIONS_MAX. */
const struct ee_position *ee_machine_position(const struct ee_machine *m, int position);
struct ee_raw_all ee_machine_raw(const struct ee_machine *m);
int64_t ee_machine_strays(const struct ee_machine *m);

#endif
