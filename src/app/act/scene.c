#include "app/act/scene.h"

#include "agents/agent.h"
#include "app/console.h"
#include "app/prompt.h"
#include "base/utf8.h"
#include "view/screen.h"

#include <errno.h>
#include <stdio.h>

enum { LOCK_PATIENCE_MS = 30000 };

static void move_meter(void *context, int64_t done_bytes, int64_t total_bytes)
{
    struct scene *scene = context;
    meter_move(&scene->meter, done_bytes, total_bytes);
}

static void say(const struct context *c, const char *text)
{
    BUF_RELEASE struct buf line = {0};
    if (c->options->quiet)
        return;
    utf8_adds_between(&line, "", text, "\n");
    FILE *out = c->options->json ? stderr : stdout; /* the document has standard output */
    console_write(out, (struct sv){line.p, line.n});
    fflush(out);
}

void scene_tell(void *context, const char *line)
{
    struct scene *scene = context;
    meter_end(&scene->meter);
    say(scene->context, line);
}

static void say_waiting(void *context, const char *holder)
{
    BUF_RELEASE struct buf text = {0};
    buf_addf(&text, "waiting for another export, by %s", holder);
    scene_tell(context, text.p);
}

bool scene_ask(struct scene *scene, const char *question)
{
    meter_end(&scene->meter);
    bool yes = prompt_yes(question);
    meter_begin(&scene->meter, scene->context->shows_progress);
    return yes;
}

bool scene_ask_to_give_up(void *context, const char *what, char *typed, size_t size)
{
    struct scene *scene = context;
    BUF_RELEASE struct buf line = {0};
    const char *id = scene->session->session_id;
    int after = id ? (int)(agent_telling_id(id) - id) : 0;
    utf8_adds_between(&line, "", what,
                      ".\nTo give it up, type the first 8 characters of the session's id");
    if (after > 0)
        buf_addf(&line, " after '%.*s'", after, id);
    buf_adds(&line, ":");
    meter_end(&scene->meter);
    bool has_typed = prompt_for(line.p, typed, size);
    meter_begin(&scene->meter, scene->context->shows_progress);
    return has_typed;
}

int scene_print_plan(const struct scene *scene, const char *plan)
{
    struct buf text = {0};
    screen_add_name(&text, scene->session);
    buf_addf(&text, ", pid %d, ", scene->session->pid);
    screen_add_state(&text, scene->session);
    buf_adds(&text, "\n");
    screen_add_lines(&text, plan);
    buf_adds(&text, "Nothing was changed (--dry-run).\n");
    return context_print(&text) == 0 ? 0 : -EIO;
}

void scene_begin(struct scene *scene, struct context *c, const struct sr_session *session,
                 const char *why)
{
    *scene = (struct scene){
        .context = c,
        .session = session,
        .backup =
            {
                .pending_dir = c->pending_dir,
                .temporary_dir = c->temporary_dir,
                .why = why,
                .lock_patience_ms = LOCK_PATIENCE_MS,
                .waiting = say_waiting,
                .progress = move_meter,
                .context = scene,
            },
    };
    meter_begin(&scene->meter, c->shows_progress);
}

void scene_end(struct scene *scene)
{
    meter_end(&scene->meter);
}
