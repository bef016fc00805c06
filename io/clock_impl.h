/* SPDX-License-Identifier: Apache-2.0 */
/* io/clock_impl.h - what a clock is made of. For io/clock.c and io/worker.c only. */
#ifndef IO_CLOCK_IMPL_H
#define IO_CLOCK_IMPL_H

#include "io/clock_virtual.h"

struct clk {
	struct vclk *v; /* NULL: the clock of the kernel */
	char boot_id[40];
};

#endif
