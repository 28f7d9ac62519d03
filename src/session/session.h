/*
 * session: a process, its terminal and its transcript, put together.
 *
 * Later layers reason about this; the public struct sr_session is filled from
 * it.
 */
#pragma once

#include "session/activity.h"
#include "session/evidence/evidence.h"
#include "session/evidence/persistence.h"
#include "session/processes.h"
#include "session/stores/stores.h"

/* A process that takes part in a session. */
struct attachment {
    struct live *live;
    enum sr_role role;
};

struct session {
    struct live *live;                    /* the process that it is listed by; NULL: none */
    const struct attachment *attachments; /* all live processes of it, that one first */
    size_t attachment_count;
    struct store *store; /* NULL: not known */
    const struct agent_registration *registration;

    const char *session_id; /* NULL: not known, or one of several candidates */
    enum sr_mapping mapped_by;
    enum sr_certainty certainty;
    const char **candidates;
    size_t candidate_count;

    bool is_held;         /* by what its owner has open or locked */
    bool may_be_orphaned; /* a process whose terminal is gone draws it, or another of the owner's */
    bool has_none;        /* all that the process could have was looked at, and it has no session */
    struct lookup which;  /* UNKNOWN: some evidence of which session it is could not be read */
    struct lookup has_transcript; /* UNKNOWN also when it is not known which session it is */
    struct agent_transcript transcript;
    struct activity activity;
    /* From a listing of the store; see struct sr_session. */
    const char *continued_in, *continues;
    enum sr_continuation continuation;
    bool is_archived;
    struct persistence_facts saving; /* of a live session */
    const struct evidence *evidence; /* the verdict's; NULL: it was not judged */

    const struct sr_left *left;         /* of a session without a transcript */
    struct wall left_at;                /* when those files were last written */
    const char *left_cwd, *left_prompt; /* its directory, its first prompt; NULL: not known */

    struct sr_session *shown; /* the public view */
};

static inline bool session_has_transcript(const struct session *s)
{
    return s->has_transcript.state == LOOKUP_FOUND;
}

/* Whether the session's store is open. */
static inline bool session_can_read_store(const struct session *s)
{
    return s->store && s->store->code == 0;
}

/* Is there a transcript? Absent also for a process that has written to none, if everything that
 * shows this could be read. */
static inline enum lookup_state session_transcript(const struct session *s)
{
    if (s->session_id)
        return s->has_transcript.state;
    bool wrote_none = s->certainty == SR_CERTAINTY_NONE && s->which.state == LOOKUP_FOUND;
    return wrote_none && session_can_read_store(s) ? LOOKUP_ABSENT : LOOKUP_UNKNOWN;
}
