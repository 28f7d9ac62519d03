#include "unit.h"

#include "repair/normalise.h"

#include <stdio.h>

/* Texts made of others, in pieces of a size that falls anywhere. */
struct scene {
    struct sv text;
    size_t piece;
    struct buf made;
    struct normalise_found found;
};

static int64_t read_text(void *context, char *bytes, size_t n, int64_t offset)
{
    const struct scene *s = context;
    size_t left = (size_t)offset < s->text.n ? s->text.n - (size_t)offset : 0;
    n = n < left ? n : left;
    n = n < s->piece ? n : s->piece;
    if (n)
        memcpy(bytes, s->text.p + offset, n);
    return (int64_t)n;
}

static int keep(void *context, const char *bytes, size_t n)
{
    struct scene *s = context;
    buf_add(&s->made, bytes, n);
    return 0;
}

static void normalise(struct scene *s)
{
    struct record_source source = {read_text, s, (int64_t)s->text.n, {0}};
    assert_int_equal(normalise_find(&source, 0, true, &s->found), 0);
    assert_int_equal(normalise_write(&source, &s->found, keep, s), 0);
    normalise_release(&s->found);
}

static void assert_made_of(struct sv text, const char *wanted)
{
    for (size_t piece = 1; piece < 100; piece += 7) {
        struct scene s = {.text = text, .piece = piece};
        normalise(&s);
        assert_string_equal(s.made.p ? s.made.p : "", wanted);
        buf_release(&s.made);
    }
}

static void assert_joined(const char *text, const char *wanted)
{
    assert_made_of(sv_of(text), wanted);
}

static void assert_left(const char *text)
{
    assert_joined(text, text);
}

#define R1 "{\"type\":\"user\",\"uuid\":\"1\"}\n"
#define R2                                                                               \
    "{\"type\":\"user\",\"uuid\":\"2\",\"message\":{\"content\":[{\"text\":\" a: {\\\" " \
    "\"},{}]}}\n"
#define R1_INDENTED "{\n  \"type\": \"user\",\n  \"uuid\": \"1\"\n}\n"
#define R2_INDENTED                                                                              \
    "{\n\t\"type\": \"user\",\n\t\"uuid\": \"2\",\n\t\"message\": {\n\t\t\"content\": [\n\t\t\t" \
    "{\n\t\t\t\t\"text\": \" a: {\\\" \"\n\t\t\t},\n\t\t\t{}\n\t\t]\n\t}\n}\n"

static void records_over_several_lines_become_one_line_each(void **state)
{
    (void)state;
    assert_joined(R1_INDENTED R2_INDENTED, R1 R2);
    assert_joined(R1_INDENTED "\n\n" R2_INDENTED, R1 "\n\n" R2);
    assert_joined("  {\r\n  \"type\" : \"user\"\r\n ,\"uuid\":\"1\"}  \r\n", R1);
    assert_joined("{\n\"type\":\"user\",\n\"uuid\":\"1\",\n\"a\":[\n{\n\"b\":1\n}\n]\n}\n",
                  "{\"type\":\"user\",\"uuid\":\"1\",\"a\":[{\"b\":1}]}\n");
}

static void no_newline_is_needed_between_or_behind_them(void **state)
{
    (void)state;
    assert_joined(
        "{\n \"type\":\"user\",\n \"uuid\":\"1\"\n}{\n \"type\":\"user\",\n \"uuid\":\"1\"}",
        R1 R1);
    assert_joined("{\"type\":\"user\",\"uuid\":\"1\"}{\n \"type\":\"user\",\n \"uuid\":\"1\"}",
                  R1 R1);
    assert_joined("{\n \"type\":\"user\",\n \"uuid\":\"1\"} {\"type\":\"user\",\"uuid\":\"1\"}\n",
                  R1 R1);
}

static void an_array_is_its_items(void **state)
{
    (void)state;
    assert_joined("[\n  {\n    \"type\": \"user\",\n    \"uuid\": \"1\"\n  },\n  {\n    \"type\": "
                  "\"user\"\n  }\n]\n",
                  R1 "{\"type\":\"user\"}\n");
    assert_joined("[{\"type\":\"user\",\"uuid\":\"1\"},{\"type\":\"user\",\"uuid\":\"1\"}]", R1 R1);
    assert_joined(" [ {\"type\":\"user\",\"uuid\":\"1\"}\n , {\"a\":\n1} ]\n" R1,
                  R1 "{\"a\":1}\n" R1);
    /* an end that is missing takes no item with it */
    assert_joined("[{\"type\":\"user\",\"uuid\":\"1\"},\n {\"type\":\"us", R1 " {\"type\":\"us");
    /* a broken line that begins as one, of a record's inside */
    assert_left("[{\"type\":\"text\",\"text\":\"x\"}],\"uuid\":\"1\"}\n");
    assert_left("[1,\n{\"a\":1}]\n");
}

static void what_is_in_order_stays_as_it_is(void **state)
{
    (void)state;
    assert_left("");
    assert_left(R1 R2);
    assert_left("\xef\xbb\xbf" R1);
    assert_left(" {\"a\" : 1 }\r\n\n" R1 "{\"b\":2}");
    assert_joined(" { \"a\" : 1 }\r\n" R1_INDENTED R1, " { \"a\" : 1 }\r\n" R1 R1);
    assert_joined("\xef\xbb\xbf" R1_INDENTED, R1);
    /* glued on one line: repair's */
    assert_left("{\"a\":1}{\"b\":2}\n");
}

static void what_broke_off_stays_and_takes_nothing_with_it(void **state)
{
    (void)state;
    static const char *const torn[] = {
        "{\n  \"type\": \"user\",\n  \"message\": {\n    \"content\": [\n      {\n",
        "{\n  \"type\": \"user\",\n  \"message\":\n",
        "{\n  \"type\": \"us\n",
        "{\"type\":\"user\",\"message\":\n",
        "{\"type\":\"user\",\"message\":[\n",
        "{\"a\":1,\n",
        "{\"a\":tr\n",
        "{\"a\":12\n",
    };
    for (size_t i = 0; i < sizeof torn / sizeof *torn; i++) {
        struct buf text = {0}, wanted = {0};
        buf_addf(&text, R1_INDENTED "%s" R2_INDENTED R1 "%s", torn[i], torn[i]);
        buf_addf(&wanted, R1 "%s" R2 R1 "%s", torn[i], torn[i]);
        assert_joined(text.p, wanted.p);
        buf_release(&text);
        buf_release(&wanted);
    }
}

static void the_inside_of_a_broken_record_is_no_record(void **state)
{
    (void)state;
    static const char inside[] =
        "  \"x\": \"te\n      },\n      {\n        \"type\": \"text\",\n        \"text\": "
        "\"x\"\n      }\n    ]\n  }\n}\n";
    assert_joined("", "");
    struct buf text = {0}, wanted = {0};
    buf_addf(&text, "{\n%s" R1_INDENTED, inside);
    buf_addf(&wanted, "{\n%s" R1, inside);
    assert_joined(text.p, wanted.p);
    buf_release(&text);
    buf_release(&wanted);
}

static void a_line_end_within_a_string_joins_nothing(void **state)
{
    (void)state;
    assert_left("{\"type\":\"user\",\"uuid\":\"1\n2\"}\n");
    assert_joined("{\"type\":\"user\",\"uuid\":\"1\n2\"}\n" R1_INDENTED,
                  "{\"type\":\"user\",\"uuid\":\"1\n2\"}\n" R1);
}

static void records_are_counted_in_any_form(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t whole, joined;
    } cases[] = {
        {"", 0, 0},
        {R1 R2, 2, 0},
        {R1_INDENTED R2, 2, 1},
        {"{\"a\":1}{\"b\":2}\n{\"c\n", 2, 0},
        {"[" R1 "," R2 "]", 2, 2},
        {"{\"a\":\n", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene s = {.text = sv_of(cases[i].text), .piece = 5};
        struct record_source source = {read_text, &s, (int64_t)s.text.n, {0}};
        assert_int_equal(normalise_find(&source, 0, false, &s.found), 0);
        assert_int_equal(s.found.whole, cases[i].whole);
        assert_int_equal(s.found.joined, cases[i].joined);
        assert_null(s.found.spans);
    }
}

/* ---- encodings ---------------------------------------------------------------------------- */

static void assert_recoded(struct sv text, enum normalise_encoding encoding, const char *wanted)
{
    assert_int_equal(normalise_encoding(text), encoding);
    for (size_t piece = 1; piece < 9; piece++) {
        struct scene s = {.text = text, .piece = piece};
        struct record_source source = {read_text, &s, (int64_t)text.n, {0}};
        assert_int_equal(normalise_recode(&source, encoding, keep, &s), 0);
        assert_string_equal(s.made.p ? s.made.p : "", wanted);
        buf_release(&s.made);
    }
}

static void utf_16_becomes_utf_8(void **state)
{
    (void)state;
    assert_recoded(SV("\xff\xfe{\0\"\0\xe9\0\xac\x20\x3d\xd8\x00\xde\"\0}\0"), NORMALISE_UTF16LE,
                   "{\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"}");
    assert_recoded(SV("{\0\"\0a\0\"\0"), NORMALISE_UTF16LE, "{\"a\"");
    assert_recoded(SV("\xfe\xff\0{\0\"\0\xe9\x20\xac"), NORMALISE_UTF16BE,
                   "{\"\xc3\xa9\xe2\x82\xac");
    assert_recoded(SV("\0{\0\"\0a"), NORMALISE_UTF16BE, "{\"a");
}

static void what_is_no_character_in_it_is_not_lost(void **state)
{
    (void)state;
    /* half a pair in the middle and at the end, and half a unit */
    assert_recoded(SV("\xff\xfe\x3d\xd8"
                      "a\0\x3d\xd8"
                      "b"),
                   NORMALISE_UTF16LE,
                   "\xed\xa0\xbd"
                   "a\xed\xa0\xbd"
                   "b");
    assert_recoded(SV("\xff\xfe\x00\xde"
                      "a\0"),
                   NORMALISE_UTF16LE,
                   "\xed\xb8\x80"
                   "a");
}

static void the_encoding_is_told_by_the_first_bytes(void **state)
{
    (void)state;
    assert_int_equal(normalise_encoding(SV("")), NORMALISE_UTF8);
    assert_int_equal(normalise_encoding(SV("{")), NORMALISE_UTF8);
    assert_int_equal(normalise_encoding(SV("{\"a\"")), NORMALISE_UTF8);
    assert_int_equal(normalise_encoding(SV("\xef\xbb\xbf{")), NORMALISE_UTF8);
    assert_int_equal(normalise_encoding(SV("\0\0\0\0")), NORMALISE_UTF8);
    assert_int_equal(normalise_encoding(SV("\0{\"a")), NORMALISE_UTF8);
    assert_int_equal(normalise_encoding(SV("{\0\0\0")), NORMALISE_UTF8);
    assert_string_equal(normalise_packer(SV("\x1f\x8b\x08\0")), "gzip");
    assert_null(normalise_packer(SV("{\"a\"")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_over_several_lines_become_one_line_each),
        cmocka_unit_test(no_newline_is_needed_between_or_behind_them),
        cmocka_unit_test(an_array_is_its_items),
        cmocka_unit_test(what_is_in_order_stays_as_it_is),
        cmocka_unit_test(what_broke_off_stays_and_takes_nothing_with_it),
        cmocka_unit_test(the_inside_of_a_broken_record_is_no_record),
        cmocka_unit_test(a_line_end_within_a_string_joins_nothing),
        cmocka_unit_test(records_are_counted_in_any_form),
        cmocka_unit_test(utf_16_becomes_utf_8),
        cmocka_unit_test(what_is_no_character_in_it_is_not_lost),
        cmocka_unit_test(the_encoding_is_told_by_the_first_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
