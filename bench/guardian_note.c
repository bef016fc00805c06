/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/guardian_note.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"

#define PREFIX "guardian-"
#define SUFFIX ".note"

static json_t *time_or_null(int64_t t_ns)
{
	return t_ns ? json_integer(t_ns) : json_null();
}

/* Bytes of an instrument or a file system may stand in it, cut anywhere: jansson takes UTF-8 only. */
static json_t *plain(const char *text)
{
	char t[256];
	size_t i = 0;

	for (; i < sizeof(t) - 1 && text[i]; i++)
		t[i] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?';
	t[i] = '\0';
	return json_string(t);
}

static json_t *text_or_null(const char *text)
{
	return text && text[0] ? plain(text) : json_null();
}

static json_t *as_json(const struct guardian_note *n)
{
	return json_pack("{s:s,s:s,s:s,s:o,s:o,s:o,s:s,s:o,s:o,s:o,s:i,s:I,s:I,s:o,s:o,s:o,s:o}",
			 "schema", "etalon/guardian/1", "id", n->id, "boot_id", n->boot_id,
			 "program", plain(n->program), "session", text_or_null(n->session),
			 "reason", text_or_null(n->reason), "event", n->event, "state",
			 text_or_null(n->state), "source", text_or_null(n->source), "fault",
			 text_or_null(n->fault), "worker_pid", n->worker_pid, "started_mono_ns",
			 (json_int_t)n->started_mono_ns, "started_utc_ns",
			 (json_int_t)n->started_utc_ns, "last_beat_mono_ns",
			 time_or_null(n->last_beat_mono_ns), "noticed_mono_ns",
			 time_or_null(n->noticed_mono_ns), "off_sent_mono_ns",
			 time_or_null(n->off_sent_mono_ns), "off_reported_mono_ns",
			 time_or_null(n->off_reported_mono_ns));
}

static int io_fault(const char *path, struct fault *f)
{
	return fault_set(f, ET_ERR_IO, "%s: %s", path, strerror(errno));
}

int guardian_note_write(const struct guardian_note *n, struct fault *f)
{
	char block[GUARDIAN_NOTE_BYTES];
	json_t *o = as_json(n);
	const size_t len = o ? json_dumpb(o, block, sizeof(block) - 1, JSON_COMPACT) : 0;

	json_decref(o);
	if (len == 0 || len >= sizeof(block))
		return fault_set(f, ET_ERR_IO, "%s: the note has no room", n->path);
	memset(block + len, ' ', sizeof(block) - len);
	block[sizeof(block) - 1] = '\n';
	if (pwrite(n->fd, block, sizeof(block), 0) != (ssize_t)sizeof(block) ||
	    fdatasync(n->fd) < 0)
		return io_fault(n->path, f);
	return ET_OK;
}

/* The name of a new file is on the disk only after its folder is. */
static int sync_folder(const char *folder, struct fault *f)
{
	const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const bool good = fd >= 0 && fsync(fd) == 0;

	if (!good)
		io_fault(folder, f);
	if (fd >= 0)
		close(fd);
	return good ? ET_OK : ET_ERR_IO;
}

int guardian_note_create(struct guardian_note *n, const char *folder, struct fault *f)
{
	int err;

	if (mkdir(folder, 0755) < 0 && errno != EEXIST)
		return io_fault(folder, f);
	if (snprintf(n->path, sizeof(n->path), "%s/" PREFIX "%s" SUFFIX, folder, n->id) >=
	    (int)sizeof(n->path))
		return fault_set(f, ET_ERR_IO, "%s: the path is too long", folder);
	n->fd = open(n->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (n->fd < 0)
		return io_fault(n->path, f);
	err = flock(n->fd, LOCK_EX | LOCK_NB) < 0 ? io_fault(n->path, f)
						  : guardian_note_write(n, f);
	if (err == ET_OK)
		err = sync_folder(folder, f);
	if (err != ET_OK)
		guardian_note_close(n, false);
	return err;
}

void guardian_note_close(struct guardian_note *n, bool keep)
{
	if (!keep)
		unlink(n->path);
	close(n->fd);
	n->fd = -1;
}

/* ---- the notes of others ---- */

static bool is_note(const char *name)
{
	const size_t len = strlen(name);

	return len > strlen(PREFIX SUFFIX) && !strncmp(name, PREFIX, strlen(PREFIX)) &&
	       !strcmp(name + len - strlen(SUFFIX), SUFFIX);
}

static json_t *read_note(int fd, const char *name)
{
	char block[GUARDIAN_NOTE_BYTES];
	const ssize_t len = pread(fd, block, sizeof(block), 0);
	json_t *o = len > 0 ? json_loadb(block, (size_t)len, JSON_REJECT_DUPLICATES, NULL) : NULL;

	if (json_is_object(o) && json_get_str(o, "id") && json_get_str(o, "event"))
		return o;
	json_decref(o);
	return json_pack("{s:s%,s:s}", "id", name, strlen(name), "event", "unreadable");
}

static int take_one(const char *path, const char *name,
		    int (*take)(void *arg, json_t *note, struct fault *f), void *arg,
		    struct fault *f)
{
	const int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	json_t *note;
	int err = ET_OK;

	if (fd < 0)
		return errno == ENOENT ? ET_OK : io_fault(path, f);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) { /* else its guardian is alive */
		note = read_note(fd, name);
		err = note ? take(arg, note, f) : fault_set(f, ET_ERR_NOMEM, "out of memory");
		json_decref(note);
		if (err == ET_OK && unlink(path) < 0)
			err = io_fault(path, f);
	}
	close(fd);
	return err;
}

int guardian_notes_take(const char *folder, int (*take)(void *arg, json_t *note, struct fault *f),
			void *arg, struct fault *f)
{
	struct dirent **names = NULL;
	const int n = scandir(folder, &names, NULL, alphasort);
	int err = ET_OK;

	if (n < 0)
		return errno == ENOENT ? ET_OK : io_fault(folder, f);
	for (int i = 0; i < n; i++) {
		char path[PATH_MAX];

		if (err == ET_OK && is_note(names[i]->d_name)) {
			if (snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name) >=
			    (int)sizeof(path))
				err = fault_set(f, ET_ERR_IO, "%s: the path is too long", folder);
			else
				err = take_one(path, names[i]->d_name, take, arg, f);
		}
		free(names[i]);
	}
	free(names);
	return err;
}
