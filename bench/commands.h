/* SPDX-License-Identifier: Apache-2.0 */
/* bench/commands.h - one function a command; the table that names them is bench/commands.c. */
#ifndef BENCH_COMMANDS_H
#define BENCH_COMMANDS_H

#include "bench/cli.h"

int cmd_init(const struct cli_args *a);
int cmd_run(const struct cli_args *a);
int cmd_simulate(const struct cli_args *a);
int cmd_drivers(const struct cli_args *a);
int cmd_detect(const struct cli_args *a);
int cmd_approval_list(const struct cli_args *a);
int cmd_approval_show(const struct cli_args *a);
int cmd_approval_check(const struct cli_args *a);
int cmd_plan_list(const struct cli_args *a);
int cmd_plan_show(const struct cli_args *a);
int cmd_plan_check(const struct cli_args *a);
int cmd_apparatus_add(const struct cli_args *a);
int cmd_apparatus_list(const struct cli_args *a);
int cmd_apparatus_show(const struct cli_args *a);
int cmd_apparatus_retire(const struct cli_args *a);
int cmd_person_add(const struct cli_args *a);
int cmd_person_list(const struct cli_args *a);
int cmd_history(const struct cli_args *a);
int cmd_report_batch(const struct cli_args *a);
int cmd_audit_verify(const struct cli_args *a);
int cmd_audit_head(const struct cli_args *a);
int cmd_replay(const struct cli_args *a);
int cmd_recompute(const struct cli_args *a);
int cmd_export(const struct cli_args *a);
int cmd_db_rebuild(const struct cli_args *a);

#endif
