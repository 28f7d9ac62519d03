#include "unit.h"

#include "base/json.h"

#include <errno.h>

static struct arena arena;

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static const struct json_value *parse(struct sv text)
{
    const struct json_value *root = NULL;
    struct sv exact = unit_bytes(text);
    assert_int_equal(json_parse(&arena, exact, &root), 0);
    free((void *)(uintptr_t)exact.p); /* values live in the arena, not in the text */
    return root;
}

/* The text of the member "a". */
static struct sv text_in(struct sv text)
{
    struct sv s = {0};
    assert_true(json_string(json_get(parse(text), "a"), &s));
    return s;
}

static void values_are_found_by_key_and_path(void **state)
{
    (void)state;
    const struct json_value *root =
        parse(SV("{\"m\":{\"id\":\"x\",\"n\":-5,\"t\":true,\"z\":null}}"));
    struct sv s;
    int64_t n;
    assert_true(json_string(json_path(root, "m", "id", NULL), &s));
    assert_sv_equal(s, "x");
    assert_true(json_integer(json_path(root, "m", "n", NULL), &n));
    assert_int_equal(n, -5);
    assert_true(json_is_true(json_path(root, "m", "t", NULL)));
    assert_true(json_is_null(json_path(root, "m", "z", NULL)));
}

static void what_is_absent_or_of_another_type_says_no(void **state)
{
    (void)state;
    const struct json_value *root = parse(SV("{\"s\":\"x\",\"n\":1.5,\"u\":18446744073709551615}"));
    struct sv s = SV("untouched");
    int64_t n = 7;
    assert_null(json_get(root, "absent"));
    assert_null(json_path(root, "s", "deeper", "still", NULL));
    assert_false(json_string(json_get(root, "n"), &s) || json_string(NULL, &s));
    assert_false(json_integer(json_get(root, "n"), &n) || json_integer(json_get(root, "u"), &n));
    assert_false(json_is_null(NULL) || json_is_true(NULL) || json_is_object(NULL));
    assert_null(json_first(json_get(root, "s")));
    assert_null(json_first(NULL));
    assert_sv_equal(s, "untouched");
    assert_int_equal(n, 7);
}

static void arrays_are_walked_over_items_of_any_size(void **state)
{
    (void)state;
    const struct json_value *array = parse(SV("[{\"a\":[1,2]},[],\"x\",3]"));
    size_t count = 0;
    for (const struct json_value *v = json_first(array); v; v = json_next(array, v))
        count++;
    assert_int_equal(count, 4);
    assert_null(json_first(parse(SV("[]"))));
}

static void damage_is_refused(void **state)
{
    (void)state;
    static const struct sv texts[] = {
        {"", 0},           {"{", 1},   {"{\"a\":1}{}", 9}, {"{\"a\":1}\0", 8}, {"{'a':1}", 7},
        {"{\"a\":1,}", 8}, {"nul", 3}, {"\"a\tb\"", 5},    {"\"\\u12\"", 6}};
    const struct json_value *root = (const void *)&arena;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(json_parse(&arena, texts[i], &root), -EBADMSG);
    assert_int_equal(json_parse(&arena, (struct sv){NULL, 0}, &root), -EBADMSG);
    assert_ptr_equal(root, &arena);
}

static void deep_nesting_is_survived(void **state)
{
    (void)state;
    struct buf text = {0};
    const struct json_value *root;
    buf_fill(&text, '[', 100000);
    assert_int_equal(json_parse(&arena, (struct sv){text.p, text.n}, &root), -EBADMSG);
    buf_fill(&text, ']', 100000);
    assert_int_equal(json_parse(&arena, (struct sv){text.p, text.n}, &root), 0);
    buf_release(&text);
}

#define REPLACED "\xef\xbf\xbd"

static void a_number_too_large_for_a_double_is_no_error(void **state)
{
    struct arena a = {0};
    const struct json_value *root;
    struct buf out = {0};
    int64_t n;
    double real;
    (void)state;
    assert_int_equal(json_parse(&a, SV("[1e400,-123456789012345678901234567890,7]"), &root), 0);
    const struct json_value *first = json_first(root);
    assert_false(json_integer(first, &n));
    assert_false(json_real(first, &real));
    json_add_value(root, &out);
    assert_non_null(strstr(out.p, "1e400"));
    assert_non_null(strstr(out.p, "-123456789012345678901234567890"));
    assert_true(json_integer(json_next(root, json_next(root, first)), &n));
    assert_int_equal(n, 7);
    buf_release(&out);
    arena_release(&a);
}

static void a_lone_surrogate_is_replaced(void **state)
{
    (void)state;
    assert_sv_equal(text_in(SV("{\"a\":\"x\\ud83d\"}")), "x" REPLACED);
    assert_sv_equal(text_in(SV("{\"a\":\"\\ude00x\"}")), REPLACED "x");
    assert_sv_equal(text_in(SV("{\"a\":\"\\uD83D\\uDE00\\uDBFF\"}")), "\xf0\x9f\x98\x80" REPLACED);
    assert_sv_equal(text_in(SV("{\"a\":\"\\ud800\\udc00\\udc00\"}")), "\xf0\x90\x80\x80" REPLACED);
    assert_sv_equal(text_in(SV("{\"a\":\"\\ud83d\\ud83d\\ude00\"}")), REPLACED "\xf0\x9f\x98\x80");
    assert_sv_equal(text_in(SV("{\"a\":\"\\ud83d\\u0041\"}")), REPLACED "A");
}

static void a_pair_beside_a_lone_surrogate_stays(void **state)
{
    (void)state;
    assert_sv_equal(text_in(SV("{\"a\":\"\\ud83d\\ude00\",\"b\":\"\\ud83d\"}")),
                    "\xf0\x9f\x98\x80");
}

static void an_escaped_backslash_is_no_surrogate(void **state)
{
    (void)state;
    assert_sv_equal(text_in(SV("{\"a\":\"\\\\ud83d\",\"b\":\"\\ud83d\"}")), "\\ud83d");
}

static void bytes_that_are_not_utf8_are_replaced(void **state)
{
    (void)state;
    assert_sv_equal(text_in(SV("{\"a\":\"x\xff\"}")), "x" REPLACED);
    /* a surrogate in UTF-8's clothes: three bytes, none of them valid */
    assert_sv_equal(text_in(SV("{\"a\":\"\xed\xa0\xbd\"}")), REPLACED REPLACED REPLACED);
}

static void an_escaped_nul_is_part_of_the_text(void **state)
{
    (void)state;
    struct sv s = text_in(SV("{\"a\":\"x\\u0000y\"}"));
    assert_int_equal(s.n, 3);
    assert_memory_equal(s.p, "x\0y", 3);
}

static void assert_written(struct json_document *d, struct json_node *root, const char *expected)
{
    struct buf out = {0};
    json_finish(d, root, true, &out);
    assert_string_equal(out.p, expected);
    buf_release(&out);
}

static void a_document_is_written(void **state)
{
    (void)state;
    struct json_document *d = json_document_new();
    struct json_node *root = json_object(d);
    struct json_node *list = json_array(d);
    json_put_string(d, root, "s", "a\"b\n");
    json_put_integer(d, root, "n", -3);
    json_put_bool(d, root, "b", false);
    json_put_null(d, root, "z");
    json_put_string(d, root, "none", NULL);
    json_put(d, root, "list", list);
    json_put_integer(d, list, NULL, 1);
    json_put_real(d, list, NULL, 0.5);
    assert_written(d, root,
                   "{\"s\":\"a\\\"b\\n\",\"n\":-3,\"b\":false,\"z\":null,\"none\":null,"
                   "\"list\":[1,0.5]}\n");
}

static void text_of_any_bytes_is_written_in_ascii(void **state)
{
    (void)state;
    struct json_document *d = json_document_new();
    struct json_node *root = json_object(d);
    json_put_string(d, root, "path", "/tmp/\xff\xc3\xa9");
    json_put_string(d, root, "drives", "\x1b[2J\xc2\x9b"); /* escape, and C1 CSI */
    json_put_string(d, root, "erases",
                    "\x7f"
                    "a\x7f");
    json_put_string(d, root, "empty", "");
    assert_written(d, root,
                   "{\"path\":\"/tmp/\\uFFFD\\u00E9\",\"drives\":\"\\u001B[2J\\u009B\","
                   "\"erases\":\"\\u007Fa\\u007F\",\"empty\":\"\"}\n");
}

int main(void)
{
#define TEST(function) cmocka_unit_test_teardown(function, release)
    const struct CMUnitTest tests[] = {
        TEST(values_are_found_by_key_and_path),
        TEST(what_is_absent_or_of_another_type_says_no),
        TEST(arrays_are_walked_over_items_of_any_size),
        TEST(damage_is_refused),
        TEST(deep_nesting_is_survived),
        TEST(a_number_too_large_for_a_double_is_no_error),
        TEST(a_lone_surrogate_is_replaced),
        TEST(a_pair_beside_a_lone_surrogate_stays),
        TEST(an_escaped_backslash_is_no_surrogate),
        TEST(bytes_that_are_not_utf8_are_replaced),
        TEST(an_escaped_nul_is_part_of_the_text),
        TEST(a_document_is_written),
        TEST(text_of_any_bytes_is_written_in_ascii),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
