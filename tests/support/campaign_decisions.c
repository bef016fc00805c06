/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/campaign_decisions.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/campaign_gen.h"
#include "tests/support/campaign_lab.h"
#include "tests/support/two_sample.h"

#define ORDINARY                                                                        \
	.latency_jitter_s = 0.0003, .update_jitter_s = 0.001, .answer_jitter_s = 0.001, \
	.u_certificate_pct = 0.010, .drift_pct = 0.010, .ratio_pct = 0.020, .floor_a_pct = 0.05

const struct campaign_cell decision_cells[DECISION_CELLS] = {
	{ "48 kW Kh 1.0 grid 0 1.0 s", 2, 200, 1, 1.0, 0, .update_s = 1, ORDINARY },
	{ "12 kW Kh 1.8 grid 1 0.5 s", 2, 50, 1, 1.8, 1, .update_s = 0.5, ORDINARY },
	{ "6 kW Kh 7.2 grid 1 0.5 s", 2, 25, 1, 7.2, 1, .update_s = 0.5, ORDINARY },
};
static const double SPREAD_PCT = 1.5;

const char *const agree_name[AGREE_KINDS] = { "error − truth", "U", "time used", "u of edges",
					      "u of reference" };

/* ---- generated runs ---- */
struct gen_job {
	const struct campaign_cell *cell;
	const struct ee_setup *setup;
	uint64_t seed;
	double err_pct;
};

/* The error of a run is drawn from its seed, by other bits than the rest. */
static double error_of(const struct gen_job *job, int i)
{
	const uint64_t z = (job->seed + (uint64_t)i) * 0x9e3779b97f4a7c15u ^ 0x5851f42d4c957f2du;

	if (!isnan(job->err_pct))
		return i % 2 ? -job->err_pct : job->err_pct;
	return (2 * ((double)((z ^ z >> 29) * 0xbf58476d1ce4e5b9u >> 11) / 9007199254740992.0) -
		1) *
	       SPREAD_PCT;
}

static int run_generated(const void *arg, int first, int step, int n, void *out)
{
	const struct gen_job *job = arg;
	struct campaign_run *run = out;
	struct campaign_gen *g = campaign_gen_new();

	if (!g)
		return -1;
	for (int i = first; i < n; i += step)
		campaign_gen_run(g, job->cell, job->setup, job->seed + (uint64_t)i,
				 error_of(job, i), &run[i]);
	campaign_gen_free(g);
	return 0;
}

/* ---- agreement ---- */
static bool has_figure(const struct campaign_run *r)
{
	return r->done && r->verdict != EE_VOID && isfinite(r->obs.err_pct) &&
	       isfinite(r->truth_pct);
}

static double figure(const struct campaign_run *r, int kind)
{
	switch (kind) {
	case AGREE_DEVIATION:
		return r->obs.err_pct - r->truth_pct;
	case AGREE_U:
		return r->obs.U_pct;
	case AGREE_TIME:
		return r->used_s;
	case AGREE_U_EDGE:
		return r->obs.u_edge_pct;
	default:
		return r->obs.u_ref_pct;
	}
}

static size_t pick(const struct campaign_run *runs, int n, int kind, double *out)
{
	size_t m = 0;

	for (int i = 0; i < n; i++)
		if (has_figure(&runs[i]))
			out[m++] = figure(&runs[i], kind);
	return m;
}

static int compare_runs(const struct campaign_run *stack, const struct campaign_run *gen,
			struct agreement *out)
{
	double *a = malloc((size_t)out->n_stack * sizeof(*a)),
	       *b = malloc((size_t)out->n_gen * sizeof(*b));
	int err = a && b ? 0 : -1;

	for (int kind = 0; kind < AGREE_KINDS && err == 0; kind++) {
		const size_t n_a = pick(stack, out->n_stack, kind, a),
			     n_b = pick(gen, out->n_gen, kind, b);

		if (n_a == 0 || n_b == 0) {
			fprintf(stderr, "campaign: no figures to compare\n");
			err = -1;
			break;
		}
		out->distance[kind] = two_sample_distance(a, n_a, b, n_b, &out->p[kind]);
		out->median_stack[kind] = a[n_a / 2];
		out->median_gen[kind] = b[n_b / 2];
	}
	free(b);
	free(a);
	return err;
}

/* What the stack declares in this cell: from a run of its own. */
static int setup_of(const struct campaign_cell *cell, uint64_t seed, struct ee_setup *setup)
{
	struct campaign_lab *lab = malloc(sizeof(*lab));
	struct run_result *room = malloc(sizeof(*room));
	struct campaign_run run;
	int err = -1;

	if (lab && room && campaign_lab_make(lab, cell) == 0) {
		campaign_lab_run(lab, seed, room, &run);
		*setup = lab->setup;
		err = run.done ? 0 : -1;
		campaign_lab_free(lab);
	}
	free(room);
	free(lab);
	return err;
}

int decision_agree(const struct campaign_cell *cell, uint64_t seed, int n_stack, int n_gen,
		   struct agreement *out)
{
	struct campaign_run *stack = calloc((size_t)n_stack, sizeof(*stack)),
			    *gen = calloc((size_t)n_gen, sizeof(*gen));
	const struct gen_job job = { cell, &out->setup, seed + (uint64_t)n_stack, NAN };
	int err = -1;

	*out = (struct agreement){ .n_stack = n_stack, .n_gen = n_gen };
	if (stack && gen && setup_of(cell, seed, &out->setup) == 0 &&
	    campaign_cell_run(cell, seed, n_stack, stack) == 0 &&
	    campaign_share(run_generated, &job, sizeof(*gen), n_gen, gen) == 0)
		err = compare_runs(stack, gen, out);
	free(gen);
	free(stack);
	return err;
}

bool agreement_holds(const struct agreement *a)
{
	for (int kind = 0; kind < AGREE_KINDS; kind++)
		if (!(a->p[kind] >= 0.05 / (AGREE_KINDS * DECISION_CELLS)))
			return false;
	return true;
}

void agreement_print_head(void)
{
	printf("| %-28s | %-14s | stack | generator | median, stack | median, generator | distance "
	       "| p "
	       "|\n",
	       "cell", "figure");
	printf("|---|---|---|---|---|---|---|---|\n");
}

void agreement_print(const char *name, const struct agreement *a)
{
	for (int k = 0; k < AGREE_KINDS; k++)
		printf("| %-28s | %-14s | %d | %d | %.4f | %.4f | %.4f | %.4f |\n", name,
		       agree_name[k], a->n_stack, a->n_gen, a->median_stack[k], a->median_gen[k],
		       a->distance[k], a->p[k]);
}

/* ---- decisions ---- */
static void count(const struct campaign_run *r, struct decision_tally *t)
{
	const bool conforms = fabs(r->truth_pct) <= DECISION_LIMIT_PCT;
	const bool accepted = r->verdict == EE_CONFORMING;

	t->n++;
	if (!has_figure(r)) {
		t->n_void++;
		return;
	}
	t->n_simple_wrong += accepted != conforms;
	if (r->obs.stop != EE_STOP_GUARANTEED)
		return;
	t->n_guaranteed++;
	t->n_accepted_wrong += accepted && !conforms;
	t->n_rejected_wrong += !accepted && conforms;
}

int decision_tally_run(const struct campaign_cell *cell, const struct ee_setup *setup,
		       uint64_t seed, int n, double err_pct, struct decision_tally *out)
{
	const struct gen_job job = { cell, setup, seed, err_pct };
	struct campaign_run *runs = calloc((size_t)n, sizeof(*runs));
	int err = -1;

	*out = (struct decision_tally){ 0 };
	if (runs && campaign_share(run_generated, &job, sizeof(*runs), n, runs) == 0) {
		for (int i = 0; i < n; i++)
			count(&runs[i], out);
		err = 0;
	}
	free(runs);
	return err;
}

void decision_tally_add(struct decision_tally *sum, const struct decision_tally *t)
{
	sum->n += t->n;
	sum->n_void += t->n_void;
	sum->n_guaranteed += t->n_guaranteed;
	sum->n_accepted_wrong += t->n_accepted_wrong;
	sum->n_rejected_wrong += t->n_rejected_wrong;
	sum->n_simple_wrong += t->n_simple_wrong;
}

void decision_tally_print_head(void)
{
	printf("| %-28s | runs | void | guaranteed | wrongly accepted | wrongly rejected | simple "
	       "rule "
	       "wrong |\n",
	       "cell");
	printf("|---|---|---|---|---|---|---|\n");
}

void decision_tally_print(const char *name, const struct decision_tally *t)
{
	printf("| %-28s | %d | %d | %d | %d | %d | %d |\n", name, t->n, t->n_void, t->n_guaranteed,
	       t->n_accepted_wrong, t->n_rejected_wrong, t->n_simple_wrong);
}
