/* SPDX-License-Identifier: Apache-2.0 */
#include "db/raw.h"

#include <stdlib.h>
#include <string.h>

/* Plain form: docs/json.md, "Raw data". One array has one form, so that its hash names it: a decoder
 * that accepts bytes, accepts only those that the encoder would have made. */
enum { FORMAT_EDGES = 1, FORMAT_SAMPLES = 2, FORMAT_PAIRS = 3 };
enum { VARINT_MAX = 10, SLOTS = 64 };

/* ---- writing ---- */

struct out {
	unsigned char *p, *begin;
};

static int out_start(struct out *o, unsigned char format, size_t n, size_t bytes_each)
{
	if (n > (SIZE_MAX - 1 - VARINT_MAX) / bytes_each)
		return ET_ERR_NOMEM;
	o->begin = o->p = malloc(1 + VARINT_MAX + n * bytes_each);
	if (!o->p)
		return ET_ERR_NOMEM;
	*o->p++ = format;
	return ET_OK;
}

static void put_varint(struct out *o, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		*o->p++ = (unsigned char)(v | 0x80);
	*o->p++ = (unsigned char)v;
}

static uint64_t zigzag64(uint64_t difference)
{
	return (difference << 1) ^ (0 - (difference >> 63));
}

static uint32_t zigzag32(uint32_t difference)
{
	return (difference << 1) ^ (0 - (difference >> 31));
}

static void put_difference(struct out *o, int64_t v, int64_t before)
{
	put_varint(o, zigzag64((uint64_t)v - (uint64_t)before));
}

static void put_f64(struct out *o, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	for (int i = 0; i < 64; i += 8)
		*o->p++ = (unsigned char)(bits >> i);
}

static void out_finish(struct out *o, void **bytes, size_t *len)
{
	const size_t used = (size_t)(o->p - o->begin);
	unsigned char *less = realloc(o->begin, used);

	*bytes = less ? less : o->begin;
	*len = used;
	/* cppcheck-suppress memleak; the caller has one of the two */
}

/* ---- reading ---- */

struct in {
	const unsigned char *p, *end;
	bool bad;
};

static uint64_t get_varint(struct in *in, uint64_t max)
{
	uint64_t v = 0;

	for (int shift = 0; shift < 64 && in->p < in->end; shift += 7) {
		const uint64_t bits = *in->p & 0x7f;

		if (shift == 63 && bits > 1)
			break; /* over 64 bits */
		v |= bits << shift;
		if (*in->p++ & 0x80)
			continue;
		if ((bits == 0 && shift > 0) || v > max)
			break; /* a needless byte, or out of the member's range */
		return v;
	}
	in->bad = true;
	return 0;
}

static int64_t get_difference(struct in *in, int64_t before)
{
	const uint64_t z = get_varint(in, UINT64_MAX);

	return (int64_t)((uint64_t)before + ((z >> 1) ^ (0 - (z & 1))));
}

static uint32_t get_difference32(struct in *in, uint32_t before)
{
	const uint32_t z = (uint32_t)get_varint(in, UINT32_MAX);

	return before + ((z >> 1) ^ (0 - (z & 1)));
}

static double get_f64(struct in *in)
{
	uint64_t bits = 0;
	double v;

	if (in->end - in->p < 8) {
		in->bad = true;
		return 0;
	}
	for (int i = 0; i < 64; i += 8)
		bits |= (uint64_t)*in->p++ << i;
	memcpy(&v, &bits, sizeof(v));
	return v;
}

/* Every element takes @p bytes_each at least, so the bytes there bound the memory asked for. */
static int in_start(struct in *in, const void *bytes, size_t len, unsigned char format,
		    size_t bytes_each, size_t element, void **array, size_t *n)
{
	*in = (struct in){ .p = bytes, .end = (const unsigned char *)bytes + len };
	if (len < 2 || *in->p++ != format)
		return ET_ERR_INTEGRITY;
	*n = (size_t)get_varint(in, len / bytes_each);
	if (in->bad)
		return ET_ERR_INTEGRITY;
	*array = calloc(*n + 1, element);
	return *array ? ET_OK : ET_ERR_NOMEM;
}

static int in_finish(struct in *in, void *array)
{
	if (!in->bad && in->p == in->end)
		return ET_OK;
	free(array);
	return ET_ERR_INTEGRITY;
}

/* ---- edges ---- */

int raw_encode_edges(const struct edge *e, size_t n, void **out, size_t *len)
{
	uint32_t last_seq[SLOTS] = { 0 };
	struct out o;
	int err = out_start(&o, FORMAT_EDGES, n, 10 + 3 + 5 + 3);

	if (err < 0)
		return err;
	put_varint(&o, n);
	for (size_t i = 0; i < n; i++)
		put_difference(&o, e[i].t_reader_ns, i ? e[i - 1].t_reader_ns : 0);
	for (size_t i = 0; i < n; i++)
		put_varint(&o, e[i].position);
	for (size_t i = 0; i < n; i++) {
		uint32_t *last = &last_seq[e[i].position % SLOTS];

		put_varint(&o, zigzag32(e[i].seq - *last));
		*last = e[i].seq;
	}
	for (size_t i = 0; i < n; i++)
		put_varint(&o, e[i].flags);
	out_finish(&o, out, len);
	return ET_OK;
}

int raw_decode_edges(const void *bytes, size_t len, struct edge **out, size_t *n)
{
	uint32_t last_seq[SLOTS] = { 0 };
	struct edge *e;
	struct in in;
	void *array;
	size_t count;
	int err = in_start(&in, bytes, len, FORMAT_EDGES, 4, sizeof(*e), &array, &count);

	if (err < 0)
		return err;
	e = array;
	for (size_t i = 0; i < count && !in.bad; i++)
		e[i].t_reader_ns = get_difference(&in, i ? e[i - 1].t_reader_ns : 0);
	for (size_t i = 0; i < count && !in.bad; i++)
		e[i].position = (uint16_t)get_varint(&in, UINT16_MAX);
	for (size_t i = 0; i < count && !in.bad; i++) {
		uint32_t *last = &last_seq[e[i].position % SLOTS];

		*last = e[i].seq = get_difference32(&in, *last);
	}
	for (size_t i = 0; i < count && !in.bad; i++)
		e[i].flags = (uint16_t)get_varint(&in, UINT16_MAX);
	err = in_finish(&in, array);
	if (err < 0)
		return err;
	*out = e;
	*n = count;
	return ET_OK;
}

/* ---- reference samples ---- */

int raw_encode_samples(const struct ref_sample *s, size_t n, void **out, size_t *len)
{
	struct out o;
	int err = out_start(&o, FORMAT_SAMPLES, n, 10 + 10 + 8 + 5 + 5);

	if (err < 0)
		return err;
	put_varint(&o, n);
	for (size_t i = 0; i < n; i++)
		put_difference(&o, s[i].t_lo_ns, i ? s[i - 1].t_lo_ns : 0);
	for (size_t i = 0; i < n; i++)
		put_difference(&o, s[i].t_hi_ns, s[i].t_lo_ns);
	for (size_t i = 0; i < n; i++)
		put_f64(&o, s[i].energy_wh);
	for (size_t i = 0; i < n; i++)
		put_varint(&o, zigzag32(s[i].seq - (i ? s[i - 1].seq : 0)));
	for (size_t i = 0; i < n; i++)
		put_varint(&o, s[i].flags);
	out_finish(&o, out, len);
	return ET_OK;
}

int raw_decode_samples(const void *bytes, size_t len, struct ref_sample **out, size_t *n)
{
	struct ref_sample *s;
	struct in in;
	void *array;
	size_t count;
	int err = in_start(&in, bytes, len, FORMAT_SAMPLES, 12, sizeof(*s), &array, &count);

	if (err < 0)
		return err;
	s = array;
	for (size_t i = 0; i < count && !in.bad; i++)
		s[i].t_lo_ns = get_difference(&in, i ? s[i - 1].t_lo_ns : 0);
	for (size_t i = 0; i < count && !in.bad; i++)
		s[i].t_hi_ns = get_difference(&in, s[i].t_lo_ns);
	for (size_t i = 0; i < count && !in.bad; i++)
		s[i].energy_wh = get_f64(&in);
	for (size_t i = 0; i < count && !in.bad; i++)
		s[i].seq = get_difference32(&in, i ? s[i - 1].seq : 0);
	for (size_t i = 0; i < count && !in.bad; i++)
		s[i].flags = (uint32_t)get_varint(&in, UINT32_MAX);
	err = in_finish(&in, array);
	if (err < 0)
		return err;
	*out = s;
	*n = count;
	return ET_OK;
}

/* ---- clock pairs ---- */

int raw_encode_pairs(const struct clock_pair *p, size_t n, void **out, size_t *len)
{
	struct out o;
	int err = out_start(&o, FORMAT_PAIRS, n, 10 + 10 + 10);

	if (err < 0)
		return err;
	put_varint(&o, n);
	for (size_t i = 0; i < n; i++)
		put_difference(&o, p[i].host_before_ns, i ? p[i - 1].host_before_ns : 0);
	for (size_t i = 0; i < n; i++)
		put_difference(&o, p[i].host_after_ns, p[i].host_before_ns);
	for (size_t i = 0; i < n; i++)
		put_difference(&o, p[i].reader_ns, i ? p[i - 1].reader_ns : 0);
	out_finish(&o, out, len);
	return ET_OK;
}

int raw_decode_pairs(const void *bytes, size_t len, struct clock_pair **out, size_t *n)
{
	struct clock_pair *p;
	struct in in;
	void *array;
	size_t count;
	int err = in_start(&in, bytes, len, FORMAT_PAIRS, 3, sizeof(*p), &array, &count);

	if (err < 0)
		return err;
	p = array;
	for (size_t i = 0; i < count && !in.bad; i++)
		p[i].host_before_ns = get_difference(&in, i ? p[i - 1].host_before_ns : 0);
	for (size_t i = 0; i < count && !in.bad; i++)
		p[i].host_after_ns = get_difference(&in, p[i].host_before_ns);
	for (size_t i = 0; i < count && !in.bad; i++)
		p[i].reader_ns = get_difference(&in, i ? p[i - 1].reader_ns : 0);
	err = in_finish(&in, array);
	if (err < 0)
		return err;
	*out = p;
	*n = count;
	return ET_OK;
}
