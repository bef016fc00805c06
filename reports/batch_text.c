/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/batch_report.h"

#include "base/json.h"
#include "reports/figures.h"
#include "reports/page.h"

void report_batch_table(const json_t *report, enum lang lang, FILE *to)
{
	struct page p = { .to = to, .lang = lang };
	const json_t *m, *s;
	size_t i, k;

	json_array_foreach(json_object_get(report, "meters"), i, m)
	{
		page_cell(&p, page_str(m, "serial"), 20, false);
		page_wrapped(&p, page_str(m, "verdict"));
		json_array_foreach(json_object_get(m, "steps"), k, s)
		{
			const int digits = (int)json_get_int(s, "round_digits", 2);

			page_to(&p, 5);
			page_cell(&p, page_str(s, "step"), 10, false);
			page_cell(&p,
				  figures_u6(json_get_int(s, "err_rounded_u6", INT64_MIN), digits,
					     FIGURE_SIGNED, lang)
					  .s,
				  10, true);
			page_to(&p, 30);
			page_wrapped(&p, page_str(s, "verdict"));
		}
	}
}

void report_batch_text(const json_t *report, enum lang lang, FILE *to)
{
	struct page p = { .to = to, .lang = lang };

	page_field(&p, tr(lang, "Batch", "Lot"), page_str(report, "batch"));
	report_batch_table(report, lang, to);
}
