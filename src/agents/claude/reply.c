#include "agents/claude/reply.h"

#include "base/json.h"

static struct json_node *begin_record(struct json_document *d, const char *parent, const char *uuid,
                                      const char *type)
{
    struct json_node *node = json_object(d);
    char now[WALL_TEXT_SIZE];
    json_put_string(d, node, "parentUuid", parent);
    json_put_bool(d, node, "isSidechain", false);
    json_put_string(d, node, "type", type);
    json_put_string(d, node, "uuid", uuid);
    json_put_string(d, node, "timestamp", wall_format(wall_now(), now));
    return node;
}

static void put_message(struct json_document *d, struct json_node *record,
                        struct json_node *message, const char *text)
{
    struct json_node *content = json_array(d), *block = json_object(d);
    json_put_string(d, block, "type", "text");
    json_put_string(d, block, "text", text);
    json_put(d, content, NULL, block);
    json_put(d, message, "content", content);
    json_put(d, record, "message", message);
}

void claude_put_origin(struct json_document *d, struct json_node *record, const char *session_id,
                       const char *cwd, const char *version)
{
    json_put_string(d, record, "userType", "external");
    json_put_string(d, record, "entrypoint", "cli");
    json_put_string(d, record, "cwd", cwd);
    json_put_string(d, record, "sessionId", session_id);
    json_put_string(d, record, "version", version);
    json_put_string(d, record, "salvagedBy", "session-rescue " SR_VERSION);
}

static void end_record(struct json_document *d, const struct agent_reply *r,
                       struct json_node *record, struct buf *out)
{
    claude_put_origin(d, record, r->session_id, r->cwd, r->version);
    json_finish(d, record, true, out);
}

static void add_assistant(const struct agent_reply *r, struct buf *out)
{
    struct json_document *d = json_document_new();
    struct json_node *record = begin_record(d, r->parent, r->uuid[0], "assistant"),
                     *message = json_object(d);
    struct json_node *usage = json_object(d);
    json_put_string(d, message, "id", r->uuid[2]);
    json_put_string(d, message, "model", "<synthetic>");
    json_put_string(d, message, "role", "assistant");
    json_put_string(d, message, "stop_reason", "stop_sequence");
    json_put_string(d, message, "stop_sequence", "");
    json_put_string(d, message, "type", "message");
    json_put_integer(d, usage, "input_tokens", 0);
    json_put_integer(d, usage, "output_tokens", 0);
    json_put_integer(d, usage, "cache_creation_input_tokens", 0);
    json_put_integer(d, usage, "cache_read_input_tokens", 0);
    json_put(d, message, "usage", usage);
    put_message(d, record, message, r->text);
    end_record(d, r, record, out);
}

static void add_interruption(const struct agent_reply *r, struct buf *out)
{
    struct json_document *d = json_document_new();
    struct json_node *record = begin_record(d, r->uuid[0], r->uuid[1], "user"),
                     *message = json_object(d);
    json_put_string(d, message, "role", "user");
    put_message(d, record, message, "[Request interrupted by user]");
    end_record(d, r, record, out);
}

void claude_add_reply(const struct agent_reply *reply, struct buf *out)
{
    add_assistant(reply, out);
    add_interruption(reply, out);
}
