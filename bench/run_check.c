/* SPDX-License-Identifier: Apache-2.0 */
/* bench/run_check.c - which meters of a batch may be energised: the notice, and the set-up of the bench. */
#include "bench/run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* With one of these the set-up itself may be wrong for the meter: it stays without voltage. */
static const char *const keep_off[] = { "approval", "revision", "model", "rating", "setup", "position", NULL };

static void add(struct run_meter *m, const char *code, const char *en, const char *fr)
{
	struct approval_finding *f;

	if (m->n_findings == RUN_FINDINGS_MAX)
		m->n_findings--; /* findings come worst first: the mildest gives way */
	memmove(m->findings + 1, m->findings, (size_t)m->n_findings++ * sizeof(m->findings[0]));
	f = &m->findings[0];
	f->level = FINDING_NONCONFORMING;
	snprintf(f->code, sizeof(f->code), "%s", code);
	snprintf(f->en, sizeof(f->en), "%s", en);
	snprintf(f->fr, sizeof(f->fr), "%s", fr);
}

static bool differs(double a, double b)
{
	return isfinite(a) && isfinite(b) && fabs(a - b) > 1e-9 * fabs(b);
}

static void check_setup(const struct run_input *in, struct run_meter *m)
{
	const struct meter_card *c = m->card;
	const struct batch *b = in->batch;
	char en[200], fr[200];

	if ((c->configuration != INT64_MIN && c->configuration != b->configuration) || differs(c->volt_v, b->volt_v) ||
	    differs(c->curr_max_a, b->curr_max_a)) {
		snprintf(en, sizeof(en), "rated %g V, %g-%g A; this batch is set up for %g V, %g-%g A", c->volt_v,
			 c->curr_min_a, c->curr_max_a, b->volt_v, b->curr_min_a, b->curr_max_a);
		snprintf(fr, sizeof(fr), "calibre %g V, %g-%g A; ce lot est prévu pour %g V, %g-%g A", c->volt_v,
			 c->curr_min_a, c->curr_max_a, b->volt_v, b->curr_min_a, b->curr_max_a);
		add(m, "setup", en, fr);
	}
	if (!bench_file_position(in->bench, c->position))
		add(m, "position", "the bench has no such position", "le banc n'a pas cette position");
}

static bool may_be_measured(const struct run_meter *m)
{
	for (int i = 0; i < m->n_findings; i++)
		for (int k = 0; keep_off[k]; k++)
			if (m->findings[i].level == FINDING_NONCONFORMING &&
			    strcmp(m->findings[i].code, keep_off[k]) == 0)
				return false;
	return true;
}

void run_check_meters(struct run_input *in)
{
	const struct meter_card *cards = in->batch->meters.items;

	for (size_t i = 0; i < in->batch->meters.n; i++) {
		struct run_meter *m = &in->meters[cards[i].position - 1];
		struct approval_finding all[APPROVAL_FINDINGS_MAX];
		int n = approval_check(in->approval, &cards[i], all, APPROVAL_FINDINGS_MAX);

		m->card = &cards[i];
		m->n_findings = n < RUN_FINDINGS_MAX ? n : RUN_FINDINGS_MAX;
		memcpy(m->findings, all, (size_t)m->n_findings * sizeof(all[0]));
		if (may_be_measured(m)) /* the notice's own reason is named first */
			check_setup(in, m);
		m->measured = may_be_measured(m);
	}
}
