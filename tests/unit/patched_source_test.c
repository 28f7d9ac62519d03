#include "unit.h"

#include "repair/patched_source.h"

#include <errno.h>

static const char text[] = "one\ntwo\nthree\nfour\n";

static int64_t read_text(void *context, char *bytes, size_t n, int64_t offset)
{
    const struct sv *file = context;
    struct sv part = sv_slice(*file, (size_t)offset, (size_t)offset + n);
    if (part.n)
        memcpy(bytes, part.p, part.n);
    return (int64_t)part.n;
}

static struct sv file = {text, sizeof text - 1};
static const struct record_source source = {read_text, &file, sizeof text - 1, {0}};

static struct repair_plan_edit edit(int64_t from, int64_t to, const char *put, uint32_t line)
{
    return (struct repair_plan_edit){
        .from = from,
        .to = to,
        .text = put,
        .text_length = put ? strlen(put) : 0,
        .line = line,
    };
}

/* In pieces of every size, from every place. */
static void assert_reads(struct patched_source *o, const char *expected)
{
    struct record_source made = patched_source_source(o);
    size_t n = strlen(expected);
    assert_int_equal(made.size_bytes, n);
    for (size_t from = 0; from <= n; from++)
        for (size_t size = 1; size <= n + 1; size++) {
            char bytes[200];
            size_t left = n - from < size ? n - from : size;
            assert_int_equal(made.read(made.context, bytes, size, (int64_t)from), left);
            assert_memory_equal(bytes, expected + from, left);
        }
}

static int take(void *context, const char *bytes, size_t n)
{
    buf_add(context, bytes, n);
    return 0;
}

/* The edits of all rounds, as edits of the file, make the same. */
static void assert_edits_make(const struct patched_source *o, const char *expected, size_t count)
{
    struct arena a = {0};
    struct buf made = {0};
    struct repair_plan plan = {0};
    struct repair_plan_sink sink = {.write = take, .context = &made};
    patched_source_edits(o, &a, &plan.edits, &plan.edit_count);
    assert_int_equal(plan.edit_count, count);
    assert_int_equal(repair_plan_write(&source, &plan, PATCHED_SOURCE_BACKUP, &sink), 0);
    assert_sv_equal(((struct sv){made.p, made.n}), expected);
    buf_release(&made);
    arena_release(&a);
}

static void edits_are_seen_without_being_made(void **state)
{
    (void)state;
    struct patched_source o;
    struct repair_plan_edit edits[] = {edit(4, 8, NULL, 2), edit(14, 18, "FOUR", 4),
                                       edit(19, 19, "five\n", 5)};
    patched_source_init(&o, &source);
    assert_reads(&o, text);
    assert_int_equal(patched_source_apply(&o, edits, 3), 0);
    assert_reads(&o, "one\nthree\nFOUR\nfive\n");
    assert_edits_make(&o, "one\nthree\nFOUR\nfive\n", 3);
    patched_source_release(&o);
}

static void a_later_edit_may_touch_what_an_earlier_one_made(void **state)
{
    (void)state;
    struct patched_source o;
    struct repair_plan_edit first[] = {edit(4, 7, "[2]", 2), edit(14, 14, "new\n", 4)};
    /* into a text; around one, with the bytes that it stands for; and behind one */
    struct repair_plan_edit second[] = {edit(5, 6, "22", 2), edit(12, 16, NULL, 3),
                                        edit(18, 18, "!", 4)};
    patched_source_init(&o, &source);
    assert_int_equal(patched_source_apply(&o, first, 2), 0);
    assert_reads(&o, "one\n[2]\nthree\nnew\nfour\n");
    assert_int_equal(patched_source_apply(&o, second, 3), 0);
    assert_reads(&o, "one\n[22]\nthrew\n!four\n");
    assert_edits_make(&o, "one\n[22]\nthrew\n!four\n", 6);
    patched_source_release(&o);
}

static void what_an_earlier_edit_put_in_can_go_again(void **state)
{
    (void)state;
    struct patched_source o;
    struct repair_plan_edit first[] = {edit(4, 4, "new\n", 2)}, second[] = {edit(4, 8, NULL, 2)};
    patched_source_init(&o, &source);
    assert_int_equal(patched_source_apply(&o, first, 1), 0);
    assert_int_equal(patched_source_apply(&o, second, 1), 0);
    assert_reads(&o, text);
    assert_edits_make(&o, text, 0);
    patched_source_release(&o);
}

static void the_backups_name_has_a_place(void **state)
{
    (void)state;
    struct patched_source o;
    struct repair_plan_edit named = edit(0, 3, "<", 1), behind[] = {edit(0, 0, "0\n", 1)};
    named.behind = ">";
    patched_source_init(&o, &source);
    assert_int_equal(patched_source_apply(&o, &named, 1), 0);
    assert_int_equal(patched_source_apply(&o, behind, 1), 0);
    assert_reads(&o, "0\n<" PATCHED_SOURCE_BACKUP ">\ntwo\nthree\nfour\n");
    assert_edits_make(&o, "0\n<" PATCHED_SOURCE_BACKUP ">\ntwo\nthree\nfour\n", 2);
    patched_source_release(&o);
}

static void places_are_told_as_those_of_the_file(void **state)
{
    (void)state;
    struct patched_source o;
    struct repair_plan_edit first[] = {edit(0, 8, NULL, 1), edit(14, 14, "a\nb\n", 4)};
    struct repair_plan_edit second[] = {edit(10, 14, "4", 4)};
    int64_t offset = 10;
    uint32_t line = 4;
    patched_source_init(&o, &source);
    assert_int_equal(patched_source_apply(&o, first, 2), 0);
    assert_reads(&o, "three\na\nb\nfour\n");
    patched_source_origin(&o, &offset, &line);
    assert_int_equal(offset, 14);
    assert_int_equal(line, 4);
    assert_int_equal(patched_source_apply(&o, second, 1), 0);
    assert_int_equal(second[0].line, 4);
    assert_reads(&o, "three\na\nb\n4\n");
    patched_source_release(&o);
}

static void an_empty_file_can_be_added_to(void **state)
{
    (void)state;
    static struct sv empty = {"", 0};
    struct record_source nothing = {read_text, &empty, 0, {0}};
    struct patched_source o;
    struct repair_plan_edit edits[] = {edit(0, 0, "x", 1)};
    patched_source_init(&o, &nothing);
    assert_reads(&o, "");
    assert_int_equal(patched_source_apply(&o, edits, 1), 0);
    assert_reads(&o, "x");
    patched_source_release(&o);
}

static int64_t read_nothing(void *context, char *bytes, size_t n, int64_t offset)
{
    (void)context;
    (void)bytes;
    (void)n;
    (void)offset;
    return -EIO;
}

static void a_read_that_fails_is_told(void **state)
{
    (void)state;
    struct record_source broken = {read_nothing, NULL, 10, {0}};
    struct patched_source o;
    struct repair_plan_edit edits[] = {edit(0, 4, NULL, 1)};
    char byte;
    patched_source_init(&o, &broken);
    struct record_source made = patched_source_source(&o);
    assert_int_equal(made.read(made.context, &byte, 1, 0), -EIO);
    assert_int_equal(patched_source_apply(&o, edits, 1), -EIO);
    patched_source_release(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edits_are_seen_without_being_made),
        cmocka_unit_test(a_later_edit_may_touch_what_an_earlier_one_made),
        cmocka_unit_test(what_an_earlier_edit_put_in_can_go_again),
        cmocka_unit_test(the_backups_name_has_a_place),
        cmocka_unit_test(places_are_told_as_those_of_the_file),
        cmocka_unit_test(an_empty_file_can_be_added_to),
        cmocka_unit_test(a_read_that_fails_is_told),
    };
    return cmocka_run_group_tests_name("overlay", tests, NULL, NULL);
}
