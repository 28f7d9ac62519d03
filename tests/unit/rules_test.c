/*
 * The table of rules, row by row: a scene in which each wins, what happens on
 * either side of each threshold, and what must hold for any evidence at all.
 */
#include "diagnose/rules.h"

#include "agents/claude/timing.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A scene is a usual one, and then what is different about it. */
#pragma GCC diagnostic ignored "-Woverride-init"

enum { PATIENCE = 600, LONG = 2400 };

#define SILENT_CONNECTION                                                  \
    {                                                                      \
        .is_there = FACT_YES, .peer = "127.0.0.1:443", .sent_ago_s = LONG, \
        .received_ago_s = LONG - 5, .bytes_received = 90000                \
    }
#define NO_CONNECTION                                                                     \
    {                                                                                     \
        .is_there = FACT_NO, .sent_ago_s = -1, .received_ago_s = -1, .bytes_received = -1 \
    }

/* 2.1.197 on its terminal, up for hours, looked at twice. */
#define UP                                                                                        \
    .patience_s = PATIENCE, .timing = &claude_timing, .state = 'S',                               \
    .wait_channel = "do_epoll_wait", .process_age_s = 20000, .is_native = true,                   \
    .is_registered = true, .terminal_is_gone = FACT_NO, .status_age_s = -1,                       \
    .has_transcript = FACT_YES, .last_event_age_s = -1, .open_tool_age_s = -1,                    \
    .subagent_is_busy = FACT_NO, .queued_age_s = -1, .unrecorded_age_s = -1, .was_sampled = true, \
    .sample_ms = 400, .main_cpu_percent = 8, .cpu_percent = 10, .wakeups_per_s = 85,              \
    .main_waits_for_tty_write = FACT_NO, .has_workers = FACT_NO, .api = NO_CONNECTION,            \
    .version = "2.1.197", .is_first_party = true

/* Asked, and waiting for the model for 40 minutes. */
#define ASKED(...)                                                               \
    ((struct evidence){UP, .status = CLIENT_BUSY, .status_age_s = LONG,          \
                       .turn = TAIL_TURN_AWAITS_REPLY, .last_event_age_s = LONG, \
                       .api = SILENT_CONNECTION, __VA_ARGS__})
/* A tool is open for 40 minutes. */
#define TOOL(...)                                                                          \
    ((struct evidence){UP, .status = CLIENT_BUSY, .status_age_s = LONG,                    \
                       .turn = TAIL_TURN_AWAITS_TOOL, .last_event_age_s = LONG,            \
                       .open_tool = "Bash", .open_tool_age_s = LONG, .open_tool_count = 1, \
                       .api = SILENT_CONNECTION, __VA_ARGS__})
/* The turn is over since 40 minutes. */
#define REST(...)                                                                               \
    ((struct evidence){UP, .status = CLIENT_IDLE, .status_age_s = LONG, .turn = TAIL_TURN_OVER, \
                       .last_event_age_s = LONG, .wakeups_per_s = 4, .main_cpu_percent = 0.4,   \
                       __VA_ARGS__})
/* Up, and it has published nothing. */
#define STARTING(...) \
    ((struct evidence){UP, .is_registered = false, .has_transcript = FACT_NO, __VA_ARGS__})
/* Of a client that publishes no status. */
#define OLD \
    .status = CLIENT_SAYS_NOTHING, .status_age_s = -1, .version = "2.1.110", .is_native = false

/* Watched for longer, since it did not wake up. */
#define ASLEEP .wakeups_per_s = 0, .main_cpu_percent = 0, .sample_ms = 2400
/* A connection that nobody answers. */
#define CONNECTING                                                                             \
    {                                                                                          \
        .is_there = FACT_YES, .is_connecting = true, .unanswered = 5, .peer = "127.0.0.1:443", \
        .sent_ago_s = -1, .received_ago_s = -1, .bytes_received = -1                           \
    }
/* The connection was watched, and so much came at once, again and again. */
#define WATCHED(bytes)                                                                   \
    .api.watched_ms = 2000, .api.largest_arrival = (bytes), .api.first_arrival_ms = 100, \
    .api.last_arrival_ms = 1900

#define WORKERS(...)                                                          \
    .has_workers = FACT_YES, .workers = (const struct worker[]){__VA_ARGS__}, \
    .worker_count = sizeof((const struct worker[]){__VA_ARGS__}) / sizeof(struct worker)
#define HOOK(what)                                                         \
    {                                                                      \
        .pid = 4711, .name = "sh", .doing = WORKER_##what, .is_hook = true \
    }
#define WORKER(what)                                      \
    {                                                     \
        .pid = 4711, .name = "sh", .doing = WORKER_##what \
    }

static const struct pipe_holder holders[] = {{812, 1, "gradle"}, {813, 1, "java"}};
#define HELD .pipe_holders = holders, .pipe_holder_count = 1

static const struct rule *winner(const struct evidence *e)
{
    struct arena a = {0};
    const struct rule *rule = rules_judge(e, &a).rule;
    arena_release(&a);
    return rule;
}

static const char *advice_for(const struct evidence *e)
{
    struct arena a = {0};
    const char *advice = rules_judge(e, &a).advice;
    arena_release(&a);
    return advice;
}

static const char *confidence_for(const struct evidence *e)
{
    struct arena a = {0};
    const char *confidence = rules_judge(e, &a).confidence;
    arena_release(&a);
    return confidence;
}

#define wins(rule_name, ...) assert_string_equal(winner(&__VA_ARGS__)->name, rule_name)

static bool speaks_of(const struct evidence *e, const char *part)
{
    struct arena a = {0};
    struct judgement j = rules_judge(e, &a);
    bool found = false;
    for (size_t i = 0; i < j.evidence_count; i++)
        found = found || strstr(j.evidence[i], part);
    arena_release(&a);
    return found;
}

static bool is_said(const struct evidence *e, const char *sentence)
{
    struct arena a = {0};
    struct judgement j = rules_judge(e, &a);
    bool found = false;
    for (size_t i = 0; i < j.evidence_count; i++)
        found = found || strcmp(j.evidence[i], sentence) == 0;
    for (size_t i = 0; i < j.evidence_count && !found; i++)
        print_message("# said: %s\n", j.evidence[i]);
    arena_release(&a);
    return found;
}

#define does_not_say(part, ...) assert_false(speaks_of(&__VA_ARGS__, part))
/* The listing shows the first two sentences. */
static bool is_among_first(const struct evidence *e, const char *sentence)
{
    struct arena a = {0};
    struct judgement j = rules_judge(e, &a);
    bool found = false;
    for (size_t i = 0; i < j.evidence_count && i < 2; i++)
        found = found || strstr(j.evidence[i], sentence);
    arena_release(&a);
    return found;
}

#define says(sentence, ...) assert_true(is_said(&__VA_ARGS__, sentence))

/* ---- scenes ------------------------------------------------------------------------------- */

/*
 * Every state that was measured or made, and what is the matter with it. cpu:
 * CPU time grows, as it was seen to (the clients' ticks over 10 s).
 */
struct scene {
    const char *what;
    const char *rule;
    struct evidence e;
    bool cpu_grows;
};

static struct scene *scenes(size_t *count)
{
    static struct scene all[64];
    struct scene list[] = {
        {"held by a debugger", "traced", ASKED(.state = 't'), false},
        {"Ctrl-Z in the middle of a reply", "stopped", ASKED(.state = 'T'), false},
        {"ended, not collected", "zombie", ASKED(.state = 'Z'), false},
        {"waits for a disk", "uninterruptible", ASKED(.state = 'D'), false},
        {"its terminal was closed", "terminal gone", REST(.terminal_is_gone = FACT_YES), true},
        {"a reply is due, and the machine slept some time since boot", "age not known",
         ASKED(.last_event_age_s = 60, .unsure.last_event_s = LONG), false},
        {"has a dialog open, and is deaf", "dialog ignored",
         TOOL(.status = CLIENT_WAITING, .waiting_for = "permission prompt", .queued_count = 1,
              .queued_age_s = LONG, .main_cpu_percent = 99, .wakeups_per_s = 0, .computes = true),
         true},
        {"asks for a permission since lunch", "permission prompt",
         TOOL(.status = CLIENT_WAITING, .waiting_for = "permission prompt", .wakeups_per_s = 4),
         true},
        {"has a dialog open", "question",
         REST(.status = CLIENT_WAITING, .waiting_for = "dialog open"), true},
        {"was started a moment ago", "starting", STARTING(.process_age_s = 2), true},
        {"idle, and deaf to what is typed", "input ignored",
         REST(.queued_count = 2, .queued_age_s = LONG, ASLEEP), true},
        {"idle, its loop runs, and what is typed stays", "input left",
         REST(.queued_count = 2, .queued_age_s = LONG), true},
        {"its usage limit is reached", "usage limit",
         ASKED(.turn = TAIL_TURN_OVER, .api = NO_CONNECTION,
               .api_error = "You've hit your session limit \xc2\xb7 resets 4pm"),
         true},
        {"connections are refused, and it says so", "retrying",
         ASKED(.api = NO_CONNECTION, .retry = {.is_said = true,
                                               .is_on_screen = true,
                                               .due_in_s = 2,
                                               .attempt = 6,
                                               .of = 10,
                                               .why = "ConnectionRefused"}),
         true},
        {"its first packets are swallowed", "no connection", ASKED(.api = CONNECTING), true},
        {"mid-turn, its spinner turns, no connection", "no request seen",
         ASKED(.api = NO_CONNECTION), true},
        {"its turn is over, and a terminal that may be its own is gone", "terminal may be gone",
         REST(OLD, .terminal_may_be_gone = true), true},
        {"idle, background shells", "background jobs",
         REST(.status = CLIENT_SHELL, WORKERS(WORKER(SLEEPS))), true},
        {"opened, nothing asked yet", "nothing yet",
         REST(.has_transcript = FACT_NO, .is_fresh = true, .turn = TAIL_TURN_UNKNOWN,
              .last_event_age_s = -1),
         true},
        {"idle, and its transcript is gone", "no transcript",
         REST(.has_transcript = FACT_NO, .turn = TAIL_TURN_UNKNOWN, .last_event_age_s = -1), true},
        {"idle overnight, some CPU", "idle", REST(), true},
        {"an old client, idle", "idle by transcript", REST(OLD), true},
        {"a build of an hour", "tool progresses", TOOL(WORKERS(WORKER(PROGRESSES))), true},
        {"a subagent at work", "subagent works",
         TOOL(.open_tool = "Agent", .subagent_is_busy = FACT_YES, .last_event_age_s = 20), true},
        {"a reply of 12 minutes", "generating",
         ASKED(.api.received_ago_s = 1, .api.bytes_received = 400000, WATCHED(700)), true},
        {"bytes now and then, for 40 minutes", "trickle unclear",
         ASKED(.api.received_ago_s = 100, .api.bytes_received = 400000, WATCHED(0)), true},
        {"asks whether the folder is trusted", "question at start",
         STARTING(.wakeups_per_s = 4, .main_cpu_percent = 0.4), true},
        {"starts on a loaded machine", "slow start",
         STARTING(.process_age_s = 60, .wakeups_per_s = 8, .main_cpu_percent = 4,
                  .queued_percent = 95),
         true},
        {"overloaded, the client retries", "retrying",
         ASKED(.api.sent_ago_s = 30, .api.received_ago_s = 29), true},
        {"a tool of a minute", "tool is recent",
         TOOL(.open_tool_age_s = 60, .last_event_age_s = 60, .status_age_s = 60,
              WORKERS(WORKER(QUIET))),
         true},
        {"tried again, and half a reply came", "asked of late",
         ASKED(.api.sent_ago_s = 90, .api.received_ago_s = 60), true},
        {"asked a minute ago", "awaits reply",
         ASKED(.last_event_age_s = 60, .api.sent_ago_s = 59, .api.received_ago_s = 55), true},
        {"compacts since a minute", "off the record",
         REST(.status = CLIENT_BUSY, .status_age_s = 60, .api = SILENT_CONNECTION), true},
        {"nobody reads its terminal", "terminal not read",
         ASKED(.main_waits_for_tty_write = FACT_YES, .wakeups_per_s = 0, .main_cpu_percent = 0),
         false},
        {"its main thread spins", "spinning",
         ASKED(.state = 'R', .main_cpu_percent = 99, .wakeups_per_s = 0), true},
        {"a tool asks for a password", "tool wants input", TOOL(WORKERS(WORKER(WANTS_INPUT))),
         true},
        {"a search computes for an hour", "search runs away",
         TOOL(WORKERS({.pid = 4712,
                       .name = "rg",
                       .doing = WORKER_PROGRESSES,
                       .is_search = true,
                       .cpu_s = LONG})),
         true},
        {"a hook reads a pipe", "hook wants input",
         ASKED(.last_event_age_s = LONG - 31, WORKERS(HOOK(WANTS_INPUT))), true},
        {"a hook computes before the model is asked", "hook works",
         ASKED(.api = NO_CONNECTION, WORKERS(HOOK(PROGRESSES))), true},
        {"a hook sleeps, and may be waited for", "hook waits",
         ASKED(.api = NO_CONNECTION, WORKERS(HOOK(SLEEPS))), true},
        {"a tool was stopped", "tool stopped", TOOL(WORKERS(WORKER(STOPPED))), true},
        {"a tool has died unnoticed", "tool uncollected", TOOL(WORKERS(WORKER(DEAD))), true},
        {"a tool sleeps an hour", "tool sleeps", TOOL(WORKERS(WORKER(SLEEPS))), true},
        {"a tool waits past its limit", "tool past its limit", TOOL(WORKERS(WORKER(QUIET))), true},
        {"a tool waits for 11 minutes but one second", "tool is quiet",
         TOOL(.open_tool_age_s = 659, WORKERS(WORKER(QUIET))), true},
        {"a process has a hook's output", "pipe held", TOOL(HELD), true},
        {"an MCP server at work", "mcp works",
         TOOL(.open_tool = "mcp__db__query", .open_tool_is_mcp = true, .mcp_progresses = FACT_YES),
         true},
        {"an MCP server does nothing", "mcp stuck",
         TOOL(.open_tool = "mcp__db__query", .open_tool_is_mcp = true, .mcp_progresses = FACT_NO),
         true},
        {"an old client asks for a permission", "old client asks", TOOL(OLD, .wakeups_per_s = 4),
         true},
        {"a command was called, and is not permitted yet", "command not run",
         TOOL(OLD, .wakeups_per_s = -1, .open_tool_is_command = true), true},
        {"a reply of an old client broke off, or it asks", "asks or is stalled",
         ASKED(OLD, .wakeups_per_s = 4, .main_cpu_percent = 0.9), true},
        {"a tool inside the client", "tool without process", TOOL(), true},
        {"compacts, the model is silent", "compaction stuck",
         REST(.status = CLIENT_BUSY, .wakeups_per_s = 85, .api = SILENT_CONNECTION), true},
        {"the stream broke off", "reply stalled", ASKED(), true},
        {"the stream broke off, pings", "reply stalled",
         ASKED(.api.received_ago_s = 4, .api.bytes_received = 12000, WATCHED(52)), true},
        {"a subagent's stream broke off", "reply stalled",
         TOOL(.open_tool = "Agent", .subagent_is_busy = FACT_YES), true},
        {"the model never answered", "no reply",
         ASKED(.api.received_ago_s = LONG, .api.bytes_received = 0), true},
        {"mid-turn, nothing could end it", "nothing pending", ASKED(.api = NO_CONNECTION, ASLEEP),
         true},
        {"starts up for ever", "startup stuck",
         STARTING(.main_cpu_percent = 96, .process_age_s = LONG, .wakeups_per_s = 20), true},
        {"another user's, in a container", "connections not seen",
         ASKED(.api = {.is_there = FACT_UNKNOWN,
                       .sent_ago_s = -1,
                       .received_ago_s = -1,
                       .bytes_received = -1}),
         true},
        {"nothing is known", "not understood",
         ((struct evidence){.patience_s = PATIENCE,
                            .timing = &claude_timing,
                            .process_age_s = -1,
                            .status_age_s = -1,
                            .last_event_age_s = -1,

                            .open_tool_age_s = -1,
                            .queued_age_s = -1,
                            .main_cpu_percent = -1,
                            .wakeups_per_s = -1,
                            .api = NO_CONNECTION,
                            .api.is_there = FACT_UNKNOWN}),
         true},
    };
    *count = sizeof list / sizeof *list;
    assert_true(*count <= sizeof all / sizeof *all);
    for (size_t i = 0; i < *count; i++) {
        all[i] = list[i];
        /* the list above ends with this function */
        struct worker *workers = calloc(all[i].e.worker_count + 1, sizeof *workers);
        memcpy(workers, all[i].e.workers ? all[i].e.workers : (struct worker[1]){0},
               all[i].e.worker_count * sizeof *workers);
        all[i].e.workers = workers;
    }
    return all;
}

static void release(struct scene *all, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((void *)all[i].e.workers);
}

static void every_scene_is_told_from_the_others(void **state)
{
    (void)state;
    size_t count;
    struct scene *all = scenes(&count);
    for (size_t i = 0; i < count; i++) {
        const struct rule *rule = winner(&all[i].e);
        if (strcmp(rule->name, all[i].rule) != 0)
            fail_msg("%s: '%s' wins, not '%s'", all[i].what, rule->name, all[i].rule);
    }
    release(all, count);
}

static void every_rule_has_a_scene(void **state)
{
    (void)state;
    size_t count;
    struct scene *all = scenes(&count);
    for (size_t r = 0; r < rule_count; r++) {
        size_t n = 0;
        for (size_t i = 0; i < count; i++)
            n += strcmp(all[i].rule, rules[r].name) == 0;
        if (n == 0)
            fail_msg("no scene for the rule '%s'", rules[r].name);
    }
    release(all, count);
}

/* ---- either side of each threshold -------------------------------------------------------- */

static void states_of_the_process_need_no_patience(void **state)
{
    (void)state;
    wins("zombie", ASKED(.state = 'X'));
    wins("zombie", ASKED(.state = 'Z', .last_event_age_s = 0));
    wins("stopped", ASKED(.state = 'T', .last_event_age_s = 0));
    wins("terminal gone", ASKED(.terminal_is_gone = FACT_YES, .last_event_age_s = 0));
    /* a wait for a disk that was seen once may be over */
    wins("reply stalled", ASKED(.state = 'D', .was_sampled = false));
    wins("reply stalled", ASKED(.state = 'R'));
}

static void where_the_machine_may_have_slept_two_readings_must_agree(void **state)
{
    (void)state;
#define SLEPT(shortest, more) .last_event_age_s = (shortest), .unsure.last_event_s = (more)
    wins("awaits reply", ASKED(SLEPT(0, PATIENCE - 1)));
    wins("age not known", ASKED(SLEPT(0, PATIENCE)));
    wins("age not known", ASKED(SLEPT(PATIENCE - 1, 1)));
    wins("reply stalled", ASKED(SLEPT(PATIENCE, 8 * 3600)));
    wins("stopped", ASKED(.state = 'T', SLEPT(0, 8 * 3600)));
    wins("permission prompt", TOOL(.status = CLIENT_WAITING, .waiting_for = "permission prompt",
                                   SLEPT(0, 8 * 3600), .unsure.status_s = 8 * 3600));
    wins("idle", REST(SLEPT(0, 8 * 3600), .unsure.status_s = 8 * 3600));
#define BLOCKED WORKERS(WORKER(WANTS_INPUT))
    wins("age not known",
         TOOL(SLEPT(5, LONG), .open_tool_age_s = 5, .unsure.open_tool_s = LONG, BLOCKED));
    wins("age not known", TOOL(.open_tool_age_s = 5, .unsure.open_tool_s = LONG, BLOCKED));
    wins("tool wants input", TOOL(.open_tool_age_s = LONG, .unsure.open_tool_s = LONG, BLOCKED));
    wins("age not known", REST(.queued_count = 1, .queued_age_s = 5, .unsure.queued_s = LONG));
    wins("age not known", STARTING(.process_age_s = 5, .unsure.process_s = LONG));
    wins("age not known",
         ASKED(.retry.is_said = true, .retry.due_in_s = 0, .unsure.retry_s = LONG));
    wins("age not known", REST(.status = CLIENT_BUSY, .status_age_s = 5, .unsure.status_s = LONG,
                               .has_workers = FACT_NO, .api = SILENT_CONNECTION));

    says("the machine slept, and it is not known when: ages that depend on it are up to 2400 s "
         "longer (--watch, while it runs, sees when it sleeps)",
         ASKED(SLEPT(60, LONG)));
    says("last record is a prompt or a tool result with no reply, 60 to 2460 s ago",
         ASKED(SLEPT(60, LONG)));
    says("the last turn ended 0 to 2400 s ago", REST(SLEPT(0, LONG)));
    does_not_say("slept", ASKED());
    does_not_say("slept", REST(SLEPT(0, LONG)));
    /* it is worth a second look, and a longer one */
    assert_true(rules_suspect(&ASKED(SLEPT(0, LONG), .was_sampled = false)));
    assert_false(rules_suspect(&ASKED(SLEPT(0, PATIENCE - 1), .was_sampled = false)));
    assert_true(rules_want_longer(
        &ASKED(.api = NO_CONNECTION, .wakeups_per_s = 0, .main_cpu_percent = 0, SLEPT(0, LONG))));
}

static void it_starts_for_30_s(void **state)
{
    (void)state;
    wins("starting", STARTING(.process_age_s = 0));
    wins("starting", STARTING(.process_age_s = 29));
    wins("slow start", STARTING(.process_age_s = 30));
    wins("not understood", STARTING(.process_age_s = 30, .main_cpu_percent = 0.9));
    wins("not understood", STARTING(.process_age_s = -1));
    wins("nothing yet", STARTING(.process_age_s = 29, .status = CLIENT_IDLE, .is_fresh = true));
    wins("nothing yet", STARTING(.process_age_s = 31, .is_native = false, .is_unbegun = true));
    wins("no transcript", STARTING(.process_age_s = 29, .status = CLIENT_IDLE));
    /* resumed: until it is up, its transcript speaks of the past */
    wins("starting",
         STARTING(.process_age_s = 29, .has_transcript = FACT_YES, .turn = TAIL_TURN_OVER));
    wins("starting", STARTING(.process_age_s = 29, .has_transcript = FACT_UNKNOWN));
    wins("idle by transcript", REST(OLD, .process_age_s = 29));
    wins("idle by transcript", REST(OLD, .process_age_s = 29, .is_native = true));
    wins("starting", REST(OLD, .process_age_s = 29, .has_transcript = FACT_NO));
    /* a dialog wakes up once or twice a second */
    assert_true(rules_want_longer(
        &STARTING(.process_age_s = 60, .wakeups_per_s = 0, .main_cpu_percent = 0)));
    assert_false(rules_want_longer(&STARTING(.process_age_s = 60, ASLEEP)));
    assert_false(rules_want_longer(
        &STARTING(.process_age_s = 60, .wakeups_per_s = 2, .main_cpu_percent = 0)));
}

static void start_up_is_stuck_when_it_computes_past_patience(void **state)
{
    (void)state;
#define COMPUTES .main_cpu_percent = 90, .wakeups_per_s = 20
    wins("startup stuck", STARTING(COMPUTES, .process_age_s = PATIENCE));
    wins("slow start", STARTING(COMPUTES, .process_age_s = PATIENCE - 1));
    wins("not understood", STARTING(COMPUTES, .process_age_s = LONG, .main_cpu_percent = 89));
    wins("not understood", STARTING(COMPUTES, .process_age_s = LONG, .is_native = false));
    wins("not understood", STARTING(COMPUTES, .process_age_s = LONG, .is_registered = true));
    wins("not understood",
         STARTING(COMPUTES, .process_age_s = LONG, .has_transcript = FACT_UNKNOWN));
    wins("no transcript", STARTING(COMPUTES, .process_age_s = LONG, .status = CLIENT_IDLE));
#define RESUMES                                                                \
    .process_age_s = LONG, .has_transcript = FACT_YES, .turn = TAIL_TURN_OVER, \
    .last_event_age_s = LONG
    wins("startup stuck", STARTING(COMPUTES, RESUMES));
    wins("idle by transcript", STARTING(COMPUTES, RESUMES, .main_cpu_percent = 89));
    wins("not understood", STARTING(RESUMES, .was_sampled = false));
    wins("not understood", STARTING(COMPUTES, RESUMES, .turn = TAIL_TURN_UNKNOWN));
}

static void input_is_ignored_past_patience_while_nothing_is_under_way(void **state)
{
    (void)state;
#define TYPED .queued_count = 1, .queued_age_s = PATIENCE
    wins("input ignored", REST(TYPED, ASLEEP));
    wins("input ignored", REST(TYPED, ASLEEP, .status = CLIENT_SHELL));
    wins("input ignored", REST(TYPED, ASLEEP, OLD));
    /* it wakes up, or was not watched for long enough: it is not called asleep */
    wins("input left", REST(TYPED));
    wins("input left", REST(TYPED, ASLEEP, .sample_ms = 1999));
    wins("input left", REST(TYPED, ASLEEP, .wakeups_per_s = -1));
    wins("input left", REST(TYPED, ASLEEP, .main_cpu_percent = -1));
    wins("input left", REST(TYPED, .was_sampled = false));
    assert_true(rules_want_longer(&REST(TYPED, ASLEEP, .sample_ms = 400)));
    assert_false(rules_want_longer(&REST(TYPED, ASLEEP)));
    assert_false(rules_want_longer(&REST(TYPED)));
    assert_false(rules_want_longer(&REST(ASLEEP, .sample_ms = 400)));
    wins("idle", REST(TYPED, .queued_age_s = PATIENCE - 1));
    wins("idle", REST(TYPED, .queued_age_s = -1));
    wins("idle", REST(TYPED, .queued_count = 0));
    /* busy: it is taken up when the turn is over */
    wins("tool progresses", TOOL(TYPED, WORKERS(WORKER(PROGRESSES))));
    wins("off the record", REST(TYPED, .status = CLIENT_BUSY, .status_age_s = 5));
    wins("generating", ASKED(TYPED, OLD, .api.received_ago_s = 0, WATCHED(700)));
    wins("permission prompt",
         REST(TYPED, .status = CLIENT_WAITING, .waiting_for = "permission prompt"));
}

static const char *confidence_of(const struct evidence *e)
{
    struct arena a = {0};
    const char *confidence = rules_judge(e, &a).confidence;
    arena_release(&a);
    return confidence;
}

static void a_dialog_of_a_deaf_client_is_doubted(void **state)
{
    (void)state;
#define DIALOG(...) TOOL(.status = CLIENT_WAITING, .waiting_for = "permission prompt", __VA_ARGS__)
#define SPINNING .main_cpu_percent = 90, .wakeups_per_s = 0
#define UNREAD .terminal.is_known = true, .terminal.is_in_front = true, .terminal.unread_bytes = 3
#define QUEUED .queued_count = 1, .queued_age_s = PATIENCE
    wins("permission prompt", DIALOG(SPINNING));
    assert_string_equal(confidence_of(&DIALOG()), "high");
    assert_string_equal(confidence_of(&DIALOG(SPINNING)), "low");
    assert_string_equal(confidence_of(&DIALOG(SPINNING, .main_cpu_percent = 89)), "high");
    assert_string_equal(confidence_of(&DIALOG(SPINNING, .wakeups_per_s = 1)), "high");
    assert_string_equal(confidence_of(&DIALOG(SPINNING, .wakeups_per_s = -1)), "high");
    assert_string_equal(confidence_of(&DIALOG(SPINNING, .was_sampled = false)), "high");
    assert_string_equal(confidence_of(&DIALOG(UNREAD, .wakeups_per_s = 0)), "low");
    assert_string_equal(confidence_of(&DIALOG(UNREAD, .wakeups_per_s = 4)), "high");
    says("its main thread computes without a pause: it may not take an answer", DIALOG(SPINNING));
    says("3 bytes were typed into its terminal, and it does not wake up to read them: it may not "
         "take an answer",
         DIALOG(UNREAD, .wakeups_per_s = 0));
    /* what was typed long ago and is not taken up is the proof */
    wins("dialog ignored", DIALOG(SPINNING, QUEUED));
    wins("dialog ignored", DIALOG(UNREAD, QUEUED, .wakeups_per_s = 0));
    wins("permission prompt", DIALOG(SPINNING, QUEUED, .queued_age_s = PATIENCE - 1));
    wins("permission prompt", DIALOG(QUEUED));
    /* such a one is looked at twice */
    assert_false(rules_suspect(&DIALOG(.was_sampled = false)));
    assert_true(rules_suspect(&DIALOG(.was_sampled = false, .computes = true)));
    assert_true(rules_suspect(&DIALOG(UNREAD, .was_sampled = false)));
}

static void an_idle_client_that_burns_a_cpu_says_so(void **state)
{
    (void)state;
#define BURNS .cpu_percent = 150, .cpu_s = 6000, .computes = true
    wins("idle", REST(BURNS));
    says(
        "it is idle, and uses 150 % of a CPU: for 2400 s at the longest, by the 6000 s that it has "
        "used in all; its conversation is unharmed, and a change of its terminal's size (SIGWINCH) "
        "may end it, or a restart when it suits you (--kill, and resume)",
        REST(BURNS));
    says(
        "it is idle, and uses 150 % of a CPU: for 1000 s at the longest, by the 1500 s that it has "
        "used in all; its conversation is unharmed, and a change of its terminal's size (SIGWINCH) "
        "may end it, or a restart when it suits you (--kill, and resume)",
        REST(BURNS, .cpu_s = 1500));
    /* on a loaded machine it gets less than it would take */
    says("it is idle, and wants 97 % of a CPU, of which it gets 20: for 2400 s at the longest, by "
         "the 6000 s that it has used in all; its conversation is unharmed, and a change of its "
         "terminal's size (SIGWINCH) may end it, or a restart when it suits you (--kill, and "
         "resume)",
         REST(.cpu_percent = 20, .main_cpu_percent = 97, .cpu_s = 6000));
    assert_true(rules_suspect(&REST(.computes = true, .was_sampled = false)));
    assert_false(rules_suspect(&REST(.was_sampled = false)));
}

static void a_dialog_of_the_start_is_told_by_rest(void **state)
{
    (void)state;
#define AT_START(...) \
    STARTING(.process_age_s = 60, .wakeups_per_s = 4, .main_cpu_percent = 0.4, __VA_ARGS__)
    wins("question at start", AT_START(.process_age_s = 30));
    wins("question at start", AT_START(.wakeups_per_s = 11.9));
    /* one that starts on a loaded machine wakes up as seldom, but does not rest */
    wins("slow start", AT_START(.queued_percent = 95));
    wins("slow start", AT_START(.main_cpu_percent = 5));
    wins("not understood", AT_START(.main_cpu_percent = 5, .api.has_asked = FACT_YES));
    wins("slow start", AT_START(.wakeups_per_s = -1, .is_starved = true));
    wins("question at start", AT_START(.queued_percent = 9.9, .main_cpu_percent = 0.9));
    wins("not understood", AT_START(.queued_percent = 95, .process_age_s = 700));
    wins("not understood", AT_START(.wakeups_per_s = 12));
    wins("not understood", AT_START(.wakeups_per_s = 0));
    wins("not understood", AT_START(.wakeups_per_s = -1));
    wins("not understood", AT_START(.is_native = false));
    wins("not understood", AT_START(.is_print = true));
    wins("not understood", AT_START(.terminal_is_gone = FACT_UNKNOWN));
    wins("not understood", AT_START(.has_transcript = FACT_UNKNOWN));
    wins("off the record", AT_START(.status = CLIENT_BUSY, .status_age_s = 5));
}

static void only_a_permission_prompt_is_called_one(void **state)
{
    (void)state;
    wins("question", TOOL(.status = CLIENT_WAITING, .waiting_for = "input needed"));
    wins("question", TOOL(.status = CLIENT_WAITING, .waiting_for = NULL));
    /* a tool that is a question: the client calls this a permission too */
    wins("question", TOOL(.status = CLIENT_WAITING, .waiting_for = "permission prompt",
                          .open_tool_asks_user = true));
    /* what it waited for before says nothing of now */
    wins("reply stalled", ASKED(.waiting_for = "permission prompt"));
}

static void idle_needs_a_word_or_an_ended_turn(void **state)
{
    (void)state;
    wins("background jobs", REST(.status = CLIENT_SHELL, .has_transcript = FACT_NO));
    wins("nothing yet", REST(.has_transcript = FACT_NO, .is_fresh = true));
    wins("no transcript", REST(.has_transcript = FACT_NO));
    wins("idle", REST(.has_transcript = FACT_NO, .is_unsaved = true));
    wins("idle", REST(.has_transcript = FACT_UNKNOWN, .turn = TAIL_TURN_UNKNOWN));
    wins("idle by transcript", REST(OLD, .has_transcript = FACT_UNKNOWN));
    wins("not understood", REST(OLD, .turn = TAIL_TURN_UNKNOWN));
    /* the client knows better than the file: it may have been interrupted */
    wins("idle", ASKED(.status = CLIENT_IDLE));
    wins("idle", TOOL(.status = CLIENT_IDLE));
}

static void bytes_that_arrive_are_a_reply(void **state)
{
    (void)state;
#define STREAM .api.received_ago_s = 4, .api.bytes_received = 400000, WATCHED(100)
    wins("generating", ASKED(STREAM));
    wins("trickle unclear", ASKED(STREAM, .api.received_ago_s = 5));
    wins("trickle unclear", ASKED(STREAM, .api.received_ago_s = PATIENCE - 1));
    wins("reply stalled", ASKED(STREAM, .api.received_ago_s = PATIENCE));
    wins("not understood", ASKED(STREAM, .api.received_ago_s = -1));
    wins("awaits reply", ASKED(STREAM, .api.received_ago_s = 5, .last_event_age_s = PATIENCE - 1));
    /* whose they are */
    wins("generating", ASKED(STREAM, .turn = TAIL_TURN_REPLYING));
    wins("generating", ASKED(STREAM, .turn = TAIL_TURN_UNKNOWN));
    wins("generating", ASKED(STREAM, OLD, .turn = TAIL_TURN_UNKNOWN));
    wins("subagent works", TOOL(STREAM, .open_tool = "Agent", .subagent_is_busy = FACT_YES));
    wins("generating", REST(.status = CLIENT_BUSY, .api = SILENT_CONNECTION, STREAM));
    /* of a session at rest they are something else */
    wins("idle", REST(.api = SILENT_CONNECTION, STREAM));
    wins("idle", REST(.api = SILENT_CONNECTION, STREAM, .turn = TAIL_TURN_UNKNOWN));
    /* a tool's own traffic is not a reply */
    wins("tool without process", TOOL(STREAM));
    /* before the user's patience ends, nobody needs to have watched */
    wins("generating", ASKED(STREAM, WATCHED(0), .api.sent_ago_s = PATIENCE - 1));
    wins("generating", ASKED(STREAM, .api.watched_ms = 0, .last_event_age_s = PATIENCE - 1));
    wins("trickle unclear", ASKED(STREAM, .api.watched_ms = 0, .api.sent_ago_s = PATIENCE,
                                  .last_event_age_s = PATIENCE));
}

static void pings_are_no_reply(void **state)
{
    (void)state;
#define FEW .api.received_ago_s = 1, .api.bytes_received = 20000, WATCHED(52)
    wins("reply stalled", ASKED(FEW));
    wins("reply stalled", ASKED(FEW, WATCHED(99)));
    /* nothing was seen: 160 bytes every 9 s are a slow reply, and as many as pings bring */
    wins("trickle unclear", ASKED(FEW, WATCHED(0)));
    wins("trickle unclear", ASKED(FEW, WATCHED(0), .api.bytes_received = 300));
    /* after pings a reply may have begun */
    wins("generating", ASKED(FEW, WATCHED(100)));
    wins("trickle unclear", ASKED(FEW, .api.watched_ms = 1999));
    wins("trickle unclear", ASKED(FEW, .api.watched_ms = 0));
    wins("trickle unclear", ASKED(FEW, WATCHED(100), .api.received_ago_s = 5));
    assert_true(rules_want_watch(&ASKED(FEW, .api.watched_ms = 0)));
    assert_false(rules_want_watch(&ASKED(FEW)));
    /* after a long reply the average tells nothing, but what was seen to arrive does */
    wins("reply stalled",
         ASKED(.api.received_ago_s = 1, .api.bytes_received = 400000, WATCHED(99)));
    wins("reply stalled", ASKED(.api.received_ago_s = 1, .api.bytes_received = 400000, WATCHED(1)));
    wins("trickle unclear",
         ASKED(.api.received_ago_s = 1, .api.bytes_received = 400000, WATCHED(0)));
    /* it takes the user's patience to call them so */
    wins("generating", ASKED(FEW, .api.sent_ago_s = PATIENCE - 1, .api.bytes_received = 300));
    wins("reply stalled", ASKED(FEW, .api.sent_ago_s = PATIENCE, .api.bytes_received = 300));
    wins("reply stalled",
         ASKED(FEW, .patience_s = 0, .api.sent_ago_s = 0, .api.received_ago_s = 0));
}

/* What comes more rarely than it is watched for falls into one look and not into the next: the
 * verdict is the same. */
static void what_comes_rarely_decides_nothing(void **state)
{
    (void)state;
#define ONCE(bytes)                                                                  \
    .api.received_ago_s = 1, .api.watched_ms = 3800, .api.largest_arrival = (bytes), \
    .api.first_arrival_ms = 1300, .api.last_arrival_ms = 1300
    const int64_t sizes[] = {1, 52, 99, 100, 160, 5000};
    wins("trickle unclear", ASKED(.api.received_ago_s = 4, .api.watched_ms = 2500));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        wins("trickle unclear", ASKED(ONCE(sizes[i])));
        /* one piece that was seen in parts */
        wins("trickle unclear", ASKED(ONCE(sizes[i]), .api.last_arrival_ms = 1700));
    }
    wins("reply stalled", ASKED(ONCE(99), .api.last_arrival_ms = 1800));
    wins("generating", ASKED(ONCE(100), .api.last_arrival_ms = 1800));
    says("watched for 3800 ms, 52 bytes arrived and no more within 2500 ms: a slow reply and rare "
         "pings look alike",
         ASKED(ONCE(52)));
}

static void a_trickle_is_watched_until_it_is_known(void **state)
{
    (void)state;
#define TRICKLE .api.received_ago_s = 20, .api.bytes_received = 400000
    assert_true(rules_want_watch(&ASKED(TRICKLE)));
    assert_true(rules_want_watch(&ASKED(TRICKLE, WATCHED(0))));
    assert_true(rules_want_watch(&ASKED(TRICKLE, OLD, .turn = TAIL_TURN_UNKNOWN)));
    assert_true(
        rules_want_watch(&TOOL(TRICKLE, .open_tool = "Agent", .subagent_is_busy = FACT_YES)));
    assert_false(rules_want_watch(&ASKED(TRICKLE, WATCHED(52))));
    assert_false(rules_want_watch(&ASKED(TRICKLE, WATCHED(700))));
    /* what came once may have come by luck: for as long as that it is watched for the next */
    assert_true(rules_want_watch(&ASKED(TRICKLE, ONCE(52), .api.watched_ms = 3799)));
    assert_false(rules_want_watch(&ASKED(TRICKLE, ONCE(52), .api.watched_ms = 3800)));
    assert_true(rules_want_watch(&ASKED(TRICKLE, .api.watched_ms = 2499)));
    assert_false(rules_want_watch(&ASKED(TRICKLE, .api.watched_ms = 2500)));
    assert_false(rules_want_watch(&ASKED(TRICKLE, .api.received_ago_s = PATIENCE)));
    assert_false(rules_want_watch(&ASKED(TRICKLE, .api.received_ago_s = -1)));
    assert_false(rules_want_watch(&ASKED(TRICKLE, .api.sent_ago_s = PATIENCE - 1)));
    assert_false(rules_want_watch(&ASKED(TRICKLE, .api.is_there = FACT_UNKNOWN)));
    assert_false(rules_want_watch(&REST(.api = SILENT_CONNECTION, TRICKLE)));
    assert_false(
        rules_want_watch(&REST(.api = SILENT_CONNECTION, TRICKLE, .turn = TAIL_TURN_UNKNOWN)));
    assert_false(rules_want_watch(&REST(.api = SILENT_CONNECTION, TRICKLE, .status = CLIENT_WAITING,
                                        .turn = TAIL_TURN_UNKNOWN)));
    assert_false(rules_want_watch(&TOOL(TRICKLE)));
}

static void a_new_request_well_after_the_last_event_is_a_retry(void **state)
{
    (void)state;
#define AGAIN .api.sent_ago_s = PATIENCE - 1, .api.received_ago_s = PATIENCE - 2
    wins("retrying", ASKED(AGAIN, .last_event_age_s = PATIENCE + 5));
    wins("trickle unclear", ASKED(AGAIN, .api.sent_ago_s = PATIENCE, .last_event_age_s = LONG));
    wins("asked of late", ASKED(AGAIN, .last_event_age_s = PATIENCE + 4));
    wins("not understood", ASKED(AGAIN, .last_event_age_s = -1));
    wins("not understood", ASKED(AGAIN, .api.sent_ago_s = -1));
    wins("retrying", ASKED(AGAIN, .api.sent_ago_s = 0, .api.received_ago_s = 0));
    wins("retrying", ASKED(AGAIN, .turn = TAIL_TURN_REPLYING));
    /* refused within a second, or not answered yet; what goes on for longer is a reply */
    wins("asked of late", ASKED(AGAIN, .api.received_ago_s = PATIENCE - 3));
    wins("retrying", ASKED(AGAIN, .api.received_ago_s = LONG));
    wins("retrying", ASKED(AGAIN, .api.received_ago_s = 3, .api.bytes_received = 0));
    wins("idle by transcript", REST(OLD, .api = SILENT_CONNECTION, AGAIN));
    wins("connections not seen", ASKED(AGAIN, .api.is_there = FACT_UNKNOWN));
    /* of a client that took its time to start, where the clock was set since */
#define LATE_STAMP .last_event_age_s = LONG + 65, .api.sent_ago_s = LONG, .patience_s = LONG + 10
    wins("retrying", ASKED(LATE_STAMP, .api.received_ago_s = LONG + 1));
    wins("asked of late", ASKED(LATE_STAMP, .api.received_ago_s = LONG + 1, .stamp_error_s = 60));
}

static void patience_is_given_to_replies_tools_and_compactions(void **state)
{
    (void)state;
    wins("awaits reply", ASKED(.last_event_age_s = PATIENCE - 1));
    wins("reply stalled", ASKED(.last_event_age_s = PATIENCE));
    wins("awaits reply", ASKED(.last_event_age_s = 0, .turn = TAIL_TURN_REPLYING));
    wins("not understood", ASKED(.last_event_age_s = -1));

    wins("tool is recent", TOOL(.last_event_age_s = PATIENCE - 1, WORKERS(WORKER(DEAD))));
    wins("tool uncollected", TOOL(.last_event_age_s = PATIENCE, WORKERS(WORKER(DEAD))));
    wins("old client asks", TOOL(OLD, .last_event_age_s = 5, .wakeups_per_s = 4));

    wins("subagent works", TOOL(.subagent_is_busy = FACT_YES, .last_event_age_s = PATIENCE - 1));
    wins("reply stalled", TOOL(.subagent_is_busy = FACT_YES, .last_event_age_s = PATIENCE));
    wins("awaits reply", ASKED(.subagent_is_busy = FACT_YES, .last_event_age_s = PATIENCE - 1));
    /* the call that started it is not on disk yet */
    wins("subagent works", ASKED(.subagent_is_busy = FACT_YES, .last_event_age_s = 5,
                                 .api.sent_ago_s = 5, .api.received_ago_s = 1));
    wins("generating", ASKED(.last_event_age_s = 5, .api.sent_ago_s = 5, .api.received_ago_s = 1));

#define COMPACTS(...) \
    REST(.status = CLIENT_BUSY, .wakeups_per_s = 85, .api = SILENT_CONNECTION, __VA_ARGS__)
    says("where nothing comes, the client's own watchdog acts in 174 s: it asks again",
         COMPACTS(.status_age_s = PATIENCE - 1, .api.sent_ago_s = 8, .api.received_ago_s = 6,
                  .last_event_age_s = 10));
    does_not_say("where nothing comes", COMPACTS(.status_age_s = PATIENCE - 1, .api.sent_ago_s = 8,
                                                 .api.received_ago_s = 6, .last_event_age_s = 7));
    does_not_say("where nothing comes", COMPACTS(.status_age_s = PATIENCE - 1, .api.sent_ago_s = 8,
                                                 .api.received_ago_s = 8, .last_event_age_s = 8));
    wins("off the record", COMPACTS(.status_age_s = PATIENCE - 1));
    wins("compaction stuck", COMPACTS(.status_age_s = PATIENCE));
    wins("off the record", COMPACTS(.status_age_s = 0, .turn = TAIL_TURN_UNKNOWN));
    wins("not understood", COMPACTS(.status_age_s = -1));
    wins("not understood", COMPACTS(.has_workers = FACT_UNKNOWN));
    wins("not understood", COMPACTS(.api.sent_ago_s = PATIENCE - 1));
    wins("trickle unclear", COMPACTS(.api.received_ago_s = PATIENCE - 1));
    wins("compaction stuck", COMPACTS(.turn = TAIL_TURN_UNKNOWN, .has_transcript = FACT_NO));
    wins("not understood", COMPACTS(.turn = TAIL_TURN_UNKNOWN)); /* a tool may be open */
}

static void the_model_is_silent_past_patience_in_both_directions(void **state)
{
    (void)state;
    wins("reply stalled", ASKED(.api.sent_ago_s = PATIENCE, .api.received_ago_s = PATIENCE));
    /* received before the request was sent: of the turn before */
    wins("no reply", ASKED(.api.received_ago_s = LONG + 1));
    wins("reply stalled", ASKED(.api.received_ago_s = LONG));
    wins("no reply",
         ASKED(.api.received_ago_s = 0, .api.bytes_received = 0, .api.sent_ago_s = PATIENCE));
    wins("asked of late", ASKED(.last_event_age_s = PATIENCE, .api.sent_ago_s = PATIENCE - 2,
                                .api.received_ago_s = PATIENCE - 2));
    wins("asked of late", ASKED(.api.sent_ago_s = 90, .api.received_ago_s = 60));
    wins("not understood", ASKED(.api.bytes_received = 400000, .api.received_ago_s = -1));
    wins("not understood", ASKED(.api.bytes_received = -1));
    wins("not understood", ASKED(.api.bytes_received = 0, .last_event_age_s = -1));
    wins("not understood", ASKED(.api.bytes_received = 0, .turn = TAIL_TURN_UNKNOWN));
    wins("trickle unclear", ASKED(.api.received_ago_s = 0, .api.bytes_received = 400000));
    wins("no reply",
         TOOL(.open_tool = "Agent", .subagent_is_busy = FACT_YES, .api.bytes_received = 0));
    wins("tool without process", TOOL(.subagent_is_busy = FACT_UNKNOWN));
}

static void a_terminal_that_is_not_read_needs_a_thread_that_waits(void **state)
{
    (void)state;
#define WRITES .main_waits_for_tty_write = FACT_YES, .main_cpu_percent = 0, .wakeups_per_s = 0.9
    wins("terminal not read", ASKED(WRITES));
    wins("terminal not read", TOOL(WRITES));
    wins("terminal not read", ASKED(WRITES, .last_event_age_s = PATIENCE));
    wins("awaits reply", ASKED(WRITES, .last_event_age_s = PATIENCE - 1));
    /* in a first turn nothing is written yet */
#define FIRST_TURN(...)                                                                         \
    ASKED(WRITES, .has_transcript = FACT_NO, .turn = TAIL_TURN_UNKNOWN, .last_event_age_s = -1, \
          __VA_ARGS__)
    wins("terminal not read", FIRST_TURN(.status_age_s = PATIENCE));
    wins("off the record", FIRST_TURN(.status_age_s = PATIENCE - 1));
    wins("not understood", FIRST_TURN(.status_age_s = -1));
    wins("not understood", FIRST_TURN(.has_transcript = FACT_UNKNOWN));
    wins("reply stalled", ASKED(WRITES, .wakeups_per_s = 1));
    wins("reply stalled", ASKED(WRITES, .wakeups_per_s = -1));
    wins("reply stalled", ASKED(WRITES, .main_waits_for_tty_write = FACT_UNKNOWN));
}

static void spinning_needs_a_whole_cpu_and_no_wake_up(void **state)
{
    (void)state;
#define SPINS .state = 'R', .main_cpu_percent = 90, .wakeups_per_s = 0.9
    wins("spinning", ASKED(SPINS));
    wins("spinning", TOOL(SPINS));
    wins("spinning", ASKED(SPINS, .last_event_age_s = PATIENCE));
    wins("awaits reply", ASKED(SPINS, .last_event_age_s = PATIENCE - 1));
    wins("not understood", ASKED(SPINS, .last_event_age_s = 5, .turn = TAIL_TURN_UNKNOWN));
    wins("spinning", ASKED(SPINS, .last_event_age_s = -1, .has_transcript = FACT_NO));
    wins("reply stalled", ASKED(SPINS, .main_cpu_percent = 89.9));
    wins("reply stalled", ASKED(SPINS, .wakeups_per_s = 1));
    wins("reply stalled", ASKED(SPINS, .wakeups_per_s = -1));
    wins("reply stalled", ASKED(SPINS, .process_age_s = PATIENCE - 1));
    wins("reply stalled", ASKED(SPINS, .process_age_s = -1));
    wins("reply stalled", ASKED(SPINS, .was_sampled = false));
}

static void a_tool_is_judged_by_its_processes(void **state)
{
    (void)state;
#define AT_PATIENCE .open_tool_age_s = PATIENCE
#define BEFORE .open_tool_age_s = PATIENCE - 1
    wins("tool wants input", TOOL(AT_PATIENCE, WORKERS(WORKER(WANTS_INPUT))));
    wins("not understood", TOOL(BEFORE, WORKERS(WORKER(WANTS_INPUT))));
    wins("tool stopped", TOOL(AT_PATIENCE, WORKERS(WORKER(STOPPED))));
    wins("not understood", TOOL(BEFORE, WORKERS(WORKER(STOPPED))));
    wins("tool uncollected", TOOL(AT_PATIENCE, WORKERS(WORKER(DEAD))));
    wins("not understood", TOOL(BEFORE, WORKERS(WORKER(DEAD))));
    wins("tool past its limit", TOOL(.open_tool_age_s = 660, WORKERS(WORKER(QUIET))));
    wins("tool is quiet", TOOL(.open_tool_age_s = 659, WORKERS(WORKER(QUIET))));
    wins("tool is quiet", TOOL(.patience_s = 700, .open_tool_age_s = 699, .last_event_age_s = 700,
                               WORKERS(WORKER(QUIET))));
    wins("tool past its limit", TOOL(.patience_s = 700, .open_tool_age_s = 700,
                                     .last_event_age_s = 700, WORKERS(WORKER(QUIET))));
    wins("tool is quiet", TOOL(WORKERS(WORKER(UNKNOWN))));
    wins("tool sleeps", TOOL(BEFORE, WORKERS(WORKER(SLEEPS))));

    /* one that moves acquits the others; one that is stuck explains a quiet one */
    wins("tool progresses", TOOL(WORKERS(WORKER(WANTS_INPUT), WORKER(PROGRESSES))));
    wins("tool wants input", TOOL(WORKERS(WORKER(QUIET), WORKER(WANTS_INPUT))));
    wins("tool past its limit", TOOL(WORKERS(WORKER(DEAD), WORKER(QUIET))));

    /* "!make": a command that the user typed leaves no record */
#define TYPED_COMMAND(...) REST(.status = CLIENT_BUSY, WORKERS(__VA_ARGS__))
    wins("tool progresses", TYPED_COMMAND(WORKER(PROGRESSES)));
    wins("tool sleeps", TYPED_COMMAND(WORKER(SLEEPS)));
    wins("tool wants input", TYPED_COMMAND(WORKER(WANTS_INPUT)));
    wins("tool is quiet", TYPED_COMMAND(WORKER(QUIET)));
}

static void a_process_is_a_tools_only_where_a_tool_is_open(void **state)
{
    (void)state;
    for (enum worker_doing doing = WORKER_UNKNOWN; doing <= WORKER_DEAD; doing++) {
        const struct worker any[] = {
            {.pid = 4711, .name = "sh", .doing = doing},
            {.pid = 4712, .name = "rg", .doing = doing, .is_search = true, .cpu_s = LONG}};
#define ANY .workers = any, .worker_count = 2, .has_workers = FACT_YES
        wins("reply stalled", ASKED(ANY));
        wins("reply stalled", ASKED(ANY, .turn = TAIL_TURN_REPLYING));
        wins("no reply", ASKED(ANY, .api.bytes_received = 0));
        wins("idle", REST(ANY));
        wins("idle by transcript", REST(ANY, OLD));
        wins("permission prompt",
             REST(ANY, .status = CLIENT_WAITING, .waiting_for = "permission prompt"));
        wins("retrying", ASKED(ANY, .api.sent_ago_s = 30, .api.received_ago_s = 29));
    }
}

static void a_hook_holds_up_what_was_not_asked_yet(void **state)
{
    (void)state;
#define NOT_ASKED .last_event_age_s = LONG - 1
    wins("hook wants input", ASKED(WORKERS(HOOK(WANTS_INPUT)), .api = NO_CONNECTION));
    wins("hook wants input", ASKED(WORKERS(HOOK(WANTS_INPUT)), .last_event_age_s = PATIENCE));
    wins("hook wants input",
         REST(WORKERS(HOOK(WANTS_INPUT)), .status = CLIENT_BUSY, .turn = TAIL_TURN_UNKNOWN,
              .has_transcript = FACT_NO, .last_event_age_s = -1));
    wins("off the record",
         REST(WORKERS(HOOK(WANTS_INPUT)), .status = CLIENT_BUSY, .turn = TAIL_TURN_UNKNOWN,
              .has_transcript = FACT_NO, .last_event_age_s = -1, .status_age_s = PATIENCE - 1));
    wins("awaits reply", ASKED(WORKERS(HOOK(WANTS_INPUT)), .last_event_age_s = PATIENCE - 1));
    /* the request has gone out: whatever runs was declared async, and explains nothing */
    wins("reply stalled", ASKED(WORKERS(HOOK(WANTS_INPUT))));
    wins("reply stalled", ASKED(WORKERS(HOOK(PROGRESSES))));
    wins("reply stalled", ASKED(WORKERS(HOOK(PROGRESSES)), .last_event_age_s = LONG - 30));
    wins("hook works", ASKED(WORKERS(HOOK(PROGRESSES)), .last_event_age_s = LONG - 31));
    wins("reply stalled", ASKED(WORKERS(HOOK(SLEEPS))));
    wins("reply stalled", ASKED(WORKERS(HOOK(PROGRESSES)), NOT_ASKED, .turn = TAIL_TURN_REPLYING));
    wins("connections not seen", ASKED(WORKERS(HOOK(PROGRESSES)), .api.is_there = FACT_UNKNOWN));
    wins("idle", REST(WORKERS(HOOK(PROGRESSES))));
    /* after a turn: its last request is older than its end */
#define AFTER_A_TURN                                                      \
    .status = CLIENT_BUSY, .status_age_s = LONG, .last_event_age_s = 700, \
    .api = {.is_there = FACT_YES,                                         \
            .peer = "127.0.0.1:443",                                      \
            .sent_ago_s = 731,                                            \
            .received_ago_s = 701,                                        \
            .bytes_received = 90000}
    wins("hook wants input", REST(AFTER_A_TURN, WORKERS(HOOK(WANTS_INPUT))));
    wins("hook works", REST(AFTER_A_TURN, WORKERS(HOOK(PROGRESSES))));
    /* a hook of its end: the last request was answered when the turn ended */
#define ENDED_WITH(sent_s, ...)                                                                \
    REST(.status = CLIENT_BUSY, .status_age_s = LONG + 20, .wakeups_per_s = 80,                \
         .api = SILENT_CONNECTION, .api.sent_ago_s = (sent_s), .api.received_ago_s = (sent_s), \
         WORKERS(__VA_ARGS__))
    wins("hook waits", ENDED_WITH(LONG, HOOK(SLEEPS)));
    wins("hook waits", ENDED_WITH(LONG - 1, HOOK(QUIET)));
    wins("hook works", ENDED_WITH(LONG + 15, HOOK(PROGRESSES)));
    /* a turn of less than a second */
    wins("hook waits",
         REST(.status = CLIENT_BUSY, .wakeups_per_s = 80, .api = SILENT_CONNECTION,
              .api.sent_ago_s = LONG, .api.received_ago_s = LONG, WORKERS(HOOK(SLEEPS))));
    wins("hook wants input", ENDED_WITH(LONG, HOOK(WANTS_INPUT)));
    /* it has asked since: a compaction, which no hook holds up */
    wins("not understood", ENDED_WITH(LONG - 2, HOOK(SLEEPS)));
    wins("hook waits", REST(AFTER_A_TURN, WORKERS(HOOK(QUIET))));
    wins("off the record",
         REST(AFTER_A_TURN, WORKERS(HOOK(QUIET)), .last_event_age_s = PATIENCE - 1));
    wins("pipe held", REST(AFTER_A_TURN, HELD));
    /* beside a tool: where the tool has a process, that speaks */
    wins("hook wants input", TOOL(AT_PATIENCE, WORKERS(HOOK(WANTS_INPUT))));
    wins("hook waits", TOOL(BEFORE, WORKERS(HOOK(WANTS_INPUT))));
    wins("hook works", TOOL(WORKERS(HOOK(PROGRESSES))));
    wins("hook waits", TOOL(WORKERS(HOOK(STOPPED))));
    wins("tool wants input", TOOL(WORKERS(WORKER(WANTS_INPUT), HOOK(QUIET))));
    wins("tool past its limit", TOOL(WORKERS(WORKER(QUIET), HOOK(PROGRESSES))));
    wins("tool sleeps", TOOL(WORKERS(WORKER(SLEEPS), HOOK(WANTS_INPUT))));
    wins("tool wants input", TOOL(WORKERS(WORKER(WANTS_INPUT), HOOK(PROGRESSES))));
}

static void a_search_of_the_clients_own_runs_away(void **state)
{
    (void)state;
#define SEARCH(what, seconds) \
    {.pid = 4712, .name = "rg", .doing = WORKER_##what, .is_search = true, .cpu_s = (seconds)}
    wins("search runs away", TOOL(WORKERS(SEARCH(PROGRESSES, PATIENCE))));
    wins("tool progresses", TOOL(WORKERS(SEARCH(PROGRESSES, PATIENCE - 1))));
    wins("tool progresses", TOOL(BEFORE, WORKERS(SEARCH(PROGRESSES, PATIENCE))));
    /* a program that a shell runs may compute for as long as it needs */
    wins("tool progresses",
         TOOL(WORKERS({.pid = 4712, .name = "rg", .doing = WORKER_PROGRESSES, .cpu_s = LONG})));
    wins("tool progresses", TOOL(WORKERS(SEARCH(PROGRESSES, LONG), WORKER(PROGRESSES))));
    wins("search runs away", TOOL(WORKERS(SEARCH(PROGRESSES, LONG), WORKER(QUIET))));
    wins("tool progresses", TOOL(WORKERS(SEARCH(PROGRESSES, LONG), WORKER(UNKNOWN))));
    wins("tool is quiet", TOOL(BEFORE, WORKERS(SEARCH(QUIET, LONG))));
}

static void without_a_process_somebody_else_holds_a_tool(void **state)
{
    (void)state;
    wins("pipe held", TOOL(HELD, AT_PATIENCE));
    wins("pipe held", TOOL(HELD, OLD));
    wins("question", TOOL(HELD, .status = CLIENT_WAITING));
    /* 2.1.110 says nothing, and its prompt is written down once its hook is over: the spinner tells
     * it from a prompt that was taken back */
#define UNRECORDED(...) \
    REST(OLD, HELD, .unrecorded_age_s = LONG / 2, .wakeups_per_s = 68, __VA_ARGS__)
#define OF_THE_FIRST .has_transcript = FACT_NO, .turn = TAIL_TURN_UNKNOWN, .last_event_age_s = -1
    wins("pipe held", UNRECORDED(.is_native = false));
    wins("pipe held", UNRECORDED(OF_THE_FIRST));
    wins("off the record", UNRECORDED(.unrecorded_age_s = PATIENCE - 1));
    wins("off the record", UNRECORDED(OF_THE_FIRST, .unrecorded_age_s = PATIENCE - 1));
    wins("idle by transcript", UNRECORDED(.unrecorded_age_s = -1));
    wins("idle by transcript", UNRECORDED(.wakeups_per_s = 4));
    wins("idle", UNRECORDED(.status = CLIENT_IDLE));
    wins("no request seen", UNRECORDED(.pipe_holder_count = 0));
    assert_true(rules_suspect(&UNRECORDED(.wakeups_per_s = -1)));
    assert_false(rules_suspect(&UNRECORDED(.wakeups_per_s = -1, .unrecorded_age_s = -1)));
    says("its last prompt, of 1200 s ago, is in no record, and its spinner turns",
         UNRECORDED(.is_native = false));
    wins("old client asks", TOOL(HELD, OLD, .wakeups_per_s = 4));
    wins("tool without process", TOOL(HELD, .subagent_is_busy = FACT_UNKNOWN));
    wins("reply stalled", TOOL(HELD, .open_tool = "Agent", .subagent_is_busy = FACT_YES));
    wins("tool without process", TOOL(HELD, BEFORE));
    wins("tool is quiet", TOOL(HELD, BEFORE, WORKERS(WORKER(QUIET))));
    wins("not understood", TOOL(HELD, .has_workers = FACT_UNKNOWN));
    /* what is left of a hook that nobody waits for explains no silence of the model's */
    wins("reply stalled", ASKED(HELD));
    wins("pipe held", ASKED(HELD, .last_event_age_s = LONG - 1));
    wins("pipe held", ASKED(HELD, .api = NO_CONNECTION));
    wins("connections not seen", ASKED(HELD, .api.is_there = FACT_UNKNOWN));
    wins("awaits reply", ASKED(HELD, .api = NO_CONNECTION, .last_event_age_s = PATIENCE - 1));
    /* a hook of a prompt that is not written down yet */
#define FIRST_PROMPT(...)                                                                   \
    REST(HELD, .status = CLIENT_BUSY, .has_transcript = FACT_NO, .turn = TAIL_TURN_UNKNOWN, \
         __VA_ARGS__)
    wins("pipe held", FIRST_PROMPT(.last_event_age_s = -1));
    wins("pipe held",
         REST(HELD, .status = CLIENT_BUSY, .api = SILENT_CONNECTION, .status_age_s = LONG - 1));
    wins("off the record", FIRST_PROMPT(.status_age_s = PATIENCE - 1));
    wins("compaction stuck", REST(HELD, .status = CLIENT_BUSY, .api = SILENT_CONNECTION));
    wins("not understood", FIRST_PROMPT(.has_transcript = FACT_YES));
    wins("idle", REST(HELD));

#define MCP .open_tool = "mcp__x__y", .open_tool_is_mcp = true, .mcp_progresses = FACT_NO
    wins("mcp stuck", TOOL(MCP, AT_PATIENCE));
    wins("tool without process", TOOL(MCP, BEFORE));
    wins("mcp works", TOOL(MCP, .mcp_progresses = FACT_YES));
    wins("tool without process", TOOL(MCP, .mcp_progresses = FACT_UNKNOWN));
    wins("tool without process", TOOL(MCP, .open_tool_is_mcp = false));
    wins("tool without process", TOOL(.mcp_progresses = FACT_YES));
    wins("not understood", TOOL(MCP, .has_workers = FACT_UNKNOWN));

    wins("not understood", TOOL(.was_sampled = false));
    wins("not understood", TOOL(.has_workers = FACT_UNKNOWN));
}

static void an_old_client_asks_when_its_spinner_rests(void **state)
{
    (void)state;
    wins("old client asks", TOOL(OLD, .wakeups_per_s = 0));
    wins("old client asks", TOOL(OLD, .wakeups_per_s = 11.9));
    wins("tool without process", TOOL(OLD, .wakeups_per_s = 12));
    wins("tool without process", TOOL(OLD, .wakeups_per_s = -1));
    wins("tool without process", TOOL(.wakeups_per_s = 4));
    /* whether it rests cannot be told of one that waits for a CPU: its screen tells */
    wins("old client asks", TOOL(OLD, .wakeups_per_s = 12, .screen_asks = FACT_YES));
    wins("tool without process", TOOL(OLD, .wakeups_per_s = 12, .screen_asks = FACT_NO));
    wins("tool without process", TOOL(.wakeups_per_s = 4, .screen_asks = FACT_YES));
    wins("tool is quiet",
         TOOL(OLD, .wakeups_per_s = 4, .open_tool_age_s = 650, WORKERS(WORKER(QUIET))));
    /* of an agent whose commands are processes */
#define COMMAND(...) TOOL(OLD, .wakeups_per_s = -1, .open_tool_is_command = true, __VA_ARGS__)
    wins("command not run", COMMAND(.open_tool_age_s = 2));
    wins("tool without process", COMMAND(.open_tool_age_s = 1));
    wins("tool without process", COMMAND(.open_tool_age_s = 2, .open_tool_count = 2));
    wins("tool without process", COMMAND(.open_tool_age_s = 2, .screen_asks = FACT_NO));
    wins("tool is quiet", COMMAND(.open_tool_age_s = 2, WORKERS(WORKER(QUIET))));
    wins("not understood", COMMAND(.open_tool_age_s = 2, .has_workers = FACT_UNKNOWN));
    wins("not understood", TOOL(OLD, .wakeups_per_s = 4, .has_workers = FACT_UNKNOWN));
    /* its call is not written down until it is answered */
#define UNWRITTEN(...) ASKED(OLD, .wakeups_per_s = 4, .main_cpu_percent = 0.9, __VA_ARGS__)
    wins("old client asks", UNWRITTEN(.screen_asks = FACT_YES));
    wins("old client asks", UNWRITTEN(.screen_asks = FACT_YES, .turn = TAIL_TURN_REPLYING));
    /* below a text that fills the screen a client that waits draws no spinner */
    wins("reply stalled", UNWRITTEN(.screen_asks = FACT_NO));
    wins("asks or is stalled", UNWRITTEN());
    wins("asks or is stalled", UNWRITTEN(.turn = TAIL_TURN_REPLYING));
    wins("tool without process", TOOL(OLD, .wakeups_per_s = 4, .screen_asks = FACT_NO));
    wins("reply stalled", UNWRITTEN(.main_cpu_percent = 1));
    wins("asks or is stalled", UNWRITTEN(.main_cpu_percent = -1));
    wins("asks or is stalled", UNWRITTEN(.wakeups_per_s = -1));
    wins("reply stalled", UNWRITTEN(.wakeups_per_s = 12));
    wins("reply stalled", UNWRITTEN(.wakeups_per_s = 0));
    wins("reply stalled", UNWRITTEN(.is_print = true));
    wins("reply stalled", UNWRITTEN(.status = CLIENT_BUSY, .status_age_s = LONG));
    wins("asks or is stalled", UNWRITTEN(.has_workers = FACT_UNKNOWN));
    wins("no reply", UNWRITTEN(.api.bytes_received = 0, .api.received_ago_s = LONG + 1));
}

static void nothing_is_pending_only_when_all_was_seen(void **state)
{
    (void)state;
#define PENDING_NOTHING(...) ASKED(.api = NO_CONNECTION, ASLEEP, __VA_ARGS__)
    wins("nothing pending", PENDING_NOTHING(.last_event_age_s = PATIENCE));
    wins("awaits reply", PENDING_NOTHING(.last_event_age_s = PATIENCE - 1));
    wins("nothing pending", PENDING_NOTHING(.status_age_s = PATIENCE));
    wins("not understood", PENDING_NOTHING(.status_age_s = PATIENCE - 1));
    wins("nothing pending", PENDING_NOTHING(OLD));
    wins("nothing pending", PENDING_NOTHING(.turn = TAIL_TURN_OVER));
    wins("connections not seen", PENDING_NOTHING(.api.is_there = FACT_UNKNOWN));
    wins("not understood", PENDING_NOTHING(.has_workers = FACT_UNKNOWN));
    /* what servers do by themselves says nothing of a turn that has asked none of them */
    wins("nothing pending", PENDING_NOTHING(.mcp_progresses = FACT_YES));
    wins("not understood", TOOL(.open_tool = "Agent", .subagent_is_busy = FACT_YES,
                                .api = NO_CONNECTION, .mcp_progresses = FACT_YES));
    wins("not understood", PENDING_NOTHING(.was_sampled = false));
    wins("nothing pending",
         TOOL(.open_tool = "Agent", .subagent_is_busy = FACT_YES, .api = NO_CONNECTION, ASLEEP));
    /* its loop runs: between two tries it looks so */
    wins("no request seen", PENDING_NOTHING(.wakeups_per_s = 0.4));
    wins("no request seen", PENDING_NOTHING(.wakeups_per_s = 97));
    wins("no request seen", PENDING_NOTHING(.wakeups_per_s = -1));
    wins("no request seen", PENDING_NOTHING(.sample_ms = 1999));
    assert_true(rules_want_longer(&PENDING_NOTHING(.sample_ms = 400)));
    assert_false(rules_want_longer(&PENDING_NOTHING(.wakeups_per_s = 97, .sample_ms = 400)));
    wins("connections not seen", TOOL(.open_tool = "Agent", .subagent_is_busy = FACT_YES,
                                      .api = NO_CONNECTION, .api.is_there = FACT_UNKNOWN));
}

/* Of a client whose pauses are short, the next try is seen if one waits for it. */
static void the_next_try_is_waited_for_where_it_comes_soon(void **state)
{
    (void)state;
    static const struct agent_timing soon = {.retry_pause_s = 10}, late = {.retry_pause_s = 11};
    assert_true(rules_want_watch(&PENDING_NOTHING(.timing = &soon)));
    assert_true(rules_want_watch(&PENDING_NOTHING(.timing = &soon, .api.watched_ms = 3999)));
    assert_false(rules_want_watch(&PENDING_NOTHING(.timing = &soon, .api.watched_ms = 4000)));
    assert_false(rules_want_watch(&PENDING_NOTHING(.timing = &late)));
    assert_false(rules_want_watch(&PENDING_NOTHING()));
    assert_false(rules_want_watch(&ASKED(.timing = &soon)));
}

/* Only what would be called idle is not known; a turn that hangs or goes on is told all the same.
 */
static void a_terminal_that_may_be_gone_hides_no_turn(void **state)
{
    (void)state;
#define MAY_BE_GONE OLD, .terminal_may_be_gone = true
    wins("terminal may be gone", REST(MAY_BE_GONE));
    wins("terminal may be gone", REST(MAY_BE_GONE, .has_transcript = FACT_NO, .is_unbegun = true));
    wins("terminal gone", REST(MAY_BE_GONE, .terminal_is_gone = FACT_YES));
    wins("reply stalled", ASKED(MAY_BE_GONE));
    assert_true(speaks_of(&REST(MAY_BE_GONE), "it cannot be told which"));
}

static void a_try_that_is_announced_is_waited_for(void **state)
{
    (void)state;
#define ANNOUNCED(in_s, ...)                                                                       \
    ASKED(.api = NO_CONNECTION,                                                                    \
          .retry =                                                                                 \
              {.is_said = true, .is_on_screen = true, .due_in_s = (in_s), .attempt = 6, .of = 10}, \
          __VA_ARGS__)
    wins("retrying", ANNOUNCED(2));
    wins("retrying", ANNOUNCED(2, ASLEEP, .retry.is_on_screen = false));
    wins("nothing pending", ANNOUNCED(2, ASLEEP)); /* what its screen shows is old */
    assert_string_equal(confidence_for(&ANNOUNCED(2)), "low");
    assert_string_equal(confidence_for(&ANNOUNCED(2, .retry.is_on_screen = false)), "medium");
    wins("retrying", ANNOUNCED(-60));
    wins("no request seen", ANNOUNCED(-61)); /* it was not made */
    wins("nothing pending", ANNOUNCED(-61, ASLEEP));
    wins("retrying", ANNOUNCED(2, OLD));
    wins("retrying", ANNOUNCED(2, .turn = TAIL_TURN_OVER));
    wins("idle",
         REST(.retry = {
                  .is_said = true, .is_on_screen = true, .due_in_s = 2, .attempt = 6, .of = 10}));
    says("the client tries again by itself in 2 s", ANNOUNCED(2));
    says("try 6 of 10 was announced on its screen", ANNOUNCED(2));
    assert_true(is_among_first(&ANNOUNCED(2, .retry.why = "ConnectionRefused"),
                               "the client tries again by itself in 2 s"));
    says("try 6 of 10 was announced in its transcript", ANNOUNCED(2, .retry.is_on_screen = false));
    says("the client tries again by itself, within 40 s of the last try", ANNOUNCED(0));
}

/* Once, where nothing else has decided, of a client whose loop draws it. */
static void the_screen_is_looked_at_where_nothing_else_decides(void **state)
{
    (void)state;
    assert_true(rules_want_screen(&ASKED()));
    assert_true(rules_want_screen(&ASKED(.api = NO_CONNECTION)));
    assert_true(rules_want_screen(&REST(.status = CLIENT_BUSY, .api = NO_CONNECTION)));
    assert_false(rules_want_screen(&ASKED(ASLEEP)));
    assert_false(rules_want_screen(&ASKED(.wakeups_per_s = -1)));
    assert_false(rules_want_screen(&ASKED(.was_sampled = false)));
    assert_false(rules_want_screen(&ASKED(.last_event_age_s = PATIENCE - 1)));
    assert_false(rules_want_screen(&ASKED(.state = 'T')));
    assert_false(rules_want_screen(&ANNOUNCED(2)));
    assert_false(rules_want_screen(&TOOL()));
    assert_true(rules_want_screen(&TOOL(OLD, .wakeups_per_s = 4)));
    assert_false(rules_want_screen(&TOOL(OLD, .wakeups_per_s = 40)));
    assert_false(rules_want_screen(&REST()));
    /* who draws once a second is looked at for long enough to see it */
    assert_true(rules_want_longer(&ASKED(ASLEEP, .sample_ms = 400)));
    assert_false(rules_want_longer(&ASKED(ASLEEP)));
    says("its screen shows: Cogitating", ASKED(.screen = SCREEN_READ, .screen_line = "Cogitating"));
    says("its screen could not be read (it is not known to be a tmux pane of yours), and may tell "
         "more",
         ASKED(.screen = SCREEN_OUT_OF_REACH));
    does_not_say("its screen", ASKED());
    does_not_say("its screen", ASKED(.screen = SCREEN_WITHOUT_STATE));
}

static void a_usage_limit_is_waited_for(void **state)
{
    (void)state;
#define LIMITED(words, ...) ASKED(.api = NO_CONNECTION, .api_error = (words), __VA_ARGS__)
    wins("usage limit", LIMITED("You've hit your limit, resets 4pm"));
    wins("usage limit", LIMITED("Claude usage limit reached. Your limit will reset at 4pm (UTC)."));
    wins("usage limit", LIMITED("You've hit your limit, resets 4pm", .turn = TAIL_TURN_OVER));
    wins("usage limit",
         ASKED(.api = NO_CONNECTION, .retry = {.is_said = true,
                                               .is_on_screen = true,
                                               .due_in_s = 8,
                                               .attempt = 6,
                                               .of = 10,
                                               .why = "Session limit reached (3:22am)"}));
#define LIMITED_ON_SCREEN(...)             \
    ASKED(.retry = {.is_said = true,       \
                    .is_on_screen = true,  \
                    .due_in_s = 3600,      \
                    .attempt = 1,          \
                    .of = 10,              \
                    .why = "Session l...", \
                    .due = "1h",           \
                    .until = "5:55am"},    \
          __VA_ARGS__)
    /* the connection on which it was refused looks like a reply that broke off */
    wins("usage limit", LIMITED_ON_SCREEN());
    wins("reply stalled", LIMITED_ON_SCREEN(ASLEEP));
    wins("idle", REST(.retry = {.is_said = true,
                                .is_on_screen = true,
                                .due_in_s = 3600,
                                .attempt = 1,
                                .of = 10,
                                .why = "Session l...",
                                .due = "1h",
                                .until = "5:55am"}));
    assert_string_equal(confidence_for(&LIMITED_ON_SCREEN()), "low");
    says("a usage limit is reached, until 5:55am, in the client's words: Session l...",
         LIMITED_ON_SCREEN());
    says("the client tries again by itself in 1h", LIMITED_ON_SCREEN());
    wins("no request seen", LIMITED("529 Overloaded"));
    wins("no request seen", LIMITED("would exceed your account's rate limit"));
    wins("idle", REST(.api_error = "You've hit your limit, resets 4pm"));
    says("a usage limit is reached, in the client's words: You've hit your limit, resets 4pm",
         LIMITED("You've hit your limit, resets 4pm"));
    says("it goes on when the limit is lifted, or when you type something then",
         LIMITED("You've hit your limit, resets 4pm"));
}

static void a_connection_that_does_not_come_about(void **state)
{
    (void)state;
#define UNCONNECTED(...) ASKED(.api = CONNECTING, __VA_ARGS__)
    wins("no connection", UNCONNECTED());
    wins("no connection", UNCONNECTED(ASLEEP));
    wins("no connection", UNCONNECTED(.turn = TAIL_TURN_OVER));
    wins("awaits reply", UNCONNECTED(.last_event_age_s = PATIENCE - 1));
    wins("retrying",
         UNCONNECTED(.retry = {.is_said = true, .due_in_s = -5, .attempt = 2, .of = 10}));
    says("no connection to 127.0.0.1:443 comes about: nobody answers, though it was tried 6 times",
         UNCONNECTED());
    says("a connection to 127.0.0.1:443 is being made, nobody has answered yet",
         UNCONNECTED(.api.unanswered = 0));
    says("the system gives an attempt up after 135 s, and the client then tries again by itself",
         UNCONNECTED());
}

/* ---- what must hold for any evidence ------------------------------------------------------ */

/* A small generator of our own: the same evidence on every system. */
static uint32_t seed;

static uint32_t any(uint32_t count)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % count;
}

static int64_t any_age(void)
{
    static const int64_t ages[] = {-1, 0, 4, 29, 60, PATIENCE - 1, PATIENCE, 700, LONG};
    return ages[any(sizeof ages / sizeof *ages)];
}

static enum fact any_fact(void)
{
    return (enum fact)any(3);
}

/* Facts that fit together no better than they must. */
static struct evidence any_evidence(struct worker *workers)
{
    static const double rates[] = {-1, 0, 0.5, 4, 85}, loads[] = {-1, 0, 8, 95, 1200};
    static const int64_t bytes[] = {-1, 0, 300, 90000, 4000000};
    struct evidence e = {UP};
    e.state = "SSSSRRTtDZ"[any(9)]; /* no zombie: it can be nothing else */
    e.process_age_s = any_age();
    e.is_print = any(4) == 0;
    e.is_native = any(2);
    e.is_registered = any(2);
    e.terminal_is_gone = any(8) == 0 ? FACT_YES : any(2) ? FACT_NO : FACT_UNKNOWN;
    e.status = (enum client_status)any(5);
    e.status_age_s = any_age();
    e.waiting_for = e.status == CLIENT_WAITING ? "permission prompt" : NULL;
    e.has_transcript = any_fact();
    e.turn = (enum tail_turn)any(5);
    if (e.turn != TAIL_TURN_UNKNOWN)
        e.has_transcript = FACT_YES;
    e.last_event_age_s = any_age();
    if (e.turn == TAIL_TURN_AWAITS_TOOL) {
        e.open_tool = "Bash";
        e.open_tool_age_s = any_age();
        e.open_tool_count = 1;
        e.open_tool_is_mcp = any(2);
    }
    e.subagent_is_busy = any_fact();
    e.queued_count = any(3) == 0;
    e.queued_age_s = any_age();
    e.was_sampled = any(8) != 0;
    e.main_cpu_percent = loads[any(5)];
    e.wakeups_per_s = rates[any(5)];
    e.main_waits_for_tty_write = any_fact();
    e.worker_count = any(3);
    for (size_t i = 0; i < e.worker_count; i++)
        workers[i] = (struct worker){.pid = 4711 + (int)i,
                                     .name = "sh",
                                     .doing = (enum worker_doing)any(7),
                                     .is_search = any(2),
                                     .is_hook = any(3) == 0,
                                     .cpu_s = any(2) ? LONG : 0};
    e.workers = workers;
    e.has_workers = e.worker_count ? FACT_YES : any(2) ? FACT_NO : FACT_UNKNOWN;
    e.pipe_holders = holders;
    e.pipe_holder_count = any(4) == 0 ? 1 + (size_t)any(2) : 0;
    e.mcp_progresses = any_fact();
    e.api.is_there = any_fact();
    if (e.api.is_there == FACT_YES) {
        e.api.peer = "127.0.0.1:443";
        e.api.sent_ago_s = any_age();
        e.api.received_ago_s = any_age();
        e.api.bytes_received = bytes[any(5)];
        e.api.watched_ms = any(2) ? 2000 : 0;
        e.api.largest_arrival = (int64_t)any(3) * 60;
    }
    return e;
}

/* One fact becomes unknown. Returns: false when there is no fact of that number. */
static bool forget(struct evidence *e, struct worker *workers, int which)
{
    switch (which) {
    case 0:
        e->state = 0;
        return true;
    case 1:
        e->process_age_s = -1;
        return true;
    case 2:
        e->terminal_is_gone = FACT_UNKNOWN;
        return true;
    case 3:
        e->waiting_for = NULL;
        return true;
    case 4:
        e->status_age_s = -1;
        return true;
    case 5:
        e->has_transcript = FACT_UNKNOWN;
        return true;
    case 6:
        e->turn = TAIL_TURN_UNKNOWN;
        e->open_tool = NULL;
        e->open_tool_age_s = -1;
        return true;
    case 7:
        e->last_event_age_s = -1;
        return true;
    case 8:
        e->open_tool_age_s = -1;
        return true;
    case 9:
        e->subagent_is_busy = FACT_UNKNOWN;
        return true;
    case 10:
        e->queued_age_s = -1;
        return true;
    case 11:
        e->was_sampled = false;
        e->main_cpu_percent = e->wakeups_per_s = -1;
        e->main_waits_for_tty_write = e->has_workers = e->mcp_progresses = FACT_UNKNOWN;
        e->worker_count = 0;
        e->pipe_holder_count = 0;
        return true;
    case 12:
        e->main_cpu_percent = -1;
        return true;
    case 13:
        e->wakeups_per_s = -1;
        return true;
    case 14:
        e->main_waits_for_tty_write = FACT_UNKNOWN;
        return true;
    case 15:
        e->has_workers = FACT_UNKNOWN;
        e->worker_count = 0;
        return true;
    case 16:
        for (size_t i = 0; i < e->worker_count; i++)
            workers[i].doing = WORKER_UNKNOWN;
        return true;
    case 24:
        for (size_t i = 0; i < e->worker_count; i++)
            workers[i].is_search = false;
        return true;
    case 17:
        e->pipe_holder_count = 0;
        return true;
    case 18:
        e->api = (struct api_connection)NO_CONNECTION;
        e->api.is_there = FACT_UNKNOWN;
        return true;
    case 19:
        e->api.sent_ago_s = -1;
        return true;
    case 20:
        e->api.received_ago_s = -1;
        return true;
    case 21:
        e->api.bytes_received = -1;
        return true;
    case 22:
        e->api.watched_ms = e->api.largest_arrival = 0;
        return true;
    case 23:
        e->version = NULL;
        return true;
    case 25:
        e->unrecorded_age_s = -1;
        return true;
    default:
        return false;
    }
}

static bool alarms(const struct rule *rule)
{
    return rule->verdict == SR_HUNG || rule->verdict == SR_BLOCKED ||
           rule->verdict == SR_ORPHANED || rule->verdict == SR_STOPPED;
}

static void check_forgetting(const struct evidence *e, const char *what)
{
    struct worker workers[4];
    for (int which = 0;; which++) {
        struct evidence less = *e;
        memcpy(workers, e->workers, e->worker_count * sizeof *workers);
        less.workers = workers;
        if (!forget(&less, workers, which))
            return;
        for (size_t i = 0; i < rule_count; i++)
            if (alarms(&rules[i]) && rules[i].holds(&less) && !rules[i].holds(e))
                fail_msg("%s: without fact %d '%s' holds, and with it does not", what, which,
                         rules[i].name);
    }
}

/* A row that alarms rests on what is known: it never holds because of what is not. */
static void no_alarm_comes_from_knowing_less(void **state)
{
    (void)state;
    struct worker workers[4];
    seed = 1;
    for (int i = 0; i < 20000; i++) {
        struct evidence e = any_evidence(workers);
        check_forgetting(&e, "any evidence");
    }
    size_t count;
    struct scene *all = scenes(&count);
    for (size_t i = 0; i < count; i++)
        check_forgetting(&all[i].e, all[i].what);
    release(all, count);
}

/* And over the whole table: a session that is well is never called hung for a missing fact. */
static void a_healthy_scene_stays_so_with_a_fact_less(void **state)
{
    (void)state;
    size_t count;
    struct scene *all = scenes(&count);
    for (size_t i = 0; i < count; i++) {
        struct worker workers[4];
        for (int which = 0; !alarms(winner(&all[i].e)); which++) {
            struct evidence less = all[i].e;
            memcpy(workers, less.workers, less.worker_count * sizeof *workers);
            less.workers = workers;
            if (!forget(&less, workers, which))
                break;
            if (winner(&less)->verdict == SR_HUNG)
                fail_msg("%s: hung ('%s') without fact %d", all[i].what, winner(&less)->name,
                         which);
        }
    }
    release(all, count);
}

static const struct agent_timing unmeasured,
    writes_first = {.writes_calls_first = true},
    pauses = {.writes_calls_first = true, .retry_pause_s = 40, .pauses_as_told = true};

/* Of an agent that nobody has measured: no threshold that is not known calls anything hung. */
static void what_was_not_measured_hangs_nothing(void **state)
{
    (void)state;
    size_t count;
    struct scene *all = scenes(&count);
    for (size_t i = 0; i < count; i++) {
        struct evidence e = all[i].e;
        e.timing = &unmeasured;
        if (winner(&all[i].e)->verdict != SR_HUNG && winner(&e)->verdict == SR_HUNG)
            fail_msg("%s: hung ('%s') by what is not known", all[i].what, winner(&e)->name);
    }
    release(all, count);
    wins("tool is quiet", TOOL(.timing = &unmeasured, WORKERS(WORKER(QUIET))));
    wins("tool past its limit", TOOL(WORKERS(WORKER(QUIET))));
    assert_int_not_equal(winner(&ASKED(.timing = &unmeasured, .main_cpu_percent = 100,
                                       .wakeups_per_s = 0, .api = NO_CONNECTION))
                             ->verdict,
                         SR_HUNG);
    assert_int_not_equal(
        winner(&ASKED(.timing = &unmeasured, ASLEEP, .api = NO_CONNECTION))->verdict, SR_HUNG);
    /* whether it writes a call down before it asks about it */
    wins("asks or is stalled", ASKED(OLD, .timing = &unmeasured));
    wins("reply stalled", ASKED(OLD, .timing = &writes_first));
    /* what came at once may be a refusal that names a pause of any length; what went on is none */
    assert_int_not_equal(winner(&ASKED(OLD, .timing = &pauses, .api.sent_ago_s = LONG,
                                       .api.received_ago_s = LONG - 10))
                             ->verdict,
                         SR_HUNG);
    wins("reply stalled",
         ASKED(OLD, .timing = &pauses, .api.sent_ago_s = LONG, .api.received_ago_s = LONG - 11));
    wins("no reply",
         ASKED(OLD, .timing = &pauses, .api.sent_ago_s = LONG, .api.received_ago_s = LONG + 60));
    assert_string_equal(advice_for(&ASKED(.timing = &unmeasured, .is_first_party = true)),
                        "revive"); /* nobody is known to give up by itself */
}

static void a_permission_prompt_is_never_hung(void **state)
{
    (void)state;
    struct worker workers[4];
    seed = 2;
    for (int i = 0; i < 200000; i++) {
        struct evidence e = any_evidence(workers);
        e.status = CLIENT_WAITING;
        e.waiting_for = "permission prompt";
        enum sr_verdict verdict = winner(&e)->verdict;
        /* unless its user has answered long ago, and it does not take it up */
        if (verdict == SR_HUNG && e.queued_age_s >= e.patience_s && e.wakeups_per_s >= 0 &&
            e.wakeups_per_s < 1)
            continue;
        assert_int_not_equal(verdict, SR_HUNG);
        assert_int_not_equal(verdict, SR_UNKNOWN);
    }
}

static void an_idle_client_is_never_hung_by_its_cpu(void **state)
{
    (void)state;
    struct worker workers[4];
    seed = 3;
    for (int i = 0; i < 200000; i++) {
        struct evidence e = any_evidence(workers);
        e.status = any(2) ? CLIENT_IDLE : CLIENT_SHELL;
        e.waiting_for = NULL;
        e.queued_count = 0;
        assert_int_not_equal(winner(&e)->verdict, SR_HUNG);
    }
}

static void nothing_young_is_hung(void **state)
{
    (void)state;
    struct worker workers[4];
    seed = 4;
    for (int i = 0; i < 200000; i++) {
        struct evidence e = any_evidence(workers);
        e.patience_s = LONG + 1;
        assert_int_not_equal(winner(&e)->verdict, SR_HUNG);
    }
}

static void connections_are_read_where_a_request_may_be_under_way(void **state)
{
    (void)state;
    assert_true(rules_want_connection(&ASKED()));
    assert_true(rules_want_connection(&ASKED(.turn = TAIL_TURN_REPLYING)));
    assert_true(rules_want_connection(&ASKED(OLD)));
    assert_true(rules_want_connection(&ASKED(OLD, .turn = TAIL_TURN_UNKNOWN)));
    assert_true(rules_want_connection(&TOOL(.subagent_is_busy = FACT_YES)));
    assert_true(rules_want_connection(&REST(.status = CLIENT_BUSY)));
    assert_false(rules_want_connection(&REST()));
    assert_false(rules_want_connection(&REST(OLD)));
    assert_false(rules_want_connection(&REST(.turn = TAIL_TURN_UNKNOWN)));
    assert_false(rules_want_connection(&REST(.turn = TAIL_TURN_UNKNOWN, .status = CLIENT_WAITING)));
    assert_false(rules_want_connection(&TOOL()));
}

static void what_is_hung_or_not_understood_is_looked_at_twice(void **state)
{
    (void)state;
    size_t count;
    struct scene *all = scenes(&count);
    for (size_t i = 0; i < count; i++) {
        struct evidence first = all[i].e;
        struct worker none[4];
        enum sr_verdict verdict = winner(&first)->verdict;
        forget(&first, none, 11); /* what the first look cannot know */
        if (verdict == SR_HUNG || verdict == SR_UNKNOWN || verdict == SR_BLOCKED)
            if (!rules_suspect(&first))
                fail_msg("%s: no second look", all[i].what);
    }
    release(all, count);
    assert_false(rules_suspect(&REST()));
    assert_false(rules_suspect(&REST(OLD)));
    assert_false(rules_suspect(&ASKED(.last_event_age_s = 5)));
    assert_false(rules_suspect(&TOOL(.last_event_age_s = 5)));
    assert_true(rules_suspect(&REST(.state = 'D')));
    assert_true(rules_suspect(&TOOL(.open_tool_age_s = 650, WORKERS(WORKER(QUIET)))));
    assert_false(rules_suspect(&TOOL(WORKERS(WORKER(SLEEPS)))));
}

/* ---- what is said ------------------------------------------------------------------------- */

static void evidence_is_said_with_numbers(void **state)
{
    (void)state;
    says("last record is a prompt or a tool result with no reply, 2400 s ago", ASKED());
    says("last record is a part of a reply that has not ended, 2400 s ago",
         ASKED(.turn = TAIL_TURN_REPLYING));
    says("socket 127.0.0.1:443 silent 2395 s, request sent 2400 s ago", ASKED());
    says("socket 127.0.0.1:443: request sent 2400 s ago, no byte came back",
         ASKED(.api.bytes_received = 0));
    says("only keep-alive pings arrive, 52 bytes at once at the most while it was watched",
         ASKED(.api.received_ago_s = 4, .api.bytes_received = 12000, WATCHED(52)));
    says("817 bytes have arrived that the client does not read", ASKED(.api.unread_bytes = 817));
    says("there is no connection to the model", ASKED(.api = NO_CONNECTION));
    says("its connections could not be seen",
         ASKED(.api = NO_CONNECTION, .api.is_there = FACT_UNKNOWN));
    says("watched for 2000 ms, nothing arrived: a slow reply and rare pings look alike",
         ASKED(.api.received_ago_s = 6, WATCHED(0)));
    says("the client has said 'busy' for 2400 s", ASKED());
    says("the client has said 'waiting for: permission prompt' for 2400 s",
         TOOL(.status = CLIENT_WAITING, .waiting_for = "permission prompt"));
    says("the client says 'idle'", REST(.status_age_s = -1));
    says("the client publishes no status", ASKED(OLD));
    says("the last turn ended 2400 s ago", REST());
    says("tool Bash has been open for 2400 s", TOOL());
    says("tool Bash has been open for 2400 s, and others", TOOL(.open_tool_count = 2));
    says("no process runs for it", TOOL());
    says("gradle (pid 812) has the output of a hook or a tool open", TOOL(HELD));
    says("java (pid 813) has the output of a hook or a tool open",
         TOOL(HELD, .pipe_holder_count = 2));
    assert_true(is_among_first(&TOOL(HELD, .pipe_holder_count = 2), "gradle (pid 812) has"));
    assert_true(is_among_first(&TOOL(HELD, .pipe_holder_count = 2), "java (pid 813) has"));
    static const struct worker servers[] = {
        {.pid = 900, .name = "node"},
        {.pid = 901, .name = "node", .asked_by = "by its command line"}};
    says("of 2 MCP servers node (pid 901) was asked: by its command line",
         TOOL(.open_tool_is_mcp = true, .servers = servers, .server_count = 2));
    says("no MCP server did anything", TOOL(.open_tool_is_mcp = true, .mcp_progresses = FACT_NO));
    says("an MCP server is at work", TOOL(.open_tool_is_mcp = true, .mcp_progresses = FACT_YES));
    says("sh (pid 4711) waits for input from pipe:[99]",
         TOOL(WORKERS(
             {.pid = 4711, .name = "sh", .doing = WORKER_WANTS_INPUT, .input = "pipe:[99]"})));
    says("pid 4711 is a search of the client's own, and has used 700 s of a CPU",
         TOOL(WORKERS({.pid = 4711,
                       .name = "rg",
                       .doing = WORKER_PROGRESSES,
                       .is_search = true,
                       .cpu_s = 700})));
    says("sh (pid 4711) waits, and did nothing while it was observed",
         TOOL(WORKERS(WORKER(QUIET))));
    says("a subagent is in the middle of a turn, its last event 2400 s ago",
         TOOL(.subagent_is_busy = FACT_YES));
    says("2 inputs were typed and not taken up, the first 700 s ago",
         REST(.queued_count = 2, .queued_age_s = 700));
    says("the last request failed: 529 overloaded", ASKED(.api_error = "529 overloaded"));
    says("over 400 ms the main thread wanted 8 % of a CPU and woke up 85 times a second "
         "(its spinner turns)",
         ASKED());
    says("over 400 ms the main thread wanted 96 % of a CPU and did not wake up once",
         ASKED(.main_cpu_percent = 96, .wakeups_per_s = 0));
    says("over 400 ms the main thread wanted 8 % of a CPU and woke up 12 times a second "
         "(its spinner turns)",
         ASKED(.wakeups_per_s = 12));
    does_not_say("spinner", ASKED(.wakeups_per_s = 11));
    does_not_say("pings", ASKED(.api.sent_ago_s = PATIENCE - 1, .api.received_ago_s = 1,
                                .api.bytes_received = 300, WATCHED(52)));
    does_not_say("socket", REST(.api = SILENT_CONNECTION));
    does_not_say("the main thread wanted", ASKED(.was_sampled = false));
    says("another process group, a shell's perhaps, has its terminal: bring it back with fg",
         REST(.state = 'T', .terminal.is_known = true));
    does_not_say("terminal", REST(.state = 'T'));
    does_not_say("terminal",
                 REST(.state = 'T',
                      .terminal = {.is_known = true, .is_line_mode = true, .is_in_front = true}));
    says("its terminal holds keys back until Enter: its raw mode was lost",
         REST(.terminal = {.is_known = true, .is_line_mode = true, .is_in_front = true}));
    says("its terminal has 1 rows and 145 columns: too few to draw on",
         REST(.terminal = {.is_known = true, .is_in_front = true, .rows = 1, .columns = 145}));
    does_not_say("its terminal has",
                 REST(.terminal = {.is_known = true, .is_in_front = true, .rows = 3}));
    says("its memory grew by 3 MB in 400 ms", ASKED(.memory_growth_bytes = 3000000));
    does_not_say("memory", ASKED(.memory_growth_bytes = 2000000));
    says("the process is stopped", REST(.state = 'T'));
    says("the process is held by a debugger", REST(.state = 't'));
    says("the process has ended and was not collected by its parent", REST(.state = 'Z'));
    says("the main thread cannot be interrupted, in nfs_wait",
         REST(.state = 'D', .wait_channel = "nfs_wait"));
    says("its terminal no longer exists", REST(.terminal_is_gone = FACT_YES));
    says("the main thread waits to write to its terminal",
         ASKED(.main_waits_for_tty_write = FACT_YES));
}

/* Nobody is told to kill a client of which anything says that its loop runs. */
static void no_client_whose_loop_runs_is_to_be_killed(void **state)
{
    (void)state;
    size_t count, kills = 0;
    struct scene *all = scenes(&count);
    for (size_t i = 0; i < count; i++) {
        struct evidence e = all[i].e;
        kills += strcmp(advice_for(&e), "kill") == 0;
        bool is_spent = winner(&e)->verdict == SR_ORPHANED;
        e.wakeups_per_s = 1;
        assert_true(is_spent || strcmp(advice_for(&e), "kill") != 0);
        e = all[i].e;
        e.last_event_age_s = 4;
        assert_true(is_spent || strcmp(advice_for(&e), "kill") != 0);
        e = all[i].e;
        e.retry = (struct retry_facts){.is_said = true, .due_in_s = 5};
        assert_true(is_spent || strcmp(advice_for(&e), "kill") != 0);
    }
    assert_true(kills >= 3); /* it is still said */
    release(all, count);
    /* nor an orphan that is in the middle of something */
    assert_string_equal(advice_for(&ASKED(.terminal_is_gone = FACT_YES)), "look");
    assert_string_equal(advice_for(&REST(.terminal_is_gone = FACT_YES)), "kill");
}

/* An age that is not known is no number. */
static void no_age_is_ever_negative(void **state)
{
    (void)state;
    size_t count;
    struct scene *all = scenes(&count);
    for (size_t i = 0; i < count; i++) {
        struct evidence e = all[i].e;
        e.last_event_age_s = e.open_tool_age_s = e.status_age_s = e.queued_age_s = -1;
        e.api.sent_ago_s = e.api.received_ago_s = e.process_age_s = -1;
        e.api.unanswered = e.api.bytes_received = -1;
        assert_false(speaks_of(&all[i].e, "-1"));
        assert_false(speaks_of(&e, "-1"));
    }
    release(all, count);
}

/* Where the client is about to help itself, that is waited for; the verdict stands. */
static void the_clients_own_watchdog_is_waited_for(void **state)
{
    (void)state;
#define STALLED_FOR(s, ...)                                                 \
    ASKED(.patience_s = 60, .last_event_age_s = (s), .api.sent_ago_s = (s), \
          .api.received_ago_s = (s), __VA_ARGS__)
    wins("reply stalled", STALLED_FOR(179));
    assert_string_equal(advice_for(&STALLED_FOR(179)), "wait");
    says("where nothing comes, the client's own watchdog acts in 1 s: it asks again",
         STALLED_FOR(179));
    assert_string_equal(confidence_of(&STALLED_FOR(179)), "medium");
    assert_string_equal(confidence_of(&STALLED_FOR(180)), "high");
    assert_string_equal(advice_for(&STALLED_FOR(180)), "revive");
    assert_string_equal(advice_for(&STALLED_FOR(299, .is_first_party = false)), "wait");
    assert_string_equal(advice_for(&STALLED_FOR(300, .is_first_party = false)), "revive");
    assert_string_equal(advice_for(&STALLED_FOR(179, .version = NULL)), "revive");
    /* never answered: 600 s a try */
    assert_string_equal(advice_for(&STALLED_FOR(599, .api.bytes_received = 0)), "wait");
    assert_string_equal(advice_for(&STALLED_FOR(600, .api.bytes_received = 0)), "revive");
    /* pings do not count */
#define PINGED_FOR(s, ...)                                                  \
    ASKED(.patience_s = 60, .last_event_age_s = (s), .api.sent_ago_s = (s), \
          .api.received_ago_s = 2, .api.bytes_received = 800, WATCHED(52), __VA_ARGS__)
    assert_string_equal(advice_for(&PINGED_FOR(299)), "wait");
    assert_string_equal(confidence_of(&PINGED_FOR(299)), "medium");
    says(
        "where nothing comes, the client's own watchdog acts in 1 s at the earliest: it asks again",
        PINGED_FOR(299));
    assert_string_equal(advice_for(&PINGED_FOR(300)), "revive");
    assert_string_equal(advice_for(&PINGED_FOR(600, .version = "2.1.330")), "wait");
    assert_string_equal(advice_for(&PINGED_FOR(601, .version = "2.1.330")), "revive");
    /* what a watchdog does not see is not waited for */
    assert_string_equal(advice_for(&TOOL(.patience_s = 60, .open_tool_age_s = 70,
                                         .last_event_age_s = 70, WORKERS(WORKER(WANTS_INPUT)))),
                        "kill-child");
}

/* ---- beside the common rule --------------------------------------------------------------- */

/* "Silent for ten minutes, and its CPU time grows": what scripts and wikis say. */
static bool common_rule_says_hung(const struct scene *s)
{
    return s->e.last_event_age_s >= 600 && s->cpu_grows;
}

static void the_common_rule_errs_both_ways(void **state)
{
    (void)state;
    size_t count, false_alarms = 0, misses = 0;
    struct scene *all = scenes(&count);
    print_message("# %-44s %-9s %-22s common rule\n", "scene", "verdict", "cause");
    for (size_t i = 0; i < count; i++) {
        const struct rule *rule = winner(&all[i].e);
        bool common = common_rule_says_hung(&all[i]), hung = rule->verdict == SR_HUNG;
        /* these two say that they do not know, and are no judgement to compare with */
        bool known = rule->verdict != SR_UNKNOWN;
        false_alarms += known && common && !hung;
        misses += known && !common && hung;
        print_message("# %-44s %-9s %-22s %s%s\n", all[i].what, sr_verdict_word(rule->verdict),
                      rule->cause, common ? "hung" : "well",
                      !known || common == hung ? ""
                      : common                 ? "  FALSE ALARM"
                                               : "  MISSED");
    }
    print_message("# of %zu scenes: %zu false alarms, %zu missed\n", count, false_alarms, misses);
    release(all, count);

    /* the scenes that show it, by name */
    static const char *const wronged[] = {
        "idle overnight, some CPU", "asks for a permission since lunch", "a build of an hour",
        "a reply of 12 minutes",    "overloaded, the client retries",    "a tool sleeps an hour",
    };
    all = scenes(&count);
    for (size_t i = 0; i < sizeof wronged / sizeof *wronged; i++)
        for (size_t j = 0; j < count; j++)
            if (strcmp(all[j].what, wronged[i]) == 0) {
                assert_true(common_rule_says_hung(&all[j]));
                assert_int_not_equal(winner(&all[j].e)->verdict, SR_HUNG);
            }
    for (size_t j = 0; j < count; j++)
        if (strcmp(all[j].what, "nobody reads its terminal") == 0) {
            assert_false(common_rule_says_hung(&all[j]));
            assert_int_equal(winner(&all[j].e)->verdict, SR_HUNG);
        }
    release(all, count);
    assert_true(false_alarms >= 10);
    assert_true(misses >= 2);
}

/* ---- the document -------------------------------------------------------------------------- */

/* The next row of a table of rules: "| traced | stopped | traced | high | look | ...". */
static bool next_row(FILE *f, char *line, int size)
{
    while (fgets(line, size, f))
        if (line[0] == '|' && strncmp(line, "| ---", 5) != 0 && strncmp(line, "| rule |", 8) != 0)
            return true;
    return false;
}

static void the_document_has_every_rule_in_order(void **state)
{
    (void)state;
    char line[2048], expected[256];
    FILE *f = fopen("doc/diagnosis.md", "r");
    assert_non_null(f);
    for (size_t i = 0; i < rule_count; i++) {
        const struct rule *r = &rules[i];
        snprintf(expected, sizeof expected, "| %s | %s | %s | %s | %s | ", r->name,
                 sr_verdict_word(r->verdict), r->cause, r->confidence, r->advice);
        assert_true(next_row(f, line, sizeof line));
        if (strncmp(line, expected, strlen(expected)) != 0)
            fail_msg("doc/diagnosis.md has \"%.80s\" where the table has \"%s\"", line, expected);
    }
    /* what follows is the watchdog's table */
    assert_true(next_row(f, line, sizeof line));
    assert_true(str_starts_with(line, "| silence |"));
    fclose(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scene_is_told_from_the_others),
        cmocka_unit_test(every_rule_has_a_scene),
        cmocka_unit_test(states_of_the_process_need_no_patience),
        cmocka_unit_test(where_the_machine_may_have_slept_two_readings_must_agree),
        cmocka_unit_test(it_starts_for_30_s),
        cmocka_unit_test(start_up_is_stuck_when_it_computes_past_patience),
        cmocka_unit_test(input_is_ignored_past_patience_while_nothing_is_under_way),
        cmocka_unit_test(a_dialog_of_a_deaf_client_is_doubted),
        cmocka_unit_test(an_idle_client_that_burns_a_cpu_says_so),
        cmocka_unit_test(a_dialog_of_the_start_is_told_by_rest),
        cmocka_unit_test(only_a_permission_prompt_is_called_one),
        cmocka_unit_test(idle_needs_a_word_or_an_ended_turn),
        cmocka_unit_test(bytes_that_arrive_are_a_reply),
        cmocka_unit_test(pings_are_no_reply),
        cmocka_unit_test(what_comes_rarely_decides_nothing),
        cmocka_unit_test(a_trickle_is_watched_until_it_is_known),
        cmocka_unit_test(a_new_request_well_after_the_last_event_is_a_retry),
        cmocka_unit_test(patience_is_given_to_replies_tools_and_compactions),
        cmocka_unit_test(the_model_is_silent_past_patience_in_both_directions),
        cmocka_unit_test(a_terminal_that_is_not_read_needs_a_thread_that_waits),
        cmocka_unit_test(spinning_needs_a_whole_cpu_and_no_wake_up),
        cmocka_unit_test(a_tool_is_judged_by_its_processes),
        cmocka_unit_test(a_process_is_a_tools_only_where_a_tool_is_open),
        cmocka_unit_test(a_hook_holds_up_what_was_not_asked_yet),
        cmocka_unit_test(a_search_of_the_clients_own_runs_away),
        cmocka_unit_test(without_a_process_somebody_else_holds_a_tool),
        cmocka_unit_test(an_old_client_asks_when_its_spinner_rests),
        cmocka_unit_test(nothing_is_pending_only_when_all_was_seen),
        cmocka_unit_test(the_next_try_is_waited_for_where_it_comes_soon),
        cmocka_unit_test(a_terminal_that_may_be_gone_hides_no_turn),
        cmocka_unit_test(a_try_that_is_announced_is_waited_for),
        cmocka_unit_test(the_screen_is_looked_at_where_nothing_else_decides),
        cmocka_unit_test(a_usage_limit_is_waited_for),
        cmocka_unit_test(a_connection_that_does_not_come_about),
        cmocka_unit_test(no_client_whose_loop_runs_is_to_be_killed),
        cmocka_unit_test(no_age_is_ever_negative),
        cmocka_unit_test(no_alarm_comes_from_knowing_less),
        cmocka_unit_test(a_healthy_scene_stays_so_with_a_fact_less),
        cmocka_unit_test(what_was_not_measured_hangs_nothing),
        cmocka_unit_test(a_permission_prompt_is_never_hung),
        cmocka_unit_test(an_idle_client_is_never_hung_by_its_cpu),
        cmocka_unit_test(nothing_young_is_hung),
        cmocka_unit_test(connections_are_read_where_a_request_may_be_under_way),
        cmocka_unit_test(what_is_hung_or_not_understood_is_looked_at_twice),
        cmocka_unit_test(evidence_is_said_with_numbers),
        cmocka_unit_test(the_clients_own_watchdog_is_waited_for),
        cmocka_unit_test(the_common_rule_errs_both_ways),
        cmocka_unit_test(the_document_has_every_rule_in_order),
    };
    return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
