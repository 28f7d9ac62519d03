/*
 * manifest: what a backup says of itself, as JSON (doc/backup-format.md).
 *
 * The .sha256 file has the digests of all files too, in the same order. The
 * names there are exact; the ones here are JSON text.
 */
#pragma once

#include "agents/agent.h"
#include "backup/io/copy.h"
#include "base/arena.h"
#include "base/str.h"

#define MANIFEST_SCHEMA "session-rescue-backup/1"

/* One text in a salvage file. */
struct manifest_part {
    const char *kind, *sureness; /* "reply", "thinking", "prompt"; "high", "medium", "low" */
    bool is_json;                /* an array of one string; else the text as it is */
    int64_t offset_bytes, size_bytes;
    char sha256[DIGEST_TEXT_SIZE]; /* of these bytes */
};

struct manifest_file {
    enum agent_file_kind kind;
    const char *name;   /* below the store, or "tmp/..."; of the transcript too */
    const char *source; /* absolute path */
    struct copied copied;
    bool is_torn_tail; /* what followed the last line end of the file of that name */
    const struct manifest_part *parts; /* of AGENT_FILE_SALVAGE */
    size_t part_count;
};

struct manifest {
    const char *agent, *session_id, *cwd, *config_dir;
    const char *tool, *host, *why;
    struct wall taken_at;
    const struct sr_session *process; /* the live process; NULL: none. Written, not parsed */
    struct manifest_file *files;      /* the transcript is the first */
    size_t file_count, file_capacity;
    const struct agent_left_out *left_out;
    size_t left_out_count;
    size_t lost_count; /* how many of these should have been copied. Parsed, not written */
};

void manifest_write(const struct manifest *m, struct buf *out);

/* Returns: 0, or -EBADMSG with the reason in *wrong. Owner: the arena. */
int manifest_parse(struct arena *a, struct sv text, struct manifest *out, const char **wrong);
