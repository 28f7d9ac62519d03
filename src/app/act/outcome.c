#include "app/act/outcome.h"

const char *outcome_session_id(const struct outcome *o)
{
    return o->session->session_id ? o->session->session_id : "not known";
}

size_t outcome_close(const struct outcome *o, const char *action, struct closing *closing,
                     struct session_log_row rows[static 2])
{
    const char *id = outcome_session_id(o);
    int64_t size_bytes = o->backup ? o->backup->size_bytes : o->session->size_bytes;
    size_t count = 0;
    if (o->has_backup) {
        closing->exported++;
        rows[count++] = (struct session_log_row){id, size_bytes, "Exported", true};
    }
    bool was_tried = o->was_reached || (o->code < 0 && !o->was_refused && !o->was_declined);
    if (was_tried)
        rows[count++] = (struct session_log_row){id, size_bytes, action, o->was_reached};
    if (o->code < 0 && was_tried)
        closing_add_cause(closing, o->why);
    return count;
}

int outcome_status(const struct outcome *o)
{
    if (o->code == 0)
        return EXIT_FINE;
    return o->was_refused || o->was_declined ? EXIT_REFUSED : EXIT_FAILED;
}

bool outcome_complain(const struct outcome *o)
{
    if (outcome_status(o) == EXIT_REFUSED)
        context_complain(o->why);
    return !o->was_refused || o->has_backup;
}
