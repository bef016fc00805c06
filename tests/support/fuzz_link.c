/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/fuzz_link.h"

#include <string.h>

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
static const struct port_ops fuzz_ops = {
	.write = fuzz_write, .read = fuzz_read, .reopen = fuzz_reopen, .close = fuzz_close
};

void fuzz_link_run(const struct driver *drv, const uint8_t *data, size_t size,
		   const struct driver_param *params, size_t n_params,
		   void (*talk)(const struct driver *drv, struct driver_inst *d, struct clk *c))
{
	static const struct clk_start start = { .mono_ns = 1 };
	struct clk *c = clk_virtual_new(&start);
	struct fuzz_port p = { .base = { .ops = &fuzz_ops, .clk = c, .kind = drv->link },
			       .data = data,
			       .left = size };
	struct fault f = { 0 };
	const struct driver_env env = { .name = "fuzz",
					.port = &p.base,
					.clk = c,
					.fault = &f,
					.params = params,
					.n_params = n_params,
					.dir = "drivers/reference_standard",
					.serial = "1" };
	struct driver_inst *d = NULL;
	struct instrument_id id;

	if (drv->open(&env, &d, &id) == ET_OK)
		talk(drv, d, c);
	drv->close(d);
	clk_free(c);
}

void fuzz_link_probe(const uint8_t *data, size_t size, const char *setting,
		     struct probe_result *out)
{
	static const struct clk_start start = { .mono_ns = 1 };
	struct clk *c = clk_virtual_new(&start);
	struct fuzz_port p = { .base = { .ops = &fuzz_ops, .clk = c, .spec = "fuzz" },
			       .data = data,
			       .left = size };

	probe_port(&p.base, setting, NULL, out);
	clk_free(c);
}
