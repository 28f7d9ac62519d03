/*
 * changes: compares successive looks at the sessions, and decides what to
 * report, what to back up, and when to look again.
 *
 * Uses no clock, process or file: every call gets the time, in milliseconds of a
 * clock that goes on while the machine sleeps.
 *
 *     changes_look(&c, &look, now_ms, &events);
 *     while (changes_next_backup(&c, now_ms, &arena, &backup))
 *         ... make it ...
 *         changes_backed_up(&c, &backup, &result, now_ms, &events);
 *     ... sleep for changes_look_pause_ms or changes_backup_pause_ms ...
 */
#pragma once

#include "base/arena.h"
#include "session_rescue.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CHANGES_INTERVAL_MS = 20 * 1000,      /* between two looks while something moves */
    CHANGES_COOLDOWN_MS = 10 * 60 * 1000, /* between two copies of a session that fills up */
    CHANGES_CONTEXT_PERCENT = 75,         /* a context window this full is reported */
    CHANGES_RETRY_FIRST = 3,   /* intervals after a backup that failed; then twice as many ... */
    CHANGES_RETRY_LAST = 90,   /* ... up to this */
    CHANGES_IDLE_LOOKS = 15,   /* nothing moves: a look every so many intervals */
    CHANGES_SHARE = 1000,      /* looks may take one part in so many of the time, */
    CHANGES_SLOWEST_LOOKS = 6, /* but a look is delayed by no more intervals than this */
    CHANGES_CONFIRM_MS = 2000, /* a hang, a stop or a problem must last this long: a client that is
                                  about to end looks dead, and some rewrite files in place */
    CHANGES_ZOMBIE_MS = 10 * 1000, /* a busy parent may take this long to collect its child */
};

/* A transcript that a client is going to delete. */
struct change_expiring {
    const char *session_id, *config_dir, *transcript;
    int64_t size_bytes;
    int64_t modified_at_ms, deleted_at_ms; /* wall time; it is deleted at that time or later */
};

/* CHANGE_SESSION_ENDED */
enum change_how {
    CHANGE_HOW_UNKNOWN,
    CHANGE_HOW_EXIT,   /* see status */
    CHANGE_HOW_SIGNAL, /* likewise */
    CHANGE_HOW_TIDY,   /* it removed its registry entry */
    CHANGE_HOW_UNTIDY, /* its registry entry is still there: it was killed, or crashed */
};

/* How a process ended, as far as it was seen. */
struct change_end {
    int pid;
    uint64_t start_ticks;
    enum change_how how; /* an exit, or a signal */
    int status;
    const char *signal; /* "SIGTERM": it ended the process, or made it exit; NULL: none known */
};

/* One look. */
struct change_look {
    const struct sr_session *sessions; /* live ones, judged */
    size_t session_count;
    bool has_expiring; /* expiring is set; false: the earlier list stays valid */
    const struct change_expiring *expiring;
    size_t expiring_count;
    const char *const *problems; /* a line each */
    size_t problem_count;
    int64_t cost_ms;               /* CPU time of the look */
    const struct change_end *ends; /* of processes that are gone */
    size_t end_count;
    const int64_t *left; /* the pids of all registry entries, whoever has these pids now */
    size_t left_count;
};

enum change_kind {
    CHANGE_WATCHING, /* it begins */
    CHANGE_SESSION_NEW,
    CHANGE_SESSION_ENDED,
    CHANGE_SESSION_STOPPED, /* by a signal, or held by a debugger */
    CHANGE_SESSION_CONTINUED,
    CHANGE_HUNG, /* it does not answer: hung, blocked or orphaned */
    CHANGE_RECOVERED,
    CHANGE_UNSAVED, /* the conversation is not on disk */
    CHANGE_SAVED,   /* it is on disk again */
    CHANGE_CONTEXT_FULL,
    CHANGE_EXPIRING,
    CHANGE_BACKED_UP,
    CHANGE_BACKUP_FAILED,
    CHANGE_PROBLEM,
    CHANGE_STOPPED,
};

/* The words used in JSON. */
const char *change_word(enum change_kind kind);

/* NULL, 0 and negative: does not belong to the event, or is not known. Strings: the list's arena.
 */
struct change_event {
    enum change_kind kind;
    int64_t at_ms; /* wall time; filled in by the code that reports it */
    const char *session_id, *config_dir, *transcript, *cwd, *tty;
    int pid;
    int64_t size_bytes;
    enum change_how how;
    int status;              /* CHANGE_HOW_EXIT: its exit status, CHANGE_HOW_SIGNAL: the signal */
    const char *signal;      /* name of that signal, or of the one after which it exited */
    enum sr_verdict verdict; /* CHANGE_HUNG, CHANGE_RECOVERED, CHANGE_SESSION_STOPPED */
    const char *cause, *confidence, *advice;
    const char *const *evidence;
    size_t evidence_count;
    int64_t context_tokens, context_window;
    double context_percent;
    int64_t deleted_at_ms;           /* CHANGE_EXPIRING */
    enum sr_persistence persistence; /* CHANGE_UNSAVED */
    int64_t unsaved_since_ms;
    const char *why;    /* CHANGE_UNSAVED: sr_session's unsaved_why; of a backup: "hung", "context",
                           "expiring" */
    const char *backup; /* its transcript's path */
    bool was_unchanged; /* the last backup still held all of it */
    int64_t retry_in_s; /* CHANGE_BACKUP_FAILED */
    const char *text;   /* one line: what failed, or what showed it */
    int64_t sessions;   /* CHANGE_WATCHING: how many there are */
    const char *by;     /* CHANGE_WATCHING: "inotify" or "polling" */
    bool wants_person;  /* worth notifying the user */
};

struct change_events {
    struct arena *arena;
    struct change_event *items;
    size_t count, capacity;
};

/* Returns: a new event at the end of the list, in which nothing is known. */
struct change_event *change_add(struct change_events *events, enum change_kind kind);

struct change_known; /* a session, as the last look saw it */
struct change_problem;
struct change_saved; /* a transcript that expires, and whether there is a backup */

struct changes {
    struct arena arena; /* of what is known; a new one with every look */
    struct change_known *known;
    size_t known_count;
    struct change_saved *saved;
    size_t saved_count;
    struct change_problem *problems;
    size_t problem_count;
    bool has_looked, moves;
    int64_t confirm_at_ms; /* something is reported if it lasts until then; 0: nothing */
    int64_t looked_at_ms, cost_ms;
    int64_t interval_ms;
};

/* interval_ms 0: CHANGES_INTERVAL_MS. */
void changes_init(struct changes *c, int64_t interval_ms);
void changes_release(struct changes *c);

void changes_look(struct changes *c, const struct change_look *look, int64_t now_ms,
                  struct change_events *events);

struct change_backup {
    const char *session_id, *config_dir, *why;
    int64_t size_bytes; /* of its transcript, when the backup became due */
};

/* A backup that is due, the most urgent first: of a hung session, of one that is deleted soon, of
 * one that fills up. It is not returned again before changes_backed_up. Returns: false: none.
 * Owner: the arena. */
bool changes_next_backup(struct changes *c, int64_t now_ms, struct arena *a,
                         struct change_backup *out);

enum change_outcome {
    CHANGE_MADE,
    CHANGE_UNCHANGED, /* the last one still holds all of it */
    CHANGE_RECENT,    /* somebody else made one a short time ago */
    CHANGE_GONE,      /* there is no such transcript (any more) */
    CHANGE_FAILED,
};

struct change_result {
    enum change_outcome outcome;
    const char *backup; /* CHANGE_MADE, CHANGE_UNCHANGED */
    const char *error;  /* CHANGE_FAILED */
};

void changes_backed_up(struct changes *c, const struct change_backup *backup,
                       const struct change_result *result, int64_t now_ms,
                       struct change_events *events);

/* How long until the next look is due. has_moved: a file or a process was seen to change. */
int64_t changes_look_pause_ms(const struct changes *c, bool has_moved, int64_t now_ms);

/* How long until the next backup is due; -1: none is wanted. */
int64_t changes_backup_pause_ms(const struct changes *c, int64_t now_ms);
