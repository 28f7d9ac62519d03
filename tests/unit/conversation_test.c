#include "unit.h"

#include "agents/claude/events.h"
#include "conversation/conversation.h"

#include <stdio.h>

/* A record of a prompt, said so many seconds into the day. */
static void add_prompt(struct buf *out, const char *id, const char *parent, unsigned second)
{
    buf_addf(out,
             "{\"parentUuid\":%s%s%s,\"isSidechain\":false,\"type\":\"user\",\"uuid\":\"%s\","
             "\"timestamp\":\"2026-02-02T02:%02u:%02u.000Z\",\"message\":{\"role\":\"user\","
             "\"content\":\"%s\"}}\n",
             parent ? "\"" : "", parent ? parent : "null", parent ? "\"" : "", id, second / 60,
             second % 60, id);
}

static struct sv text_of(const struct conversation_item *item, const struct buf *file)
{
    return (struct sv){file->p + item->offset, (size_t)item->length};
}

static bool says(const struct conversation_item *item, const struct buf *file, const char *id)
{
    char content[64];
    snprintf(content, sizeof content, "\"content\":\"%s\"", id);
    struct sv text = text_of(item, file);
    return sv_find(text, 0, sv_of(content)) < text.n;
}

static struct sv bytes_of(const struct buf *b)
{
    return (struct sv){b->p, b->n};
}

static void what_a_copy_has_more_is_added_and_the_rest_is_said_once(void **state)
{
    (void)state;
    enum { LENGTH = 300 };
    struct buf live = {0}, copy = {0};
    for (unsigned i = 0; i <= LENGTH; i++) {
        char id[16], parent[16];
        snprintf(id, sizeof id, "n%u.", i);
        snprintf(parent, sizeof parent, "n%u.", i - 1);
        add_prompt(&copy, id, i ? parent : NULL, i);
        if (i < LENGTH)
            add_prompt(&live, id, i ? parent : NULL, i);
    }
    struct conversation c;
    conversation_begin(&c, &event_claude);
    conversation_add(&c, bytes_of(&live), 0, 0);
    conversation_add(&c, bytes_of(&copy), 0, 1);
    conversation_finish(&c);
    assert_int_equal(c.count, LENGTH + 1);
    assert_int_equal(c.gap_count, 0);
    for (unsigned i = 0; i <= LENGTH; i++) {
        char id[16];
        snprintf(id, sizeof id, "n%u.", i);
        assert_true(says(&c.items[i], c.items[i].file ? &copy : &live, id));
        assert_int_equal(c.items[i].file, i == LENGTH);
        assert_int_equal(c.items[i].branch, 0);
    }
    conversation_release(&c);
    buf_release(&live);
    buf_release(&copy);
}

static void add_at(struct buf *out, const char *id, const char *parent, const char *time)
{
    buf_addf(out,
             "{\"parentUuid\":%s%s%s,\"isSidechain\":false,\"type\":\"user\",\"uuid\":\"%s\",%s"
             "\"message\":{\"role\":\"user\",\"content\":\"%s\"}}\n",
             parent ? "\"" : "", parent ? parent : "null", parent ? "\"" : "", id, time, id);
}

/* What has no time is left out only where what follows it is old. */
static void what_has_no_time_is_not_taken_for_old(void **state)
{
    (void)state;
    static const char old[] = "\"timestamp\":\"2026-02-02T02:00:00.000Z\",";
    static const char new[] = "\"timestamp\":\"2026-02-04T02:00:00.000Z\",";
    static const char *const kept[] = {"d", "e", "f"};
    struct buf text = {0};
    struct wall since;
    add_at(&text, "a", NULL, "");
    add_at(&text, "b", "a", old);
    add_at(&text, "d", "b", "");
    add_at(&text, "e", "d", new);
    add_at(&text, "f", "e", "");
    assert_true(wall_parse(SV("2026-02-03T00:00:00Z"), &since));
    struct conversation c;
    conversation_begin(&c, &event_claude);
    conversation_add(&c, bytes_of(&text), 0, 0);
    conversation_finish(&c);
    assert_int_equal(conversation_drop_before(&c, since), 2);
    assert_int_equal(c.count, 3);
    for (size_t i = 0; i < c.count; i++)
        assert_true(says(&c.items[i], &text, kept[i]));
    conversation_release(&c);
    conversation_begin(&c, &event_claude);
    conversation_add(&c, bytes_of(&text), 0, 0);
    conversation_finish(&c);
    assert_true(wall_parse(SV("2026-02-05T00:00:00Z"), &since));
    assert_int_equal(conversation_drop_before(&c, since), 1); /* what stands behind all */
    conversation_release(&c);
    buf_release(&text);
}

/* As a file is read: lines that come one by one are what they are together. */
static void in_pieces_it_is_the_same(void **state)
{
    (void)state;
    struct buf text = {0};
    add_prompt(&text, "a", NULL, 1);
    buf_adds(&text, "torn\n");
    add_prompt(&text, "b", "a", 2);
    struct conversation c;
    conversation_begin(&c, &event_claude);
    for (size_t from = 0; from < text.n;) {
        size_t end = sv_find(bytes_of(&text), from, SV("\n")) + 1;
        conversation_add(&c, sv_slice(bytes_of(&text), from, end), (int64_t)from, 0);
        from = end;
    }
    conversation_finish(&c);
    assert_int_equal(c.count, 2);
    assert_true(says(&c.items[0], &text, "a") && says(&c.items[1], &text, "b"));
    assert_int_equal(c.gap_count, 1);
    assert_int_equal(c.gaps[0].offset, c.items[0].length + 1);
    conversation_release(&c);
    buf_release(&text);
}

/* More than are looked at one by one. */
static void of_many_branches_none_is_lost(void **state)
{
    (void)state;
    enum { BRANCHES = 1500 };
    struct buf text = {0};
    static bool seen[BRANCHES];
    add_prompt(&text, "root", NULL, 0);
    for (unsigned i = 0; i < BRANCHES; i++) {
        char id[16];
        snprintf(id, sizeof id, "b%u.", i);
        add_prompt(&text, id, "root", 1 + (i * 7) % BRANCHES);
    }
    struct conversation c;
    conversation_begin(&c, &event_claude);
    conversation_add(&c, bytes_of(&text), 0, 0);
    conversation_finish(&c);
    assert_int_equal(c.count, BRANCHES + 1);
    assert_true(says(&c.items[0], &text, "root"));
    for (size_t i = 1; i < c.count; i++) {
        struct sv mark = SV("\"content\":\"b");
        struct sv record = text_of(&c.items[i], &text);
        size_t at = sv_find(record, 0, mark) + mark.n;
        unsigned n = (unsigned)strtoul(record.p + at, NULL, 10);
        assert_true(n < BRANCHES && !seen[n]);
        seen[n] = true;
        /* the last ones go together, in the order of their times */
        if (i > 1 && c.items[i].branch == c.items[i - 1].branch)
            assert_true(c.items[i].at_ms >= c.items[i - 1].at_ms);
    }
    assert_int_equal(c.items[c.count - 1].branch, c.branch_count);
    conversation_release(&c);
    buf_release(&text);
}

static void a_place_that_cannot_be_read_is_said(void **state)
{
    (void)state;
    struct buf text = {0};
    add_prompt(&text, "a", NULL, 1);
    buf_adds(&text, "{\"parentUuid\":\"a\",\"type\":\"us\n");
    add_prompt(&text, "b", "a", 2);
    struct conversation c;
    conversation_begin(&c, &event_claude);
    conversation_add(&c, bytes_of(&text), 0, 3);
    conversation_finish(&c);
    assert_int_equal(c.count, 2);
    assert_int_equal(c.gap_count, 1);
    assert_int_equal(c.gaps[0].file, 3);
    assert_int_equal(c.gaps[0].offset, sv_find(bytes_of(&text), 0, SV("\n")) + 1);
    conversation_release(&c);
    buf_release(&text);
}

/* Once, what stood behind the sixteenth of them was taken for one gap. */
static void twenty_records_on_one_line_are_twenty(void **state)
{
    (void)state;
    enum { LENGTH = 20 };
    struct buf glued = {0};
    for (unsigned i = 0; i < LENGTH; i++) {
        char id[16], parent[16];
        snprintf(id, sizeof id, "n%u.", i);
        snprintf(parent, sizeof parent, "n%u.", i - 1);
        add_prompt(&glued, id, i ? parent : NULL, i);
        glued.n -= i + 1 < LENGTH; /* the newline */
    }
    struct conversation c;
    conversation_begin(&c, &event_claude);
    conversation_add(&c, bytes_of(&glued), 0, 0);
    conversation_finish(&c);
    assert_int_equal(c.count, LENGTH);
    assert_int_equal(c.gap_count, 0);
    conversation_release(&c);
    buf_release(&glued);
}

/* Once, such a record was found and not drawn. */
static void a_record_with_a_damaged_id_is_its_item(void **state)
{
    (void)state;
    static const char *const ids[] = {
        "0a.",
        "\xff\x80 is not UTF-8",
        "half a pair: \\ud83d",
        "a pair: \\ud83d\\ude00",
        "longer than sixty-four bytes, which is what is kept of an id while a line goes by",
    };
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        struct buf text = {0};
        struct arena a = {0};
        struct conversation c;
        struct event e;
        add_prompt(&text, ids[i], NULL, 1);
        add_prompt(&text, "another", ids[i], 2);
        conversation_begin(&c, &event_claude);
        conversation_add(&c, bytes_of(&text), 0, 0);
        conversation_finish(&c);
        assert_int_equal(c.count, 2);
        struct sv one = text_of(&c.items[0], &text), other = text_of(&c.items[1], &text);
        assert_int_equal(event_claude.read(&a, one, &e), 0);
        assert_true(conversation_is_of_item(&c, &c.items[0], &e, one));
        assert_false(conversation_is_of_item(&c, &c.items[1], &e, one));
        assert_int_equal(event_claude.read(&a, other, &e), 0);
        assert_false(conversation_is_of_item(&c, &c.items[0], &e, other));
        conversation_release(&c);
        arena_release(&a);
        buf_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_with_a_damaged_id_is_its_item),
        cmocka_unit_test(twenty_records_on_one_line_are_twenty),
        cmocka_unit_test(what_a_copy_has_more_is_added_and_the_rest_is_said_once),
        cmocka_unit_test(what_has_no_time_is_not_taken_for_old),
        cmocka_unit_test(in_pieces_it_is_the_same),
        cmocka_unit_test(of_many_branches_none_is_lost),
        cmocka_unit_test(a_place_that_cannot_be_read_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
