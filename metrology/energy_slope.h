/* SPDX-License-Identifier: Apache-2.0 */
/* metrology/energy_slope.h - energy of the reference per pulse of the meter, and its type A uncertainty.
 *
 * Least squares of reference energy on pulse number, b = sum a_i*E(t_i), a_i = (k_i - k_mean)/S,
 * S = sum (k_i - k_mean)^2. Where the residuals walk (the meter's power noise is white, so its energy
 * noise is not) the first and the last edge alone are the better estimator.
 *
 * The uncertainty has two parts.
 *
 * Edges. Each edge is off by some time of its own, u = sd/(T_p*sqrt(S)) relative. sd is the larger of
 * what is declared, sqrt(q^2/12 + sigma_t^2), and what the residuals show. Residuals of the energies
 * at the edges contain the reference's own noise, residuals of the stamps contain what the load
 * wandered: both are the edges' noise plus something independent of it, so the smaller of the two is
 * taken, and is still not too small.
 *
 * A meter that emits on a grid of q makes a sawtooth, not white noise: where its period is near a simple
 * fraction of q the error may reach 1.5*q/T (first-last: q/T), elsewhere it is far less than white noise
 * leaves. The set of all slopes that no edge contradicts (set membership, band q + 6 sd) tells which:
 * u_set^2 = (half its width)^2/3 + (distance of the slope from its middle)^2. With a declared grid to
 * which the edges keep, the part is min(u_set, 1.5*q/(T*sqrt(3))), and the declared jitter on top.
 * Where they don't, or q is not known, it is that of white noise, and not under that bound when a beat is
 * seen or can't be excluded: fewer than 15 edges, or an unknown q that may be there. That is one cycle of the line,
 * 10 ms or half a cycle, the largest that the edges don't exclude, or what the residuals show if that is more. Edges
 * exclude a grid when they shift against it by two turns or more, whatever the line was within 0.1 % of what was
 * measured, and yet scatter less than its sawtooth would.
 * From 15 edges on, and when the sawtooth was seen to wrap three times, its set may take the bound's place. Likewise
 * a walk: with fewer than 20 edges whose residuals are more than was declared the part is not under that of a walk.
 *
 * Reference. Several edges between the same two updates of the register share their errors. Put
 * together, b = sum c_k*R_k over the updates, so u = sigma_ref*sqrt(sum c_k^2), with the larger of the
 * declared sigma_ref and the one that the register shows (reference_energy.h).
 *
 * Pure; no allocation; safe in any thread. */
#ifndef METROLOGY_ENERGY_SLOPE_H
#define METROLOGY_ENERGY_SLOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "metrology/reference_energy.h"

enum { SLOPE_EDGES_MAX = 4096, SLOPE_POINTS_MAX = 4096 };

struct slope_setup {
	double line_hz; /* at the point, as measured; NAN or 0: not known */
	double grid_s; /* q; 0: none; NAN: not known */
	double edge_sigma_s; /* declared, besides the grid; NAN: not declared */
	double stamp_resolution_s;
	double ref_sigma_s, ref_resolution_wh; /* declared, of one update */
};

struct slope_data {
	const double *t_s; /* accepted edges, rising */
	const int32_t *number; /* their pulse numbers, rising */
	size_t n; /* 5 to SLOPE_EDGES_MAX */
	const struct ref_point
		*ref; /* the register, from before the first to after the last edge */
	size_t n_ref; /* 2 to SLOPE_POINTS_MAX */
};

enum slope_estimator { SLOPE_LEAST_SQUARES = 0, SLOPE_FIRST_LAST };

struct energy_slope {
	enum slope_estimator estimator;
	double wh_per_pulse; /* as indicated by the reference */
	double period_s;
	double first_last_wh; /* beside it: the other estimators */
	/* set membership: what no error larger than q + 3 sd at either end can leave; NAN: q not
	 * known, or no such value exists */
	double set_lo_wh, set_hi_wh;
	bool beat, walk;
	bool undeclared; /* the edges scatter more than 1.5 times what was declared: stamps and energies do,
			  * the energies beyond what the reference explains */
	double u_edge_rel, dof_edge; /* relative to wh_per_pulse */
	double u_ref_rel, dof_ref;
};

struct slope_room { /* scratch of one call, the caller's */
	struct ref_form form[SLOPE_EDGES_MAX];
	double energy_wh[SLOPE_EDGES_MAX], residual_s[SLOPE_EDGES_MAX];
	double c[SLOPE_POINTS_MAX];
};

/** @return ET_ERR_ARG when counts are out of range or the register does not rise over the edges;
 *  ET_ERR_STATE when an edge is not between two updates. @param out Untouched then. */
int slope_estimate(const struct slope_setup *setup, const struct slope_data *data,
		   struct slope_room *room, struct energy_slope *out) ET_CHECK;

/** What the reference adds to the standard deviation of one edge, as declared, had each edge an error of its
 * own. Edges farther apart than the updates have one: w is uniform, and (1-w)^2 + w^2 is 2/3 in the mean. Where
 * many edges share an update, sum c_k^2 = 12*update/T^3 instead of 12*period/T^3, as if each had update/period
 * of its variance. @return 0 with fewer than 2 updates: nothing is known yet. */
double slope_ref_edge_s(const struct slope_setup *setup, const struct ref_point *ref, size_t n_ref,
			double power_w, double period_s);

/** @p grid_s, or if that is not known one cycle of @p line_hz (if not that either: of 50 Hz). */
double slope_grid_or_cycle_s(double grid_s, double line_hz);

/** Number of edges after which 2*u of both parts is at most @p floor_rel, as declared, where no beat is in the way;
 * @p edges_min at least; SLOPE_EDGES_MAX + 1 when that does not suffice.
 * @param ref_edge_s  As slope_ref_edge_s() says; 0: the edges' part alone. */
int slope_edges_for(const struct slope_setup *setup, double period_s, double ref_edge_s,
		    double floor_rel, int edges_min);

#endif
