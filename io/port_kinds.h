/* SPDX-License-Identifier: Apache-2.0 */
/* io/port_kinds.h - the kinds of links that port_open() chooses from. Internal to io/. */
#ifndef IO_PORT_KINDS_H
#define IO_PORT_KINDS_H

#include "io/port.h"

enum modem_line { LINE_AS_IS = 0, LINE_OFF, LINE_ON };
struct serial_setting {
	int baud, data_bits, stop_bits;
	char parity; /* n, e, o */
	enum modem_line dtr, rts; /* as is: the kernel raises both when a device is opened */
};

/** All: @p spec is the whole specification, for messages. Not on a virtual clock.
 * @return ET_OK, ET_ERR_ARG (a setting that the kind does not have), ET_ERR_IO, ET_ERR_NOMEM. */
int port_tcp_open(const char *host, const char *service, const char *spec, struct clk *c,
		  struct port **out, struct fault *f) ET_CHECK;
int port_tty_open(const char *path, const struct serial_setting *set, const char *spec,
		  struct clk *c, struct port **out, struct fault *f) ET_CHECK;
int port_serial_open(const char *path, const struct serial_setting *set, const char *spec,
		     struct clk *c, struct port **out, struct fault *f) ET_CHECK;

/** Modbus RTU on a device (8 data bits), or TCP; @p unit goes with every request. */
int port_modbus_rtu_open(const char *path, const struct serial_setting *set, int unit,
			 const char *spec, struct clk *c, struct port **out,
			 struct fault *f) ET_CHECK;
int port_modbus_tcp_open(const char *host, const char *service, int unit, const char *spec,
			 struct clk *c, struct port **out, struct fault *f) ET_CHECK;

#endif
