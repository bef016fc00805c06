/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/sim_stamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulator/sim_stamp_parts.h"

static int64_t span_ns(double s)
{
	return (int64_t)llround(s * 1e9);
}

static double batch_s(const struct sim_stamp *r)
{
	return r->cfg.batch_s > 0.001 ? r->cfg.batch_s : 0.001;
}

/* ---- output ---- */

static struct stamp_line *waiting_at(const struct sim_stamp *r, int n)
{
	return &r->waiting[(r->head + n) % r->cfg.buffer_lines];
}

static void number_and_store(struct sim_stamp *r, struct stamp_line *l, const char *body)
{
	struct stamp_line *at;
	const size_t len = strlen(body);
	size_t n = 1;

	l->number = (uint16_t)r->next_number;
	r->next_number = (r->next_number + 1) & 0xFFFF;
	l->text[0] = '!';
	n += stamp_write(l->text + n, l->number);
	l->text[n++] = ' ';
	l->text[n++] = l->kind;
	l->text[n++] = ' ';
	memcpy(l->text + n, body, len);
	l->len = (uint8_t)stamp_close(l->text, n + len, sizeof(l->text));
	at = waiting_at(r, r->n_waiting++);
	*at = *l;
}

static void store_mask(struct sim_stamp *r)
{
	struct stamp_line l = { .kind = 'S' };
	char body[24];

	snprintf(body, sizeof(body), "%" PRIx64, stamp_saturated_mask(r));
	number_and_store(r, &l, body);
}

/* All that waits is thrown away and reported. */
static void overflow(struct sim_stamp *r)
{
	uint32_t lost[STAMP_CHANNELS] = { 0 };
	struct stamp_line o = { .kind = 'O' };
	const int thrown = r->n_waiting;
	bool mask = false;
	char body[24];

	for (int n = 0; n < thrown; n++) {
		const struct stamp_line *l = waiting_at(r, n);

		if (l->kind == 'E')
			lost[l->channel - 1]++;
		else if (l->kind == 'L')
			lost[l->channel - 1] += l->n;
		mask = mask || l->kind == 'S';
		if (l->kind == 'E')
			r->ch[l->channel - 1].lost++;
	}
	r->overruns++;
	r->n_waiting = 0;
	snprintf(body, sizeof(body), "%d", thrown);
	number_and_store(r, &o, body);
	for (int c = 0; c < r->cfg.channels; c++) {
		struct stamp_line l = { .kind = 'L', .channel = c + 1, .n = lost[c] };

		if (lost[c] == 0)
			continue;
		snprintf(body, sizeof(body), "%d %" PRIu32, c + 1, lost[c]);
		number_and_store(r, &l, body);
	}
	if (mask)
		store_mask(r);
}

void stamp_put(struct sim_stamp *r, char kind, int channel, const char *body)
{
	struct stamp_line l = { .kind = kind, .channel = channel };

	if (r->n_waiting == r->cfg.buffer_lines)
		overflow(r);
	number_and_store(r, &l, body);
}

/* As many lines as the line can take before the next batch; all of them when a reply must follow. */
static void send_waiting(struct sim_stamp *r, int64_t now_ns, bool all)
{
	const int64_t until = now_ns + span_ns(batch_s(r));
	char out[8192];
	size_t len = 0;

	if (r->line_free_ns < now_ns)
		r->line_free_ns = now_ns;
	while (r->n_waiting > 0 && (all || r->line_free_ns < until)) {
		const struct stamp_line *l = waiting_at(r, 0);

		if (len + l->len > sizeof(out) || (len > 0 && !(r->cfg.batch_s > 0))) {
			device_emit(&r->dev, now_ns, out, len);
			len = 0;
		}
		memcpy(out + len, l->text, l->len);
		len += l->len;
		r->line_free_ns += l->len * r->cfg.byte_ns;
		r->last_sent = l->number;
		r->head = (r->head + 1) % r->cfg.buffer_lines;
		r->n_waiting--;
	}
	if (len > 0)
		device_emit(&r->dev, now_ns, out, len);
}

/* ---- edges ---- */

static void end_wait(struct sim_stamp *r, int c)
{
	struct stamp_channel *ch = &r->ch[c];
	const uint64_t field[] = { (uint64_t)c + 1, ch->wait_seq, ch->last_tick, ch->wait_flags,
				   ch->wait_bounces };
	char body[STAMP_BODY];
	size_t n = 0;

	if (!ch->waiting)
		return;
	ch->waiting = false;
	for (size_t i = 0; i < sizeof(field) / sizeof(field[0]); i++) {
		n += stamp_write(body + n, field[i]);
		body[n++] = ' ';
	}
	body[n - 1] = '\0';
	stamp_put(r, 'E', c + 1, body);
}

static int64_t debounce_ns(const struct stamp_channel *ch)
{
	return (int64_t)ch->deb_us * 1000;
}

static void accept_edge(struct sim_stamp *r, int c, const struct sim_edge *e)
{
	struct stamp_channel *ch = &r->ch[c];
	const double jitter_ns = r->cfg.stamp_sd_s * 1e9 * rng_normal(&ch->rng);
	uint64_t tick = stamp_clock_ticks(&r->clock, e->t_led_ns, jitter_ns);

	if (tick <= ch->last_tick)
		tick = ch->last_tick + 1;
	ch->last_tick = tick;
	ch->last_led_ns = e->t_led_ns;
	ch->edges++;
	ch->waiting = true;
	ch->wait_seq = ch->edges;
	ch->wait_flags =
		(ch->saturated ? 1U : 0U) | (2 * r->n_waiting > r->cfg.buffer_lines ? 2U : 0U);
	ch->wait_bounces = 0;
	if (truth_add(&ch->truth, e) < 0)
		truth_reset(&ch->truth,
			    ch->edges + 1); /* out of memory: no truth rather than a wrong one */
}

static void see_edge(struct sim_stamp *r, int c, const struct sim_edge *e)
{
	struct stamp_channel *ch = &r->ch[c];

	if (!ch->armed)
		return;
	if (ch->edges > 0 && e->t_led_ns < ch->last_led_ns + debounce_ns(ch)) {
		ch->bounces++;
		if (ch->waiting && ch->wait_bounces < 255)
			ch->wait_bounces++;
		return;
	}
	end_wait(r, c);
	accept_edge(r, c, e);
}

static struct meter *meter_of(const struct sim_stamp *r, int c)
{
	const int position = r->cfg.position_of[c];

	return position > 0 ? r->dev.world->position[position - 1].meter : NULL;
}

void stamp_collect(struct sim_stamp *r, int64_t now_ns)
{
	for (int c = 0; c < r->cfg.channels; c++) {
		struct stamp_channel *ch = &r->ch[c];
		struct meter *m = meter_of(r, c);
		struct sim_edge e;

		while (m && meter_take(m, now_ns, &e))
			see_edge(r, c, &e);
		if (ch->waiting && (!ch->armed || ch->last_led_ns + debounce_ns(ch) <= now_ns))
			end_wait(r, c);
	}
}

void stamp_arm(struct sim_stamp *r, int64_t now_ns, uint64_t mask)
{
	stamp_collect(r, now_ns);
	for (int c = 0; c < r->cfg.channels; c++) {
		const bool armed = mask >> c & 1;

		r->ch[c].armed = armed;
		if (!armed)
			end_wait(r, c);
	}
}

/* ---- lines and time ---- */

static void set_alarm(struct sim_stamp *r, int64_t now_ns)
{
	bool busy = r->n_waiting > 0;

	for (int c = 0; c < r->cfg.channels && !busy; c++)
		busy = r->ch[c].armed || r->ch[c].waiting;
	device_alarm_at(&r->dev, busy ? now_ns + span_ns(batch_s(r)) : ET_NEVER_NS);
}

static void on_alarm(struct device *d, int64_t now_ns)
{
	struct sim_stamp *r = (struct sim_stamp *)d;

	stamp_collect(r, now_ns);
	send_waiting(r, now_ns, false);
	set_alarm(r, now_ns);
}

static void on_line(struct device *d, int64_t t_ns, const char *text, size_t len)
{
	struct sim_stamp *r = (struct sim_stamp *)d;
	char line[DEVICE_LINE_MAX], reply[STAMP_TEXT];
	struct stamp_answer answer;
	int64_t t_first_ns, t_reply_ns = t_ns + span_ns(r->cfg.latency_s);
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		if (text[i] != '\r')
			line[n++] = text[i];
	if (n == 0)
		return;
	t_first_ns = t_ns - (int64_t)n * r->cfg.byte_ns;
	stamp_collect(r, t_ns);
	stamp_do(r, t_ns, line, n, &answer);
	send_waiting(r, t_ns, true); /* lines that wait come before the reply */
	if (t_reply_ns < r->line_free_ns)
		t_reply_ns = r->line_free_ns;
	n = stamp_reply(r, &answer, t_first_ns, t_ns, t_reply_ns, reply, sizeof(reply));
	device_emit(&r->dev, t_reply_ns, reply, n);
	r->line_free_ns = t_reply_ns + (int64_t)n * r->cfg.byte_ns;
	if (r->dev.alarm_ns == ET_NEVER_NS)
		set_alarm(r, t_ns);
}

uint64_t stamp_saturated_mask(const struct sim_stamp *r)
{
	uint64_t mask = 0;

	for (int c = 0; c < r->cfg.channels; c++)
		mask |= (uint64_t)r->ch[c].saturated << c;
	return mask;
}

void sim_stamp_saturate(struct sim_stamp *r, int64_t now_ns, int channel, bool on)
{
	char body[24];

	if (channel < 1 || channel > r->cfg.channels || r->ch[channel - 1].saturated == on)
		return;
	stamp_collect(r, now_ns);
	r->ch[channel - 1].saturated = on;
	snprintf(body, sizeof(body), "%" PRIx64, stamp_saturated_mask(r));
	stamp_put(r, 'S', 0, body);
	if (r->dev.alarm_ns == ET_NEVER_NS)
		set_alarm(r, now_ns);
}

static void power_up(struct sim_stamp *r)
{
	char body[24];

	for (int c = 0; c < r->cfg.channels; c++) {
		struct stamp_channel *ch = &r->ch[c];

		truth_reset(&ch->truth, 1);
		ch->armed = ch->saturated = ch->waiting = false;
		ch->edges = ch->lost = ch->bounces = 0;
		ch->deb_us = 5000;
		ch->last_tick = 0;
	}
	r->overruns = r->next_number = 0;
	r->n_waiting = 0;
	r->last_sent = 65535;
	snprintf(body, sizeof(body), "%" PRIu32, r->boot);
	stamp_put(r, 'B', 0, body);
}

void sim_stamp_reset(struct sim_stamp *r, int64_t now_ns)
{
	r->boot++;
	stamp_clock_init(&r->clock, r->cfg.rate_ppm, r->cfg.wander_ppm, r->cfg.tick_ns, r->boot,
			 now_ns);
	power_up(r);
	set_alarm(r, now_ns);
}

int sim_stamp_init(struct sim_stamp *r, const struct sim_stamp_config *cfg, struct clk *c,
		   struct world *w, uint64_t seed)
{
	memset(r, 0, sizeof(*r));
	device_init(&r->dev, c, w, '\n', on_line, on_alarm);
	r->cfg = *cfg;
	r->boot = cfg->boot;
	r->waiting = calloc((size_t)cfg->buffer_lines, sizeof(*r->waiting));
	if (!r->waiting)
		return ET_ERR_NOMEM;
	stamp_clock_init(&r->clock, cfg->rate_ppm, cfg->wander_ppm, cfg->tick_ns, seed, w->t_ns);
	for (int n = 0; n < cfg->channels; n++)
		rng_init(&r->ch[n].rng, seed, RNG_READER_STAMP, (uint32_t)(n + 1));
	power_up(r);
	send_waiting(r, w->t_ns, true); /* long ago: nobody listened */
	return ET_OK;
}

void sim_stamp_free(struct sim_stamp *r)
{
	for (int c = 0; c < STAMP_CHANNELS; c++)
		truth_free(&r->ch[c].truth);
	free(r->waiting);
	r->waiting = NULL;
}
