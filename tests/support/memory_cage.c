/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/memory_cage.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define V1 "/sys/fs/cgroup/memory"
#define V2 "/sys/fs/cgroup"
enum { STEP = 65536 };

static bool put(const char *dir, const char *file, long value)
{
	char path[PATH_MAX + 64];
	FILE *f;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	f = fopen(path, "we");
	ok = f && fprintf(f, "%ld", value) > 0;
	return f && fclose(f) == 0 && ok;
}

/* The number behind @p word, or the first one. @return -1: there is none. */
static long get(const char *dir, const char *file, const char *word)
{
	char path[PATH_MAX + 64], line[256];
	FILE *f;
	long v = -1;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	f = fopen(path, "re");
	while (f && v < 0 && fgets(line, sizeof(line), f)) {
		const size_t n = strlen(word);

		if (!strncmp(line, word, n) && (!n || line[n] == ' '))
			v = strtol(line + n, NULL, 10);
	}
	if (f)
		fclose(f);
	return v;
}

static bool find_home(struct memory_cage *c)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[PATH_MAX], *at;
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		at = strstr(line, c->v1 ? ":memory:" : "0::");
		if (!at || (!c->v1 && at != line))
			continue;
		snprintf(c->home, sizeof(c->home), "%s%.3000s", c->v1 ? V1 : V2,
			 at + (c->v1 ? 8 : 3));
		found = true;
	}
	if (f)
		fclose(f);
	return found;
}

bool memory_cage_make(struct memory_cage *c)
{
	*c = (struct memory_cage){ .v1 = access(V1 "/memory.limit_in_bytes", W_OK) == 0 };
	if (!find_home(c))
		return false;
	snprintf(c->dir, sizeof(c->dir), "%s/etalon-test-%d", c->v1 ? V1 : V2, (int)getpid());
	if (mkdir(c->dir, 0755) < 0)
		return false;
	if (get(c->dir, c->v1 ? "memory.usage_in_bytes" : "memory.current", "") >= 0)
		return true;
	(void)rmdir(c->dir);
	return false;
}

void memory_cage_remove(struct memory_cage *c)
{
	(void)rmdir(c->dir);
}

bool memory_cage_enter(const struct memory_cage *c)
{
	return put(c->dir, "cgroup.procs", (long)getpid());
}

bool memory_cage_leave(const struct memory_cage *c)
{
	return put(c->home, "cgroup.procs", (long)getpid());
}

static long killed(const struct memory_cage *c)
{
	return get(c->dir, c->v1 ? "memory.oom_control" : "memory.events", "oom_kill");
}

/* The child: takes a little at a time. */
static void take(const struct memory_cage *c, long most)
{
	if (!memory_cage_enter(c))
		_exit(2);
	for (long taken = 0; killed(c) == 0 && taken < most; taken += STEP) {
		char *p = mmap(NULL, STEP, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

		if (p == MAP_FAILED)
			_exit(3);
		memset(p, 1, STEP);
	}
	_exit(0);
}

int memory_cage_starve(const struct memory_cage *c, long spare_bytes, int patience_s)
{
	const long used = get(c->dir, c->v1 ? "memory.usage_in_bytes" : "memory.current", "");
	const struct timespec nap = { 0, 50000000 };
	int status = -1;
	pid_t pid;

	if (!put(c->dir, c->v1 ? "memory.limit_in_bytes" : "memory.max", used + spare_bytes))
		return -1;
	pid = fork();
	if (pid == 0)
		take(c, used + 4 * spare_bytes);
	for (int i = 0; i < 20 * patience_s; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status == 0 && killed(c) > 0 ? (int)killed(c) : -1;
		nanosleep(&nap, NULL);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -1;
}
