/*
 * head: how a session began, from the first bytes of its transcript.
 *
 *     struct head h;
 *     head_read(reader, &arena, bytes, false, &h);
 *     if (!h.is_enough && there is more)
 *         ... again with more bytes, HEAD_READ_MAX at most
 *
 * 16 kB do for most sessions.
 */
#pragma once

#include "conversation/event.h"

enum {
    HEAD_READ_FIRST = 16 * 1024,
    HEAD_READ_MAX = 256 * 1024,
    HEAD_TEXT_MAX = 512, /* bytes kept of the first prompt */
    HEAD_CWDS_MAX = 8,
};

struct head {
    const char *prompt; /* the first words of a person; NULL: none among these bytes */
    struct wall prompt_at;
    struct wall first_at;            /* oldest time of any record */
    const char *cwds[HEAD_CWDS_MAX]; /* distinct, as they come */
    size_t cwd_count;
    const char *session_id, *version, *entrypoint, *agent_id; /* the first; NULL: not said */
    const char *title;
    const char *forked_from; /* the session that the first records were copied from */
    bool only_sidechain;     /* a subagent's transcript */
    bool lacks_root;         /* it holds a conversation, and none of these bytes begins one */
    bool begins_with_clear;  /* by a client that was running already, on its user's /clear */
    bool is_enough; /* the conversation's root was found: no more bytes can tell anything older */
    size_t record_count; /* records that were read */
};

/*
 * Reads records until the conversation's root is known, or all of them (for
 * every cwd). The last line may be cut off: of a long first prompt the
 * beginning is taken. Strings are never cut inside a UTF-8 sequence.
 * Owner: the arena.
 */
void head_read(const struct event_reader *reader, struct arena *a, struct sv bytes, bool all,
               struct head *out);
