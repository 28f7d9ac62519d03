/*
 * context_usage: how full the context window of a session is.
 *
 * The last reply in the transcript says how many tokens the model was given and
 * gave; its model's name, how many it can hold. A compaction makes it unknown
 * until the next reply.
 *
 * context_usage_look answers for one session without a look at any process: a hook
 * of the client asks after every tool.
 */
#pragma once

#include "agents/agent.h"
#include "conversation/tail.h"

struct context_usage {
    int64_t tokens, window; /* negative: not known */
    double percent;
};

/* asked: how the user asked for the model; NULL: not known. */
struct context_usage context_usage_of(const struct agent *agent, const struct tail_result *tail,
                                      const char *asked, const struct sr_options *options);

/* A session by its id, and where it is kept. */
struct context_usage_place {
    const char *config_dir;
    const char *session_id;
    const char *transcript;  /* below config_dir; NULL: to be looked for */
    const char *asked_model; /* how the session's user asked for its model; NULL: not known */
};

/* Returns: 0, or -ENOENT where there is no such transcript, or negative errno. */
int context_usage_look(const struct agent *agent, const struct context_usage_place *place,
                       const struct sr_options *options, struct context_usage *out);
