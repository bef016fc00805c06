/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/history_report.h"

#include "base/json.h"
#include "reports/figures.h"
#include "reports/page.h"

/* ---- one batch of one meter ---- */

static void print_attempt(struct page *p, const json_t *a)
{
	const int64_t err = json_get_int(a, "err_rounded_u6", INT64_MIN);

	page_to(p, 4);
	page_cell(p, page_str(a, "step"), 8, false);
	page_to(p, p->at + 2);
	page_cell(p, figures_u6(err, 0, FIGURE_SIGNED, p->lang).s, 9, true);
	page_to(p, p->at + 2);
	page_wrapped(p, page_str(a, "verdict"));
}

static void print_batch(struct page *p, const json_t *b)
{
	const json_t *a;
	size_t i;

	page_field(p, tr(p->lang, "Batch", "Lot"), page_str(b, "batch"));
	json_array_foreach(json_object_get(b, "attempts"), i, a)
	{
		print_attempt(p, a);
	}
}

void report_history(const json_t *history, enum lang lang, FILE *to)
{
	struct page p = { .to = to, .lang = lang };
	const json_t *m, *b;
	size_t i, k;

	json_array_foreach(history, i, m)
	{
		page_field(&p, page_str(m, "maker"), page_str(m, "serial"));
		json_array_foreach(json_object_get(m, "batches"), k, b)
		{
			print_batch(&p, b);
		}
	}
}
