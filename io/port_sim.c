/* SPDX-License-Identifier: Apache-2.0 */
/* io/port_sim.c - a line with two directions, each of them in order and as slow as it is told. */
#include "io/port_sim.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/quantities.h"
#include "io/port_sim_fault.h"

enum { FAULTS_MAX = 8 };

struct chunk { /* one write of the controller, or one message of the instrument */
	struct sim_link *link;
	struct chunk *next;
	uint64_t call; /* its arrival */
	int64_t t_ns; /* when it arrives */
	size_t len, used;
	bool damaged; /* of a Modbus link */
	uint8_t data[];
};
struct way { /* one direction; chunks in the order in which they were sent */
	struct chunk *first, *last;
	int64_t free_ns; /* when the line has sent all that was given to it */
};
struct sim_link {
	struct port base;
	struct sim_peer *peer;
	struct sim_link_timing timing;
	struct clk_cond *arrived;
	struct way to_peer, to_us;
	uint64_t wake_call;
	bool wake_asked;
	uint64_t random, messages;
	struct link_fault faults[FAULTS_MAX];
	size_t n_faults;
	bool out_of_memory; /* a message could not be kept: the link is broken until reopened */
};

static struct sim_link *link_of(struct port *p)
{
	return (struct sim_link *)p; /* base is its first member */
}

/* splitmix64: Steele, Lea and Flood, Fast splittable pseudorandom number generators, 2014. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static struct chunk *chunk_new(struct sim_link *l, const void *data, size_t len)
{
	struct chunk *c = malloc(sizeof(*c) + len + FAULTS_MAX); /* each may double a byte */

	if (!c)
		return NULL;
	*c = (struct chunk){ .link = l, .len = len };
	memcpy(c->data, data, len);
	return c;
}

/* @return When the line has sent @p len bytes more, given at @p t_ns. */
static int64_t occupy(struct way *w, const struct sim_link_timing *timing, int64_t t_ns, size_t len)
{
	if (w->free_ns < t_ns)
		w->free_ns = t_ns;
	w->free_ns += (int64_t)(len + timing->frame_bytes) * timing->byte_ns;
	return w->free_ns;
}

static void send_chunk(struct way *w, struct chunk *c, int64_t t_ns, void (*fn)(void *, int64_t))
{
	c->t_ns = t_ns;
	if (w->first)
		w->last->next = c;
	else
		w->first = c;
	w->last = c;
	c->call = clk_call_at(c->link->base.clk, t_ns, fn, c);
}

static void free_first(struct way *w)
{
	struct chunk *c = w->first;

	w->first = c->next;
	free(c);
}

static void free_all(struct way *w, struct clk *clk)
{
	while (w->first) {
		clk_cancel(clk, w->first->call);
		free_first(w);
	}
}

static void arrive_at_peer(void *arg, int64_t now_ns)
{
	struct chunk *c = arg;
	struct sim_link *l = c->link;

	assert(l->to_peer.first == c);
	l->peer->ops->receive(l->peer, now_ns, c->data, c->len);
	free_first(&l->to_peer);
}

static int sim_write(struct port *p, const void *buf, size_t len, int64_t deadline_ns)
{
	struct sim_link *l = link_of(p);
	struct chunk *c = chunk_new(l, buf, len);

	(void)deadline_ns; /* the line has room for everything */
	if (!c)
		return ET_ERR_IO;
	send_chunk(&l->to_peer, c,
		   occupy(&l->to_peer, &l->timing, clk_now_ns(p->clk), len) + l->timing.latency_ns,
		   arrive_at_peer);
	return ET_OK;
}

/* The bytes wait in their chunk until they are read. */
static void arrive_at_us(void *arg, int64_t now_ns)
{
	struct chunk *c = arg;

	(void)now_ns;
	clk_cond_wake(c->link->arrived);
}

void sim_emit(struct sim_peer *s, int64_t t_ns, const void *data, size_t len)
{
	struct sim_link *l = s->link;
	int64_t now_ns, late_ns = 0;
	struct chunk *c;

	if (!l || len == 0)
		return;
	now_ns = clk_now_ns(l->base.clk);
	t_ns = occupy(&l->to_us, &l->timing, t_ns > now_ns ? t_ns : now_ns, len);
	t_ns += l->timing.latency_ns;
	if (l->timing.jitter_ns > 0)
		t_ns += (int64_t)(next_random(&l->random) % (uint64_t)(l->timing.jitter_ns + 1));
	c = chunk_new(l, data, len);
	if (!c) {
		l->out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < l->n_faults; i++)
		late_ns += sim_fault_apply(&l->faults[i], l->messages, c->data, &c->len);
	c->damaged =
		l->base.kind == PORT_MODBUS && (c->len != len || memcmp(c->data, data, len) != 0);
	l->messages++;
	if (c->len == 0)
		free(c);
	else
		send_chunk(&l->to_us, c, t_ns + late_ns, arrive_at_us);
}

static int take_message(struct sim_link *l, void *buf, size_t cap)
{
	struct chunk *c = l->to_us.first;
	const size_t n = c->len < cap ? c->len : cap;
	const int got = c->damaged ? ET_ERR_PROTO : (int)n;

	if (!c->damaged)
		memcpy(buf, c->data, n);
	clk_cancel(l->base.clk, c->call);
	free_first(&l->to_us);
	return got;
}

static int sim_read(struct port *p, void *buf, size_t cap, int64_t deadline_ns)
{
	struct sim_link *l = link_of(p);
	int64_t now_ns = clk_now_ns(p->clk);
	size_t got = 0;

	for (;;) {
		struct chunk *c = l->to_us.first;

		if (l->out_of_memory)
			return ET_ERR_IO;
		if (c && c->t_ns <= now_ns)
			break;
		if (clk_cond_wait(l->arrived, clk_cond_count(l->arrived), deadline_ns) != ET_OK)
			return ET_ERR_TIMEOUT;
		now_ns = clk_now_ns(p->clk);
	}
	if (p->kind == PORT_MODBUS)
		return take_message(l, buf, cap);
	while (got < cap && l->to_us.first && l->to_us.first->t_ns <= now_ns) {
		struct chunk *c = l->to_us.first;
		size_t n = c->len - c->used < cap - got ? c->len - c->used : cap - got;

		memcpy((uint8_t *)buf + got, c->data + c->used, n);
		got += n;
		c->used += n;
		if (c->used < c->len)
			break;
		clk_cancel(p->clk, c->call); /* has run, unless it is due just now */
		free_first(&l->to_us);
	}
	return (int)got;
}

static void forget_received(struct sim_link *l)
{
	free_all(&l->to_us, l->base.clk);
	l->to_us.free_ns = INT64_MIN;
	l->out_of_memory = false;
}

static int sim_reopen(struct port *p, struct fault *f)
{
	(void)f;
	forget_received(link_of(p));
	return ET_OK;
}

static void wake_peer(void *arg, int64_t now_ns)
{
	struct sim_link *l = arg;

	l->wake_asked = false;
	l->peer->ops->wake(l->peer, now_ns);
}

void sim_wake_at(struct sim_peer *s, int64_t t_ns)
{
	struct sim_link *l = s->link;

	if (!l)
		return;
	if (l->wake_asked)
		clk_cancel(l->base.clk, l->wake_call);
	l->wake_asked = t_ns != ET_NEVER_NS;
	if (l->wake_asked)
		l->wake_call = clk_call_at(l->base.clk, t_ns, wake_peer, l);
}

static void sim_close(struct port *p)
{
	struct sim_link *l = link_of(p);

	sim_wake_at(l->peer, ET_NEVER_NS);
	free_all(&l->to_peer, p->clk);
	free_all(&l->to_us, p->clk);
	l->peer->link = NULL;
	clk_cond_free(l->arrived);
	free(l);
}

int port_sim_new(struct clk *c, struct sim_peer *peer, const char *name,
		 const struct sim_link_timing *timing, struct port **out)
{
	static const struct port_ops ops = {
		.write = sim_write, .read = sim_read, .reopen = sim_reopen, .close = sim_close
	};
	struct sim_link *l;

	if (!clk_is_virtual(c) || peer->link || timing->latency_ns < 0 || timing->byte_ns < 0 ||
	    timing->jitter_ns < 0)
		return ET_ERR_ARG;
	l = calloc(1, sizeof(*l));
	if (!l)
		return ET_ERR_NOMEM;
	l->arrived = clk_cond_new(c);
	if (!l->arrived) {
		free(l);
		return ET_ERR_NOMEM;
	}
	l->base.ops = &ops;
	l->base.clk = c;
	l->base.kind = timing->kind;
	snprintf(l->base.spec, sizeof(l->base.spec), "sim:%s", name);
	l->peer = peer;
	l->timing = *timing;
	l->random = timing->seed;
	l->to_peer.free_ns = INT64_MIN;
	l->to_us.free_ns = INT64_MIN;
	peer->link = l;
	*out = &l->base;
	return ET_OK;
}

int port_sim_add_fault(struct port *p, const struct link_fault *fault)
{
	struct sim_link *l = link_of(p);

	if (l->n_faults == FAULTS_MAX || fault->late_ns < 0)
		return ET_ERR_ARG;
	l->faults[l->n_faults++] = *fault;
	return ET_OK;
}

uint64_t port_sim_messages(const struct port *p)
{
	return ((const struct sim_link *)p)->messages;
}
