/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/rounding.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

static const int64_t step_u6[] = { 1000000, 100000, 10000, 1000, 100, 10, 1 };

static bool has_step(int digits)
{
	return digits >= 0 && digits <= 6;
}

int64_t rounding_u6(double pct)
{
	if (!(fabs(pct) <= 1e12))
		return ROUNDING_NONE;
	return (int64_t)rint(pct * 1e6);
}

int64_t rounding_round(int64_t v_u6, int digits, enum rounding_mode mode)
{
	int64_t step, whole, rest;

	if (v_u6 == ROUNDING_NONE || !has_step(digits))
		return ROUNDING_NONE;
	step = step_u6[digits];
	whole = v_u6 / step;
	rest = v_u6 % step; /* has the sign of v_u6 */
	if (rest < 0)
		rest = -rest;
	if (2 * rest > step || (2 * rest == step && (mode == ROUND_HALF_AWAY || whole % 2)))
		whole += v_u6 < 0 ? -1 : 1;
	return whole * step;
}

int64_t rounding_up(int64_t v_u6, int digits)
{
	int64_t step, whole;

	if (v_u6 == ROUNDING_NONE || !has_step(digits))
		return ROUNDING_NONE;
	step = step_u6[digits];
	whole = v_u6 / step;
	if (v_u6 % step)
		whole += v_u6 < 0 ? -1 : 1;
	return whole * step;
}

char *rounding_format(char buf[32], int64_t v_u6, int digits)
{
	const int64_t step = has_step(digits) ? step_u6[digits] : 1;
	uint64_t v = v_u6 < 0 ? -(uint64_t)v_u6 : (uint64_t)v_u6;
	char *p = buf + 31;

	if (v_u6 == ROUNDING_NONE)
		return strcpy(buf, "-");
	if (!has_step(digits))
		digits = 6;
	v /= (uint64_t)step;
	*p = '\0';
	for (int i = 0; i < digits || v > 0 || i == digits; i++) {
		if (i == digits && digits > 0)
			*--p = '.';
		*--p = (char)('0' + v % 10);
		v /= 10;
	}
	if (v_u6 < 0 && -v_u6 >= step)
		*--p = '-';
	memmove(buf, p, strlen(p) + 1);
	return buf;
}
