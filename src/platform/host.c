#include "platform/host.h"

#include <pwd.h>
#include <unistd.h>

const char *host_name(struct arena *a)
{
    char name[256] = "";
    gethostname(name, sizeof name - 1);
    return arena_strdup(a, name);
}

bool host_find_user(struct arena *a, uid_t uid, struct host_user *out)
{
    char bytes[4096];
    struct passwd entry, *found = NULL;
    if (getpwuid_r(uid, &entry, bytes, sizeof bytes, &found) != 0 || !found)
        return false;
    *out = (struct host_user){
        .name = arena_strdup(a, found->pw_name),
        .home = arena_strdup(a, found->pw_dir),
        .gid = found->pw_gid,
    };
    return true;
}

const char *host_home_of(struct arena *a, uid_t uid)
{
    struct host_user user;
    return host_find_user(a, uid, &user) ? user.home : NULL;
}
