#include "app/act/reviving.h"

#include "app/act/scene.h"
#include "app/prompt.h"
#include "base/utf8.h"
#include "control/proof.h"
#include "control/revive.h"
#include "view/screen.h"

static bool ask(void *context, enum sr_revive_question question, const char *text)
{
    struct scene *scene = context;
    struct buf line = {0};
    if (text)
        utf8_adds_printable(&line, text);
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
    case SR_REVIVE_INCOMPLETE:
        buf_adds(&line, ". Go on all the same?");
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
        .without_backup = c->options->without_backup,
        .ask_for = prompt_can_ask() ? scene_ask_to_give_up : NULL,
    };
}

/* What the result says, and why it says so. */
static int note(struct reviving *v, struct context *c, int code, const struct sr_error *error)
{
    v->outcome.code = code;
    v->outcome.why = code < 0 ? arena_strdup(&c->arena, error->text) : NULL;
    v->outcome.was_refused = v->result.was_refused;
    v->outcome.was_declined = v->result.was_declined;
    v->outcome.was_reached = v->result.was_revived;
    v->outcome.has_backup = v->result.has_backup;
    v->outcome.backup = v->result.has_transcript ? &v->result.backup : NULL;
    return code;
}

int reviving_preview(struct context *c, struct sr_snapshot *snapshot,
                     const struct sr_session *session, struct reviving *out)
{
    struct scene scene;
    struct revive revive;
    struct sr_error error;
    struct buf text = {0};
    scene_begin(&scene, c, session, "revive");
    const struct sr_revive_options options = revive_options(&scene);
    *out = (struct reviving){.outcome.session = session};
    int code = revive_plan(&revive, snapshot, session, &options, &error);
    out->result = revive.result;
    if (code < 0)
        return note(out, c, code, &error);
    code = proof_foresee(&revive.subject, &error);
    out->result.was_refused = revive.subject.was_refused;
    if (code == 0)
        revive_describe(&revive, &text);
    revive_release(&revive);
    if (code < 0)
        return note(out, c, code, &error);
    out->outcome.code = scene_print_plan(&scene, text.p);
    buf_release(&text);
    return out->outcome.code;
}

int reviving_run(struct context *c, struct sr_snapshot *snapshot, const struct sr_session *session,
                 struct reviving *out)
{
    struct scene scene;
    struct sr_error error;
    scene_begin(&scene, c, session, "revive");
    const struct sr_revive_options options = revive_options(&scene);
    *out = (struct reviving){.outcome.session = session};
    int code = sr_revive_process(snapshot, session, &options, &out->result, &error);
    scene_end(&scene);
    return note(out, c, code, &error);
}

size_t reviving_close(const struct reviving *v, struct closing *closing,
                      struct session_log_row rows[static 2])
{
    closing->revived += v->result.was_revived;
    return outcome_close(&v->outcome, "Revived", closing, rows);
}
