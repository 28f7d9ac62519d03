#include "unit.h"

#include "base/arena.h"

#include <stdalign.h>

static struct arena arena;

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static void memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    for (size_t size = 1; size < 200; size += 7) {
        unsigned char *p = arena_alloc(&arena, size);
        assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xff, size);
    }
}

static void pieces_do_not_overlap(void **state)
{
    (void)state;
    enum { PIECES = 500, SIZE = 100 };
    unsigned char *pieces[PIECES];
    for (int i = 0; i < PIECES; i++) {
        pieces[i] = arena_alloc(&arena, SIZE);
        memset(pieces[i], i & 0xff, SIZE);
    }
    for (int i = 0; i < PIECES; i++)
        for (int k = 0; k < SIZE; k++)
            assert_int_equal(pieces[i][k], i & 0xff);
}

static void a_piece_may_be_larger_than_a_block(void **state)
{
    (void)state;
    char *before = arena_strdup(&arena, "before");
    char *large = arena_alloc(&arena, 1000000);
    memset(large, 'x', 1000000);
    assert_string_equal(before, "before");
}

static void a_pushed_array_keeps_its_items(void **state)
{
    (void)state;
    int *items = NULL;
    size_t count = 0, capacity = 0;
    for (int i = 0; i < 1000; i++) {
        int *item = ARENA_PUSH(&arena, items, count, capacity);
        assert_int_equal(*item, 0);
        *item = i;
    }
    assert_int_equal(count, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(items[i], i);
}

static void copies_end_where_they_are_told(void **state)
{
    (void)state;
    assert_string_equal(arena_strndup(&arena, "abcdef", 3), "abc");
    assert_string_equal(arena_strndup(&arena, NULL, 0), "");
    assert_string_equal(arena_printf(&arena, "pts/%d", 4), "pts/4");
}

static void a_released_arena_can_be_used_again(void **state)
{
    (void)state;
    arena_alloc(&arena, 10);
    arena_release(&arena);
    arena_release(&arena);
    assert_string_equal(arena_strdup(&arena, "again"), "again");
}

int main(void)
{
#define TEST(function) cmocka_unit_test_teardown(function, release)
    const struct CMUnitTest tests[] = {
        TEST(memory_is_zeroed_and_aligned),       TEST(pieces_do_not_overlap),
        TEST(a_piece_may_be_larger_than_a_block), TEST(a_pushed_array_keeps_its_items),
        TEST(copies_end_where_they_are_told),     TEST(a_released_arena_can_be_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
