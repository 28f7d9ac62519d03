/*
 * Any bytes as what /proc says of a process: its stat, its status, and, as the
 * rest of both, its command line and environment, which recognition reads. The
 * first byte says which.
 */
#include "must.h"

#include "agents/agent.h"
#include "platform/process/proc.h"

static void read_strings(struct arena *arena, struct sv bytes)
{
    struct proc_strings strings;
    proc_split(arena, bytes, &strings);
    must(strings.count <= bytes.n);
    for (size_t i = 0; i < strings.count; i++)
        touch(strings.items[i]);

    static const char *const programs[] = {"/usr/bin/node", "/opt/claude/versions/2.1.197", NULL};
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        struct agent_look look = {programs[i], "claude", &strings, &strings, FACT_UNKNOWN};
        must(agent_claude.process->role(&look) <= AGENT_HELPER);
    }
    struct sv id;
    if (agent_claude.process->session_in_argv(&strings, &id))
        must(str_is_uuid(id));
    bool is_default;
    touch(agent_claude.home->config_dir(arena, &strings, "/home/u", &is_default));
    must(agent_claude.process->kind(NULL, NULL, &strings) <= SR_KIND_BACKGROUND);
    agent_claude.model->api(&strings, &strings, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct arena arena = {0};
    struct sv bytes = {arena_strndup(&arena, (const char *)data + 1, size - 1), size - 1};
    struct proc_stat stat;
    struct proc_status status;
    switch (data[0] % 3) {
    case 0:
        if (proc_parse_stat(bytes.p, 4096, &stat) == 0)
            must(strlen(stat.name) < PROC_NAME_SIZE && stat.state);
        break;
    case 1:
        proc_parse_status(bytes.p, &status);
        break;
    default:
        read_strings(&arena, bytes);
    }
    arena_release(&arena);
    return 0;
}
