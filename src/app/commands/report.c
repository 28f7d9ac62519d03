/*
 * --report: what a session did and why it hangs, without anything private, for others to read.
 * Changes nothing.
 */
#include "app/commands/commands.h"

#include "agents/agent.h"
#include "app/records.h"
#include "app/select/selection.h"
#include "base/err.h"
#include "platform/privilege.h"
#include "session/discover.h"
#include "view/report.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/utsname.h>

static int fetch(void *records, const struct conversation_item *item, struct arena *a,
                 struct sv *text)
{
    return records_read(records, item, a, text);
}

/* Returns: 0 when there is a survey, or negative errno. */
static int survey(const struct sr_snapshot *snapshot, const struct sr_session *shown,
                  struct view_survey *out)
{
    const struct session *s =
        &snapshot_of((struct sr_snapshot *)snapshot)->sessions[shown - snapshot->sessions];
    if (!shown->part_count || !s->store)
        return -ENOENT;
    if (!s->store->agent->reader->read_message)
        return -EOPNOTSUPP;
    const struct agent *agent = s->store->agent;
    const char *file = shown->parts[0].path;
    struct records records = {.files = &file,
                              .agent = agent,
                              .store = &s->store->io,
                              .rows = agent->records ? &s->transcript : NULL,
                              .fd = -1};
    struct conversation c;
    conversation_begin(&c, agent->reader);
    int r = records_add(&records, 0, &c);
    conversation_finish(&c);
    struct view_conversation v = {.session_id = shown->session_id,
                                  .files = &file,
                                  .file_count = 1,
                                  .conversation = &c,
                                  .fetch = fetch,
                                  .context = &records};
    if (r == 0)
        view_survey_make(&v, true, out);
    conversation_release(&c);
    records_end(&records);
    return r;
}

/* Returns: whether it was looked at. */
static bool check(const struct sr_session *s, struct arena *a, struct repair_examined *e,
                  struct view_checked *out)
{
    const struct agent *agent = agent_by_name(s->agent);
    struct sr_error error;
    if (!s->transcript || !agent || (!agent->repair && !agent->lines))
        return false;
    struct repair_examine_request request = {
        .at = AT_FDCWD,
        .path = s->transcript,
        .shown = s->transcript,
        .agent = agent,
        .options = {.is_live = s->pid != 0, .file_id = s->session_id},
    };
    int r = repair_examine(&request, a, e, &error);
    *out = (struct view_checked){
        .agent = agent,
        .session_id = s->session_id,
        .size_bytes = r == 0 ? e->file.size_bytes : s->size_bytes,
        .why = r < 0 ? err_reason(r) : NULL,
        .form = &e->form,
        .survey = &e->survey,
        .plan = &e->plan,
    };
    return true;
}

static int tell(struct context *c, const struct sr_snapshot *snapshot, const struct sr_session *s)
{
    ARENA_RELEASE struct arena arena = {0};
    BUF_RELEASE struct buf out = {0};
    struct repair_examined examined = {0};
    struct view_checked checked;
    struct view_survey said = {0};
    struct utsname name;
    bool is_checked = check(s, &arena, &examined, &checked);
    int r = survey(snapshot, s, &said);
    struct view_report report = {
        .session = s,
        .program = "session-rescue " SR_VERSION,
        .system = uname(&name) == 0
                      ? arena_printf(&arena, "%s %s %s", name.sysname, name.release, name.machine)
                      : NULL,
        .taken_at_ms = snapshot->taken_at_ms,
        .checked = is_checked ? &checked : NULL,
        .survey = r == 0 ? &said : NULL,
        .unread = r < 0 ? err_reason(r) : NULL,
    };
    if (c->options->json)
        view_json_report(&out, &report);
    else
        view_html_report(&out, &report);
    int status = context_print(&out);
    bool is_told = r == 0 || (r == -ENOENT && !s->is_unreadable); /* or there is nothing to tell */
    if (r == 0)
        view_survey_release(&said);
    if (is_checked && !checked.why)
        repair_examine_release(&examined);
    return status || is_told ? status : EXIT_ATTENTION;
}

static int run(struct context *context)
{
    const struct sr_session *session;
    struct sr_snapshot *snapshot;
    struct selection named;
    struct sr_error error;
    if (selection_parse(&named, &context->arena, context->options->which, 1, &error) < 0)
        return context_fail(error.text, EXIT_USAGE);
    selection_narrow(&named, &context->look);
    if (sr_detect_processes(&context->look, &snapshot, &error) < 0)
        return context_fail(error.text, EXIT_FAILED);
    sr_detect_hung_sessions(snapshot, context->options->timeout_minutes);
    context_print_problems(context, snapshot);
    int status = selection_find(context, &named, snapshot, &session);
    if (status == 0)
        status = tell(context, snapshot, session);
    sr_snapshot_free(snapshot);
    return status;
}

const struct command command_report = {
    .name = "report",
    .words = "WHICH",
    ONE("one session"),
    .help = "one page of what a session did and why it hangs, with\nnothing private in it",
    .run = run,
    .rights = PRIVILEGE_TRACE,
};
