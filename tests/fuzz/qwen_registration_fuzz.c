/* Any bytes as a Qwen Code's sessions/<pid>.json, of the running machine and where that is not
 * known. */
#include "must.h"

#include "agents/qwen/qwen.h"

static void read_it(struct sv text, const char *boot_id)
{
    ARENA_RELEASE struct arena arena = {0};
    struct agent_registration r = {0};
    bool is_of_now = true;
    const char *wrong = qwen_parse_registration(&arena, text, boot_id, &r, &is_of_now);
    if (wrong) {
        touch(wrong);
        return;
    }
    if (!r.session_id) { /* another agent's */
        must(!is_of_now && r.start_ticks == 0);
        return;
    }
    must(r.pid > 0 && r.start_ticks > 0 && str_is_uuid(sv_of(r.session_id)));
    must(!r.pid_namespace || str_starts_with(r.pid_namespace, "pid:["));
    must(boot_id || is_of_now);
    touch(r.cwd);
    touch(r.version);
    touch(r.kind);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sv text = {(const char *)data, size};
    read_it(text, "3e1306ac-4548-447e-98d6-ab09f8d21b44");
    read_it(text, NULL);
    return 0;
}
