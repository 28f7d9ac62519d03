/* --status: every session found, with a verdict. Changes nothing. */
#include "app/commands/commands.h"

#include "view/json.h"

int command_status(struct context *context)
{
    struct sr_snapshot *snapshot;
    struct sr_error error;
    if (sr_detect_processes(&context->look, &snapshot, &error) < 0) {
        context_complain(error.text);
        return EXIT_FAILED;
    }
    int hung = sr_detect_hung_sessions(snapshot, context->options->timeout_minutes);

    struct buf out = {0};
    if (context->options->json)
        view_json_sessions(&out, snapshot);
    else
        view_text_status(&out, snapshot, &context->style);
    context_print_problems(context, snapshot);
    int status = context_print(&out);
    if (status == 0 && hung > 0)
        status = EXIT_ATTENTION;
    buf_release(&out);
    sr_snapshot_free(snapshot);
    return status;
}
