/* Any bytes as a client's memory: what is found is valid UTF-8, stands in the bytes, and ends. The
 * engines' pointers are to the address at which the corpus has them. */
#include "base/utf8.h"
#include "salvage/memory_search.h"
#include "salvage/secrets.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ADDRESS = 0x10000 };

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void must_be_valid(struct sv text)
{
    struct buf valid = {0};
    utf8_add_valid(&valid, text);
    must(sv_equals((struct sv){valid.p, valid.n}, text));
    buf_release(&valid);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct memory_run run = {ADDRESS, (const char *)data, size};
    struct memory_search_search search = {&run, 1, NULL, NULL};
    struct memory_search_found found;
    struct sv typed;
    memory_search_find(&search, &arena, &found);
    for (size_t i = 0; i < found.count; i++) {
        must(found.items[i].text.n > 0 && found.items[i].text.n <= 3 * size);
        must(strlen(found.items[i].why) > 0);
        must_be_valid(found.items[i].text);
    }
    if (memory_search_find_typed(&search, (struct sv){(const char *)data, size < 64 ? size : 64},
                                 &arena, &typed))
        must_be_valid(typed);
    struct buf redacted = {0};
    secrets_redact((struct sv){(const char *)data, size}, &redacted);
    must(redacted.n <= 16 * size + 64);
    buf_release(&redacted);
    arena_release(&arena);
    return 0;
}
