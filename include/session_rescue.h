/*
 * session-rescue: find the terminal sessions of coding agents, say which are
 * hung and why, and bring them back.
 *
 * This is the whole public face of the library. The program session-rescue is
 * its first user. Nothing in the library prints, exits or reads the
 * environment; what it needs of these comes in struct sr_options.
 *
 *     struct sr_options options = {.own_pid = getpid()};
 *     struct sr_snapshot *snapshot;
 *     struct sr_error error;
 *     if (sr_detect_processes(&options, &snapshot, &error) < 0)
 *         errx(3, "%s", error.text);
 *     for (size_t i = 0; i < snapshot->session_count; i++)
 *         puts(snapshot->sessions[i].session_id);
 *     sr_snapshot_free(snapshot);
 *
 * Functions return 0 or a positive count, or a negative errno with the reason
 * in *error (which may be NULL). Outputs are untouched on failure.
 *
 * Structures are only ever extended at their end; read them by pointer, never
 * copy or allocate one that the library returns. A pointer in them is NULL, an
 * integer negative (or 0 where said), when the fact is not known: absent, not
 * permitted and not observed are never turned into an invented value.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sr_error {
    int code;        /* negative errno */
    char text[1024]; /* one line: what failed, on what, and why */
};

/* How a process came to be mapped to a session. */
enum sr_mapping {
    SR_MAPPED_BY_NOTHING,
    SR_MAPPED_BY_REGISTRY, /* the client's own sessions/<pid>.json, its start time checked */
    SR_MAPPED_BY_CHILD_ENVIRONMENT, /* a tool child carries CLAUDE_CODE_SESSION_ID */
    SR_MAPPED_BY_ARGV,              /* --resume or --session-id on the command line */
    SR_MAPPED_BY_TRANSCRIPT,        /* the only transcript that this process can have written */
    SR_MAPPED_BY_STORE,             /* a stored session that no process owns */
    SR_MAPPED_BY_DESCRIPTOR,        /* the process has the session's transcript open */
    SR_MAPPED_BY_LOCK,              /* it holds the lock of who writes the session */
    SR_MAPPED_BY_LOG,               /* the agent's own log ties the two together */
};

enum sr_certainty {
    SR_CERTAINTY_NONE,
    SR_AMBIGUOUS, /* several candidates that cannot be told apart: no session id is given */
    SR_LIKELY,    /* the evidence fits one session, and another explanation is conceivable */
    SR_EXACT,
};

enum sr_kind {
    SR_KIND_UNKNOWN,
    SR_KIND_INTERACTIVE,
    SR_KIND_PRINT,      /* claude -p */
    SR_KIND_EDITOR,     /* started by an editor's extension */
    SR_KIND_SDK,        /* started by a program through the agent SDK */
    SR_KIND_BACKGROUND, /* the client's own background sessions */
    SR_KIND_SERVER,     /* it runs sessions that other processes draw */
};

enum sr_verdict {
    SR_UNKNOWN,
    SR_WORKING,
    SR_WAITING, /* for the user: a permission, a question */
    SR_IDLE,    /* the turn is over */
    SR_HUNG,
    SR_STOPPED,  /* by job control */
    SR_BLOCKED,  /* in an uninterruptible call */
    SR_ORPHANED, /* its terminal is gone */
    SR_STARTING,
};

/* Whether what was said in a session is on disk. */
enum sr_persistence {
    SR_PERSISTENCE_UNKNOWN, /* not known, or nothing was said yet */
    SR_PERSISTENCE_OK,
    SR_PERSISTENCE_BEHIND, /* the transcript lacks what was said last */
    SR_PERSISTENCE_NONE,   /* there is no transcript: all of it is in the client's memory alone */
};

/* What a command must do for the client to look into a session's config directory. */
enum sr_config_dir_use {
    SR_CONFIG_DIR_AS_IS, /* nothing: the user's environment leads there */
    SR_CONFIG_DIR_UNSET, /* it is the standard one, and the environment names another */
    SR_CONFIG_DIR_SET,
};

/* Whether the session that goes on with a conversation is there. */
enum sr_continuation {
    SR_NOT_CONTINUED,
    SR_CONTINUED,
    SR_CONTINUED_ELSEWHERE,   /* in another project's folder: the client does not look there */
    SR_CONTINUATION_MISSING,  /* no file of it, with a conversation, lies in any folder */
    SR_CONTINUED_IN_A_CIRCLE, /* the sessions name each other: nobody knows which is the last */
};

/* The words used in JSON and text. Returns: a static string, never NULL. */
const char *sr_mapping_word(enum sr_mapping mapping);
const char *sr_certainty_word(enum sr_certainty certainty);
const char *sr_kind_word(enum sr_kind kind);
const char *sr_verdict_word(enum sr_verdict verdict);
/* Returns: NULL for SR_NOT_CONTINUED. */
const char *sr_continuation_word(enum sr_continuation continuation);
/* Returns: NULL for SR_PERSISTENCE_UNKNOWN. */
const char *sr_persistence_word(enum sr_persistence persistence);

struct sr_child {
    int pid;
    const char *name;
};

/* What a process is to a session. */
enum sr_role {
    SR_ROLE_OWNER,   /* it runs the turn: its sockets, children and CPU time tell how that goes */
    SR_ROLE_UI,      /* it draws the session on a terminal, and leaves no turn without an owner */
    SR_ROLE_WRAPPER, /* it started one of these, and waits for it */
};

/* A process that has part in a session. */
struct sr_attachment {
    int pid;
    uint64_t start_ticks;
    enum sr_role role;
    const char *tty; /* NULL: none, or not known */
};

/* Where an agent keeps the sessions of a user. */
struct sr_home {
    const char *agent;  /* "claude" */
    const char *folder; /* path as this program can open it; NULL: not known */
};

/* Where an agent looks for a user's sessions. */
struct sr_usual_home {
    const char *agent;
    const char *named;    /* when the user starts it: as the environment says, or the standard */
    const char *standard; /* when it is told nothing */
};

/* What holds the records of a session. */
struct sr_part {
    const char *kind; /* "file"; "rows" of a database */
    const char *path; /* of the file, of the database */
    const char *key;  /* of the rows; NULL: all of the file */
};

/* The pane of a terminal multiplexer that a session runs in. */
struct sr_multiplexer {
    const char *kind;   /* "tmux", "screen", "zellij"; NULL: none known */
    const char *server; /* tmux: its socket; screen and zellij: the session's name */
    const char *pane;   /* tmux "%3", screen window "0", zellij pane id */
};

/* What is left of a session whose transcript is gone. */
struct sr_left {
    bool is_sure;             /* that it is gone: all places were looked at */
    const char *place;        /* where it would be, by the folder beside it; NULL: not known */
    size_t subagent_count;    /* their transcripts */
    size_t tool_result_count; /* what was too long for the transcript */
    size_t version_count;     /* files of the user's, as they were before they were changed */
    size_t list_count;        /* things to do */
    size_t other_count;       /* files */
    size_t prompt_count;      /* lines of the history of prompts */
    bool may_have_more;       /* the history was read in part, or something could not be read */
    int64_t size_bytes;       /* of the files */
    const char *backup;       /* that holds the longest transcript, its stem; NULL: none */
    bool backup_is_unknown;   /* backups could not be listed */
    int64_t backup_bytes;     /* of that transcript */
};

struct sr_session {
    /* the process; pid 0 where none is alive */
    const char *agent; /* "claude" */
    int pid, ppid;
    int uid;
    int64_t started_at_ms; /* wall time; negative: not known */
    uint64_t start_ticks;  /* field 22 of /proc/PID/stat: with the pid, a process's identity */
    const char *version;
    enum sr_kind kind;
    const char *entrypoint; /* as the client calls it: "cli", "sdk-cli", "claude-vscode", ... */
    const char *tty;        /* "pts/13" */
    struct sr_multiplexer multiplexer;
    bool current;                  /* this program runs inside this session or on its terminal */
    int parent_pid;                /* of the session whose tool started this one; 0: none */
    const char *parent_session_id; /* its session, where known */
    const char *container; /* "pid:[4026532288]": another pid or mount namespace; NULL: ours */
    int container_pid;     /* the pid in there; 0: same as pid, or not known */
    double cpu_percent;    /* of one CPU, over the life of the process; negative: not known */
    int64_t rss_bytes;     /* negative: not known */
    const struct sr_child *children;
    size_t child_count;

    /* the session */
    const char *session_id;
    enum sr_mapping mapped_by;
    enum sr_certainty mapping_certainty;
    const char *const *candidates; /* ids that could not be told apart */
    size_t candidate_count;
    const int *twins; /* other live processes on the same session */
    size_t twin_count;
    const int *owners; /* of a stored session: live processes that may have it */
    size_t owner_count;
    bool is_unreadable;     /* its transcript could not be read */
    bool owners_not_known;  /* /proc shows not even this program: any process may have it */
    const char *config_dir; /* path as this program can open it */
    enum sr_config_dir_use config_dir_use;
    const char *transcript;     /* absolute path */
    int64_t size_bytes;         /* of the transcript; negative: not known */
    const struct sr_left *left; /* its transcript is gone, and no process has it; NULL: not so */
    const char *cwd;            /* the directory that the session was started in */
    bool cwd_is_gone;           /* it does not exist any more */
    bool cwd_is_elsewhere;      /* a client that is started there looks for the session in another
                                   folder of its store, as where cwd is a link by now */
    const char *first_prompt;
    int64_t last_activity_at_ms; /* wall time of the newest event; negative: not known */
    int64_t silent_s;            /* seconds since then */

    /* the judgement */
    enum sr_verdict verdict;
    const char *cause;      /* a stable word */
    const char *confidence; /* "high", "medium", "low" */
    bool is_noteworthy;     /* its evidence tells what its user should know, though all is well */
    const char *advice;     /* wait, answer, revive, kill-child, kill, continue, look, none */
    const char *const *evidence;
    size_t evidence_count;

    /* facts that could not be had, a sentence each: "environment of 4711: permission denied" */
    const char *const *notes;
    size_t note_count;

    /* The context window: what the model has seen and said so far, and how much it can hold.
     * Negative: not known, as after a compaction until the next reply. */
    int64_t context_tokens, context_window;
    double context_percent;

    /* Beside the verdict: is the conversation on disk? */
    enum sr_persistence persistence;
    int64_t unsaved_since_ms; /* wall time until which it is; negative: saved, or not known */
    const char *unsaved_why;  /* "environment", "option", "disk-full", "not-writable", "deleted",
                                 "not-known"; NULL: saved, or not known */
    const char *saving;       /* a sentence; NULL: nothing speaks against it */

    /* Where the conversation is now. NULL: its records say nothing of the kind. */
    const char *continued_in; /* the session that goes on with it */
    enum sr_continuation continuation;
    const char *continues;      /* the session that this one goes on with, as that one says; only
                                   of one that was looked at */
    const char *forked_from;    /* the session that it was copied from */
    bool is_archived;           /* the client's own list does not show it */
    bool holds_no_conversation; /* a title, say, and nothing else: the client finds none in it */
    const char *job_id; /* of a live background session: what the client attaches to it by */

    struct sr_home home; /* its agent and config_dir */
    /* The live processes that have part in it, as far as they are known; pid above is one of them,
     * unless it has ended and was not collected. The owner draws its own terminal where no UI is
     * among them. */
    const struct sr_attachment *attachments;
    size_t attachment_count;
    /* What its records stand in: none where it has none, or that is not known. Where it is no file
     * of its own, transcript is NULL. */
    const struct sr_part *parts;
    size_t part_count;
};

/* The process that runs the turns of a session. Returns: NULL where none is alive, or known. */
const struct sr_attachment *sr_session_owner(const struct sr_session *session);

/* A session's transcript that lies where the client does not look. */
struct sr_stray {
    const char *session_id; /* as its name says */
    const char *path;
    const char *why; /* "name", "too-deep", "beside-the-folders" */
    int64_t size_bytes;
    const char *found_by; /* where the client finds that session already; NULL: nowhere */
    const char *belongs;  /* path by which it would find this one; NULL: not known */
    const char *beside;   /* folder with the session's other files next to it; NULL: none */
    size_t rivals;        /* others that belong in the same place, which one alone can take */
};

/* Something on the way that could not be read; the rest was. */
struct sr_problem {
    const char *path;
    int code;         /* negative errno */
    const char *text; /* one line */
};

/* One look at the machine. Everything in it lives until sr_snapshot_free. */
struct sr_snapshot {
    int64_t taken_at_ms;
    const char *host;
    const struct sr_session *sessions;
    size_t session_count;
    size_t stored_count; /* sessions in the stores without a process, listed or not */
    size_t gone_count;   /* sessions without a transcript of which files are left, listed or not */
    size_t prompted_count;  /* sessions of which prompts alone are left, and which are not listed */
    bool prompted_is_least; /* there may be more: the history of prompts was not read whole */
    const struct sr_problem *problems;
    size_t problem_count;
    size_t archived_count; /* of stored ones: left out of all counts and lists (hides_archived) */
    const struct sr_stray *strays; /* looks_for_strays */
    size_t stray_count;
    bool may_lack_sessions; /* some place or process where one may be could not be looked at */
    bool may_lack_stored;   /* some place where transcripts lie could not */
};

struct sr_sleeps; /* base/sleeps.h: what a program that looks again and again notes */

struct sr_options {
    /* look only at sessions of these; none: every live one's. Relative ones are seen from the
     * working directory; what is shown is absolute, for resume commands go elsewhere. */
    const char *const *config_dirs;
    size_t config_dir_count;
    const char *default_config_dir;  /* of the user: $CLAUDE_CONFIG_DIR or ~/.claude */
    const char *standard_config_dir; /* ~/.claude: what the client uses when told nothing */
    const char *agent;               /* "claude"; NULL: all */
    int own_pid;                     /* the asking process: marks the current session */
    const char *own_session_id;      /* $CLAUDE_CODE_SESSION_ID; NULL: none */
    const char *proc_path;           /* NULL: "/proc"; a captured tree in tests */
    size_t stored_limit;             /* sessions without a process to list, newest first; 0: none */
    size_t gone_limit; /* sessions whose transcript is gone to list behind them; 0: none. Those of
                          which prompts alone are left are listed where an id begins with one of: */
    const char *const *stored_prefixes; /* of these only whose id begins with one; none: all */
    size_t stored_prefix_count;
    const char *const *skipped_paths; /* directories that are known not to answer: not entered */
    size_t skipped_path_count;
    /* Called before a directory is read that could get stuck, with NULL after. NULL: nobody asks.
     */
    void (*entering)(void *context, const char *path);
    void (*progress)(void *context, size_t done, size_t total);
    /* Of a session whose transcript is gone: the backup that holds the longest, its stem, which
     * lives as long as the context; NULL: none does. Returns: false: that is not known. NULL: there
     * are no backups to look at. */
    bool (*find_backup)(void *context, const char *session_id, const char **stem,
                        int64_t *size_bytes);
    void *context;
    int64_t context_window;  /* tokens that every model holds; 0: as its name says */
    bool hides_archived;     /* lists none that its user has archived */
    bool looks_for_strays;   /* and fills strays */
    bool lists_stored_alone; /* nothing is read of sessions without a process: no directory, no
                                activity, no prompt */
    /* When the machine slept, by the caller's looks; NULL: only how long, since boot. */
    const struct sr_sleeps *sleeps;
    /* Of agents but the first: what default_config_dir and standard_config_dir are of that. */
    const struct sr_usual_home *usual_homes;
    size_t usual_home_count;
};

/*
 * Finds every live session (and, with stored_limit, the newest stored ones).
 * Reads only; runs nothing; takes milliseconds, unless a store's file system
 * does not answer (see entering).
 * Returns: 0; the snapshot may hold problems. -errno when nothing could be read.
 * Owner: the caller frees *snapshot with sr_snapshot_free.
 */
int sr_detect_processes(const struct sr_options *options, struct sr_snapshot **snapshot,
                        struct sr_error *error);
void sr_snapshot_free(struct sr_snapshot *snapshot);

/*
 * Judges every live session of a snapshot: verdict, cause, confidence, advice
 * and evidence. Sessions that look suspect are observed a second time, all
 * together, for less than a second; a healthy listing takes no second look.
 * timeout_minutes: silence that a busy session may keep (10 is usual).
 * Returns: how many are hung.
 */
int sr_detect_hung_sessions(struct sr_snapshot *snapshot, double timeout_minutes);

/*
 * The sessions on a terminal: "pts/4", "/dev/pts/4", "s013", "ttys013".
 * Stores at most size matches. Returns: how many there are, or -EINVAL when
 * tty does not name a terminal.
 */
int sr_map_tty_to_session(const struct sr_snapshot *snapshot, const char *tty,
                          const struct sr_session **matches, size_t size);

/*
 * The shell command that resumes a session, safe to paste into any POSIX shell.
 * Returns: its length (the text is cut when size is too small, as snprintf
 * does); -EBUSY while a live process owns the session, -ENODATA when the id or
 * the directory is not known.
 */
int sr_resume_command(const struct sr_session *session, char *text, size_t size);

/* Why there is no command, a stable word: "held", "may-be-held", "gone", "unreadable", "empty",
 * "no-conversation", "place-not-known". Returns: NULL where there is one. */
const char *sr_resume_obstacle(const struct sr_session *session);

enum sr_export_outcome {
    SR_EXPORTED,
    SR_ALREADY_EXPORTED, /* nothing has changed since the last backup, which was read again */
    SR_WOULD_EXPORT,     /* a dry run */
};

struct sr_export_options {
    const char *pending_dir;   /* made where it is missing */
    const char *temporary_dir; /* the client's; NULL: as its process says, else "/tmp" */
    const char *why;           /* kept in the manifest: "export", "kill", ... */
    bool dry_run;              /* reads, and changes nothing */
    int lock_patience_ms;      /* how long to wait for another export to end */
    /* Called before waiting for it. holder: "pid 4711". NULL: nobody asks. */
    void (*waiting)(void *context, const char *holder);
    void (*progress)(void *context, int64_t done_bytes, int64_t total_bytes);
    void *context;
};

struct sr_export {
    enum sr_export_outcome outcome;
    char stem[80];          /* of the backup in pending_dir; with SR_WOULD_EXPORT: empty */
    int64_t size_bytes;     /* of the transcript in it */
    int64_t total_bytes;    /* with everything else */
    int64_t grown_bytes;    /* of the transcript since the last backup; -1: there is none */
    size_t file_count;      /* the transcript is one of them */
    size_t lost_count;      /* files that belong to it and could not be read */
    bool was_rewritten;     /* it changed all the time: parts may be of different moments */
    bool last_line_is_torn; /* as in the file itself */
    bool has_no_transcript; /* there was none: an empty one is in its place, counted as lost */
    /* Texts that were only in the memory of its hung client, in <stem>.salvage.md (doc/salvage.md);
     * and in a sentence what they are, or why there is none. Empty: nothing was looked for. */
    size_t salvaged_count;
    char salvage[512];
    char lost[1024]; /* what lost_count counts: "PATH: why; PATH: why; and 3 more"; else empty */
    /* An earlier backup holds a longer transcript: the session lost something before this one was
     * made. Empty: none does. */
    char fuller_stem[80];
    int64_t fuller_bytes; /* of its transcript */
    /* An earlier backup that may hold a longer one: its transcript cannot be read. Empty: none. */
    char unread_stem[80];
    int unread_code; /* negative errno: why */
};

/*
 * Copies a session, with everything on disk that belongs to it, into a
 * directory: lossless, synced, read back and compared (doc/backup-format.md).
 * session is one of snapshot's. A live session may go on meanwhile.
 * Returns: 0, or a negative errno; then no backup was made, and none was harmed.
 * -ENODATA: the session has no transcript yet, and no other file. -EBUSY: another export runs.
 */
int sr_export_session(const struct sr_snapshot *snapshot, const struct sr_session *session,
                      const struct sr_export_options *options, struct sr_export *out,
                      struct sr_error *error);

/* What sr_kill_process and sr_revive_process ask a person. */
enum sr_question {
    SR_ASK_SESSION,    /* go on? */
    SR_ASK_BY_FORCE,   /* it, or a process of a tool of the session, ignores SIGTERM: SIGKILL? */
    SR_ASK_INCOMPLETE, /* files of the session are in no backup, as they cannot be read: go on? */
    SR_ASK_HELPERS,    /* kill: helpers of the session ignore SIGTERM: SIGKILL? */
    SR_ASK_WANTED, /* kill: a process that the session started, and which may be wanted: end it? */
    SR_ASK_END,    /* revive: end these processes of the session's? */
    SR_ASK_OTHERS, /* kill: its process runs these other sessions too, and ends them with it: go on?
                    */
};

struct sr_act_options {
    /* As the snapshot was taken with: the session is looked at again before it is touched. */
    const struct sr_options *look;
    double timeout_minutes;
    const struct sr_export_options *backup;
    bool force;  /* no question; SIGKILL where SIGTERM is ignored. Not for what may be wanted. */
    bool escape; /* revive: give the prompt back: the Escape key, in place of what the cause asks
                    for */
    int64_t grace_ms; /* between SIGTERM and SIGKILL */
    /* Asks a person; text says about what, and what is known of it. Returns: true for yes. NULL:
     * there is nobody to ask. */
    bool (*ask)(void *context, enum sr_question question, const char *text);
    /* Told what is being done, a line each. NULL: nobody listens. */
    void (*tell)(void *context, const char *line);
    void *context;
    /* Gives up what is not on disk: the first eight characters of the session's id, as its user
     * named it; "": they are asked for; NULL: nothing is given up. force does not. */
    const char *without_backup;
    /* Asks for these; text says what would be lost. Returns: false where nothing was typed. NULL:
     * there is nobody to ask. */
    bool (*ask_for)(void *context, const char *text, char *typed, size_t size);
};

/* What came of it; filled on failure too, as far as things went. */
struct sr_act {
    bool was_refused;        /* nothing was done, and nothing may be */
    bool was_declined;       /* the user said no; nothing was signalled or pushed */
    bool was_done;           /* the process has ended; it moves again */
    bool has_backup;         /* before it was touched */
    bool has_transcript;     /* else there was nothing to back up */
    struct sr_export backup; /* the newest: with what the client wrote while it ended */
};

struct sr_kill {
    struct sr_act act;
    bool by_force;           /* it took SIGKILL */
    bool is_backup_complete; /* the client's last records are in it */
    size_t survivor_count;   /* processes that the session started, and which still run */
};

/*
 * Ends a session's process, never without a verified backup of the session, nor
 * where not all that was said in it is on disk, unless that is given up by name,
 * and never the session or terminal that the asking process (look->own_pid)
 * runs in, an ancestor of it, another user's process, or a traced one.
 * Blocks: for the backup, the questions, and up to twice grace_ms.
 * Returns: 0 when it has ended and all is cleared up. -EPERM: refused.
 * -ECANCELED: declined. -EAGAIN: it is not what the snapshot says any more.
 * Others: out says how far things went.
 */
int sr_kill_process(struct sr_snapshot *snapshot, const struct sr_session *session,
                    const struct sr_act_options *options, struct sr_kill *out,
                    struct sr_error *error);

struct sr_revive {
    struct sr_act act;
    size_t tried;     /* pushes that were given */
    const char *push; /* the last that worked: a stable word; NULL: none */
    char moved[256];  /* by what it was seen to: "a new request went out after 24 ms" */
};

/* Whether there is a push for what holds the session, by its verdict, cause and advice. */
bool sr_can_revive(const struct sr_session *session);

/*
 * Un-hangs a session without ending it, by the gentlest push for what holds
 * it (doc/reviving.md), never without a verified backup, and looks whether it
 * moves after each. What sr_kill_process may not touch, this may not either;
 * a session that works, or waits for its user, is left alone.
 * Blocks: for the backup, the questions, and half a minute for each push.
 * Returns: 0 when it moves again. -EPERM: refused. -ECANCELED: declined.
 * -EAGAIN: it is not what the snapshot says any more. -EOPNOTSUPP: there is no
 * push for what holds it. -ETIMEDOUT: no push moved it.
 */
int sr_revive_process(struct sr_snapshot *snapshot, const struct sr_session *session,
                      const struct sr_act_options *options, struct sr_revive *out,
                      struct sr_error *error);

#ifdef __cplusplus
}
#endif
