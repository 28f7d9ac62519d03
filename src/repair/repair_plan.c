#include "repair/repair_plan.h"

#include "conversation/loader/branches.h"
#include "repair/check_parents.h"
#include "repair/check_tool_calls.h"
#include "repair/edits.h"
#include "repair/findings.h"
#include "repair/fit.h"
#include "repair/id_clashes.h"
#include "repair/normalise.h"
#include "repair/patched_source.h"
#include "repair/scan/broken_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MAX = 16 };

static bool is_said(const struct graph *g, const struct graph_walk *w, uint32_t node)
{
    return (repair_steps_is_message(g, node) && !graph_is_shown(g, w, node)) ||
           g->nodes[node].is_sent;
}

static struct repair_plan_loaded loaded_of(const struct graph_node *node)
{
    return (struct repair_plan_loaded){(int64_t)node->offset, node->line, node->role};
}

/* ---- the judgement ------------------------------------------------------------------------ */

/* Whether the way from another leaf is to be taken: it is then in *after. */
static bool takes_leaf(struct repair_steps *m, const struct branch *branch,
                       struct graph_walk *after)
{
    const struct graph *g = m->g;
    struct graph_walk other;
    bool finds_none = after->leaf == GRAPH_NONE;
    int64_t newer_ms = branch->at_ms - (finds_none ? 0 : g->nodes[after->leaf].at_ms);
    graph_walk_from(g, branch->end, &other);
    bool holds_all = finds_none || other.marks[after->leaf] != GRAPH_UNREACHED;
    if (other.leaf == GRAPH_NONE || (finds_none && !branch->at_ms) ||
        (!holds_all && newer_ms <= GRAPH_BRIDGE_MS &&
         (newer_ms <= 0 || other.message_count <= after->message_count))) {
        graph_walk_release(&other);
        return false;
    }
    struct repair_plan_problem *p = repair_steps_add_node_problem(
        m, DAMAGE_DEAD_END_LEAF, DAMAGE_HURTS, finds_none ? branch->end : after->leaf);
    p->is_guess = true;
    if (finds_none)
        p->consequence = "the client finds no conversation";
    p->detail =
        arena_printf(m->arena, "the newest message stands on line %u", g->nodes[branch->end].line);
    graph_walk_release(after);
    *after = other;
    return true;
}

/*
 * The newest end, where the client's leaf is another. *after becomes the way from there. Returns:
 * GRAPH_NONE where all is well, or where the user chose.
 */
static uint32_t find_newer_leaf(struct repair_steps *m, struct graph_walk *after)
{
    if (graph_user_chose(m->g) || m->mended_kinds >> DAMAGE_LATE_BOUNDARY & 1)
        return GRAPH_NONE;
    struct branches b = branches_find(m->g, after, m->arena);
    for (size_t i = 0; i < b.count; i++) {
        const struct branch *branch = &b.items[i];
        bool is_newest = i == 0 && !branch->is_summed_up;
        if ((is_newest || branch->holds_leaf || after->leaf == GRAPH_NONE) &&
            takes_leaf(m, branch, after))
            return branch->end;
    }
    return GRAPH_NONE;
}

/* Its words are not sent from where it stands, and it is on no branch: no message hangs on it. */
static bool is_beside_all(const struct graph *g, const struct graph_walk *w, uint32_t node)
{
    return g->nodes[node].is_sent && graph_is_in_play(g, node) && w->marks[node] == GRAPH_UNREACHED;
}

/* What the mended conversation leaves aside. */
static void list_branches(struct repair_steps *m, const struct graph_walk *after)
{
    struct repair_plan *plan = m->plan;
    const struct graph *g = m->g;
    struct branches b = branches_find(g, after, m->arena);
    plan->branches = arena_alloc(m->arena, (b.count + 1) * sizeof *plan->branches);
    for (size_t i = 0; i < b.count; i++) {
        const struct graph_node *end = &g->nodes[b.items[i].end];
        uint32_t fork = b.items[i].fork;
        plan->branches[plan->branch_count++] = (struct repair_plan_branch){
            .line = end->line,
            .offset = (int64_t)end->offset,
            .at_ms = end->at_ms,
            .fork_line = fork == GRAPH_NONE ? 0 : g->nodes[fork].line,
            .fork_offset = fork == GRAPH_NONE ? 0 : (int64_t)g->nodes[fork].offset,
            .message_count = b.items[i].message_count,
            .is_summed_up = b.items[i].is_summed_up,
        };
    }
    plan->left = arena_alloc(m->arena, (g->count + 1) * sizeof *plan->left);
    for (uint32_t i = 0; i < g->count; i++)
        if (is_said(g, after, i) && (b.of[i] || is_beside_all(g, after, i)))
            plan->left[plan->left_count++] = loaded_of(&g->nodes[i]);
}

static void count_messages(struct repair_steps *m, const struct graph_walk *after)
{
    struct repair_plan_messages *c = &m->plan->messages;
    for (uint32_t i = 0; i < m->g->count; i++) {
        bool is_now = graph_begins_message(m->g, &m->before, i);
        bool is_then = graph_begins_message(m->g, after, i);
        if (!graph_is_in_play(m->g, i) || !(is_now || is_then))
            continue;
        bool is_expected = is_then && after->marks[i] != GRAPH_UNREACHED;
        c->in_file++;
        c->expected += is_expected;
        c->reached += is_expected && is_now && m->before.marks[i] != GRAPH_UNREACHED;
    }
}

static bool is_gap(const struct repair_plan_problem *p)
{
    return p->kind == DAMAGE_MISSING_PARENT || p->kind == DAMAGE_CYCLE;
}

static const char *told_as_loss(struct repair_steps *m)
{
    const struct repair_plan_messages *c = &m->plan->messages;
    return arena_printf(m->arena, "resume would lose %zu of %zu messages", c->expected - c->reached,
                        c->expected);
}

/* The client bridged them by time, and lost its way all the same: by what hangs on them, say. */
static void weigh_bridges(struct repair_steps *m, const struct graph_walk *after)
{
    struct repair_plan *plan = m->plan;
    bool is_lost = m->before.end == GRAPH_END_GAP || m->before.end == GRAPH_END_CYCLE;
    if (plan->hurts || !is_lost || plan->messages.reached >= plan->messages.expected)
        return;
    for (size_t i = 0; i < plan->problem_count; i++) {
        struct repair_plan_problem *p = &plan->problems[i];
        if (!is_gap(p) || p->severity != DAMAGE_MILD || after->marks[p->node] == GRAPH_UNREACHED ||
            m->before.marks[p->node] != GRAPH_ON_CHAIN)
            continue;
        p->severity = DAMAGE_HURTS;
        p->consequence = told_as_loss(m);
        plan->hurts = true;
    }
}

/* A gap on a branch that is not resumed costs nothing; one that ends the way says what it does. */
static void weigh_gaps(struct repair_steps *m, const struct graph_walk *after)
{
    struct repair_plan *plan = m->plan;
    const struct repair_plan_messages *c = &plan->messages;
    plan->hurts = false;
    for (size_t i = 0; i < plan->problem_count; i++) {
        struct repair_plan_problem *p = &plan->problems[i];
        if (is_gap(p) && p->severity == DAMAGE_HURTS && after->marks[p->node] == GRAPH_UNREACHED) {
            p->severity = DAMAGE_MILD;
            p->consequence = NULL;
        } else if (is_gap(p) && p->node == m->before.stopped_at && c->reached < c->expected) {
            p->consequence = told_as_loss(m);
        }
        plan->hurts = plan->hurts || p->severity == DAMAGE_HURTS;
    }
    weigh_bridges(m, after);
}

static void judge_times(struct repair_steps *m)
{
    struct graph *g = m->g;
    enum damage_severity severity = repair_steps_severity(m, DAMAGE_NO_TIMESTAMPS);
    for (uint32_t i = 0; i < g->count; i++)
        if (g->nodes[i].at_ms && !g->nodes[i].is_dropped)
            return;
    if (!g->has_main_chain)
        return;
    if (graph_user_cleared(g)) /* the client looks at no record */
        severity = DAMAGE_HARMLESS;
    repair_steps_add_problem(m, DAMAGE_NO_TIMESTAMPS, severity, 0, 0)->is_guess = true;
    for (uint32_t i = 0; severity == DAMAGE_HURTS && i < g->count; i++) {
        if (g->nodes[i].is_dropped || g->nodes[i].is_sidechain)
            continue;
        int64_t at_ms = m->options->modified_ms - ((int64_t)g->count - 1 - i);
        graph_set_time(g, i, at_ms > 0 ? at_ms : i);
        repair_steps_add_step(m, REPAIR_STEPS_TIME, DAMAGE_NO_TIMESTAMPS, i, at_ms > 0 ? at_ms : i)
            ->is_guess = true;
    }
}

/* The last record alone may lack its time: then the client finds no conversation, either. */
static void date_leaf(struct repair_steps *m, struct graph_walk *after)
{
    struct graph *g = m->g;
    uint32_t leaf = after->undated;
    int64_t at_ms = 0;
    for (uint32_t i = 0; i < g->count; i++)
        if (graph_is_in_play(g, i) && g->nodes[i].at_ms >= at_ms)
            at_ms = g->nodes[i].at_ms + 1;
    if (leaf == GRAPH_NONE || after->leaf != GRAPH_NONE || at_ms <= 1)
        return;
    repair_steps_add_node_problem(m, DAMAGE_NO_TIMESTAMPS, DAMAGE_HURTS, leaf)->is_guess = true;
    repair_steps_add_step(m, REPAIR_STEPS_TIME, DAMAGE_NO_TIMESTAMPS, leaf, at_ms)->is_guess = true;
    graph_set_time(g, leaf, at_ms);
    graph_walk_release(after);
    graph_walk(g, after);
}

/* What is fetched for one message must have a time. */
static void date_fetched(struct repair_steps *m, const struct graph_walk *w)
{
    struct graph *g = m->g;
    bool fails_now = m->before.unsortable != GRAPH_NONE;
    for (uint32_t i = 0; i < g->count && w->unsortable != GRAPH_NONE; i++) {
        if (w->marks[i] != GRAPH_BESIDE || g->nodes[i].role < GRAPH_USER ||
            !g->nodes[i].lacks_time || !graph_is_in_play(g, i))
            continue;
        uint32_t above = graph_parent(g, i);
        int64_t at_ms = above == GRAPH_NONE ? 0 : g->nodes[above].at_ms;
        struct repair_plan_problem *p = repair_steps_add_node_problem(
            m, DAMAGE_NO_TIMESTAMPS, fails_now ? DAMAGE_HURTS : DAMAGE_MILD, i);
        p->is_guess = true;
        p->consequence = "the client fails to resume: it sorts by it what belongs to one message";
        repair_steps_add_step(m, REPAIR_STEPS_TIME, DAMAGE_NO_TIMESTAMPS, i, at_ms ? at_ms : 1)
            ->is_guess = true;
        graph_set_time(g, i, at_ms ? at_ms : 1);
    }
}

/* How many messages one of two sessions has, of which nothing is loaded: all that is loaded stands
 * behind the line where the other begins, or before it. */
static size_t count_unloaded_session(const struct repair_steps *m)
{
    const struct repair_plan *plan = m->plan;
    uint32_t line = m->v->foreign_line;
    size_t count = 0;
    if (!m->v->foreign_ids || m->v->ids_are_mixed || !plan->loaded_count)
        return 0;
    bool loads_second = plan->loaded[0].line >= line;
    for (size_t i = 0; i < plan->loaded_count; i++)
        if ((plan->loaded[i].line >= line) != loads_second)
            return 0;
    for (size_t i = 0; i < plan->branch_count; i++) {
        const struct repair_plan_branch *b = &plan->branches[i];
        if (!b->is_summed_up && !b->fork_line && (b->line >= line) != loads_second)
            count += b->message_count;
    }
    return count;
}

/* After list_branches. Whether all records or a part are of another session: a file that was
 * renamed, or two joined. */
static void judge_ids(struct repair_steps *m)
{
    const struct transcript_scan *v = m->v;
    const char *name = m->options->file_id;
    bool was_renamed = name && v->session_id[0] && strcmp(name, v->session_id) != 0;
    size_t unloaded = count_unloaded_session(m);
    if (unloaded)
        repair_steps_add_problem(m, DAMAGE_TWO_SESSIONS, DAMAGE_HURTS, v->foreign_line,
                                 v->foreign_offset)
            ->detail = arena_printf(
            m->arena,
            "%s, then %s; %zu message%s of one of them %s not loaded; \"head -n %u\" and \"tail -n "
            "+%u\", each into a new file, part them",
            v->session_id, v->foreign_id, unloaded, unloaded == 1 ? "" : "s",
            unloaded == 1 ? "is" : "are", v->foreign_line - 1, v->foreign_line);
    else if (v->foreign_ids)
        repair_steps_add_problem(m, DAMAGE_FOREIGN_SESSION_ID, DAMAGE_HARMLESS, v->foreign_line,
                                 v->foreign_offset)
            ->detail =
            arena_printf(m->arena, "%zu records, from this line on, as where two files were joined",
                         v->foreign_ids);
    else if (was_renamed)
        repair_steps_add_problem(m, DAMAGE_FOREIGN_SESSION_ID, DAMAGE_HARMLESS, 0, 0)->detail =
            arena_printf(m->arena, "all are of %s: the file was renamed or copied", v->session_id);
}

static void judge_bytes(struct repair_steps *m)
{
    const struct transcript_scan *v = m->v;
    BUF_RELEASE struct buf what = {0};
    if (v->crlf_lines)
        buf_addf(&what, "%zu lines end in CR LF, as an editor or a transfer leaves them; ",
                 v->crlf_lines);
    if (v->blank_lines)
        buf_addf(&what, "%zu blank lines; ", v->blank_lines);
    if (v->has_mark)
        buf_adds(&what, "a byte order mark, as an editor writes it; ");
    if (v->lacks_final_newline && v->size_bytes && !v->line_count)
        buf_adds(&what, "no newline at the end; ");
    if (what.n)
        repair_steps_add_problem(m, DAMAGE_ODD_BYTES, DAMAGE_HARMLESS, 0, 0)->detail =
            arena_strndup(m->arena, what.p, what.n - 2);
}

static void judge_file(struct repair_steps *m)
{
    const struct transcript_scan *v = m->v;
    if (!v->graph.has_main_chain)
        repair_steps_add_problem(m, DAMAGE_NO_CONVERSATION,
                                 v->graph.has_sidechain ? DAMAGE_HURTS : DAMAGE_HARMLESS, 0, 0);
    if (m->options->started_in)
        repair_steps_add_problem(m, DAMAGE_WRONG_FOLDER, DAMAGE_MILD, 0, 0)->detail =
            arena_strdup(m->arena, m->options->started_in);
    judge_bytes(m);
    for (uint32_t i = 0; i < v->graph.count; i++)
        if (v->graph.nodes[i].is_superseded && !v->graph.nodes[i].is_dropped)
            repair_steps_add_node_problem(m, DAMAGE_DUPLICATE_RECORD, DAMAGE_HARMLESS, i);
}

static int compare_problems(const void *a, const void *b)
{
    const struct repair_plan_problem *x = a, *y = b;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    return (x->kind > y->kind) - (x->kind < y->kind);
}

static void sort_problems(struct repair_plan *plan)
{
    if (plan->problem_count)
        qsort(plan->problems, plan->problem_count, sizeof *plan->problems, compare_problems);
}

/* Where every record of the conversation would have to be dropped, none is: nothing would come of
 * it, and what is left would look like something else. */
static bool leaves_anything(const struct repair_steps *m)
{
    for (uint32_t i = 0; i < m->g->count; i++)
        if (graph_is_in_play(m->g, i))
            return true;
    return !m->g->has_main_chain;
}

/* leaf: GRAPH_NONE: the one that the client chooses. */
static void walk_anew(const struct graph *g, uint32_t leaf, struct graph_walk *after)
{
    graph_walk_release(after);
    if (leaf == GRAPH_NONE)
        graph_walk(g, after);
    else
        graph_walk_from(g, leaf, after);
}

static int judge(struct repair_steps *m)
{
    struct graph_walk after = {0};
    m->newest_version = m->options->client_version ? m->options->client_version
                                                   : transcript_scan_newest_version(m->v);
    int r = broken_lines_mend(m);
    graph_reveal(m->g);
    m->g->version = m->newest_version;
    for (size_t i = 0; i < m->g->count; i++) /* what was hidden may be a copy, too */
        m->v->has_copies = m->v->has_copies || m->g->nodes[i].is_superseded;
    id_clashes_mend(m);
    if (r == 0) {
        findings_judge(m);
        r = repair_steps_settle_blocks(m);
    }
    if (r == 0)
        check_tool_calls_judge(m, NULL);
    if (r == 0)
        r = findings_judge_thinking(m);
    if (r == 0)
        r = repair_steps_settle_blocks(m);
    if (r < 0)
        return r;
    check_parents_mend(m);
    id_clashes_move_boundary(m);
    graph_walk(m->g, &after);
    findings_judge_leaf(m, &after);
    date_leaf(m, &after);
    date_fetched(m, &m->before);
    date_fetched(m, &after);
    uint32_t leaf = find_newer_leaf(m, &after);
    if (check_parents_keep_results(m, &after))
        walk_anew(m->g, leaf, &after);
    check_tool_calls_judge(m, &after);
    fit_judge_refusals(m);
    r = fit_judge(m, &after);
    if (r < 0) {
        graph_walk_release(&after);
        return r;
    }
    findings_judge_errors(m);
    graph_settle(m->g);
    check_parents_follow_drops(m);
    findings_judge_pointers(m);
    if (!leaves_anything(m))
        m->step_count = 0;
    else
        judge_times(m);
    judge_file(m);
    for (size_t i = 0; i < m->g->count && leaf != GRAPH_NONE && m->g->nodes[leaf].is_dropped; i++)
        leaf = graph_parent(m->g, leaf);
    walk_anew(m->g, leaf, &after);
    if (leaf != GRAPH_NONE)
        r = edits_point(m, leaf);
    count_messages(m, &after);
    list_branches(m, &after);
    judge_ids(m);
    weigh_gaps(m, &after);
    graph_walk_release(&after);
    return r;
}

/* What the client loads of the file as it is. */
static void list_loaded(struct repair_steps *m)
{
    struct repair_plan *plan = m->plan;
    const struct graph_walk *w = &m->before;
    plan->loaded = arena_alloc(m->arena, (w->count + 1) * sizeof *plan->loaded);
    for (size_t i = 0; i < w->count; i++) {
        const struct graph_node *node = &m->g->nodes[w->order[i]];
        if (is_said(m->g, w, w->order[i]))
            plan->loaded[plan->loaded_count++] = loaded_of(node);
    }
}

static bool can_resume(const struct repair_steps *m)
{
    const struct repair_plan *p = m->plan;
    bool fails = m->before.leaf == GRAPH_NONE && !graph_user_cleared(m->g);
    for (size_t i = 0; i < p->problem_count; i++)
        fails = fails || (p->problems[i].severity == DAMAGE_HURTS &&
                          (p->problems[i].kind == DAMAGE_NO_MESSAGE ||
                           p->problems[i].kind == DAMAGE_NULL_BLOCK ||
                           (p->problems[i].kind == DAMAGE_NULL_LINE && graph_fails_on_null(m->g)) ||
                           p->problems[i].kind == DAMAGE_MALFORMED_METADATA ||
                           p->problems[i].kind == DAMAGE_NO_TIMESTAMPS));
    return !fails;
}

/* What is to be done with the file as it is; of what comes of that nothing is known yet. */
static int plan_round(const struct record_source *source, struct transcript_scan *v,
                      const struct repair_plan_options *options, bool keeps_boundary,
                      struct arena *a, struct repair_plan *out)
{
    struct repair_plan plan = {0};
    struct repair_steps m = {
        .keeps_boundary = keeps_boundary,
        .source = source,
        .v = v,
        .g = &v->graph,
        .options = options,
        .arena = a,
        .plan = &plan,
        .skim = mem_resize(NULL, sizeof *m.skim),
        .other = mem_resize(NULL, sizeof *m.other),
    };
    json_stream_begin(m.skim, 0);
    json_stream_begin(m.other, 0);
    m.skim->takes_raw = m.other->takes_raw = true;
    graph_see_as(m.g, options->client_version ? options->client_version
                                              : transcript_scan_newest_version(v));
    graph_walk(m.g, &m.before);
    list_loaded(&m);
    int r = judge(&m);
    if (r == 0 && options->wants_edits)
        r = edits_make(&m);
    plan.can_resume = can_resume(&m);
    graph_walk_release(&m.before);
    json_stream_release(m.skim);
    json_stream_release(m.other);
    free(m.skim);
    free(m.other);
    free(m.steps);
    if (r == 0)
        *out = plan;
    return r;
}

/* What came to light once the rounds before were made, beside what was known of the file. */
static void add_problems(const struct patched_source *made, const struct repair_plan *later,
                         struct arena *a, struct repair_plan *plan)
{
    size_t known = plan->problem_count;
    sort_problems(plan);
    for (size_t i = 0; i < later->problem_count; i++) {
        struct repair_plan_problem p = later->problems[i];
        patched_source_origin(made, &p.offset, &p.line);
        if (!p.is_mended ||
            (known && bsearch(&p, plan->problems, known, sizeof p, compare_problems)))
            continue;
        struct repair_plan_problem *added =
            ARENA_PUSH(a, plan->problems, plan->problem_count, plan->problem_capacity);
        *added = p;
        added->node = GRAPH_NONE;
        plan->hurts = plan->hurts || p.severity == DAMAGE_HURTS;
    }
}

static int compare_offsets(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static bool is_dropped_by(const struct repair_plan *plan, int64_t offset)
{
    for (size_t i = 0; i < plan->edit_count; i++)
        if (plan->edits[i].action == DAMAGE_CURE_DROP && plan->edits[i].from <= offset &&
            offset < plan->edits[i].to)
            return true;
    return false;
}

static bool has_kind(const struct repair_plan *plan, enum damage_kind kind)
{
    for (size_t i = 0; i < plan->problem_count; i++)
        if (plan->problems[i].kind == kind)
            return true;
    return false;
}

/* A message is loaded of the file as it is, and not of what is made; nor is it taken away, nor told
 * to be left in the first place, nor left for a newer leaf, where no compaction goes before another
 * for that. */
static bool loses_one(const struct patched_source *made, const struct repair_plan *later,
                      const struct repair_plan *plan, struct arena *a)
{
    bool is_newer = !plan->is_reordered && has_kind(plan, DAMAGE_DEAD_END_LEAF);
    size_t left = is_newer ? later->left_count : 0, count = 0;
    int64_t *known =
        arena_alloc(a, (later->loaded_count + left + plan->left_count + 1) * sizeof *known);
    uint32_t line = 0;
    for (size_t i = 0; i < later->loaded_count + left; i++) {
        known[count] = i < later->loaded_count ? later->loaded[i].offset
                                               : later->left[i - later->loaded_count].offset;
        patched_source_origin(made, &known[count++], &line);
    }
    for (size_t i = 0; i < plan->left_count; i++)
        known[count++] = plan->left[i].offset;
    if (count)
        qsort(known, count, sizeof *known, compare_offsets);
    for (size_t i = 0; i < plan->loaded_count; i++) {
        const int64_t *offset = &plan->loaded[i].offset;
        if ((!count || !bsearch(offset, known, count, sizeof *known, compare_offsets)) &&
            !is_dropped_by(plan, *offset))
            return true;
    }
    return false;
}

/* Where a compaction goes elsewhere, what is left is known when all is made. */
static void take_left(const struct patched_source *made, const struct repair_plan *later,
                      struct repair_plan *plan)
{
    plan->branches = later->branches;
    plan->branch_count = later->branch_count;
    plan->left = later->left;
    plan->left_count = later->left_count;
    for (size_t i = 0; i < plan->branch_count; i++) {
        struct repair_plan_branch *b = &plan->branches[i];
        patched_source_origin(made, &b->offset, &b->line);
        patched_source_origin(made, &b->fork_offset, &b->fork_line);
    }
    for (size_t i = 0; i < plan->left_count; i++)
        patched_source_origin(made, &plan->left[i].offset, &plan->left[i].line);
}

/*
 * What a plan makes is planned for in its turn, until nothing is left to do: one mending can bring
 * another damage to light, and a second repair is to find nothing. Real transcripts need one round.
 */
static int settle(const struct record_source *source, const struct repair_plan_options *options,
                  bool keeps_boundary, struct arena *a, struct repair_plan *plan, bool *loses)
{
    struct repair_plan_options once = *options; /* what is cut is chosen once */
    struct patched_source made;
    struct repair_plan later = *plan;
    size_t rounds = 0;
    int r;
    once.fits = false;
    patched_source_init(&made, source);
    do {
        struct transcript_scan survey;
        r = patched_source_apply(&made, later.edits, later.edit_count);
        struct record_source view = patched_source_source(&made);
        if (r == 0)
            r = transcript_scan_read(&view, &survey);
        if (r < 0)
            break;
        r = plan_round(&view, &survey, &once, keeps_boundary, a, &later);
        transcript_scan_release(&survey);
        plan->is_reordered = plan->is_reordered || (r == 0 && later.is_reordered);
        if (r == 0 && later.edit_count)
            add_problems(&made, &later, a, plan);
    } while (r == 0 && later.edit_count && ++rounds < ROUNDS_MAX);
    plan->is_unsettled = r == 0 && later.edit_count;
    if (r == 0 && rounds)
        patched_source_edits(&made, a, &plan->edits, &plan->edit_count);
    if (r == 0 && !plan->is_unsettled && has_kind(plan, DAMAGE_LATE_BOUNDARY)) {
        *loses = loses_one(&made, &later, plan, a);
        take_left(&made, &later, plan);
    }
    if (plan->is_unsettled)
        plan->edit_count = 0;
    for (size_t i = 0; plan->is_unsettled && i < plan->problem_count; i++)
        plan->problems[i].is_mended = false;
    patched_source_release(&made);
    return r;
}

/* Returns: -EAGAIN where a compaction that is moved takes away what is loaded without that. */
static int plan_settled(const struct record_source *source, struct transcript_scan *v,
                        const struct repair_plan_options *options, bool keeps_boundary,
                        struct arena *a, struct repair_plan *plan)
{
    int r = plan_round(source, v, options, keeps_boundary, a, plan);
    if (r < 0 || !options->wants_edits || !plan->edit_count)
        return r;
    bool loses = false;
    r = settle(source, options, keeps_boundary, a, plan, &loses);
    return r == 0 && loses ? -EAGAIN : r;
}

static int plan_again(const struct record_source *source, const struct repair_plan_options *options,
                      bool keeps_boundary, struct arena *a, struct repair_plan *plan)
{
    struct transcript_scan again;
    int r = transcript_scan_read(source, &again);
    if (r < 0)
        return r;
    r = plan_settled(source, &again, options, keeps_boundary, a, plan);
    transcript_scan_release(&again);
    return r;
}

/* Bytes that are no record are damage, whoever reads them; what comes of it depends on who does. */
static int plan_lines(const struct record_source *source, struct transcript_scan *v,
                      const struct repair_plan_options *options, struct arena *a,
                      struct repair_plan *out)
{
    struct repair_plan plan = {.lines_only = true};
    struct repair_steps m = {
        .source = source, .v = v, .g = &v->graph, .options = options, .arena = a, .plan = &plan};
    int r = broken_lines_mend(&m);
    if (r < 0)
        return r;
    judge_bytes(&m);
    plan.edit_count = 0;
    plan.hurts = false;
    for (size_t i = 0; i < plan.problem_count; i++) {
        struct repair_plan_problem *p = &plan.problems[i];
        p->is_mended = false;
        p->consequence = NULL;
        if (p->severity > DAMAGE_HARMLESS)
            p->severity = DAMAGE_HURTS;
        plan.hurts = plan.hurts || p->severity == DAMAGE_HURTS;
    }
    sort_problems(&plan);
    *out = plan;
    return 0;
}

int repair_plan_make(const struct record_source *source, struct transcript_scan *v,
                     const struct repair_plan_options *options, struct arena *a,
                     struct repair_plan *out)
{
    struct repair_plan plan;
    if (options->lines_only)
        return plan_lines(source, v, options, a, out);
    int r = plan_settled(source, v, options, false, a, &plan);
    if (r == 0 && !options->wants_edits &&
        has_kind(&plan, DAMAGE_LATE_BOUNDARY)) { /* would it be moved? */
        struct repair_plan_options whole = *options;
        struct repair_plan made;
        whole.wants_edits = true;
        r = plan_again(source, &whole, false, a, &made);
    }
    if (r == -EAGAIN) /* moving a compaction would cost more than it brings */
        r = plan_again(source, options, true, a, &plan);
    if (r < 0)
        return r;
    sort_problems(&plan);
    *out = plan;
    return 0;
}

/* ---- what the edits say of records -------------------------------------------------------- */

/* Damage that is no record: what goes away for it must hold none. */
static bool is_of_shards(enum damage_kind kind)
{
    return kind <= DAMAGE_LONG_LINE;
}

static int count_in_text(const struct repair_plan_edit *e, int64_t *count)
{
    struct sv text = {e->text, e->text_length};
    struct record_source source = record_source_of_text(&text, (struct sv){0});
    struct normalise_found found;
    int r = normalise_find(&source, 0, false, &found);
    if (r == 0)
        *count += (int64_t)found.whole;
    return r;
}

/* A record that goes away goes from brace to brace; blocks of one have a comma beside them. */
static int is_record(const struct record_source *source, const struct repair_plan_edit *e,
                     bool *is_one)
{
    char first, last;
    int64_t n = source->read(source->context, &first, 1, e->from);
    if (n == 1)
        n = source->read(source->context, &last, 1, e->to - 1);
    if (n != 1)
        return n < 0 ? (int)n : -EIO;
    *is_one = first == '{' && (last == '}' || last == '\n');
    return 0;
}

int repair_plan_balance(const struct record_source *source, const struct repair_plan *plan,
                        int64_t *balance)
{
    int64_t sum = 0;
    int r = 0;
    for (size_t i = 0; i < plan->edit_count && r == 0; i++) {
        const struct repair_plan_edit *e = &plan->edits[i];
        bool is_one = false;
        if (e->action == DAMAGE_CURE_INSERT && e->text)
            r = count_in_text(e, &sum);
        else if (e->action == DAMAGE_CURE_DROP && e->to > e->from && !is_of_shards(e->kind))
            r = is_record(source, e, &is_one);
        sum -= is_one;
    }
    if (r == 0)
        *balance = sum;
    return r;
}

/* ---- writing ------------------------------------------------------------------------------ */

enum { WRITE_PIECE = 1024 * 1024 };

struct writing {
    const struct record_source *source;
    const struct repair_plan_sink *sink;
    char *bytes;
    int64_t piece; /* how many there is room for */
};

/* Bytes [from, to) of the file to where they go; edit NULL: they are kept. */
static int move_bytes(struct writing *w, int64_t from, int64_t to,
                      const struct repair_plan_edit *edit)
{
    for (int64_t at = from; at < to;) {
        size_t wanted = (size_t)(to - at < w->piece ? to - at : w->piece);
        int64_t n = w->source->read(w->source->context, w->bytes, wanted, at);
        if (n <= 0)
            return n < 0 ? (int)n : -EIO;
        int r = !edit ? w->sink->write(w->sink->context, w->bytes, (size_t)n)
                : w->sink->removed
                    ? w->sink->removed(w->sink->context, edit, w->bytes, (size_t)n, at == from)
                    : 0;
        if (r < 0)
            return r;
        at += n;
    }
    return 0;
}

static int put_text(struct writing *w, const struct repair_plan_edit *e, const char *backup)
{
    int r = e->text ? w->sink->write(w->sink->context, e->text, e->text_length) : 0;
    if (r == 0 && e->behind)
        r = w->sink->write(w->sink->context, backup, strlen(backup));
    if (r == 0 && e->behind)
        r = w->sink->write(w->sink->context, e->behind, strlen(e->behind));
    return r;
}

int repair_plan_write(const struct record_source *source, const struct repair_plan *plan,
                      const char *backup, const struct repair_plan_sink *sink)
{
    size_t piece = source->size_bytes < WRITE_PIECE ? (size_t)source->size_bytes + 1 : WRITE_PIECE;
    struct writing w = {source, sink, mem_resize(NULL, piece), (int64_t)piece};
    int64_t at = 0;
    int r = 0;
    for (size_t i = 0; i < plan->edit_count && r == 0; i++) {
        const struct repair_plan_edit *e = &plan->edits[i];
        r = move_bytes(&w, at, e->from, NULL);
        if (r == 0)
            r = put_text(&w, e, backup);
        if (r == 0)
            r = move_bytes(&w, e->from, e->to, e);
        at = e->to;
    }
    if (r == 0)
        r = move_bytes(&w, at, source->size_bytes, NULL);
    free(w.bytes);
    return r;
}
