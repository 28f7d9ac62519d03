#include "live.h"

#include "platform/socket/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

struct scene {
    struct proc proc;
    struct arena arena;
};

static int set_up(void **state)
{
    static struct scene s;
    s = (struct scene){.proc = live_proc()};
    *state = &s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    arena_release(&s->arena);
    proc_close(&s->proc);
    return 0;
}

static const char *what_we_listen_on(struct scene *s)
{
    struct listener_list all;
    bool known;
    assert_int_equal(listener_read(&s->proc, getpid(), &s->arena, &all), 0);
    const struct listener *l = listener_of(&s->proc, getpid(), &s->arena, &all, &known);
    assert_true(known);
    return l ? l->name : NULL;
}

static void a_connection_is_no_listener(void **state)
{
    struct scene *s = *state;
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    int idle = socket(AF_INET, SOCK_STREAM, 0);
    assert_null(what_we_listen_on(s));
    close(pair[0]);
    close(pair[1]);
    close(idle);
}

static void a_port_is_named(void **state)
{
    struct scene *s = *state;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&here, size), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&here, &size), 0);
    char expected[32];
    snprintf(expected, sizeof expected, "port %d", ntohs(here.sin_port));
    assert_string_equal(what_we_listen_on(s), expected);
    close(fd);
}

static void a_unix_socket_is_named_by_its_path(void **state)
{
    struct scene *s = *state;
    struct sockaddr_un here = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    /* in the abstract namespace: nothing to remove, shown with "@" for the NUL */
    snprintf(here.sun_path + 1, sizeof here.sun_path - 1, "listener test %d", (int)getpid());
    socklen_t size =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(here.sun_path + 1));
    assert_int_equal(bind(fd, (struct sockaddr *)&here, size), 0);
    assert_int_equal(listen(fd, 1), 0);
    const char *name = what_we_listen_on(s);
    assert_non_null(name);
    assert_string_equal(name + 1, here.sun_path + 1);
    close(fd);
}

static void a_process_that_is_gone_listens_nowhere(void **state)
{
    struct scene *s = *state;
    struct listener_list all = {0};
    bool known = true;
    pid_t gone = fork();
    if (gone == 0)
        _exit(0);
    live_end(gone);
    assert_null(listener_of(&s->proc, gone, &s->arena, &all, &known));
    assert_false(known);
    assert_true(listener_read(&s->proc, gone, &s->arena, &all) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_connection_is_no_listener, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_port_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_unix_socket_is_named_by_its_path, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_process_that_is_gone_listens_nowhere, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
