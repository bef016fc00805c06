/* SPDX-License-Identifier: Apache-2.0 */
/* simulator/world.h - the one electrical model: what the source puts out, what the reference sees at its
 * terminals, and what comes through to each position. Everybody sees the same physics.
 *
 * Time moves only by world_advance(). Power is constant in segments: the noise of the source is drawn on a
 * fixed grid, so it does not depend on who looks when; a change of set-point begins a segment at once and is
 * followed by short ones while the regulation settles. Inside a segment all energies are linear in time. */
#ifndef SIMULATOR_WORLD_H
#define SIMULATOR_WORLD_H

#include "base/quantities.h"
#include "metrology/connection.h"
#include "simulator/meter.h"

struct world_source { /* what it really puts out; NAN nowhere */
	double volt_error_pct, curr_error_pct, phase_min;
	double noise_pct, drift_pct, drift_tau_s, segment_s, settle_tau_s;
	struct phasor impedance; /* to the terminals */
};
struct world_position {
	struct meter *meter; /* NULL: empty; owned by the world */
	double ratio_pct, phase_min; /* isolation, drawn errors included */
	struct phasor impedance;
	struct phasor burden_va; /* P + jQ of what hangs there, meter included */
	struct phasor transfer[ET_PHASES]; /* voltage at the position / at the terminals */
};

struct world_sums { /* integrals since the start, at the terminals of the reference */
	double power_wh[ET_PHASES], reactive_varh[ET_PHASES];
	struct phasor volt_vs[ET_PHASES], curr_as[ET_PHASES];
};

struct world {
	struct world_source source;
	struct world_position position[ET_POSITIONS_MAX];
	enum connection connection;
	double temperature_c;
	int64_t t_ns; /* now */
	/* source */
	struct setpoint target;
	struct phasor from_v[ET_PHASES], from_i[ET_PHASES]; /* where the regulation started */
	int64_t t_change_ns, t_step_ns; /* ET_NEVER_NS: settled */
	int64_t t_noise_ns; /* when noise is drawn next */
	double noise_v[ET_PHASES], noise_i[ET_PHASES], drift_v[ET_PHASES], drift_i[ET_PHASES];
	double curr_scale; /* a disturbance: 1 = none */
	struct rng rng;
	/* segment */
	int64_t t0_ns;
	struct phasor v[ET_PHASES], i[ET_PHASES];
	double line_cycles; /* at t0 */
	struct world_sums sums; /* at t0 */
};

/** @param src  As above. The positions are empty and ideal; fill them, then world_start(). */
void world_init(struct world *w, const struct world_source *src, enum connection conn,
		uint64_t seed, int64_t t_ns);
/** Begin the first segment, everything off. */
void world_start(struct world *w);
void world_free(struct world *w);

/** Move to @p t_ns; earlier times change nothing. */
void world_advance(struct world *w, int64_t t_ns);

/* These act now, at the time advanced to. */
/** The source is regulated to this from now on; 0 V, 0 A: off. */
void world_set_source(struct world *w, const struct setpoint *sp);
void world_set_connection(struct world *w, enum connection conn);
void world_set_temperature(struct world *w, double celsius);
void world_scale_current(struct world *w, double scale);

/** Integrals up to now. */
void world_sums(const struct world *w, struct world_sums *out);

#endif
