/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/scenario_parts.h"
#include "simulator/simulator_parts.h"

static void set_led(struct sim *s, int64_t position, bool dead)
{
	if (position >= 1 && position <= ET_POSITIONS_MAX && s->world.position[position - 1].meter)
		s->world.position[position - 1].meter->dead = dead;
}

static void happen(struct sim *s, const struct scenario_event *e, int64_t now_ns)
{
	world_advance(&s->world, now_ns);
	switch ((enum sim_event_kind)e->kind) {
	case SIM_SOURCE_TRIP:
		sim_fg_trip(&s->fg, now_ns);
		break;
	case SIM_RANGE_CHANGE:
		if (s->sc->reference.model != SIM_SDM630) /* which has one range */
			sim_com_change_range(&s->com, e->value);
		break;
	case SIM_TEMPERATURE:
		world_set_temperature(&s->world, e->value);
		break;
	case SIM_LED_DEAD:
	case SIM_LED_ALIVE:
		set_led(s, e->position, e->kind == SIM_LED_DEAD);
		break;
	case SIM_SATURATED:
	case SIM_UNSATURATED:
		sim_stamp_saturate(&s->stamp[0], now_ns, (int)e->position,
				   e->kind == SIM_SATURATED);
		break;
	case SIM_SOURCE_STEP:
		world_scale_current(&s->world, 1 + e->value / 100);
		break;
	case SIM_READER_RESET:
		sim_stamp_reset(&s->stamp[0], now_ns);
		break;
	}
}

static bool lasts(const struct scenario_event *e)
{
	return e->kind == SIM_TEMPERATURE || e->kind == SIM_LED_DEAD || e->kind == SIM_LED_ALIVE ||
	       e->kind == SIM_SOURCE_STEP;
}

static void due(void *arg, int64_t now_ns)
{
	struct sim_event *ev = arg;

	ev->call_id = 0;
	happen(ev->sim, ev->e, now_ns);
}

int sim_schedule(struct sim *s, struct fault *f)
{
	const struct scenario_event *e = s->sc->events.items;
	const int64_t now_ns = clk_now_ns(s->clk);

	if (s->sc->events.n > SIM_EVENTS_MAX)
		return fault_set(f, ET_ERR_ARG, "scenario: more than %d events", SIM_EVENTS_MAX);
	for (size_t n = 0; n < s->sc->events.n; n++) {
		const int64_t t_ns = SIM_START_MONO_NS + (int64_t)llround(e[n].at_s * 1e9);
		struct sim_event *ev = &s->event[s->n_events];

		if (t_ns < now_ns) {
			if (lasts(&e[n]))
				happen(s, &e[n], now_ns);
			continue;
		}
		*ev = (struct sim_event){ .sim = s, .e = &e[n] };
		ev->call_id = clk_call_at(s->clk, t_ns, due, ev);
		s->n_events++;
	}
	return ET_OK;
}

void sim_unschedule(struct sim *s)
{
	for (size_t n = 0; n < s->n_events; n++)
		if (s->event[n].call_id)
			clk_cancel(s->clk, s->event[n].call_id);
	s->n_events = 0;
}
