#include "platform/host.h"

#include <pwd.h>
#include <unistd.h>

const char *host_name(struct arena *a)
{
    char name[256] = "";
    gethostname(name, sizeof name - 1);
    return arena_strdup(a, name);
}

const char *host_home_of(struct arena *a, uid_t uid)
{
    char bytes[4096];
    struct passwd entry, *found = NULL;
    if (getpwuid_r(uid, &entry, bytes, sizeof bytes, &found) != 0 || !found)
        return NULL;
    return arena_strdup(a, found->pw_dir);
}
