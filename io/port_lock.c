/* SPDX-License-Identifier: Apache-2.0 */
/* io/port_lock.c - flock, and the name of who holds it. */
#include "io/port_address.h"
#include "io/port_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "io/port_address.h"

/* "1: FLOCK  ADVISORY  WRITE 1234 00:18:6 0 EOF" in /proc/locks. @return 0: not known. */
static int find_holder(const struct stat *st)
{
	FILE *locks = fopen("/proc/locks", "re");
	char line[200];
	int found = 0;

	while (locks && !found && fgets(line, sizeof(line), locks)) {
		unsigned long inode;
		unsigned dev_major, dev_minor;
		int pid;

		if (sscanf(line, "%*d: FLOCK %*s WRITE %d %x:%x:%lu", &pid, &dev_major, &dev_minor,
			   &inode) == 4 &&
		    inode == st->st_ino && dev_major == major(st->st_dev) &&
		    dev_minor == minor(st->st_dev))
			found = pid;
	}
	if (locks)
		fclose(locks);
	return found;
}

int port_lock_in_use_by(int pid, const char *name, struct fault *f)
{
	char path[64], program[32] = "";
	FILE *comm;

	if (pid <= 0) {
		fault_set(f, ET_ERR_IO, "%s is in use by another program", name);
		if (f)
			f->holder_pid = -1;
		return ET_ERR_IO;
	}
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	comm = fopen(path, "re");
	if (!comm || !fgets(program, sizeof(program), comm))
		snprintf(program, sizeof(program), "unknown");
	if (comm)
		fclose(comm);
	program[strcspn(program, "\n")] = '\0';
	fault_set(f, ET_ERR_IO, "%s is in use by %s (process %d)", name, program, pid);
	if (f)
		f->holder_pid = pid;
	return ET_ERR_IO;
}

int port_lock_busy(const char *path, const char *name, struct fault *f)
{
	struct stat st;

	return port_lock_in_use_by(stat(path, &st) == 0 ? find_holder(&st) : 0, name, f);
}

int port_lock_device(int fd, const char *name, struct fault *f)
{
	struct stat st;

	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return ET_OK;
	if (errno == EWOULDBLOCK)
		return port_lock_in_use_by(fstat(fd, &st) == 0 ? find_holder(&st) : 0, name, f);
	return fault_set(f, ET_ERR_IO, "%s: cannot be locked: %s", name, strerror(errno));
}

static void path_of(const char *name, char *path, size_t cap)
{
	const char *folder = access("/run/lock", W_OK | X_OK) == 0 ? "/run/lock" : "/tmp";

	snprintf(path, cap, "%s/etalon-%s.lock", folder, name);
}

/* Who held the lock removes the file with it, so that what was opened may be a file of the past. */
static bool is_still_there(int fd, const char *path)
{
	struct stat ours, there;

	return fstat(fd, &ours) == 0 && lstat(path, &there) == 0 && ours.st_ino == there.st_ino &&
	       ours.st_dev == there.st_dev;
}

int port_lock_name(const char *name, struct fault *f)
{
	char path[200];
	int fd, err;

	path_of(name, path, sizeof(path));
	for (;;) {
		fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (fd < 0 &&
		    errno == EACCES) /* another's, in a folder where O_CREAT is then refused */
			fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			return fault_set(f, ET_ERR_IO, "%s: %s", path, strerror(errno));
		err = port_lock_device(fd, name, f);
		if (err == ET_OK && is_still_there(fd, path))
			return fd;
		close(fd);
		if (err < 0)
			return err;
	}
}

void port_unlock_name(int fd, const char *name)
{
	char path[200];

	close(fd);
	path_of(name, path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return;
	/* A process that we were forked from, or that was forked from us, may hold it still: then the name stays. */
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && is_still_there(fd, path))
		unlink(path);
	close(fd);
}

int port_lock_address(const struct port_address *a, const char *spec, char name[PORT_LOCK_NAME_MAX],
		      struct fault *f)
{
	char host[64], service[8];

	if (getnameinfo((const struct sockaddr *)&a->sa, a->len, host, sizeof(host), service,
			sizeof(service), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return fault_set(f, ET_ERR_IO, "%s: no numeric address", spec);
	snprintf(name, PORT_LOCK_NAME_MAX, "tcp-%s-%s", host, service);
	return port_lock_name(name, f);
}
