/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/reference_standard/reference_standard.h - contract of the facet "reference standard".
 * Calls block in the worker of the session; see power_source.h for failures. */
#ifndef DRIVERS_REFERENCE_STANDARD_H
#define DRIVERS_REFERENCE_STANDARD_H

#include "base/quantities.h"

struct driver_inst;

struct reference_ops {
	/** Choose ranges that hold @p expected, switch automatic ranging off, confirm by polling. A register that still runs,
	 * because the answer to its stop was lost, is stopped first. */
	int (*prepare)(struct driver_inst *d, const struct setpoint *expected);
	/** One whole reading of new values. @param out Untouched on failure. */
	int (*read)(struct driver_inst *d, struct ref_reading *out);
	/** Pulse constant and ranges, then start the energy register. */
	int (*start)(struct driver_inst *d, struct ref_register *out);
	/** Wait for the next update of the register, at most until @p deadline_ns, by polling around the
	 * predicted instant. @return ET_OK, ET_ERR_TIMEOUT (none came), ET_ERR_LOST (register fell, ranges moved). */
	int (*sample)(struct driver_inst *d, int64_t deadline_ns, struct ref_sample *out);
	/** Stop the register; constant, ranges and the error queue read again.
	 * @return ET_ERR_LOST when constant or ranges are not those of start(): the attempt is void. */
	int (*stop)(struct driver_inst *d, struct ref_register *out);
};

#endif
