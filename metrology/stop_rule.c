/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/stop_rule.h"

#include "metrology/budget.h"
#include "metrology/decision.h"
#include "metrology/special.h"

enum stop stop_rule(const struct stop_look *l)
{
	if (l->n_intervals >= l->min_intervals) {
		const double U = budget_coverage(P_K3, l->dof) * l->u;
		const enum decision d = decision_interval(l->err, U, l->limit_lo, l->limit_hi);

		if (d != DECISION_INCONCLUSIVE &&
		    budget_coverage(P_K2, l->dof_a) * l->u_a <= l->floor_a)
			return STOP_GUARANTEED;
		if (l->u_a <= l->u_b / 3)
			return STOP_NO_MORE_INFORMATION;
	}
	return l->elapsed_s >= l->cap_s ? STOP_CAP : STOP_GO_ON;
}
