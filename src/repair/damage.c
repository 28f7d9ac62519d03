#include "repair/damage.h"

#include "conversation/loader/client_version.h"

#define V CLIENT_VERSION

_Static_assert(DAMAGE_KINDS <= 64, "sets of kinds are 64 bits");

const struct damage damages[DAMAGE_KINDS] = {
    [DAMAGE_TORN_TAIL] =
        {
            .word = "torn-tail",
            .catalogue = "D1",
            .severity = DAMAGE_HURTS,
            .what = "the last record breaks off",
            .consequence = "the next record that is written would be glued to it, and lost",
            .cure = DAMAGE_CURE_DROP,
            .client = "the client passes over it, and glues the next record that it writes to it",
            .loss = "that record, and the next one",
            .origin = "a crash, a full disk, or a file that was cut or copied while it was written",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_STUB] =
        {
            .word = "stub",
            .catalogue = "D2",
            .severity = DAMAGE_HURTS,
            .what = "a record breaks off",
            .consequence = "it is lost, and so is what stands behind it on its line",
            .cure = DAMAGE_CURE_DROP,
            .client = "the client passes over its line",
            .loss = "that record, and those behind it on its line",
            .origin = "a crash, a full disk, or a line that was edited by hand",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_GLUED] =
        {
            .word = "glued",
            .catalogue = "D3",
            .severity = DAMAGE_HURTS,
            .what = "several records stand on one line",
            .consequence = "all but the first are lost",
            .cure = DAMAGE_CURE_SPLIT,
            .client = "the client reads the first of them, 2.1.110 none",
            .loss = "the others, and what is older than a message among them",
            .origin = "a newline that was deleted, or files that were joined without one",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_NUL_PADDING] =
        {
            .word = "nul-padding",
            .catalogue = "D4",
            .severity = DAMAGE_HURTS,
            .what = "bytes of value 0, as a crash of the machine leaves them",
            .consequence = "a record behind them on their line is lost, or will be",
            .cure = DAMAGE_CURE_DROP,
            .client = "the client passes over the line that they stand on",
            .loss = "the record on it, and what was there in their place",
            .origin = "a crash of the machine",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_FRAGMENT] =
        {
            .word = "fragment",
            .catalogue = "D5",
            .severity = DAMAGE_HURTS,
            .what = "bytes that are no record",
            .consequence = "a record that they were a part of is lost",
            .cure = DAMAGE_CURE_DROP,
            .client = "the client passes over its line",
            .loss = "a record that it was a part of, and one that stands behind it on its line",
            .origin =
                "a line that was edited, wrapped or numbered by hand, a note or the marks of a "
                "merge, or two programs that wrote at once",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_RAW_CONTROL] =
        {
            .word = "raw-control",
            .catalogue = "D5",
            .severity = DAMAGE_HURTS,
            .what = "a control character stands in a text as it is",
            .consequence = "its record is lost",
            .cure = DAMAGE_CURE_REPLACE,
            .client = "the client passes over its line",
            .loss = "that record, and what is older than a message among them",
            .origin = "a line that was edited by hand, or written by another program",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_INNER_MARK] =
        {
            .word = "inner-mark",
            .catalogue = "D5",
            .severity = DAMAGE_HURTS,
            .what = "a byte order mark before a record, inside the file",
            .consequence = "the record is lost",
            .cure = DAMAGE_CURE_DROP,
            .client = "clients since 2.1.113 pass over its line; older ones read it",
            .loss = "that record, and what is older than a message among them",
            .origin = "two files that were joined, of which the second began with a mark",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_NULL_LINE] =
        {
            .word = "null-line",
            .catalogue = "D5",
            .severity = DAMAGE_HURTS,
            .tolerated_since = V(2, 1, 228),
            .what = "a line that says nothing but \"null\"",
            .consequence = "the client fails to resume, or reads nothing behind it",
            .cure = DAMAGE_CURE_DROP,
            .client = "2.1.116 to 2.1.227 fail to resume, older ones read nothing behind it, "
                      "newer ones pass over it",
            .loss = "what stands behind it, or the whole conversation; with a newer client nothing",
            .origin = "a program that wrote it, or a line that was edited by hand",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_LONG_LINE] =
        {
            .word = "long-line",
            .severity = DAMAGE_HURTS,
            .what = "a line that is no record, and too long to be looked into",
            .consequence = "what is on it is not known",
            .client = "the client passes over the line",
            .loss = "what stands on it",
            .origin = "two programs that wrote at once, or a file of another kind",
            .run = DAMAGE_RUN_NONE_KNOWN,
        },
    [DAMAGE_ORPHAN_RESULT] =
        {
            .word = "orphan-result",
            .catalogue = "D6",
            .severity = DAMAGE_HURTS,
            .tolerated_since = V(2, 1, 86),
            .refusal = "unexpected `tool_use_id` found in `tool_result` blocks",
            .what = "the result of a call that is not in the file",
            .consequence = "the API refuses every request",
            .cure = DAMAGE_CURE_REPLACE,
            .client = "clients before 2.1.86 send it, and the API refuses it; later ones send "
                      "nothing of what it says",
            .loss = "the call, and for the model what it brought",
            .origin = "a call's record that was deleted or never written",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_UNANSWERED_TOOL] =
        {
            .word = "unanswered-tool",
            .catalogue = "D7",
            .tolerated_since = V(2, 1, 86),
            .refusal = "`tool_use` ids were found without `tool_result` blocks",
            .what = "a call without a result, and the conversation goes on behind it",
            .consequence = "the API refuses every request",
            .cure = DAMAGE_CURE_INSERT,
            .client = "clients before 2.1.86 send it, and the API refuses it; later ones leave the "
                      "call out, or answer it with an error",
            .loss = "the result, and the call with it",
            .origin = "a result's record that was deleted or never written",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_MISSING_PARENT] =
        {
            .word = "missing-parent",
            .catalogue = "D8",
            .severity = DAMAGE_HURTS,
            .what = "its parent is not in the file",
            .consequence = "what is older is not loaded",
            .cure = DAMAGE_CURE_RELINK,
            .client = "the client takes the newest record of the 5 s before for the parent; where "
                      "there is none, it loads nothing that is older, without a word",
            .loss = "what is older, unless it was bridged",
            .origin = "a record that was deleted by hand, or never written",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_CYCLE] =
        {
            .word = "cycle",
            .catalogue = "D9",
            .severity = DAMAGE_HURTS,
            .what = "its parent stands below it in the conversation",
            .consequence = "what is older is not loaded",
            .cure = DAMAGE_CURE_RELINK,
            .client = "the client takes the newest record of the 5 s before for the parent; where "
                      "there is none, it loads nothing that is older",
            .loss = "what is older, unless it was bridged",
            .origin = "ids that were edited by hand",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_PROGRESS_FORK] =
        {
            .word = "progress-fork",
            .catalogue = "D10",
            .tolerated_since = V(2, 1, 91),
            .what = "its parent is a progress record that stands behind it",
            .consequence = "what is older is not loaded",
            .cure = DAMAGE_CURE_RELINK,
            .client = "clients before 2.1.91 do not get past it; later ones do",
            .loss = "what is older, with such a client",
            .origin = "parallel tools of an older client",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_STALE_LEAF] =
        {
            .word = "stale-leaf",
            .catalogue = "D11",
            .tolerated_since = V(2, 1, 101),
            .what = "it names a last record that is not in the file",
            .consequence = "the whole conversation may be hidden",
            .cure = DAMAGE_CURE_DROP,
            .client = "clients before 2.1.101 may load nothing; later ones pass over it",
            .loss = "the whole conversation, with such a client",
            .origin = "a record that was deleted by hand, or never written",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_DEAD_POINTER] =
        {
            .word = "dead-pointer",
            .catalogue = "D11",
            .severity = DAMAGE_HURTS,
            .what = "it names a subagent's record as the last of the conversation",
            .consequence = "the client finds no conversation",
            .cure = DAMAGE_CURE_DROP,
            .client = "clients that follow pointers (2.1.120 and later) say \"No conversation "
                      "found\"",
            .loss = "the whole conversation, with such a client",
            .origin = "a file that was edited or joined by hand, or written by another program",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_DEAD_END_LEAF] =
        {
            .word = "dead-end-leaf",
            .catalogue = "D11",
            .severity = DAMAGE_HURTS,
            .what = "the last record is on an older branch than another",
            .consequence = "the newer branch is not loaded",
            .cure = DAMAGE_CURE_INSERT,
            .client = "the client takes the last record, or the one that the last pointer names, "
                      "and loads what leads to it",
            .loss = "the newer messages",
            .origin = "two copies that were joined, lines that were sorted or moved, a crash after "
                      "the first turn; a rewind is none of these, and is left as it is",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_BOUNDARY_PARENT_GONE] =
        {
            .word = "boundary-parent-gone",
            .catalogue = "D12",
            .what = "the record that this compaction followed is not in the file",
            .client = "the client loads what stands behind the compaction, as always",
            .loss = "nothing",
            .origin = "a compaction whose older records were deleted",
            .run = DAMAGE_RUN_NOTHING,
        },
    [DAMAGE_SUMMARY_GONE] =
        {
            .word = "summary-gone",
            .catalogue = "D12",
            .severity = DAMAGE_HURTS,
            .what = "a compaction whose summary is not in the file",
            .consequence = "what was said before it is not loaded, and nothing sums it up",
            .cure = DAMAGE_CURE_DROP,
            .client = "the client loads what stands behind the compaction, as always",
            .loss = "all that was said before the compaction",
            .origin = "a summary's record that was deleted, or never written",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_DUPLICATE_RECORD] =
        {
            .word = "duplicate-record",
            .catalogue = "D14",
            .what = "a record with the same id stands behind it, and counts",
            .client = "the client takes the last one, at the place of the first",
            .loss = "nothing",
            .origin =
                "a copy of a part, two files that were joined, or a client that wrote it again",
            .run = DAMAGE_RUN_NOTHING,
        },
    [DAMAGE_ID_CLASH] =
        {
            .word = "id-clash",
            .catalogue = "D14",
            .severity = DAMAGE_HURTS,
            .what = "a later, other record has its id",
            .consequence = "it is not loaded",
            .cure = DAMAGE_CURE_REPLACE,
            .client = "the client holds one record by an id, the last of them",
            .loss = "what the earlier records say",
            .origin = "a merge by hand, or a program that makes up ids",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_EARLY_COPY] =
        {
            .word = "early-copy",
            .catalogue = "D14",
            .severity = DAMAGE_HURTS,
            .what = "a copy before a compaction of what was said behind it",
            .consequence = "the client forgets it with all that stands before the compaction",
            .cure = DAMAGE_CURE_DROP,
            .client = "the client holds a record at the place of its first copy, and forgets what "
                      "stands before a compaction",
            .loss = "what was said behind the compaction",
            .origin = "files that were joined by hand, or by a program that syncs them",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_LATE_BOUNDARY] =
        {
            .word = "late-boundary",
            .severity = DAMAGE_HURTS,
            .what = "a compaction stands behind what was said after it",
            .consequence = "the client forgets that with all that stands before the compaction",
            .cure = DAMAGE_CURE_INSERT,
            .client = "the client forgets what stands before a compaction, by the order of lines",
            .loss = "what was said behind the compaction",
            .origin = "files that were joined or sorted by hand, or by a program that syncs them",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_DUPLICATE_TOOL_ID] =
        {
            .word = "duplicate-tool-id",
            .catalogue = "D14",
            .refusal = "`tool_use` ids must be unique",
            .what = "a call with the id of another call",
            .consequence = "the API refuses every request",
            .cure = DAMAGE_CURE_DROP,
            .client = "the client sends both, and the API refuses them",
            .loss = "nothing, but no prompt is answered",
            .origin = "a call's record that was copied",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_STALE_THINKING] =
        {
            .word = "stale-thinking",
            .catalogue = "D15",
            .what = "thinking that the API does not take back",
            .consequence = "the API refuses every request",
            .cure = DAMAGE_CURE_DROP,
            .client = "the client sends it, and the API refuses it",
            .loss = "nothing, but no prompt is answered",
            .origin = "thinking that was edited, or is of another model or account",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_EMPTY_TEXT] =
        {
            .word = "empty-text",
            .catalogue = "D16",
            .refusal = "text content blocks must",
            .what = "a text without a word",
            .consequence = "the API refuses every request",
            .cure = DAMAGE_CURE_DROP,
            .client = "alone in its message it is left out; beside other blocks clients before "
                      "2.1.277 send it, and the API refuses it",
            .loss = "nothing, but no prompt is answered",
            .origin = "a reply that was interrupted, or a text that was edited away",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_BAD_TEXT] =
        {
            .word = "bad-text",
            .catalogue = "D17",
            .tolerated_since = V(2, 1, 132),
            .refusal = "no low surrogate in string",
            .what = "half a character, or one that may not be sent",
            .consequence = "the API refuses every request",
            .cure = DAMAGE_CURE_REPLACE,
            .client =
                "clients before 2.1.132 send it, and the API refuses it; later ones send U+FFFD",
            .loss = "that character",
            .origin = "a text that was cut within a character, or an editor with another encoding",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_OVERSIZED_IMAGE] =
        {
            .word = "oversized-image",
            .catalogue = "D18",
            .severity = DAMAGE_HURTS,
            .what = "an image that the API does not take",
            .consequence = "the API refuses every request",
            .cure = DAMAGE_CURE_REPLACE,
            .client = "the client sends it, and the API refuses it",
            .loss = "nothing, but no prompt is answered",
            .origin = "a large image that was pasted or read",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_HUGE_RECORD] =
        {
            .word = "huge-record",
            .catalogue = "D19",
            .what = "a long toolUseResult or output of progress, which the API never sees",
            .cure = DAMAGE_CURE_REPLACE,
            .client = "the client reads it and does not send it",
            .loss = "nothing",
            .origin = "a tool with much output",
            .run = DAMAGE_RUN_SHRINK,
        },
    [DAMAGE_FOREIGN_SESSION_ID] =
        {
            .word = "foreign-session-id",
            .catalogue = "D20",
            .what = "records of another session id; the name of the file is what counts",
            .client = "the client goes by the name of the file",
            .loss = "nothing",
            .origin = "a file that was renamed or copied, or two that were joined",
            .run = DAMAGE_RUN_NOTHING,
        },
    [DAMAGE_TWO_SESSIONS] =
        {
            .word = "two-sessions",
            .catalogue = "D20",
            .severity = DAMAGE_HURTS,
            .what = "the records of another session begin here, behind those of the first",
            .client = "the client loads the conversation that the last record leads to, and "
                      "nothing of the other",
            .loss = "the other conversation, unless it has a file of its own",
            .origin = "two files that were joined by hand, or by a program that syncs them",
            .run = DAMAGE_RUN_CONTEXT,
        },
    [DAMAGE_WRONG_FOLDER] =
        {
            .word = "wrong-folder",
            .catalogue = "D20",
            .severity = DAMAGE_MILD,
            .what = "it lies in the folder of another directory than it was started in",
            .client = "a client that is started there looks in another folder, and says \"No "
                      "conversation found\"",
            .loss = "nothing",
            .origin = "a copy into the wrong folder, or a directory that was moved or is a link by "
                      "now",
            .run = DAMAGE_RUN_RESUME,
        },
    [DAMAGE_MALFORMED_METADATA] =
        {
            .word = "malformed-metadata",
            .catalogue = "D21",
            .tolerated_since = V(2, 1, 229),
            .what = "an attachment without its contents",
            .consequence = "the client fails to resume the session",
            .cure = DAMAGE_CURE_DROP,
            .client = "clients before 2.1.229 fail to start with it; later ones pass over it",
            .loss = "the whole conversation, with such a client",
            .origin = "a record that was edited by hand",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_ERROR_TAIL] =
        {
            .word = "error-tail",
            .catalogue = "D22",
            .what = "an error that the API answered with, and nothing good behind it",
            .cure = DAMAGE_CURE_DROP,
            .client = "the client shows the error, and does not send it",
            .loss = "nothing",
            .origin = "what the API answered",
            .run = DAMAGE_RUN_NOTHING,
        },
    [DAMAGE_TOO_LONG] =
        {
            .word = "too-long",
            .refusal = "Prompt is too long",
            .what = "the conversation is too long for its model",
            .consequence = "every prompt is refused, after a resume as well",
            .cure = DAMAGE_CURE_REPLACE,
            .client = "the client sends it all, and the API refuses it: \"Prompt is too long\"; a "
                      "resume and /compact are refused as well",
            .loss = "nothing, but no prompt is answered",
            .origin = "tool results, images and files, of which the conversation has too many",
            .run = DAMAGE_RUN_FIT,
        },
    [DAMAGE_NO_MESSAGE] =
        {
            .word = "no-message",
            .severity = DAMAGE_HURTS,
            .tolerated_since = V(2, 1, 330),
            .what = "a message's record without its message",
            .consequence = "the client refuses to resume the session",
            .cure = DAMAGE_CURE_DROP,
            .client = "clients before 2.1.330 fail to resume; later ones pass over it",
            .loss = "that message; with an older client the whole conversation",
            .origin = "a record that was edited by hand",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_BAD_CONTENT] =
        {
            .word = "bad-content",
            .severity = DAMAGE_HURTS,
            .tolerated_since = V(2, 1, 330),
            .what = "a message whose content is no list of blocks, or a prompt of nothing",
            .consequence = "the next prompt fails",
            .cure = DAMAGE_CURE_REPLACE,
            .client = "clients before 2.1.330 fail at the next prompt; later ones cope",
            .loss = "that message; with an older client the whole conversation",
            .origin = "a record that was edited by hand",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_NULL_BLOCK] =
        {
            .word = "null-block",
            .severity = DAMAGE_HURTS,
            .tolerated_since = V(2, 1, 330),
            .what = "null in the place of a block of a message",
            .consequence = "the client fails to resume the session",
            .cure = DAMAGE_CURE_REPLACE,
            .client = "clients before 2.1.330 fail to resume; later ones pass over it",
            .loss = "the whole conversation, with an older client",
            .origin = "a record that was edited by hand, or written by another program",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_NO_TIMESTAMPS] =
        {
            .word = "no-timestamps",
            .tolerated_since = V(2, 1, 330),
            .what = "when it was written is not said",
            .consequence = "the client finds no conversation",
            .cure = DAMAGE_CURE_INSERT,
            .client = "clients before 2.1.330 find no conversation, or fail to resume; later ones "
                      "load it",
            .loss = "the whole conversation, with such a client",
            .origin = "records that were edited, or written by another program",
            .run = DAMAGE_RUN_REPAIR,
        },
    [DAMAGE_NO_CONVERSATION] =
        {
            .word = "no-conversation",
            .what = "there is no conversation in it",
            .client = "the client finds no conversation",
            .loss = "nothing that the file has",
            .origin = "a session in which nothing was said, or records that were deleted",
            .run = DAMAGE_RUN_NOTHING,
        },
    [DAMAGE_BAD_ROW] =
        {
            .word = "bad-row",
            .severity = DAMAGE_HURTS,
            .what = "a row of the database whose contents are no JSON",
            .client = "the client fails to load the session",
            .loss = "that row; with it all of the session, until it is mended by hand",
            .origin = "a disk that failed, or a program that wrote into the database",
            .run = DAMAGE_RUN_NONE_KNOWN,
        },
    [DAMAGE_LONE_ROW] =
        {
            .word = "lone-row",
            .severity = DAMAGE_MILD,
            .what = "a part of a message that is not there",
            .client = "the client never loads it",
            .loss = "what the part says; a backup has it",
            .origin = "a message that was deleted by another program",
            .run = DAMAGE_RUN_NONE_KNOWN,
        },
    [DAMAGE_LEFT_RUNNING] =
        {
            .word = "left-running",
            .severity = DAMAGE_MILD,
            .what = "a tool call that is said to run, and no client is there that runs it",
            .client = "the client shows it as running for ever, and goes on all the same",
            .loss = "the answer of that call",
            .origin = "a client that was killed while the call ran",
            .run = DAMAGE_RUN_NOTHING,
        },
    [DAMAGE_ODD_BYTES] =
        {
            .word = "odd-bytes",
            .what = "bytes that no client writes, and none minds",
            .client = "the client reads past them",
            .loss = "nothing",
            .origin = "an editor, a transfer between systems, or a file that was cut",
            .run = DAMAGE_RUN_NOTHING,
        },
};

const char *damage_run_option(enum damage_run run)
{
    static const char *const options[] = {
        [DAMAGE_RUN_NOTHING] = NULL,       [DAMAGE_RUN_NONE_KNOWN] = NULL,
        [DAMAGE_RUN_RESUME] = NULL,        [DAMAGE_RUN_CONTEXT] = NULL,
        [DAMAGE_RUN_REPAIR] = "",          [DAMAGE_RUN_FIT] = " --fit",
        [DAMAGE_RUN_SHRINK] = " --shrink",
    };
    return options[run];
}

static bool holds(struct sv text, const char *needle)
{
    return sv_find(text, 0, sv_of(needle)) < text.n;
}

uint64_t damage_named_by(struct sv text)
{
    uint64_t named = 0;
    for (unsigned k = 0; k < DAMAGE_KINDS; k++)
        if (damages[k].refusal && holds(text, damages[k].refusal))
            named |= 1ull << k;
    if (holds(text, "tool use concurrency issues"))
        named |= 1ull << DAMAGE_UNANSWERED_TOOL | 1ull << DAMAGE_ORPHAN_RESULT;
    if (holds(text, "prompt is too long") || holds(text, "exceed context limit"))
        named |= 1ull << DAMAGE_TOO_LONG;
    if (holds(text, "thinking") && (holds(text, "cannot be modified") || holds(text, "signature") ||
                                    holds(text, "must match")))
        named |= 1ull << DAMAGE_STALE_THINKING;
    return named;
}

const char *damage_severity_word(enum damage_severity severity)
{
    static const char *const words[] = {"harmless", "mild", "hurts"};
    return words[severity];
}

const char *damage_cure_word(enum damage_cure cure)
{
    static const char *const words[] = {"none", "drop", "split", "relink", "insert", "replace"};
    return words[cure];
}
