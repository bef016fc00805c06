/* SPDX-License-Identifier: Apache-2.0 */
/* io/port_list.c - see the header. */
#include "io/port_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/port_lock.h"

/* "ttyS0                -W- (EC  p a)    4:64": what the kernel talks to is no instrument. */
static bool is_console(const char *path)
{
	FILE *f = fopen("/proc/consoles", "re");
	char line[128], device[140];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		snprintf(device, sizeof(device), "/dev/%.*s", (int)strcspn(line, " \t\n"), line);
		found = !strcmp(device, path);
	}
	if (f)
		fclose(f);
	return found;
}

static bool has_modem_lines(const char *path)
{
	int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC), lines;
	bool has = fd < 0 ? errno == EBUSY : ioctl(fd, TIOCMGET, &lines) == 0;

	if (fd >= 0)
		close(fd);
	return has;
}

/* Does a descriptor of process @p pid lead to device @p dev? */
static bool has_open(const char *pid, dev_t dev)
{
	char path[320];
	struct dirent *e;
	struct stat st;
	bool found = false;
	DIR *fds;

	snprintf(path, sizeof(path), "/proc/%.15s/fd", pid);
	fds = opendir(path);
	while (fds && !found && (e = readdir(fds))) {
		snprintf(path, sizeof(path), "/proc/%.15s/fd/%s", pid, e->d_name);
		found = stat(path, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == dev;
	}
	if (fds)
		closedir(fds);
	return found;
}

/* @return 0: none that we may see. */
static int find_user(const char *path)
{
	const int me = (int)getpid();
	struct dirent *e;
	struct stat st;
	int found = 0;
	DIR *proc;

	if (stat(path, &st) < 0 || !S_ISCHR(st.st_mode))
		return 0;
	proc = opendir("/proc");
	while (proc && !found && (e = readdir(proc))) {
		int pid = atoi(e->d_name);

		if (pid > 0 && pid != me && has_open(e->d_name, st.st_rdev))
			found = pid;
	}
	if (proc)
		closedir(proc);
	return found;
}

int port_check_unused(const char *rest, struct fault *f)
{
	char path[PATH_MAX];
	int pid;

	snprintf(path, sizeof(path), "%.*s", (int)strcspn(rest, ","), rest);
	pid = find_user(path);
	return pid ? port_lock_in_use_by(pid, path, f) : ET_OK;
}

int port_list(struct serial_device *out, size_t max, size_t *n, struct fault *f)
{
	struct sp_port **all;
	enum sp_return got = sp_list_ports(&all);
	size_t k = 0;

	if (got != SP_OK)
		return fault_set(f, got == SP_ERR_MEM ? ET_ERR_NOMEM : ET_ERR_IO,
				 "the serial ports of this machine cannot be listed");
	for (size_t i = 0; all[i] && k < max; i++) {
		const char *path = sp_get_port_name(all[i]);

		if (!path || strlen(path) >= sizeof(out[k].path) || is_console(path) ||
		    (!find_user(path) && !has_modem_lines(path)))
			continue;
		snprintf(out[k++].path, sizeof(out[0].path), "%s", path);
	}
	sp_free_port_list(all);
	*n = k;
	return ET_OK;
}
