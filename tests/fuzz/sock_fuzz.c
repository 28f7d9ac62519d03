/* Any bytes as the kernel's reply: each connection taken from them is whole, and none is made up.
 */
#include "must.h"

#include "platform/socket/sock.h"

/* A message header, and the fixed part of a connection (struct inet_diag_msg). */
enum { SMALLEST_CONNECTION = 16 + 72 };

static bool is_given_or_unknown(int64_t value)
{
    return value >= -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* replies in the corpus answer request 1 (IPv4) and 2 (IPv6) */
    for (uint32_t sequence = 1; sequence <= 2; sequence++) {
        struct arena arena = {0};
        struct sock_list list = {.complete = true};
        int r = sock_parse((const char *)data, size, sequence, &arena, &list);
        must(r <= 1);
        must(list.count <= size / SMALLEST_CONNECTION);
        for (size_t i = 0; i < list.count; i++) {
            const struct sock *s = &list.items[i];
            must(strlen(s->local_address) >= 2 && strlen(s->remote_address) >= 2);
            must(s->state <= SOCK_CLOSED);
            must(s->receive_queue_bytes >= 0 && s->send_queue_bytes >= 0);
            must(is_given_or_unknown(s->sent_ms) && is_given_or_unknown(s->received_ms) &&
                 is_given_or_unknown(s->ack_ms) && is_given_or_unknown(s->retransmits));
            must(s->inode == 0 || sock_find(&list, s->inode) != NULL);
        }
        arena_release(&arena);
    }
    return 0;
}
