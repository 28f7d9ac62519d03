/* Any bytes as what stands on a client's screen: what is taken for typed is text, and was there. */
#include "must.h"

#include "agents/claude/screen.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct sv screen = {(const char *)data, size}, typed;
    if (claude_screen_prompt(screen, &arena, &typed)) {
        touch_view(typed);
        must(typed.n <= screen.n);
        for (size_t i = 0; i < typed.n; i++)
            must(typed.p[i] != '\x1b');
    }
    arena_release(&arena);
    return 0;
}
