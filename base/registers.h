/* SPDX-License-Identifier: Apache-2.0 */
/* base/registers.h - numbers in 16-bit registers, as Modbus devices keep them. Pure functions.
 *
 * A 32-bit number is two registers. With its bytes called a (most significant) to d, makers put them as ab cd,
 * cd ab, ba dc or dc ba; a register itself travels with its high byte first. Nothing of libmodbus: in version 3.1.6
 * its float setters swap bytes on little-endian machines. */
#ifndef BASE_REGISTERS_H
#define BASE_REGISTERS_H

#include <stdint.h>

enum reg_order { REG_ABCD = 0, REG_CDAB, REG_BADC, REG_DCBA, REG_ORDERS };
extern const char *const reg_order_words[]; /* "abcd" ...; NULL at the end */

enum reg_type { REG_F32 = 0, REG_U16, REG_S16, REG_U32, REG_S32, REG_TYPES };
extern const char *const reg_type_words[]; /* "f32" ...; NULL at the end */

/** Registers that a number of this type takes: 1 or 2. */
int reg_count(enum reg_type type);

/** The number in @p regs, reg_count() of them; a float32 may be NAN, infinite or subnormal. The order of a
 * single register is that of its bytes: ba in REG_BADC and REG_DCBA. */
double reg_decode(const uint16_t *regs, enum reg_type type, enum reg_order order);

/** The other way round, for a float32. */
void reg_encode_f32(float v, enum reg_order order, uint16_t out[2]);

#endif
