/* What Qwen Code draws, as 0.24.4 does. */
#include "agents/qwen/qwen.h"

#include <string.h>

#define RULE "\xe2\x94\x80" /* U+2500 */

static bool is_rule(struct sv line)
{
    return sv_starts_with(line, SV(RULE RULE RULE RULE RULE RULE RULE RULE));
}

/* Below what its dialogs ask: of a command, a file to be written, a question, a folder's trust. */
bool qwen_shows_dialog(const char *screen)
{
    static const char *const words[] = {"Waiting for user confirmation", "\xe2\x80\xba 1. ",
                                        "Esc to cancel", "Enter to select", "Enter to confirm"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(screen, words[i]))
            return true;
    return false;
}

void qwen_read_screen(struct sv screen, struct arena *a, struct agent_screen *out)
{
    bool is_below_rule = false, has_box = false;
    struct sv rest = screen, line;
    *out = (struct agent_screen){.asks = FACT_UNKNOWN};
    while (rest.n) {
        sv_cut_line(&rest, &line);
        if (is_below_rule && sv_starts_with(line, SV(">")))
            has_box = true;
        is_below_rule = is_rule(line);
    }
    if (qwen_shows_dialog(arena_strndup(a, screen.p, screen.n)))
        out->asks = has_box ? FACT_UNKNOWN : FACT_YES;
    else if (has_box)
        out->asks = FACT_NO;
}
