/* SPDX-License-Identifier: Apache-2.0 */
/* io/clock.c - the clock of the kernel, and the choice between it and the virtual one. */
#include "io/clock_impl.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/quantities.h"

/* The virtual clock needs only the count; the address is where threads wait. */
struct clk_cond {
	struct clk *clk;
	uint64_t count;
	pthread_mutex_t lock;
	pthread_cond_t cond;
};

static int64_t read_ns(clockid_t which)
{
	struct timespec ts;

	clock_gettime(which, &ts); /* fails only for an unknown clock */
	return (int64_t)ts.tv_sec * ET_NS_PER_S + ts.tv_nsec;
}

/* @p t_ns >= 0 */
static struct timespec as_timespec(int64_t t_ns)
{
	return (struct timespec){ .tv_sec = (time_t)(t_ns / ET_NS_PER_S),
				  .tv_nsec = (long)(t_ns % ET_NS_PER_S) };
}

static void read_boot_id(char *out, size_t cap)
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (!f || !fgets(out, (int)cap, f))
		snprintf(out, cap, "unknown");
	out[strcspn(out, "\n")] = '\0';
	if (f)
		fclose(f);
}

struct clk *clk_real_new(void)
{
	struct clk *c = calloc(1, sizeof(*c));

	if (c)
		read_boot_id(c->boot_id, sizeof(c->boot_id));
	return c;
}

struct clk *clk_virtual_new(const struct clk_start *start)
{
	struct clk *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	memcpy(c->boot_id, start->boot_id, sizeof(c->boot_id));
	c->boot_id[sizeof(c->boot_id) - 1] = '\0';
	c->v = vclk_new(start);
	if (!c->v) {
		free(c);
		return NULL;
	}
	return c;
}

void clk_free(struct clk *c)
{
	if (!c)
		return;
	if (c->v)
		vclk_free(c->v);
	free(c);
}

bool clk_is_virtual(const struct clk *c)
{
	return c->v != NULL;
}

int64_t clk_now_ns(struct clk *c)
{
	return c->v ? vclk_now_ns(c->v) : read_ns(CLOCK_MONOTONIC);
}

int64_t clk_utc_ns(struct clk *c)
{
	return c->v ? vclk_utc_ns(c->v) : read_ns(CLOCK_REALTIME);
}

int32_t clk_utc_offset_s(struct clk *c)
{
	time_t now;
	struct tm tm;

	if (c->v)
		return vclk_utc_offset_s(c->v);
	now = time(NULL);
	return localtime_r(&now, &tm) ? (int32_t)tm.tm_gmtoff : 0;
}

const char *clk_boot_id(const struct clk *c)
{
	return c->boot_id;
}

/* RAW between two readings of MONOTONIC; of some tries the one that was least disturbed. */
void clk_raw_pair(struct clk *c, int64_t *mono_ns, int64_t *raw_ns)
{
	int64_t best_ns = INT64_MAX;

	if (c->v) {
		*mono_ns = *raw_ns = vclk_now_ns(c->v);
		return;
	}
	for (int i = 0; i < 5; i++) {
		int64_t before_ns = read_ns(CLOCK_MONOTONIC);
		int64_t raw = read_ns(CLOCK_MONOTONIC_RAW);
		int64_t took_ns = read_ns(CLOCK_MONOTONIC) - before_ns;

		if (took_ns >= best_ns)
			continue;
		best_ns = took_ns;
		*mono_ns = before_ns + took_ns / 2;
		*raw_ns = raw;
	}
}

void clk_sleep_until(struct clk *c, int64_t t_ns)
{
	struct timespec ts;

	if (c->v) {
		vclk_wait(c->v, NULL, t_ns);
		return;
	}
	if (t_ns <= 0)
		return;
	ts = as_timespec(t_ns);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		continue;
}

uint64_t clk_call_at(struct clk *c, int64_t t_ns, void (*fn)(void *arg, int64_t now_ns), void *arg)
{
	assert(c->v);
	return vclk_call_at(c->v, t_ns, fn, arg);
}

void clk_cancel(struct clk *c, uint64_t id)
{
	assert(c->v);
	vclk_cancel(c->v, id);
}

int64_t clk_next_due_ns(struct clk *c)
{
	assert(c->v);
	return vclk_next_due_ns(c->v);
}

struct clk_cond *clk_cond_new(struct clk *c)
{
	struct clk_cond *k = calloc(1, sizeof(*k));
	pthread_condattr_t attr;

	if (!k)
		return NULL;
	k->clk = c;
	pthread_mutex_init(&k->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&k->cond, &attr);
	pthread_condattr_destroy(&attr);
	return k;
}

void clk_cond_free(struct clk_cond *k)
{
	if (!k)
		return;
	pthread_cond_destroy(&k->cond);
	pthread_mutex_destroy(&k->lock);
	free(k);
}

void clk_cond_wake(struct clk_cond *k)
{
	if (k->clk->v) {
		k->count++;
		vclk_wake(k->clk->v, k);
		return;
	}
	pthread_mutex_lock(&k->lock);
	k->count++;
	pthread_cond_broadcast(&k->cond);
	pthread_mutex_unlock(&k->lock);
}

static int real_wait(struct clk_cond *k, uint64_t seen, int64_t deadline_ns)
{
	struct timespec ts = as_timespec(deadline_ns > 0 ? deadline_ns : 0);
	int err = 0;

	pthread_mutex_lock(&k->lock);
	while (k->count == seen && err == 0) {
		if (deadline_ns == ET_NEVER_NS)
			err = pthread_cond_wait(&k->cond, &k->lock);
		else
			err = pthread_cond_timedwait(&k->cond, &k->lock, &ts);
	}
	err = k->count == seen ? ET_ERR_TIMEOUT : ET_OK;
	pthread_mutex_unlock(&k->lock);
	return err;
}

int clk_cond_wait(struct clk_cond *k, uint64_t seen, int64_t deadline_ns)
{
	if (!k->clk->v)
		return real_wait(k, seen, deadline_ns);
	if (k->count != seen)
		return ET_OK;
	return vclk_wait(k->clk->v, k, deadline_ns) ? ET_OK : ET_ERR_TIMEOUT;
}

uint64_t clk_cond_count(struct clk_cond *k)
{
	uint64_t count;

	if (k->clk->v)
		return k->count;
	pthread_mutex_lock(&k->lock);
	count = k->count;
	pthread_mutex_unlock(&k->lock);
	return count;
}
