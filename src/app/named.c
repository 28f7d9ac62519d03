#include "app/named.h"

#include "app/which.h"

int named_with(struct context *context, named_run *run)
{
    const struct options *o = context->options;
    struct sr_snapshot *snapshot;
    struct which which;
    struct sr_error error;
    if (which_parse(&context->arena, o->which[0], &which, &error) < 0) {
        context_complain(error.text);
        return EXIT_USAGE;
    }
    if (!context->pending_dir || !context->log_dir) {
        context_complain("no home directory is known: give --pending-dir and --log-dir");
        return EXIT_FAILED;
    }
    if (sr_detect_processes(&context->look, &snapshot, &error) < 0) {
        context_complain(error.text);
        return EXIT_FAILED;
    }
    context_print_problems(context, snapshot);
    sr_detect_hung_sessions(snapshot, o->timeout_minutes);
    const struct sr_session *found;
    int status = EXIT_USAGE;
    if (which_find(&which, snapshot, &found, &error) < 0)
        context_complain(error.text);
    else
        status = run(context, snapshot, found);
    sr_snapshot_free(snapshot);
    return status;
}

size_t named_count_running(const struct sr_snapshot *snapshot)
{
    size_t count = 0;
    for (size_t i = 0; i < snapshot->session_count; i++)
        count += snapshot->sessions[i].pid > 0;
    return count;
}
