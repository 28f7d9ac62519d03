#include "unit.h"

#include "base/json.h"
#include "jsonl/thin_record.h"

#include <stdlib.h>

enum { HUGE = 20 * 1024 * 1024 };

/* In pieces of n bytes. */
static struct thin_record thinned(const struct buf *line, size_t n)
{
    struct thin_record t = {0};
    for (size_t at = 0; at < line->n; at += n)
        thin_record_feed(&t, line->p + at, line->n - at < n ? line->n - at : n);
    return t;
}

static void a_short_line_stays_as_it_is(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":\"b\\\"\\\\\",\"c\":[1,\"\\ud83d\\ude00\"]}";
    struct buf line = {0};
    buf_adds(&line, text);
    for (size_t n = 1; n < 10; n++) {
        struct thin_record t = thinned(&line, n);
        assert_sv_equal(((struct sv){t.out.p, t.out.n}), text);
        assert_int_equal(t.cut_bytes, 0);
        thin_record_release(&t);
    }
    buf_release(&line);
}

static void a_long_string_is_cut_between_characters_and_says_so(void **state)
{
    (void)state;
    static const char *const units[] = {"x", "\\n", "\\u00e9", "\xc3\xa9", "\\\\"};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        struct buf line = {0};
        struct arena a = {0};
        const struct json_value *root;
        struct sv text;
        buf_adds(&line, "{\"a\":\"");
        while (line.n < HUGE)
            buf_adds(&line, units[i]);
        buf_adds(&line, "\",\"b\":\"short\"}");
        struct thin_record t = thinned(&line, 65536);
        assert_true(t.out.n <= THIN_RECORD_FROM + 100);
        assert_int_equal(json_parse(&a, (struct sv){t.out.p, t.out.n}, &root), 0);
        assert_true(json_string(json_get(root, "b"), &text));
        assert_sv_equal(text, "short");
        assert_true(json_string(json_get(root, "a"), &text));
        assert_true(sv_ends_with(text, SV(" bytes more are in the file]")));
        assert_true(t.cut_bytes > HUGE - THIN_RECORD_FROM - 100);
        thin_record_release(&t);
        arena_release(&a);
        buf_release(&line);
    }
}

static void what_is_no_string_is_bounded_too(void **state)
{
    (void)state;
    struct buf line = {0};
    buf_fill(&line, '7', HUGE);
    struct thin_record t = thinned(&line, 4096);
    assert_int_equal(t.out.n, THIN_RECORD_MOST);
    thin_record_next(&t);
    thin_record_feed(&t, "{}", 2);
    assert_sv_equal(((struct sv){t.out.p, t.out.n}), "{}");
    assert_int_equal(t.cut_bytes, 0);
    thin_record_release(&t);
    buf_release(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_short_line_stays_as_it_is),
        cmocka_unit_test(a_long_string_is_cut_between_characters_and_says_so),
        cmocka_unit_test(what_is_no_string_is_bounded_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
