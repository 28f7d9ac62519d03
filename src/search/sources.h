/*
 * sources: every transcript that a search looks into: those of all sessions in
 * the stores of a snapshot, of their subagents, and of all complete backups.
 *
 *     sources_list(&sources, snapshot, "/home/u/.local/share/session-rescue/pending");
 *     update_run(&ix, &sources, ...);
 *     sources_release(&sources);
 */
#pragma once

#include "backup/backup_dir.h"
#include "session/discover.h"

/* A folder with transcripts below it. */
struct source_root {
    const char *path;
    int fd;
    bool is_backups;    /* the pending directory */
    bool is_incomplete; /* it could not be listed whole: it may hold more */
};

struct source {
    size_t root;      /* in roots */
    const char *path; /* below it */
    const char *session_id;
    const struct agent *agent;
    bool is_stray; /* the client does not look there */
    bool is_subagent;
    const struct agent_transcript *rows; /* no file holds its records; NULL: that of the path */
};

struct sources {
    struct arena arena;
    struct problems problems; /* what could not be read */
    struct source_root *roots;
    size_t root_count, root_capacity;
    struct source *items; /* each file once; grouped by session, its backups last */
    size_t count, capacity;
    struct backup_dir pending; /* fd -1: nothing was ever exported */
};

/* pending_dir NULL: no backups. The stores' descriptors stay the snapshot's. */
void sources_list(struct sources *sources, struct sr_snapshot *snapshot, const char *pending_dir);

/* As agent_see_records, and as agent_open_records with what that says. Returns: 0 or negative
 * errno. Owner: the caller closes out->fd. */
int sources_see(struct sources *sources, const struct source *source, struct fs_file *out);
int sources_open(struct sources *sources, const struct source *source, struct fs_file *out);
void sources_release(struct sources *sources);
