/* SPDX-License-Identifier: Apache-2.0 */
/* base/num.c - our own scanner decides what is a number; strtod only converts what passed. */
#include "base/num.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t skip_digits(const char *s, size_t len, size_t i)
{
	while (i < len && is_digit(s[i]))
		i++;
	return i;
}

/* Optional sign and digits without a leading zero. @return where they end; 0: no integer here. */
static size_t scan_int(const char *s, size_t len)
{
	size_t start = len > 0 && (s[0] == '+' || s[0] == '-');
	size_t end = skip_digits(s, len, start);

	if (end == start || (s[start] == '0' && end - start > 1))
		return 0;
	return end;
}

static bool scan_f64(const char *s, size_t len)
{
	size_t i = scan_int(s, len);
	size_t start;

	if (i == 0)
		return false;
	if (i < len && s[i] == '.') {
		start = i + 1;
		i = skip_digits(s, len, start);
		if (i == start)
			return false;
	}
	if (i < len && (s[i] == 'e' || s[i] == 'E')) {
		start = i + 1;
		if (start < len && (s[start] == '+' || s[start] == '-'))
			start++;
		i = skip_digits(s, len, start);
		if (i == start)
			return false;
	}
	return i == len;
}

static bool has_nonzero_mantissa(const char *s)
{
	size_t end = strcspn(s, "eE");

	return strcspn(s, "123456789") < end;
}

/* A library loaded by a helper program may have set a locale: the conversions name theirs. For "C"
 * glibc hands out a static object, so this allocates nothing. */
static locale_t c_locale(void)
{
	return newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

int num_parse_f64(const char *s, size_t len, double *out)
{
	char text[NUM_TEXT_MAX + 1];
	locale_t c;
	double v;

	if (len > NUM_TEXT_MAX || !scan_f64(s, len))
		return ET_ERR_PROTO;
	memcpy(text, s, len);
	text[len] = '\0';
	c = c_locale();
	if (!c)
		return ET_ERR_PROTO;
	v = strtod_l(text, NULL, c);
	freelocale(c);
	if (!isfinite(v) || (v == 0 && has_nonzero_mantissa(text)))
		return ET_ERR_PROTO;
	*out = v;
	return ET_OK;
}

int num_parse_i64(const char *s, size_t len, int64_t *out)
{
	char text[24];
	long long v;

	if (len >= sizeof(text) || scan_int(s, len) != len || len == 0)
		return ET_ERR_PROTO;
	memcpy(text, s, len);
	text[len] = '\0';
	errno = 0;
	v = strtoll(text, NULL, 10);
	if (errno != 0)
		return ET_ERR_PROTO;
	*out = v;
	return ET_OK;
}

int num_parse_digits(const char *s, size_t len, int64_t *out)
{
	int64_t v = 0;

	if (len == 0 || len > 18 || skip_digits(s, len, 0) != len)
		return ET_ERR_PROTO;
	for (size_t i = 0; i < len; i++)
		v = v * 10 + (s[i] - '0');
	*out = v;
	return ET_OK;
}

char *num_format_f64(char buf[32], double v)
{
	locale_t c = c_locale();
	locale_t before = c ? uselocale(c) : (locale_t)0;

	snprintf(buf, 32, "%.17g", v);
	if (c) {
		uselocale(before);
		freelocale(c);
	}
	return buf;
}
