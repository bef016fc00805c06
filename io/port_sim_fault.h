/* SPDX-License-Identifier: Apache-2.0 */
/* io/port_sim_fault.h - what a bad line does to one message. Internal to io/port_sim.c. */
#ifndef IO_PORT_SIM_FAULT_H
#define IO_PORT_SIM_FAULT_H

#include "io/port_sim.h"

/** Do @p f to message number @p message if it is meant.
 * @param data  Has room for one byte more than @p len.
 * @param len  0 afterwards: it is lost.
 * @return by how much it is late, ns. */
int64_t sim_fault_apply(const struct link_fault *f, uint64_t message, uint8_t *data, size_t *len);

#endif
