/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/two_sample.h - do two samples come from one distribution? */
#ifndef TESTS_TWO_SAMPLE_H
#define TESTS_TWO_SAMPLE_H

#include <stddef.h>

/** Kolmogorov and Smirnov: the largest distance of the two empirical distributions. Sorts @p a and @p b. Equal values are
 * allowed; they make @p p too large.
 * @param p  Probability of this distance or more if the distributions are the same; asymptotic (Stephens). */
double two_sample_distance(double *a, size_t n_a, double *b, size_t n_b, double *p);

#endif
