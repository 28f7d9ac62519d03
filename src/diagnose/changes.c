#include "diagnose/changes.h"

#include "base/str.h"

/* A backup that is wanted, and how it stands with it. */
struct want {
    const char *why; /* NULL: none */
    bool is_under_way;
    int64_t due_ms;
    int failures;
};

struct change_known {
    int pid;
    uint64_t start_ticks;
    const char *session_id, *config_dir, *transcript, *cwd, *tty;
    int64_t size_bytes;
    bool hangs, is_full, is_unsaved, is_stopped;
    int64_t hang_told_ms, full_told_ms, unsaved_told_ms; /* 0: never */
    int64_t hang_seen_ms, stop_seen_ms; /* since when, without a break; 0: it does not */
    const char *hang_cause;
    int64_t hang_activity_ms; /* when it had last done something, as it hung */
    bool is_registered;
    struct want want;
    int64_t saved_ms;    /* when it was last copied; 0: never */
    int64_t saved_bytes; /* how large its transcript was then */
    bool is_told;        /* that it came */
    bool has_records;    /* there is something to be copied */
};

struct change_problem {
    const char *text;
    int64_t seen_ms;
    bool is_told;
};

struct change_saved {
    struct change_expiring of;
    struct want want;
};

static const char why_hung[] = "hung", why_context[] = "context", why_expiring[] = "expiring";

const char *change_word(enum change_kind kind)
{
    static const char *const words[] = {
        [CHANGE_WATCHING] = "watching",
        [CHANGE_SESSION_NEW] = "session-new",
        [CHANGE_SESSION_ENDED] = "session-ended",
        [CHANGE_SESSION_STOPPED] = "session-stopped",
        [CHANGE_SESSION_CONTINUED] = "session-continued",
        [CHANGE_HUNG] = "hung",
        [CHANGE_RECOVERED] = "recovered",
        [CHANGE_UNSAVED] = "unsaved",
        [CHANGE_SAVED] = "saved",
        [CHANGE_CONTEXT_FULL] = "context-full",
        [CHANGE_EXPIRING] = "expiring",
        [CHANGE_BACKED_UP] = "backed-up",
        [CHANGE_BACKUP_FAILED] = "backup-failed",
        [CHANGE_PROBLEM] = "problem",
        [CHANGE_STOPPED] = "stopped",
    };
    return words[kind];
}

struct change_event *change_add(struct change_events *events, enum change_kind kind)
{
    struct change_event *e =
        ARENA_PUSH(events->arena, events->items, events->count, events->capacity);
    *e = (struct change_event){
        .kind = kind,
        .size_bytes = -1,
        .context_tokens = -1,
        .context_window = -1,
        .context_percent = -1,
        .retry_in_s = -1,
        .sessions = -1,
    };
    return e;
}

static const char *copied(struct arena *a, const char *text)
{
    return text ? arena_strdup(a, text) : NULL;
}

void changes_init(struct changes *c, int64_t interval_ms)
{
    *c = (struct changes){.interval_ms = interval_ms ? interval_ms : CHANGES_INTERVAL_MS};
}

void changes_release(struct changes *c)
{
    arena_release(&c->arena);
    *c = (struct changes){0};
}

/* ---- sessions ----------------------------------------------------------------------------- */

static struct change_event *tell_of(struct change_events *events, enum change_kind kind,
                                    const struct sr_session *s)
{
    struct change_event *e = change_add(events, kind);
    struct arena *a = events->arena;
    e->session_id = copied(a, s->session_id);
    e->config_dir = copied(a, s->config_dir);
    e->transcript = copied(a, s->transcript);
    e->cwd = copied(a, s->cwd);
    e->tty = copied(a, s->tty);
    e->pid = s->pid;
    e->size_bytes = s->size_bytes;
    return e;
}

static struct change_event *tell_of_known(struct change_events *events, enum change_kind kind,
                                          const struct change_known *k)
{
    struct sr_session s = {
        .session_id = k->session_id,
        .config_dir = k->config_dir,
        .transcript = k->transcript,
        .cwd = k->cwd,
        .tty = k->tty,
        .pid = k->pid,
        .size_bytes = k->size_bytes,
    };
    return tell_of(events, kind, &s);
}

static const struct change_known *find_known(const struct changes *c, const struct sr_session *s)
{
    for (size_t i = 0; i < c->known_count; i++)
        if (c->known[i].pid == s->pid && c->known[i].start_ticks == s->start_ticks)
            return &c->known[i];
    return NULL;
}

static bool does_not_answer(enum sr_verdict verdict)
{
    return verdict == SR_HUNG || verdict == SR_BLOCKED || verdict == SR_ORPHANED;
}

/* Its verdict can change without anything being written. */
static bool may_turn(enum sr_verdict verdict)
{
    return verdict != SR_IDLE && verdict != SR_WAITING && !does_not_answer(verdict);
}

static void want_backup(struct change_known *k, const char *why, int64_t now_ms)
{
    if (!k->session_id || !k->has_records || k->want.why)
        return;
    k->want = (struct want){.why = why, .due_ms = now_ms};
}

/* The same thing is not told to a person again within the cooldown. */
static bool is_news(int64_t told_ms, int64_t now_ms)
{
    return told_ms == 0 || now_ms - told_ms >= CHANGES_COOLDOWN_MS;
}

static void add_judgement(struct change_event *e, const struct sr_session *s, struct arena *a)
{
    e->verdict = s->verdict;
    e->cause = copied(a, s->cause);
    e->confidence = copied(a, s->confidence);
    e->advice = copied(a, s->advice);
    const char **evidence = arena_alloc(a, (s->evidence_count + 1) * sizeof *evidence);
    for (size_t i = 0; i < s->evidence_count; i++)
        evidence[i] = copied(a, s->evidence[i]);
    e->evidence = evidence;
    e->evidence_count = s->evidence_count;
}

/* Whether a state has lasted. since_ms: when it was first seen. */
static bool lasts(struct changes *next, bool is_so, int64_t *since_ms, int64_t for_ms,
                  int64_t now_ms)
{
    if (!is_so)
        *since_ms = 0;
    else if (*since_ms == 0)
        *since_ms = now_ms;
    if (!is_so || now_ms - *since_ms >= for_ms)
        return is_so;
    int64_t until_ms = *since_ms + for_ms;
    if (next->confirm_at_ms == 0 || until_ms < next->confirm_at_ms)
        next->confirm_at_ms = until_ms;
    return false;
}

/*
 * That it answers again is said on proof alone: the client's own word, bytes or a
 * process that were seen to move, or something written since. That it asks once more is none.
 */
static bool is_proof_of_life(const struct change_known *k, const struct sr_session *s)
{
    if (does_not_answer(s->verdict) || s->verdict == SR_UNKNOWN || s->verdict == SR_STOPPED)
        return false;
    return str_equals(s->confidence, "high") || str_equals(k->hang_cause, "uninterruptible") ||
           (s->last_activity_at_ms > 0 && s->last_activity_at_ms != k->hang_activity_ms);
}

static void begin_hang(struct change_known *k, struct arena *a, const struct sr_session *s,
                       int64_t now_ms, struct change_events *events)
{
    struct change_event *e = tell_of(events, CHANGE_HUNG, s);
    add_judgement(e, s, events->arena);
    e->wants_person = is_news(k->hang_told_ms, now_ms);
    k->hangs = true;
    k->hang_told_ms = now_ms;
    k->hang_cause = copied(a, s->cause);
    k->hang_activity_ms = s->last_activity_at_ms;
    if (k->want.why == why_context) /* which can wait; this cannot */
        k->want.why = NULL;
    want_backup(k, why_hung, now_ms);
}

static void watch_for_a_hang(struct change_known *k, struct changes *next,
                             const struct sr_session *s, int64_t now_ms,
                             struct change_events *events)
{
    int64_t for_ms = str_equals(s->cause, "zombie") ? CHANGES_ZOMBIE_MS : CHANGES_CONFIRM_MS;
    bool hangs =
        lasts(next, does_not_answer(s->verdict), &k->hang_seen_ms, k->hangs ? 0 : for_ms, now_ms);
    if (hangs && !k->hangs) {
        begin_hang(k, &next->arena, s, now_ms, events);
    } else if (k->hangs && is_proof_of_life(k, s)) {
        add_judgement(tell_of(events, CHANGE_RECOVERED, s), s, events->arena);
        k->hangs = false;
    }
}

static void watch_for_a_stop(struct change_known *k, struct changes *next,
                             const struct sr_session *s, int64_t now_ms,
                             struct change_events *events)
{
    bool is_stopped = lasts(next, s->verdict == SR_STOPPED, &k->stop_seen_ms,
                            k->is_stopped ? 0 : CHANGES_CONFIRM_MS, now_ms);
    if (is_stopped && !k->is_stopped)
        add_judgement(tell_of(events, CHANGE_SESSION_STOPPED, s), s, events->arena);
    else if (k->is_stopped && !is_stopped && s->verdict != SR_UNKNOWN)
        tell_of(events, CHANGE_SESSION_CONTINUED, s);
    k->is_stopped = is_stopped || (k->is_stopped && s->verdict == SR_UNKNOWN);
}

static void watch_the_saving(struct change_known *k, const struct sr_session *s, int64_t now_ms,
                             struct change_events *events)
{
    bool is_unsaved = sr_is_unsaved(s->persistence);
    if (is_unsaved && !k->is_unsaved) {
        struct change_event *e = tell_of(events, CHANGE_UNSAVED, s);
        e->persistence = s->persistence;
        e->unsaved_since_ms = s->unsaved_since_ms;
        e->why = copied(events->arena, s->unsaved_why);
        e->text = copied(events->arena, s->saving);
        e->wants_person = is_news(k->unsaved_told_ms, now_ms);
        k->unsaved_told_ms = now_ms;
    } else if (k->is_unsaved && s->persistence == SR_PERSISTENCE_OK) {
        tell_of(events, CHANGE_SAVED, s);
    }
    k->is_unsaved = is_unsaved || (k->is_unsaved && s->persistence == SR_PERSISTENCE_UNKNOWN);
}

static void watch_the_context(struct change_known *k, const struct sr_session *s, int64_t now_ms,
                              struct change_events *events)
{
    bool is_full = s->context_percent >= CHANGES_CONTEXT_PERCENT;
    if (is_full && !k->is_full) {
        struct change_event *e = tell_of(events, CHANGE_CONTEXT_FULL, s);
        e->context_tokens = s->context_tokens;
        e->context_window = s->context_window;
        e->context_percent = s->context_percent;
        e->wants_person = is_news(k->full_told_ms, now_ms);
        k->full_told_ms = now_ms;
    }
    k->is_full = is_full;
    bool is_new = k->saved_ms == 0 || (now_ms - k->saved_ms >= CHANGES_COOLDOWN_MS &&
                                       (s->size_bytes < 0 || k->saved_bytes != s->size_bytes));
    if (is_full && is_new)
        want_backup(k, why_context, now_ms);
    else if (!is_full && k->want.why == why_context && !k->want.is_under_way)
        k->want = (struct want){0};
}

static struct change_known now_known(struct arena *a, const struct change_known *before,
                                     const struct sr_session *s)
{
    struct change_known k = before ? *before : (struct change_known){0};
    bool is_other = before && s->session_id && before->session_id &&
                    !str_equals(s->session_id, before->session_id);
    if (is_other) /* /clear: the next conversation of the same process */
        k = (struct change_known){0};
    k.pid = s->pid;
    k.start_ticks = s->start_ticks;
    /* what is not known any more of a process that is ending was true all the same */
    k.session_id = copied(a, s->session_id ? s->session_id : k.session_id);
    k.config_dir = copied(a, s->config_dir ? s->config_dir : k.config_dir);
    k.transcript = copied(a, s->transcript);
    k.cwd = copied(a, s->cwd ? s->cwd : k.cwd);
    k.tty = copied(a, s->tty ? s->tty : k.tty);
    k.has_records = s->transcript || s->part_count;
    k.size_bytes = s->size_bytes;
    k.hang_cause = copied(a, k.hang_cause);
    k.is_registered = k.is_registered || s->mapped_by == SR_MAPPED_BY_REGISTRY;
    return k;
}

static bool has_begun_since(const struct changes *c, const struct change_look *look)
{
    for (size_t i = 0; i < look->session_count; i++)
        if (!find_known(c, &look->sessions[i]))
            return true;
    return false;
}

/* What its process left behind tells less than the kernel: a client that starts tidies up after
 * others. */
static void add_end(struct change_event *e, struct arena *a, const struct changes *c,
                    const struct change_known *k, const struct change_look *look)
{
    for (size_t i = 0; i < look->end_count; i++) {
        const struct change_end *end = &look->ends[i];
        if (end->pid != k->pid || end->start_ticks != k->start_ticks)
            continue;
        e->how = end->how;
        e->status = end->status;
        e->signal = copied(a, end->signal);
        return;
    }
    for (size_t i = 0; i < look->left_count; i++)
        if (look->left[i] == k->pid)
            e->how = CHANGE_HOW_UNTIDY;
    if (e->how == CHANGE_HOW_UNKNOWN && k->is_registered && !has_begun_since(c, look))
        e->how = CHANGE_HOW_TIDY;
}

static void tell_of_the_gone(const struct changes *c, const struct change_look *look,
                             struct change_events *events)
{
    for (size_t i = 0; i < c->known_count; i++) {
        bool is_there = false;
        for (size_t j = 0; j < look->session_count && !is_there; j++)
            is_there = look->sessions[j].pid == c->known[i].pid &&
                       look->sessions[j].start_ticks == c->known[i].start_ticks;
        if (!is_there && c->known[i].is_told)
            add_end(tell_of_known(events, CHANGE_SESSION_ENDED, &c->known[i]), events->arena, c,
                    &c->known[i], look);
    }
}

/* A client has its id within a moment of its start; until then there is nothing to tell. */
static void tell_of_the_new(struct change_known *k, const struct sr_session *s, bool has_looked,
                            struct change_events *events)
{
    if (k->is_told || (has_looked && !s->session_id && s->verdict == SR_STARTING))
        return;
    if (has_looked)
        tell_of(events, CHANGE_SESSION_NEW, s);
    k->is_told = true;
}

static void look_at_sessions(struct changes *c, struct changes *next,
                             const struct change_look *look, int64_t now_ms,
                             struct change_events *events)
{
    next->known =
        arena_alloc(&next->arena, (look->session_count + c->known_count + 1) * sizeof *next->known);
    for (size_t i = 0; i < look->session_count; i++) {
        const struct sr_session *s = &look->sessions[i];
        const struct change_known *before = find_known(c, s);
        struct change_known *k = &next->known[next->known_count++];
        *k = now_known(&next->arena, before, s);
        tell_of_the_new(k, s, c->has_looked, events);
        watch_for_a_stop(k, next, s, now_ms, events);
        watch_for_a_hang(k, next, s, now_ms, events);
        watch_the_saving(k, s, now_ms, events);
        watch_the_context(k, s, now_ms, events);
        next->moves = next->moves || may_turn(s->verdict);
    }
    tell_of_the_gone(c, look, events);
}

/* ---- transcripts that expire -------------------------------------------------------------- */

static struct change_expiring copy_expiring(struct arena *a, const struct change_expiring *x)
{
    struct change_expiring copy = *x;
    copy.session_id = copied(a, x->session_id);
    copy.config_dir = copied(a, x->config_dir);
    copy.transcript = copied(a, x->transcript);
    return copy;
}

static const struct change_saved *find_saved(const struct changes *c,
                                             const struct change_expiring *x)
{
    for (size_t i = 0; i < c->saved_count; i++)
        if (str_equals(c->saved[i].of.transcript, x->transcript))
            return &c->saved[i];
    return NULL;
}

static bool differs(const struct change_expiring *before, const struct change_expiring *x)
{
    return before->modified_at_ms != x->modified_at_ms || before->size_bytes != x->size_bytes;
}

static void keep_saved(const struct changes *c, struct changes *next)
{
    next->saved = arena_alloc(&next->arena, (c->saved_count + 1) * sizeof *next->saved);
    next->saved_count = c->saved_count;
    for (size_t i = 0; i < c->saved_count; i++) {
        next->saved[i] = c->saved[i];
        next->saved[i].of = copy_expiring(&next->arena, &c->saved[i].of);
    }
}

static void look_at_expiring(const struct changes *c, struct changes *next,
                             const struct change_look *look, int64_t now_ms,
                             struct change_events *events)
{
    if (!look->has_expiring) {
        keep_saved(c, next);
        return;
    }
    next->saved = arena_alloc(&next->arena, (look->expiring_count + 1) * sizeof *next->saved);
    for (size_t i = 0; i < look->expiring_count; i++) {
        const struct change_expiring *x = &look->expiring[i];
        const struct change_saved *before = find_saved(c, x);
        struct change_saved *saved = &next->saved[next->saved_count++];
        saved->of = copy_expiring(&next->arena, x);
        saved->want = before && !differs(&before->of, x)
                          ? before->want
                          : (struct want){.why = why_expiring, .due_ms = now_ms};
        if (before)
            continue; /* told already */
        struct change_event *e = change_add(events, CHANGE_EXPIRING);
        e->session_id = copied(events->arena, x->session_id);
        e->config_dir = copied(events->arena, x->config_dir);
        e->transcript = copied(events->arena, x->transcript);
        e->size_bytes = x->size_bytes;
        e->deleted_at_ms = x->deleted_at_ms;
        e->wants_person = true;
    }
}

/* ---- a look ------------------------------------------------------------------------------- */

/* Each once, if it lasts, as long as it does. */
static void look_at_problems(const struct changes *c, struct changes *next,
                             const struct change_look *look, int64_t now_ms,
                             struct change_events *events)
{
    next->problems = arena_alloc(&next->arena, (look->problem_count + 1) * sizeof *next->problems);
    for (size_t i = 0; i < look->problem_count; i++) {
        struct change_problem p = {.text = look->problems[i]};
        for (size_t j = 0; j < c->problem_count; j++)
            if (str_equals(c->problems[j].text, p.text))
                p = c->problems[j];
        p.text = copied(&next->arena, p.text);
        bool is_news = lasts(next, true, &p.seen_ms, p.is_told ? 0 : CHANGES_CONFIRM_MS, now_ms);
        if (is_news && !p.is_told)
            change_add(events, CHANGE_PROBLEM)->text = copied(events->arena, p.text);
        p.is_told = is_news;
        next->problems[next->problem_count++] = p;
    }
}

void changes_look(struct changes *c, const struct change_look *look, int64_t now_ms,
                  struct change_events *events)
{
    struct changes next = {
        .has_looked = true,
        .looked_at_ms = now_ms,
        .cost_ms = look->cost_ms,
        .interval_ms = c->interval_ms,
    };
    look_at_sessions(c, &next, look, now_ms, events);
    look_at_expiring(c, &next, look, now_ms, events);
    look_at_problems(c, &next, look, now_ms, events);
    arena_release(&c->arena);
    *c = next;
}

/* ---- backups ------------------------------------------------------------------------------ */

static bool is_due(const struct want *w, int64_t now_ms)
{
    return w->why && !w->is_under_way && w->due_ms <= now_ms;
}

/* Returns: the most urgent, NULL: none. */
static struct change_known *due_session(struct changes *c, const char *why, int64_t now_ms)
{
    for (size_t i = 0; i < c->known_count; i++)
        if (is_due(&c->known[i].want, now_ms) && c->known[i].want.why == why)
            return &c->known[i];
    return NULL;
}

static struct change_saved *due_expiring(struct changes *c, int64_t now_ms)
{
    struct change_saved *first = NULL;
    for (size_t i = 0; i < c->saved_count; i++)
        if (is_due(&c->saved[i].want, now_ms) &&
            (!first || c->saved[i].of.deleted_at_ms < first->of.deleted_at_ms))
            first = &c->saved[i];
    return first;
}

bool changes_next_backup(struct changes *c, int64_t now_ms, struct arena *a,
                         struct change_backup *out)
{
    struct change_known *k = due_session(c, why_hung, now_ms);
    struct change_saved *saved = k ? NULL : due_expiring(c, now_ms);
    if (!k && !saved)
        k = due_session(c, why_context, now_ms);
    if (k) {
        *out = (struct change_backup){copied(a, k->session_id), copied(a, k->config_dir),
                                      k->want.why, k->size_bytes};
        k->want.is_under_way = true;
    } else if (saved) {
        *out =
            (struct change_backup){copied(a, saved->of.session_id), copied(a, saved->of.config_dir),
                                   saved->want.why, saved->of.size_bytes};
        saved->want.is_under_way = true;
    }
    return k || saved;
}

static int64_t retry_after_ms(const struct changes *c, int failures)
{
    int64_t intervals = CHANGES_RETRY_FIRST;
    while (--failures > 0 && intervals < CHANGES_RETRY_LAST)
        intervals *= 2;
    return c->interval_ms * (intervals < CHANGES_RETRY_LAST ? intervals : CHANGES_RETRY_LAST);
}

static void settle(const struct changes *c, struct want *w, bool has_failed, int64_t now_ms)
{
    if (has_failed) {
        w->is_under_way = false;
        w->failures++;
        w->due_ms = now_ms + retry_after_ms(c, w->failures);
    } else {
        *w = (struct want){0};
    }
}

static void tell_of_backup(const struct changes *c, const struct change_backup *b,
                           const struct change_result *result, int failures,
                           struct change_events *events)
{
    bool has_failed = result->outcome == CHANGE_FAILED;
    if (result->outcome == CHANGE_RECENT || result->outcome == CHANGE_GONE)
        return;
    struct change_event *e =
        change_add(events, has_failed ? CHANGE_BACKUP_FAILED : CHANGE_BACKED_UP);
    e->session_id = copied(events->arena, b->session_id);
    e->config_dir = copied(events->arena, b->config_dir);
    e->why = b->why;
    e->backup = copied(events->arena, result->backup);
    e->text = copied(events->arena, result->error);
    e->was_unchanged = result->outcome == CHANGE_UNCHANGED;
    if (has_failed) {
        e->retry_in_s = (retry_after_ms(c, failures) + 999) / 1000;
        e->wants_person = failures == 1;
    }
}

void changes_backed_up(struct changes *c, const struct change_backup *b,
                       const struct change_result *result, int64_t now_ms,
                       struct change_events *events)
{
    bool has_failed = result->outcome == CHANGE_FAILED;
    int failures = 1;
    for (size_t i = 0; i < c->known_count; i++) {
        struct change_known *k = &c->known[i];
        if (!str_equals(k->session_id, b->session_id) || !str_equals(k->config_dir, b->config_dir))
            continue;
        if (!has_failed) {
            k->saved_ms = now_ms;
            k->saved_bytes = b->size_bytes;
        }
        if (k->want.why != b->why)
            continue;
        settle(c, &k->want, has_failed, now_ms);
        failures = has_failed ? k->want.failures : failures;
    }
    for (size_t i = 0; i < c->saved_count && b->why == why_expiring; i++) {
        struct change_saved *s = &c->saved[i];
        if (!str_equals(s->of.session_id, b->session_id) ||
            !str_equals(s->of.config_dir, b->config_dir) || !s->want.is_under_way)
            continue;
        settle(c, &s->want, has_failed, now_ms);
        failures = has_failed ? s->want.failures : failures;
    }
    tell_of_backup(c, b, result, failures, events);
}

/* ---- when ---------------------------------------------------------------------------------- */

/* Not more often than every interval, nor than the share of the CPU allows. */
static int64_t shortest_pause_ms(const struct changes *c)
{
    int64_t pause = c->cost_ms * CHANGES_SHARE, longest = c->interval_ms * CHANGES_SLOWEST_LOOKS;
    if (pause < c->interval_ms)
        pause = c->interval_ms;
    return pause < longest ? pause : longest;
}

static int64_t until(int64_t then_ms, int64_t now_ms)
{
    return then_ms > now_ms ? then_ms - now_ms : 0;
}

static int64_t sooner(int64_t pause_ms, const struct want *w, int64_t now_ms)
{
    if (!w->why || w->is_under_way)
        return pause_ms;
    int64_t due_in_ms = until(w->due_ms, now_ms);
    return pause_ms < 0 || due_in_ms < pause_ms ? due_in_ms : pause_ms;
}

int64_t changes_backup_pause_ms(const struct changes *c, int64_t now_ms)
{
    int64_t pause_ms = -1;
    for (size_t i = 0; i < c->known_count; i++)
        pause_ms = sooner(pause_ms, &c->known[i].want, now_ms);
    for (size_t i = 0; i < c->saved_count; i++)
        pause_ms = sooner(pause_ms, &c->saved[i].want, now_ms);
    return pause_ms;
}

int64_t changes_look_pause_ms(const struct changes *c, bool has_moved, int64_t now_ms)
{
    if (!c->has_looked)
        return 0;
    int64_t pause_ms = shortest_pause_ms(c);
    if (!has_moved && !c->moves && pause_ms < c->interval_ms * CHANGES_IDLE_LOOKS)
        pause_ms = c->interval_ms * CHANGES_IDLE_LOOKS;
    int64_t at_ms = c->looked_at_ms + pause_ms;
    if (c->confirm_at_ms > 0 && c->confirm_at_ms < at_ms)
        at_ms = c->confirm_at_ms;
    return until(at_ms, now_ms);
}
