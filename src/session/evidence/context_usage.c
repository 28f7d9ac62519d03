#include "session/evidence/context_usage.h"

#include "session/activity.h"
#include "session/stores/watched.h"

#include <errno.h>
#include <fcntl.h>

enum { WINDOW_LARGEST = 1000000 };

struct context_usage context_usage_of(const struct agent *agent, const struct tail_result *tail,
                                      const char *asked, const struct sr_options *options)
{
    struct context_usage f = {-1, -1, -1};
    if (tail->context_tokens <= 0)
        return f;
    f.tokens = tail->context_tokens;
    f.window = options->context_window;
    if (f.window == 0) {
        f.window = agent_context_window(agent, tail->context_model, asked);
        if (agent->model && f.tokens > f.window) /* so it holds more than its name says */
            f.window = f.tokens > WINDOW_LARGEST ? f.tokens : WINDOW_LARGEST;
    }
    if (f.window <= 0)
        return (struct context_usage){f.tokens, -1, -1};
    f.percent = (double)f.tokens * 100.0 / (double)f.window;
    return f;
}

static int look(const struct store *store, const struct context_usage_place *place,
                const struct sr_options *options, struct context_usage *out)
{
    struct agent_transcript transcript = {
        .session_id = place->session_id,
        .path = place->transcript,
    };
    struct agent_settings settings;
    struct tail_result tail;
    struct lookup found = lookup_found();
    if (!place->transcript)
        found = store->agent->stored->find(&store->io, place->session_id, NULL, &transcript);
    if (found.state != LOOKUP_FOUND)
        return found.state == LOOKUP_ABSENT ? -ENOENT : found.code;
    int r = activity_read_tail(store, &transcript, &tail);
    if (r < 0)
        return r;
    agent_read_settings(store->agent, &store->io, &settings);
    const char *asked = place->asked_model ? place->asked_model : settings.model;
    *out = context_usage_of(store->agent, &tail, asked, options);
    return 0;
}

int context_usage_look(const struct agent *agent, const struct context_usage_place *place,
                       const struct sr_options *options, struct context_usage *out)
{
    ARENA_RELEASE struct arena arena = {0};
    struct problems problems = {.arena = &arena};
    if (!watched_enter(options, place->config_dir))
        return -ETIMEDOUT;
    struct store store = {
        .agent = agent,
        .io = {.fd = fs_open_dir(AT_FDCWD, place->config_dir),
               .path = place->config_dir,
               .arena = &arena,
               .problems = &problems},
    };
    int r = store.io.fd < 0 ? store.io.fd : look(&store, place, options, out);
    watched_leave(options);
    fs_close(&store.io.fd);
    return r;
}
