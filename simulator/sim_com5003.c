/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/sim_com5003.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "simulator/sim_com5003_parts.h"

enum { ASK = 1, SET = 2 };

static const struct {
	const char *header;
	enum com_item item;
	int can;
} items[] = {
	{ "*IDN", IDN, ASK },
	{ "*ESR", ESR, ASK },
	{ "*STB", STB, ASK },
	{ "*OPC", OPC, ASK },
	{ "*CLS", CLS, SET },
	{ "STATUS:DEV1:SERIAL", SERIAL, ASK },
	{ "SYSTEM:ERROR", ERROR, ASK },
	{ "SYSTEM:ERROR:COUNT", ERROR_COUNT, ASK },
	{ "SYSTEM:ERROR:ALL", ERROR_ALL, ASK },
	{ "CONFIGURATION:POW1:MMODE", MMODE, ASK | SET },
	{ "CONFIGURATION:POW1:MMODE:CATALOG", MMODE_CATALOG, ASK },
	{ "CONFIGURATION:POW1:M0CONSTANT", M0CONSTANT, ASK },
	{ "CONFIGURATION:POW1:NOMINAL_FREQ", NOMINAL_FREQ, ASK },
	{ "CONFIGURATION:*:TINTEGRATION", TINTEGRATION, ASK | SET },
	{ "CONFIGURATION:RNG1:RNGAUTO", RNGAUTO, ASK | SET },
	{ "SENSE:RNG1:OVERLOAD", OVERLOAD, ASK | SET },
	{ "SENSE:RNG1:*:RANGE", RANGE, ASK | SET },
	{ "SENSE:RNG1:*:RANGE:CATALOG", RANGE_CATALOG, ASK },
	{ "CALCULATE:EM01:0001:T0INPUT", EM_T0, ASK | SET },
	{ "CALCULATE:EM01:0001:T1INPUT", EM_T1, ASK | SET },
	{ "CALCULATE:EM01:0001:TXUNIT", EM_UNIT, ASK | SET },
	{ "CALCULATE:EM01:0001:MODE", EM_MODE, ASK | SET },
	{ "CALCULATE:EM01:0001:MTIME", EM_MTIME, ASK | SET },
	{ "CALCULATE:EM01:0001:START", EM_START, ASK | SET },
	{ "CALCULATE:EM01:0001:STATUS", EM_STATUS, ASK },
	{ "CALCULATE:EM01:0001:ENERGY", EM_ENERGY, ASK },
	{ "CALCULATE:EM01:0001:POWER", EM_POWER, ASK },
	{ "CALCULATE:EM01:0001:TIME", EM_TIME, ASK },
	{ "CALCULATE:EM01:0001:RESULT", EM_RESULT, ASK },
	{ "CALCULATE:EM01:0001:REFCONSTANT", EM_REFCONSTANT, ASK },
};

static int64_t plus_s(int64_t t_ns, double s)
{
	return t_ns + (int64_t)llround(s * 1e9);
}

static enum com_item find_item(const struct scpi_command *q, int how)
{
	for (size_t n = 0; n < sizeof(items) / sizeof(items[0]); n++)
		if ((items[n].can & how) && scpi_header_is(q, items[n].header))
			return items[n].item;
	return NO_ITEM;
}

/* ---- the alarm clock ---- */

static void set_alarm(struct sim_com *com)
{
	int64_t t = com->t_boundary_ns;

	if (com_em_next_ns(com) < t)
		t = com_em_next_ns(com);
	if (com->n_later > 0 && com->later[0].t_ns < t)
		t = com->later[0].t_ns;
	if (com->answering && !com->waits_for_value && com->t_answer_ns < t)
		t = com->t_answer_ns;
	device_alarm_at(&com->dev, t);
}

static void later(struct sim_com *com, int64_t t_ns, int item, int channel, double value)
{
	if (com->n_later == COM_LATER)
		return; /* nobody sends so many settings in a millisecond */
	com->later[com->n_later++] =
		(struct com_later){ plus_s(t_ns, com->cfg.apply_s), item, channel, value };
}

static void later_error(struct sim_com *com, int64_t t_ns, enum com_error code)
{
	later(com, t_ns, -1, 0, code);
}

/* ---- settings ---- */

static void apply(struct sim_com *com, const struct com_later *l)
{
	switch (l->item) {
	case -1:
		if (com->n_errors < COM_LATER)
			com->errors[com->n_errors++] = (int)l->value;
		break;
	case CLS:
		com->n_errors = 0;
		break;
	case MMODE:
		com_em_count(com);
		com->mode = (enum com_mode)(int)l->value;
		com->constant_moved = true;
		break;
	case TINTEGRATION:
		com->integration_s = l->value;
		com->t_boundary_ns = plus_s(com->t_last_ns, l->value);
		if (com->t_boundary_ns <= l->t_ns)
			com->t_boundary_ns = l->t_ns + 1;
		break;
	case RNGAUTO:
		com->autorange = l->value > 0;
		break;
	case RANGE:
		com_set_range(com, l->channel, (int)l->value);
		break;
	case OVERLOAD:
		com->overload = false;
		break;
	case EM_MODE:
		com->em.mode = (int)l->value;
		break;
	case EM_MTIME:
		com->em.duration_s = l->value;
		break;
	case EM_START:
		if (l->value > 0)
			com_em_start(com, l->t_ns);
		else
			com_em_stop(com, EM_ABORTED, l->t_ns);
		break;
	default:
		break;
	}
}

static int word_index(const char *const *words, const char *word)
{
	for (int n = 0; words[n]; n++)
		if (strcmp(words[n], word) == 0)
			return n;
	return -1;
}

/* @return false: the value is wrong. */
static bool setting_value(enum com_item item, const struct scpi_command *q, int *channel,
			  double *value)
{
	static const char *const switches[] = { "0", "1", NULL };

	*channel = 0;
	switch ((int)item) {
	case MMODE:
		*value = word_index(com_modes, q->arg);
		return *value >= 0;
	case TINTEGRATION:
		return com_is_module(q->word[1]) &&
		       num_parse_f64(q->arg, strlen(q->arg), value) == ET_OK && *value >= 1 &&
		       *value <= 100;
	case RANGE:
		*channel = com_channel_find(q->word[2]);
		if (*channel < 0)
			return false;
		*value = com_range_find(*channel, q->arg);
		return *value >= 0;
	case OVERLOAD:
		*value = 0;
		return strcmp(q->arg, "0") == 0;
	case EM_MTIME:
		return num_parse_f64(q->arg, strlen(q->arg), value) == ET_OK && *value >= 1 &&
		       *value <= 1e6;
	case EM_UNIT:
		*value = 0;
		return strcmp(q->arg, "kWh") == 0;
	case EM_T0:
	case EM_T1:
		*value = 0;
		return true;
	default:
		*value = word_index(switches, q->arg);
		return *value >= 0;
	}
}

static void do_setting(struct sim_com *com, int64_t t_ns, const struct scpi_command *q)
{
	const enum com_item item = find_item(q, SET);
	double value = 0;
	int channel = 0;

	if (item == NO_ITEM || (item != CLS && (!q->closed || !q->arg[0])))
		later_error(com, t_ns, ERR_COMMAND);
	else if (item != CLS && !setting_value(item, q, &channel, &value))
		later_error(com, t_ns, ERR_DATA);
	else
		later(com, t_ns, (int)item, channel, value);
}

/* ---- queries ---- */

static void answer_soon(struct sim_com *com, int64_t t_ns)
{
	com->waits_for_value = false;
	com->t_answer_ns = plus_s(t_ns, com->cfg.latency_s +
						com->cfg.jitter_s * rng_uniform(&com->latency_rng));
}

/* @return false: not one of MEASURE, READ, FETCH, or no such value. */
static bool begin_value(struct sim_com *com, int64_t t_ns, const struct scpi_command *q)
{
	const bool fetch = scpi_word_is(q->word[0], "FETCH");

	if (q->arg[0] ||
	    (!fetch && !scpi_word_is(q->word[0], "MEASURE") && strcmp(q->word[0], "READ") != 0) ||
	    !com_value_text(com, q, com->answer, sizeof(com->answer)))
		return false;
	com->answering = true;
	com->question = *q;
	if (fetch)
		answer_soon(com, t_ns);
	else
		com->waits_for_value = true;
	return true;
}

static void do_query(struct sim_com *com, int64_t t_ns, const struct scpi_command *q)
{
	if (com->answering) {
		com->answering = false;
		later_error(com, t_ns, ERR_INTERRUPTED);
	}
	if (begin_value(com, t_ns, q))
		return;
	if (q->arg[0] ||
	    !com_query_text(com, find_item(q, ASK), q, com->answer, sizeof(com->answer))) {
		later_error(com, t_ns, ERR_COMMAND);
		return;
	}
	com->answering = true;
	answer_soon(com, t_ns);
}

static void on_line(struct device *d, int64_t t_ns, const char *line, size_t len)
{
	struct sim_com *com = (struct sim_com *)d;
	struct scpi_command q;

	if (len == 0 || (len == 1 && line[0] == '\r'))
		return;
	if (len == DEVICE_LINE_MAX || !scpi_parse(line, len, &q))
		later_error(com, t_ns, ERR_COMMAND);
	else if (q.query)
		do_query(com, t_ns, &q);
	else
		do_setting(com, t_ns, &q);
	set_alarm(com);
}

/* ---- time ---- */

static void run_later(struct sim_com *com, int64_t now_ns)
{
	while (com->n_later > 0 && com->later[0].t_ns <= now_ns) {
		const struct com_later l = com->later[0];

		com->n_later--;
		memmove(com->later, com->later + 1, sizeof(l) * (size_t)com->n_later);
		apply(com, &l);
	}
}

static void new_value(struct sim_com *com, int64_t now_ns)
{
	com_integrate(com);
	com_check_ranges(com);
	com->t_boundary_ns = plus_s(now_ns, com->integration_s);
	if (!com->answering || !com->waits_for_value)
		return;
	com_value_text(com, &com->question, com->answer, sizeof(com->answer));
	answer_soon(com, now_ns);
}

static void send_answer(struct sim_com *com, int64_t now_ns)
{
	size_t len = strlen(com->answer);

	com->answering = false;
	com->answer[len++] = '\n';
	device_emit(&com->dev, now_ns, com->answer, len);
}

static void on_alarm(struct device *d, int64_t now_ns)
{
	struct sim_com *com = (struct sim_com *)d;

	run_later(com, now_ns);
	com_em_run(com, now_ns);
	if (com->t_boundary_ns <= now_ns)
		new_value(com, now_ns);
	if (com->answering && !com->waits_for_value && com->t_answer_ns <= now_ns)
		send_answer(com, now_ns);
	set_alarm(com);
}

void sim_com_init(struct sim_com *com, const struct sim_com_config *cfg, struct clk *c,
		  struct world *w, uint64_t seed)
{
	struct rng start;

	memset(com, 0, sizeof(*com));
	device_init(&com->dev, c, w, '\n', on_line, on_alarm);
	com->cfg = *cfg;
	com->integration_s = cfg->integration_s;
	com->em.mode = 1;
	com->em.duration_s = 10;
	rng_init(&start, seed, RNG_REFERENCE_START, 0);
	rng_init(&com->update_rng, seed, RNG_REFERENCE_UPDATE, 0);
	rng_init(&com->latency_rng, seed, RNG_REFERENCE_LATENCY, 0);
	com->t_last_ns = w->t_ns;
	com->t_boundary_ns = plus_s(w->t_ns, cfg->integration_s * rng_uniform(&start)) + 1;
	com->em.t_latch_ns = plus_s(w->t_ns, cfg->energy_update_s * rng_uniform(&start)) + 1;
	set_alarm(com);
}
