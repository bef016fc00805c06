/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/figures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "metrology/rounding.h"

enum { DIGITS_MAX = 6, NS_DIGITS = 1000000000 };

static void use_decimal_comma(char *s, enum lang lang)
{
	char *point = lang == LANG_FR ? strchr(s, '.') : NULL;

	if (point)
		*point = ',';
}

/* Decimals that hold the figure whole. */
static int digits_needed(int64_t v_u6)
{
	int digits = DIGITS_MAX;

	while (digits > 0 && v_u6 % 10 == 0) {
		v_u6 /= 10;
		digits--;
	}
	return digits;
}

struct figure_text figures_u6(int64_t v_u6, int digits, enum figure_sign sign, enum lang lang)
{
	struct figure_text out;
	char text[32];

	if (v_u6 == ROUNDING_NONE) {
		snprintf(out.s, sizeof(out.s), "-");
		return out;
	}
	if (digits < 0 || digits > DIGITS_MAX)
		digits = DIGITS_MAX;
	if (digits < digits_needed(v_u6))
		digits = digits_needed(v_u6);
	rounding_format(text, v_u6, digits);
	use_decimal_comma(text, lang);
	snprintf(out.s, sizeof(out.s), "%s%s", sign == FIGURE_SIGNED && v_u6 > 0 ? "+" : "", text);
	return out;
}

int64_t figures_of(const json_t *o, const char *key)
{
	const int64_t limit = INT64_C(1000000000000000000);
	const int64_t v = json_get_int(o, key, ROUNDING_NONE);

	return v > limit || v < -limit ? ROUNDING_NONE : v;
}

/* The program never leaves the "C" locale, so printf's decimal sign is the point. */
static struct figure_text formatted(const char *fmt, int digits, double v, enum lang lang)
{
	struct figure_text out = { "-" };

	if (isfinite(v) && fabs(v) < 1e15) {
		snprintf(out.s, sizeof(out.s), fmt, digits, v);
		use_decimal_comma(out.s, lang);
	}
	return out;
}

struct figure_text figures_f64(double v, int digits, enum lang lang)
{
	return formatted("%.*f", digits < 0 || digits > 9 ? 9 : digits, v, lang);
}

struct figure_text figures_short(double v, enum lang lang)
{
	return formatted("%.*g", 6, v, lang);
}

struct figure_text figures_time(int64_t utc_ns, int32_t utc_offset_s)
{
	int32_t minutes = utc_offset_s > -86400 && utc_offset_s < 86400 ? utc_offset_s / 60 : 0;
	time_t t = utc_ns / NS_DIGITS - (utc_ns % NS_DIGITS < 0) + (time_t)minutes * 60;
	const unsigned east = (unsigned)(minutes < 0 ? -minutes : minutes) % (24 * 60);
	struct figure_text out;
	struct tm tm = { 0 };

	gmtime_r(&t, &tm);
	snprintf(out.s, sizeof(out.s), "%04d-%02d-%02d %02d:%02d:%02d %c%02u:%02u",
		 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		 minutes < 0 ? '-' : '+', east / 60, east % 60);
	return out;
}

/* ---- columns ---- */

uint32_t figures_code_point(const char *s, size_t *len)
{
	const unsigned char *b = (const unsigned char *)s;
	const size_t n = b[0] < 0x80 ? 1 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
	uint32_t c = n == 1 ? b[0] : b[0] & (0x7fu >> n);

	*len = 1;
	if ((b[0] >= 0x80 && b[0] < 0xc2) || b[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (b[i] & 0x3f);
	}
	*len = n;
	return c;
}

struct range {
	uint32_t lo, hi;
};

static bool is_in(const struct range *r, size_t n, uint32_t c)
{
	for (size_t i = 0; i < n; i++)
		if (c >= r[i].lo && c <= r[i].hi)
			return true;
	return false;
}

bool figures_is_printable(uint32_t c)
{
	static const struct range not [] = {
		{ 0x00, 0x1f },	    { 0x7f, 0x9f },	  { 0xad, 0xad },     { 0x61c, 0x61c },
		{ 0x200b, 0x200f }, { 0x2028, 0x202e },	  { 0x2060, 0x206f }, { 0xfeff, 0xfeff },
		{ 0xfff9, 0xfffb }, { 0xe0000, 0xe007f },
	};

	return !is_in(not, sizeof(not ) / sizeof(not [0]), c);
}

int figures_width(uint32_t c)
{
	static const struct range none[] = {
		{ 0x300, 0x36f },   { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff },
		{ 0x20d0, 0x20ff }, { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f },
	};
	static const struct range wide[] = {
		{ 0x1100, 0x115f },   { 0x2e80, 0x303e },   { 0x3041, 0xa4cf }, { 0xac00, 0xd7a3 },
		{ 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 }, { 0xffe0, 0xffe6 },
		{ 0x1f300, 0x1faff }, { 0x20000, 0x3fffd },
	};

	if (is_in(none, sizeof(none) / sizeof(none[0]), c))
		return 0;
	return is_in(wide, sizeof(wide) / sizeof(wide[0]), c) ? 2 : 1;
}

int figures_columns(const char *s)
{
	int columns = 0;
	size_t len;

	for (; *s; s += len) {
		const uint32_t c = figures_code_point(s, &len);

		columns += figures_is_printable(c) ? figures_width(c) : 1;
	}
	return columns;
}
