#include "app/watch/event_sinks.h"

#include "app/console.h"
#include "base/clock.h"
#include "base/err.h"
#include "view/events.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FLUSH_MS = 1000 }; /* between two tries to write what nobody takes */

static void command_failed(void *context, const char *why)
{
    (void)context;
    context_complain(why); /* on standard error: an event would be given to the command again */
}

static void tell_command(struct event_sinks *t, const struct change_event *e)
{
    BUF_RELEASE struct buf line = {0};
    if (!t->command)
        return;
    view_json_event(&line, e);
    notifier_add(&t->notifier, t->command_program, (const char *const *)t->command,
                 (struct sv){line.p, line.n});
}

/* One notification for all events of the kind that came together. */
static void tell_person(struct event_sinks *t, const struct change_event *e, size_t count)
{
    BUF_RELEASE struct buf title = {0}, body = {0};
    bool is_urgent = e->kind == CHANGE_HUNG || e->kind == CHANGE_BACKUP_FAILED;
    view_notification(&title, &body, e, count);
    const char *argv[] = {"notify-send",
                          "--app-name=session-rescue",
                          is_urgent ? "--urgency=critical" : "--urgency=normal",
                          "--",
                          title.p,
                          body.p,
                          NULL};
    if (t->notify_send)
        notifier_add(&t->notifier, t->notify_send, argv, SV(""));
    if (t->bell >= 0 && write(t->bell, "\a", 1) < 0)
        t->bell = -1;
}

static void tell_persons(struct event_sinks *t, const struct change_events *events)
{
    for (size_t i = 0; i < events->count; i++) {
        const struct change_event *e = &events->items[i];
        size_t count = 0, before = 0;
        for (size_t j = 0; j < events->count; j++) {
            bool is_alike = events->items[j].kind == e->kind && events->items[j].wants_person;
            count += is_alike;
            before += is_alike && j < i;
        }
        if (e->wants_person && before == 0)
            tell_person(t, e, count);
    }
}

/* With -q: what somebody may have to act on. */
static bool is_printed(const struct event_sinks *t, const struct change_event *e)
{
    const struct options *o = t->context->options;
    return o->json || !o->quiet || e->kind == CHANGE_HUNG || e->kind == CHANGE_UNSAVED ||
           e->kind == CHANGE_CONTEXT_FULL || e->kind == CHANGE_EXPIRING ||
           e->kind == CHANGE_BACKUP_FAILED || e->kind == CHANGE_PROBLEM;
}

void event_sinks_tell(struct event_sinks *t, struct change_events *events)
{
    int64_t now_ms = wall_now().ms;
    for (size_t i = 0; i < events->count; i++) {
        struct change_event *e = &events->items[i];
        BUF_RELEASE struct buf line = {0};
        e->at_ms = now_ms;
        if (t->context->options->json)
            view_json_event(&line, e);
        else
            view_text_event(&line, e);
        if (is_printed(t, e)) {
            BUF_RELEASE struct buf shown = {0};
            console_convert(stdout, &shown, (struct sv){line.p, line.n});
            log_output_add(&t->output, shown.p, shown.n);
        }
        tell_command(t, e);
    }
    tell_persons(t, events);
}

void event_sinks_problem(struct event_sinks *t, const char *text)
{
    ARENA_RELEASE struct arena a = {0};
    struct change_events events = {.arena = &a};
    change_add(&events, CHANGE_PROBLEM)->text = text;
    event_sinks_tell(t, &events);
}

static int prepare_command(struct event_sinks *t)
{
    const char *text = t->context->options->on_event;
    if (!text)
        return 0;
    t->command = notifier_words(text);
    int r = t->command ? notifier_find(t->command[0], t->context->search_path, &t->command_program)
                       : -EINVAL;
    if (r == 0)
        return 0;
    context_complainf("--on-event '%s': %s", text,
                      t->command ? err_reason(r) : "no command, or a quote that is not closed");
    return EXIT_USAGE;
}

static int terminal_fd(void)
{
    return isatty(STDOUT_FILENO) ? STDOUT_FILENO : isatty(STDERR_FILENO) ? STDERR_FILENO : -1;
}

static int prepare_notifications(struct event_sinks *t)
{
    const char *how = t->context->options->notify;
    bool is_auto = !how || str_equals(how, "auto"), wants_desktop = str_equals(how, "desktop");
    if (wants_desktop || (is_auto && t->context->has_desktop)) {
        int r = notifier_find("notify-send", t->context->search_path, &t->notify_send);
        if (r < 0 && wants_desktop)
            return context_fail("--notify desktop: there is no notify-send", EXIT_USAGE);
    }
    if (str_equals(how, "bell") || (is_auto && !t->notify_send))
        t->bell = terminal_fd();
    return 0;
}

void event_sinks_init(struct event_sinks *t, const struct context *context)
{
    *t = (struct event_sinks){.context = context, .bell = -1};
    notifier_init(&t->notifier, (int64_t)(context->options->event_timeout_s * 1000));
    log_output_init(&t->output, STDOUT_FILENO);
}

int event_sinks_prepare(struct event_sinks *t)
{
    int status = prepare_command(t);
    return status ? status : prepare_notifications(t);
}

void event_sinks_release(struct event_sinks *t)
{
    notifier_release(&t->notifier);
    notifier_free_words(t->command);
    free(t->command_program);
    free(t->notify_send);
    log_output_release(&t->output);
}

int64_t event_sinks_run(struct event_sinks *t, int64_t now_ms)
{
    int64_t pause_ms = notifier_run(&t->notifier, now_ms, command_failed, NULL);
    if (log_output_flush(&t->output) && (pause_ms < 0 || pause_ms > FLUSH_MS))
        pause_ms = FLUSH_MS;
    return pause_ms;
}

void event_sinks_finish(struct event_sinks *t, int64_t patience_ms)
{
    log_output_flush(&t->output);
    if (t->output.is_broken)
        context_complain("standard output cannot be written: nobody reads it");
    int64_t until_ms = clock_since_boot_ms() + patience_ms, now_ms;
    while ((now_ms = clock_since_boot_ms()) < until_ms &&
           notifier_run(&t->notifier, now_ms, command_failed, NULL) >= 0)
        usleep(20000);
}
