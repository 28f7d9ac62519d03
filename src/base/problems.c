#include "base/problems.h"

#include "base/err.h"

#include <errno.h>
#include <string.h>

void problems_add(struct problems *list, const char *path, int code, const char *why)
{
    struct sr_problem *p = NULL;
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].path, path) == 0)
            p = &list->items[i];
    if (p && (p->code != -EBADMSG || code == -EBADMSG))
        return;
    if (!p)
        p = ARENA_PUSH(list->arena, list->items, list->count, list->capacity);
    *p = (struct sr_problem){
        .path = arena_strdup(list->arena, path),
        .code = code,
        .text = arena_printf(list->arena, "%s: %s", path, why ? why : err_reason(code)),
    };
}
