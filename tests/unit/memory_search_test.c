#include "unit.h"

#include "salvage/memory_search.h"
#include "salvage/secrets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Memory as a client has it, put together by hand at made-up addresses. */
enum { BASE = 0x7f0000001000, ROOM = 1 << 20 };

static struct arena arena;
static struct {
    char *bytes;
    size_t n;
} memory;

static int begin(void **state)
{
    (void)state;
    memory.bytes = calloc(1, ROOM);
    memory.n = 64;
    return 0;
}

static int release(void **state)
{
    (void)state;
    free(memory.bytes);
    arena_release(&arena);
    return 0;
}

static void put(const void *bytes, size_t n)
{
    assert_true(memory.n + n < ROOM);
    memcpy(memory.bytes + memory.n, bytes, n);
    memory.n += n;
}

static void align(size_t to)
{
    memory.n = (memory.n + to - 1) / to * to;
}

/* The event of a piece, as it came: raw JSON. */
static void put_event(const char *kind, const char *json)
{
    char text[4096];
    int n =
        snprintf(text, sizeof text,
                 "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
                 "\"delta\":{\"type\":\"%s_delta\",\"%s\":\"%s\"}}\n\n",
                 kind, kind, json);
    put(text, (size_t)n);
}

static void put_pieces(const char *const *json)
{
    for (; *json; json++)
        put_event("text", *json);
}

/* WTF::StringImpl of 8 bits a character. */
static void put_jsc_counted(const char *latin, uint32_t count)
{
    align(16);
    uint32_t length = (uint32_t)strlen(latin), flags = 0xc;
    uint64_t pointer = BASE + memory.n + 20;
    put(&count, 4);
    put(&length, 4);
    put(&pointer, 8);
    put(&flags, 4);
    put(latin, length);
}

static void put_jsc(const char *latin)
{
    put_jsc_counted(latin, 2);
}

static void put_units(const uint16_t *units, size_t n)
{
    align(16);
    uint32_t count = 2, length = (uint32_t)n, flags = 0x8;
    uint64_t pointer = BASE + memory.n + 20;
    put(&count, 4);
    put(&length, 4);
    put(&pointer, 8);
    put(&flags, 4);
    put(units, 2 * n);
}

/* v8::SeqOneByteString. */
static void put_v8(const char *latin)
{
    align(8);
    uint64_t map = 0x87dd2f00879;
    uint32_t hash = 3, length = (uint32_t)strlen(latin);
    put(&map, 8);
    put(&hash, 4);
    put(&length, 4);
    put(latin, length);
}

static const char *disk;

static bool is_on_disk(void *context, struct sv json)
{
    (void)context;
    return disk && json.n && memmem(disk, strlen(disk), json.p, json.n);
}

static struct memory_search_found find(const char *on_disk)
{
    static struct memory_run run;
    struct memory_search_search search = {&run, 1, is_on_disk, NULL};
    struct memory_search_found found;
    run = (struct memory_run){BASE, memory.bytes, memory.n};
    disk = on_disk;
    memory_search_find(&search, &arena, &found);
    return found;
}

static void assert_text(const struct memory_search_found *found, const char *text,
                        enum memory_search_sureness sureness)
{
    assert_int_equal(found->count, 1);
    assert_true(sv_equals(found->items[0].text, sv_of(text)));
    assert_int_equal(found->items[0].sureness, sureness);
    assert_int_equal(found->items[0].kind, MEMORY_SEARCH_REPLY);
}

static const char *const story[] = {"Once upon", " a time,",    " there was \\\"one\\\"",
                                    "\\n",       " who\\tfell", NULL};
#define STORY "Once upon a time, there was \"one\"\n who\tfell"

static void a_string_made_up_of_pieces_is_the_reply(void **state)
{
    (void)state;
    put_pieces(story);
    put_jsc("Once upon a time,");
    put_jsc(STORY);
    struct memory_search_found found = find(NULL);
    assert_text(&found, STORY, MEMORY_SEARCH_SURE);
    assert_int_equal(found.piece_count, 5);
}

static void strings_of_v8_are_read_too(void **state)
{
    (void)state;
    put_pieces(story);
    put_v8(STORY);
    struct memory_search_found found = find(NULL);
    assert_text(&found, STORY, MEMORY_SEARCH_SURE);
}

static void pieces_alone_are_not_joined(void **state)
{
    (void)state;
    put_pieces(story);
    put_jsc("something else that is long enough");
    assert_int_equal(find(NULL).count, 0);
}

static void a_string_without_pieces_is_nothing(void **state)
{
    (void)state;
    put_jsc(STORY);
    assert_int_equal(find(NULL).count, 0);
}

static void text_without_an_engines_header_is_nothing(void **state)
{
    (void)state;
    put_pieces(story);
    put(STORY, strlen(STORY));
    assert_int_equal(find(NULL).count, 0);
}

static void a_length_that_does_not_end_at_a_piece_is_nothing(void **state)
{
    (void)state;
    put_pieces(story);
    put_jsc(STORY " X");
    assert_int_equal(find(NULL).count, 0);
}

static void a_line_end_that_the_client_draws_is_left_out(void **state)
{
    (void)state;
    put_pieces(story);
    put_jsc(STORY "\n");
    put_jsc(STORY);
    struct memory_search_found found = find(NULL);
    assert_text(&found, STORY, MEMORY_SEARCH_SURE);
}

static void what_is_drawn_with_other_line_ends_is_left_out(void **state)
{
    (void)state;
    put_pieces(story);
    put_jsc("Once upon a time, there was \"one\" who\tfell");
    put_jsc("Once upon a time,\n");
    put_jsc(STORY);
    struct memory_search_found found = find(NULL);
    assert_text(&found, STORY, MEMORY_SEARCH_LIKELY);
    /* the one that grew is the client's own, whichever is longer */
    put_jsc("Once upon a time,\n there was \"one\"\n who\tfell");
    put_jsc("Once upon a time,");
    put_jsc("Once upon a time, there was \"one\"");
    put_jsc("Once upon a time, there was \"one\"\n");
    found = find(NULL);
    assert_text(&found, STORY, MEMORY_SEARCH_LIKELY);
}

static void an_older_reply_is_left_out(void **state)
{
    (void)state;
    static const char *const older[] = {"The answer", " is \\\"no\\\"", ".", NULL};
    put_pieces(older);
    put_jsc("The answer is \"no\".");
    put_pieces(story);
    put_jsc(STORY);
    struct memory_search_found found = find("{\"text\":\"The answer is \\\"no\\\".\"}");
    assert_text(&found, STORY, MEMORY_SEARCH_SURE);
}

static void a_request_for_a_title_is_left_out(void **state)
{
    (void)state;
    static const char *const title[] = {"{\\\"title\\\": ", "\\\"A story\\\"", "}", NULL};
    put_pieces(title);
    put_jsc("{\"title\": \"A story\"}");
    assert_int_equal(find(NULL).count, 0);
}

static void of_two_texts_none_is_sure(void **state)
{
    (void)state;
    static const char *const other[] = {"Quite another", " text of", " some request", NULL};
    put_pieces(other);
    put_jsc("Quite another text of some request");
    put_pieces(story);
    put_jsc(STORY);
    struct memory_search_found found = find(NULL);
    assert_int_equal(found.count, 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(found.items[i].sureness, MEMORY_SEARCH_UNSURE);
}

static void the_one_that_grew_is_likelier(void **state)
{
    (void)state;
    static const char *const other[] = {"Quite another", " text of", " some request", NULL};
    put_pieces(other);
    put_jsc("Quite another text of some request");
    put_pieces(story);
    put_jsc("Once upon a time,");
    put_jsc("Once upon a time, there was \"one\"");
    put_jsc(STORY);
    struct memory_search_found found = find(NULL);
    assert_int_equal(found.count, 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(found.items[i].sureness == MEMORY_SEARCH_UNSURE,
                         !sv_equals(found.items[i].text, SV(STORY)));
}

static void thinking_is_kept_apart(void **state)
{
    (void)state;
    put_event("thinking", "Hmm, let me");
    put_event("thinking", " think of it");
    put_jsc("Hmm, let me think of it");
    put_pieces(story);
    put_jsc(STORY);
    struct memory_search_found found = find(NULL);
    assert_int_equal(found.count, 2);
    assert_int_equal(found.items[0].kind, MEMORY_SEARCH_REPLY);
    assert_true(sv_equals(found.items[0].text, SV(STORY)));
    assert_int_equal(found.items[1].kind, MEMORY_SEARCH_THINKING);
    assert_true(sv_equals(found.items[1].text, SV("Hmm, let me think of it")));
}

/* A text of many pieces, of which the first are gone. */
static char *long_text(size_t from, size_t to, bool with_events)
{
    char *text = calloc(1, 64 * (to + 1));
    for (size_t i = 0; i < to; i++) {
        char piece[64];
        snprintf(piece, sizeof piece, "piece number %zu of them all. ", i * 7919);
        if (with_events && i >= from)
            put_event("text", piece);
        strcat(text, piece);
    }
    return text;
}

static void a_beginning_without_pieces_is_likely_where_it_stands_twice(void **state)
{
    (void)state;
    char *whole = long_text(60, 100, true), *part = long_text(0, 80, false);
    put_jsc_counted(whole, 0);
    struct memory_search_found found = find(NULL);
    assert_text(&found, whole, MEMORY_SEARCH_UNSURE);
    put_jsc_counted(part, 0);
    found = find(NULL);
    assert_text(&found, whole, MEMORY_SEARCH_LIKELY);
    free(whole);
    free(part);
}

static void one_that_is_in_use_is_whole(void **state)
{
    (void)state;
    char *whole = long_text(60, 100, true);
    put_jsc(whole);
    struct memory_search_found found = find(NULL);
    assert_text(&found, whole, MEMORY_SEARCH_LIKELY);
    free(whole);
}

static void wide_text_and_halves_of_characters_come_out_as_utf8(void **state)
{
    (void)state;
    /* the pair of an emoji came in two pieces, as escapes */
    put_event("text", "a\xc3\xa9 \xe6\xbc\xa2\xe5\xad\x97 and \\ud83d");
    put_event("text", "\\ude00 so on");
    static const uint16_t text[] = {'a', 0xe9,   ' ',    0x6f22, 0x5b57, ' ', 'a', 'n', 'd',
                                    ' ', 0xd83d, 0xde00, ' ',    's',    'o', ' ', 'o', 'n'};
    put_units(text, sizeof text / 2);
    struct memory_search_found found = find(NULL);
    assert_text(&found, "a\xc3\xa9 \xe6\xbc\xa2\xe5\xad\x97 and \xf0\x9f\x98\x80 so on",
                MEMORY_SEARCH_SURE);
}

static void what_was_typed_is_found_by_what_is_shown(void **state)
{
    (void)state;
    put_jsc("do this,  and then\nthat with it");
    put_jsc("do this, and");
    struct memory_run run = {BASE, memory.bytes, memory.n};
    struct memory_search_search search = {&run, 1, NULL, NULL};
    struct sv typed;
    assert_true(
        memory_search_find_typed(&search, SV("do this, and\nthen that\nwith it"), &arena, &typed));
    assert_true(sv_equals(typed, SV("do this,  and then\nthat with it")));
    put_jsc("do this, and then that with it");
    run.n = memory.n;
    assert_false(
        memory_search_find_typed(&search, SV("do this, and\nthen that\nwith it"), &arena, &typed));
}

/* ---- credentials --------------------------------------------------------------------------- */

static void assert_redacted(const char *text, const char *expected)
{
    struct buf out = {0};
    secrets_redact(sv_of(text), &out);
    assert_string_equal(out.p ? out.p : "", expected);
    buf_release(&out);
}

static void credentials_are_taken_out(void **state)
{
    (void)state;
    assert_redacted("use sk-ant-"
                    "api03-abcdefgh now",
                    "use [redacted: looks like a credential, 21 bytes] now");
    assert_redacted("Authorization: Bearer abcdefghij0123456789\n",
                    "Authorization: Bearer [redacted: looks like a credential, 20 bytes]\n");
    assert_redacted("MY_API_KEY=\"a1b2c3d4e5f6\"",
                    "MY_API_KEY=\"[redacted: looks like a credential, 12 bytes]\"");
    assert_redacted("id AKIAIOSFODNN7EXAMPLE.", "id [redacted: looks like a credential, 21 bytes]");
    assert_redacted("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nok",
                    "[redacted: looks like a credential, 66 bytes]\nok");
}

static void one_that_the_end_cuts_off_is_taken_out(void **state)
{
    (void)state;
    assert_redacted("the key sk-ant-a", "the key [redacted: looks like a credential, 8 bytes]");
    assert_redacted("-----BEGIN PRIVATE KEY-----\nMIIE",
                    "[redacted: looks like a credential, 32 bytes]");
}

static void plain_text_stays(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "a task-oriented, risk-free way",
        "password = read_password()",
        "the token: it",
        "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
        "bearer of bad news",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_redacted(texts[i], texts[i]);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, release)
    const struct CMUnitTest tests[] = {
        CASE(a_string_made_up_of_pieces_is_the_reply),
        CASE(strings_of_v8_are_read_too),
        CASE(pieces_alone_are_not_joined),
        CASE(a_string_without_pieces_is_nothing),
        CASE(text_without_an_engines_header_is_nothing),
        CASE(a_length_that_does_not_end_at_a_piece_is_nothing),
        CASE(a_line_end_that_the_client_draws_is_left_out),
        CASE(what_is_drawn_with_other_line_ends_is_left_out),
        CASE(an_older_reply_is_left_out),
        CASE(a_request_for_a_title_is_left_out),
        CASE(of_two_texts_none_is_sure),
        CASE(the_one_that_grew_is_likelier),
        CASE(thinking_is_kept_apart),
        CASE(a_beginning_without_pieces_is_likely_where_it_stands_twice),
        CASE(one_that_is_in_use_is_whole),
        CASE(wide_text_and_halves_of_characters_come_out_as_utf8),
        CASE(what_was_typed_is_found_by_what_is_shown),
        CASE(credentials_are_taken_out),
        CASE(one_that_the_end_cuts_off_is_taken_out),
        CASE(plain_text_stays),
    };
    return cmocka_run_group_tests_name("remains", tests, NULL, NULL);
}
