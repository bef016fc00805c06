/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/campaign_section.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "metrology/special.h"

static double t_begin_s;

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void section_begin(const char *title)
{
	t_begin_s = now_s();
	printf("## %s\n\n", title);
}

void section_end(void)
{
	printf("\nTook %.0f s; compiled by %s %s.\n", now_s() - t_begin_s,
#ifdef __clang__
	       "clang", __clang_version__
#else
	       "gcc", __VERSION__
#endif
	);
	fflush(stdout);
}

bool section_target(bool reached, const char *format, ...)
{
	va_list args;

	printf("* **%s** ", reached ? "reached" : "MISSED");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	return reached;
}

double section_upper_95(int k, int n)
{
	double lo = (double)k / n, hi = 1;

	if (k >= n)
		return 1;
	/* P(at most k of n) = 1 - I_p(k + 1, n - k) falls with p: where it is 5 % */
	for (int i = 0; i < 200; i++) {
		const double p = (lo + hi) / 2;

		if (special_beta_inc(k + 1, n - k, p) < 0.95)
			lo = p;
		else
			hi = p;
	}
	return hi;
}
