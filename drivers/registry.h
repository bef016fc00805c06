/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/registry.h - one line for every driver: its name here, and the same name in registry.c. */
#ifndef DRIVERS_REGISTRY_H
#define DRIVERS_REGISTRY_H

#include "drivers/driver.h"

extern const struct driver driver_zera_fg; /* power_source/zera_fg.c */
extern const struct driver driver_zera_com5003; /* reference_standard/zera_com5003.c */
extern const struct driver driver_modbus_meter; /* reference_standard/modbus_meter.c */
extern const struct driver driver_serial_stamp; /* ir_reader/serial_stamp.c */

#endif
