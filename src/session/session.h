/*
 * session: a process, its terminal and its transcript, put together.
 *
 * This is what the right-hand layers reason about; struct sr_session, which
 * the user's side reads, is filled from it.
 */
#pragma once

#include "session/activity.h"
#include "session/evidence/evidence.h"
#include "session/evidence/persistence.h"
#include "session/processes.h"
#include "session/stores/stores.h"

/* A process that has part in a session. */
struct attachment {
    struct live *live;
    enum sr_role role;
};

struct session {
    struct live *live;                    /* that it is listed by; NULL: no process */
    const struct attachment *attachments; /* all that have part in it and live, that one first */
    size_t attachment_count;
    struct store *store; /* NULL: not known */
    const struct agent_registration *registration;

    const char *session_id; /* NULL: not known, or not told apart */
    enum sr_mapping mapped_by;
    enum sr_certainty certainty;
    const char **candidates;
    size_t candidate_count;

    bool is_held;        /* by what its owner has open or locked */
    bool has_none;       /* all that the process could have was looked at, and it has no session */
    struct lookup which; /* UNKNOWN: not all could be read that tells which session it is */
    struct lookup has_transcript; /* UNKNOWN too where it is not known which session it is */
    struct agent_transcript transcript;
    struct activity activity;
    /* What a listing of the store tells of it; see struct sr_session. */
    const char *continued_in, *continues;
    enum sr_continuation continuation;
    bool is_archived;
    struct persistence_facts saving; /* of a live one */
    const struct evidence *evidence; /* that it was judged by; NULL: it was not */

    const struct sr_left *left;         /* of one that is gone */
    struct wall left_at;                /* when that was written last */
    const char *left_cwd, *left_prompt; /* its directory, its first prompt; NULL: not known */

    struct sr_session *shown; /* its public face */
};

static inline bool session_has_transcript(const struct session *s)
{
    return s->has_transcript.state == LOOKUP_FOUND;
}

/* Whether the store of a session is there to be read. */
static inline bool session_can_read_store(const struct session *s)
{
    return s->store && s->store->code == 0;
}

/* Its transcript. Of a process that has written to none, as far as all could be read: absent. */
static inline enum lookup_state session_transcript(const struct session *s)
{
    if (s->session_id)
        return s->has_transcript.state;
    bool wrote_none = s->certainty == SR_CERTAINTY_NONE && s->which.state == LOOKUP_FOUND;
    return wrote_none && session_can_read_store(s) ? LOOKUP_ABSENT : LOOKUP_UNKNOWN;
}
