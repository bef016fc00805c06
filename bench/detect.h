/* SPDX-License-Identifier: Apache-2.0 */
/* bench/detect.h - which instruments answer on which links: all links asked at once, a worker each (drivers/probe.h says
 * what is asked and how long it takes), and a bench.yaml made of the answers. */
#ifndef BENCH_DETECT_H
#define BENCH_DETECT_H

#include "bench/bench_file.h"
#include "drivers/probe.h"

enum { DETECT_LINKS_MAX = 64 };

struct detect_link {
	char spec[128]; /* as it was given */
	const struct bench_instrument
		*expected; /* by bench.yaml, which outlives this; NULL: nothing */
	bool is_named; /* in bench.yaml or by a person, not only found on this machine: it should answer */
	bool is_asked; /* false: a link without wires, "simulated:NAME", or with no question: Modbus */
	struct probe_result r;
	struct clk *clk; /* for its worker */
};
struct detect {
	size_t n;
	struct detect_link link[DETECT_LINKS_MAX];
};

/** One more link; the same device a second time changes nothing.
 * @param expected NULL when it is not from bench.yaml. @return ET_OK, ET_ERR_ARG (more than DETECT_LINKS_MAX, or too long). */
int detect_add(struct detect *d, const char *spec, const struct bench_instrument *expected,
	       bool is_named, struct fault *f) ET_CHECK;

/** All serial ports of this machine. @return as detect_add(), port_list(). */
int detect_add_ports(struct detect *d, struct fault *f) ET_CHECK;

/** Ask on all links. @param c Real. @return ET_OK, ET_ERR_NOMEM. */
int detect_run(struct detect *d, struct clk *c) ET_CHECK;

/** Did the instrument answer that bench.yaml names, of this driver and serial number? Also true where bench.yaml names none. */
bool detect_is_expected(const struct detect_link *l);

/** What instrument it is for the bench. @param r  FOUND. */
enum bench_role detect_role(const struct probe_result *r);

/** Write a bench.yaml with what was found; lines with FILL IN say what nobody can find by asking.
 * @param path  Of a file that does not exist yet. @param missing  Roles that nothing was found for, bits of enum
 * bench_role: without them the file does not load. @return ET_OK, ET_ERR_FILE (it exists, or can't be written). */
int detect_write(const struct detect *d, const char *path, unsigned *missing,
		 struct fault *f) ET_CHECK;

#endif
