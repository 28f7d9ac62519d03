/*
 * persistence: is what was said in a session on disk?
 *
 * A client can go on without writing: it was told to, its disk is full, its
 * folder cannot be written to. Then the conversation is in its memory alone,
 * and no backup has it. Judged from facts that a client leaves elsewhere: its
 * history of prompts, its status, files beside a transcript that is not there.
 * None of these alone calls a healthy session unsaved: a prompt may wait for a
 * hook before it is recorded, or be taken back before that.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/fact.h"
#include "session/evidence/evidence.h"

struct proc;
struct session;

enum {
    PERSISTENCE_SETTLE_MS = 10 * 1000, /* records are queued for 0.1 s; a disk may be slow */
    PERSISTENCE_SLACK_MS = 2000,       /* between a prompt's time and its record's */
    PERSISTENCE_START_MS = 1000,       /* first status and start, as the client says them */
    /* For so long a prompt may wait for its hooks: the client's longest time-out for one. */
    PERSISTENCE_HOOKS_MS = 10 * 60 * 1000,
};

/* Times: wall time, unknown where there is none. */
struct persistence_facts {
    struct wall now, started_at; /* the process */
    enum lookup_state transcript;
    enum fact has_records;   /* of a transcript: one that has a time; no: none in all of it */
    bool holds_no_record;    /* of any kind, with a time or without */
    struct wall recorded_at; /* the newest of those, subagents' too */
    bool is_torn;            /* its last line breaks off */
    /* It begins in the middle of a conversation, with a record of that time. Unknown: it is too
     * long to say so, or it begins as it should. */
    struct wall begins_at;
    struct wall modified_at; /* the file */

    enum client_status status;
    struct wall registered_at, status_at; /* as the client says */

    /* Prompts that were typed in it since the process started, the last two that differ. */
    struct wall prompt_at, prompt_before_at;
    const char *took_up; /* the option by which it took up an earlier session; NULL: none, or */
    bool arguments_are_unknown;
    int prompts_code; /* 0; negative errno: the history of prompts is there and cannot be read */
    enum fact has_side_files;
    enum fact has_asked; /* a request went to the model */

    const char *told_by; /* to save nothing: a variable, an option; NULL: it was not */
    bool is_told_for_certain;
    bool saving_is_unknown; /* nobody can say whether it was told so */
    enum fact disk_is_full, is_unwritable;
};

struct persistence {
    enum sr_persistence state;
    struct wall since; /* until then it is on disk; BEHIND, NONE */
    const char *why;   /* a stable word; BEHIND, NONE */
    const char *how;   /* by what it shows; NULL: nothing speaks against it */
};

/* Pure. */
struct persistence persistence_judge(const struct persistence_facts *f);

/* Nothing can have been said in it: it has done nothing since it was started, and took nothing up.
 */
bool persistence_is_fresh(const struct persistence_facts *f);

/* When the last prompt was typed that is in no record (yet); unknown: none is. */
struct wall persistence_unrecorded_at(const struct persistence_facts *f);

/* Of a live session whose transcript was read. Its store is open and answers. */
void persistence_read(const struct proc *proc, struct session *s, struct persistence_facts *out);

/* What it says, as a sentence; NULL: nothing. Owner: the arena. */
const char *persistence_sentence(const struct persistence *p, const struct persistence_facts *f,
                                 struct arena *a);

/* Judges the session's facts, and shows what comes of it. Owner of the sentence: the arena. */
void persistence_show(const struct session *s, struct arena *a);
