/* SPDX-License-Identifier: Apache-2.0 */
/* metrology/period_name.h - a name for a pulse period that is far from the expected one.
 *
 * The name points a person to the cause; it never corrects a figure. Pure; safe in any thread. */
#ifndef METROLOGY_PERIOD_NAME_H
#define METROLOGY_PERIOD_NAME_H

#include <stdbool.h>

enum period_name {
	PERIOD_AS_EXPECTED = 0,
	PERIOD_WRONG_KH, /* another common constant, or a ratio of 2, 3, 4, 1/2 ... */
	PERIOD_WRONG_FORM, /* registers near 75 %: a 1 1/2 element meter on a network service */
	PERIOD_GROSS_ERROR, /* no name for it */
};

/** Is @p ratio, or its inverse, a whole number from 2 on? A regular loss of pulses may look so. */
bool period_is_multiple(double ratio, double tolerance);

/** Name the ratio of found to expected period. @param kh_wh  Nameplate. */
enum period_name period_name(double ratio, double kh_wh, double tolerance);

#endif
