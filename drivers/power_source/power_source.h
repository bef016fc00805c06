/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/power_source/power_source.h - contract of the facet "power source".
 *
 * Every call blocks, within its own declared deadline, in the worker of its instrument session.
 * On failure the fault in the driver's environment names instrument and question. A setting whose
 * reply was lost is read back, never sent again blindly. */
#ifndef DRIVERS_POWER_SOURCE_H
#define DRIVERS_POWER_SOURCE_H

#include "base/quantities.h"
#include "io/port.h"

struct driver_inst;

struct source_limits { /* of this instrument as configured; outside: ET_ERR_ARG, nothing sent */
	double volt_max_v, curr_max_a, freq_min_hz, freq_max_hz;
};

struct source_times { /* declared: the longest that one call of this driver may take, answers included */
	double set_s, off_s; /* set(); off() and off_bare() */
	double other_s; /* the driver's open() and identify(), status() */
};

struct source_ops {
	struct source_times times;
	struct source_limits (*limits)(const struct driver_inst *d);
	/** Program, switch on, and read back. @param out What the source then reports; untouched on failure.
	 * @return ET_OK only if the read-back agrees with @p sp within the resolution of the protocol. */
	int (*set)(struct driver_inst *d, const struct setpoint *sp, struct source_status *out);
	/** All outputs off and read back. @return ET_OK only if the source reports off. */
	int (*off)(struct driver_inst *d, struct source_status *out);
	int (*status)(struct driver_inst *d, struct source_status *out);
	/** Wait for unsolicited lines until @p deadline_ns. @return ET_OK with a new status, ET_ERR_TIMEOUT. */
	int (*listen)(struct driver_inst *d, int64_t deadline_ns, struct source_status *out);
	/** Emergency: off on the bare link, also when open() has failed. Must be harmless. */
	int (*off_bare)(struct port *p, struct fault *f);
};

#endif
