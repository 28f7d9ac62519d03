/*
 * context_usage: how full the context window of a session is.
 *
 * The last reply in the transcript says how many tokens the model read and
 * wrote; the model's name says how many it can hold. After a compaction this is
 * unknown until the next reply.
 *
 * context_usage_look answers for one session without looking at any process: a
 * hook of the client calls it after every tool.
 */
#pragma once

#include "agents/agent.h"
#include "conversation/tail.h"

struct context_usage {
    int64_t tokens, window; /* negative: not known */
    double percent;
};

/* asked: the user's words for the model; NULL: not known. */
struct context_usage context_usage_of(const struct agent *agent, const struct tail_result *tail,
                                      const char *asked, const struct sr_options *options);

/* A session's id, and where it is stored. */
struct context_usage_place {
    const char *config_dir;
    const char *session_id;
    const char *transcript;  /* below config_dir; NULL: look for it */
    const char *asked_model; /* the user's words for the model; NULL: not known */
};

/* Returns: 0, -ENOENT when there is no such transcript, or another negative errno. */
int context_usage_look(const struct agent *agent, const struct context_usage_place *place,
                       const struct sr_options *options, struct context_usage *out);
