/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/energy_slope.h"

#include <math.h>

#include "metrology/stats.h"

enum { EDGES_MIN = 5, BEAT_EXCLUDED_EDGES = 15, WALK_EDGES_MIN = 20, WRAPS_MIN = 3 };
static const double BEAT_FRACTION = 0.02, BEAT_LAG1 = 0.5, WALK_GROWTH = 1.5;
static const double LINE_TOLERANCE = 1e-3, TURNS_MIN = 2, SAWTOOTH_SD = 0.2, TICK_S = 0.010;

/* Sums over the pulse numbers, and a straight line y = y_mean + slope*(k - k_mean). */
struct line {
	double k_mean, s_kk, y_mean, slope, sd;
};

static struct line fit(const int32_t *k, const double *y, size_t n)
{
	struct line l = { 0 };
	double s_ky = 0, s_rr = 0;

	for (size_t i = 0; i < n; i++) {
		l.k_mean += (k[i] - l.k_mean) / (double)(i + 1);
		l.y_mean += (y[i] - l.y_mean) / (double)(i + 1);
	}
	for (size_t i = 0; i < n; i++) {
		l.s_kk += (k[i] - l.k_mean) * (k[i] - l.k_mean);
		s_ky += (k[i] - l.k_mean) * (y[i] - l.y_mean);
	}
	l.slope = s_ky / l.s_kk;
	for (size_t i = 0; i < n; i++) {
		const double r = y[i] - l.y_mean - l.slope * (k[i] - l.k_mean);

		s_rr += r * r;
	}
	l.sd = sqrt(s_rr / (double)(n - 2));
	return l;
}

static double or_zero(double v)
{
	return isnan(v) ? 0 : v;
}

double slope_grid_or_cycle_s(double grid_s, double line_hz)
{
	if (!isnan(grid_s))
		return grid_s;
	return line_hz > 0 ? 1 / line_hz : 1 / 50.0;
}

/* Declared standard deviation of one edge besides, and with, its grid. */
static double jitter_s(const struct slope_setup *s)
{
	return hypot(or_zero(s->edge_sigma_s), s->stamp_resolution_s / sqrt(12));
}

static double declared_s(const struct slope_setup *s)
{
	return hypot(jitter_s(s), or_zero(s->grid_s) / sqrt(12));
}

/* ---- residuals of the edges ---- */
struct residuals {
	bool by_time;
	double sd_s, range_s; /* of stamps or energies, whichever scatter less */
	double time_sd_s, energy_sd_s;
	double lag1;
	int wraps; /* neighbours more than half the range apart */
};

static struct residuals choose_residuals(const struct slope_data *d, const struct line *time,
					 const struct line *energy, struct slope_room *room)
{
	const double s_per_wh = time->slope / energy->slope;
	const bool by_time = time->sd <= energy->sd * s_per_wh;
	struct residuals r = { .by_time = by_time,
			       .sd_s = by_time ? time->sd : energy->sd * s_per_wh,
			       .time_sd_s = time->sd,
			       .energy_sd_s = energy->sd * s_per_wh };
	double lo = INFINITY, hi = -INFINITY;

	for (size_t i = 0; i < d->n; i++) {
		const double dt =
			d->t_s[i] - time->y_mean - time->slope * (d->number[i] - time->k_mean);
		const double de = room->energy_wh[i] - energy->y_mean -
				  energy->slope * (d->number[i] - energy->k_mean);

		room->residual_s[i] = by_time ? dt : de * s_per_wh;
		lo = fmin(lo, room->residual_s[i]);
		hi = fmax(hi, room->residual_s[i]);
	}
	r.range_s = hi - lo;
	r.lag1 = stats_lag1(room->residual_s, d->n);
	for (size_t i = 1; i < d->n; i++)
		r.wraps += fabs(room->residual_s[i] - room->residual_s[i - 1]) > r.range_s / 2;
	return r;
}

/* Would a grid of @p q_s have been seen? Over the record the edges shift against it by so many turns.
 * A sawtooth of two turns or more leaves a standard deviation of q/4 at the least (one of w teeth, less its line:
 * q^2/12*(1 - 1/w^2)), and jitter only adds to it. */
static bool is_excluded(double q_s, const struct residuals *r, double period_s, double n_pulses)
{
	const double slots = period_s / q_s;
	const double turns = n_pulses * (fabs(slots - rint(slots)) - slots * LINE_TOLERANCE);

	return turns >= TURNS_MIN && r->sd_s < SAWTOOTH_SD * q_s;
}

/* The largest grid that may be behind the edges. An unknown one: of those that a meter may have and that round loads meet
 * (a cycle, half of it, a tick of 10 ms) the largest that the edges don't exclude, or what they show if that is more.
 * If none is left, something slow (lag 1) is taken for a grid of its own size. Any other grid is so seldom near enough to a
 * fraction of the period to hide that U needs no room for it. */
static double possible_grid_s(const struct slope_setup *s, const struct slope_data *d,
			      double period_s, const struct residuals *r)
{
	const double cycle_s = slope_grid_or_cycle_s(NAN, s->line_hz);
	const double likely_s[] = { cycle_s, TICK_S, cycle_s / 2 };
	const double n_pulses = d->number[d->n - 1] - d->number[0];
	double largest_s = 0;

	if (!isnan(s->grid_s))
		return s->grid_s;
	if (d->n < BEAT_EXCLUDED_EDGES || !(s->line_hz > 0))
		return fmax(cycle_s, r->range_s);
	for (size_t i = 0; i < sizeof(likely_s) / sizeof(*likely_s); i++)
		if (!is_excluded(likely_s[i], r, period_s, n_pulses))
			largest_s = fmax(largest_s, likely_s[i]);
	if (largest_s > 0)
		return fmax(largest_s, r->range_s);
	return fabs(r->lag1) > BEAT_LAG1 ? r->range_s : 0;
}

/* Mean square of the differences over @p lag edges. */
static double variogram(const double *r, size_t n, size_t lag)
{
	double sum = 0;

	for (size_t i = 0; i + lag < n; i++)
		sum += (r[i + lag] - r[i]) * (r[i + lag] - r[i]);
	return sum / (double)(n - lag);
}

/* Variance that the reference's noise gives to the interpolated energies. */
static double reference_var_s2(const struct slope_data *d, double sigma_ref_s,
			       const struct slope_room *room)
{
	double sum = 0;

	for (size_t i = 0; i < d->n; i++) {
		const double w = room->form[i].w;

		sum += (1 - w) * (1 - w) + w * w;
	}
	return sigma_ref_s * sigma_ref_s * sum / (double)d->n;
}

/* Edges that scatter show it in stamps and energies alike. A load that wanders shows in the stamps only, and what
 * the reference adds to the energies is known. The factor leaves room for chance and for the sawtooth of a grid.
 * With neither grid nor jitter declared, what stays within a grid that is possible may be that. */
static bool is_more_than_declared(const struct slope_setup *s, const struct residuals *r,
				  double possible_s, double ref_var_s2)
{
	const double most_s = 1.5 * declared_s(s);

	if (isnan(s->grid_s) && r->range_s <= possible_s)
		return false;
	return r->time_sd_s > most_s &&
	       r->energy_sd_s * r->energy_sd_s - ref_var_s2 > most_s * most_s;
}

/* Do blocks four times as long scatter in a way that grows with their length? White edges keep their
 * mean square difference, a walk has nearly four times as much. (A beat grows too, but stays inside the
 * grid: it is not more than declared.)
 * @param end_var_s2  Variance of the time between the first and the last edge, if so. */
static bool walks(const double *residual, size_t n, double *end_var_s2, double *dof)
{
	const size_t lag = n / 32 > 0 ? n / 32 : 1, lag4 = 4 * lag;
	double v1, v4;

	if (n < WALK_EDGES_MIN)
		return false;
	v1 = variogram(residual, n, lag);
	v4 = variogram(residual, n, lag4);
	if (!(v4 > WALK_GROWTH * v1))
		return false;
	/* The line took away a part of what happened over lag4: n/(n - lag4) gives it back. */
	*end_var_s2 = v4 * (double)n / (double)lag4 * (double)n / (double)(n - lag4);
	*dof = fmax(1, (double)n / (double)lag4 - 1);
	return true;
}

/* ---- set membership ---- */

/* Largest minus smallest of y_i - b*k_i; it is convex in b. @param growth  Its slope there. */
static double width_at(const int32_t *k, const double *y, size_t n, double b, double *growth)
{
	double lo = INFINITY, hi = -INFINITY;
	int32_t k_lo = 0, k_hi = 0;

	for (size_t i = 0; i < n; i++) {
		const double r = (y[i] - y[0]) - b * (k[i] - k[0]);

		if (r < lo) {
			lo = r;
			k_lo = k[i];
		}
		if (r > hi) {
			hi = r;
			k_hi = k[i];
		}
	}
	*growth = (double)k_lo - k_hi;
	return hi - lo;
}

/* The b farthest out on one side at which all points fit into a band of @p band: what
 * min or max over all pairs (y_j - y_i -+ band)/(j - i) would give. From outside Newton's steps on a convex
 * polygon never overshoot, and end on a corner after a few. */
static double set_end(const int32_t *k, const double *y, size_t n, double b, int side, double band)
{
	for (int i = 0; i < 64; i++) {
		double growth;
		const double over = width_at(k, y, n, b, &growth) - band;

		if (over <= band * 1e-9)
			return b;
		if (growth * side <= 0)
			return NAN; /* past the narrowest place, and still too wide */
		b -= over / growth;
	}
	return NAN;
}

struct set {
	double lo, hi; /* NAN: no such value exists */
};

static struct set set_membership(const int32_t *k, const double *y, size_t n,
				 const struct line *line, double band, double range)
{
	const double reach = 2 * (band + range) / (k[n - 1] - k[0]);

	if (!(band > 0))
		return (struct set){ NAN, NAN };
	return (struct set){
		set_end(k, y, n, line->slope - reach, -1, band),
		set_end(k, y, n, line->slope + reach, 1, band),
	};
}

/* The smallest band that holds all points. */
static double narrowest(const int32_t *k, const double *y, size_t n, const struct line *line,
			double range)
{
	const double reach = 2 * range / (k[n - 1] - k[0]);
	double lo = line->slope - reach, hi = line->slope + reach, growth;

	for (int i = 0; i < 48; i++) {
		const double b = (lo + hi) / 2;

		width_at(k, y, n, b, &growth);
		if (growth > 0)
			hi = b;
		else
			lo = b;
	}
	return width_at(k, y, n, (lo + hi) / 2, &growth);
}

/* The slope may be anywhere in the set: as a standard uncertainty, u^2 = (half width)^2/3 + (distance to the
 * middle)^2. 2u is never less than the distance to the farther end. Only the edges are asked, by their stamps where
 * these scatter less than the energies do. If no slope is left, the load wandered besides: the band is given twice of
 * what it lacked. @return INFINITY: no set, or a grid that was neither declared nor seen to wrap. */
static double set_u_rel(const struct slope_setup *s, const struct slope_data *d,
			const struct residuals *r, double grid_s, const struct line *time,
			const struct line *energy, double sigma_ref_s,
			const struct slope_room *room)
{
	const double *y = r->by_time ? d->t_s : room->energy_wh;
	const struct line *l = r->by_time ? time : energy;
	const double per_s = l->slope / time->slope;
	const double sd_s = r->by_time ? jitter_s(s) : hypot(jitter_s(s), sigma_ref_s);
	const double band = (grid_s + 6 * sd_s) * per_s, range = r->range_s * per_s;
	struct set set;

	if (isnan(s->grid_s) && (d->n < BEAT_EXCLUDED_EDGES || r->wraps < WRAPS_MIN))
		return INFINITY;
	set = set_membership(d->number, y, d->n, l, band, range);
	if (band > 0 && (isnan(set.lo) || isnan(set.hi)))
		set = set_membership(d->number, y, d->n, l,
				     2 * narrowest(d->number, y, d->n, l, range) - band, range);
	if (isnan(set.lo) || isnan(set.hi))
		return INFINITY;
	return hypot((set.hi - set.lo) / sqrt(12), (set.lo + set.hi) / 2 - l->slope) / l->slope;
}

/* Beside the figure: all that the errors of edges and updates together can leave. */
static void set_of_energies(const struct slope_setup *s, const struct slope_data *d,
			    const struct line *energy, double wh_per_s, double range_s,
			    double sigma_ref_s, const struct slope_room *room,
			    struct energy_slope *out)
{
	const double band_s = s->grid_s + 6 * hypot(jitter_s(s), sigma_ref_s);
	const struct set set = set_membership(d->number, room->energy_wh, d->n, energy,
					      band_s * wh_per_s, range_s * wh_per_s);

	out->set_lo_wh = set.lo;
	out->set_hi_wh = set.hi;
}

/* ---- the two parts of the uncertainty ---- */
static bool beat_seen(const struct slope_setup *s, double period_s, double lag1)
{
	const double slots = period_s / s->grid_s;

	if (s->grid_s <= 0)
		return false;
	if (!isnan(s->grid_s) && fabs(slots - rint(slots)) < BEAT_FRACTION)
		return true;
	return fabs(lag1) > BEAT_LAG1;
}

static double beat_bound_rel(double grid_s, double span_s, enum slope_estimator estimator)
{
	return (estimator == SLOPE_FIRST_LAST ? 1 : 1.5) * grid_s / (span_s * sqrt(3));
}

/* White noise of the edges, or a walk. */
static void edge_noise(const struct slope_setup *s, const struct slope_data *d,
		       const struct line *time, const struct residuals *r,
		       const struct slope_room *room, struct energy_slope *out)
{
	const double span_s = (d->number[d->n - 1] - d->number[0]) * time->slope;
	const double declared = declared_s(s);
	double end_var_s2;

	out->walk = out->undeclared && walks(room->residual_s, d->n, &end_var_s2, &out->dof_edge);
	if (out->walk) {
		out->estimator = SLOPE_FIRST_LAST;
		out->u_edge_rel = sqrt(end_var_s2) / span_s;
		return;
	}
	out->estimator = SLOPE_LEAST_SQUARES;
	out->u_edge_rel = fmax(r->sd_s, declared) / (time->slope * sqrt(time->s_kk));
	out->dof_edge = r->sd_s > declared ? (double)(d->n - 2) : INFINITY;
	/* Too few edges to tell a walk, and something is there that was not declared. */
	if (d->n < WALK_EDGES_MIN && out->undeclared)
		out->u_edge_rel =
			fmax(out->u_edge_rel,
			     sqrt(variogram(room->residual_s, d->n, 1) * (double)d->n) / span_s);
}

/* A grid makes a sawtooth, no white noise. Where its edges keep to what was declared the set of slopes says all, and
 * what is besides the grid comes on top. Without a set there is the bound of a beat, if there may be one.
 * @param u_set_rel set_u_rel() */
static void grid_part(const struct slope_setup *s, const struct slope_data *d,
		      const struct line *time, double possible_s, double u_set_rel,
		      struct energy_slope *out)
{
	const double span_s = (d->number[d->n - 1] - d->number[0]) * out->period_s;
	const double beat_rel = beat_bound_rel(possible_s, span_s, out->estimator);
	const double other_rel = jitter_s(s) / (time->slope * sqrt(time->s_kk));
	const bool may_beat = out->beat || d->n < BEAT_EXCLUDED_EDGES || isnan(s->grid_s);
	double bound = beat_rel;

	if (s->grid_s > 0 && !out->undeclared && isfinite(u_set_rel)) {
		out->u_edge_rel = hypot(fmin(u_set_rel, beat_rel), other_rel);
		out->dof_edge = INFINITY;
		return;
	}
	if (isnan(s->grid_s) && !out->walk)
		bound = fmin(beat_rel, u_set_rel);
	if (may_beat && bound > out->u_edge_rel) {
		out->u_edge_rel = bound;
		out->dof_edge = INFINITY;
	}
}

static void reference_part(const struct slope_setup *s, const struct slope_data *d,
			   const struct line *time, const struct line *energy, double estimate_wh,
			   double dof, struct slope_room *room, struct energy_slope *out)
{
	const double power_w = energy->slope / time->slope * 3600;
	const double n_pulses = d->number[d->n - 1] - d->number[0];
	const size_t first = room->form[0].k, last = room->form[d->n - 1].k + 1;
	double declared_var = 0, c2 = 0;

	for (size_t k = first; k <= last; k++)
		room->c[k] = 0;
	for (size_t i = 0; i < d->n; i++) {
		const struct ref_form *f = &room->form[i];
		double a = (d->number[i] - time->k_mean) / time->s_kk;

		if (out->estimator == SLOPE_FIRST_LAST)
			a = i == 0 ? -1 / n_pulses : i == d->n - 1 ? 1 / n_pulses : 0;
		room->c[f->k] += a * (1 - f->w);
		room->c[f->k + 1] += a * f->w;
	}
	for (size_t k = first; k <= last; k++) {
		const double sigma = ref_point_sigma_wh(&d->ref[k], power_w, s->ref_sigma_s,
							s->ref_resolution_wh);

		c2 += room->c[k] * room->c[k];
		declared_var += room->c[k] * room->c[k] * sigma * sigma;
	}
	out->u_ref_rel = sqrt(declared_var) / out->wh_per_pulse;
	out->dof_ref = INFINITY;
	if (estimate_wh * estimate_wh * c2 > declared_var) { /* false for NAN: too few updates */
		out->u_ref_rel = estimate_wh * sqrt(c2) / out->wh_per_pulse;
		out->dof_ref = dof;
	}
}

/* ---- all of it ---- */
static int interpolate(const struct slope_data *d, struct slope_room *room)
{
	size_t hint = 0;

	for (size_t i = 0; i < d->n; i++) {
		const int err = ref_form_at(d->ref, d->n_ref, d->t_s[i], &hint, &room->form[i]);

		if (err < 0)
			return err;
		room->energy_wh[i] = ref_form_energy_wh(d->ref, &room->form[i]);
	}
	return ET_OK;
}

int slope_estimate(const struct slope_setup *setup, const struct slope_data *data,
		   struct slope_room *room, struct energy_slope *out)
{
	struct energy_slope r = { 0 };
	struct line time, energy;
	struct residuals res;
	double estimate_wh, declared_wh, sigma_ref_s, possible_s, dof;
	int err;

	if (data->n < EDGES_MIN || data->n > SLOPE_EDGES_MAX || data->n_ref < 2 ||
	    data->n_ref > SLOPE_POINTS_MAX)
		return ET_ERR_ARG;
	err = interpolate(data, room);
	if (err < 0)
		return err;
	time = fit(data->number, data->t_s, data->n);
	energy = fit(data->number, room->energy_wh, data->n);
	if (!(time.slope > 0 && energy.slope > 0))
		return ET_ERR_ARG;
	r.period_s = time.slope;
	r.first_last_wh = (room->energy_wh[data->n - 1] - room->energy_wh[0]) /
			  (data->number[data->n - 1] - data->number[0]);

	estimate_wh = ref_sigma_estimate_wh(data->ref, data->n_ref, &dof);
	declared_wh =
		ref_point_sigma_wh(&data->ref[room->form[0].k], energy.slope / time.slope * 3600,
				   setup->ref_sigma_s, setup->ref_resolution_wh);
	sigma_ref_s = fmax(declared_wh, or_zero(estimate_wh)) * time.slope / energy.slope;
	res = choose_residuals(data, &time, &energy, room);
	r.beat = beat_seen(setup, time.slope, res.lag1);
	possible_s = possible_grid_s(setup, data, time.slope, &res);
	r.undeclared = is_more_than_declared(setup, &res, possible_s,
					     reference_var_s2(data, sigma_ref_s, room));
	edge_noise(setup, data, &time, &res, room, &r);
	grid_part(setup, data, &time, possible_s,
		  set_u_rel(setup, data, &res, possible_s, &time, &energy, sigma_ref_s, room), &r);
	r.wh_per_pulse = r.estimator == SLOPE_FIRST_LAST ? r.first_last_wh : energy.slope;
	if (!(r.wh_per_pulse > 0))
		return ET_ERR_ARG;
	set_of_energies(setup, data, &energy, energy.slope / time.slope, res.range_s, sigma_ref_s,
			room, &r);
	reference_part(setup, data, &time, &energy, estimate_wh, dof, room, &r);
	*out = r;
	return ET_OK;
}

double slope_ref_edge_s(const struct slope_setup *setup, const struct ref_point *ref, size_t n_ref,
			double power_w, double period_s)
{
	double var_wh2 = 0, update_s;

	if (n_ref < 2)
		return 0;
	for (size_t i = 0; i < n_ref; i++) {
		const double sigma = ref_point_sigma_wh(&ref[i], power_w, setup->ref_sigma_s,
							setup->ref_resolution_wh);

		var_wh2 += sigma * sigma / (double)n_ref;
	}
	update_s = (ref[n_ref - 1].t_s - ref[0].t_s) / (double)(n_ref - 1);
	return sqrt(var_wh2 * fmax(2.0 / 3, update_s / period_s)) * 3600 / power_w;
}

int slope_edges_for(const struct slope_setup *setup, double period_s, double ref_edge_s,
		    double floor_rel, int edges_min)
{
	const double grid_s = slope_grid_or_cycle_s(setup->grid_s, setup->line_hz);
	const double edge_s = hypot(jitter_s(setup), grid_s / sqrt(12));
	int n = edges_min < EDGES_MIN ? EDGES_MIN : edges_min;

	for (; n <= SLOPE_EDGES_MAX; n++) {
		const double s_kk = (double)n * ((double)n * n - 1) / 12;
		const double u = hypot(edge_s, ref_edge_s) / (period_s * sqrt(s_kk));

		if (2 * u <= floor_rel)
			break;
	}
	return n;
}
