/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/campaign.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/campaign_lab.h"

enum { PROCESSES_MAX = 64 };

/* A virtual clock stays on the CPU where it was made: processes that were told apart do not share one. */
static int take_cpu(int which)
{
	cpu_set_t all, one;

	if (sched_getaffinity(0, sizeof(all), &all) < 0)
		return -1;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET((size_t)cpu, &all) || which-- > 0)
			continue;
		CPU_ZERO(&one);
		CPU_SET((size_t)cpu, &one);
		return sched_setaffinity(0, sizeof(one), &one);
	}
	return -1;
}

static int n_cpus(void)
{
	cpu_set_t all;
	int n = sched_getaffinity(0, sizeof(all), &all) < 0 ? 1 : CPU_COUNT(&all);

	return n < PROCESSES_MAX ? n : PROCESSES_MAX;
}

static int wait_for_all(pid_t *pid, int n)
{
	int err = 0;

	for (int k = 0; k < n; k++) {
		int status;

		if (waitpid(pid[k], &status, 0) < 0 || !WIFEXITED(status) ||
		    WEXITSTATUS(status) != 0) {
			fprintf(stderr, "campaign: process %d ended with status 0x%x\n", k,
				(unsigned)status);
			err = -1;
		}
	}
	return err;
}

int campaign_share(int (*work)(const void *arg, int first, int step, int n, void *out),
		   const void *arg, size_t size, int n, void *out)
{
	const size_t all = (size_t)n * size;
	const int cpus = n_cpus();
	void *shared = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid[PROCESSES_MAX];
	int started = 0, err = 0;

	if (shared == MAP_FAILED)
		return -1;
	fflush(NULL);
	for (; started < cpus; started++) {
		pid[started] = fork();
		if (pid[started] < 0) {
			err = -1;
			break;
		}
		if (pid[started] == 0) {
			take_cpu(started);
			err = work(arg, started, cpus, n, shared);
			fflush(NULL);
			_exit(err ? 1 : 0);
		}
	}
	if (wait_for_all(pid, started) < 0)
		err = -1;
	memcpy(out, shared, all);
	munmap(shared, all);
	return err;
}

/* ---- runs of one cell ---- */
struct cell_job {
	const struct campaign_cell *cell;
	uint64_t seed;
};

static int run_cell(const void *arg, int first, int step, int n, void *out)
{
	const struct cell_job *job = arg;
	struct campaign_run *run = out;
	struct campaign_lab *lab = malloc(sizeof(*lab));
	struct run_result *room = malloc(sizeof(*room));
	int err = -1;

	if (lab && room && campaign_lab_make(lab, job->cell) == 0) {
		for (int i = first; i < n; i += step)
			campaign_lab_run(lab, job->seed + (uint64_t)i, room, &run[i]);
		campaign_lab_free(lab);
		err = 0;
	}
	free(room);
	free(lab);
	return err;
}

int campaign_cell_run(const struct campaign_cell *cell, uint64_t seed, int n,
		      struct campaign_run *out)
{
	const struct cell_job job = { cell, seed };

	return campaign_share(run_cell, &job, sizeof(*out), n, out);
}
