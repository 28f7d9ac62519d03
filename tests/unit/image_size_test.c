#include "unit.h"

#include "conversation/image_size.h"

struct size {
    bool is_known;
    uint32_t width, height;
};

static struct size size_of(const char *base64)
{
    struct size s = {.width = 7, .height = 7};
    s.is_known = image_size_size(sv_of(base64), &s.width, &s.height);
    return s;
}

static void assert_size(const char *base64, uint32_t width, uint32_t height)
{
    struct size s = size_of(base64);
    assert_true(s.is_known);
    assert_int_equal(s.width, width);
    assert_int_equal(s.height, height);
}

/* Also with nothing behind them: they are headers, and no more is there to be read. */
static const struct {
    const char *base64;
    uint32_t width, height;
} heads[] = {
    {"iVBORw0KGgoAAAANSUhEUgAAH0EAAAADCAYAAAA=", 8001, 3},
    {"R0lGODlhQAHIAPcAAA==", 320, 200},
    /* JPEG: APP0, DHT (C4, no frame), then a progressive frame (C2) */
    {"/9j/4AAQSkZJRgABAQAAAQABAAD/xAAFAAAA/8IAEQgIcA8AAwEiAA==", 3840, 2160},
    {"UklGRmQAAABXRUJQVlA4WAoAAAAQAAAAJyMAVxsA", 9000, 7000},    /* WebP, extended */
    {"UklGRmQAAABXRUJQVlA4TDIAAAAv0QTCAAAAAAAAAAAA", 1234, 777}, /* lossless */
    {"UklGRmQAAABXRUJQVlA4IDIAAAAQAgCdASqAAuABAAA=", 640, 480},  /* lossy */
};

static void each_format_says_its_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        assert_size(heads[i].base64, heads[i].width, heads[i].height);
}

static void a_head_that_is_cut_says_the_same_or_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        for (size_t n = 0; n < strlen(heads[i].base64); n++) {
            struct sv cut = unit_bytes(sv_slice(sv_of(heads[i].base64), 0, n));
            uint32_t width = 7, height = 7;
            if (image_size_size(cut, &width, &height)) {
                assert_int_equal(width, heads[i].width);
                assert_int_equal(height, heads[i].height);
            } else {
                assert_true(width == 7 && height == 7);
            }
            free((void *)(uintptr_t)cut.p);
        }
}

static void what_is_no_picture_has_no_size(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",
        "=",
        "AAAA",
        "not base64!",
        "UklGRmQAAABXRUJQQUxQSAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBD", /* JPEG: the frame lies past these bytes */
        "/9j/4AAAAAAAAAAAAAAAAAAA",         /* a segment of no length */
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct size s = size_of(others[i]);
        assert_false(s.is_known);
        assert_true(s.width == 7 && s.height == 7);
    }
}

static void bytes_are_counted_without_the_padding(void **state)
{
    (void)state;
    assert_int_equal(image_size_bytes(0, "AA"), 0);
    assert_int_equal(image_size_bytes(4, "AA"), 3);
    assert_int_equal(image_size_bytes(4, "A="), 2);
    assert_int_equal(image_size_bytes(4, "=="), 1);
    assert_int_equal(image_size_bytes(1, "=="), 0);
    assert_int_equal(image_size_bytes(8000000000, "A="), 5999999999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_format_says_its_size),
        cmocka_unit_test(a_head_that_is_cut_says_the_same_or_nothing),
        cmocka_unit_test(what_is_no_picture_has_no_size),
        cmocka_unit_test(bytes_are_counted_without_the_padding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
