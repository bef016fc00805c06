/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/reference_standard/modbus_meter_energy.c - the energy register of a Modbus meter: when it shows a new value is
 * found by asking, poll_s after poll_s. The update lies between the last question that was still answered with the
 * old value and the first answer with the new one; a window that is wide, because answers were lost, is no sample.
 *
 * The register is never reset: energy is counted from its value at the start. Its pulse constant is one count for
 * each step. A checksum guards each answer, and beside it the register is compared with the power now and then. */
#include <math.h>

#include "drivers/reference_standard/modbus_meter.h"

enum { FAILURES_MAX = 3, CHECK_FIRST = 4, CHECK_EVERY = 20, DISAGREE_MAX = 2 };
static const double POWER_TOLERANCE = 0.05;
static const double SLACK_S = 0.1;

/* The link is in step again by the next question, which may be the same. */
static bool is_lost(int err)
{
	return err == ET_ERR_TIMEOUT || err == ET_ERR_PROTO;
}

/* One step of the register, or of its float where that is coarser. */
static double resolution_at(const struct driver_inst *d, double wh)
{
	const struct modbus_map_register *r = modbus_map_find(&d->map, MM_ENERGY);
	const float unit = (float)(wh / r->scale);

	if (r->type != REG_F32)
		return d->map.energy_resolution_wh;
	return fmax(d->map.energy_resolution_wh,
		    r->scale * (double)(nextafterf(unit, INFINITY) - unit));
}

static void describe(const struct driver_inst *d, struct ref_register *out)
{
	*out = (struct ref_register){
		.constant_imp_per_kwh = 1000 / d->map.energy_resolution_wh,
		.update_interval_s = NAN,
		.resolution_wh = resolution_at(d, d->em.last_wh),
	};
	for (int k = 0; k < ET_PHASES; k++) {
		out->range_v[k] = d->volt_max_v;
		out->range_a[k] = d->curr_max_a;
	}
}

int mm_energy_start(struct driver_inst *d, struct ref_register *out)
{
	struct mm_energy em = { .agreed_ns = INT64_MIN, .next_check = CHECK_FIRST };
	int err = mm_read_energy(d, &em.start_wh);

	if (is_lost(err))
		err = mm_read_energy(d, &em.start_wh);
	if (err != ET_OK)
		return err;
	em.running = true;
	em.last_wh = em.start_wh;
	em.resolution_wh = resolution_at(d, em.start_wh);
	em.t_lo_ns = d->l.t_before_ns;
	em.next_poll_ns = d->l.t_before_ns + (int64_t)(d->poll_s * ET_NS_PER_S);
	d->em = em;
	describe(d, out);
	return ET_OK;
}

int mm_energy_stop(struct driver_inst *d, struct ref_register *out)
{
	struct mm_values x;
	int err;

	if (!d->em.running)
		return mm_fault(&d->l, ET_ERR_STATE, "the energy register is not being read");
	d->em.running = false;
	err = mm_read_values(d, &x);
	if (is_lost(err))
		err = mm_read_values(d, &x);
	if (err == ET_OK && x.v[MM_ENERGY] < d->em.last_wh)
		return mm_fault(&d->l, ET_ERR_LOST, "the energy register fell from %.8g to %.8g Wh",
				d->em.last_wh, x.v[MM_ENERGY]);
	if (err == ET_OK)
		describe(d, out);
	return err;
}

/* ---- samples ---- */

/* Wider than a look or two, and the instant of the update is not known well enough. */
static bool is_fine(const struct driver_inst *d, int64_t width_ns)
{
	const int64_t answer_ns = d->l.t_after_ns - d->l.t_before_ns;

	return width_ns <= 2 * ((int64_t)(d->poll_s * ET_NS_PER_S) + answer_ns) +
				   (int64_t)(SLACK_S * ET_NS_PER_S);
}

/* Can so much energy have come since the last look? */
static int check_step(struct driver_inst *d, double wh, int64_t t_hi_ns)
{
	const struct mm_energy *em = &d->em;
	const double h = (double)(t_hi_ns - em->t_lo_ns) / ET_NS_PER_S / 3600;

	if (wh < em->last_wh)
		return mm_fault(&d->l, ET_ERR_LOST, "the energy register fell from %.8g to %.8g Wh",
				em->last_wh, wh);
	if (wh - em->last_wh > 1.2 * mm_full_power_w(d) * h + 2 * em->resolution_wh)
		return mm_fault(&d->l, ET_ERR_LOST,
				"the energy register jumped from %.8g to %.8g Wh in %.3g s",
				em->last_wh, wh, 3600 * h);
	return ET_OK;
}

/* The register against the power, now and then: its mean since the last time that they agreed. */
static int check_power(struct driver_inst *d, double wh, int64_t t_ns, bool *overload)
{
	struct mm_energy *em = &d->em;
	const double span_s = (double)(t_ns - em->agreed_ns) / ET_NS_PER_S;
	const double mean_w = (wh - em->agreed_wh) * 3600 / span_s;
	struct mm_values x;
	double power_w;
	int err;

	if (em->n_seen < em->next_check)
		return ET_OK;
	err = mm_read_values(d, &x);
	if (is_lost(err))
		return ET_OK; /* another time */
	if (err != ET_OK)
		return err;
	*overload = x.overload;
	power_w = mm_power_sum_w(&x);
	if (fabs(power_w - mean_w) <=
	    POWER_TOLERANCE * fabs(power_w) + 1.5 * em->resolution_wh * 3600 / span_s) {
		em->disagreements = 0;
		em->next_check = em->n_seen + CHECK_EVERY;
		em->agreed_wh = wh;
		em->agreed_ns = t_ns;
		return ET_OK;
	}
	if (++em->disagreements < DISAGREE_MAX)
		return ET_OK; /* damage that no checksum saw? */
	return mm_fault(&d->l, ET_ERR_LOST,
			"the energy register says %.6g W, the power registers say %.6g W", mean_w,
			power_w);
}

/* A new value came in (t_lo, t_hi]. @p timed  Whether that is narrow enough for a sample. */
static int accept(struct driver_inst *d, double wh, int64_t t_hi_ns, bool *timed,
		  struct ref_sample *out)
{
	struct mm_energy *em = &d->em;
	const struct ref_sample s = { .t_lo_ns = em->t_lo_ns,
				      .t_hi_ns = t_hi_ns,
				      .energy_wh = wh - em->start_wh,
				      .seq = em->seq + 1 };
	const int64_t middle_ns = s.t_lo_ns + (t_hi_ns - s.t_lo_ns) / 2;
	bool overload = false;
	int err = check_step(d, wh, t_hi_ns);

	if (err != ET_OK)
		return err;
	*timed = is_fine(d, t_hi_ns - em->t_lo_ns);
	em->last_wh = wh;
	em->t_lo_ns = d->l.t_before_ns;
	em->resolution_wh = resolution_at(d, wh);
	em->n_seen++;
	em->seq++;
	if (*timed && em->agreed_ns == INT64_MIN) { /* the first one: counted from here */
		em->agreed_wh = wh;
		em->agreed_ns = middle_ns;
	} else if (*timed) {
		err = check_power(d, wh, middle_ns, &overload);
		if (err != ET_OK)
			return err;
	}
	*out = s;
	out->flags = overload ? REF_OVERLOAD : 0;
	return ET_OK;
}

/* One look. @return ET_OK with *timed when there is a sample. */
static int look(struct driver_inst *d, bool *timed, struct ref_sample *out)
{
	struct mm_energy *em = &d->em;
	double wh;
	int err = mm_read_energy(d, &wh);

	*timed = false;
	em->next_poll_ns = d->l.t_before_ns + (int64_t)(d->poll_s * ET_NS_PER_S);
	if (err != ET_OK)
		return err;
	if (wh != em->last_wh)
		return accept(d, wh, d->l.t_after_ns, timed, out);
	em->t_lo_ns = d->l.t_before_ns;
	return ET_OK;
}

int mm_energy_sample(struct driver_inst *d, int64_t deadline_ns, struct ref_sample *out)
{
	struct mm_energy *em = &d->em;

	if (!em->running)
		return mm_fault(&d->l, ET_ERR_STATE, "the energy register is not being read");
	for (;;) {
		bool timed;
		int err;

		if (em->next_poll_ns > deadline_ns) {
			clk_sleep_until(d->l.env.clk, deadline_ns);
			fault_set(d->l.env.fault, ET_OK, "%s", "");
			return ET_ERR_TIMEOUT; /* no update yet, nothing failed */
		}
		clk_sleep_until(d->l.env.clk, em->next_poll_ns);
		err = look(d, &timed, out);
		if (err == ET_OK) {
			em->failures = 0;
			if (timed)
				return ET_OK;
		} else if (!is_lost(err) || ++em->failures >= FAILURES_MAX) {
			return err;
		}
	}
}
