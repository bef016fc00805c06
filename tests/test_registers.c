/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_registers.c - literal registers, in every word order. 230.5 is 43668000 in IEEE 754. */
#include "base/registers.h"

#include <string.h>

#include "tests/support/near.h"

static const struct {
	enum reg_order order;
	uint16_t regs[2];
} of_230_5[] = {
	{ REG_ABCD, { 0x4366, 0x8000 } },
	{ REG_CDAB, { 0x8000, 0x4366 } },
	{ REG_BADC, { 0x6643, 0x0080 } },
	{ REG_DCBA, { 0x0080, 0x6643 } },
};

static void floats_in_every_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < REG_ORDERS; i++) {
		uint16_t r[2];

		assert_near(reg_decode(of_230_5[i].regs, REG_F32, of_230_5[i].order), 230.5, 0);
		reg_encode_f32(230.5f, of_230_5[i].order, r);
		assert_memory_equal(r, of_230_5[i].regs, sizeof(r));
		for (size_t k = 0; k < REG_ORDERS; k++)
			if (k != i &&
			    reg_decode(of_230_5[i].regs, REG_F32, of_230_5[k].order) == 230.5)
				fail_msg("order %zu reads what is written in order %zu", k, i);
	}
}

static void special_floats_stay_what_they_are(void **state)
{
	static const uint16_t nan_[2] = { 0x7fc0, 0 }, inf[2] = { 0xff80, 0 }, tiny[2] = { 0, 1 },
			      minus_zero[2] = { 0x8000, 0 };

	(void)state;
	assert_true(isnan(reg_decode(nan_, REG_F32, REG_ABCD)));
	assert_true(isinf(reg_decode(inf, REG_F32, REG_ABCD)));
	assert_true(reg_decode(inf, REG_F32, REG_ABCD) < 0);
	assert_near(reg_decode(tiny, REG_F32, REG_ABCD), 0x1p-149, 0);
	assert_near(reg_decode(minus_zero, REG_F32, REG_ABCD), 0, 0);
}

static void whole_numbers(void **state)
{
	static const uint16_t a[2] = { 0xfffe, 0x0102 }, b[2] = { 0x0001, 0x86a0 };

	(void)state;
	assert_near(reg_decode(a, REG_U16, REG_ABCD), 65534, 0);
	assert_near(reg_decode(a, REG_S16, REG_CDAB), -2, 0);
	assert_near(reg_decode(a, REG_U16, REG_BADC), 0xfeff, 0);
	assert_near(reg_decode(b, REG_U32, REG_ABCD), 100000, 0);
	assert_near(reg_decode(b, REG_U32, REG_CDAB), 0x86a00001, 0);
	assert_near(reg_decode(b, REG_S32, REG_CDAB), (double)0x86a00001 - 4294967296.0, 0);
	assert_near(reg_decode(a, REG_S32, REG_DCBA), 0x0201feff, 0);
	assert_int_equal(reg_count(REG_F32), 2);
	assert_int_equal(reg_count(REG_S16), 1);
	assert_string_equal(reg_order_words[REG_DCBA], "dcba");
	assert_string_equal(reg_type_words[REG_S32], "s32");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(floats_in_every_order),
		cmocka_unit_test(special_floats_stay_what_they_are),
		cmocka_unit_test(whole_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
