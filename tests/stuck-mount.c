/*
 * stuck-mount DIR COMMAND...: run a command where DIR is a mount that does not
 * answer, like a share whose server is gone.
 *
 * The mount is a FUSE file system without a server: the kernel queues the first
 * request on a descriptor that nobody reads, and whoever looks below DIR sleeps
 * until we end. It lives in a mount namespace of our own, so nothing of it is
 * seen outside or left behind. Exit status: the command's; 77 where the system
 * does not let us mount (no /dev/fuse, no user namespaces), with the reason.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CANNOT_TEST = 77 };

static _Noreturn void cannot(const char *what)
{
    fprintf(stderr, "stuck-mount: %s: %s\n", what, strerror(errno));
    exit(CANNOT_TEST);
}

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        cannot(path);
    close(fd);
}

/* Namespaces in which we may mount, the caller staying who they are. */
static void enter_namespaces(uid_t uid, gid_t gid)
{
    char map[64];

    if (uid == 0) {
        if (unshare(CLONE_NEWNS) < 0)
            cannot("unshare mounts");
    } else {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
            cannot("unshare users and mounts");
        write_file("/proc/self/setgroups", "deny");
        snprintf(map, sizeof map, "%u %u 1\n", uid, uid);
        write_file("/proc/self/uid_map", map);
        snprintf(map, sizeof map, "%u %u 1\n", gid, gid);
        write_file("/proc/self/gid_map", map);
    }
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        cannot("make mounts private");
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: stuck-mount DIR COMMAND...\n");
        return 2;
    }
    uid_t uid = getuid();
    gid_t gid = getgid();
    enter_namespaces(uid, gid);

    /* While this is open the mount lives; the command does not inherit it. */
    int server = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (server < 0)
        cannot("/dev/fuse");
    char options[96];
    snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=%u,group_id=%u", server, uid,
             gid);
    if (mount("stuck", argv[1], "fuse", MS_NOSUID | MS_NODEV, options) < 0)
        cannot(argv[1]);

    pid_t child = fork();
    if (child < 0)
        cannot("fork");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that ends ends this process alone */
        execvp(argv[2], argv + 2);
        fprintf(stderr, "stuck-mount: %s: %s\n", argv[2], strerror(errno));
        _exit(127);
    }
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            cannot("wait");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
