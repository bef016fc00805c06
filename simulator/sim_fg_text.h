/* SPDX-License-Identifier: Apache-2.0 */
/* simulator/sim_fg_text.h - fields of the FG protocol. Internal to the simulated FG. */
#ifndef SIMULATOR_SIM_FG_TEXT_H
#define SIMULATOR_SIM_FG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/quantities.h"
#include "simulator/world.h"

/** "230.000": exactly @p before digits, a point, @p after digits. */
bool fg_field(const char *s, int before, int after, double *out);

/** "R230.000000.00S230.000120.00T230.000240.00": amplitudes, and angles in the DIN sense, 0 to 359.99.
 * @param amp, deg  Three each; angles in our sense. Untouched on failure. */
bool fg_three(const char *s, size_t len, double *amp, double *deg);

/** Our angle as the DIN sense has it, against @p zero_deg: 0 <= x < 360. */
double fg_din_deg(double deg, double zero_deg);

/** The answer to a reading such as "AU", without CR.
 * @return false: not a reading. */
bool fg_reading(const struct world *w, const char *command, char *out, size_t cap);

#endif
