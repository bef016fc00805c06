/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz_num.c - whatever is taken for a number is one, and survives being written. */
#include "base/num.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void claim(int holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *s = (const char *)data;
	double v = NAN, back = NAN;
	int64_t whole = 0, digits = 0;
	char buf[32];
	int is_whole = num_parse_i64(s, len, &whole) == ET_OK;

	if (num_parse_f64(s, len, &v) == ET_OK) {
		claim(isfinite(v) && len > 0);
		for (size_t i = 0; i < len; i++)
			claim(memchr("0123456789+-.eE", data[i], 15) != NULL);
		num_format_f64(buf, v);
		claim(num_parse_f64(buf, strlen(buf), &back) == ET_OK);
		claim(memcmp(&v, &back, sizeof(v)) == 0);
		claim(!is_whole || (double)whole == v);
	} else {
		claim(!is_whole && isnan(v));
	}
	if (num_parse_digits(s, len, &digits) == ET_OK)
		claim(digits >= 0 && len <= 18 && (!is_whole || digits == whole));
	return 0;
}
