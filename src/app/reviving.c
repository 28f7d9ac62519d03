#include "app/reviving.h"

#include "action/revive.h"
#include "app/prompt.h"
#include "app/scene.h"
#include "base/utf8.h"
#include "view/screen.h"

#include <errno.h>
#include <stdio.h>

static bool ask(void *context, enum sr_revive_question question, const char *text)
{
    struct scene *scene = context;
    struct buf line = {0};
    if (text)
        utf8_add_printable(&line, sv_of(text), 0);
    switch (question) {
    case SR_REVIVE_SESSION:
        screen_add_revive_question(&line, scene->session);
        break;
    case SR_REVIVE_END:
        buf_adds(&line, ". End it?");
        break;
    case SR_REVIVE_BY_FORCE:
        buf_adds(&line, ". Send SIGKILL?");
        break;
    }
    bool yes = scene_ask(scene, line.p);
    buf_release(&line);
    return yes;
}

static struct sr_revive_options revive_options(struct scene *scene)
{
    const struct context *c = scene->context;
    return (struct sr_revive_options){
        .look = &c->look,
        .timeout_minutes = c->options->timeout_minutes,
        .backup = &scene->backup,
        .force = c->options->force,
        .escape = c->options->escape,
        .grace_ms = (int64_t)(c->options->grace_s * 1000),
        .ask = prompt_can_ask() ? ask : NULL,
        .tell = scene_tell,
        .context = scene,
    };
}

int reviving_preview(struct context *c, struct sr_snapshot *snapshot,
                     const struct sr_session *session, struct reviving *out)
{
    struct scene scene;
    struct revive revive;
    struct sr_error error;
    scene_begin(&scene, c, session, "revive");
    const struct sr_revive_options options = revive_options(&scene);
    *out = (struct reviving){.session = session};
    out->code = revive_plan(&revive, snapshot, session, &options, &error);
    if (out->code < 0) {
        out->result = revive.result;
        out->why = arena_strdup(&c->arena, error.text);
        return out->code;
    }
    struct buf plan = {0}, text = {0};
    screen_add_name(&text, session);
    buf_addf(&text, ", pid %d, ", session->pid);
    screen_add_state(&text, session);
    buf_adds(&text, "\n");
    revive_describe(&revive, &plan);
    revive_release(&revive);
    screen_add_lines(&text, plan.p);
    buf_adds(&text, "Nothing was changed (--dry-run).\n");
    if (context_print(&text) != 0)
        out->code = -EIO;
    buf_release(&plan);
    buf_release(&text);
    return out->code;
}

int reviving_run(struct context *c, struct sr_snapshot *snapshot, const struct sr_session *session,
                 struct reviving *out)
{
    struct scene scene;
    struct sr_error error;
    scene_begin(&scene, c, session, "revive");
    const struct sr_revive_options options = revive_options(&scene);
    *out = (struct reviving){.session = session};
    out->code = sr_revive_process(snapshot, session, &options, &out->result, &error);
    scene_end(&scene);
    if (out->code < 0)
        out->why = arena_strdup(&c->arena, error.text);
    return out->code;
}

size_t reviving_close(const struct reviving *v, struct closing *closing,
                      struct journal_row rows[static 2])
{
    const struct sr_session *s = v->session;
    const struct sr_revive *k = &v->result;
    const char *id = s->session_id ? s->session_id : "not known";
    int64_t size_bytes = k->has_transcript ? k->backup.size_bytes : s->size_bytes;
    size_t count = 0;
    if (k->has_backup) {
        closing->exported++;
        rows[count++] = (struct journal_row){id, size_bytes, "Exported", true};
    }
    bool was_tried = k->was_revived || (v->code < 0 && !k->was_refused && !k->was_declined);
    if (was_tried)
        rows[count++] = (struct journal_row){id, size_bytes, "Revived", k->was_revived};
    closing->revived += k->was_revived;
    if (v->code < 0 && was_tried)
        closing_add_cause(closing, v->why);
    return count;
}

int reviving_status(const struct reviving *v)
{
    if (v->code == 0)
        return EXIT_FINE;
    return v->result.was_refused || v->result.was_declined ? EXIT_REFUSED : EXIT_FAILED;
}
