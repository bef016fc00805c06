/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/loss.h - one short run on the simulated bench with faults on its links, held against what must be true
 * whatever a link does: the run ends, the source is off, what stands agrees with the truth, what fails says who and
 * at which question. */
#ifndef TESTS_LOSS_H
#define TESTS_LOSS_H

#include "simulator/rng.h"
#include "tests/support/sim_bench.h"

enum { LOSS_METERS = 2, LOSS_STEPS = 2, LOSS_FAULTS_MAX = 8 };
#define LOSS_VIRTUAL_MAX_S 7200.0

enum loss_outcome {
	LOSS_RECOVERED = 0, /* every figure at the first attempt */
	LOSS_REPEATED, /* every figure, but an attempt was void on the way */
	LOSS_VOID, /* a figure is missing, and the run says why */
	LOSS_WRONG, /* a rule is broken: .why */
	LOSS_OUTCOMES
};
const char *loss_outcome_word(enum loss_outcome outcome);

struct loss_report {
	enum loss_outcome outcome;
	char why[400]; /* LOSS_WRONG: the first rule that was broken; else the first fault's words */
	int exit_code, figures,
		beyond_u; /* figures that stand; of these farther than U from the truth */
	double worst_u; /* largest abs(error - truth)/U of a figure */
	double virtual_s;
	uint64_t messages[SIM_INSTRUMENTS];
};

/** Load the bench: two meters, two load points, a few seconds each. @param quiet  So little noise that what comes out
 * beyond U is a fault's doing, not chance. @return 0, or -1. */
int loss_load(struct sim_bench *b, bool quiet);

enum { LOSS_SEED = 9 }; /* the type B errors that it draws are of the usual size */
struct loss_case {
	uint64_t seed;
	double most_u; /* a figure farther from the truth than so many U is wrong: 1 on the quiet bench */
	size_t n;
	struct scenario_fault fault[LOSS_FAULTS_MAX];
};

/** One run with these faults. @param r Scratch, on the heap. */
void loss_run(struct sim_bench *b, const struct loss_case *c, struct run_result *r,
	      struct loss_report *out);

/** "reference message 17 digit_changed where 3", for messages of tests. @return @p out. */
const char *loss_fault_text(const struct scenario_fault *f, char out[96]);

/* Everything that can happen to one message: kind, place in it, delay. */
enum { LOSS_VARIANTS = 53 };
const char *loss_variant_title(
	int variant); /* "lost", "digit changed" ...: the same pointer for the same words */
struct scenario_fault loss_variant(int instrument, uint64_t message, int variant);
/** Any one of any message; not silence from there on. */
struct scenario_fault loss_drawn(struct rng *dice, const uint64_t messages[SIM_INSTRUMENTS]);

struct loss_tally {
	long asked; /* the caller's, who may leave runs out */
	long runs, outcome[LOSS_OUTCOMES], figures, beyond_u, exit_code[8];
	double worst_u, longest_s;
};
/** "reference" */
const char *loss_instrument(const struct scenario_fault *f);
void loss_count_silently(struct loss_tally *t, const struct loss_report *r);
/** Add a run; one that is wrong is printed. */
void loss_count(struct loss_tally *t, const struct loss_case *c, const struct loss_report *r);
void loss_print(const struct loss_tally *t, const char *title);

#endif
