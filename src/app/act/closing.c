#include "app/act/closing.h"

#include "app/console.h"
#include "base/utf8.h"

#include <stdio.h>

enum { ID_SHOWN = 8 };

void closing_add_cause(struct closing *c, const char *text)
{
    utf8_adds_between(&c->causes, "", text, "\n");
    c->failed++;
}

void closing_add_resume(struct closing *c, const char *session_id, const char *command, int pid)
{
    if (command)
        buf_addf(&c->resume, "  %s\n", command);
    else if (pid)
        buf_addf(&c->resume, "  (%.*s... is held by pid %d)\n", ID_SHOWN, session_id, pid);
}

void closing_add_caution(struct closing *c, const char *caution)
{
    if (caution)
        utf8_adds_between(&c->resume, "  note: ", caution, "\n");
}

void closing_add_nothing_to_resume(struct closing *c, const char *session_id)
{
    buf_addf(&c->resume, "  (%.*s...: its transcript holds nothing to resume)\n", ID_SHOWN,
             session_id);
}

void closing_log(struct closing *c, const struct context *context,
                 const struct session_log_row *rows, size_t count)
{
    struct sr_error error;
    if (count &&
        session_log_append(context->log_dir, wall_now(), rows, count, c->log_name, &error) < 0)
        closing_add_cause(c, error.text);
}

int closing_foresee(const struct context *context, int status)
{
    struct sr_error error;
    bool would_log = status == EXIT_FINE || status == EXIT_ATTENTION;
    if (!would_log || session_log_foresee(context->log_dir, wall_now(), &error) == 0)
        return status;
    return context_fail(error.text, EXIT_FAILED);
}

int closing_print(struct closing *c, const struct context *context, int status)
{
    BUF_RELEASE struct buf out = {0};
    buf_addf(&out, "%s: /session-rescue\n", c->failed ? "❌ COMMAND FAILED" : "✅ COMMAND COMPLETE");
    if (c->failed)
        buf_add(&out, c->causes.p, c->causes.n);
    buf_addf(&out, "Sessions detected: %zu\nSessions exported: %zu\nSessions killed: %zu\n",
             c->detected, c->exported, c->killed);
    if (c->revived)
        buf_addf(&out, "Sessions revived: %zu\n", c->revived);
    if (c->failed)
        buf_addf(&out, "Failures: %zu; what was saved before is unharmed\n", c->failed);
    if (c->log_name[0])
        buf_addf(&out, "Session log updated: %s\n", c->log_name);
    if (c->resume.n)
        buf_addf(&out, "Resume commands:\n%s", c->resume.p);
    if (c->failed) {
        console_write(stderr, (struct sv){out.p, out.n});
        status = EXIT_FAILED;
    } else if (!context->options->json && context_print(&out) != 0) {
        status = EXIT_FAILED;
    }
    buf_release(&c->causes);
    buf_release(&c->resume);
    return status;
}
