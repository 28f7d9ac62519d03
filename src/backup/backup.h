/*
 * backup: copies whole sessions into the pending folder.
 *
 * sr_export_session copies one. A run of several lists the folder only once:
 *
 *     struct backup_run run;
 *     backup_begin(&run, &options, &error);
 *     for (...)
 *         backup_take(&run, session, &result, &error);
 *     backup_end(&run);
 *
 * The lock is held for one session at a time, so that others wait only that long.
 */
#pragma once

#include "backup/backup_dir.h"
#include "backup/salvage_memory.h"
#include "session/discover.h"

struct backup_run {
    const struct sr_export_options *options;
    struct backup_dir pending; /* fd -1: a dry run, and the folder does not exist yet */
    struct arena arena;
    struct backup_dir_entry *entries; /* as listed when the run began */
    size_t entry_count;
    struct agent_listings listings;
    bool is_clean;
    bool is_unreadable; /* the last one failed because its transcript cannot be read */
};

int backup_begin(struct backup_run *run, const struct sr_export_options *options,
                 struct sr_error *error);
void backup_end(struct backup_run *run);

/* The files of one session, listed once for several users. */
struct backup_listing {
    struct arena arena;
    struct agent_listings listings;
    struct agent_files files;
};

/* One session in a store, with or without a live process. */
struct backup_source {
    const struct agent *agent;
    const struct agent_store *store;
    struct agent_transcript transcript; /* path NULL: it has none */
    struct sv records;                  /* a transcript that is in no file; n 0: none */
    const char *temporary;              /* the folder of its client's temporary files */
    const char *cwd, *host;
    const struct sr_session *process;     /* NULL: none */
    const struct salvage_memory *salvage; /* what only its memory held; NULL: not looked for */
    struct backup_listing *listing; /* set by backup_list; NULL: backup_take lists the files */
};

/*
 * Where a session of a snapshot is now. candidate: one of its candidates, when it is not known
 * which session it is; else NULL. Returns: found; absent: there is no transcript, *out is set with
 * transcript.path NULL, and *error says so; unknown: it could not be looked for, with the reason in
 * *error, and *out as with absent, or untouched when there is no store to read.
 */
struct lookup backup_source_of(const struct sr_snapshot *snapshot, const struct sr_session *session,
                               const char *candidate, const struct sr_export_options *options,
                               struct backup_source *out, struct sr_error *error);

/* A transcript of a snapshot that lies where its client does not look, with all else that its
 * session has. Returns: 0; -ENOENT when its store is not open. */
int backup_source_of_stray(const struct sr_snapshot *snapshot, const struct sr_stray *stray,
                           const struct sr_export_options *options, struct backup_source *out);

/* As an error code: 0; -ENODATA for absent; why it is unknown. */
int backup_source_code(struct lookup found);

/* Lists the files of a source, for all later users. Owner: backup_source_release. */
void backup_list(struct backup_source *source);
void backup_source_release(struct backup_source *source);

/* For a source with a listing and no transcript: whether something is left of what was said or done
 * in it (subagents, output of tools, earlier versions of files, to-do lists, prompts). backup_take
 * saves that, with an empty transcript and a note that it is missing. */
bool backup_has_something(const struct backup_source *source);

/* As sr_export_session. */
int backup_take(struct backup_run *run, const struct backup_source *source, struct sr_export *out,
                struct sr_error *error);

/* The same of what was recalled from the memory of a session's process, as a session of its own. */
int backup_take_recalled(struct backup_run *run, const struct sr_snapshot *snapshot,
                         const struct sr_session *session, const struct salvage_memory *recalled,
                         struct sr_export *out, struct sr_error *error);
