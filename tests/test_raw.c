/* SPDX-License-Identifier: Apache-2.0 */
/* Raw arrays as bytes and back. */
#include "db/raw.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/near.h"

static uint64_t seed = 4711;

static uint64_t rnd(void)
{
	uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* The forms written down in docs/json.md, by hand. */
static void the_forms_are_as_documented(void **state)
{
	static const unsigned char edges_bytes[] = {
		1,    3, /* format, count */
		0xd0, 0x0f, 0xc8, 0x01, 0x01, /* +1000, +100, -1 */
		0x01, 0x02, 0x01, /* positions */
		0x0e, 0x02, 0x02, /* position 1 from 0: +7; position 2: +1; position 1: +1 */
		0x00, 0x01, 0x00, /* flags */
	};
	static const unsigned char samples_bytes[] = {
		2, 1, 0x14, 0x06, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0x0a, 0x02, /* 10, +3, 1.5, 5, 2 */
	};
	static const unsigned char pairs_bytes[] = {
		3, 1, 0x01, 0x04, 0x80, 0x01
	}; /* -1, +2, 64 */
	const struct edge edges[] = { { 1000, 7, 1, 0 }, { 1100, 1, 2, 1 }, { 1099, 8, 1, 0 } };
	const struct ref_sample sample = { 10, 13, 1.5, 5, 2 };
	const struct clock_pair pair = { -1, 1, 64 };
	void *out;
	size_t len;

	(void)state;
	assert_int_equal(raw_encode_edges(edges, 3, &out, &len), ET_OK);
	assert_int_equal(len, sizeof(edges_bytes));
	assert_memory_equal(out, edges_bytes, len);
	free(out);
	assert_int_equal(raw_encode_samples(&sample, 1, &out, &len), ET_OK);
	assert_int_equal(len, sizeof(samples_bytes));
	assert_memory_equal(out, samples_bytes, len);
	free(out);
	assert_int_equal(raw_encode_pairs(&pair, 1, &out, &len), ET_OK);
	assert_int_equal(len, sizeof(pairs_bytes));
	assert_memory_equal(out, pairs_bytes, len);
	free(out);
}

static int64_t any_time(int wild)
{
	static int64_t t;

	return wild ? (int64_t)rnd() : (t += (int64_t)(rnd() % 100000000));
}

static void edges_come_back(void **state)
{
	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (size_t n = 0; n < 300; n += 7) {
		struct edge *e = calloc(n + 1, sizeof(*e)), *back;
		size_t len, m;
		void *bytes;

		for (size_t i = 0; i < n; i++) {
			e[i].t_reader_ns = any_time(n % 2);
			e[i].position = (uint16_t)(n % 2 ? rnd() : 1 + rnd() % 40);
			e[i].seq = (uint32_t)rnd();
			e[i].flags = (uint16_t)(rnd() >> (n % 2 ? 0 : 63));
		}
		assert_int_equal(raw_encode_edges(e, n, &bytes, &len), ET_OK);
		assert_int_equal(raw_decode_edges(bytes, len, &back, &m), ET_OK);
		assert_int_equal(m, n);
		assert_memory_equal(back, e, n * sizeof(*e)); /* no padding: 8 + 4 + 2 + 2 */
		free(back);
		free(bytes);
		free(e);
	}
}

static void samples_come_back(void **state)
{
	(void)state;
	for (size_t n = 0; n < 300; n += 7) {
		struct ref_sample *s = calloc(n + 1, sizeof(*s)), *back;
		size_t len, m;
		void *bytes;

		for (size_t i = 0; i < n; i++) {
			s[i].t_lo_ns = any_time(n % 2);
			s[i].t_hi_ns = any_time(n % 2);
			s[i].energy_wh = i == 3 ? NAN : (double)rnd() / 1e12;
			s[i].seq = (uint32_t)rnd();
			s[i].flags = (uint32_t)rnd();
		}
		assert_int_equal(raw_encode_samples(s, n, &bytes, &len), ET_OK);
		assert_int_equal(raw_decode_samples(bytes, len, &back, &m), ET_OK);
		assert_int_equal(m, n);
		assert_memory_equal(back, s, n * sizeof(*s)); /* 8 + 8 + 8 + 4 + 4 */
		free(back);
		free(bytes);
		free(s);
	}
}

static void pairs_come_back(void **state)
{
	(void)state;
	for (size_t n = 0; n < 100; n += 7) {
		struct clock_pair *p = calloc(n + 1, sizeof(*p)), *back;
		size_t len, m;
		void *bytes;

		for (size_t i = 0; i < n; i++)
			p[i] = (struct clock_pair){ any_time(n % 2), any_time(n % 2),
						    any_time(n % 2) };
		assert_int_equal(raw_encode_pairs(p, n, &bytes, &len), ET_OK);
		assert_int_equal(raw_decode_pairs(bytes, len, &back, &m), ET_OK);
		assert_int_equal(m, n);
		assert_memory_equal(back, p, n * sizeof(*p));
		free(back);
		free(bytes);
		free(p);
	}
}

/* Regular pulses, as a meter sends them: the form must stay small. */
static void regular_edges_are_small(void **state)
{
	enum { N = 4000 };
	struct edge *e = calloc(N, sizeof(*e));
	size_t len;
	void *bytes;

	(void)state;
	for (int i = 0; i < N; i++)
		e[i] = (struct edge){ .t_reader_ns = i * INT64_C(5000000) + (int64_t)(rnd() % 1000),
				      .position = (uint16_t)(1 + i % 40),
				      .seq = (uint32_t)(i / 40) };
	assert_int_equal(raw_encode_edges(e, N, &bytes, &len), ET_OK);
	assert_true(len < N * 8);
	free(bytes);
	free(e);
}

static int decode_any(const void *bytes, size_t len)
{
	struct ref_sample *s;
	struct clock_pair *p;
	struct edge *e;
	size_t n;

	if (raw_decode_edges(bytes, len, &e, &n) == ET_OK) {
		free(e);
		return 1;
	}
	if (raw_decode_samples(bytes, len, &s, &n) == ET_OK) {
		free(s);
		return 2;
	}
	if (raw_decode_pairs(bytes, len, &p, &n) == ET_OK) {
		free(p);
		return 3;
	}
	return 0;
}

static void hostile_bytes_are_refused(void **state)
{
	static const struct {
		const char *why, *bytes;
		size_t len;
	} cases[] = {
		{ "nothing", "", 0 },
		{ "no count", "\x01", 1 },
		{ "unknown format", "\x09\x00", 2 },
		{ "more elements than bytes", "\x01\xff\xff\xff\xff\x0f\x00", 7 },
		{ "count of 2^64 - 1", "\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 },
		{ "over 64 bits", "\x03\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02\x00\x00", 14 },
		{ "eleven bytes", "\x03\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x80\x00\x00\x00",
		  15 },
		{ "a needless byte", "\x03\x01\x80\x00\x00\x00", 6 },
		{ "too short", "\x01\x01\x00\x01\x00", 5 },
		{ "too long", "\x01\x01\x00\x01\x00\x00\x00", 7 },
		{ "position of 17 bits", "\x01\x01\x00\x80\x80\x04\x00\x00", 8 },
		{ "flags of 17 bits", "\x01\x01\x00\x01\x00\x80\x80\x04", 8 },
		{ "seq of 33 bits", "\x01\x01\x00\x01\x80\x80\x80\x80\x10\x00", 10 },
		{ "half a double", "\x02\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 13 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned char *exact = malloc(
			cases[i].len ? cases[i].len : 1); /* exact: asan sees a byte too far */

		print_message("%s\n", cases[i].why);
		memcpy(exact, cases[i].bytes, cases[i].len);
		assert_int_equal(decode_any(exact, cases[i].len), 0);
		free(exact);
	}
	assert_int_equal(decode_any("\x01\x01\x00\x01\x00\x00", 6), 1);
	assert_int_equal(decode_any("\x02\x00", 2), 2);
	assert_int_equal(decode_any("\x03\x00", 2), 3);
}

static void every_cut_is_refused(void **state)
{
	struct edge e[20];
	unsigned char *cut;
	size_t len;
	void *bytes;

	(void)state;
	for (int i = 0; i < 20; i++)
		e[i] = (struct edge){ any_time(0), (uint32_t)i, (uint16_t)(1 + i % 3), 0 };
	assert_int_equal(raw_encode_edges(e, 20, &bytes, &len), ET_OK);
	for (size_t n = 0; n < len; n++) {
		cut = malloc(n ? n : 1);
		memcpy(cut, bytes, n);
		assert_int_equal(decode_any(cut, n), 0);
		free(cut);
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_forms_are_as_documented),
		cmocka_unit_test(edges_come_back),
		cmocka_unit_test(samples_come_back),
		cmocka_unit_test(pairs_come_back),
		cmocka_unit_test(regular_edges_are_small),
		cmocka_unit_test(hostile_bytes_are_refused),
		cmocka_unit_test(every_cut_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
