#include "conversation/text.h"

struct sv text_beginning(struct sv s, size_t max)
{
    if (s.n <= max)
        return s;
    while (max && ((unsigned char)s.p[max] & 0xc0) == 0x80) /* a continuation byte */
        max--;
    return sv_slice(s, 0, max);
}

const char *text_cut(struct arena *a, struct sv s, size_t max)
{
    struct sv kept = text_beginning(s, max);
    return kept.n ? arena_strndup(a, kept.p, kept.n) : NULL;
}
