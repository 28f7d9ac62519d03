#include "diagnose/rules.h"

#include "base/str.h"

/*
 * Thresholds of the system, of networks and of any client; those of one agent's stand in its own
 * table (agents/timing.h).
 */
enum {
    /* A client that is up says so 0.3 to 3 s after its start, where it does. */
    STARTING_S = 30,
    /* A command that is permitted is a process within so long of its call. */
    STARTED_WITHIN_S = 2,
    /* A reply that is being generated brings bytes every 1 to 2 s. */
    RECEIVING_S = 5,
    /* A new request this much after the last event: the client has tried again. */
    RETRY_GAP_S = 5,
    /* A reply brings pieces several times a second, with pauses of up to 2 s. */
    WATCHED_ENOUGH_MS = 2000,
    /* What comes more rarely falls into a look by luck alone: it says nothing. */
    RARE_MS = 2500,
    /* One piece may be seen to arrive in parts. */
    ONE_PIECE_MS = 500,
    /* A refusal comes back at once, and the connection is silent until the next try. */
    REFUSED_WITHIN_S = 1,
    MAY_BE_REFUSED_WITHIN_S = 10, /* of a server under load */
    /* A try that was announced and is this much late was not made: a refused one is announced
     * anew, and one that stands has a connection. */
    RETRY_LATE_S = 60,
    /* Linux repeats the first packet of a connection six times, and gives up after 127 to 135 s. */
    CONNECT_GIVES_UP_S = 135,
    /* The next try of a client that never pauses for longer is waited for, for so long. */
    SHORT_PAUSE_S = 10,
    TRY_WATCHED_MS = 4000,
};

/* ---- what the rules are made of ----------------------------------------------------------- */

static bool past_patience(const struct evidence *e, int64_t age_s)
{
    return age_s >= 0 && age_s >= e->patience_s;
}

static bool has_tool_open(const struct evidence *e)
{
    return e->open_tool != NULL;
}

static bool any_worker(const struct evidence *e, bool is_hook, enum worker_doing doing)
{
    for (size_t i = 0; i < e->worker_count; i++)
        if (e->workers[i].is_hook == is_hook && e->workers[i].doing == doing)
            return true;
    return false;
}

static bool has_hook(const struct evidence *e)
{
    for (size_t i = 0; i < e->worker_count; i++)
        if (e->workers[i].is_hook)
            return true;
    return false;
}

static bool has_no_worker(const struct evidence *e)
{
    return e->has_workers == FACT_NO;
}

static bool says_idle(const struct evidence *e)
{
    return e->status == CLIENT_IDLE || e->status == CLIENT_SHELL;
}

static bool turn_is_over(const struct evidence *e)
{
    return e->turn == TAIL_TURN_OVER;
}

static bool awaits_reply(const struct evidence *e)
{
    return e->turn == TAIL_TURN_AWAITS_REPLY || e->turn == TAIL_TURN_REPLYING;
}

static bool spinner_turns(const struct evidence *e)
{
    double turns = e->timing->spinner_wakeups_per_s;
    return turns > 0 && e->wakeups_per_s >= turns;
}

/* By its own word; of a client that publishes none, by a prompt that is in no record yet (it may
 * also have been taken back) and the spinner that it draws. */
static bool is_busy(const struct evidence *e)
{
    return e->status == CLIENT_BUSY ||
           (e->status == CLIENT_SAYS_NOTHING && e->unrecorded_age_s >= 0 && spinner_turns(e));
}

/* Since when it is or may be busy. -1: not known. */
static int64_t busy_age_s(const struct evidence *e)
{
    return e->status == CLIENT_SAYS_NOTHING ? e->unrecorded_age_s : e->status_age_s;
}

/* Busy with something that no record tells of: the turn is over, or none was begun. */
static bool works_off_the_record(const struct evidence *e)
{
    return is_busy(e) && (turn_is_over(e) || e->has_transcript == FACT_NO);
}

/* Since when it is at what it waits for, where no tool is open: the last record, unless it has
 * called itself busy since. -1: not known. */
static int64_t work_age_s(const struct evidence *e)
{
    bool is_of_this_turn = turn_is_over(e) && e->last_event_age_s < busy_age_s(e);
    return awaits_reply(e) || is_of_this_turn ? e->last_event_age_s : busy_age_s(e);
}

/* The same for all we know: what the records tell is not known. */
static bool may_work_off_the_record(const struct evidence *e)
{
    return works_off_the_record(e) || (is_busy(e) && e->turn == TAIL_TURN_UNKNOWN);
}

/* A request to the model may be under way, by all that is known. */
static bool may_be_asking(const struct evidence *e)
{
    return awaits_reply(e) || e->subagent_is_busy == FACT_YES || works_off_the_record(e) ||
           (e->turn == TAIL_TURN_UNKNOWN && !says_idle(e) && e->status != CLIENT_WAITING);
}

/* A process can be a tool's only where a tool is open, or the user has had a command run ("!make"),
 * which leaves no record while it runs. */
static bool tool_may_run(const struct evidence *e)
{
    return has_tool_open(e) || may_work_off_the_record(e);
}

static bool any_of_tool(const struct evidence *e, enum worker_doing doing)
{
    return tool_may_run(e) && any_worker(e, false, doing);
}

static bool spinner_rests(const struct evidence *e)
{
    return e->wakeups_per_s >= 0 && e->wakeups_per_s < e->timing->spinner_wakeups_per_s;
}

/* Of all that its main thread does: without a pause. */
static bool computes_all_the_time(const struct evidence *e)
{
    double spins = e->timing->spinning_percent;
    return spins > 0 && e->main_cpu_percent >= spins;
}

/* More than one does that waits for its user. */
static bool is_above_rest(const struct evidence *e)
{
    double rest = e->timing->resting_percent;
    return rest > 0 && e->main_cpu_percent >= rest;
}

static bool has_connection(const struct evidence *e)
{
    return e->api.is_there == FACT_YES && !e->api.is_connecting;
}

/* A request has gone out since the turn ended, which is not the one that was answered then: both
 * ages are whole seconds, of two clocks. */
static bool asks_since_its_turn(const struct evidence *e)
{
    return has_connection(e) && e->api.sent_ago_s >= 0 &&
           e->api.sent_ago_s + 1 < e->last_event_age_s;
}

static bool is_connecting(const struct evidence *e)
{
    return e->api.is_there == FACT_YES && e->api.is_connecting;
}

/* What a screen shows is as old as the last turn of the client's loop. */
static bool says_retry(const struct evidence *e)
{
    return e->retry.is_said && (!e->retry.is_on_screen || e->wakeups_per_s > 0);
}

/* The client has said that it tries again, and the time for that has not passed unused. */
static bool has_announced_a_try(const struct evidence *e)
{
    return says_retry(e) && e->retry.due_in_s >= -RETRY_LATE_S;
}

/* Anything that says that the client's own loop runs: who is told to kill it would lose work. */
static bool loop_runs(const struct evidence *e)
{
    return e->wakeups_per_s > 0 || has_announced_a_try(e) ||
           (e->last_event_age_s >= 0 && e->last_event_age_s < RECEIVING_S);
}

/* Watched for long enough, and it has not woken up once. */
static bool loop_sleeps(const struct evidence *e)
{
    int64_t asleep_for_ms = e->timing->asleep_for_ms;
    return e->was_sampled && e->wakeups_per_s == 0 && asleep_for_ms > 0 &&
           e->sample_ms >= asleep_for_ms && e->main_cpu_percent >= 0 && !computes_all_the_time(e) &&
           !loop_runs(e);
}

/* One arrival was seen to follow another: every look sees that, whenever it is taken. */
static bool arrives_steadily(const struct evidence *e)
{
    const struct api_connection *c = &e->api;
    return c->watched_ms > 0 && c->largest_arrival > 0 &&
           c->last_arrival_ms - c->first_arrival_ms >= ONE_PIECE_MS;
}

/* Pieces of a reply were seen to arrive. */
static bool was_seen_to_stream(const struct evidence *e)
{
    return arrives_steadily(e) && e->api.largest_arrival >= e->timing->reply_piece_bytes;
}

/*
 * What was seen to arrive fits pings alone. Said only of bytes that were seen:
 * a reply may come in small pieces with long pauses (160 bytes every 9 s), and
 * its average is that of pings.
 */
static bool brings_only_pings(const struct evidence *e)
{
    const struct api_connection *c = &e->api;
    return past_patience(e, c->sent_ago_s) && c->watched_ms >= WATCHED_ENOUGH_MS &&
           arrives_steadily(e) && c->largest_arrival < e->timing->reply_piece_bytes;
}

static bool answered_since_sent(const struct evidence *e)
{
    const struct api_connection *c = &e->api;
    return c->received_ago_s >= 0 && c->bytes_received > 0 && c->received_ago_s <= c->sent_ago_s;
}

/* Nothing ever came, or what came last was the answer to an earlier request. */
static bool unanswered_since_sent(const struct evidence *e)
{
    return e->api.bytes_received == 0 || e->api.received_ago_s > e->api.sent_ago_s;
}

/* Past the user's patience, bytes count only when they were seen to be a reply's. */
static bool reply_arrives(const struct evidence *e)
{
    const struct api_connection *c = &e->api;
    if (!has_connection(e) || c->received_ago_s < 0 || c->received_ago_s >= RECEIVING_S)
        return false;
    return was_seen_to_stream(e) ||
           !(past_patience(e, c->sent_ago_s) && past_patience(e, e->last_event_age_s));
}

/* Nothing was heard of the model for longer than the user's patience. */
static bool model_is_silent(const struct evidence *e)
{
    const struct api_connection *c = &e->api;
    return has_connection(e) && past_patience(e, c->sent_ago_s) &&
           (past_patience(e, c->received_ago_s) || c->bytes_received == 0 || brings_only_pings(e));
}

/* A request went out well after the last thing that was written down. */
static bool asked_again(const struct evidence *e)
{
    return has_connection(e) && e->api.sent_ago_s >= 0 && e->last_event_age_s >= 0 &&
           e->api.sent_ago_s + RETRY_GAP_S + e->stamp_error_s < e->last_event_age_s;
}

static bool files_are_silent(const struct evidence *e)
{
    return past_patience(e, e->last_event_age_s);
}

/* A client that stands still in its first turn has written no event yet: then its status is as
 * old. */
static bool nothing_is_written(const struct evidence *e)
{
    return files_are_silent(e) || (e->has_transcript == FACT_NO && past_patience(e, busy_age_s(e)));
}

/* ---- when the machine slept --------------------------------------------------------------- */

static const struct rule *winner(const struct evidence *e);

static int64_t most_unsure_s(const struct evidence *e)
{
    const struct unsure_ages *u = &e->unsure;
    const int64_t all[] = {u->process_s, u->status_s, u->last_event_s, u->open_tool_s,
                           u->queued_s,  u->retry_s,  u->prompt_s};
    int64_t most_s = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        most_s = all[i] > most_s ? all[i] : most_s;
    return most_s;
}

/* Every age as long as it can be. */
static struct evidence at_the_longest(const struct evidence *e)
{
    struct evidence longest = *e;
    longest.process_age_s += e->unsure.process_s;
    longest.status_age_s += e->unsure.status_s;
    longest.last_event_age_s += e->unsure.last_event_s;
    longest.open_tool_age_s += e->unsure.open_tool_s;
    longest.queued_age_s += e->unsure.queued_s;
    longest.unrecorded_age_s += e->unsure.prompt_s;
    longest.retry.due_in_s -= e->unsure.retry_s;
    longest.unsure = (struct unsure_ages){0};
    return longest;
}

/* Two readings of the same ages that disagree are neither. */
static bool depends_on_sleep(const struct evidence *e)
{
    if (most_unsure_s(e) == 0)
        return false;
    struct evidence longest = at_the_longest(e), shortest = *e;
    shortest.unsure = (struct unsure_ages){0};
    return winner(&shortest)->verdict != winner(&longest)->verdict;
}

/* ---- the rules, as sentences -------------------------------------------------------------- */

static bool is_traced(const struct evidence *e)
{
    return e->state == 't';
}

static bool is_stopped(const struct evidence *e)
{
    return e->state == 'T';
}

static bool is_zombie(const struct evidence *e)
{
    return e->state == 'Z' || e->state == 'X';
}

static bool is_uninterruptible(const struct evidence *e)
{
    return e->state == 'D' && e->was_sampled;
}

static bool terminal_is_gone(const struct evidence *e)
{
    return e->terminal_is_gone == FACT_YES;
}

static bool asks_permission(const struct evidence *e)
{
    return e->status == CLIENT_WAITING && str_equals(e->waiting_for, "permission prompt") &&
           !e->open_tool_asks_user;
}

static bool asks_something(const struct evidence *e)
{
    return e->status == CLIENT_WAITING;
}

/* A native client publishes itself once it is up: before, its transcript speaks of the past. */
static bool may_not_be_up(const struct evidence *e)
{
    return e->is_native && !e->is_registered;
}

static bool is_starting(const struct evidence *e)
{
    return e->status == CLIENT_SAYS_NOTHING && (may_not_be_up(e) || e->has_transcript == FACT_NO) &&
           e->process_age_s >= 0 && e->process_age_s < STARTING_S;
}

/* It computes, or would if it got its turn: on a loaded machine the start takes minutes. */
static bool wants_cpu(const struct evidence *e)
{
    double queued = e->timing->queued_percent;
    return e->is_starved || is_above_rest(e) || (queued > 0 && e->queued_percent >= queued);
}

static bool is_starting_slowly(const struct evidence *e)
{
    return e->status == CLIENT_SAYS_NOTHING && may_not_be_up(e) && e->has_transcript == FACT_NO &&
           e->api.has_asked != FACT_YES && wants_cpu(e) && e->process_age_s >= 0 &&
           !past_patience(e, e->process_age_s);
}

/* Before it publishes itself, a client may ask: whether the folder is trusted, for a login. */
static bool may_ask_at_start(const struct evidence *e)
{
    return e->status == CLIENT_SAYS_NOTHING && e->has_transcript == FACT_NO && e->is_native &&
           !e->is_print && e->terminal_is_gone == FACT_NO && !wants_cpu(e);
}

static bool asks_at_start(const struct evidence *e)
{
    return may_ask_at_start(e) && e->wakeups_per_s > 0 && spinner_rests(e);
}

/* Its main thread takes nothing up: it computes without a pause, or sleeps although keys were typed
 * into its terminal. */
static bool is_deaf(const struct evidence *e)
{
    return e->was_sampled && e->wakeups_per_s >= 0 && e->wakeups_per_s < 1 &&
           (computes_all_the_time(e) || e->terminal.unread_bytes > 0);
}

static bool ignores_its_input(const struct evidence *e)
{
    return e->queued_count > 0 && past_patience(e, e->queued_age_s) &&
           (says_idle(e) ||
            (turn_is_over(e) && e->is_registered && e->status == CLIENT_SAYS_NOTHING));
}

static bool sleeps_over_its_input(const struct evidence *e)
{
    return ignores_its_input(e) && loop_sleeps(e);
}

/* A dialog is up, and what was typed long ago was not taken up. */
static bool dialog_ignores_its_input(const struct evidence *e)
{
    return e->status == CLIENT_WAITING && e->queued_count > 0 &&
           past_patience(e, e->queued_age_s) && is_deaf(e);
}

/* Its own words for that: "You've hit your session limit, resets 4pm", "Session limit reached". */
static bool speaks_of_a_limit(const char *text)
{
    struct sv s = sv_of(text);
    return text && sv_find(s, 0, SV("limit")) < s.n &&
           (sv_find(s, 0, SV("reset")) < s.n || sv_find(s, 0, SV("limit reached")) < s.n);
}

static const char *usage_limit(const struct evidence *e)
{
    if (says_retry(e) && (e->retry.until || speaks_of_a_limit(e->retry.why)))
        return e->retry.why;
    return speaks_of_a_limit(e->api_error) ? e->api_error : NULL;
}

/* Not over for the client, which waits for its limit to be lifted. */
static bool waits_for_its_limit(const struct evidence *e)
{
    return usage_limit(e) && (e->status == CLIENT_BUSY || awaits_reply(e));
}

static bool runs_background_jobs(const struct evidence *e)
{
    return e->status == CLIENT_SHELL;
}

static bool has_said_nothing_yet(const struct evidence *e)
{
    return (e->has_transcript == FACT_NO && e->status == CLIENT_IDLE && e->is_fresh &&
            !e->is_unsaved) ||
           (e->is_unbegun && e->status == CLIENT_SAYS_NOTHING);
}

static bool lacks_its_transcript(const struct evidence *e)
{
    return e->has_transcript == FACT_NO && e->status == CLIENT_IDLE && !e->is_unsaved;
}

static bool is_idle(const struct evidence *e)
{
    return e->status == CLIENT_IDLE;
}

static bool is_idle_by_its_transcript(const struct evidence *e)
{
    return e->status == CLIENT_SAYS_NOTHING && turn_is_over(e) && !is_busy(e) &&
           (!may_not_be_up(e) || (e->was_sampled && !computes_all_the_time(e)));
}

/* Idle if it is not orphaned. */
static bool terminal_may_be_gone(const struct evidence *e)
{
    return e->terminal_may_be_gone && (has_said_nothing_yet(e) || is_idle_by_its_transcript(e));
}

/* The client's own search, at it for longer than the user's patience by the CPU alone: clients end
 * theirs after 20 s. Nothing else of the tool moves. */
static bool search_runs_away(const struct evidence *e)
{
    bool found = false;
    for (size_t i = 0; i < e->worker_count; i++) {
        const struct worker *w = &e->workers[i];
        if (w->doing != WORKER_PROGRESSES && w->doing != WORKER_UNKNOWN)
            continue;
        if (!w->is_search || w->doing == WORKER_UNKNOWN || w->cpu_s < e->patience_s)
            return false;
        found = true;
    }
    return found && has_tool_open(e) && past_patience(e, e->open_tool_age_s);
}

static bool tool_progresses(const struct evidence *e)
{
    return any_of_tool(e, WORKER_PROGRESSES);
}

/* On a loaded machine a subagent is at work for half a minute before the call that started it is
 * on disk: then the bytes that arrive may be its reply's. */
static bool subagent_works(const struct evidence *e)
{
    bool is_heard_of = has_tool_open(e) ? !files_are_silent(e) || reply_arrives(e)
                                        : awaits_reply(e) && reply_arrives(e);
    return e->subagent_is_busy == FACT_YES && is_heard_of;
}

static bool is_generating(const struct evidence *e)
{
    bool may_be_asking = awaits_reply(e) || e->subagent_is_busy == FACT_YES ||
                         works_off_the_record(e) || (e->turn == TAIL_TURN_UNKNOWN && !says_idle(e));
    return may_be_asking && reply_arrives(e);
}

/* A try of late; after one that was refused the next comes when it comes, however impatient the
 * user is. */
static bool is_between_tries(const struct evidence *e)
{
    return !past_patience(e, e->api.sent_ago_s) ||
           (answered_since_sent(e) && !brings_only_pings(e) &&
            e->api.sent_ago_s <= e->timing->retry_pause_s + RECEIVING_S);
}

static bool is_retrying(const struct evidence *e)
{
    bool is_seen =
        asked_again(e) && is_between_tries(e) &&
        (!answered_since_sent(e) || e->api.sent_ago_s - e->api.received_ago_s <= REFUSED_WITHIN_S);
    bool may_be = awaits_reply(e) || works_off_the_record(e) || e->subagent_is_busy == FACT_YES;
    return (awaits_reply(e) && is_seen) || (may_be && has_announced_a_try(e));
}

static bool tool_is_recent(const struct evidence *e)
{
    return has_tool_open(e) && e->status == CLIENT_BUSY && !files_are_silent(e);
}

static bool awaits_reply_patiently(const struct evidence *e)
{
    return awaits_reply(e) && e->last_event_age_s >= 0 && !files_are_silent(e);
}

static bool compacts_or_runs_a_command(const struct evidence *e)
{
    return may_work_off_the_record(e) && work_age_s(e) >= 0 && !past_patience(e, work_age_s(e));
}

static bool terminal_is_not_read(const struct evidence *e)
{
    return e->main_waits_for_tty_write == FACT_YES && e->wakeups_per_s >= 0 &&
           e->wakeups_per_s < 1 && nothing_is_written(e);
}

static bool main_thread_spins(const struct evidence *e)
{
    return e->was_sampled && computes_all_the_time(e) && e->wakeups_per_s >= 0 &&
           e->wakeups_per_s < 1 && (files_are_silent(e) || e->has_transcript == FACT_NO) &&
           past_patience(e, e->process_age_s);
}

static bool tool_is_overdue(const struct evidence *e)
{
    return has_tool_open(e) ? past_patience(e, e->open_tool_age_s)
                            : works_off_the_record(e) && past_patience(e, busy_age_s(e));
}

static bool tool_wants_input(const struct evidence *e)
{
    return any_of_tool(e, WORKER_WANTS_INPUT) && tool_is_overdue(e);
}

static bool tool_sleeps(const struct evidence *e)
{
    return any_of_tool(e, WORKER_SLEEPS);
}

static bool tool_was_stopped(const struct evidence *e)
{
    return any_of_tool(e, WORKER_STOPPED) && tool_is_overdue(e);
}

static bool tool_died_uncollected(const struct evidence *e)
{
    return any_of_tool(e, WORKER_DEAD) && !any_of_tool(e, WORKER_QUIET) && tool_is_overdue(e);
}

static bool tool_outlives_its_limit(const struct evidence *e)
{
    int64_t limit_s = e->timing->tool_limit_s;
    return has_tool_open(e) && any_of_tool(e, WORKER_QUIET) && limit_s > 0 &&
           e->open_tool_age_s >= limit_s && past_patience(e, e->open_tool_age_s);
}

static bool tool_is_quiet(const struct evidence *e)
{
    return any_of_tool(e, WORKER_QUIET) || any_of_tool(e, WORKER_UNKNOWN);
}

/* Busy since before the turn ended, and by all that is known with no request since: with a hook of
 * the turn's end, if there is one. slack_s 1: a turn of less than a second counts, too. */
static bool lingers_after_its_turn(const struct evidence *e, int64_t slack_s)
{
    return turn_is_over(e) && is_busy(e) && e->last_event_age_s >= 0 &&
           e->last_event_age_s < busy_age_s(e) + slack_s && !asks_since_its_turn(e) &&
           !is_connecting(e) && (e->api.is_there == FACT_NO || e->api.sent_ago_s >= 0);
}

/* No request has gone out since what the session is at was begun. */
static bool has_asked_nobody(const struct evidence *e)
{
    int64_t begun_ago_s = work_age_s(e);
    if (e->turn == TAIL_TURN_REPLYING && has_connection(e))
        return false; /* a part of the answer is written down: it was asked */
    return e->api.is_there == FACT_NO || lingers_after_its_turn(e, 0) ||
           (has_connection(e) && begun_ago_s >= 0 && e->api.sent_ago_s > begun_ago_s);
}

static bool has_tool_process(const struct evidence *e)
{
    for (size_t i = 0; i < e->worker_count; i++)
        if (!e->workers[i].is_hook)
            return true;
    return false;
}

/*
 * A hook that runs before a request or beside a tool holds the turn up, if the client waits for it.
 * Of one that is declared "async" it does not: once a request has gone out, or a process of the
 * tool runs, no hook is waited for. Such a hook is told of in the transcript when the request has
 * gone out already.
 */
static bool hook_is_waited_for(const struct evidence *e)
{
    if (has_tool_open(e))
        return has_hook(e) && !has_tool_process(e);
    if (lingers_after_its_turn(e, 1))
        return true;
    bool asked_just_before =
        has_connection(e) && e->api.sent_ago_s <= work_age_s(e) + e->timing->hook_record_gap_s;
    return (awaits_reply(e) || may_work_off_the_record(e)) && has_asked_nobody(e) &&
           !asked_just_before;
}

static bool hook_works(const struct evidence *e)
{
    return any_worker(e, true, WORKER_PROGRESSES) && hook_is_waited_for(e);
}

static bool hook_wants_input(const struct evidence *e)
{
    bool is_known = has_tool_open(e) || awaits_reply(e) || works_off_the_record(e);
    bool is_silent =
        has_tool_open(e) ? past_patience(e, e->open_tool_age_s) : nothing_is_written(e);
    return any_worker(e, true, WORKER_WANTS_INPUT) && hook_is_waited_for(e) && is_known &&
           is_silent;
}

static bool hook_waits(const struct evidence *e)
{
    return has_hook(e) && hook_is_waited_for(e);
}

/* Between two records, or off the record: a hook runs before a request, and after a turn. */
static bool hook_may_run(const struct evidence *e)
{
    return (awaits_reply(e) || works_off_the_record(e)) && past_patience(e, work_age_s(e)) &&
           has_asked_nobody(e);
}

static bool pipe_is_held(const struct evidence *e)
{
    bool is_at_work =
        e->status == CLIENT_BUSY || (e->status == CLIENT_SAYS_NOTHING && spinner_turns(e));
    bool is_due = has_tool_open(e) ? past_patience(e, e->open_tool_age_s) : hook_may_run(e);
    return e->pipe_holder_count > 0 && has_no_worker(e) && e->subagent_is_busy == FACT_NO &&
           is_at_work && is_due;
}

static bool knows_asked_server(const struct evidence *e)
{
    bool knows = false;
    for (size_t i = 0; i < e->server_count; i++)
        knows = knows || e->servers[i].asked_by;
    return knows;
}

static bool mcp_call_works(const struct evidence *e)
{
    return e->open_tool_is_mcp && e->mcp_progresses == FACT_YES;
}

static bool mcp_call_is_stuck(const struct evidence *e)
{
    return e->open_tool_is_mcp && e->mcp_progresses == FACT_NO && has_no_worker(e) &&
           past_patience(e, e->open_tool_age_s);
}

/*
 * 2.1.110 sometimes writes a call down only once its question is answered: until then it looks like
 * a reply that broke off. One that waits for a reply draws its spinner, which takes 5 % of a CPU,
 * but not always: below a text that fills its screen it draws none. Then its screen alone tells.
 */
static bool may_have_called_a_tool(const struct evidence *e)
{
    return e->status == CLIENT_SAYS_NOTHING && awaits_reply(e) && answered_since_sent(e) &&
           !e->is_print && e->has_workers != FACT_YES && e->wakeups_per_s != 0 &&
           !spinner_turns(e) && !is_above_rest(e) && !e->timing->writes_calls_first &&
           !e->timing->writes_questions;
}

/* Its spinner does not turn, by what it takes of a CPU where that is what tells. */
static bool is_at_rest(const struct evidence *e)
{
    if (e->timing->spinner_wakeups_per_s > 0)
        return spinner_rests(e);
    return e->timing->writes_calls_first && e->timing->resting_percent > 0 && e->was_sampled &&
           e->main_cpu_percent >= 0 && !wants_cpu(e);
}

/* A client that does not say whether it waits for an answer. */
static bool may_ask_at_a_tool(const struct evidence *e)
{
    return e->status == CLIENT_SAYS_NOTHING && has_tool_open(e) && has_no_worker(e) &&
           !e->timing->writes_questions;
}

static bool old_client_rests_at_a_tool(const struct evidence *e)
{
    return may_ask_at_a_tool(e) && is_at_rest(e);
}

static bool old_client_asks_permission(const struct evidence *e)
{
    return (old_client_rests_at_a_tool(e) && e->screen_asks != FACT_NO) ||
           ((may_ask_at_a_tool(e) || may_have_called_a_tool(e)) && e->screen_asks == FACT_YES);
}

/* Of a client that says nothing of itself, and writes a call down before its user is asked. */
static bool command_is_not_run(const struct evidence *e)
{
    return e->status == CLIENT_SAYS_NOTHING && e->open_tool_is_command && has_no_worker(e) &&
           e->was_sampled && e->open_tool_count == 1 && e->open_tool_age_s >= STARTED_WITHIN_S &&
           e->screen_asks != FACT_NO;
}

static bool tool_without_process(const struct evidence *e)
{
    return has_tool_open(e) && has_no_worker(e) && e->subagent_is_busy != FACT_YES &&
           e->was_sampled;
}

/* The request that is waited for is the main conversation's or a subagent's. */
static bool a_reply_is_due(const struct evidence *e)
{
    return awaits_reply(e) || (has_tool_open(e) && e->subagent_is_busy == FACT_YES);
}

static bool compaction_is_stuck(const struct evidence *e)
{
    return works_off_the_record(e) && past_patience(e, busy_age_s(e)) && has_no_worker(e) &&
           model_is_silent(e);
}

/* What came at once may be a refusal, and the pause behind it as long as the server has said. */
static bool may_be_refused(const struct evidence *e)
{
    return e->timing->pauses_as_told && answered_since_sent(e) &&
           e->api.sent_ago_s - e->api.received_ago_s <= MAY_BE_REFUSED_WITHIN_S;
}

static bool reply_stalled(const struct evidence *e)
{
    return a_reply_is_due(e) && files_are_silent(e) && model_is_silent(e) &&
           answered_since_sent(e) && !may_be_refused(e);
}

static bool asks_or_is_stalled(const struct evidence *e)
{
    return reply_stalled(e) && may_have_called_a_tool(e) && e->screen_asks == FACT_UNKNOWN;
}

static bool no_reply_came(const struct evidence *e)
{
    return a_reply_is_due(e) && files_are_silent(e) && model_is_silent(e) &&
           unanswered_since_sent(e);
}

/* What was written last is older than the request: it went out later, or again. */
static bool asked_of_late(const struct evidence *e)
{
    return a_reply_is_due(e) && files_are_silent(e) && has_connection(e) &&
           e->api.sent_ago_s >= 0 && !past_patience(e, e->api.sent_ago_s);
}

/* Mid-turn, and there is nothing that it could be waiting for. */
static bool nothing_is_pending(const struct evidence *e)
{
    return e->was_sampled && e->api.is_there == FACT_NO && has_no_worker(e) &&
           !(has_tool_open(e) && e->mcp_progresses == FACT_YES);
}

static bool asks_nobody(const struct evidence *e)
{
    return (a_reply_is_due(e) || works_off_the_record(e)) && nothing_is_pending(e) &&
           files_are_silent(e) &&
           (past_patience(e, e->status_age_s) || e->status == CLIENT_SAYS_NOTHING);
}

static bool event_loop_sleeps(const struct evidence *e)
{
    return asks_nobody(e) && loop_sleeps(e);
}

/* No connection comes about: nobody answers the first packet. */
static bool cannot_connect(const struct evidence *e)
{
    return is_connecting(e) && (a_reply_is_due(e) || works_off_the_record(e)) &&
           nothing_is_written(e);
}

static bool start_up_is_stuck(const struct evidence *e)
{
    return may_not_be_up(e) && past_patience(e, e->process_age_s) && computes_all_the_time(e) &&
           (turn_is_over(e) || e->has_transcript == FACT_NO);
}

/* Something arrives now and then, and whether it is a reply could not be seen. */
static bool trickle_is_unclear(const struct evidence *e)
{
    return may_be_asking(e) && has_connection(e) && past_patience(e, e->api.sent_ago_s) &&
           e->api.received_ago_s >= 0 && !model_is_silent(e);
}

static bool cannot_see_connections(const struct evidence *e)
{
    return a_reply_is_due(e) && e->api.is_there == FACT_UNKNOWN;
}

static bool always(const struct evidence *e)
{
    (void)e;
    return true;
}

const struct rule rules[] = {
    /* states of the process that no waiting heals, and that say all there is to say */
    {"traced", SR_STOPPED, "traced", "high", "look",
     "A debugger holds the process. It is left alone.", is_traced},
    {"stopped", SR_STOPPED, "job-control", "high", "continue",
     "The process was stopped by a signal (Ctrl-Z, SIGSTOP).", is_stopped},
    {"zombie", SR_HUNG, "zombie", "high", "look",
     "The process has ended, and its parent has not collected it.", is_zombie},
    {"uninterruptible", SR_BLOCKED, "uninterruptible", "high", "look",
     "The main thread is inside a call to the kernel that no signal ends.", is_uninterruptible},
    {"terminal gone", SR_ORPHANED, "terminal-gone", "high", "kill",
     "The terminal that it was started on no longer exists.", terminal_is_gone},

    /* what follows is told by ages */
    {"age not known", SR_UNKNOWN, "slept", "low", "look",
     "The machine slept, it is not known when, and the verdict depends on it.", depends_on_sleep},

    /* it waits for its user, or for nothing */
    {"dialog ignored", SR_HUNG, "event-loop-asleep", "high", "kill",
     "It waits for an answer, input was typed and never taken up, and its main thread is deaf.",
     dialog_ignores_its_input},
    {"permission prompt", SR_WAITING, "permission-prompt", "high", "answer",
     "The client says that it waits for a permission.", asks_permission},
    {"question", SR_WAITING, "question", "high", "answer",
     "The client says that it waits for its user.", asks_something},
    {"starting", SR_STARTING, "starting", "medium", "wait",
     "The process is less than 30 s old and has published nothing.", is_starting},
    {"slow start", SR_STARTING, "starting", "low", "wait",
     "The process has published nothing for less than the user's patience, and computes or waits "
     "for a processor.",
     is_starting_slowly},
    {"question at start", SR_WAITING, "question", "medium", "answer",
     "The client has published nothing, and rests: a dialog of its start is on the screen.",
     asks_at_start},
    {"input ignored", SR_HUNG, "event-loop-asleep", "high", "kill",
     "Input was typed and never taken up, no turn is under way, and the main thread does not wake "
     "up.",
     sleeps_over_its_input},
    {"input left", SR_HUNG, "input-ignored", "medium", "look",
     "Input was typed and never taken up, although no turn is under way and the main thread wakes "
     "up.",
     ignores_its_input},
    {"usage limit", SR_WAITING, "usage-limit", "medium", "wait",
     "The last request was refused because a usage limit is reached, and the turn is not over.",
     waits_for_its_limit},
    {"terminal may be gone", SR_UNKNOWN, "needs-eyes", "low", "look",
     "The turn is over, and a process whose terminal is gone draws this session, or another that "
     "the same process runs.",
     terminal_may_be_gone},
    {"background jobs", SR_IDLE, "background-jobs", "high", "none",
     "The turn is over; shells that it started run in the background.", runs_background_jobs},
    {"nothing yet", SR_IDLE, "nothing-yet", "high", "none",
     "The client says that it is idle, or holds a session of which nothing is written yet; nothing "
     "has been asked yet.",
     has_said_nothing_yet},
    {"no transcript", SR_IDLE, "no-transcript", "medium", "none",
     "The client says that it is idle; there is no transcript, and something may have been said.",
     lacks_its_transcript},
    {"idle", SR_IDLE, "turn-over", "high", "none",
     "The client says that it is idle, whatever the CPU says.", is_idle},
    {"idle by transcript", SR_IDLE, "turn-over", "medium", "none",
     "The client publishes no status; its transcript says that the turn is over.",
     is_idle_by_its_transcript},

    /* it is at work, unless what works is a search that went wild */
    {"search runs away", SR_HUNG, "tool-stuck", "medium", "kill-child",
     "A search that the client itself runs has computed for longer than the user's patience.",
     search_runs_away},
    {"tool progresses", SR_WORKING, "tool-running", "high", "wait",
     "A process of the open tool used the CPU, read or wrote.", tool_progresses},
    {"hook works", SR_WORKING, "tool-running", "medium", "wait",
     "A process of a hook used the CPU, read or wrote, and no request has gone out since.",
     hook_works},
    {"subagent works", SR_WORKING, "subagent-running", "high", "wait",
     "A subagent is in mid-turn, and its transcript was written to, or a reply arrives.",
     subagent_works},
    {"retrying", SR_WORKING, "retrying", "medium", "wait",
     "The client says that it tries again, or a new request was sent well after the last event.",
     is_retrying},
    {"generating", SR_WORKING, "generating", "high", "wait",
     "Bytes of a reply arrive on the connection to the model.", is_generating},
    {"tool is recent", SR_WORKING, "tool-running", "medium", "wait",
     "A tool is open, for less than the user's patience.", tool_is_recent},
    {"awaits reply", SR_WORKING, "awaiting-reply", "medium", "wait",
     "The model was asked, less than the user's patience ago.", awaits_reply_patiently},
    {"off the record", SR_WORKING, "compacting", "medium", "wait",
     "The client is busy with something that leaves no record: a compaction, or a command.",
     compacts_or_runs_a_command},

    /* past the user's patience: what holds it? */
    {"terminal not read", SR_HUNG, "terminal-not-read", "high", "look",
     "The main thread waits to write to its terminal, which nobody reads.", terminal_is_not_read},
    {"spinning", SR_HUNG, "spinning", "high", "kill",
     "The main thread computes without a pause and without a call to the kernel.",
     main_thread_spins},
    {"tool wants input", SR_HUNG, "tool-blocked-on-input", "high", "kill-child",
     "A process of the open tool reads from where nothing will come.", tool_wants_input},
    {"hook wants input", SR_HUNG, "tool-blocked-on-input", "medium", "kill-child",
     "A process that the client started (a hook) reads from where nothing will come.",
     hook_wants_input},
    {"tool stopped", SR_HUNG, "tool-stuck", "high", "kill-child",
     "A process of the open tool was stopped by a signal.", tool_was_stopped},
    {"tool uncollected", SR_HUNG, "tool-stuck", "medium", "kill",
     "The open tool's process has ended, and the client has not noticed.", tool_died_uncollected},
    {"tool sleeps", SR_WORKING, "tool-running", "high", "wait",
     "A process of the open tool sleeps by its own wish.", tool_sleeps},
    {"tool past its limit", SR_HUNG, "tool-stuck", "medium", "kill-child",
     "The open tool makes no progress, and the client should have ended it by itself.",
     tool_outlives_its_limit},
    {"tool is quiet", SR_WORKING, "tool-running", "low", "wait",
     "A process of the open tool waits for something; a long tool is not a hung one.",
     tool_is_quiet},
    {"hook waits", SR_UNKNOWN, "needs-eyes", "low", "look",
     "A process of a hook does nothing; whether the client waits for it cannot be seen.",
     hook_waits},
    {"pipe held", SR_HUNG, "pipe-held", "medium", "kill-child",
     "A hook or a tool has ended, but a process that it left behind has its output open.",
     pipe_is_held},
    {"mcp works", SR_WORKING, "tool-running", "medium", "wait",
     "The MCP server that was asked is at work.", mcp_call_works},
    {"mcp stuck", SR_HUNG, "mcp-stuck", "medium", "kill-child",
     "An MCP server was asked, and does nothing.", mcp_call_is_stuck},
    {"old client asks", SR_WAITING, "permission-prompt", "medium", "answer",
     "A tool is open, or may be, nothing runs, and the client does not animate its spinner: it "
     "waits for an answer. (Not all clients say.)",
     old_client_asks_permission},
    {"command not run", SR_WAITING, "permission-prompt", "medium", "answer",
     "A command was called, and no process runs for it, of a client whose commands are processes: "
     "it waits for a permission.",
     command_is_not_run},
    {"tool without process", SR_UNKNOWN, "needs-eyes", "low", "look",
     "A tool is open, and nothing runs for it: it runs inside the client, or a question is on the "
     "screen.",
     tool_without_process},
    {"compaction stuck", SR_HUNG, "compaction-stuck", "medium", "revive",
     "The client is busy off the record, and the model is silent.", compaction_is_stuck},
    {"asks or is stalled", SR_UNKNOWN, "needs-eyes", "low", "look",
     "A reply broke off, or called a tool that waits for an answer and is not written down: its "
     "screen tells, and could not be read. (Clients before 2.1.197 do not say.)",
     asks_or_is_stalled},
    {"reply stalled", SR_HUNG, "reply-stalled", "high", "revive",
     "A reply began and broke off; the connection is still open.", reply_stalled},
    {"no reply", SR_HUNG, "no-reply", "high", "revive",
     "The model was asked and has not sent a byte.", no_reply_came},
    {"asked of late", SR_WORKING, "awaiting-reply", "medium", "wait",
     "The last event is older than the user's patience, but the last request is not.",
     asked_of_late},
    {"no connection", SR_HUNG, "no-connection", "medium", "wait",
     "The model was asked, and no connection to it comes about.", cannot_connect},
    {"nothing pending", SR_HUNG, "event-loop-asleep", "medium", "kill",
     "A turn is under way, there is no connection, no tool and no input that could end it, and the "
     "main thread does not wake up.",
     event_loop_sleeps},
    {"no request seen", SR_UNKNOWN, "no-request-seen", "low", "look",
     "A turn is under way and the client's loop runs, but there is no connection and no tool: "
     "between two tries it looks so, too.",
     asks_nobody},
    {"startup stuck", SR_HUNG, "startup-stuck", "medium", "kill",
     "The client has been starting for longer than the user's patience, computing all the time.",
     start_up_is_stuck},
    {"trickle unclear", SR_UNKNOWN, "trickle-unclear", "low", "look",
     "Bytes arrived not long ago, but too rarely while the connection was watched: a slow reply, "
     "or pings.",
     trickle_is_unclear},
    {"connections not seen", SR_UNKNOWN, "connections-not-seen", "low", "look",
     "The model was asked, and the connection to it cannot be seen from here.",
     cannot_see_connections},
    {"not understood", SR_UNKNOWN, "not-understood", "low", "look",
     "The facts fit none of the above.", always},
};

const size_t rule_count = sizeof rules / sizeof *rules;

/* ---- judging ------------------------------------------------------------------------------ */

/* The rule that holds: the last one always does. */
static const struct rule *winner(const struct evidence *e)
{
    size_t i = 0;
    while (i + 1 < rule_count && !rules[i].holds(e))
        i++;
    return &rules[i];
}

/* Verdicts that stand for themselves after one look; the rest is worth another one. */
bool rules_suspect(const struct evidence *e)
{
    const struct rule *rule = winner(e);
    bool rests = rule->verdict == SR_IDLE || rule->verdict == SR_WAITING;
    bool may_be_busy = e->status == CLIENT_SAYS_NOTHING && e->unrecorded_age_s >= 0;
    if (e->state == 'D' || (rests && (e->computes || e->terminal.unread_bytes > 0 || may_be_busy)))
        return true;
    return rule->verdict == SR_HUNG || rule->verdict == SR_UNKNOWN || rule->holds == tool_is_quiet;
}

/* It is judged by silence alone, and a retry or a limit would explain that. */
static bool may_be_between_tries(const struct evidence *e)
{
    enum sr_verdict verdict = winner(e)->verdict;
    return (verdict == SR_HUNG || verdict == SR_UNKNOWN) && e->was_sampled &&
           (a_reply_is_due(e) || may_work_off_the_record(e)) && !says_retry(e);
}

bool rules_want_longer(const struct evidence *e)
{
    struct evidence longest = at_the_longest(e);
    return e->was_sampled && e->wakeups_per_s == 0 && e->sample_ms < e->timing->asleep_for_ms &&
           (asks_nobody(&longest) || ignores_its_input(&longest) ||
            may_be_between_tries(&longest) || may_ask_at_start(&longest));
}

bool rules_want_screen(const struct evidence *e)
{
    return e->wakeups_per_s > 0 &&
           (may_be_between_tries(e) || (may_ask_at_a_tool(e) && !spinner_turns(e)) ||
            may_have_called_a_tool(e));
}

bool rules_want_connection(const struct evidence *e)
{
    return may_be_asking(e);
}

/* It closes its connection between two tries. */
static bool may_be_seen_to_try(const struct evidence *e)
{
    int64_t pause_s = e->timing->retry_pause_s;
    return winner(e)->holds == asks_nobody && pause_s > 0 && pause_s <= SHORT_PAUSE_S &&
           e->api.watched_ms < TRY_WATCHED_MS;
}

bool rules_want_watch(const struct evidence *e)
{
    const struct api_connection *c = &e->api;
    if (may_be_seen_to_try(e))
        return true;
    return trickle_is_unclear(e) && !was_seen_to_stream(e) && !brings_only_pings(e) &&
           c->watched_ms < c->last_arrival_ms + RARE_MS;
}

struct sentences {
    struct arena *arena;
    const char **items;
    size_t count, capacity;
};

#define SAY(s, ...)                                                   \
    (*ARENA_PUSH((s)->arena, (s)->items, (s)->count, (s)->capacity) = \
         arena_printf((s)->arena, __VA_ARGS__))

/* An age as text, so that one that is not known can never be shown as a number. */
static const char *span(struct sentences *s, int64_t age_s)
{
    return age_s < 0 ? "an unknown time" : arena_printf(s->arena, "%lld s", (long long)age_s);
}

static void say_process(struct sentences *s, const struct evidence *e)
{
    if (e->state == 'T')
        SAY(s, "the process is stopped");
    if (e->state == 't')
        SAY(s, "the process is held by a debugger");
    if (e->state == 'Z')
        SAY(s, "the process has ended and was not collected by its parent");
    if (e->state == 'D')
        SAY(s, "the main thread cannot be interrupted, in %s",
            e->wait_channel ? e->wait_channel : "the kernel");
    if (e->terminal_is_gone == FACT_YES)
        SAY(s, "its terminal no longer exists");
    if (e->terminal_may_be_gone)
        SAY(s, "a process of the same agent whose terminal no longer exists draws a session, and "
               "it cannot be told which: this one, perhaps");
    if (e->main_waits_for_tty_write == FACT_YES)
        SAY(s, "the main thread waits to write to its terminal");
}

/* Below this nothing can be drawn: 145 columns by 1 row was seen after a reconnect. */
enum { ROWS_TO_DRAW = 3 };

static void say_sleep(struct sentences *s, const struct rule *rule, const struct evidence *e)
{
    int64_t unsure_s = most_unsure_s(e);
    if (unsure_s > 0 && rule->verdict != SR_IDLE && rule->verdict != SR_WAITING)
        SAY(s,
            "the machine slept, and it is not known when: ages that depend on it are up to %lld s "
            "longer (--watch, while it runs, sees when it sleeps)",
            (long long)unsure_s);
}

static void say_terminal(struct sentences *s, const struct evidence *e)
{
    const struct terminal_facts *t = &e->terminal;
    if (!t->is_known)
        return;
    if (!t->is_in_front)
        SAY(s, "another process group, a shell's perhaps, has its terminal%s",
            e->state == 'T' ? ": bring it back with fg" : "");
    else if (t->is_line_mode && e->state != 'T')
        SAY(s, "its terminal holds keys back until Enter: its raw mode was lost");
    if (t->rows > 0 && t->rows < ROWS_TO_DRAW)
        SAY(s, "its terminal has %d rows and %d columns: too few to draw on", t->rows, t->columns);
}

/* Growth that no reply explains: 400 to 500 MB a minute was seen in leaks. */
enum { MEMORY_LEAK_BYTES_PER_S = 5 * 1000 * 1000 };

static void say_memory(struct sentences *s, const struct evidence *e)
{
    if (e->sample_ms > 0 && e->memory_growth_bytes * 1000 / e->sample_ms > MEMORY_LEAK_BYTES_PER_S)
        SAY(s, "its memory grew by %lld MB in %lld ms",
            (long long)(e->memory_growth_bytes / 1000000), (long long)e->sample_ms);
}

/* What the vendor's issues tell of: 27 to 200 % for hours or days, and the conversation unharmed.
 */
static const double BURNING_PERCENT = 50;

/* It takes what its main thread waited for too: on a loaded machine it gets less than it would. */
static double wanted_percent(const struct evidence *e)
{
    return e->main_cpu_percent > e->cpu_percent ? e->main_cpu_percent : e->cpu_percent;
}

static bool burns_at_rest(const struct evidence *e)
{
    return e->cpu_percent > 0 && wanted_percent(e) >= BURNING_PERCENT;
}

static void say_cpu_at_rest(struct sentences *s, const struct evidence *e)
{
    int64_t idle_s = e->status_age_s >= 0 ? e->status_age_s : e->last_event_age_s;
    if (!burns_at_rest(e))
        return;
    int64_t burned_s = (int64_t)((double)e->cpu_s * 100 / e->cpu_percent);
    bool gets_less = e->cpu_percent < BURNING_PERCENT;
    SAY(s,
        "it is idle, and %s %.0f %% of a CPU%s: for %lld s at the longest, by the %lld s that "
        "it has used in all; its conversation is unharmed, and a change of its terminal's size "
        "(SIGWINCH) may end it, or a restart when it suits you (--kill, and resume)",
        gets_less ? "wants" : "uses", gets_less ? wanted_percent(e) : e->cpu_percent,
        gets_less ? arena_printf(s->arena, ", of which it gets %.0f", e->cpu_percent) : "",
        (long long)(idle_s >= 0 && idle_s < burned_s ? idle_s : burned_s), (long long)e->cpu_s);
}

static void say_deaf(struct sentences *s, const struct evidence *e)
{
    if (computes_all_the_time(e))
        SAY(s, "its main thread computes without a pause: it may not take an answer");
    else
        SAY(s,
            "%lld bytes were typed into its terminal, and it does not wake up to read them: it "
            "may not take an answer",
            (long long)e->terminal.unread_bytes);
}

/* Of an age with two readings both are said. */
static const char *span_of(struct sentences *s, int64_t age_s, int64_t unsure_s)
{
    return age_s < 0 || unsure_s == 0 ? span(s, age_s)
                                      : arena_printf(s->arena, "%lld to %lld s", (long long)age_s,
                                                     (long long)(age_s + unsure_s));
}

static const char *status_word(enum client_status status)
{
    static const char *const words[] = {"nothing", "idle", "background shells", "busy", "waiting"};
    return words[status];
}

static void say_status(struct sentences *s, const struct evidence *e)
{
    const char *colon = e->waiting_for ? " for: " : "",
               *what = e->waiting_for ? e->waiting_for : "";
    if (e->status == CLIENT_SAYS_NOTHING)
        SAY(s, "the client publishes no status");
    else if (e->status_age_s >= 0)
        SAY(s, "the client has said '%s%s%s' for %s", status_word(e->status), colon, what,
            span_of(s, e->status_age_s, e->unsure.status_s));
    else
        SAY(s, "the client says '%s%s%s'", status_word(e->status), colon, what);
}

static void say_failure(struct sentences *s, const struct evidence *e)
{
    const struct retry_facts *r = &e->retry;
    const char *limit = usage_limit(e);
    if (limit && r->until && limit == r->why)
        SAY(s, "a usage limit is reached, until %s, in the client's words: %s", r->until, limit);
    else if (limit)
        SAY(s, "a usage limit is reached, in the client's words: %s", limit);
    else if (e->api_error)
        SAY(s, "the last request failed: %s", e->api_error);
    else if (r->is_said && r->why)
        SAY(s, "the last try failed: %s", r->why);
    if (r->is_said && r->attempt > 0 && r->of > 0)
        SAY(s, "try %lld of %lld was announced %s", (long long)r->attempt, (long long)r->of,
            r->is_on_screen ? "on its screen" : "in its transcript");
}

static void say_conversation(struct sentences *s, const struct evidence *e)
{
    const char *age = span_of(s, e->last_event_age_s, e->unsure.last_event_s);
    if (has_tool_open(e))
        SAY(s, "tool %s has been open for %s%s", e->open_tool,
            span_of(s, e->open_tool_age_s, e->unsure.open_tool_s),
            e->open_tool_count > 1 ? ", and others" : "");
    else if (e->turn == TAIL_TURN_AWAITS_REPLY)
        SAY(s, "last record is a prompt or a tool result with no reply, %s ago", age);
    else if (e->turn == TAIL_TURN_REPLYING)
        SAY(s, "last record is a part of a reply that has not ended, %s ago", age);
    else if (turn_is_over(e) && e->last_event_age_s >= 0)
        SAY(s, "the last turn ended %s ago", age);
    if (e->subagent_is_busy == FACT_YES)
        SAY(s, "a subagent is in the middle of a turn, its last event %s ago", age);
    if (e->status == CLIENT_SAYS_NOTHING && is_busy(e))
        SAY(s, "its last prompt, of %s ago, is in no record, and its spinner turns",
            span_of(s, e->unrecorded_age_s, e->unsure.prompt_s));
    if (e->queued_count)
        SAY(s, "%zu inputs were typed and not taken up, the first %s ago", e->queued_count,
            span_of(s, e->queued_age_s, e->unsure.queued_s));
}

static void say_holders(struct sentences *s, const struct evidence *e)
{
    for (size_t i = 0; i < e->pipe_holder_count; i++)
        SAY(s, "%s (pid %d) has the output of a hook or a tool open", e->pipe_holders[i].name,
            e->pipe_holders[i].pid);
}

static void say_worker(struct sentences *s, const struct worker *w)
{
    static const char *const doing[] = {
        [WORKER_UNKNOWN] = "could not be observed",
        [WORKER_PROGRESSES] = "makes progress",
        [WORKER_SLEEPS] = "sleeps by its own wish",
        [WORKER_WANTS_INPUT] = "waits for input",
        [WORKER_QUIET] = "waits, and did nothing while it was observed",
        [WORKER_STOPPED] = "is stopped",
        [WORKER_DEAD] = "has ended and was not collected",
    };
    SAY(s, "%s (pid %d%s) %s%s%s", w->name, w->pid, w->is_hook ? ", of a hook" : "",
        doing[w->doing], w->input ? " from " : "", w->input ? w->input : "");
    if (w->is_search)
        SAY(s, "pid %d is a search of the client's own, and has used %lld s of a CPU", w->pid,
            (long long)w->cpu_s);
}

static void say_traffic(struct sentences *s, const struct evidence *e)
{
    const struct api_connection *c = &e->api;
    if (answered_since_sent(e))
        SAY(s, "socket %s silent %s, request sent %s ago", c->peer, span(s, c->received_ago_s),
            span(s, c->sent_ago_s));
    else
        SAY(s, "socket %s: request sent %s ago, no byte came back", c->peer,
            span(s, c->sent_ago_s));
    if (brings_only_pings(e) && !past_patience(e, c->received_ago_s))
        SAY(s, "only keep-alive pings arrive, %lld bytes at once at the most while it was watched",
            (long long)c->largest_arrival);
    else if (c->watched_ms > 0 && c->largest_arrival == 0)
        SAY(s, "watched for %lld ms, nothing arrived: a slow reply and rare pings look alike",
            (long long)c->watched_ms);
    else if (c->watched_ms > 0 && !arrives_steadily(e))
        SAY(s,
            "watched for %lld ms, %lld bytes arrived and no more within %d ms: a slow reply and "
            "rare pings look alike",
            (long long)c->watched_ms, (long long)c->largest_arrival, RARE_MS);
    else if (c->watched_ms > 0)
        SAY(s, "watched for %lld ms, the most that arrived at once was %lld bytes",
            (long long)c->watched_ms, (long long)c->largest_arrival);
    if (c->unread_bytes > 0)
        SAY(s, "%lld bytes have arrived that the client does not read", (long long)c->unread_bytes);
}

static void say_connection(struct sentences *s, const struct evidence *e)
{
    const struct api_connection *c = &e->api;
    if (c->is_there == FACT_NO)
        SAY(s, "there is no connection to the model");
    else if (c->is_there == FACT_UNKNOWN)
        SAY(s, "its connections could not be seen");
    else if (!is_connecting(e))
        say_traffic(s, e);
    else if (c->unanswered > 0)
        SAY(s, "no connection to %s comes about: nobody answers, though it was tried %lld times",
            c->peer, (long long)c->unanswered + 1);
    else
        SAY(s, "a connection to %s is being made, nobody has answered yet", c->peer);
}

static void say_screen(struct sentences *s, const struct evidence *e)
{
    if (e->screen == SCREEN_READ)
        SAY(s, "its screen shows: %s", e->screen_line);
    else if (e->screen == SCREEN_OUT_OF_REACH)
        SAY(s, "its screen could not be read (it is not known to be a tmux pane of yours), and may "
               "tell more");
}

static void say_second_look(struct sentences *s, const struct evidence *e)
{
    if (!e->was_sampled)
        return;
    for (size_t i = 0; i < e->worker_count; i++)
        say_worker(s, &e->workers[i]);
    if (has_tool_open(e) && has_no_worker(e))
        SAY(s, "no process runs for it");
    for (size_t i = 0; i < e->server_count && e->open_tool_is_mcp; i++)
        if (e->servers[i].asked_by)
            SAY(s, "of %zu MCP servers %s (pid %d) was asked: %s", e->server_count,
                e->servers[i].name, e->servers[i].pid, e->servers[i].asked_by);
    if (e->server_count > 1 && e->open_tool_is_mcp && !knows_asked_server(e))
        SAY(s, "which of %zu MCP servers was asked cannot be told", e->server_count);
    if (e->mcp_progresses != FACT_UNKNOWN && e->open_tool_is_mcp)
        SAY(s, e->mcp_progresses == FACT_YES ? "an MCP server is at work"
                                             : "no MCP server did anything");
    if (e->main_cpu_percent >= 0 && e->wakeups_per_s == 0)
        SAY(s, "over %lld ms the main thread wanted %.0f %% of a CPU and did not wake up once",
            (long long)e->sample_ms, e->main_cpu_percent);
    else if (e->main_cpu_percent >= 0 && e->wakeups_per_s > 0)
        SAY(s,
            "over %lld ms the main thread wanted %.0f %% of a CPU and woke up %.0f "
            "times a second%s",
            (long long)e->sample_ms, e->main_cpu_percent, e->wakeups_per_s,
            spinner_turns(e) ? " (its spinner turns)" : "");
}

/* Seconds until the client itself does what we would advise; 0: it will not, or that is not known.
 */
static int64_t watchdog_left_s(const struct evidence *e)
{
    struct agent_waiting client = {e->version, e->is_first_party, e->api_timeout_s};
    const struct api_connection *c = &e->api;
    bool only_pings = brings_only_pings(e) && !past_patience(e, c->received_ago_s);
    enum agent_silence silence = !answered_since_sent(e) ? AGENT_NO_ANSWER
                                 : only_pings            ? AGENT_ONLY_PINGS
                                                         : AGENT_MID_STREAM;
    int64_t after =
        e->timing->gives_up_after_s ? e->timing->gives_up_after_s(&client, silence) : -1;
    int64_t since = answered_since_sent(e) && !only_pings ? c->received_ago_s : c->sent_ago_s;
    bool is_out = !turn_is_over(e) || e->last_event_age_s < 0 || asks_since_its_turn(e);
    return has_connection(e) && is_out && after > since && since >= 0 ? after - since : 0;
}

/* What will happen by itself, and when: for those who are told to wait. */
static void say_what_comes(struct sentences *s, const struct rule *rule, const struct evidence *e)
{
    const struct retry_facts *r = &e->retry;
    const struct agent_timing *t = e->timing;
    int64_t left_s = watchdog_left_s(e);
    if (has_announced_a_try(e) && r->due_in_s > 0)
        SAY(s, "the client tries again by itself in %s", r->due ? r->due : span(s, r->due_in_s));
    else if (has_announced_a_try(e) || rule->holds == is_retrying)
        SAY(s, "the client tries again by itself%s",
            t->retry_pause_s ? arena_printf(s->arena, ", within %lld s of the last try",
                                            (long long)t->retry_pause_s)
                             : "");
    else if (rule->holds == waits_for_its_limit)
        SAY(s, "it goes on when the limit is lifted, or when you type something then");
    else if (rule->holds == cannot_connect)
        SAY(s,
            "the system gives an attempt up after %d s, and the client then tries again by itself",
            CONNECT_GIVES_UP_S);
    else if (rule->holds == is_starting)
        SAY(s, "it should be up %d s after its start", STARTING_S);
    else if (rule->holds == is_starting_slowly)
        SAY(s, "it goes on as it gets a processor, for which it waited %.0f %% of the time",
            e->queued_percent < 0 ? 0 : e->queued_percent);
    else if (rule->holds == tool_is_quiet && t->tool_limit_s)
        SAY(s,
            "it goes on when the tool ends; a command that does nothing for %lld s is called stuck",
            (long long)t->tool_limit_s);
    else if (has_tool_open(e) && e->subagent_is_busy != FACT_YES)
        SAY(s, "it goes on when the tool ends");
    else if (left_s > 0 && rule->holds != is_generating)
        SAY(s, "where nothing comes, the client's own watchdog acts in %s%s: it asks again",
            span(s, left_s), brings_only_pings(e) ? " at the earliest" : "");
    else if (!has_connection(e) && e->has_workers == FACT_YES)
        SAY(s, "it goes on when the command ends");
    else
        SAY(s, "it goes on by itself; a connection that brings nothing for %s is judged",
            span(s, e->patience_s));
}

/*
 * Nobody is told to kill a client whose own loop runs, whatever rule has won. An
 * orphan's runs for nobody, unless it is in the middle of a turn. Nor to end one of
 * several servers where it is not known which.
 */
static const char *careful_advice(const struct rule *rule, const struct evidence *e)
{
    bool is_spent = rule->verdict == SR_ORPHANED && e->status != CLIENT_BUSY;
    if (rule->holds == mcp_call_is_stuck && !knows_asked_server(e))
        return "look";
    return str_equals(rule->advice, "kill") && loop_runs(e) && !is_spent ? "look" : rule->advice;
}

struct judgement rules_judge(const struct evidence *e, struct arena *a)
{
    const struct rule *rule = winner(e);
    struct judgement j = {
        .rule = rule, .advice = careful_advice(rule, e), .confidence = rule->confidence};
    bool heals = str_equals(rule->advice, "revive") && watchdog_left_s(e) > 0;
    if (heals) {
        j.advice = "wait";
        j.confidence = "medium";
    }

    /* the weakest of sources */
    bool is_by_screen =
        e->retry.is_on_screen && (rule->holds == is_retrying || rule->holds == waits_for_its_limit);
    if (is_by_screen || (rule->verdict == SR_WAITING && is_deaf(e)))
        j.confidence = "low";

    j.is_noteworthy = rule->verdict == SR_IDLE && burns_at_rest(e);
    struct sentences s = {.arena = a};
    say_process(&s, e);
    if (rule->verdict == SR_IDLE)
        say_cpu_at_rest(&s, e);
    if (rule->verdict == SR_WAITING && is_deaf(e))
        say_deaf(&s, e);
    if (rule->holds == pipe_is_held)
        say_holders(&s, e);
    say_conversation(&s, e);
    /* when a try comes is what matters, before how the last one failed */
    bool waits = str_equals(j.advice, "wait");
    bool tries = waits && has_announced_a_try(e) && rule->holds != waits_for_its_limit;
    if (tries)
        say_what_comes(&s, rule, e);
    say_failure(&s, e);
    say_sleep(&s, rule, e);
    if (waits && !tries)
        say_what_comes(&s, rule, e);
    if (may_be_asking(e))
        say_connection(&s, e);
    say_second_look(&s, e);
    if (rule->holds != pipe_is_held)
        say_holders(&s, e);
    say_screen(&s, e);
    say_terminal(&s, e);
    say_memory(&s, e);
    say_status(&s, e);
    j.evidence = s.items;
    j.evidence_count = s.count;
    return j;
}
