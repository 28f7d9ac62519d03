#include "transcript/damage.h"

#define V(major, minor, patch) ((major)*1000000ll + (minor)*10000ll + (patch))

const struct damage damages[DAMAGE_KINDS] = {
    [DAMAGE_TORN_TAIL] =
        {
            .word = "torn-tail",
            .catalogue = "D1",
            .severity = DAMAGE_HURTS,
            .what = "the last record breaks off",
            .consequence = "the next record that is written would be glued to it, and lost",
            .cure = DAMAGE_CURE_DROP,
        },
    [DAMAGE_STUB] =
        {
            .word = "stub",
            .catalogue = "D2",
            .severity = DAMAGE_HURTS,
            .what = "a record breaks off",
            .consequence = "it is lost, and so is what stands behind it on its line",
            .cure = DAMAGE_CURE_DROP,
        },
    [DAMAGE_GLUED] =
        {
            .word = "glued",
            .catalogue = "D3",
            .severity = DAMAGE_HURTS,
            .what = "several records stand on one line",
            .consequence = "all but the first are lost",
            .cure = DAMAGE_CURE_SPLIT,
        },
    [DAMAGE_NUL_PADDING] =
        {
            .word = "nul-padding",
            .catalogue = "D4",
            .severity = DAMAGE_HURTS,
            .what = "bytes of value 0, as a crash of the machine leaves them",
            .consequence = "a record behind them on their line is lost, or will be",
            .cure = DAMAGE_CURE_DROP,
        },
    [DAMAGE_FRAGMENT] =
        {
            .word = "fragment",
            .catalogue = "D5",
            .severity = DAMAGE_HURTS,
            .what = "bytes that are no record",
            .consequence = "the record that they are a part of is lost",
            .cure = DAMAGE_CURE_DROP,
        },
    [DAMAGE_LONG_LINE] =
        {
            .word = "long-line",
            .severity = DAMAGE_HURTS,
            .what = "a line that is no record, and too long to be looked into",
            .consequence = "what is on it is not known",
        },
    [DAMAGE_ORPHAN_RESULT] =
        {
            .word = "orphan-result",
            .catalogue = "D6",
            .tolerated_since = V(2, 1, 86),
            .refusal = "unexpected `tool_use_id` found in `tool_result` blocks",
            .what = "the result of a call that is not in the file",
            .consequence = "the API refuses every request",
            .cure = DAMAGE_CURE_DROP,
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
        },
    [DAMAGE_MISSING_PARENT] =
        {
            .word = "missing-parent",
            .catalogue = "D8",
            .severity = DAMAGE_HURTS,
            .what = "its parent is not in the file",
            .consequence = "what is older is not loaded",
            .cure = DAMAGE_CURE_RELINK,
        },
    [DAMAGE_CYCLE] =
        {
            .word = "cycle",
            .catalogue = "D9",
            .severity = DAMAGE_HURTS,
            .what = "its parent stands below it in the conversation",
            .consequence = "what is older is not loaded",
            .cure = DAMAGE_CURE_RELINK,
        },
    [DAMAGE_PROGRESS_FORK] =
        {
            .word = "progress-fork",
            .catalogue = "D10",
            .tolerated_since = V(2, 1, 91),
            .what = "its parent is a progress record that stands behind it",
            .consequence = "what is older is not loaded",
            .cure = DAMAGE_CURE_RELINK,
        },
    [DAMAGE_STALE_LEAF] =
        {
            .word = "stale-leaf",
            .catalogue = "D11",
            .tolerated_since = V(2, 1, 101),
            .what = "it names a last record that is not in the file",
            .consequence = "the whole conversation may be hidden",
            .cure = DAMAGE_CURE_DROP,
        },
    [DAMAGE_DEAD_END_LEAF] =
        {
            .word = "dead-end-leaf",
            .catalogue = "D11",
            .severity = DAMAGE_HURTS,
            .what = "the last record is on an older branch than another",
            .consequence = "the newer branch is not loaded",
            .cure = DAMAGE_CURE_INSERT,
        },
    [DAMAGE_BOUNDARY_PARENT_GONE] =
        {
            .word = "boundary-parent-gone",
            .catalogue = "D12",
            .what = "the record that this compaction followed is not in the file",
        },
    [DAMAGE_DUPLICATE_RECORD] =
        {
            .word = "duplicate-record",
            .catalogue = "D14",
            .what = "a record with the same id stands behind it, and counts",
        },
    [DAMAGE_DUPLICATE_TOOL_ID] =
        {
            .word = "duplicate-tool-id",
            .catalogue = "D14",
            .refusal = "`tool_use` ids must be unique",
            .what = "a call with the id of another call",
            .consequence = "the API refuses every request",
            .cure = DAMAGE_CURE_DROP,
        },
    [DAMAGE_STALE_THINKING] =
        {
            .word = "stale-thinking",
            .catalogue = "D15",
            .what = "thinking that the API does not take back",
            .consequence = "the API refuses every request",
            .cure = DAMAGE_CURE_DROP,
        },
    [DAMAGE_EMPTY_TEXT] =
        {
            .word = "empty-text",
            .catalogue = "D16",
            .tolerated_since = V(2, 1, 110),
            .refusal = "text content blocks must",
            .what = "a text without a word",
            .consequence = "the API refuses every request",
            .cure = DAMAGE_CURE_DROP,
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
        },
    [DAMAGE_OVERSIZED_IMAGE] =
        {
            .word = "oversized-image",
            .catalogue = "D18",
            .severity = DAMAGE_HURTS,
            .what = "an image that the API does not take",
            .consequence = "the API refuses every request",
            .cure = DAMAGE_CURE_REPLACE,
        },
    [DAMAGE_HUGE_RECORD] =
        {
            .word = "huge-record",
            .catalogue = "D19",
            .what = "a long toolUseResult or output of progress, which the API never sees",
            .cure = DAMAGE_CURE_REPLACE,
        },
    [DAMAGE_FOREIGN_SESSION_ID] =
        {
            .word = "foreign-session-id",
            .catalogue = "D20",
            .what = "records of another session id; the name of the file is what counts",
        },
    [DAMAGE_MALFORMED_METADATA] =
        {
            .word = "malformed-metadata",
            .catalogue = "D21",
            .tolerated_since = V(2, 1, 229),
            .what = "an attachment without its contents",
            .consequence = "the client fails to resume the session",
            .cure = DAMAGE_CURE_DROP,
        },
    [DAMAGE_ERROR_TAIL] =
        {
            .word = "error-tail",
            .catalogue = "D22",
            .what = "an error that the API answered with, and nothing good behind it",
            .cure = DAMAGE_CURE_DROP,
        },
    [DAMAGE_TOO_LONG] =
        {
            .word = "too-long",
            .refusal = "Prompt is too long",
            .what = "the conversation is too long for its model",
            .consequence = "every prompt is refused, after a resume as well",
            .cure = DAMAGE_CURE_REPLACE,
        },
    [DAMAGE_NO_MESSAGE] =
        {
            .word = "no-message",
            .severity = DAMAGE_HURTS,
            .tolerated_since = V(2, 1, 330),
            .what = "a message's record without its message",
            .consequence = "the client refuses to resume the session",
            .cure = DAMAGE_CURE_DROP,
        },
    [DAMAGE_BAD_CONTENT] =
        {
            .word = "bad-content",
            .severity = DAMAGE_HURTS,
            .tolerated_since = V(2, 1, 330),
            .what = "a message whose content is no list of blocks",
            .consequence = "the client fails at the next prompt",
            .cure = DAMAGE_CURE_REPLACE,
        },
    [DAMAGE_NO_TIMESTAMPS] =
        {
            .word = "no-timestamps",
            .tolerated_since = V(2, 1, 330),
            .what = "no record says when it was written",
            .consequence = "the client finds no conversation",
            .cure = DAMAGE_CURE_INSERT,
        },
    [DAMAGE_NO_CONVERSATION] =
        {
            .word = "no-conversation",
            .what = "there is no conversation in it",
        },
    [DAMAGE_ODD_BYTES] =
        {
            .word = "odd-bytes",
            .what = "blank lines, a byte order mark, CRLF, or no newline at the end",
        },
};

int64_t damage_version(struct sv text)
{
    int64_t numbers[3];
    for (size_t i = 0; i < 3; i++) {
        size_t end = i < 2 ? sv_find(text, 0, SV(".")) : text.n;
        for (size_t j = 0; i == 2 && j < text.n; j++)
            if (text.p[j] < '0' || text.p[j] > '9') { /* "2.1.30-beta" */
                end = j;
                break;
            }
        if (!sv_to_i64(sv_slice(text, 0, end), &numbers[i]) || numbers[i] < 0 ||
            numbers[i] > (i == 0   ? 1000000
                          : i == 1 ? 99
                                   : 9999))
            return 0;
        text = sv_slice(text, end + (end < text.n), text.n);
    }
    return V(numbers[0], numbers[1], numbers[2]);
}

static bool holds(struct sv text, const char *needle)
{
    return sv_find(text, 0, sv_of(needle)) < text.n;
}

uint32_t damage_named_by(struct sv text)
{
    uint32_t named = 0;
    for (unsigned k = 0; k < DAMAGE_KINDS; k++)
        if (damages[k].refusal && holds(text, damages[k].refusal))
            named |= 1u << k;
    if (holds(text, "tool use concurrency issues"))
        named |= 1u << DAMAGE_UNANSWERED_TOOL | 1u << DAMAGE_ORPHAN_RESULT;
    if (holds(text, "prompt is too long") || holds(text, "exceed context limit"))
        named |= 1u << DAMAGE_TOO_LONG;
    if (holds(text, "thinking") && (holds(text, "cannot be modified") || holds(text, "signature") ||
                                    holds(text, "must match")))
        named |= 1u << DAMAGE_STALE_THINKING;
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
