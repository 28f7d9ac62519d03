/*
 * --export --if-context: a session copied when its context window fills up.
 *
 * A client's hook runs this after every tool. So the one session that it means
 * is looked at alone, and nothing else is done while there is room left, or
 * when it was copied a short time ago. The rest is --export as always.
 */
#include "app/commands/commands.h"

#include "app/hook.h"
#include "backup/backup_dir.h"
#include "session/evidence/context_usage.h"
#include "view/outcome/backups.h"

#include <string.h>
#include <unistd.h>

/* Which session is meant: the one that the client names, else the one that this runs in. */
static bool find_place(struct context *c, struct context_usage_place *place,
                       const struct agent **agent)
{
    const struct options *o = c->options;
    struct context_usage_place p = {
        .config_dir = o->config_dir_count ? o->config_dirs[0] : c->look.default_config_dir,
        .session_id = o->hook ? o->hook->session_id : c->look.own_session_id,
        .asked_model = c->asked_model,
    };
    const char *transcript = o->hook ? o->hook->transcript_path : NULL;
    const struct agent *of = transcript ? agent_of_file(transcript) : c->own_agent;
    if (!of->stored) /* no client writes such a file */
        return false;
    if (!p.session_id || !of->stored->is_id(sv_of(p.session_id)))
        return false;
    if (!transcript && of != agents[0])
        return false; /* the directory is the first agent's: of all sessions this one is found */
    if (transcript && of->stored->split)
        of->stored->split(&c->arena, transcript, &p.config_dir, &p.transcript);
    *place = p;
    *agent = of;
    return p.config_dir != NULL;
}

static int export_one(struct context *c, const struct context_usage_place *place)
{
    struct options *narrowed = arena_alloc(&c->arena, sizeof *narrowed);
    const char **words = arena_alloc(&c->arena, 2 * sizeof *words);
    words[0] = place->session_id;
    words[1] = place->config_dir;
    *narrowed = *c->options;
    narrowed->which = &words[0];
    narrowed->which_count = 1;
    c->look.config_dirs = &words[1];
    c->look.config_dir_count = 1;
    c->options = narrowed;
    return export_run(c);
}

static int nothing_to_do(struct context *c)
{
    struct buf out = {0};
    if (!c->options->json)
        return EXIT_FINE;
    view_json_exports(&out, &(struct view_exports){0}, c->pending_dir);
    return context_print(&out);
}

static int run(struct context *context)
{
    struct context_usage_place place;
    struct context_usage fullness;
    const struct agent *agent;
    if (context->options->which_count || !find_place(context, &place, &agent))
        return export_run(context);
    if (context_usage_look(agent, &place, &context->look, &fullness) < 0 ||
        fullness.percent < context->options->if_context)
        return nothing_to_do(context);
    if (context->pending_dir) {
        if (!context_answers(context, context->pending_dir))
            return EXIT_FAILED;
        if (backup_dir_is_recent(context->pending_dir, place.session_id))
            return nothing_to_do(context);
    }
    return export_one(context, &place);
}

int export_if_context(const struct options *options)
{
    struct options told = *options;
    ARENA_RELEASE struct arena arena = {0};
    struct hook hook;
    if (options->which_count == 0 && hook_read(STDIN_FILENO, &arena, &hook) == 0)
        told.hook = &hook;
    return context_run(&told, run);
}
