/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

json_t *json_num(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

json_t *json_str(const char *s)
{
	json_t *j = s ? json_string(s) : NULL;

	return j ? j : json_null();
}

double json_get_f64(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return json_is_number(v) ? json_number_value(v) : NAN;
}

json_int_t json_get_int(const json_t *o, const char *key, json_int_t otherwise)
{
	const json_t *v = json_object_get(o, key);

	return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

const char *json_get_str(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

int json_canonical(const json_t *v, char **out, size_t *len)
{
	char *text;

	assert(v);
	text = json_dumps(v, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY |
				     JSON_REAL_PRECISION(17));
	if (!text)
		return ET_ERR_NOMEM;
	*out = text;
	*len = strlen(text);
	return ET_OK;
}

json_t *json_parse(const char *text, size_t len, struct fault *f)
{
	json_error_t e;
	json_t *v = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);

	if (!v)
		fault_set(f,
			  json_error_code(&e) == json_error_out_of_memory ? ET_ERR_NOMEM
									  : ET_ERR_PROTO,
			  "JSON, line %d column %d: %s", e.line, e.column, e.text);
	return v;
}
