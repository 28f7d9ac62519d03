/*
 * Connections of a child, over loopback, closed from outside: the other end, which is ours, sees
 * it.
 */
#include "live.h"

#include "platform/socket/sock_close.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

struct line {
    int listener;
    pid_t child;
    int ours; /* our end of the child's connection */
    uint16_t port;
    struct proc proc;
    struct arena arena;
    struct pidref owner;
    struct sock sock; /* the child's end */
};

/* Connects, writes a byte, and says by another what it read: nothing at the end. */
static void connect_and_wait(const void *context)
{
    const struct line *l = context;
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(l->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char byte = 'x';
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0 || write(fd, &byte, 1) != 1)
        _exit(1);
    while (read(fd, &byte, 1) > 0)
        ;
    for (;;) /* it has not ended by itself */
        pause();
}

static void find_sock(struct line *l)
{
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;
    assert_int_equal(getpeername(l->ours, (struct sockaddr *)&peer, &size), 0);
    struct sock_list list;
    assert_int_equal(sock_read(&l->arena, &list, NULL), 0);
    for (size_t i = 0; i < list.count; i++)
        if (list.items[i].local_port == ntohs(peer.sin_port) &&
            list.items[i].remote_port == l->port)
            l->sock = list.items[i];
    assert_true(l->sock.inode != 0);
}

static int set_up(void **state)
{
    static struct line l;
    l = (struct line){.listener = socket(AF_INET, SOCK_STREAM, 0), .proc = live_proc()};
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    assert_int_equal(bind(l.listener, (struct sockaddr *)&here, size), 0);
    assert_int_equal(listen(l.listener, 1), 0);
    assert_int_equal(getsockname(l.listener, (struct sockaddr *)&here, &size), 0);
    l.port = ntohs(here.sin_port);
    l.child = live_start(connect_and_wait, &l);
    l.ours = accept(l.listener, NULL, NULL);
    char byte;
    assert_int_equal(read(l.ours, &byte, 1), 1);
    find_sock(&l);
    struct proc_stat stat;
    assert_int_equal(proc_read_stat(&l.proc, l.child, &stat), 0);
    assert_int_equal(pidref_open(&l.proc, l.child, stat.start_ticks, &l.owner), 0);
    *state = &l;
    return 0;
}

static int tear_down(void **state)
{
    struct line *l = *state;
    pidref_close(&l->owner);
    live_end(l->child);
    close(l->ours);
    close(l->listener);
    proc_close(&l->proc);
    arena_release(&l->arena);
    return 0;
}

/* Returns: our end has seen the end of the connection, or its reset. */
static bool has_ended(const struct line *l, int patience_ms)
{
    char byte;
    struct pollfd p = {l->ours, POLLIN, 0};
    return poll(&p, 1, patience_ms) == 1 && read(l->ours, &byte, 1) <= 0;
}

static bool child_lives(const struct line *l)
{
    return waitpid(l->child, NULL, WNOHANG) == 0;
}

static void asking_for_the_way_changes_nothing(void **state)
{
    struct line *l = *state;
    assert_int_equal(sock_close_way(&l->proc, &l->owner, &l->sock), SOCK_CLOSE_BY_DUPLICATE);
    assert_false(has_ended(l, 0));
    assert_int_equal(write(l->ours, "y", 1), 1);
}

static void a_duplicate_is_shut_down(void **state)
{
    struct line *l = *state;
    assert_int_equal(sock_close(&l->proc, &l->owner, &l->sock, SOCK_CLOSE_BY_DUPLICATE), 0);
    assert_true(has_ended(l, 30000));
    assert_true(child_lives(l));
}

static void the_kernel_closes_it(void **state)
{
    struct line *l = *state;
    if (geteuid() != 0)
        skip(); /* it takes CAP_NET_ADMIN */
    int r = sock_close(&l->proc, &l->owner, &l->sock, SOCK_CLOSE_BY_KERNEL);
    if (r == -EOPNOTSUPP || r == -EPERM)
        skip(); /* a kernel without CONFIG_INET_DIAG_DESTROY; root without that capability */
    assert_int_equal(r, 0);
    assert_true(has_ended(l, 30000));
    assert_true(child_lives(l));
    assert_int_equal(sock_close(&l->proc, &l->owner, &l->sock, SOCK_CLOSE_BY_KERNEL), -ENOENT);
}

static void the_kernel_closes_none_with_another_cookie(void **state)
{
    struct line *l = *state;
    if (geteuid() != 0)
        skip();
    struct sock other = l->sock;
    other.kernel_id[SOCK_ID_BYTES - 1] ^= 0x55; /* as if its addresses had been given away */
    assert_true(sock_close(&l->proc, &l->owner, &other, SOCK_CLOSE_BY_KERNEL) < 0);
    assert_false(has_ended(l, 0));
}

static void a_connection_that_it_does_not_hold_is_not_touched(void **state)
{
    struct line *l = *state;
    struct stat st;
    assert_int_equal(fstat(l->ours, &st), 0);
    struct sock other = l->sock;
    other.inode = st.st_ino; /* ours, and not the child's */
    assert_int_equal(sock_close_way(&l->proc, &l->owner, &other), -ENOENT);
    assert_int_equal(sock_close(&l->proc, &l->owner, &other, SOCK_CLOSE_BY_DUPLICATE), -ENOENT);
    assert_int_equal(sock_close(&l->proc, &l->owner, &other, SOCK_CLOSE_BY_KERNEL), -ENOENT);
    assert_false(has_ended(l, 0));
}

/* As another user: what the kernel lets it do. */
static void look_as_another(const void *context)
{
    const struct line *l = context;
    if (setgid(65534) < 0 || setuid(65534) < 0)
        _exit(1);
    int way = sock_close_way(&l->proc, &l->owner, &l->sock);
    int closed = sock_close(&l->proc, &l->owner, &l->sock, SOCK_CLOSE_BY_DUPLICATE);
    _exit((way == -EPERM || way == -EACCES) && (closed == -EPERM || closed == -EACCES) ? 42 : 1);
}

static void another_user_may_not(void **state)
{
    struct line *l = *state;
    if (geteuid() != 0)
        skip(); /* nobody else could become one */
    int status;
    pid_t other = live_start(look_as_another, l);
    assert_int_equal(waitpid(other, &status, 0), other);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 42);
    assert_false(has_ended(l, 0));
}

static void one_that_has_ended_is_none(void **state)
{
    struct line *l = *state;
    kill(l->child, SIGKILL);
    until(pidref_has_ended(&l->owner) == FACT_YES);
    assert_true(sock_close_way(&l->proc, &l->owner, &l->sock) < 0);
    assert_true(sock_close(&l->proc, &l->owner, &l->sock, SOCK_CLOSE_BY_KERNEL) < 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(asking_for_the_way_changes_nothing),
        TEST(a_duplicate_is_shut_down),
        TEST(the_kernel_closes_it),
        TEST(the_kernel_closes_none_with_another_cookie),
        TEST(a_connection_that_it_does_not_hold_is_not_touched),
        TEST(another_user_may_not),
        TEST(one_that_has_ended_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
