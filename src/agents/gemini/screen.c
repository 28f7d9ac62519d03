/* What Gemini CLI draws, as 0.61.0 does. */
#include "agents/gemini/gemini.h"

#include <string.h>

#define RULE "\xe2\x94\x80" /* U+2500 */

enum { BOX_LINES = 4 }; /* between the rule and the prompt: how tools are allowed, a blank line */

static bool is_rule(struct sv line)
{
    return sv_starts_with(line, SV(RULE RULE RULE RULE RULE RULE RULE RULE));
}

/* "Allow execution of [Shell]?", whether a folder is trusted, which theme: a list of answers. */
bool gemini_shows_dialog(const char *screen)
{
    return strstr(screen, "\xe2\x97\x8f 1. ") || strstr(screen, "\xe2\x97\x8f  1. ") ||
           strstr(screen, "Press Enter to ");
}

void gemini_read_screen(struct sv screen, struct arena *a, struct agent_screen *out)
{
    bool has_box = false;
    int below_rule = BOX_LINES;
    struct sv rest = screen, line;
    *out = (struct agent_screen){.asks = FACT_UNKNOWN};
    while (rest.n) {
        sv_cut_line(&rest, &line);
        below_rule = is_rule(line) ? 0 : below_rule + 1;
        if (below_rule > 0 && below_rule <= BOX_LINES &&
            (sv_starts_with(line, SV(" > ")) || sv_starts_with(line, SV(" * "))))
            has_box = true;
    }
    if (gemini_shows_dialog(arena_strndup(a, screen.p, screen.n)))
        out->asks = has_box ? FACT_UNKNOWN : FACT_YES;
    else if (has_box)
        out->asks = FACT_NO;
}
