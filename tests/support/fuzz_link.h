/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/fuzz_link.h - an instrument that says whatever the fuzzer likes, on a virtual clock.
 * Bytes are handed out in fragments: a length byte, then so many bytes; length 0: nothing until the deadline. */
#ifndef TESTS_FUZZ_LINK_H
#define TESTS_FUZZ_LINK_H

#include "drivers/probe.h"

/** Open @p drv on such a link, let @p talk with it, close it. @param params, n_params  Of the driver. */
void fuzz_link_run(const struct driver *drv, const uint8_t *data, size_t size,
		   const struct driver_param *params, size_t n_params,
		   void (*talk)(const struct driver *drv, struct driver_inst *d, struct clk *c));

/** Ask such a link who it is. @param setting  As for probe_port(). */
void fuzz_link_probe(const uint8_t *data, size_t size, const char *setting,
		     struct probe_result *out);

#endif
