/*
 * index: which words were said in which session, when, and in which file.
 *
 * A full-text index (SQLite FTS5) in a folder of its own. It holds no text: a
 * hit is a byte offset in a transcript, and the words are read from there. All
 * of it is derived: an index that is broken, or of another version, is rebuilt,
 * and only time is lost.
 *
 *     root      a folder that transcripts lie below: a config directory, the
 *               pending directory
 *     file      a transcript below a root, how much of it was read, and what it
 *               looked like then
 *     message   what one record says; the same record of a session in several
 *               files (a live transcript and its backups) is one message
 *     copy      where else it stands
 *
 * Calling sequence (feed.h reads the files):
 *
 *     index_open(&ix, "/home/u/.cache/session-rescue", patience_ms, &error);
 *     index_begin(&ix);
 *     ... index_find_file, index_add_message, index_save_file ...
 *     index_commit(&ix);
 *     index_search(&ix, ...);
 *     index_close(&ix);
 *
 * After any call index_code tells whether the database failed; -EBADMSG: it is
 * broken, and index_rebuild begins a new one.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct database;

struct index {
    const char *folder, *path; /* of the database */
    int lock;                  /* -1: another process updates it */
    struct database *db;
    const char *made_anew;     /* why it was rebuilt; NULL: it was not, or it is the first */
    int64_t uncommitted_bytes; /* of transcripts, read since index_begin */
    struct arena arena;
};

/*
 * Opens the index; makes folder and database if they are missing, readable by
 * their owner only. Takes the lock for updates; if another process has it for
 * longer than patience_ms, ix->lock stays -1, and only searching is allowed.
 * Calls waiting (may be NULL) once when it has to wait.
 */
int index_open(struct index *ix, const char *folder, int patience_ms,
               void (*waiting)(void *context), void *context, struct sr_error *error);
void index_close(struct index *ix);

/* Returns: the first failure of the database since it was opened, with the reason in error; 0:
 * none.
 */
int index_code(const struct index *ix, struct sr_error *error);

/* Throws the database away and begins an empty one. Needs the lock. */
int index_rebuild(struct index *ix, const char *why, struct sr_error *error);

void index_begin(struct index *ix);
void index_commit(struct index *ix);

struct index_file {
    int64_t id, session;
    uint64_t device, inode;
    int64_t size_bytes, mtime_ns;
    int64_t read_bytes; /* to a line end */
    int64_t digest;     /* of the last bytes before that */
    bool is_unsettled;  /* it was rewritten: its former messages may still be listed */
};

/* Both add the row if it is missing. Return: its id. */
int64_t index_root(struct index *ix, const char *path);
int64_t index_session(struct index *ix, const char *session_id);

/* Returns: false when the file is not known. */
bool index_find_file(struct index *ix, int64_t root, const char *path, struct index_file *out);
/* Adds it if its id is 0, and sets the id. */
void index_save_file(struct index *ix, int64_t root, const char *path, struct index_file *file);

struct index_known {
    const char *path;
    int64_t id;
};
/* The files known below a root. Owner: the arena. */
void index_list_files(struct index *ix, int64_t root, struct arena *a, struct index_known **files,
                      size_t *count);

/* Every root that was ever indexed. */
void index_list_roots(struct index *ix, struct arena *a, struct index_known **roots, size_t *count);

/* The key of a message. s: its record's id, else all of its text. */
int64_t index_key(struct sv s);

/* Adds a message of a file. words: from index_words_add. */
void index_add_message(struct index *ix, const struct index_file *file, int64_t key, int64_t at_ms,
                       int64_t offset, struct sv words);

/* Around reading a file again from its beginning: index_settle drops the messages that were not
 * added again. */
void index_unsettle(struct index *ix, struct index_file *file);
void index_settle(struct index *ix, struct index_file *file);

/* Forgets a file that is gone, and drops the messages that are in no other. */
void index_forget_file(struct index *ix, int64_t id);

/* The index holds more of files that are gone than of files that are there. */
bool index_is_mostly_stale(struct index *ix);

struct index_hit {
    int64_t message, session, at_ms, file, offset, key;
};

struct index_counts {
    int64_t files, messages;
};
struct index_counts index_counts(struct index *ix);

/*
 * The newest `limit` messages that match, newest first, of files below the
 * given roots. match: as query_parse makes it. Returns: how many match in all.
 * Owner: the arena.
 */
int64_t index_search(struct index *ix, struct sv match, const int64_t *roots, size_t root_count,
                     size_t limit, struct arena *a, struct index_hit **hits, size_t *count);

struct index_place {
    int64_t root;
    const char *path; /* below it */
    const char *session_id;
    int64_t offset;
};
/* All places of a hit below the given roots. Owner: the arena. */
void index_places(struct index *ix, const struct index_hit *hit, const int64_t *roots,
                  size_t root_count, struct arena *a, struct index_place **places, size_t *count);

/*
 * Appends text for the index: with a separator after each character of a script that is written
 * without spaces (Han, kana, Thai and others), so that each is a word.
 */
#define INDEX_SEPARATOR '\x1f'
void index_words_add(struct sv text, struct buf *out);

/*
 * For each text the part around the matches, about 24 words at most, each match
 * between INDEX_MARK_ON and INDEX_MARK_OFF; NULL when nothing matches. Owner: the arena.
 */
#define INDEX_MARK_ON '\x02'
#define INDEX_MARK_OFF '\x03'
int index_snippets(struct sv match, const struct sv *texts, size_t count, struct arena *a,
                   const char **snippets);
