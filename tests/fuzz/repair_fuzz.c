/*
 * Any bytes as a transcript, checked and repaired. The first byte chooses the
 * options. What is kept and what is removed are together the whole file, in
 * order; a file with nothing but harmless oddities is not edited; the second
 * repair finds nothing to do; what was unreadable is as the first one left it. As
 * many whole records as before are there, by a count that knows nothing of the plan.
 */
#include "repair/normalise.h"
#include "repair/repair_plan.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static int64_t read_memory(void *context, char *bytes, size_t n, int64_t offset)
{
    const struct sv *file = context;
    must(offset >= 0);
    if ((size_t)offset >= file->n)
        return 0;
    if (n > file->n - (size_t)offset)
        n = file->n - (size_t)offset;
    memcpy(bytes, file->p + offset, n);
    return (int64_t)n;
}

struct result {
    struct buf file, removed, kept;
};

static int take_written(void *context, const char *bytes, size_t n)
{
    struct result *r = context;
    buf_add(&r->file, bytes, n);
    return 0;
}

static int take_removed(void *context, const struct repair_plan_edit *edit, const char *bytes,
                        size_t n, bool is_first)
{
    struct result *r = context;
    must(edit->to > edit->from && (!is_first || n > 0));
    buf_add(&r->removed, bytes, n);
    return 0;
}

static void check_edits(const struct repair_plan *plan, int64_t size)
{
    int64_t at = 0;
    for (size_t i = 0; i < plan->edit_count; i++) {
        const struct repair_plan_edit *e = &plan->edits[i];
        must(at <= e->from && e->from <= e->to && e->to <= size);
        must(e->from < e->to || e->text);
        at = e->to;
    }
}

static bool is_disturbed(const struct repair_plan *plan, bool shrinks)
{
    if (plan->fit.results + plan->fit.images + plan->fit.thinking)
        return true;
    for (size_t i = 0; i < plan->problem_count; i++)
        if (plan->problems[i].severity > DAMAGE_HARMLESS ||
            (shrinks && plan->problems[i].kind == DAMAGE_HUGE_RECORD))
            return true;
    return false;
}

static struct repair_plan plan_of(struct sv *file, const struct repair_plan_options *options,
                                  struct arena *a, struct record_source *source)
{
    struct transcript_scan survey;
    struct repair_plan plan;
    *source = (struct record_source){read_memory, file, (int64_t)file->n, SV("{\"parentUuid\":")};
    must(transcript_scan_read(source, &survey) == 0);
    must(survey.size_bytes == (int64_t)file->n);
    must(repair_plan_make(source, &survey, options, a, &plan) == 0);
    must(!plan.is_unsettled);
    must(plan.messages.reached <= plan.messages.expected);
    must(plan.messages.expected <= plan.messages.in_file);
    transcript_scan_release(&survey);
    return plan;
}

/* Kept bytes and removed ones, put together again by the edits. */
static void must_account_for_all(const struct sv *file, const struct repair_plan *plan,
                                 const struct result *r)
{
    size_t removed = 0;
    for (size_t i = 0; i < plan->edit_count; i++) {
        const struct repair_plan_edit *e = &plan->edits[i];
        size_t n = (size_t)(e->to - e->from);
        must(removed + n <= r->removed.n);
        must(n == 0 || memcmp(file->p + e->from, r->removed.p + removed, n) == 0);
        removed += n;
    }
    must(removed == r->removed.n);
}

static struct normalise_found count(struct sv *file)
{
    struct record_source source = {read_memory, file, (int64_t)file->n, {0}};
    struct normalise_found found;
    must(normalise_find(&source, 0, false, &found) == 0);
    return found;
}

static void must_hold_as_many(const struct record_source *source, const struct repair_plan *plan,
                              struct sv *before, struct sv *after)
{
    int64_t balance;
    struct normalise_found found = count(before);
    if (found.joined) /* is joined before it is planned for */
        return;
    must(repair_plan_balance(source, plan, &balance) == 0);
    must((int64_t)count(after).whole >= (int64_t)found.whole + balance);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct arena a = {0};
    struct result r = {0};
    struct record_source source;
    struct sv file = {(const char *)data + 1, size - 1};
    struct repair_plan_options options = {
        .shrinks = data[0] & 1,
        .is_live = data[0] & 2,
        .fits = data[0] & 4,
        .model_window = 1000,
        .wants_edits = true,
        .modified_ms = 1770000000000,
    };
    struct repair_plan_sink sink = {take_written, take_removed, &r};
    struct repair_plan plan = plan_of(&file, &options, &a, &source);
    check_edits(&plan, (int64_t)file.n);
    must(plan.edit_count == 0 || is_disturbed(&plan, options.shrinks));
    must(plan.fit.tokens_before >= 0 && plan.fit.is_planned == options.fits);
    must(repair_plan_write(&source, &plan, "BACKUP", &sink) == 0);
    must_account_for_all(&file, &plan, &r);
    if (plan.edit_count == 0)
        must(r.file.n == file.n && (file.n == 0 || memcmp(r.file.p, file.p, file.n) == 0));

    struct sv mended = {r.file.p ? r.file.p : "", r.file.n};
    must_hold_as_many(&source, &plan, &file, &mended);
    struct repair_plan second = plan_of(&mended, &options, &a, &source);
    must(second.edit_count == 0);
    buf_release(&r.file);
    buf_release(&r.removed);
    arena_release(&a);
    return 0;
}
