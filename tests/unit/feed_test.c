/* The index, fed from files. */
#include "scratch.h"

#include "agents/claude/events.h"
#include "search/feed.h"
#include "search/query.h"

#include <errno.h>

#define SESSION "11111111-2222-4333-8444-555555555555"

static struct index ix;
static int64_t root;

static int setup(void **state)
{
    int r = scratch_setup(state);
    if (r < 0 || index_open(&ix, scratch("cache"), 0, NULL, NULL, NULL) < 0)
        return -1;
    root = index_root(&ix, scratch_path);
    return 0;
}

static int teardown(void **state)
{
    assert_int_equal(index_code(&ix, NULL), 0);
    index_close(&ix);
    return scratch_teardown(state);
}

static const char *record(const char *uuid, const char *text)
{
    return arena_printf(&scratch_arena,
                        "{\"parentUuid\":null,\"type\":\"user\",\"message\":{\"content\":\"%s\"},"
                        "\"uuid\":\"%s\",\"timestamp\":\"2026-01-02T03:04:05.000Z\"}\n",
                        text, uuid);
}

/* Returns: the bytes that were read. */
static void count(void *context, int64_t bytes)
{
    *(int64_t *)context += bytes;
}

static int64_t feed(const char *name)
{
    struct index_file known = {0};
    struct fs_file file;
    int64_t bytes = 0;
    struct feed feed = {.ix = &ix,
                        .reader = &event_claude,
                        .root = root,
                        .path = name,
                        .session_id = SESSION,
                        .progress = count,
                        .context = &bytes};
    assert_int_equal(fs_open_file(AT_FDCWD, scratch(name), &file), 0);
    if (index_find_file(&ix, root, name, &known) && feed_is_known(&known, &file)) {
        close(file.fd);
        return -1;
    }
    index_begin(&ix);
    assert_int_equal(feed_file(&feed, &file, &known), 0);
    index_commit(&ix);
    close(file.fd);
    return bytes;
}

static struct index_hit *hits;

static int64_t found(const char *words)
{
    struct buf match = {0};
    size_t n;
    assert_int_equal(query_parse(&words, 1, &match, NULL), 0);
    int64_t all =
        index_search(&ix, (struct sv){match.p, match.n}, &root, 1, 10, &scratch_arena, &hits, &n);
    assert_int_equal(n, all < 10 ? all : 10);
    buf_release(&match);
    return all;
}

static void what_was_said_is_found(void **state)
{
    (void)state;
    scratch_put("a.jsonl", record("1", "orange marmalade"));
    feed("a.jsonl");
    assert_int_equal(found("marmalade"), 1);
    assert_int_equal(found("MARMALADE orange"), 1);
    assert_int_equal(found("\"marmalade orange\""), 0);
    assert_int_equal(found("marm*"), 1);
    assert_int_equal(found("marm"), 0);
}

static void other_scripts_are_found(void **state)
{
    (void)state;
    scratch_put("a.jsonl", record("1", "私は日本語を話す Café"));
    feed("a.jsonl");
    assert_int_equal(found("日本語"), 1);
    assert_int_equal(found("本日"), 0);
    assert_int_equal(found("cafe"), 1);
}

static void an_unchanged_file_is_not_read(void **state)
{
    (void)state;
    scratch_put("a.jsonl", record("1", "one"));
    feed("a.jsonl");
    assert_int_equal(feed("a.jsonl"), -1);
}

static void of_a_grown_file_only_what_is_new_is_read(void **state)
{
    (void)state;
    const char *more = record("2", "two");
    scratch_put("a.jsonl", record("1", "one"));
    feed("a.jsonl");
    scratch_append("a.jsonl", more);
    assert_int_equal(feed("a.jsonl"), strlen(more));
    assert_int_equal(found("one"), 1);
    assert_int_equal(found("two"), 1);
}

static void a_last_line_without_its_end_is_found_and_read_again(void **state)
{
    (void)state;
    const char *line = record("1", "one");
    scratch_write("a.jsonl", line, strlen(line) - 1);
    feed("a.jsonl");
    assert_int_equal(found("one"), 1);
    scratch_append("a.jsonl", "\n");
    feed("a.jsonl");
    assert_int_equal(found("one"), 1);
}

static void a_torn_last_line_waits_for_its_rest(void **state)
{
    (void)state;
    const char *line = record("2", "two");
    size_t half = strlen(line) / 2;
    scratch_put("a.jsonl", record("1", "one"));
    scratch_append("a.jsonl", arena_strndup(&scratch_arena, line, half));
    feed("a.jsonl");
    assert_int_equal(found("two"), 0);
    scratch_append("a.jsonl", line + half);
    feed("a.jsonl");
    assert_int_equal(found("two"), 1);
    assert_int_equal(found("one"), 1);
}

static void damaged_lines_give_what_can_be_read(void **state)
{
    (void)state;
    struct buf bytes = {0};
    buf_adds(&bytes,
             "{\"parentUuid\":null,\"type\":\"user\",\"message\":{\"content\":\"torn words\n");
    const char *glued = record("2", "glued");
    buf_adds(&bytes, "{\"type\":\"pr-link\",\"prNu");
    buf_adds(&bytes, glued);
    buf_fill(&bytes, '\0', 300);
    buf_adds(&bytes, record("3", "padded"));
    buf_adds(&bytes, "garbage\n");
    buf_adds(&bytes, record("4", "last"));
    scratch_write("a.jsonl", bytes.p, bytes.n);
    buf_release(&bytes);
    feed("a.jsonl");
    static const char *const words[] = {"\"torn words\"", "glued", "padded", "last"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct arena a = {0};
        struct event e;
        struct message m;
        struct fs_file file;
        assert_int_equal(found(words[i]), 1);
        assert_int_equal(fs_open_file(AT_FDCWD, scratch("a.jsonl"), &file), 0);
        assert_int_equal(
            feed_read_record(&event_claude, file.fd, hits[0].offset, hits[0].key, &a, &e, &m), 0);
        close(file.fd);
        arena_release(&a);
    }
}

static void a_shorter_file_is_read_again(void **state)
{
    (void)state;
    scratch_put("a.jsonl", record("1", "one"));
    scratch_append("a.jsonl", record("2", "two"));
    feed("a.jsonl");
    assert_int_equal(truncate(scratch("a.jsonl"), (off_t)strlen(record("1", "one"))), 0);
    feed("a.jsonl");
    assert_int_equal(found("one"), 1);
    assert_int_equal(found("two"), 0);
}

static void a_file_rewritten_to_the_same_length_is_read_again(void **state)
{
    (void)state;
    scratch_put("a.jsonl", record("1", "one"));
    feed("a.jsonl");
    scratch_put("a.jsonl", record("2", "two"));
    scratch_append("a.jsonl", record("3", "three"));
    feed("a.jsonl");
    assert_int_equal(found("one"), 0);
    assert_int_equal(found("two"), 1);
    assert_int_equal(found("three"), 1);
}

static void a_message_in_several_files_is_one(void **state)
{
    (void)state;
    scratch_put("a.jsonl", record("1", "one"));
    scratch_put("backup.jsonl", record("1", "one"));
    feed("a.jsonl");
    feed("backup.jsonl");
    assert_int_equal(found("one"), 1);
    struct index_place *places;
    size_t n;
    index_places(&ix, &hits[0], &root, 1, &scratch_arena, &places, &n);
    assert_int_equal(n, 2);
}

static void what_its_backup_holds_outlives_a_file(void **state)
{
    (void)state;
    struct index_file file;
    scratch_put("a.jsonl", record("1", "one"));
    scratch_append("a.jsonl", record("2", "two"));
    scratch_put("backup.jsonl", record("1", "one"));
    feed("a.jsonl");
    feed("backup.jsonl");
    assert_true(index_find_file(&ix, root, "a.jsonl", &file));
    index_forget_file(&ix, file.id);
    assert_int_equal(found("one"), 1);
    assert_int_equal(found("two"), 0);
    assert_true(index_find_file(&ix, root, "backup.jsonl", &file));
    index_forget_file(&ix, file.id);
    assert_int_equal(found("one"), 0);
    /* and comes again as new */
    scratch_put("c.jsonl", record("1", "one"));
    feed("c.jsonl");
    assert_int_equal(found("one"), 1);
}

static void other_roots_are_not_looked_into(void **state)
{
    (void)state;
    scratch_put("a.jsonl", record("1", "one"));
    feed("a.jsonl");
    int64_t mine = root;
    root = index_root(&ix, "/elsewhere");
    assert_int_equal(found("one"), 0);
    root = mine;
    assert_int_equal(found("one"), 1);
}

static void the_newest_come_first(void **state)
{
    (void)state;
    for (int i = 0; i < 25; i++) {
        const char *line =
            arena_printf(&scratch_arena,
                         "{\"type\":\"user\",\"message\":{\"content\":\"word\"},\"uuid\":\"%d\","
                         "\"timestamp\":\"2026-01-02T03:04:%02d.000Z\"}\n",
                         i, i * 7 % 25);
        if (i == 0)
            scratch_put("a.jsonl", line);
        else
            scratch_append("a.jsonl", line);
    }
    feed("a.jsonl");
    assert_int_equal(found("word"), 25);
    for (int i = 0; i < 10; i++)
        assert_int_equal(hits[i].at_ms % 60000, (24 - i) * 1000);
}

static void a_long_line_is_read_in_bounds(void **state)
{
    (void)state;
    const size_t n = 13 * 1000 * 1000;
    struct buf line = {0};
    buf_adds(&line, "{\"type\":\"user\",\"message\":{\"content\":\"first ");
    buf_fill(&line, 'x', n);
    buf_adds(&line, " beyond\"},\"uuid\":\"1\"}\n");
    buf_adds(&line, record("2", "next"));
    scratch_write("a.jsonl", line.p, line.n);
    buf_release(&line);
    feed("a.jsonl");
    assert_int_equal(found("first"), 1);
    assert_int_equal(found("next"), 1);
    assert_int_equal(found("beyond"), 0); /* FEED_WORDS_MAX */
}

static void only_the_owner_may_read_it(void **state)
{
    (void)state;
    assert_int_equal(scratch_mode("cache"), 0700);
    assert_int_equal(scratch_mode("cache/search.db"), 0600);
    scratch_put("a.jsonl", record("1", "one"));
    feed("a.jsonl");
    assert_int_equal(scratch_mode("cache/search.db-wal"), 0600);
}

static void a_second_writer_may_only_search(void **state)
{
    (void)state;
    struct index second;
    scratch_put("a.jsonl", record("1", "one"));
    feed("a.jsonl");
    assert_int_equal(index_open(&second, scratch("cache"), 0, NULL, NULL, NULL), 0);
    assert_true(second.lock < 0);
    assert_int_equal(index_counts(&second).messages, 1);
    index_close(&second);
}

static void snippets_mark_what_matches(void **state)
{
    (void)state;
    const struct sv texts[] = {SV("an orange marmalade"), SV("nothing"), SV("Marmalade\x02!")};
    const char *snippets[3];
    assert_int_equal(index_snippets(SV("\"marmalade\""), texts, 3, &scratch_arena, snippets), 0);
    assert_string_equal(snippets[0], "an orange \x02marmalade\x03");
    assert_null(snippets[1]);
    assert_string_equal(snippets[2], "\x02Marmalade\x03 !");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_said_is_found),
        TEST(other_scripts_are_found),
        TEST(an_unchanged_file_is_not_read),
        TEST(of_a_grown_file_only_what_is_new_is_read),
        TEST(a_last_line_without_its_end_is_found_and_read_again),
        TEST(a_torn_last_line_waits_for_its_rest),
        TEST(damaged_lines_give_what_can_be_read),
        TEST(a_shorter_file_is_read_again),
        TEST(a_file_rewritten_to_the_same_length_is_read_again),
        TEST(a_message_in_several_files_is_one),
        TEST(what_its_backup_holds_outlives_a_file),
        TEST(other_roots_are_not_looked_into),
        TEST(the_newest_come_first),
        TEST(a_long_line_is_read_in_bounds),
        TEST(only_the_owner_may_read_it),
        TEST(a_second_writer_may_only_search),
        TEST(snippets_mark_what_matches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
