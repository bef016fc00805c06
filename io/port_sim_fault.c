/* SPDX-License-Identifier: Apache-2.0 */
/* io/port_sim_fault.c - what a bad line does to one message. */
#include "io/port_sim_fault.h"

#include <stdbool.h>
#include <string.h>

static bool is_digit(uint8_t b)
{
	return b >= '0' && b <= '9';
}

static void lose_byte(uint8_t *data, size_t *len, size_t at)
{
	memmove(data + at, data + at + 1, *len - at - 1);
	--*len;
}

static void double_byte(uint8_t *data, size_t *len, size_t at)
{
	memmove(data + at + 1, data + at, *len - at);
	++*len;
}

/* The next digit, 0 after 9. A message without digits loses a byte instead. */
static void change_digit(uint8_t *data, size_t *len, uint32_t where)
{
	size_t digits = 0, wanted;

	for (size_t i = 0; i < *len; i++)
		digits += is_digit(data[i]);
	if (digits == 0) {
		lose_byte(data, len, where % *len);
		return;
	}
	wanted = where % digits;
	for (size_t i = 0; i < *len; i++) {
		if (!is_digit(data[i]) || wanted-- > 0)
			continue;
		data[i] = data[i] == '9' ? '0' : (uint8_t)(data[i] + 1);
		return;
	}
}

int64_t sim_fault_apply(const struct link_fault *f, uint64_t message, uint8_t *data, size_t *len)
{
	bool meant = f->kind == LINK_SILENT_FROM ? message >= f->message : message == f->message;

	if (!meant || *len == 0)
		return 0;
	switch (f->kind) {
	case LINK_FAULT_NONE:
		break;
	case LINK_LOST:
	case LINK_SILENT_FROM:
		*len = 0;
		break;
	case LINK_CUT:
		*len = f->where % *len;
		break;
	case LINK_LATE:
		return f->late_ns;
	case LINK_BYTE_LOST:
		lose_byte(data, len, f->where % *len);
		break;
	case LINK_BYTE_DOUBLED:
		double_byte(data, len, f->where % *len);
		break;
	case LINK_BYTE_NON_ASCII:
		data[f->where % *len] = 0xc3;
		break;
	case LINK_DIGIT_CHANGED:
		change_digit(data, len, f->where);
		break;
	}
	return 0;
}
