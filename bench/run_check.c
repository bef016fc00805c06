/* SPDX-License-Identifier: Apache-2.0 */
/* bench/run_check.c - which meters of a batch may be energised: the notice, and the set-up of the bench. */
#include "bench/run.h"

#include <string.h>

/* With one of these the set-up itself may be wrong for the meter: it stays without voltage. */
static const char *const keep_off[] = { "approval", "revision", "model", "rating",
					"setup",    "position", NULL };

/* Findings come worst first; when there is no room, the mildest gives way. */
static void put_first(struct run_meter *m, const struct approval_finding *f)
{
	if (m->n_findings == RUN_FINDINGS_MAX)
		m->n_findings--;
	memmove(m->findings + 1, m->findings, (size_t)m->n_findings++ * sizeof(m->findings[0]));
	m->findings[0] = *f;
}

static void check_setup(const struct run_input *in, struct run_meter *m)
{
	static const struct approval_finding no_position = { FINDING_NONCONFORMING, "position",
							     "the bench has no such position",
							     "le banc n'a pas cette position" };
	struct approval_finding f;

	if (!batch_fits_setup(in->batch, m->card, &f))
		put_first(m, &f);
	if (!bench_file_position(in->bench, m->card->position))
		put_first(m, &no_position);
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

/* The first reader stands for all when nothing is measured. */
static void choose_readers(struct run_input *in)
{
	const struct bench_instrument *b = in->bench->instruments.items;

	in->n_readers = 0;
	for (size_t i = 0; i < in->bench->instruments.n; i++) {
		struct run_reader r = { .instrument = &b[i] };
		bool used = false;

		if (b[i].role != BENCH_READER)
			continue;
		for (int p = 0; p < ET_POSITIONS_MAX; p++) {
			const struct bench_position *at = bench_file_position(in->bench, p + 1);

			if (!at || bench_file_reader(in->bench, at) != &b[i])
				continue;
			r.channel_of[p] = (uint8_t)bench_file_channel(at);
			used = used || in->meters[p].measured;
		}
		if (used)
			in->readers[in->n_readers++] = r;
	}
	if (in->n_readers == 0)
		in->readers[in->n_readers++].instrument =
			bench_file_instrument(in->bench, BENCH_READER);
}

int run_reader_of(const struct run_input *in, int position)
{
	for (int k = 0; k < in->n_readers; k++)
		if (in->readers[k].channel_of[position - 1])
			return k;
	return 0;
}

const struct bench_instrument *run_instrument(const struct run_input *in, int target)
{
	return target >= TO_READER
		       ? in->readers[target - TO_READER].instrument
		       : bench_file_instrument(in->bench, target == TO_SOURCE ? BENCH_SOURCE
									      : BENCH_REFERENCE);
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
	choose_readers(in);
}
