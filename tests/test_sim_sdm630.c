/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_sim_sdm630.c - the simulated Modbus meter, byte for byte as its map says, and what its register counts. */
#include "tests/support/sim_rig.h"

#define SDM                                                                                    \
	RIG_QUIET "reference: {model: sdm630, latency_s: 0.02, jitter_s: 0, energy_update_s: " \
		  "0.5}\n"

static size_t ask(struct rig *r, const void *pdu, size_t len, uint8_t reply[MODBUS_PDU_MAX])
{
	int n;

	assert_int_equal(port_write(r->reference, pdu, len, rig_in(r, 1)), ET_OK);
	n = port_read(r->reference, reply, MODBUS_PDU_MAX, rig_in(r, 1));
	assert_true(n > 0);
	return (size_t)n;
}

#define assert_answers(r, question, answer)                                                        \
	do {                                                                                       \
		uint8_t got[MODBUS_PDU_MAX];                                                       \
		assert_int_equal(ask(r, question, sizeof(question) - 1, got), sizeof(answer) - 1); \
		assert_memory_equal(got, answer, sizeof(answer) - 1);                              \
	} while (0)

static void literal_messages(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, SDM);
	/* off: 0 V, 0 Hz; 1234.56 kWh is 449a51ec */
	assert_answers(&r, "\4\0\0\0\2", "\4\4\0\0\0\0");
	assert_answers(&r, "\4\0\x46\0\4", "\4\x8\0\0\0\0\x44\x9a\x51\xec");
	assert_answers(&r, "\4\1\x56\0\2", "\4\4\x44\x9a\x51\xec");
	assert_answers(&r, "\4\xff\0\0\x10",
		       "\4\x20SIM-SDM-0001\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
	rig_on(&r, 120, 10, 60); /* lagging: Q1 above 0 */
	assert_answers(&r, "\4\0\0\0\2", "\4\4\x42\xf0\0\0");
	assert_answers(&r, "\4\0\6\0\2", "\4\4\x41\x20\0\0");
	assert_answers(&r, "\4\0\x46\0\2", "\4\4\x42\x70\0\0");
	rig_close(&r);
}

static void what_it_does_not_have_it_refuses(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, SDM);
	assert_answers(&r, "\3\0\0\0\2", "\x83\1"); /* holding registers */
	assert_answers(&r, "\6\0\0\0\2", "\x86\1"); /* to write */
	assert_answers(&r, "\4\0\1\0\2", "\x84\2"); /* half a float */
	assert_answers(&r, "\4\0\0\0\1", "\x84\3");
	assert_answers(&r, "\4\0\0\0\0", "\x84\3");
	assert_answers(&r, "\4\0\0\0\x52", "\x84\3"); /* 82 */
	assert_answers(&r, "\4\0\0\xff\xfe", "\x84\3");
	assert_answers(&r, "\4\0\x24\0\2", "\x84\2"); /* a gap of its map */
	assert_answers(&r, "\4\0\x22\0\4", "\x84\2"); /* into it */
	assert_answers(&r, "\4\xff\xfe\0\4", "\x84\2"); /* past the last address */
	assert_answers(&r, "\4\xff\0\0\x12", "\x84\2"); /* past its serial number */
	assert_answers(&r, "\4", "\x84\3"); /* cut short */
	rig_close(&r);
}

static double import_kwh(struct rig *r)
{
	uint8_t reply[MODBUS_PDU_MAX];
	uint32_t bits;
	float f;

	assert_int_equal(ask(r, "\4\0\x48\0\2", 5, reply), 6);
	bits = (uint32_t)reply[2] << 24 | (uint32_t)reply[3] << 16 | (uint32_t)reply[4] << 8 |
	       reply[5];
	memcpy(&f, &bits, sizeof(f));
	return (double)f;
}

static void energy_comes_in_steps_of_10_wh(void **state)
{
	struct rig r;
	double true_wh, before, last;
	int steps = 0;

	(void)state;
	rig_open(&r, SDM "\n");
	rig_on(&r, 240, 100, 0);
	true_wh = sim_energy_wh(r.sim);
	before = last = import_kwh(&r);
	for (int i = 0; i < 300; i++) {
		double kwh;

		rig_pass(&r, 0.2);
		kwh = import_kwh(&r);
		if (kwh == last)
			continue;
		assert_near(kwh - last, 0.01, 0.0002);
		last = kwh;
		steps++;
	}
	assert_true(steps > 30);
	assert_near(1000 * (last - before), sim_energy_wh(r.sim) - true_wh,
		    10 + 24000 * 0.6 / 3600);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(literal_messages),
		cmocka_unit_test(what_it_does_not_have_it_refuses),
		cmocka_unit_test(energy_comes_in_steps_of_10_wh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
