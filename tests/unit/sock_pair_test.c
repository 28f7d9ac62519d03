/* The ends of sockets of our own. */
#include "live.h"

#include "platform/socket/sock_pair.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static uint64_t inode_of(int fd)
{
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    return st.st_ino;
}

/* Skips where the kernel was built without the diagnosis. */
static int other_end(int fd, uint64_t *out)
{
    int r = sock_pair_other(inode_of(fd), out);
    if (r < 0 && r != -ENOENT)
        skip();
    return r;
}

static void each_end_of_a_pair_tells_the_other(void **state)
{
    (void)state;
    int ends[2];
    uint64_t other = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    if (sock_pair_other(inode_of(ends[0]), &other) == -ENOENT)
        skip();
    assert_int_equal(other_end(ends[0], &other), 0);
    assert_int_equal(other, inode_of(ends[1]));
    assert_int_equal(other_end(ends[1], &other), 0);
    assert_int_equal(other, inode_of(ends[0]));
    close(ends[1]);
    other = 7;
    assert_int_equal(other_end(ends[0], &other), -ENOENT);
    assert_int_equal(other, 7);
    close(ends[0]);
}

/* A service's socket has a name, and who has the other end came to it by that. */
static void a_connection_to_a_name_is_no_pair(void **state)
{
    (void)state;
    struct sockaddr_un here = {.sun_family = AF_UNIX};
    socklen_t size = sizeof(sa_family_t); /* the kernel chooses an abstract name */
    uint64_t other = 7;
    int listener = socket(AF_UNIX, SOCK_STREAM, 0), caller = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&here, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    size = sizeof here;
    assert_int_equal(getsockname(listener, (struct sockaddr *)&here, &size), 0);
    assert_int_equal(connect(caller, (struct sockaddr *)&here, size), 0);
    int called = accept(listener, NULL, NULL);
    assert_true(called >= 0);
    assert_int_equal(other_end(called, &other), -ENOENT);
    assert_int_equal(other_end(caller, &other), -ENOENT);
    assert_int_equal(other_end(listener, &other), -ENOENT);
    assert_int_equal(other, 7);
    close(called);
    close(caller);
    close(listener);
}

static void what_is_no_unix_socket_has_no_other_end(void **state)
{
    (void)state;
    uint64_t other = 7;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(other_end(fd, &other), -ENOENT);
    assert_int_equal(sock_pair_other(0, &other), -ENOENT);
    assert_int_equal(sock_pair_other((uint64_t)UINT32_MAX + 1, &other), -ENOENT);
    assert_int_equal(other, 7);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_end_of_a_pair_tells_the_other),
        cmocka_unit_test(a_connection_to_a_name_is_no_pair),
        cmocka_unit_test(what_is_no_unix_socket_has_no_other_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
