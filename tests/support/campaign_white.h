/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/campaign_white.h - the wrong uncertainty that campaigns must be able to find. */
#ifndef TESTS_CAMPAIGN_WHITE_H
#define TESTS_CAMPAIGN_WHITE_H

#include "procedures/energy_error.h"

/** U of an observation as it were if the residuals of the interpolated energies were independent: least squares of
 * its own, u = sd/(b*sqrt(S)), n - 2 degrees of freedom, and the type B part of the observation. Two edges between the
 * same two updates of the register share its error, so this is too small.
 * @return NAN when the observation has no figure, or not every edge between its first and last was accepted. */
double campaign_white_U_pct(const struct ee_setup *setup, const struct ee_observation *obs,
			    const struct ee_raw_all *raw, int position);

#endif
