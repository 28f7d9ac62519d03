/*
 * search: what was found, session by session with its messages, as text and as
 * JSON.
 */
#pragma once

#include "base/clock.h"
#include "base/str.h"
#include "conversation/message.h"
#include "view/text.h"

struct view_hit {
    size_t session; /* in sessions */
    struct wall at;
    enum speaker speaker;
    enum event_kind kind;
    bool is_subagent;
    const char *snippet; /* with INDEX_MARK_ON and _OFF, and INDEX_SEPARATOR, in it */
    const char *uuid;    /* of the record; NULL: it has none */
    const char *file;    /* absolute path */
    int64_t offset;      /* of the record in it; negative: a prompt from the history */
};

/* A session with hits in files that the client reads, or in one file that it does not. */
struct view_hit_session {
    const char *id;
    const char *cwd;          /* NULL: not known */
    const char *command;      /* resumes it; NULL: there is none */
    int held_by;              /* pid; 0: nobody */
    const char *const *notes; /* where the conversation is now, and the like */
    size_t note_count;
    const char *stray_path;       /* the hits are in this file, where the client does not look */
    const struct sr_stray *stray; /* that file; NULL: none, or it is gone by now */
    bool is_astray;               /* its transcript lies where the client does not look, and the
                                     hits are in another file */
    const char *no_command;       /* why there is no command, a word; NULL: there is one, or the
                                     reason is not known */
    const struct sr_left *left;   /* its transcript is gone, and this is left; else NULL */
    const char *attach;           /* the command that opens a background session */
    const char
        *backup; /* if no store has the session: the transcript of the newest backup with a hit */
};

struct view_search {
    const char *words;           /* as typed */
    const struct view_hit *hits; /* grouped by session, newest first within each */
    size_t hit_count;
    const struct view_hit_session *sessions;
    size_t session_count;  /* a session may be listed more than once */
    int64_t found;         /* in all; those beyond hit_count are older */
    bool is_incomplete;    /* the index was not brought up to date */
    bool may_lack;         /* some place that may hold words could not be read */
    const char *made_anew; /* why the index was rebuilt; NULL: it was not */
};

void view_text_search(struct buf *out, const struct view_search *s, const struct view_style *style);
void view_json_search(struct buf *out, const struct view_search *s,
                      const struct sr_problem *problems, size_t problem_count);
