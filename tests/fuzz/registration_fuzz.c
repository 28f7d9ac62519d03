/* Any bytes as a client's sessions/<pid>.json. */
#include "must.h"

#include "agents/claude/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct agent_registration r = {0};
    const char *wrong =
        claude_parse_registration(&arena, (struct sv){(const char *)data, size}, &r);
    if (!wrong) {
        must(r.pid > 0 && str_is_uuid(sv_of(r.session_id)));
        must(!r.pid_namespace || str_starts_with(r.pid_namespace, "pid:["));
        touch(r.cwd);
        touch(r.version);
        touch(r.kind);
        touch(r.entrypoint);
        touch(r.status);
        touch(r.waiting_for);
        must(r.cwd == NULL || str_starts_with(claude_project_folder(&arena, r.cwd), "projects/"));
    }
    arena_release(&arena);
    return 0;
}
