/*
 * The interactive rescue: what runs, and for each session that is hung, or stopped, a choice.
 *
 * After a session was ended the machine is looked at again; a session that was
 * skipped is not asked about twice.
 */
#include "app/commands/commands.h"

#include "app/act/act.h"
#include "app/console.h"
#include "app/meter.h"
#include "app/prompt.h"
#include "backup/backup_dir.h"
#include "base/utf8.h"
#include "platform/privilege.h"
#include "session/resume.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum choice { CHOICE_EXPORT, CHOICE_REVIVE, CHOICE_KILL, CHOICE_RESUME, CHOICE_SKIP, CHOICES };

static const char *const choices[CHOICES] = {
    [CHOICE_EXPORT] = "Export to pending",
    [CHOICE_REVIVE] = "Revive in place",
    [CHOICE_KILL] = "Kill process",
    [CHOICE_RESUME] = "Resume command",
    [CHOICE_SKIP] = "Skip",
};

/* A process that is not asked about any more. */
struct done {
    int pid;
    uint64_t start_ticks;
};

struct rescue {
    struct context *context;
    struct sr_snapshot *snapshot;
    size_t *order;
    size_t hung_count;
    struct done *done;
    size_t done_count, done_capacity;
    const struct sr_session *session; /* that is asked about */
    struct buf message;               /* what came of the last choice, a line */
    struct meter meter;
    struct closing closing;
    bool is_interrupted;
    bool has_looked;
};

static int look(struct rescue *r)
{
    struct context *c = r->context;
    struct sr_error error;
    bool was_whole = r->snapshot && !r->snapshot->may_lack_sessions;
    sr_snapshot_free(r->snapshot);
    r->snapshot = NULL;
    if (sr_detect_processes(&c->look, &r->snapshot, &error) < 0) {
        if (r->has_looked)
            closing_add_cause(&r->closing, error.text);
        else
            context_complain(error.text);
        return EXIT_FAILED;
    }
    if (!r->has_looked || (was_whole && r->snapshot->may_lack_sessions))
        context_print_problems(c, r->snapshot);
    r->has_looked = true;
    c->look.entering = NULL; /* the first time went well: from here on nothing is begun again */
    sr_detect_hung_sessions(r->snapshot, c->options->timeout_minutes);
    r->order = arena_alloc(&c->arena, (r->snapshot->session_count + 1) * sizeof *r->order);
    r->hung_count = screen_order(r->snapshot, r->order);
    if (r->snapshot->session_count > r->closing.detected)
        r->closing.detected = r->snapshot->session_count;
    return 0;
}

static bool is_done(const struct rescue *r, const struct sr_session *s)
{
    for (size_t i = 0; i < r->done_count; i++)
        if (r->done[i].pid == s->pid && r->done[i].start_ticks == s->start_ticks)
            return true;
    return false;
}

static void be_done_with(struct rescue *r, const struct sr_session *s)
{
    *ARENA_PUSH(&r->context->arena, r->done, r->done_count, r->done_capacity) =
        (struct done){s->pid, s->start_ticks};
}

static bool wants_a_choice(const struct sr_session *s)
{
    return s->verdict == SR_HUNG || (s->verdict == SR_STOPPED && sr_can_revive(s));
}

/* Returns: the next session that wants a choice and was not asked about, NULL where there is none.
 */
static const struct sr_session *next(const struct rescue *r)
{
    for (size_t i = 0; i < r->snapshot->session_count; i++) {
        const struct sr_session *s = &r->snapshot->sessions[r->order[i]];
        if (wants_a_choice(s) && !is_done(r, s))
            return s;
    }
    return NULL;
}

/* ---- what is seen ------------------------------------------------------------------------- */

static void draw_sessions(const struct rescue *r, size_t columns, struct buf *out)
{
    struct screen_style style = r->context->screen;
    style.columns = columns;
    screen_add_sessions(out, r->snapshot, r->order, &style);
}

static void draw(void *context, size_t columns, size_t rows, int page, struct buf *out)
{
    const struct rescue *r = context;
    const struct screen_ask ask = {
        .snapshot = r->snapshot,
        .order = r->order,
        .session = r->session,
        .message = r->message.n ? r->message.p : NULL,
        .rows = rows,
        .page = page,
    };
    struct screen_style style = r->context->screen;
    style.columns = columns;
    screen_add_ask(out, &ask, &style);
}

static void set_message(struct rescue *r, const char *text)
{
    r->message.n = 0;
    buf_adds(&r->message, text);
}

/* ---- what is chosen ----------------------------------------------------------------------- */

static void log_rows(struct rescue *r, const struct session_log_row *rows, size_t count)
{
    closing_log(&r->closing, r->context, rows, count);
}

static void export_session(struct rescue *r)
{
    const struct context *c = r->context;
    const struct sr_session *s = r->session;
    const struct sr_export_options options = {
        .pending_dir = c->pending_dir,
        .temporary_dir = c->temporary_dir,
        .why = "export",
        .lock_patience_ms = 30000,
        .progress = meter_move,
        .context = &r->meter,
    };
    struct sr_export done;
    struct sr_error error;
    meter_begin(&r->meter, c->shows_progress);
    int code = sr_export_session(r->snapshot, s, &options, &done, &error);
    meter_end(&r->meter);
    r->message.n = 0;
    if (code < 0) {
        closing_add_cause(&r->closing, error.text);
        set_message(r, error.text);
        return;
    }
    bool is_new = done.outcome == SR_EXPORTED;
    buf_addf(&r->message, "%s %s/%s.%s",
             is_new ? "Exported:" : "Already exported, verified:", c->pending_dir, done.stem,
             done.has_no_transcript ? "files" : &BACKUP_TRANSCRIPT[1]);
    if (done.lost_count)
        buf_addf(&r->message, "; incomplete: %s", done.lost);
    if (!is_new)
        return;
    r->closing.exported++;
    log_rows(r, &(struct session_log_row){s->session_id, done.size_bytes, "Exported", true}, 1);
}

static int act_on_session(struct rescue *r, bool ends)
{
    struct act act;
    struct session_log_row rows[2];
    int code = act_run(r->context, r->snapshot, r->session, ends, &act);
    if (ends || code == 0) /* else it is asked about again: what is left is to end it */
        be_done_with(r, r->session);
    r->message.n = 0;
    if (code < 0)
        set_message(r, act.why);
    else if (!ends)
        buf_addf(&r->message, "Revived: pid %d, %s", r->session->pid, act.revive.moved);
    log_rows(r, rows, act_close(&act, &r->closing, rows));
    return look(r);
}

static void show_resume_command(struct rescue *r)
{
    const struct sr_session *s = r->session;
    BUF_RELEASE struct buf command = {0};
    int code = resume_add_command(&command, s);
    r->message.n = 0;
    if (code == 0)
        buf_addf(&r->message, "%s", command.p);
    else if (s->owners_not_known)
        buf_adds(&r->message,
                 "Withheld: any process may have the session, because /proc shows none");
    else
        buf_addf(&r->message, "Withheld while pid %d holds the session: kill it first",
                 s->pid ? s->pid : s->owners[0]);
}

/* Stores what is offered for the session: "revive" only where there is a push for what holds it.
 * Returns: how many. */
static size_t offer(const struct rescue *r, enum choice offered[static CHOICES],
                    const char *items[static CHOICES])
{
    size_t n = 0;
    for (enum choice c = 0; c < CHOICES; c++) {
        if (c == CHOICE_REVIVE && !sr_can_revive(r->session))
            continue;
        offered[n] = c;
        items[n++] = choices[c];
    }
    return n;
}

/* Returns: 0 to go on, -ECANCELED to leave, or an exit status above 0. */
static int ask_about(struct rescue *r)
{
    enum choice offered[CHOICES];
    const char *items[CHOICES];
    struct prompt_menu menu = {
        .draw = draw,
        .context = r,
        .items = items,
        .count = offer(r, offered, items),
        .is_plain = r->context->is_plain_terminal,
    };
    int choice = prompt_select(&menu);
    switch (choice < 0 ? choice : (int)offered[choice]) {
    case CHOICE_EXPORT:
        export_session(r);
        return 0;
    case CHOICE_REVIVE:
        return act_on_session(r, false);
    case CHOICE_KILL:
        return act_on_session(r, true);
    case CHOICE_RESUME:
        show_resume_command(r);
        return 0;
    case CHOICE_SKIP:
        be_done_with(r, r->session);
        r->message.n = 0;
        return 0;
    default:
        r->is_interrupted = choice == -EINTR;
        return -ECANCELED;
    }
}

/* ---- the whole ---------------------------------------------------------------------------- */

static int show_all_is_well(const struct rescue *r)
{
    struct buf out = {0};
    if (r->snapshot->session_count) {
        draw_sessions(r, r->context->style.columns, &out);
        buf_adds(&out, "Nothing is hung.\n");
    } else {
        view_text_none(&out, r->context->options->agent, r->snapshot->may_lack_sessions);
    }
    int status = context_print(&out);
    return status == 0 && r->snapshot->may_lack_sessions ? EXIT_ATTENTION : status;
}

/* The screen with it has gone. */
static void print_message(const struct rescue *r)
{
    BUF_RELEASE struct buf out = {0};
    if (r->message.n == 0)
        return;
    utf8_adds_between(&out, "", r->message.p, "\n");
    console_write(stdout, (struct sv){out.p, out.n});
}

static int rescue(struct rescue *r)
{
    int status = look(r);
    if (status != 0)
        return status;
    if (!next(r))
        return show_all_is_well(r);
    if (!context_answers(r->context, r->context->pending_dir))
        return EXIT_FAILED;
    while (status == 0 && (r->session = next(r)))
        status = ask_about(r);
    print_message(r); /* also where the look after it failed: something was done */
    if (status <= 0)
        status = r->hung_count || r->snapshot->may_lack_sessions ? EXIT_ATTENTION : EXIT_FINE;
    if (r->closing.exported + r->closing.killed + r->closing.revived + r->closing.failed == 0) {
        puts("Nothing was changed.");
        return status;
    }
    return closing_print(&r->closing, r->context, status);
}

static int run(struct context *context)
{
    struct rescue r = {.context = context};
    if (!context_has_folders(context))
        return EXIT_FAILED;
    int status = rescue(&r);
    buf_release(&r.message);
    buf_release(&r.closing.causes);
    buf_release(&r.closing.resume);
    sr_snapshot_free(r.snapshot);
    if (r.is_interrupted) {
        fflush(stdout);
        raise(SIGINT); /* as the shell expects of a program that Ctrl-C has ended */
    }
    return status;
}

static int start(const struct options *options)
{
    bool has_person = !options->json && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    return context_run(options, has_person ? run : command_status.run);
}

/* Its menu revives, too. */
const struct command command_none = {
    .start = start,
    .rights = PRIVILEGE_TRACE | PRIVILEGE_NETWORK | PRIVILEGE_TYPE,
    .options = (const char *const[]){"force", "grace", "without-backup", NULL},
};
