/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/campaign_disturbed.h"

#include <math.h>
#include <stdio.h>

/* Pulse periods 75 ms with a loud register, 0.3 s, 2.16 s and 21.6 s; spurious flashes as parts of the true pulses: one in N is 3600/(N*T_p) an
 * hour. Errors of type B are small, in truth and papers: a rare draw of theirs is no wrong count, and coverage is another campaign. */
#define ORDINARY                                                                  \
	.latency_jitter_s = 0.0003, .update_s = 0.5, .update_jitter_s = 0.001,    \
	.answer_jitter_s = 0.001, .u_certificate_pct = 0.001, .ratio_pct = 0.002, \
	.floor_a_pct = 0.05
#define FAST 2, 50, 1, 1.0, 1, ORDINARY, .cap_s = 60 /* 0.3 s */
#define FAST_FREE 2, 50, 1, 1.0, 0, ORDINARY, .cap_s = 60
#define MIDDLE 2, 50, 1, 7.2, 1, ORDINARY, .cap_s = 90 /* 2.16 s */
#define FASTEST /* 75 ms */                                                                     \
	2, 200, 1, 1.0, 1, .latency_jitter_s = 0.0003, .update_s = 1, .update_jitter_s = 0.002, \
			   .answer_jitter_s = 0.010, .u_certificate_pct = 0.001,                \
			   .ratio_pct = 0.002, .floor_a_pct = 0.05, .cap_s = 60
#define SLOW 2, 5, 1, 7.2, 1, ORDINARY, .cap_s = 240 /* 21.6 s */

const struct campaign_cell disturbed_cells[DISTURBED_CELLS] = {
	{ "0.3 s clean", FAST },
	{ "0.3 s clean, no grid", FAST_FREE },
	{ "2.16 s clean", MIDDLE },
	{ "21.6 s clean", SLOW },
	{ "75 ms clean, loud", FASTEST },
	{ "75 ms one in 100 missed, loud", FASTEST, .drop_one_in = 100 },
	{ "75 ms one in 20 spurious, loud", FASTEST, .spurious_per_h = 2400 },
	{ "75 ms 1/50 missed, spurious, bounces, loud", FASTEST, .drop_one_in = 50,
	  .spurious_per_h = 960, .bounce_one_in = 50, .bounce_s = 0.030 },
	{ "0.3 s one in 100 missed", FAST, .drop_one_in = 100 },
	{ "0.3 s one in 20 missed", FAST, .drop_one_in = 20 },
	{ "0.3 s every 8th missed", FAST, .drop_every = 8 },
	{ "2.16 s one in 50 missed", MIDDLE, .drop_one_in = 50 },
	{ "2.16 s one in 10 missed", MIDDLE, .drop_one_in = 10 },
	{ "21.6 s one in 10 missed", SLOW, .drop_one_in = 10 },
	{ "0.3 s one in 50 spurious", FAST, .spurious_per_h = 240 },
	{ "0.3 s one in 10 spurious, no grid", FAST_FREE, .spurious_per_h = 1200 },
	{ "2.16 s one in 50 spurious", MIDDLE, .spurious_per_h = 33 },
	{ "2.16 s one in 10 spurious", MIDDLE, .spurious_per_h = 167 },
	{ "21.6 s one in 5 spurious", SLOW, .spurious_per_h = 33 },
	{ "0.3 s one in 10 bounces", FAST, .bounce_one_in = 10 },
	{ "2.16 s one in 3 bounces for 30 ms", MIDDLE, .bounce_one_in = 3, .bounce_s = 0.030 },
	{ "0.3 s 1/50 missed, spurious, bounces", FAST, .drop_one_in = 50, .spurious_per_h = 240,
	  .bounce_one_in = 50, .bounce_s = 0.030 },
	{ "2.16 s 1/10 missed, spurious, bounces", MIDDLE, .drop_one_in = 10, .spurious_per_h = 167,
	  .bounce_one_in = 10, .bounce_s = 0.030 },
	{ "21.6 s 1/10 missed, spurious, bounces", SLOW, .drop_one_in = 10, .spurious_per_h = 17,
	  .bounce_one_in = 10, .bounce_s = 0.030 },
};

bool disturbed_is_clean(const struct campaign_cell *c)
{
	return c->drop_one_in == 0 && c->drop_every == 0 && c->bounce_one_in == 0 &&
	       !(c->spurious_per_h > 0);
}

static bool is_flagged(const struct campaign_run *r)
{
	return r->verdict == EE_VOID || r->verdict == EE_NOT_RUN || r->cause != EE_CAUSE_NONE;
}

bool disturbed_is_wrong(const struct campaign_cell *c, const struct campaign_run *r)
{
	const double slack_pct = 160 * (c->grid_cycles / 60 + 5e-3) / r->obs.span_s;

	if (!isfinite(r->obs.err_pct))
		return false;
	/* NAN, a truth that is not known, is wrong */
	return !(fabs(r->true_intervals - (double)r->obs.n_intervals) < 0.5 &&
		 fabs(r->obs.err_pct - r->truth_pct) <= r->obs.U_pct + slack_pct);
}

void disturbed_summarise(const struct campaign_cell *cell, const struct campaign_run *runs, int n,
			 struct disturbed *out)
{
	struct disturbed d = { .n = n };

	for (int i = 0; i < n; i++) {
		const bool flagged = is_flagged(&runs[i]),
			   wrong = disturbed_is_wrong(cell, &runs[i]);

		d.n_not_done += !runs[i].done;
		d.n_flagged += flagged;
		d.n_wrong_flagged += wrong && flagged;
		d.n_wrong += wrong && !flagged;
	}
	*out = d;
}

bool disturbed_passes(const struct disturbed *d)
{
	return d->n_not_done == 0 && d->n_wrong == 0;
}

void disturbed_print_head(void)
{
	printf("| %-42s | runs | flagged %% | wrong, told | wrong, not told | not done |\n",
	       "cell");
	printf("|---|---|---|---|---|---|\n");
}

void disturbed_print(const char *name, const struct disturbed *d)
{
	printf("| %-42s | %d | %.2f | %d | %d | %d |\n", name, d->n, 100.0 * d->n_flagged / d->n,
	       d->n_wrong_flagged, d->n_wrong, d->n_not_done);
}

int disturbed_tell(const struct campaign_cell *cell, const struct campaign_run *runs, int n,
		   char *text, size_t size)
{
	size_t len = 0;
	int told = 0;

	text[0] = '\0';
	for (int i = 0; i < n && told < 3; i++) {
		const struct campaign_run *r = &runs[i];
		const bool wrong = !is_flagged(r) && disturbed_is_wrong(cell, r);

		if (r->done && !wrong)
			continue;
		told++;
		if (len < size)
			len += (size_t)snprintf(
				text + len, size - len,
				"* %s, seed %llu: %s; %d intervals, truly %.3f; error "
				"%.4f %%, truly %.4f, %.4f apart by the type B draws; U %.4f, %.1f "
				"s\n",
				cell->name, (unsigned long long)r->seed, r->done ? "done" : r->why,
				(int)r->obs.n_intervals, r->true_intervals, r->obs.err_pct,
				r->truth_pct, r->type_b_pct, r->obs.U_pct, r->obs.span_s);
	}
	return told;
}
