#include "unit.h"

#include "base/json_read.h"

/* The one value as the other: kinds, texts, numbers and order. */
static bool same(yyjson_val *a, yyjson_val *b)
{
    /* what yyjson says of escapes in a text is of no meaning to a reader */
    uint64_t escapes = yyjson_is_str(b) ? YYJSON_SUBTYPE_MASK : 0;
    if ((a->tag | escapes) != (b->tag | escapes))
        return false;
    if (json_read_is_escaped(a))
        return false;
    if (yyjson_is_str(a))
        return memcmp(a->uni.str, b->uni.str, yyjson_get_len(a) + 1) == 0;
    if (yyjson_is_num(a) && a->uni.u64 != b->uni.u64)
        return false;
    if (!yyjson_is_ctn(a))
        return true;
    if (a->uni.ofs != b->uni.ofs)
        return false;
    size_t count = yyjson_get_len(a) * (yyjson_is_obj(a) ? 2 : 1);
    for (yyjson_val *x = a + 1, *y = b + 1; count--;) {
        if (!same(x, y))
            return false;
        x = unsafe_yyjson_get_next(x);
        y = unsafe_yyjson_get_next(y);
    }
    return true;
}

/* Returns: whether it was read; fails where yyjson reads something else, or nothing. */
static bool reads_as_yyjson(struct sv text)
{
    struct arena arena = {0};
    struct sv exact = unit_bytes(text);
    yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)exact.p, exact.n,
                                       YYJSON_READ_BIGNUM_AS_RAW, NULL, NULL);
    yyjson_val *root = json_read_ordinary(&arena, exact);
    if (root)
        json_read_unescape_all(root);
    free((void *)(uintptr_t)exact.p); /* values live in the arena, not in the text */
    if (root && !(doc && same(root, yyjson_doc_get_root(doc))))
        fail_msg("read otherwise: %.*s", (int)text.n, text.p);
    yyjson_doc_free(doc);
    arena_release(&arena);
    return root != NULL;
}

static const char *const ordinary[] = {
    "{}",
    "[]",
    " [ { } , [ ] ] \r\n\t",
    "{\"a\":{\"b\":[1,-2,0,-0,123456789012345678,-999999999999999999]},\"a\":true}",
    "{\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":"
    "\"one "
    "line\\nand another, longer than sixteen bytes\\n\\\"quoted\\\"\"}]},\"isMeta\":null}",
    "[1.5,-0.0,1e5,1E-5,0.1,123456789.123456789,5e-324,1.7976931348623157e308]",
    "[\"\",\"\\u0000\",\"\\u00e9\\u4e2d\\ud83d\\ude00\",\"\\\\\\/\\b\\f\\n\\r\\t\"]",
    "[\"caf\xc3\xa9, and more text behind \xe4\xb8\xad\xe6\x96\x87 \xf0\x9f\x98\x80 so far\"]",
    "[\"\x7f\xc2\x80\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"]",
    "[true,false,null]",
    "[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]",
};

static const char *const left_to_yyjson[] = {
    "1",
    "\"a\"",
    "null",
    " ",
    "[",
    "{",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{a:1}",
    "[1}",
    "{\"a\":1]",
    "[1]]",
    "[1] x",
    "[01]",
    "[-]",
    "[+1]",
    "[1.]",
    "[.5]",
    "[1e]",
    "[1e999]",
    "[1234567890123456789]",
    "[12345678901234567890]",
    "[tru]",
    "[True]",
    "[nul",
    "[\"a]",
    "[\"\\x\"]",
    "[\"\\u12\"]",
    "[\"\\u12g4\"]",
    "[\"\\ud83d\"]",
    "[\"\\ude00\"]",
    "[\"\\ud83d\\u0041\"]",
    "[\"\t\"]",
    "[\"\xff\"]",
    "[\"\xc0\x80\"]",
    "[\"\xed\xa0\x80\"]",
    "[\"\xe0\x80\x80\"]",
    "[\"\xf4\x90\x80\x80\"]",
    "[\"\xf0\x80\x80\x80\"]",
    "[\"\xe4\xb8\"]",
    "[\"\xe4",
    "\xef\xbb\xbf[]",
    "[NaN]",
    "[1//x\n]",
    "{\"a\":1 \"b\":2}",
    "{\"a\" 1}",
    "[1 2]",
};

static void what_is_ordinary_is_read_as_yyjson_reads_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ordinary / sizeof *ordinary; i++)
        if (!reads_as_yyjson(sv_of(ordinary[i])))
            fail_msg("left to yyjson: %s", ordinary[i]);
}

static void what_is_not_is_left_to_yyjson(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof left_to_yyjson / sizeof *left_to_yyjson; i++)
        if (reads_as_yyjson(sv_of(left_to_yyjson[i])))
            fail_msg("read: %s", left_to_yyjson[i]);
    assert_false(reads_as_yyjson(SV("[\0]")) || reads_as_yyjson(SV("[1]\0")) ||
                 reads_as_yyjson(SV("[1.\0"
                                    "5]")));
}

/* Deterministic: the same texts in each run. */
static uint32_t random_below(uint64_t *seed, uint32_t limit)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33) % limit;
}

/* Cut, with bytes changed, doubled and taken out: whatever becomes of it, no other answer. */
static void whatever_becomes_of_it_no_other_value_is_read(void **state)
{
    (void)state;
    static const char bytes[] =
        "{}[]\",:\\u0123456789aeE+-.tfn \n\x1f\x7f\x80\xbf\xc2\xe4\xed\xf0\xff";
    uint64_t seed = 1;
    size_t read = 0;
    for (int round = 0; round < 60000; round++) {
        struct buf text = {0};
        buf_adds(&text, ordinary[random_below(&seed, sizeof ordinary / sizeof *ordinary)]);
        for (uint32_t changes = 1 + random_below(&seed, 3); changes-- && text.n;) {
            uint32_t at = random_below(&seed, (uint32_t)text.n);
            uint32_t kind = random_below(&seed, 4);
            if (kind == 0)
                text.p[at] = bytes[random_below(&seed, sizeof bytes - 1)];
            else if (kind == 1)
                memmove(text.p + at, text.p + at + 1, --text.n - at);
            else if (kind == 2)
                buf_add(&text, ordinary[1], 1 + random_below(&seed, 2));
            else if (random_below(&seed, 8) == 0)
                text.n = at;
        }
        read += text.n && reads_as_yyjson((struct sv){text.p, text.n});
        buf_release(&text);
    }
    assert_true(read > 5000);
}

/* Every place of a string's end in a chunk, and more values than are held at first. */
static void any_length_is_read(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_adds(&text, "[");
    for (int n = 0; n < 100; n++) {
        buf_adds(&text, n ? ",\"" : "\"");
        for (int i = 0; i < n; i++)
            buf_adds(&text, i % 7 == 6 ? "\\n" : i % 11 == 10 ? "\xc3\xa9" : "x");
        buf_adds(&text, "\"");
    }
    buf_adds(&text, "]");
    assert_true(reads_as_yyjson((struct sv){text.p, text.n}));
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_ordinary_is_read_as_yyjson_reads_it),
        cmocka_unit_test(what_is_not_is_left_to_yyjson),
        cmocka_unit_test(whatever_becomes_of_it_no_other_value_is_read),
        cmocka_unit_test(any_length_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
