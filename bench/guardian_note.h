/* SPDX-License-Identifier: Apache-2.0 */
/* bench/guardian_note.h - what a guardian leaves behind for the next session: one small file a live run, made and synced
 * before anything is energised, so that a full disk cannot keep it from being written.
 *
 * A guardian whose run ended well removes its note. A note that nobody holds any more (flock) tells that something
 * happened; the next session puts it into the journal and removes it. */
#ifndef BENCH_GUARDIAN_NOTE_H
#define BENCH_GUARDIAN_NOTE_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum { GUARDIAN_NOTE_BYTES = 4096 };

struct guardian_note { /* times: 0 = did not happen */
	int fd; /* holds the lock */
	char path[PATH_MAX];
	char id[96]; /* of the note: boot id and process */
	char boot_id[40], program[256], session[48];
	const char *
		event; /* stable words of docs/json.md: "watching", "worker_lost", "source_not_off" */
	char reason[160]; /* in words */
	const char *state; /* of the worker, seq_state_word() */
	const char *source; /* as known now, seq_source_word() */
	char fault[256]; /* of the source's driver; "": none */
	int64_t started_mono_ns, started_utc_ns;
	int64_t last_beat_mono_ns, noticed_mono_ns, off_sent_mono_ns, off_reported_mono_ns;
	int worker_pid;
};

/** Make the folder if need be, and in it the note, GUARDIAN_NOTE_BYTES long, locked and on the disk; id, boot_id,
 * program, started_* and event must be set. @return ET_OK, ET_ERR_IO. */
int guardian_note_create(struct guardian_note *n, const char *folder, struct fault *f) ET_CHECK;
/** Write it anew, in place, and sync. @return ET_OK, ET_ERR_IO. */
int guardian_note_write(const struct guardian_note *n, struct fault *f) ET_CHECK;
/** @param keep  Leave the file for the next session. */
void guardian_note_close(struct guardian_note *n, bool keep);

/** The notes in @p folder that nobody holds, one after the other: @p take gets what it says (an object; {"id": file's
 * name, "event": "unreadable"} where it can't be read), and the note is removed when take() returns ET_OK. What was not there
 * is no failure. @return ET_OK, or what @p take returned. */
int guardian_notes_take(const char *folder, int (*take)(void *arg, json_t *note, struct fault *f),
			void *arg, struct fault *f) ET_CHECK;

#endif
