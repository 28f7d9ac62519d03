/*
 * triage: a verdict on every session. All are looked at once; those that the
 * rules cannot clear are observed for a moment, all together, and judged again.
 */
#include "session_rescue.h"

#include "base/clock.h"
#include "diagnose/rules.h"
#include "session/evidence/collect.h"

#include <errno.h>
#include <time.h>

/* One session under judgement. */
struct patient {
    struct session *session;
    struct evidence evidence;
    struct observation observation;
    bool is_suspect, is_watched;
};

static void pause_ms(long ms)
{
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        ;
}

/* Watches the connections of which one cannot say what arrives on them; mostly there is none. */
static void watch_connections(struct snapshot *snap, struct patient *patients, size_t count)
{
    int64_t began_ns = awake_now().ns, watched_ms = 0;
    while (watched_ms < CONNECTION_WATCH_MS) {
        size_t watched = 0;
        for (size_t i = 0; i < count; i++) {
            patients[i].is_watched =
                patients[i].is_suspect && rules_want_watch(&patients[i].evidence);
            watched += patients[i].is_watched;
        }
        if (watched == 0)
            return;
        pause_ms(CONNECTION_WATCH_STEP_MS);
        struct connection_list sockets;
        connection_list_all(snap, &sockets);
        watched_ms = (awake_now().ns - began_ns) / 1000000;
        for (size_t i = 0; i < count; i++)
            if (patients[i].is_watched)
                connection_watch(snap, patients[i].session, &sockets, watched_ms,
                                 &patients[i].evidence);
    }
}

/* It got no CPU all the time, or may be asleep. */
static bool is_too_short(const struct patient *p)
{
    return p->is_suspect && (p->evidence.is_starved || rules_want_longer(&p->evidence));
}

static bool is_any_too_short(const struct patient *patients, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_too_short(&patients[i]))
            return true;
    return false;
}

static void look_again(struct snapshot *snap, struct patient *patients, size_t count,
                       bool only_too_short)
{
    struct connection_list sockets;
    connection_list_all(snap, &sockets);
    for (size_t i = 0; i < count; i++)
        if (only_too_short ? is_too_short(&patients[i]) : patients[i].is_suspect)
            collect_end(snap, &patients[i].observation, &sockets, &patients[i].evidence);
}

/* Only where nothing else has decided: it takes a process for each. */
static void look_at_screens(struct snapshot *snap, struct patient *patients, size_t count)
{
    int r = 0;
    for (size_t i = 0; i < count && r == 0; i++)
        if (patients[i].is_suspect && rules_want_screen(&patients[i].evidence))
            r = collect_screen(snap, patients[i].session, &patients[i].evidence);
}

static void observe(struct snapshot *snap, struct patient *patients, size_t count)
{
    size_t suspects = 0;
    for (size_t i = 0; i < count; i++) {
        patients[i].is_suspect = rules_suspect(&patients[i].evidence);
        suspects += patients[i].is_suspect;
    }
    if (suspects == 0)
        return;

    for (size_t i = 0; i < count; i++)
        if (patients[i].is_suspect)
            collect_begin(snap, patients[i].session, &patients[i].observation);
    pause_ms(COLLECT_SAMPLE_MS);
    look_again(snap, patients, count, false);
    for (int step = 0; step < COLLECT_STARVED_STEPS && is_any_too_short(patients, count); step++) {
        pause_ms(COLLECT_SAMPLE_MS);
        look_again(snap, patients, count, true);
    }
    watch_connections(snap, patients, count);
    look_at_screens(snap, patients, count);
}

/* Beside the verdict, and before what speaks for it. */
static void say_first(struct snapshot *snap, struct sr_session *shown, const char *sentence)
{
    size_t count = shown->evidence_count;
    const char **all = arena_alloc(&snap->arena, (count + 1) * sizeof *all);
    all[0] = sentence;
    for (size_t i = 0; i < count; i++)
        all[i + 1] = shown->evidence[i];
    shown->evidence = all;
    shown->evidence_count = count + 1;
}

/* What this program does not do to an agent's clients it does not advise. */
static const char *possible_advice(const struct agent *agent, const char *advice)
{
    bool is_done_to_it = str_equals(advice, "kill") || str_equals(advice, "kill-child") ||
                         str_equals(advice, "revive");
    return agent->control || !is_done_to_it ? advice : "look";
}

static bool judge(struct snapshot *snap, struct patient *p)
{
    p->session->evidence = &p->evidence;
    struct judgement j = rules_judge(&p->evidence, &snap->arena);
    struct sr_session *shown = p->session->shown;
    shown->verdict = j.rule->verdict;
    shown->cause = j.rule->cause;
    shown->confidence = j.confidence;
    shown->is_noteworthy = j.is_noteworthy;
    shown->advice = possible_advice(p->session->live->agent, j.advice);
    shown->evidence = j.evidence;
    shown->evidence_count = j.evidence_count;
    p->session->saving.has_asked = p->evidence.api.has_asked;
    persistence_show(p->session, &snap->arena);
    if (shown->saving)
        say_first(snap, shown, shown->saving);
    return j.rule->verdict == SR_HUNG;
}

/* Reading the kernel's table of connections costs as much as the rest of a listing. */
static void look_at_connections(struct snapshot *snap, struct patient *patients, size_t count)
{
    struct connection_list sockets;
    bool is_read = false;
    for (size_t i = 0; i < count; i++) {
        if (!rules_want_connection(&patients[i].evidence))
            continue;
        if (!is_read)
            connection_list_all(snap, &sockets);
        is_read = true;
        connection_collect(snap, patients[i].session, &sockets, &patients[i].evidence);
    }
}

int sr_detect_hung_sessions(struct sr_snapshot *snapshot, double timeout_minutes)
{
    struct snapshot *snap = snapshot_of(snapshot);
    int64_t patience_s = (int64_t)(timeout_minutes * 60 + 0.999);
    struct patient *patients =
        arena_alloc(&snap->arena, (snapshot->session_count + 1) * sizeof *patients);
    size_t count = 0;
    for (size_t i = 0; i < snapshot->session_count; i++)
        if (snap->sessions[i].live)
            patients[count++].session = &snap->sessions[i];
    for (size_t i = 0; i < count; i++)
        collect_first(snap, patients[i].session, patience_s, &patients[i].evidence);
    if (snap->proc.is_live) {
        look_at_connections(snap, patients, count);
        observe(snap, patients, count);
    }

    int hung = 0;
    for (size_t i = 0; i < count; i++)
        hung += judge(snap, &patients[i]);
    return hung;
}
