#include "session/stores/watched.h"

#include <string.h>

bool watched_enter(const struct sr_options *options, const char *path)
{
    for (size_t i = 0; i < options->skipped_path_count; i++)
        if (strcmp(options->skipped_paths[i], path) == 0)
            return false;
    if (options->entering)
        options->entering(options->context, path);
    return true;
}

void watched_leave(const struct sr_options *options)
{
    if (options->entering)
        options->entering(options->context, NULL);
}
