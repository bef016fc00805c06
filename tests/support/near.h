/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/near.h - cmocka 1.1.5 (Debian 12) compares floats only; figures here are doubles. */
#ifndef TESTS_NEAR_H
#define TESTS_NEAR_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define assert_near(got, want, tol) assert_near_at(got, want, tol, __FILE__, __LINE__)

static inline void assert_near_at(double got, double want, double tol, const char *file, int line)
{
	if (fabs(got - want) <= tol) /* false for NAN, as it should be */
		return;
	print_error("%.17g is not %.17g +- %g\n", got, want, tol);
	_fail(file, line);
}

#endif
