/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/device.h"

#include <string.h>

static void receive(struct sim_peer *s, int64_t t_ns, const uint8_t *data, size_t len)
{
	struct device *d = (struct device *)s;

	world_advance(d->world, t_ns);
	for (size_t i = 0; i < len; i++) {
		if ((char)data[i] == d->end) {
			const size_t n = d->len < DEVICE_LINE_MAX ? d->len : DEVICE_LINE_MAX;

			d->len = 0;
			d->on_line(d, t_ns, d->line, n);
		} else if (d->len < DEVICE_LINE_MAX) {
			d->line[d->len++] = (char)data[i];
		}
	}
}

static void wake(struct sim_peer *s, int64_t t_ns)
{
	(void)s; /* never asked for: alarms are the clock's, because they must ring without a link too */
	(void)t_ns;
}

void device_init(struct device *d, struct clk *c, struct world *w, char end,
		 void (*on_line)(struct device *, int64_t, const char *, size_t),
		 void (*on_alarm)(struct device *, int64_t))
{
	static const struct sim_peer_ops ops = { receive, wake };

	memset(d, 0, sizeof(*d));
	d->peer.ops = &ops;
	d->clk = c;
	d->world = w;
	d->end = end;
	d->on_line = on_line;
	d->on_alarm = on_alarm;
	d->alarm_ns = ET_NEVER_NS;
}

void device_stop(struct device *d)
{
	device_alarm_at(d, ET_NEVER_NS);
}

void device_emit(struct device *d, int64_t t_ns, const char *data, size_t len)
{
	if (!d->peer.link)
		return;
	d->messages++;
	sim_emit(&d->peer, t_ns, data, len);
}

static void ring(void *arg, int64_t now_ns)
{
	struct device *d = arg;

	d->alarm_ns = ET_NEVER_NS;
	world_advance(d->world, now_ns);
	d->on_alarm(d, now_ns);
}

void device_alarm_at(struct device *d, int64_t t_ns)
{
	if (t_ns == d->alarm_ns)
		return;
	if (d->alarm_ns != ET_NEVER_NS)
		clk_cancel(d->clk, d->alarm_id);
	d->alarm_ns = t_ns;
	if (t_ns != ET_NEVER_NS)
		d->alarm_id = clk_call_at(d->clk, t_ns, ring, d);
}
