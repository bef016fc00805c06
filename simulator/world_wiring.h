/* SPDX-License-Identifier: Apache-2.0 */
/* simulator/world_wiring.h - from the terminals of the source to those of a meter: impedances, isolation,
 * and which elements see what. Internal to simulator/world.c; the vector test looks in too. */
#ifndef SIMULATOR_WORLD_WIRING_H
#define SIMULATOR_WORLD_WIRING_H

#include "simulator/world.h"

/** Voltage behind an impedance that feeds a constant burden P + jQ: V = V0 - Z*conj(S/V), iterated. */
struct phasor world_drop(struct phasor v0, struct phasor z, struct phasor burden_va);

/** Ratio of the voltage at each position to that at the terminals, for the set-point in force. A burden takes
 * its VA at whatever voltage the set-point has; it is shared by the energised phases. */
void world_find_transfer(struct world *w);
/** Let the burdens of all positions pull the terminals down through the impedance of the source. */
void world_drop_source(struct world *w);
/** What the form of the meter at this position (index from 0) measures. */
void world_meter_input(const struct world *w, int position, struct meter_input *out);

#endif
