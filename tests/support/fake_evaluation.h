/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/fake_evaluation.h - an evaluation whose result the test decides, in place of the real one.
 * Included once per program: it defines ee_evaluate(), so the linker leaves the library's alone. */
#ifndef TESTS_FAKE_EVALUATION_H
#define TESTS_FAKE_EVALUATION_H

#include <math.h>
#include <string.h>

#include "procedures/energy_error_eval.h"

/* By position: what it turns out to be once it has .edges edges; before: too few pulses. */
static struct fake_result {
	int64_t edges;
	enum ee_cause cause;
	enum ee_verdict verdict;
	enum ee_stop stop;
} fake_result[ET_POSITIONS_MAX + 1];
static enum ee_verdict fake_empty_verdict; /* without an edge */
static int fake_calls;
static struct ee_raw fake_last_raw;
static struct ee_setup fake_last_setup;

static void fake_reset(void)
{
	for (int i = 0; i <= ET_POSITIONS_MAX; i++)
		fake_result[i] =
			(struct fake_result){ 4, EE_CAUSE_NONE, EE_CONFORMING, EE_STOP_GUARANTEED };
	fake_empty_verdict = EE_VOID;
	fake_calls = 0;
}

int ee_evaluate(const struct ee_setup *setup, const struct ee_raw *raw, struct ee_observation *out)
{
	const struct fake_result *r;

	if (!(setup->kh_wh > 0) || !(setup->ref_power_w > 0))
		return ET_ERR_ARG;
	fake_calls++;
	fake_last_raw = *raw;
	fake_last_setup = *setup;
	memset(out, 0, sizeof(*out));
	out->err_pct = out->U_pct = out->physical_min_s = out->period_ratio = NAN;
	out->n_edges = (int64_t)raw->n_edges;
	out->cause = EE_NO_PULSES;
	out->verdict = raw->n_edges == 0 ? fake_empty_verdict : EE_VOID;
	if (raw->n_edges == 0)
		return ET_OK;
	r = &fake_result[raw->edges[0].position];
	out->cause = EE_TOO_FEW_PULSES;
	out->physical_min_s = 100;
	if (out->n_edges < r->edges)
		return ET_OK;
	out->cause = r->cause;
	out->verdict = r->verdict;
	out->stop = r->stop;
	out->err_pct = 0.25;
	out->U_pct = 0.0625;
	return ET_OK;
}

#endif
