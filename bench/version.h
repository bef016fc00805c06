/* SPDX-License-Identifier: Apache-2.0 */
/* bench/version.h - the version that is printed and kept in every session's entry. */
#ifndef BENCH_VERSION_H
#define BENCH_VERSION_H

#define ETALON_VERSION "0.1.0"

#endif
