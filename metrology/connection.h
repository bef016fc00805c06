/* SPDX-License-Identifier: Apache-2.0 */
/* metrology/connection.h - how the meters hang on the bench: set-points, and the one table of the meter's
 * expected energy per energy of the reference. */
#ifndef METROLOGY_CONNECTION_H
#define METROLOGY_CONNECTION_H

#include "base/quantities.h"

enum connection {
	CONNECTION_SERIES =
		0, /* current circuits in series, voltage circuits in parallel, one phase of the source */
	CONNECTION_TRUE_SERVICE, /* the voltages and currents of the service itself */
	CONNECTION_ELEMENT_A,
	CONNECTION_ELEMENT_B, /* series, one element carries current */
};

/** m = m_num/m_den: what the meter must register per unit of energy that the reference registers (the sum
 * over the phases that the set-point energises).
 * @param configuration The notice's index: 1 (1 el. 2 w), 2 (1 1/2 el. 3 w), 4 (2 el. 3 w network).
 * @return ET_ERR_ARG for a pair that the table does not have. */
int connection_m(int configuration, enum connection conn, int64_t *m_num, int64_t *m_den) ET_CHECK;

/** Set-point for a point of the plan.
 * @param volt_v  Rated voltage of the meter as the notice writes it (240: across both coils of 1 1/2 elements).
 * @param lag     true: inductive, current lags.
 * @param received  true: current turned by 180 degrees. */
int connection_setpoint(int configuration, enum connection conn, double volt_v, double curr_a,
			double power_factor, bool lag, bool received, double freq_hz,
			struct setpoint *out) ET_CHECK;

/** Active and reactive power that a set-point makes in the reference (sum over phases). Q > 0: lagging. */
void setpoint_power(const struct setpoint *sp, double *power_w, double *reactive_var);

#endif
