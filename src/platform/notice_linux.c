#include "platform/notice.h"

#include "base/io/fs.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum {
    NAMES = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF,
    LOST = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT,
    PIECE = 16 * 1024,
    PIECES_AT_ONCE = 64, /* the rest is there at the next wake-up */
};

int notice_open(struct notice *n, bool (*counts)(struct sv name))
{
    struct notice opened = {inotify_init1(IN_NONBLOCK | IN_CLOEXEC), -1, counts};
    int code = -errno;
    if (opened.names >= 0) {
        opened.writes = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        code = -errno;
    }
    if (opened.writes < 0) {
        fs_close(&opened.names);
        return code;
    }
    *n = opened;
    return 0;
}

void notice_close(struct notice *n)
{
    fs_close(&n->names);
    fs_close(&n->writes);
}

int notice_watch_names(const struct notice *n, const char *folder)
{
    return inotify_add_watch(n->names, folder, NAMES | IN_ONLYDIR) < 0 ? -errno : 0;
}

int notice_watch(const struct notice *n, const char *folder)
{
    int r = notice_watch_names(n, folder);
    if (r < 0)
        return r;
    r = inotify_add_watch(n->writes, folder, IN_MODIFY | IN_ONESHOT | IN_ONLYDIR);
    return r < 0 ? -errno : 0;
}

static bool counts(const struct notice *n, const struct inotify_event *e)
{
    struct sv name = {e->name, e->len ? strnlen(e->name, e->len) : 0};
    return e->mask & IN_ISDIR || n->counts(name);
}

void notice_parse(const struct notice *n, const char *bytes, size_t size, struct notice_news *out)
{
    for (size_t at = 0; size - at >= sizeof(struct inotify_event);) {
        const struct inotify_event *e = (const void *)(bytes + at);
        if (e->len > size - at - sizeof *e)
            return;
        if (e->mask & IN_Q_OVERFLOW)
            out->has_lost_some = true;
        else if (e->mask & LOST)
            out->has_lost_watch = true;
        else if (e->mask & IN_MODIFY)
            out->has_writes = true;
        else if (e->mask & NAMES && counts(n, e))
            out->has_names = true;
        at += sizeof *e + e->len;
    }
}

static void take(const struct notice *notice, int fd, struct notice_news *out)
{
    char bytes[PIECE] __attribute__((aligned(__alignof__(struct inotify_event))));
    for (int i = 0; i < PIECES_AT_ONCE; i++) {
        ssize_t n = read(fd, bytes, sizeof bytes);
        if (n <= 0)
            return;
        notice_parse(notice, bytes, (size_t)n, out);
    }
}

void notice_read(const struct notice *n, struct notice_news *out)
{
    *out = (struct notice_news){0};
    if (n->names >= 0)
        take(n, n->names, out);
    if (n->writes >= 0)
        take(n, n->writes, out);
}
