#include "live.h"

#include "base/io/fs.h"
#include "platform/socket/sock.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>

static struct arena arena;

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

/* ---- what the kernel said: tests/fuzz/corpus/sock, captured in a namespace of its own ------- */

static struct sv reply(const char *name)
{
    struct sv bytes;
    char path[64];
    snprintf(path, sizeof path, "tests/fuzz/corpus/sock/%s", name);
    assert_int_equal(fs_read_small(AT_FDCWD, path, 1 << 20, &arena, &bytes), 0);
    return bytes;
}

static struct sock_list parsed(struct sv bytes, uint32_t sequence, int expected)
{
    struct sock_list list = {.complete = true};
    assert_int_equal(sock_parse(bytes.p, bytes.n, sequence, &arena, &list), expected);
    return list;
}

static const struct sock *find_queue(const struct sock_list *list, int64_t bytes)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].receive_queue_bytes == bytes)
            return &list->items[i];
    fail_msg("no connection has %d bytes unread", (int)bytes);
    return NULL;
}

static void a_captured_reply_is_read_whole(void **state)
{
    (void)state;
    struct sock_list list = parsed(reply("ipv4"), 1, 1);
    assert_true(list.complete);
    assert_int_equal(list.count, 4);
    /* 1000 bytes were sent to this one, half a second before */
    const struct sock *reader = find_queue(&list, 1000);
    assert_int_equal(reader->state, SOCK_ESTABLISHED);
    assert_int_equal(reader->inode, 0x089a8f);
    assert_string_equal(reader->local_address, "127.0.0.1");
    assert_string_equal(reader->remote_address, "127.0.0.1");
    assert_int_equal(reader->local_port, 0x952f);
    assert_int_equal(reader->remote_port, 0xe698);
    assert_true(reader->is_loopback);
    assert_int_equal(reader->bytes_received, 1000);
    assert_int_equal(reader->bytes_sent, 0);
    assert_int_equal(reader->retransmits, 0);
    assert_in_range(reader->received_ms, 400, 2000);
    assert_ptr_equal(sock_find(&list, reader->inode), reader);
    assert_null(sock_find(&list, 0)); /* no process has it: none is meant */

    size_t states[SOCK_CLOSED + 1] = {0};
    for (size_t i = 0; i < list.count; i++)
        states[list.items[i].state]++;
    assert_int_equal(states[SOCK_ESTABLISHED], 2);
    assert_int_equal(states[SOCK_CLOSE_WAIT], 1);
    assert_int_equal(states[SOCK_FIN_WAIT], 1);
}

static void a_connection_without_figures_says_so(void **state)
{
    (void)state;
    /* one that nobody holds any more comes without struct tcp_info */
    struct sock_list list = parsed(reply("ipv4"), 1, 1);
    for (size_t i = 0; i < list.count; i++) {
        const struct sock *s = &list.items[i];
        if (s->state != SOCK_FIN_WAIT)
            continue;
        assert_int_equal(s->inode, 0);
        assert_int_equal(s->sent_ms, -1);
        assert_int_equal(s->received_ms, -1);
        assert_int_equal(s->ack_ms, -1);
        assert_int_equal(s->bytes_sent, -1);
        assert_int_equal(s->bytes_received, -1);
        assert_int_equal(s->retransmits, -1);
    }
}

static void the_other_family_is_read_too(void **state)
{
    (void)state;
    struct sock_list list = parsed(reply("ipv6"), 2, 1);
    assert_int_equal(list.count, 2);
    const struct sock *reader = find_queue(&list, 50); /* 200 came, 150 were read */
    assert_string_equal(reader->remote_address, "::1");
    assert_true(reader->is_loopback);
    assert_int_equal(reader->bytes_received, 200);
}

static void replies_to_another_request_are_passed_over(void **state)
{
    (void)state;
    assert_int_equal(parsed(reply("ipv4"), 7, 0).count, 0);
}

static void a_reply_cut_anywhere_is_refused_or_goes_on(void **state)
{
    (void)state;
    struct sv whole = reply("ipv4");
    for (size_t n = 0; n < whole.n; n++) {
        struct sv cut = unit_bytes(sv_slice(whole, 0, n));
        struct sock_list list = {.complete = true};
        int r = sock_parse(cut.p, cut.n, 1, &arena, &list);
        /* between two messages there is only more to come */
        assert_true(r == -EBADMSG || r == 0);
        assert_true(list.count < 4 || r == 0 || n > whole.n - 20);
        free((void *)(uintptr_t)cut.p);
    }
}

/* ---- what it could say --------------------------------------------------------------------- */

static void add_message(struct buf *out, uint16_t type, uint16_t flags, const void *body, size_t n)
{
    struct nlmsghdr header = {.nlmsg_len = (uint32_t)(sizeof header + n),
                              .nlmsg_type = type,
                              .nlmsg_flags = flags,
                              .nlmsg_seq = 1};
    buf_add(out, (const char *)&header, sizeof header);
    buf_add(out, body, n);
    buf_fill(out, '\0', (4 - n % 4) % 4);
}

/* A connection from and to these addresses, with so many bytes of struct tcp_info. */
static void add_connection(struct buf *out, int family, int kernel_state, const char *from,
                           const char *to, size_t info_n)
{
    struct inet_diag_msg m = {
        .idiag_family = (uint8_t)family, .idiag_state = (uint8_t)kernel_state, .idiag_inode = 77};
    struct nlattr attribute = {.nla_len = (uint16_t)(sizeof attribute + info_n),
                               .nla_type = INET_DIAG_INFO};
    struct tcp_info info = {.tcpi_last_data_sent = 11,
                            .tcpi_last_data_recv = 12,
                            .tcpi_last_ack_recv = 13,
                            .tcpi_bytes_received = 14,
                            .tcpi_bytes_sent = 15,
                            .tcpi_retransmits = 3};
    assert_int_equal(inet_pton(family, from, m.id.idiag_src), 1);
    assert_int_equal(inet_pton(family, to, m.id.idiag_dst), 1);
    struct buf body = {0};
    buf_add(&body, (const char *)&m, sizeof m);
    buf_add(&body, (const char *)&attribute, sizeof attribute);
    buf_add(&body, (const char *)&info, info_n < sizeof info ? info_n : sizeof info);
    if (info_n > sizeof info)
        buf_fill(&body, '?', info_n - sizeof info);
    add_message(out, SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, body.p, body.n);
    buf_release(&body);
}

static const struct sock *only(struct buf *bytes, struct sock_list *list)
{
    *list = parsed((struct sv){bytes->p, bytes->n}, 1, 0);
    assert_int_equal(list->count, 1);
    buf_release(bytes);
    return &list->items[0];
}

enum { ESTABLISHED = 1, SYN_SENT = 2, TIME_WAIT = 6, LISTEN = 10 };

static void every_state_of_the_kernel_has_its_word(void **state)
{
    (void)state;
    /* include/net/tcp_states.h: 1 to 12 */
    static const enum sock_state states[] = {
        [1] = SOCK_ESTABLISHED, [2] = SOCK_CONNECTING, [3] = SOCK_ACCEPTING,  [4] = SOCK_FIN_WAIT,
        [5] = SOCK_FIN_WAIT,    [7] = SOCK_CLOSED,     [8] = SOCK_CLOSE_WAIT, [9] = SOCK_LAST_ACK,
        [11] = SOCK_FIN_WAIT,   [12] = SOCK_ACCEPTING,
    };
    for (int kernel = 1; kernel <= 12; kernel++) {
        struct buf bytes = {0};
        add_connection(&bytes, AF_INET, kernel, "10.0.0.1", "10.0.0.2", 0);
        struct sock_list list = parsed((struct sv){bytes.p, bytes.n}, 1, 0);
        bool is_asked_for = kernel != 6 && kernel != 10; /* TIME-WAIT, LISTEN */
        assert_int_equal(list.count, is_asked_for);
        if (is_asked_for)
            assert_int_equal(list.items[0].state, states[kernel]);
        buf_release(&bytes);
    }
}

static void a_connection_that_is_short_or_of_no_known_family_is_refused(void **state)
{
    (void)state;
    struct inet_diag_msg m = {.idiag_family = AF_INET, .idiag_state = ESTABLISHED};
    struct buf bytes = {0};
    add_message(&bytes, SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, &m, sizeof m - 4);
    assert_int_equal(parsed((struct sv){bytes.p, bytes.n}, 1, -EBADMSG).count, 0);
    buf_release(&bytes);

    m.idiag_family = AF_UNIX;
    add_message(&bytes, SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, &m, sizeof m);
    assert_int_equal(parsed((struct sv){bytes.p, bytes.n}, 1, -EBADMSG).count, 0);
    buf_release(&bytes);
}

static void messages_that_say_nothing_are_passed_over(void **state)
{
    (void)state;
    struct buf bytes = {0};
    add_message(&bytes, NLMSG_NOOP, 0, "", 0);
    add_connection(&bytes, AF_INET, ESTABLISHED, "10.0.0.1", "10.0.0.2", 0);
    add_message(&bytes, NLMSG_DONE, NLM_F_MULTI, "", 0); /* without the code of a refusal */
    assert_int_equal(parsed((struct sv){bytes.p, bytes.n}, 1, 1).count, 1);
    buf_release(&bytes);
}

static void what_an_old_kernel_does_not_say_is_unknown(void **state)
{
    (void)state;
    struct sock_list list;
    struct buf bytes = {0};
    /* Linux 4.1: up to tcpi_total_retrans; 4.6: bytes_received; 4.19: bytes_sent */
    add_connection(&bytes, AF_INET, ESTABLISHED, "10.0.0.1", "10.0.0.2",
                   offsetof(struct tcp_info, tcpi_pacing_rate));
    const struct sock *s = only(&bytes, &list);
    assert_int_equal(s->sent_ms, 11);
    assert_int_equal(s->received_ms, 12);
    assert_int_equal(s->ack_ms, 13);
    assert_int_equal(s->retransmits, 3);
    assert_int_equal(s->bytes_received, -1);
    assert_int_equal(s->bytes_sent, -1);

    add_connection(&bytes, AF_INET, ESTABLISHED, "10.0.0.1", "10.0.0.2",
                   offsetof(struct tcp_info, tcpi_bytes_sent));
    s = only(&bytes, &list);
    assert_int_equal(s->bytes_received, 14);
    assert_int_equal(s->bytes_sent, -1);

    add_connection(&bytes, AF_INET, ESTABLISHED, "10.0.0.1", "10.0.0.2", sizeof(struct tcp_info));
    s = only(&bytes, &list);
    assert_int_equal(s->bytes_sent, 15);
}

static void a_newer_kernel_may_say_more(void **state)
{
    (void)state;
    struct sock_list list;
    struct buf bytes = {0};
    add_connection(&bytes, AF_INET, ESTABLISHED, "10.0.0.1", "10.0.0.2",
                   sizeof(struct tcp_info) + 64);
    const struct sock *s = only(&bytes, &list);
    assert_int_equal(s->bytes_sent, 15);
    assert_int_equal(s->received_ms, 12);
}

static void an_attribute_that_leaves_its_message_is_refused(void **state)
{
    (void)state;
    struct {
        struct inet_diag_msg m;
        struct nlattr attribute;
    } body = {.m = {.idiag_family = AF_INET, .idiag_state = ESTABLISHED},
              .attribute = {.nla_len = sizeof body.attribute, .nla_type = INET_DIAG_INFO}};
    struct buf bytes = {0};
    add_message(&bytes, SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, &body, sizeof body);
    assert_int_equal(parsed((struct sv){bytes.p, bytes.n}, 1, 0).count, 1);
    buf_release(&bytes);

    body.attribute.nla_len = sizeof body.attribute + 4;
    add_message(&bytes, SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, &body, sizeof body);
    assert_int_equal(parsed((struct sv){bytes.p, bytes.n}, 1, -EBADMSG).count, 0);
    buf_release(&bytes);

    body.attribute.nla_len = 0; /* would never come to the end */
    add_message(&bytes, SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, &body, sizeof body);
    parsed((struct sv){bytes.p, bytes.n}, 1, -EBADMSG);
    buf_release(&bytes);
}

static void before_it_is_connected_a_connection_has_no_ages(void **state)
{
    (void)state;
    struct sock_list list;
    struct buf bytes = {0};
    add_connection(&bytes, AF_INET, SYN_SENT, "10.0.0.1", "10.0.0.2", sizeof(struct tcp_info));
    const struct sock *s = only(&bytes, &list);
    assert_int_equal(s->state, SOCK_CONNECTING);
    assert_int_equal(s->sent_ms, -1);
    assert_int_equal(s->received_ms, -1);
    assert_int_equal(s->ack_ms, -1);
    assert_int_equal(s->retransmits, 3); /* of the first packet: nobody answers */
}

static void listening_and_lingering_are_no_connections(void **state)
{
    (void)state;
    struct buf bytes = {0};
    add_connection(&bytes, AF_INET, LISTEN, "10.0.0.1", "0.0.0.0", 0);
    add_connection(&bytes, AF_INET, TIME_WAIT, "10.0.0.1", "10.0.0.2", 0);
    assert_int_equal(parsed((struct sv){bytes.p, bytes.n}, 1, 0).count, 0);
    buf_release(&bytes);
}

static void a_peer_on_this_machine_is_told_from_one_outside(void **state)
{
    (void)state;
    static const struct {
        int family;
        const char *from, *to, *shown;
        bool is_loopback;
    } cases[] = {
        {AF_INET, "10.0.0.1", "10.0.0.2", "10.0.0.2", false},
        {AF_INET, "10.0.0.1", "10.0.0.1", "10.0.0.1", true},
        {AF_INET, "127.0.0.1", "127.3.2.1", "127.3.2.1", true},
        {AF_INET6, "::1", "::1", "::1", true},
        {AF_INET6, "2001:db8::1", "2001:db8::2", "2001:db8::2", false},
        {AF_INET6, "::ffff:127.0.0.1", "::ffff:127.0.0.1", "127.0.0.1", true},
        {AF_INET6, "::ffff:10.0.0.1", "::ffff:192.0.2.7", "192.0.2.7", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sock_list list;
        struct buf bytes = {0};
        add_connection(&bytes, cases[i].family, ESTABLISHED, cases[i].from, cases[i].to, 0);
        const struct sock *s = only(&bytes, &list);
        assert_string_equal(s->remote_address, cases[i].shown);
        assert_int_equal(s->is_loopback, cases[i].is_loopback);
    }
}

static void the_kernels_refusal_comes_back(void **state)
{
    (void)state;
    struct {
        int code;
        struct nlmsghdr request;
    } refusal = {.code = -ENOENT};
    struct buf bytes = {0};
    add_message(&bytes, NLMSG_ERROR, 0, &refusal, sizeof refusal);
    parsed((struct sv){bytes.p, bytes.n}, 1, -ENOENT);
    buf_release(&bytes);

    int code = -ENOMEM;
    add_message(&bytes, NLMSG_DONE, NLM_F_MULTI, &code, sizeof code);
    parsed((struct sv){bytes.p, bytes.n}, 1, -ENOMEM);
    buf_release(&bytes);

    code = 0;
    add_message(&bytes, NLMSG_DONE, NLM_F_MULTI, &code, sizeof code);
    parsed((struct sv){bytes.p, bytes.n}, 1, 1);
    buf_release(&bytes);
}

static void a_table_that_changed_under_the_dump_is_not_complete(void **state)
{
    (void)state;
    int code = 0;
    struct buf bytes = {0};
    add_message(&bytes, NLMSG_DONE, NLM_F_MULTI | NLM_F_DUMP_INTR, &code, sizeof code);
    assert_false(parsed((struct sv){bytes.p, bytes.n}, 1, 1).complete);
    buf_release(&bytes);
}

static void what_is_past_the_limit_is_left_out_and_said(void **state)
{
    (void)state;
    struct buf bytes = {0};
    for (size_t i = 0; i < SOCK_LIMIT; i++)
        add_connection(&bytes, AF_INET, ESTABLISHED, "10.0.0.1", "10.0.0.2", 0);
    struct sock_list list = parsed((struct sv){bytes.p, bytes.n}, 1, 0);
    assert_int_equal(list.count, SOCK_LIMIT);
    assert_true(list.complete);
    add_connection(&bytes, AF_INET, ESTABLISHED, "10.0.0.1", "10.0.0.2", 0);
    list = parsed((struct sv){bytes.p, bytes.n}, 1, 0);
    assert_int_equal(list.count, SOCK_LIMIT);
    assert_false(list.complete);
    buf_release(&bytes);
}

/* ---- live ---------------------------------------------------------------------------------- */

struct pair {
    int listener, near, far;
};

/* Two connected ends; near asked, far was asked. */
static bool connect_pair(int family, struct pair *p)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr *address = family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
    socklen_t n = family == AF_INET ? sizeof v4 : sizeof v6;
    p->listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (p->listener < 0 || bind(p->listener, address, n) < 0) {
        close(p->listener);
        return false; /* no IPv6 on this machine */
    }
    assert_int_equal(listen(p->listener, 1), 0);
    assert_int_equal(getsockname(p->listener, address, &n), 0);
    p->near = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(p->near, address, n), 0);
    p->far = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(p->far >= 0);
    return true;
}

static void close_pair(struct pair *p)
{
    close(p->near);
    close(p->far);
    close(p->listener);
}

/* The connection behind a descriptor of ours; zeroed where it is not listed. */
static struct sock look_at(int fd)
{
    struct stat st;
    struct sock_list list;
    struct sr_error error;
    assert_int_equal(fstat(fd, &st), 0);
    if (sock_read(&arena, &list, &error) < 0)
        fail_msg("%s", error.text);
    assert_true(list.complete);
    const struct sock *s = sock_find(&list, st.st_ino);
    return s ? *s : (struct sock){0};
}

static void bytes_and_queues_of_a_connection_are_counted(void **state)
{
    (void)state;
    struct pair p;
    char bytes[1000] = {0};
    assert_true(connect_pair(AF_INET, &p));
    assert_int_equal(send(p.near, bytes, sizeof bytes, 0), sizeof bytes);

    until(look_at(p.far).receive_queue_bytes == 1000);
    struct sock far = look_at(p.far), near = look_at(p.near);
    assert_int_equal(far.state, SOCK_ESTABLISHED);
    assert_int_equal(far.bytes_received, 1000);
    assert_int_equal(far.bytes_sent, 0);
    assert_true(far.is_loopback);
    assert_string_equal(far.local_address, "127.0.0.1");
    assert_int_equal(near.bytes_sent, 1000);
    assert_int_equal(near.bytes_received, 0);
    assert_int_equal(near.receive_queue_bytes, 0);
    assert_int_equal(near.local_port, far.remote_port);
    assert_int_equal(near.remote_port, far.local_port);

    assert_int_equal(recv(p.far, bytes, 400, 0), 400);
    assert_int_equal(look_at(p.far).receive_queue_bytes, 600);
    assert_int_equal(look_at(p.listener).inode, 0);
    close_pair(&p);
}

static void silence_grows_until_a_byte_comes(void **state)
{
    (void)state;
    struct pair p;
    assert_true(connect_pair(AF_INET, &p));
    /* nothing was ever received: counted from the connection */
    until(look_at(p.near).received_ms >= 200);
    assert_int_equal(look_at(p.near).bytes_received, 0);
    until(look_at(p.near).received_ms >= 400);

    int64_t before_ms = look_at(p.near).received_ms;
    assert_int_equal(send(p.far, "x", 1, 0), 1);
    until(look_at(p.near).bytes_received == 1);
    struct sock near = look_at(p.near);
    if (near.received_ms >= before_ms)
        fail_msg("silent for %d ms before and %d ms after a byte", (int)before_ms,
                 (int)near.received_ms);
    assert_true(near.sent_ms >= before_ms); /* this end sent nothing all the while */
    close_pair(&p);
}

static void bytes_that_nobody_takes_wait_at_the_sender(void **state)
{
    (void)state;
    struct pair p;
    static char bytes[256 * 1024];
    assert_true(connect_pair(AF_INET, &p));
    while (send(p.near, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        ;
    assert_int_equal(errno, EAGAIN);
    until(look_at(p.near).send_queue_bytes > 0 && look_at(p.far).receive_queue_bytes > 0);
    close_pair(&p);
}

static void an_end_that_closed_is_told_from_one_that_has_yet_to(void **state)
{
    (void)state;
    struct pair p;
    assert_true(connect_pair(AF_INET, &p));
    assert_int_equal(shutdown(p.far, SHUT_WR), 0);
    until(look_at(p.near).state == SOCK_CLOSE_WAIT);
    until(look_at(p.far).state == SOCK_FIN_WAIT);
    close_pair(&p);
}

static void ipv6_is_seen(void **state)
{
    (void)state;
    struct pair p;
    if (!connect_pair(AF_INET6, &p))
        skip();
    assert_int_equal(send(p.near, "xyz", 3, 0), 3);
    until(look_at(p.far).receive_queue_bytes == 3);
    assert_string_equal(look_at(p.far).remote_address, "::1");
    close_pair(&p);
}

static void wait_in_another_network(const void *context)
{
    const int *ready = context;
    char failed = unshare(CLONE_NEWNET) < 0;
    if (write(*ready, &failed, 1) == 1)
        pause();
}

static void a_container_is_not_visible(void **state)
{
    (void)state;
    struct proc proc = live_proc();
    bool visible = false;
    assert_int_equal(sock_is_visible(&proc, getpid(), &visible), 0);
    assert_true(visible);

    int ready[2];
    char failed;
    assert_int_equal(pipe(ready), 0);
    pid_t child = live_start(wait_in_another_network, &ready[1]);
    assert_int_equal(read(ready[0], &failed, 1), 1);
    int r = sock_is_visible(&proc, child, &visible);
    live_end(child);
    close(ready[0]);
    close(ready[1]);
    proc_close(&proc);
    if (failed)
        skip(); /* not root */
    assert_int_equal(r, 0);
    assert_false(visible);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_captured_reply_is_read_whole, release),
        cmocka_unit_test_teardown(a_connection_without_figures_says_so, release),
        cmocka_unit_test_teardown(the_other_family_is_read_too, release),
        cmocka_unit_test_teardown(replies_to_another_request_are_passed_over, release),
        cmocka_unit_test_teardown(a_reply_cut_anywhere_is_refused_or_goes_on, release),
        cmocka_unit_test_teardown(what_an_old_kernel_does_not_say_is_unknown, release),
        cmocka_unit_test_teardown(a_newer_kernel_may_say_more, release),
        cmocka_unit_test_teardown(an_attribute_that_leaves_its_message_is_refused, release),
        cmocka_unit_test_teardown(every_state_of_the_kernel_has_its_word, release),
        cmocka_unit_test_teardown(a_connection_that_is_short_or_of_no_known_family_is_refused,
                                  release),
        cmocka_unit_test_teardown(messages_that_say_nothing_are_passed_over, release),
        cmocka_unit_test_teardown(before_it_is_connected_a_connection_has_no_ages, release),
        cmocka_unit_test_teardown(listening_and_lingering_are_no_connections, release),
        cmocka_unit_test_teardown(a_peer_on_this_machine_is_told_from_one_outside, release),
        cmocka_unit_test_teardown(the_kernels_refusal_comes_back, release),
        cmocka_unit_test_teardown(a_table_that_changed_under_the_dump_is_not_complete, release),
        cmocka_unit_test_teardown(what_is_past_the_limit_is_left_out_and_said, release),
        cmocka_unit_test_teardown(bytes_and_queues_of_a_connection_are_counted, release),
        cmocka_unit_test_teardown(silence_grows_until_a_byte_comes, release),
        cmocka_unit_test_teardown(bytes_that_nobody_takes_wait_at_the_sender, release),
        cmocka_unit_test_teardown(an_end_that_closed_is_told_from_one_that_has_yet_to, release),
        cmocka_unit_test_teardown(ipv6_is_seen, release),
        cmocka_unit_test_teardown(a_container_is_not_visible, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
