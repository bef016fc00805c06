/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz_driver_zera_fg.c - a driver whose instrument says whatever the fuzzer likes, on a virtual clock.
 * Bytes are handed out in fragments: a length byte, then so many bytes; length 0: nothing until the deadline. */
#include <stdlib.h>
#include <string.h>

#include "drivers/registry.h"

struct fuzz_port {
	struct port base;
	const uint8_t *data;
	size_t left;
	int waits;
};

static int fuzz_write(struct port *p, const void *buf, size_t len, int64_t deadline_ns)
{
	(void)buf, (void)len, (void)deadline_ns;
	clk_sleep_until(p->clk, clk_now_ns(p->clk) + 1000000);
	return ET_OK;
}
static int fuzz_read(struct port *p, void *buf, size_t cap, int64_t deadline_ns)
{
	struct fuzz_port *f = (struct fuzz_port *)p;
	size_t n = f->left ? f->data[0] : 0;

	if (f->left) {
		f->data++;
		f->left--;
	}
	n = n < f->left ? n : f->left;
	n = n < cap ? n : cap;
	if (n == 0) {
		if (!f->left && ++f->waits > 50)
			return ET_ERR_IO; /* unplugged, so that every run ends */
		clk_sleep_until(p->clk, deadline_ns);
		return ET_ERR_TIMEOUT;
	}
	memcpy(buf, f->data, n);
	f->data += n;
	f->left -= n;
	return (int)n;
}
static int fuzz_reopen(struct port *p, struct fault *f)
{
	(void)p;
	return fault_set(f, ET_ERR_IO, "gone");
}
static void fuzz_close(struct port *p)
{
	(void)p;
}
static const struct port_ops fuzz_ops = { fuzz_write, fuzz_read, fuzz_reopen, fuzz_close };

/* read back as well */
static const struct driver_param params[] = { { "readback", "1" } };

static void talk(const struct driver *drv, struct driver_inst *d, struct clk *c)
{
	const struct setpoint sp = { 60,
				     { { 120, 0, 5, 0 }, { 120, -120, 5, 240 }, { 0, 0, 0, 0 } } };
	struct source_status s = { .output = SOURCE_UNKNOWN };

	if (drv->source->status(d, &s) == ET_OK && s.output == SOURCE_ON)
		abort(); /* nothing was switched on yet */
	if (drv->source->set(d, &sp, &s) == ET_OK && (s.output != SOURCE_ON || !s.healthy))
		abort();
	if (drv->source->listen(d, clk_now_ns(c) + 1000, &s) == ET_OK && !s.word[0])
		abort();
	if (drv->source->off(d, &s) == ET_OK && (s.output != SOURCE_OFF || !s.healthy))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct clk_start start = { .mono_ns = 1 };
	struct clk *c = clk_virtual_new(&start);
	struct fuzz_port p = { .base = { .ops = &fuzz_ops, .clk = c }, .data = data, .left = size };
	struct fault f = { 0 };
	const struct driver_env env = { .name = "fuzz",
					.port = &p.base,
					.clk = c,
					.fault = &f,
					.params = params,
					.n_params = 1 };
	struct driver_inst *d = NULL;
	struct instrument_id id;

	if (driver_zera_fg.open(&env, &d, &id) == ET_OK)
		talk(&driver_zera_fg, d, c);
	driver_zera_fg.close(d);
	clk_free(c);
	return 0;
}
