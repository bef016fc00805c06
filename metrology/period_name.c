/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/period_name.h"

#include <math.h>
#include <stddef.h>

bool period_is_multiple(double ratio, double tolerance)
{
	const double r = ratio < 1 ? 1 / ratio : ratio;

	return rint(r) >= 2 && fabs(r / rint(r) - 1) <= tolerance;
}

enum period_name period_name(double ratio, double kh_wh, double tolerance)
{
	/* Wh per pulse that meters of this kind are made with. */
	static const double common_kh[] = { 0.2, 0.3,  0.6, 1,	  1.2,	1.8, 2,	   2.4,
					    3.6, 4,    6,   7.2,  10,	12,  14.4, 21.6,
					    24,	 28.8, 36,  43.2, 57.6, 72 };

	if (fabs(ratio - 1) <= tolerance)
		return PERIOD_AS_EXPECTED;
	if (fabs(ratio * 0.75 - 1) <= tolerance)
		return PERIOD_WRONG_FORM;
	if (period_is_multiple(ratio, tolerance))
		return PERIOD_WRONG_KH;
	for (size_t i = 0; i < sizeof(common_kh) / sizeof(common_kh[0]); i++)
		if (fabs(ratio * kh_wh / common_kh[i] - 1) <= tolerance)
			return PERIOD_WRONG_KH;
	return PERIOD_GROSS_ERROR;
}
