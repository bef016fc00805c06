/* SPDX-License-Identifier: Apache-2.0 */
/* bench/main.c - nothing but the entry: a process that has to fork does so before anything else exists. */
#include "bench/cli.h"

int main(int argc, char **argv)
{
	return cli_main(argc, argv);
}
