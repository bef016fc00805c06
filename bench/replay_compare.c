/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/replay_compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

enum { PLACE_CAP = 120, DEPTH_MAX = 16 };

/* ---- the first difference of two values ---- */

static void print_value(const json_t *v, char out[64])
{
	char *text = v ? json_dumps(v, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17)) : NULL;

	snprintf(out, 64, "%.60s", !v ? "nothing" : text ? text : "?");
	free(text);
}

static void tell(struct comparison *c, const char *place, const json_t *then, const json_t *now)
{
	char a[64], b[64];

	c->exact = false;
	if (c->first[0])
		return;
	print_value(then, a);
	print_value(now, b);
	snprintf(c->first, sizeof(c->first), "%s: recorded %s, replayed %s", place, a, b);
}

static void compare(struct comparison *c, const char *place, const json_t *then, const json_t *now,
		    int depth);

static void compare_objects(struct comparison *c, const char *place, const json_t *then,
			    const json_t *now, int depth)
{
	char inside[PLACE_CAP];
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)then, key, v)
	{
		if (depth == 0 && strcmp(key, "session") == 0)
			continue;
		snprintf(inside, sizeof(inside), "%.60s.%.50s", place, key);
		compare(c, inside, v, json_object_get(now, key), depth + 1);
	}
	json_object_foreach((json_t *)now, key, v)
	{
		snprintf(inside, sizeof(inside), "%.60s.%.50s", place, key);
		if (!json_object_get(then, key))
			tell(c, inside, NULL, v);
	}
}

static void compare_arrays(struct comparison *c, const char *place, const json_t *then,
			   const json_t *now, int depth)
{
	const size_t n = json_array_size(then), m = json_array_size(now);
	char inside[PLACE_CAP];

	for (size_t i = 0; i < n || i < m; i++) {
		snprintf(inside, sizeof(inside), "%.90s[%zu]", place, i);
		compare(c, inside, json_array_get(then, i), json_array_get(now, i), depth + 1);
	}
}

static void compare(struct comparison *c, const char *place, const json_t *then, const json_t *now,
		    int depth)
{
	if (depth < DEPTH_MAX && json_is_object(then) && json_is_object(now))
		compare_objects(c, place, then, now, depth);
	else if (depth < DEPTH_MAX && json_is_array(then) && json_is_array(now))
		compare_arrays(c, place, then, now, depth);
	else if (!then || !now || !json_equal((json_t *)then, (json_t *)now))
		tell(c, place, then, now);
}

/* ---- one attempt ---- */

static bool same_word(const json_t *a, const json_t *b, const char *key)
{
	const char *x = json_get_str(a, key), *y = json_get_str(b, key);

	return x && y ? strcmp(x, y) == 0 : x == y;
}

static json_t *figures(const json_t *position)
{
	const json_t *obs = json_object_get(position, "observation");
	json_t *cause = json_object_get(position, "cause");

	return json_pack("{s:o,s:o,s:o,s:O}", "err_pct", json_num(json_get_f64(obs, "err_pct")),
			 "U_pct", json_num(json_get_f64(obs, "U_pct")), "verdict",
			 json_str(json_get_str(position, "verdict")), "cause",
			 cause ? cause : json_null());
}

static double figure(const json_t *position, const char *key)
{
	return json_get_f64(json_object_get(position, "observation"), key);
}

/* Difference of the errors as part of the smaller U; NAN when one has no figure. Nothing over nothing is nothing. */
static double part_of_U(const json_t *then, const json_t *now)
{
	const double d = fabs(figure(then, "err_pct") - figure(now, "err_pct"));

	return d == 0 ? 0 : d / fmin(figure(then, "U_pct"), figure(now, "U_pct"));
}

static json_t *compare_position(struct comparison *c, const json_t *then, const json_t *now)
{
	const bool was = !isnan(figure(then, "err_pct")), is = !isnan(figure(now, "err_pct"));
	const double part = part_of_U(then, now);

	if (!same_word(then, now, "verdict") || !same_word(then, now, "cause") ||
	    json_get_int(then, "position", -1) != json_get_int(now, "position", -2))
		c->agrees = false;
	if (was != is || (is && !(part >= 0 && isfinite(part))))
		c->agrees = false; /* a figure that only one of them has, or no U to judge by */
	if (isfinite(part))
		c->most_of_U = fmax(c->most_of_U, part); /* fmax passes over NAN */
	return json_pack("{s:I,s:o,s:o,s:o,s:o}", "position", json_get_int(then, "position", 0),
			 "serial", json_str(json_get_str(then, "serial")), "recorded",
			 figures(then), "replayed", figures(now), "part_of_U", json_num(part));
}

static json_t *compare_attempt(struct comparison *c, const json_t *then, const json_t *now)
{
	const json_t *a = json_object_get(then, "positions");
	const json_t *b = json_object_get(now, "positions");
	const char *step = json_get_str(then ? then : now, "step");
	json_t *positions = json_array(), *cause = json_object_get(now, "cause");
	json_t *then_cause = json_object_get(then, "cause");
	char place[PLACE_CAP];

	snprintf(place, sizeof(place), "%.40s/%lld", step ? step : "?",
		 (long long)json_get_int(then ? then : now, "number", 0));
	compare(c, place, then, now, 0);
	if (!then || !now || !same_word(then, now, "step") || !same_word(then, now, "result") ||
	    !same_word(then, now, "cause") || json_array_size(a) != json_array_size(b))
		c->agrees = false;
	for (size_t i = 0; i < json_array_size(a) && i < json_array_size(b); i++)
		json_array_append_new(
			positions, compare_position(c, json_array_get(a, i), json_array_get(b, i)));
	return json_pack("{s:o,s:I,s:{s:o,s:O,s:o},s:{s:o,s:O,s:o},s:o}", "step", json_str(step),
			 "number", json_get_int(then ? then : now, "number", 0), "recorded",
			 "result", json_str(json_get_str(then, "result")), "cause",
			 then_cause ? then_cause : json_null(), "fault",
			 json_str(json_get_str(then, "fault")), "replayed", "result",
			 json_str(json_get_str(now, "result")), "cause",
			 cause ? cause : json_null(), "fault", json_str(json_get_str(now, "fault")),
			 "positions", positions);
}

static bool ends_later(const json_t *attempt, int64_t until_ns)
{
	return json_get_int(attempt, "ended_mono_ns", INT64_MIN) > until_ns;
}

json_t *replay_compare(const json_t *recorded, const json_t *replayed, int64_t until_ns,
		       struct comparison *out)
{
	const size_t n = json_array_size(recorded), m = json_array_size(replayed);
	json_t *all = json_array();

	*out = (struct comparison){ .exact = true, .agrees = true, .most_of_U = NAN };
	for (size_t i = 0; i < n || i < m; i++) {
		const json_t *then = json_array_get(recorded, i),
			     *now = json_array_get(replayed, i);

		if (!(then && now) && ends_later(then ? then : now, until_ns))
			continue;
		out->n_compared += then && now;
		if (json_array_append_new(all, compare_attempt(out, then, now)) != 0) {
			json_decref(all);
			return NULL;
		}
	}
	return all;
}
