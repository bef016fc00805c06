/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/reference_standard/zera_com5003_em.c - the energy register EM01 of a COM5003.
 *
 * The register shows a new value about once a second. When it does is found by asking: the update lies between the
 * last question that was still answered with the old value and the first answer with the new one. The interval
 * is learned, and questions are asked only around the instant that it predicts, so that a sample costs a handful of
 * them. Every new value is asked for twice: answers are bare numbers without a checksum, and a digit that changed on
 * its way would be an update that never was. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/reference_standard/zera_com5003.h"

#define EM "CALCULATE:EM01:0001:"
#define MS_NS ((int64_t)1000000)
#define SEARCH_GAP_NS (15 * MS_NS) /* while the next update can't be predicted */
#define JITTER_NS (2 * MS_NS) /* of the register's own updates */
#define FINE_NS (50 * MS_NS) /* wider windows are for learning only, on a fast link */
#define IDLE_GAP_NS (250 * MS_NS) /* when no update comes: no load, or a resolution too coarse */
#define UNKNOWN_INTERVAL_NS ((int64_t)5 * ET_NS_PER_S)
#define SETTLE_NS ((int64_t)3 * ET_NS_PER_S)
#define PAUSE_NS (50 * MS_NS)
enum { FAILURES_MAX = 3, CHECK_FIRST = 3, CHECK_EVERY = 30, DISAGREE_MAX = 2 };
static const double POWER_TOLERANCE = 0.05;

/* ---- the register ---- */

static int read_energy(struct driver_inst *d, double *kwh, int *digits)
{
	char text[COM_COMMAND_MAX];
	int err = zcom_ask_number_text(&d->l, EM "ENERGY?", kwh, text), n = 0;

	if (err != ET_OK)
		return err;
	for (const char *p = text; *p && *p != 'e' && *p != 'E'; p++)
		if (*p >= '0' && *p <= '9' && (n || *p != '0'))
			n++;
	*digits = n;
	return ET_OK;
}

/* One step of the reply at a value of this size. */
static double resolution_kwh(const struct zcom_register *em, double kwh)
{
	if (kwh == 0 || em->digits == 0)
		return 0;
	return pow(10, floor(log10(fabs(kwh))) + 1 - em->digits);
}

static int describe(struct driver_inst *d, struct ref_register *out)
{
	struct zcom_register *em = &d->em;

	*out = (struct ref_register){
		.constant_imp_per_kwh = em->constant_imp_per_kwh,
		.update_interval_s =
			d->rhythm.interval_ns ? (double)d->rhythm.interval_ns / ET_NS_PER_S : NAN,
		/* before there is a value: 8 digits of 1 kWh */
		.resolution_wh = em->n_seen ? 1e3 * resolution_kwh(em, em->energy_kwh) : 1e-4,
	};
	memcpy(out->range_v, em->ranges.volt_v, sizeof(out->range_v));
	memcpy(out->range_a, em->ranges.curr_a, sizeof(out->range_a));
	return ET_OK;
}

static bool same_ranges(const struct zcom_ranges *a, const struct zcom_ranges *b)
{
	for (int i = 0; i < ET_PHASES; i++)
		if (a->volt_v[i] != b->volt_v[i] || a->curr_a[i] != b->curr_a[i])
			return false;
	return true;
}

/* No checksum guards them: two readings in a row must agree. */
static int read_ranges_twice(struct driver_inst *d, struct zcom_ranges *out)
{
	struct zcom_ranges a, b;
	int err = zcom_read_ranges(d, &a);

	for (int i = 0; i < 3 && err == ET_OK; i++) {
		err = zcom_read_ranges(d, &b);
		if (err == ET_OK && same_ranges(&a, &b)) {
			*out = a;
			return ET_OK;
		}
		a = b;
	}
	return err == ET_OK ? zcom_fault(&d->l, ET_ERR_LOST, "its ranges change") : err;
}

/* The constant follows the ranges a little later, and the register's a little after that. */
static int read_constant(struct driver_inst *d, double *out)
{
	int64_t until_ns = clk_now_ns(d->l.env.clk) + SETTLE_NS;
	double pow1, em01;

	for (;;) {
		int err = zcom_ask_number(&d->l, "CONFIGURATION:POW1:M0CONSTANT?", &pow1);

		if (err == ET_OK)
			err = zcom_ask_number(&d->l, EM "REFCONSTANT?", &em01);
		if (err != ET_OK)
			return err;
		if (pow1 > 0 && pow1 == em01)
			break;
		if (clk_now_ns(d->l.env.clk) >= until_ns)
			return zcom_fault(&d->l, ET_ERR_DEVICE,
					  "M0CONSTANT is %g and REFCONSTANT of EM01 %g", pow1,
					  em01);
		clk_sleep_until(d->l.env.clk, clk_now_ns(d->l.env.clk) + PAUSE_NS);
	}
	*out = pow1;
	return ET_OK;
}

/* STATUS? 1: waits, 2: runs; 0, 4, 8: idle, ready, aborted. */
static int is_running(struct driver_inst *d, bool *running)
{
	double status;
	int err = zcom_ask_number(&d->l, EM "STATUS?", &status);

	if (err == ET_OK)
		*running = status == 1 || status == 2;
	return err;
}

static int stop_running(struct driver_inst *d)
{
	int64_t until_ns = clk_now_ns(d->l.env.clk) + SETTLE_NS;
	bool running;
	int err = zcom_tell(&d->l, EM "START 0");

	while (err == ET_OK) {
		err = is_running(d, &running);
		if (err != ET_OK || !running)
			return err;
		if (clk_now_ns(d->l.env.clk) >= until_ns)
			return zcom_fault(&d->l, ET_ERR_DEVICE,
					  "the energy register does not stop");
		clk_sleep_until(d->l.env.clk, clk_now_ns(d->l.env.clk) + PAUSE_NS);
	}
	return err;
}

static int set_up(struct driver_inst *d)
{
	bool running;
	char answer[COM_ANSWER_MAX];
	int err = is_running(d, &running);

	if (err == ET_OK && running)
		err = stop_running(d);
	if (err == ET_OK)
		err = zcom_tell_confirmed(&d->l, EM "MODE 0", EM "MODE?", "0");
	if (err == ET_OK)
		err = zcom_tell_confirmed(&d->l, EM "TXUNIT kWh", EM "TXUNIT?", "kWh");
	if (err == ET_OK)
		err = zcom_ask_text(&d->l, "CONFIGURATION:RNG1:RNGAUTO?", answer);
	if (err == ET_OK && strcmp(answer, "0"))
		err = zcom_fault(&d->l, ET_ERR_STATE, "automatic ranging is on");
	return err;
}

/* Ask once more. @return ET_OK with *kwh what two answers in a row agreed on and when the first of them was
 * complete. */
static int read_twice(struct driver_inst *d, double *kwh, int64_t *t_hi_ns)
{
	for (int i = 0; i < 3; i++) {
		double again;
		int digits, err = read_energy(d, &again, &digits);

		if (err != ET_OK)
			return err;
		if (again == *kwh) {
			d->em.digits = digits > d->em.digits ? digits : d->em.digits;
			return ET_OK;
		}
		*kwh = again;
		*t_hi_ns = d->l.t_after_ns;
	}
	return zcom_fault(&d->l, ET_ERR_PROTO, "ENERGY? has another answer each time");
}

/* The register begins anew: wait until the value of the run before is gone. */
static int await_fresh(struct driver_inst *d, double before_kwh)
{
	struct zcom_register *em = &d->em;
	int64_t until_ns = clk_now_ns(d->l.env.clk) + SETTLE_NS;
	int digits;

	for (;;) {
		int64_t t_hi_ns;
		int err = read_energy(d, &em->energy_kwh, &digits);

		if (err == ET_OK)
			err = read_twice(d, &em->energy_kwh, &t_hi_ns);
		if (err != ET_OK)
			return err;
		em->t_lo_ns = em->t_start_ns = d->l.t_before_ns;
		if (before_kwh == 0 || em->energy_kwh != before_kwh)
			return ET_OK;
		if (clk_now_ns(d->l.env.clk) >= until_ns)
			return zcom_fault(&d->l, ET_ERR_DEVICE,
					  "the energy register did not begin anew");
		clk_sleep_until(d->l.env.clk, clk_now_ns(d->l.env.clk) + PAUSE_NS);
	}
}

int zcom_em_start(struct driver_inst *d, struct ref_register *out)
{
	struct zcom_register *em = &d->em;
	double before_kwh;
	int digits, err;

	*em = (struct zcom_register){ .next_check = CHECK_FIRST };
	err = set_up(d);
	if (err == ET_OK)
		err = read_constant(d, &em->constant_imp_per_kwh);
	if (err == ET_OK)
		err = read_ranges_twice(d, &em->ranges);
	if (err == ET_OK)
		err = read_energy(d, &before_kwh, &digits);
	if (err == ET_OK)
		err = zcom_tell_confirmed(&d->l, EM "START 1", EM "STATUS?", "2");
	if (err == ET_OK)
		err = zcom_check_errors(&d->l);
	if (err == ET_OK)
		err = await_fresh(d, before_kwh);
	if (err != ET_OK)
		return err;
	em->running = true;
	em->next_poll_ns = clk_now_ns(d->l.env.clk);
	/* The interval of the run before is a good guess; where it begins is not known. */
	d->rhythm = (struct zcom_rhythm){
		.interval_ns = d->rhythm.interval_ns,
		.due_ns = INT64_MIN,
		.gap_ns = SEARCH_GAP_NS,
	};
	return describe(d, out);
}

/* ---- rhythm ---- */

static int64_t most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* After looks that were rare the window is too wide to measure with. A slow line has wide ones only. */
static bool is_fine(const struct driver_inst *d, int64_t width_ns)
{
	return width_ns <= most(FINE_NS, 3 * (d->l.t_after_ns - d->l.t_before_ns));
}

/* An update was seen in (t_lo, t_hi]: how many there were since the last one, and when to look for the next. */
static int64_t learn(struct driver_inst *d, int64_t t_lo_ns, int64_t t_hi_ns)
{
	struct zcom_rhythm *r = &d->rhythm;
	int64_t width = t_hi_ns - t_lo_ns, middle = t_lo_ns + width / 2, half, n = 1;
	bool first = r->last_width_ns == 0;

	if (!first && r->interval_ns)
		n = most(1, (middle - r->last_ns + r->interval_ns / 2) / r->interval_ns);
	if (!is_fine(d, width)) { /* answers were lost, or the interval is wrong: begin anew */
		*r = (struct zcom_rhythm){ .last_ns = middle,
					   .due_ns = INT64_MIN,
					   .gap_ns = SEARCH_GAP_NS };
		d->em.next_poll_ns = clk_now_ns(d->l.env.clk);
		return n;
	}
	r->anchor_n += n;
	if (first) {
		r->anchor_ns = middle;
		r->anchor_width_ns = width;
		r->anchor_n = 0;
	} else {
		r->interval_ns = (middle - r->anchor_ns) / r->anchor_n;
	}
	r->last_ns = middle;
	r->last_width_ns = width;
	if (!r->interval_ns) {
		r->gap_ns = SEARCH_GAP_NS;
		d->em.next_poll_ns = clk_now_ns(d->l.env.clk);
		return n;
	}
	half = width / 2 + JITTER_NS;
	if (r->anchor_n)
		half += (r->anchor_width_ns + width) / 2 / r->anchor_n;
	else
		half += r->interval_ns /
			50; /* of the run before, whose clock may have been another */
	r->due_ns = middle + r->interval_ns + half;
	d->em.next_poll_ns = middle + r->interval_ns - half;
	r->gap_ns = most((int64_t)(d->poll_s * ET_NS_PER_S), half / 4);
	return n;
}

/* Still the old value. Long after the predicted instant looks become rare. */
static void plan_next_look(struct driver_inst *d)
{
	struct zcom_rhythm *r = &d->rhythm;
	int64_t asked_ns = d->l.t_before_ns, gap_ns = r->gap_ns;
	int64_t since_ns = most(r->last_ns, d->em.t_start_ns);

	if (r->due_ns != INT64_MIN && asked_ns > r->due_ns)
		gap_ns = SEARCH_GAP_NS;
	if (asked_ns - since_ns > (r->interval_ns ? 3 * r->interval_ns : UNKNOWN_INTERVAL_NS))
		gap_ns = IDLE_GAP_NS;
	d->em.next_poll_ns = asked_ns + gap_ns;
}

/* ---- samples ---- */

static int check_power(struct driver_inst *d, double mean_w, int64_t n)
{
	struct zcom_register *em = &d->em;
	double full_w = 0, power_w;
	int err;

	if (n != 1 || em->n_seen < em->next_check ||
	    d->integration_s * ET_NS_PER_S > 0.6 * (double)d->rhythm.interval_ns)
		return ET_OK;
	for (int i = 0; i < ET_PHASES; i++)
		full_w += em->ranges.volt_v[i] * em->ranges.curr_a[i];
	err = zcom_read_power(d, &power_w);
	if (err == ET_ERR_TIMEOUT || err == ET_ERR_PROTO)
		return ET_OK; /* another time; the link is in step again */
	if (err != ET_OK)
		return err;
	if (fabs(power_w - mean_w) <= POWER_TOLERANCE * fabs(power_w) + 1e-3 * full_w) {
		em->disagreements = 0;
		em->next_check = em->n_seen + CHECK_EVERY;
		return ET_OK;
	}
	if (++em->disagreements < DISAGREE_MAX)
		return ET_OK; /* the load may just have changed */
	return zcom_fault(&d->l, ET_ERR_LOST, "the energy register says %.6g W, POW1 says %.6g W",
			  mean_w, power_w);
}

/* A new value, seen twice, that came in (t_lo, t_hi]. */
static int accept(struct driver_inst *d, double kwh, int64_t t_hi_ns, struct ref_sample *out)
{
	struct zcom_register *em = &d->em;
	struct ref_sample s = { .t_lo_ns = em->t_lo_ns,
				.t_hi_ns = t_hi_ns,
				.energy_wh = kwh * 1e3 };
	double step = kwh - em->energy_kwh, res = resolution_kwh(em, kwh);
	int64_t last_ns = d->rhythm.last_ns, n;
	bool overload, timed = d->rhythm.last_width_ns != 0;
	int err;

	if (em->n_seen && fabs(em->energy_kwh) > 100 * res &&
	    fabs(kwh) < 0.5 * fabs(em->energy_kwh))
		return zcom_fault(&d->l, ET_ERR_LOST,
				  "the energy register fell from %.8g to %.8g kWh", em->energy_kwh,
				  kwh);
	if (em->n_seen > 1 && step * em->step_kwh < 0 && fabs(step) > 3 * res)
		s.flags |= REF_SIGN_FLIP;
	n = learn(d, em->t_lo_ns, t_hi_ns);
	em->energy_kwh = kwh;
	em->step_kwh = step;
	em->n_seen++;
	em->seq += (uint32_t)n;
	s.seq = em->seq;
	err = zcom_read_overload(d, &overload);
	if (err == ET_ERR_TIMEOUT || err == ET_ERR_PROTO)
		err = zcom_read_overload(d, &overload);
	if (err == ET_OK && timed && d->rhythm.last_width_ns)
		err = check_power(
			d, step * 3.6e6 / ((double)(d->rhythm.last_ns - last_ns) / ET_NS_PER_S), n);
	if (err != ET_OK)
		return err;
	if (overload)
		s.flags |= REF_OVERLOAD;
	*out = s;
	return ET_OK;
}

/* One look. @return ET_OK with *fresh when there is a new value, sample in @p out. */
static int look(struct driver_inst *d, bool *fresh, struct ref_sample *out)
{
	struct zcom_register *em = &d->em;
	double kwh;
	int64_t t_before_ns, t_hi_ns;
	int digits, err = read_energy(d, &kwh, &digits);

	*fresh = false;
	if (err != ET_OK)
		return err;
	t_before_ns = d->l.t_before_ns;
	t_hi_ns = d->l.t_after_ns;
	if (kwh != em->energy_kwh) {
		err = read_twice(d, &kwh, &t_hi_ns);
		if (err != ET_OK)
			return err;
		t_before_ns =
			d->l.t_before_ns; /* of the last answer, which is the one that counts */
	}
	if (kwh != em->energy_kwh) {
		*fresh = is_fine(d, t_hi_ns - em->t_lo_ns);
		return accept(d, kwh, t_hi_ns, out);
	}
	em->t_lo_ns = t_before_ns;
	plan_next_look(d);
	return ET_OK;
}

int zcom_em_sample(struct driver_inst *d, int64_t deadline_ns, struct ref_sample *out)
{
	struct zcom_register *em = &d->em;
	struct clk *clk = d->l.env.clk;

	if (!em->running)
		return zcom_fault(&d->l, ET_ERR_STATE, "the energy register does not run");
	for (;;) {
		bool fresh;
		int err;

		if (em->next_poll_ns > deadline_ns) {
			clk_sleep_until(clk, deadline_ns);
			fault_set(d->l.env.fault, ET_OK, "%s", "");
			return ET_ERR_TIMEOUT; /* no update yet, nothing failed */
		}
		clk_sleep_until(clk, em->next_poll_ns);
		err = look(d, &fresh, out);
		if (err == ET_OK) {
			em->failures = 0;
			if (fresh)
				return ET_OK;
			continue;
		}
		if ((err != ET_ERR_TIMEOUT && err != ET_ERR_PROTO) ||
		    ++em->failures >= FAILURES_MAX)
			return err;
		em->next_poll_ns = clk_now_ns(clk); /* the link is in step again: ask anew */
	}
}

int zcom_em_abandon(struct driver_inst *d)
{
	int err = stop_running(d);

	if (err == ET_OK)
		d->em.running = false;
	return err;
}

int zcom_em_stop(struct driver_inst *d, struct ref_register *out)
{
	struct zcom_register *em = &d->em;
	struct zcom_ranges ranges;
	double constant;
	int err;

	if (!em->running)
		return zcom_fault(&d->l, ET_ERR_STATE, "the energy register does not run");
	err = stop_running(d);
	if (err != ET_OK)
		return err;
	em->running = false;
	err = read_constant(d, &constant);
	if (err == ET_OK)
		err = read_ranges_twice(d, &ranges);
	if (err == ET_OK)
		err = zcom_check_errors(&d->l);
	if (err != ET_OK)
		return err;
	if (constant != em->constant_imp_per_kwh || !same_ranges(&ranges, &em->ranges))
		return zcom_fault(&d->l, ET_ERR_LOST,
				  "constant or ranges are not those of the start");
	return describe(d, out);
}
