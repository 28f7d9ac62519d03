#include "scratch.h"

#include "platform/notice.h"

#include <errno.h>
#include <poll.h>
#include <sys/inotify.h>

/* What the kernel would write for one event. */
static size_t put(char *at, uint32_t mask, const char *name)
{
    struct inotify_event e = {.wd = 1, .mask = mask, .len = name ? 16 : 0};
    memcpy(at, &e, sizeof e);
    if (name)
        strncpy(at + sizeof e, name, 16);
    return sizeof e + e.len;
}

static bool counts(struct sv name)
{
    return sv_ends_with(name, SV(".json")) || sv_ends_with(name, SV(".jsonl"));
}

static const struct notice all = {.counts = counts};

static struct notice_news news_of(uint32_t mask, const char *name)
{
    char bytes[64] = {0};
    struct notice_news news = {0};
    notice_parse(&all, bytes, put(bytes, mask, name), &news);
    return news;
}

static void folders_and_what_counts_are_told(void **state)
{
    (void)state;
    assert_true(news_of(IN_CREATE, "4711.json").has_names);
    assert_true(news_of(IN_DELETE, "a.jsonl").has_names);
    assert_true(news_of(IN_CREATE | IN_ISDIR, "-home-u").has_names);
    assert_false(news_of(IN_CREATE, "history.lock").has_names);
    assert_false(news_of(IN_CREATE, "4711.abc.key").has_names);
    assert_false(news_of(IN_IGNORED, NULL).has_names);
    assert_true(news_of(IN_MODIFY, "a.jsonl").has_writes);
}

static void what_was_lost_is_told(void **state)
{
    (void)state;
    assert_true(news_of(IN_Q_OVERFLOW, NULL).has_lost_some);
    assert_true(news_of(IN_DELETE_SELF, NULL).has_lost_watch);
    assert_true(news_of(IN_UNMOUNT, NULL).has_lost_watch);
}

static void several_events_are_read_and_a_cut_one_is_not(void **state)
{
    (void)state;
    char bytes[128] = {0};
    struct notice_news news = {0};
    size_t n = put(bytes, IN_CREATE, "x");
    n += put(bytes + n, IN_MODIFY, "y");
    n += put(bytes + n, IN_CREATE, "z.json");
    notice_parse(&all, bytes, n - 1, &news);
    assert_true(news.has_writes);
    assert_false(news.has_names);
    notice_parse(&all, bytes, n, &news);
    assert_true(news.has_names);
}

static bool is_readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 0) > 0;
}

static void a_folder_tells_of_names_always_and_of_writes_once(void **state)
{
    (void)state;
    struct notice n;
    struct notice_news news;
    scratch_put("folder/a.jsonl", "1");
    assert_int_equal(notice_open(&n, counts), 0);
    assert_int_equal(notice_watch(&n, scratch("folder")), 0);
    assert_int_equal(notice_watch(&n, scratch("none")), -ENOENT);
    assert_int_equal(notice_watch(&n, scratch("folder/a.jsonl")), -ENOTDIR);

    scratch_append("folder/a.jsonl", "2");
    assert_true(is_readable(n.writes));
    notice_read(&n, &news);
    assert_true(news.has_writes && !news.has_names);
    scratch_append("folder/a.jsonl", "3");
    assert_false(is_readable(n.writes));
    assert_int_equal(notice_watch(&n, scratch("folder")), 0);
    scratch_append("folder/a.jsonl", "4");
    assert_true(is_readable(n.writes));

    scratch_put("folder/b.jsonl", "");
    notice_read(&n, &news);
    assert_true(news.has_names);
    notice_read(&n, &news);
    assert_false(news.has_names);
    notice_close(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_and_what_counts_are_told),
        cmocka_unit_test(what_was_lost_is_told),
        cmocka_unit_test(several_events_are_read_and_a_cut_one_is_not),
        cmocka_unit_test_setup_teardown(a_folder_tells_of_names_always_and_of_writes_once,
                                        scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests_name("notice", tests, NULL, NULL);
}
