/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/power_source/zera_fg_lines.h - the lines of ZERA FG30x generators, without their CR: written from
 * set-points and read into quantities. Field widths are fixed. Pure functions on bytes from outside.
 *
 * Angles on the wire are in the DIN sense: opposite sign to IEC 60375, counted from the first voltage that
 * is switched on. */
#ifndef DRIVERS_POWER_SOURCE_ZERA_FG_LINES_H
#define DRIVERS_POWER_SOURCE_ZERA_FG_LINES_H

#include <stddef.h>

#include "base/quantities.h"

enum { ZFG_LINE_MAX = 96 };
#define ZFG_ALL_OFF "UIAAAAAAAAA"
#define ZFG_AMPLITUDE_MAX 999.999 /* 3.3 digits */

/** Angle of the first voltage that is on (of L1 when none is): the zero of the DIN angles. */
double zfg_zero_deg(const struct setpoint *sp);
/** @return 0 <= angle < 360, as two digits after the point print it. */
double zfg_din_from_iec(double iec_deg, double zero_deg);
/** @return -180 < angle <= 180. */
double zfg_iec_from_din(double din_deg, double zero_deg);

void zfg_write_voltages(const struct setpoint *sp, char out[ZFG_LINE_MAX]);
void zfg_write_currents(const struct setpoint *sp, char out[ZFG_LINE_MAX]);
void zfg_write_frequency(const struct setpoint *sp, char out[ZFG_LINE_MAX]);
void zfg_write_switch(const struct setpoint *sp, char out[ZFG_LINE_MAX]);

/* @return ET_OK or ET_ERR_PROTO (not a line of that kind); outputs untouched then. */
int zfg_read_identity(const char *line, struct instrument_id *out) ET_CHECK;
/** "SM" and hexadecimal digits; all zero is the only meaning known: good. */
int zfg_read_status(const char *line, bool *healthy) ET_CHECK;
/** "BU250.000" with @p key "BU"; also "AF50.00". */
int zfg_read_value(const char *line, const char *key, double *out) ET_CHECK;
/** "AURnnnnnSnnnnnTnnnnn" with @p key "AU": n * range / 20000. */
int zfg_read_amplitudes(const char *line, const char *key, double range,
			double out[ET_PHASES]) ET_CHECK;
/** "AWR" 5 characters U angle 5 characters I angle "S"... "T"...: DIN angles; only the form with a decimal
 * point ("120.0") has a known scale, others are refused. */
int zfg_read_angles(const char *line, double volt_din_deg[ET_PHASES],
		    double curr_din_deg[ET_PHASES]) ET_CHECK;

#endif
