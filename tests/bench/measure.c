/*
 * measure COMMAND...: run it once, its output thrown away, and print
 *
 *     WALL_US CPU_US PEAK_RSS_KB STATUS
 *
 * A small program of its own: the kernel counts what the starting process had
 * resident into the peak of what it starts, and an interpreter has more than
 * some of what is measured here.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long us(struct timeval t)
{
    return (long long)t.tv_sec * 1000000 + t.tv_usec;
}

int main(int argc, char **argv)
{
    struct timespec begin, end;
    struct rusage used;
    int status;
    if (argc < 2)
        return 2;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    while (wait4(pid, &status, 0, &used) < 0)
        if (errno != EINTR)
            return 1;
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%lld %lld %ld %d\n",
           (long long)(end.tv_sec - begin.tv_sec) * 1000000 + (end.tv_nsec - begin.tv_nsec) / 1000,
           us(used.ru_utime) + us(used.ru_stime), used.ru_maxrss,
           WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 0;
}
