#include "unit.h"

#include "agents/claude/events.h"
#include "agents/cusf.h"
#include "view/conversation/conversation.h"

#include <errno.h>
#include <stdio.h>

/* A transcript in memory, of which one record may be gone when it is to be drawn. */
struct source {
    struct buf text;
    int64_t gone_at;  /* offset; negative: none */
    int64_t other_at; /* another record stands there by now */
    size_t taken, takes_max;
};

static int fetch(void *context, const struct conversation_item *item, struct arena *a,
                 struct sv *text)
{
    const struct source *s = context;
    char *copy = arena_strndup(a, s->text.p + item->offset, (size_t)item->length);
    if (item->offset == s->gone_at)
        return -ENODATA;
    if (item->offset == s->other_at)
        strstr(copy, "\"uuid\":\"")[8] = 'z';
    *text = (struct sv){copy, (size_t)item->length};
    return 0;
}

static bool take(void *context, struct buf *out)
{
    struct source *s = context;
    (void)out;
    return s->taken++ < s->takes_max;
}

static void add_prompt(struct source *s, const char *id, const char *parent)
{
    buf_addf(&s->text,
             "{\"parentUuid\":%s%s%s,\"type\":\"user\",\"uuid\":\"%s\","
             "\"timestamp\":\"2026-02-02T02:02:02.000Z\",\"message\":{\"role\":\"user\","
             "\"content\":\"said in %s\"}}\n",
             parent ? "\"" : "", parent ? parent : "null", parent ? "\"" : "", id, id);
}

static size_t draw(struct source *s, bool as_json, struct buf *out)
{
    static const char *const files[] = {"file"};
    struct conversation c;
    add_prompt(s, "a1", NULL);
    add_prompt(s, "b2", "a1");
    add_prompt(s, "c3", "b2");
    conversation_begin(&c, &event_claude);
    conversation_add(&c, (struct sv){s->text.p, s->text.n}, 0, 0);
    conversation_finish(&c);
    if (s->gone_at == 1)
        s->gone_at = c.items[1].offset;
    if (s->other_at == 1)
        s->other_at = c.items[1].offset;
    struct view_conversation v = {.session_id = "id",
                                  .files = files,
                                  .file_count = 1,
                                  .conversation = &c,
                                  .fetch = fetch,
                                  .take = take,
                                  .context = s};
    size_t lost = as_json ? view_json_conversation(out, &v) : view_markdown_conversation(out, &v);
    conversation_release(&c);
    buf_release(&s->text);
    return lost;
}

static bool has(const struct buf *out, const char *words)
{
    return strstr(out->p, words) != NULL;
}

static void a_record_that_is_gone_is_counted_and_the_others_drawn(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct source s = {.gone_at = i < 2 ? 1 : -1, .other_at = i < 2 ? -1 : 1, .takes_max = 9};
        struct buf out = {0};
        assert_int_equal(draw(&s, i % 2, &out), 1);
        assert_true(has(&out, "said in a1") && has(&out, "said in c3"));
        assert_false(has(&out, "said in b2"));
        buf_release(&out);
    }
}

static void where_nobody_takes_it_no_more_is_drawn(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct source s = {.gone_at = -1, .other_at = -1, .takes_max = 2};
        struct buf out = {0};
        assert_int_equal(draw(&s, i, &out), 0);
        assert_true(has(&out, "said in b2"));
        assert_false(has(&out, "said in c3"));
        buf_release(&out);
    }
}

/* Neither is an image, and what is in it is no part of the page. A call need have no argument. */
static void a_page_holds_no_image_that_is_not_base64(void **state)
{
    (void)state;
    static const char *const data[] = {"AA\\u0000A", "A\\u0022A", ""};
    for (size_t i = 0; i < 3; i++) {
        struct source s = {.gone_at = -1, .other_at = -1, .takes_max = 9};
        struct buf out = {0};
        struct conversation c;
        buf_addf(&s.text,
                 "{\"parentUuid\":null,\"type\":\"assistant\",\"uuid\":\"a1\","
                 "\"timestamp\":\"2026-02-02T02:02:02.000Z\",\"message\":{\"role\":\"assistant\","
                 "\"content\":[{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"n\",\"input\":{}},"
                 "{\"type\":\"image\",\"source\":{\"type\":\"base64\","
                 "\"media_type\":\"image/png\",\"data\":\"%s\"}}]}}\n",
                 data[i]);
        conversation_begin(&c, &event_claude);
        conversation_add(&c, (struct sv){s.text.p, s.text.n}, 0, 0);
        conversation_finish(&c);
        struct view_conversation v = {
            .session_id = "id", .conversation = &c, .fetch = fetch, .take = take, .context = &s};
        assert_int_equal(view_html_conversation(&out, &v), 0);
        assert_true(has(&out, "image: image/png"));
        assert_false(has(&out, "<img"));
        assert_int_equal(strlen(out.p), out.n);
        conversation_release(&c);
        buf_release(&s.text);
        buf_release(&out);
    }
}

/* Once, a conversation had room for as many calls as it has records. */
static void each_of_many_calls_in_one_record_has_its_result(void **state)
{
    (void)state;
    enum { CALLS = 100 };
    struct source s = {.gone_at = -1, .other_at = -1, .takes_max = 99};
    struct buf markdown = {0}, page = {0};
    struct conversation c;
    buf_adds(&s.text, "{\"parentUuid\":null,\"type\":\"assistant\",\"uuid\":\"a1\",\"message\":"
                      "{\"role\":\"assistant\",\"content\":[");
    for (int i = 0; i < CALLS; i++)
        buf_addf(&s.text, "%s{\"type\":\"tool_use\",\"id\":\"t%d\",\"name\":\"n\",\"input\":{}}",
                 i ? "," : "", i);
    buf_adds(&s.text, "]}}\n{\"parentUuid\":\"a1\",\"type\":\"user\",\"uuid\":\"b2\",\"message\":"
                      "{\"role\":\"user\",\"content\":[");
    for (int i = 0; i < CALLS; i++)
        buf_addf(&s.text,
                 "%s{\"type\":\"tool_result\",\"tool_use_id\":\"t%d\",\"content\":\"said %d.\"}",
                 i ? "," : "", i, i);
    buf_adds(&s.text, ",{\"type\":\"text\",\"text\":\"said besides\"}]}}\n");
    conversation_begin(&c, &event_claude);
    conversation_add(&c, (struct sv){s.text.p, s.text.n}, 0, 0);
    conversation_finish(&c);
    struct view_conversation v = {
        .session_id = "id", .conversation = &c, .fetch = fetch, .take = take, .context = &s};
    assert_int_equal(view_markdown_conversation(&markdown, &v), 0);
    assert_int_equal(view_html_conversation(&page, &v), 0);
    assert_false(has(&markdown, "no result") || has(&page, "no result"));
    assert_true(has(&page, "said 0.") && has(&page, "said 99."));
    assert_false(has(&page, "a call that is not here"));
    assert_true(has(&markdown, "said besides") && has(&page, "said besides"));
    conversation_release(&c);
    buf_release(&s.text);
    buf_release(&markdown);
    buf_release(&page);
}

/* As some agents write it. */
static void a_result_beside_its_call_is_drawn_once(void **state)
{
    (void)state;
    struct source s = {.gone_at = -1, .other_at = -1, .takes_max = 9};
    struct buf page = {0};
    struct conversation c;
    buf_adds(&s.text, "{\"_meta\":{\"format\":\"cusf\"}}\n"
                      "{\"type\":\"tool_use\",\"kind\":\"tool use\",\"id\":\"t\",\"name\":\"n\"}\n"
                      "{\"type\":\"tool_result\",\"kind\":\"tool use\",\"tool_use_id\":\"t\","
                      "\"content\":\"said once\"}\n");
    conversation_begin(&c, agent_cusf.reader);
    conversation_add(&c, (struct sv){s.text.p, s.text.n}, 0, 0);
    conversation_finish(&c);
    struct view_conversation v = {
        .session_id = "id", .conversation = &c, .fetch = fetch, .take = take, .context = &s};
    assert_int_equal(view_html_conversation(&page, &v), 0);
    const char *first = strstr(page.p, "said once");
    assert_non_null(first);
    assert_null(strstr(first + 1, "said once"));
    assert_false(has(&page, "a call that is not here"));
    conversation_release(&c);
    buf_release(&s.text);
    buf_release(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_result_beside_its_call_is_drawn_once),
        cmocka_unit_test(each_of_many_calls_in_one_record_has_its_result),
        cmocka_unit_test(a_page_holds_no_image_that_is_not_base64),
        cmocka_unit_test(a_record_that_is_gone_is_counted_and_the_others_drawn),
        cmocka_unit_test(where_nobody_takes_it_no_more_is_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
