#include "base/problems.h"

#include "base/err.h"

#include <string.h>

void problems_add(struct problems *list, const char *path, int code, const char *why)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].path, path) == 0)
            return;
    void *items = list->items;
    struct sr_problem *p =
        arena_push(list->arena, &items, &list->count, &list->capacity, sizeof *p);
    list->items = items;
    *p = (struct sr_problem){
        .path = arena_strdup(list->arena, path),
        .code = code,
        .text = arena_printf(list->arena, "%s: %s", path, why ? why : err_reason(code)),
    };
}
