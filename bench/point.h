/* SPDX-License-Identifier: Apache-2.0 */
/* bench/point.h - one step of the plan on this bench: set-point, and for each meter all that decides its figure. */
#ifndef BENCH_POINT_H
#define BENCH_POINT_H

#include "bench/apparatus.h"
#include "bench/bench_file.h"
#include "procedures/batch.h"
#include "procedures/plan.h"

struct point_context { /* all borrowed */
	const struct plan *plan;
	const struct batch *batch;
	const struct bench_file *bench;
	const struct apparatus *reference;
	double freq_hz; /* of the notice */
};

/** Current of a step for this batch. */
double point_current_a(const struct plan_step *st, const struct batch *b);

/** The set-point. @return ET_ERR_ARG when bench or connection cannot make it (limits named in @p f). */
int point_setpoint(const struct point_context *c, const struct plan_step *st, struct setpoint *out,
		   struct fault *f) ET_CHECK;

/** What decides the figure of one meter at this step; ref_power_w is the nominal one until it is measured, and
 * what the edge reader declares is added by the sequencer when it has identified itself.
 * @return ET_ERR_STATE when the certificate of the reference does not cover the point (reason in @p f). */
int point_setup(const struct point_context *c, const struct plan_step *st,
		const struct meter_card *m, struct ee_setup *out, struct fault *f) ET_CHECK;

#endif
