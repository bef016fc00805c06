/* SPDX-License-Identifier: Apache-2.0 */
#include "base/registers.h"

#include <stdbool.h>
#include <string.h>

const char *const reg_order_words[] = { "abcd", "cdab", "badc", "dcba", NULL };
const char *const reg_type_words[] = { "f32", "u16", "s16", "u32", "s32", NULL };

static bool swaps_bytes(enum reg_order order)
{
	return order == REG_BADC || order == REG_DCBA;
}

static bool swaps_registers(enum reg_order order)
{
	return order == REG_CDAB || order == REG_DCBA;
}

static uint16_t turned(uint16_t r, enum reg_order order)
{
	if (!swaps_bytes(order))
		return r;
	return (uint16_t)(r << 8 | r >> 8);
}

int reg_count(enum reg_type type)
{
	return type == REG_U16 || type == REG_S16 ? 1 : 2;
}

double reg_decode(const uint16_t *regs, enum reg_type type, enum reg_order order)
{
	const uint16_t first = turned(regs[0], order);
	uint16_t second;
	uint32_t bits;
	int32_t whole;
	float f;

	if (type == REG_U16)
		return first;
	if (type == REG_S16)
		return (double)first - (first & 0x8000 ? 65536 : 0);
	second = turned(regs[1], order);
	bits = swaps_registers(order) ? (uint32_t)second << 16 | first
				      : (uint32_t)first << 16 | second;
	if (type == REG_U32)
		return bits;
	if (type == REG_S32) {
		memcpy(&whole, &bits, sizeof(whole));
		return whole;
	}
	memcpy(&f, &bits, sizeof(f));
	return (double)f;
}

void reg_encode_f32(float v, enum reg_order order, uint16_t out[2])
{
	const bool swaps = swaps_registers(order);
	uint32_t bits;

	memcpy(&bits, &v, sizeof(bits));
	out[swaps ? 1 : 0] = turned((uint16_t)(bits >> 16), order);
	out[swaps ? 0 : 1] = turned((uint16_t)bits, order);
}
