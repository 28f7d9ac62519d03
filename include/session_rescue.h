/*
 * session-rescue: find the terminal sessions of coding agents, say which are
 * hung and why, and bring them back.
 *
 * This is the whole public interface of the library; the program session-rescue
 * uses it. Nothing in the library prints, exits or reads the environment: what it
 * needs from there is passed in struct sr_options.
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
 * integer negative (or 0 where a comment says so), when the fact is not known:
 * because it is absent, not permitted or not observed. No value is invented.
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
    SR_MAPPED_BY_CHILD_ENVIRONMENT, /* a tool's process has CLAUDE_CODE_SESSION_ID set */
    SR_MAPPED_BY_ARGV,              /* --resume or --session-id on the command line */
    SR_MAPPED_BY_TRANSCRIPT,        /* the only transcript that this process can have written to */
    SR_MAPPED_BY_STORE,             /* a stored session that no process owns */
    SR_MAPPED_BY_DESCRIPTOR,        /* the process has the session's transcript open */
    SR_MAPPED_BY_LOCK,              /* it holds the lock that the session's writer takes */
    SR_MAPPED_BY_LOG,               /* the agent's own log names both */
};

enum sr_certainty {
    SR_CERTAINTY_NONE,
    SR_AMBIGUOUS, /* several candidates fit equally well: no session id is given */
    SR_LIKELY,    /* the evidence fits one session, but another explanation is possible */
    SR_EXACT,
};

enum sr_kind {
    SR_KIND_UNKNOWN,
    SR_KIND_INTERACTIVE,
    SR_KIND_PRINT,      /* claude -p */
    SR_KIND_EDITOR,     /* started by an editor's extension */
    SR_KIND_SDK,        /* started by a program through the agent SDK */
    SR_KIND_BACKGROUND, /* the client's own background sessions */
    SR_KIND_SERVER,     /* it runs sessions that other processes show */
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

/* Whether the conversation is on disk. */
enum sr_persistence {
    SR_PERSISTENCE_UNKNOWN, /* not known, or the conversation is still empty */
    SR_PERSISTENCE_OK,
    SR_PERSISTENCE_BEHIND, /* the newest part is not in the transcript */
    SR_PERSISTENCE_NONE,   /* there is no transcript: only the client's memory holds it */
};

/* What a command must do so that the client uses the session's config directory. */
enum sr_config_dir_use {
    SR_CONFIG_DIR_AS_IS, /* nothing: in the user's environment the client uses it anyway */
    SR_CONFIG_DIR_UNSET, /* unset the variable: it is the standard one, another is named */
    SR_CONFIG_DIR_SET,   /* set the variable to it */
};

/* Whether the session in which a conversation continues is there. */
enum sr_continuation {
    SR_NOT_CONTINUED,
    SR_CONTINUED,
    SR_CONTINUED_ELSEWHERE,   /* in another project's folder, where the client does not look */
    SR_CONTINUATION_MISSING,  /* no folder has a file of it with a conversation in it */
    SR_CONTINUED_IN_A_CIRCLE, /* the sessions name each other: the last one is not known */
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
/* Not, or not wholly, on disk. */
bool sr_is_unsaved(enum sr_persistence persistence);

struct sr_child {
    int pid;
    const char *name;
};

/* What a process is to a session. */
enum sr_role {
    SR_ROLE_OWNER,   /* it runs the turns: its sockets, children and CPU time show their state */
    SR_ROLE_UI,      /* it shows the session on a terminal; a turn goes on without it */
    SR_ROLE_WRAPPER, /* it started one of these, and waits for it */
};

/* A process that takes part in a session. */
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
    const char *named;    /* when this user starts it: from the environment, else the standard */
    const char *standard; /* when the environment names none */
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
    bool is_sure;             /* it is gone for certain: all places were searched */
    const char *place;        /* its path, as the folder beside it tells; NULL: not known */
    size_t subagent_count;    /* transcripts of subagents */
    size_t tool_result_count; /* results that were too long for the transcript */
    size_t version_count;     /* copies of the user's files from before a change */
    size_t list_count;        /* to-do lists */
    size_t other_count;       /* files */
    size_t prompt_count;      /* lines of the history of prompts */
    bool may_have_more;       /* the history was read in part, or something could not be read */
    int64_t size_bytes;       /* of the files */
    const char *backup;       /* stem of the backup with the longest transcript; NULL: none */
    bool backup_is_unknown;   /* the backups could not be listed */
    int64_t backup_bytes;     /* size of that transcript */
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
    int parent_pid;                /* the session whose tool started this one; 0: none */
    const char *parent_session_id; /* likewise; NULL: not known */
    const char *container; /* "pid:[4026532288]": another pid or mount namespace; NULL: ours */
    int container_pid;     /* the pid inside it; 0: the same as pid, or not known */
    double cpu_percent;    /* of one CPU, over the life of the process; negative: not known */
    int64_t rss_bytes;     /* negative: not known */
    const struct sr_child *children;
    size_t child_count;

    /* the session */
    const char *session_id;
    enum sr_mapping mapped_by;
    enum sr_certainty mapping_certainty;
    const char *const *candidates; /* with SR_AMBIGUOUS: the ids that fit */
    size_t candidate_count;
    const int *twins; /* other live processes of the same session */
    size_t twin_count;
    const int *owners; /* of a stored session: live processes that may have it */
    size_t owner_count;
    bool is_unreadable;     /* its transcript could not be read */
    bool owners_not_known;  /* /proc does not even show this program: any process may have it */
    const char *config_dir; /* path as this program can open it */
    enum sr_config_dir_use config_dir_use;
    const char *transcript;     /* absolute path */
    int64_t size_bytes;         /* of the transcript; negative: not known */
    const struct sr_left *left; /* set if its transcript is gone and no process has it */
    const char *cwd;            /* the directory in which the session was started */
    bool cwd_is_gone;           /* it no longer exists; see cwd_is_unknown */
    bool cwd_is_elsewhere;      /* a client started there looks for the session in another folder
                                   of its store, for example because cwd is now a link */
    const char *first_prompt;
    int64_t last_activity_at_ms; /* wall time of the newest event; negative: not known */
    int64_t silent_s;            /* seconds since then */

    /* the judgement */
    enum sr_verdict verdict;
    const char *cause;      /* a stable word */
    const char *confidence; /* "high", "medium", "low" */
    bool is_noteworthy;     /* all is well, but the user should read the evidence */
    const char *advice;     /* wait, answer, revive, kill-child, kill, continue, look, none */
    const char *const *evidence;
    size_t evidence_count;

    /* facts that are not known and why, one each: "environment of 4711: permission denied" */
    const char *const *notes;
    size_t note_count;
    /* Among them, of a session that no process has: what its last turn still lacks, "Bash has no
     * result"; NULL: nothing, or that is not known. */
    const char *unfinished;
    /* Among them: why its client is going to delete it at its next start, and what helps; NULL: it
     * is not, by all that is known. */
    const char *danger;
    /* Among them, of a session that no process has: what to know before it is resumed, because its
     * client may delete it then; NULL: nothing. */
    const char *caution;

    /* The context window: how many tokens are in use, and how many there are. Negative: not known,
     * for example between a compaction and the next reply. */
    int64_t context_tokens, context_window;
    double context_percent;

    /* Is the conversation on disk? Independent of the verdict. */
    enum sr_persistence persistence;
    int64_t unsaved_since_ms; /* wall time up to which it is; negative: all is, or not known */
    const char *unsaved_why;  /* "environment", "option", "disk-full", "not-writable", "deleted",
                                 "not-known"; NULL: saved, or not known */
    const char *saving;       /* the problem, in a sentence; NULL: none is known */

    /* Where the conversation is now. NULL: its records do not say. */
    const char *continued_in; /* the session in which it continues */
    enum sr_continuation continuation;
    const char *continues;      /* the session that names this one as its continuation, if that
                                   one was looked at */
    const char *forked_from;    /* the session from which it was copied */
    bool is_archived;           /* the client's own list does not show it */
    bool holds_no_conversation; /* only a title, for example: the client finds nothing to resume */
    const char *job_id; /* a live background session: the id by which the client attaches to it */

    struct sr_home home; /* its agent and config_dir */
    /* The live processes that are known to take part in it; pid above is one of them, unless it is
     * a zombie. If no UI is among them, the owner shows the session on its own terminal. */
    const struct sr_attachment *attachments;
    size_t attachment_count;
    /* Where its records are stored; none: it has no records, or that is not known. If it has no
     * file of its own, transcript is NULL. */
    const struct sr_part *parts;
    size_t part_count;
    const char
        *cwd_is_unknown; /* why it could not be found out whether cwd exists: its file system
                            does not answer, for example; NULL: it is known, or nobody asked */
};

/* The process that runs the turns of a session. Returns: NULL: none is alive, or it is not known.
 */
const struct sr_attachment *sr_session_owner(const struct sr_session *session);

/* A transcript in a place where the client does not look. */
struct sr_stray {
    const char *session_id; /* from the file's name */
    const char *path;
    const char *why; /* "name", "too-deep", "beside-the-folders" */
    int64_t size_bytes;
    const char *found_by; /* where the client does find that session; NULL: nowhere */
    const char *belongs;  /* the path at which it would find this one; NULL: not known */
    const char *beside;   /* a folder next to it with the session's other files; NULL: none */
    size_t rivals;        /* other strays for that path, which has room for one */
    struct sr_home home;  /* the directory in which it was found */
};

/* Something that could not be read; the rest was. */
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
    size_t stored_count;    /* sessions without a process, listed or not */
    size_t gone_count;      /* sessions without a transcript but with other files, listed or not */
    size_t prompted_count;  /* sessions of which only prompts are left, if they are not listed */
    bool prompted_is_least; /* there may be more: the history of prompts was read in part */
    const struct sr_problem *problems;
    size_t problem_count;
    size_t archived_count; /* stored sessions left out of all counts and lists (hides_archived) */
    const struct sr_stray *strays; /* with looks_for_strays */
    size_t stray_count;
    bool may_lack_sessions; /* a place or process that may have one could not be read */
    bool may_lack_stored;   /* a place that may have transcripts could not be read */
};

struct sr_sleeps; /* base/sleeps.h: sleeps of the machine, noted by a program that looks often */

struct sr_options {
    /* Only sessions of these are listed; none: those of every live session. Relative paths start at
     * the working directory; the paths in a snapshot are absolute, as a resume command may be run
     * elsewhere. */
    const char *const *config_dirs;
    size_t config_dir_count;
    const char *default_config_dir;  /* the user's: $CLAUDE_CONFIG_DIR, else ~/.claude */
    const char *standard_config_dir; /* ~/.claude: what the client uses if nothing names another */
    const char *agent;               /* "claude"; "claude codex"; NULL: all */
    int own_pid;                     /* the calling process: marks the current session */
    const char *own_session_id;      /* $CLAUDE_CODE_SESSION_ID; NULL: none */
    const char *proc_path;           /* NULL: "/proc"; a captured tree in tests */
    size_t stored_limit; /* how many sessions without a process to list, newest first; 0: none */
    size_t gone_limit;   /* how many sessions without a transcript to list after them; 0: none. One
                            with nothing but prompts is listed only if a prefix matches: */
    const char *const *stored_prefixes; /* both lists: only ids that begin with one; none: all */
    size_t stored_prefix_count;
    const char *const *skipped_paths; /* not entered: directories that are known not to answer */
    size_t skipped_path_count;
    /* Called before a directory is read in which the program may get stuck, and with path NULL
     * afterwards. May be NULL. */
    void (*entering)(void *context, const char *path);
    void (*progress)(void *context, size_t done, size_t total);
    /* For a session whose transcript is gone: the stem of the backup with the longest transcript,
     * NULL if there is none; it must live as long as the context. Returns: false if that is not
     * known. May be NULL: there are no backups to search. */
    bool (*find_backup)(void *context, const char *session_id, const char **stem,
                        int64_t *size_bytes);
    void *context;
    int64_t context_window;  /* tokens, for every model; 0: from the model's name */
    bool hides_archived;     /* leaves out sessions that the user has archived */
    bool looks_for_strays;   /* fills strays */
    bool lists_stored_alone; /* reads nothing of sessions without a process: no directory, activity
                                or prompt */
    /* When the machine slept, as the caller noted; NULL: only the total since boot is known. */
    const struct sr_sleeps *sleeps;
    /* For the agents after the first: what default_config_dir and standard_config_dir are for it.
     */
    const struct sr_usual_home *usual_homes;
    size_t usual_home_count;
};

/*
 * Finds every live session, and, with stored_limit, the newest stored ones.
 * Only reads; runs nothing; takes milliseconds, unless a store's file system
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
 * together: for 0.4 s, or up to 9 s if one gets no CPU, seems to sleep, or receives
 * bytes that may be a reply. If all look healthy, there is no second look.
 * timeout_minutes: how long a busy session may be silent (usually 10).
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
 * Returns: its length (as snprintf, the text is cut if size is too small);
 * -EBUSY: a live process owns the session, or may own it; -ENODATA: there is no
 * command for another reason (sr_resume_obstacle).
 */
int sr_resume_command(const struct sr_session *session, char *text, size_t size);

/* Why there is no command, a stable word: "held", "may-be-held", "gone", "unreadable", "empty",
 * "no-conversation", "place-not-known". Returns: NULL if there is a command. */
const char *sr_resume_obstacle(const struct sr_session *session);

enum sr_export_outcome {
    SR_EXPORTED,
    SR_ALREADY_EXPORTED, /* nothing has changed since the last backup, which was verified again */
    SR_WOULD_EXPORT,     /* a dry run */
};

struct sr_export_options {
    const char *pending_dir;   /* created if it is missing */
    const char *temporary_dir; /* the client's; NULL: from its environment, else "/tmp" */
    const char *why;           /* kept in the manifest: "export", "kill", ... */
    bool dry_run;              /* only reads */
    int lock_patience_ms;      /* how long to wait for another export to end */
    /* Called before that wait. holder: "pid 4711". May be NULL. */
    void (*waiting)(void *context, const char *holder);
    void (*progress)(void *context, int64_t done_bytes, int64_t total_bytes);
    void *context;
};

struct sr_export {
    enum sr_export_outcome outcome;
    char stem[80];          /* of the backup in pending_dir; with SR_WOULD_EXPORT: empty */
    int64_t size_bytes;     /* of the transcript in it */
    int64_t total_bytes;    /* of all its files */
    int64_t grown_bytes;    /* how much the transcript grew since the last backup; -1: no backup */
    size_t file_count;      /* with the transcript */
    size_t lost_count;      /* files of the session that could not be read */
    bool was_rewritten;     /* it kept changing: its parts may be from different moments */
    bool last_line_is_torn; /* as in the file itself */
    bool has_no_transcript; /* there was none: an empty one takes its place and counts as lost */
    /* Texts that only the memory of its hung client held, now in <stem>.salvage.md
     * (doc/salvage.md). salvage: what they are, or why there are none; empty: no search. */
    size_t salvaged_count;
    char salvage[512];
    char lost[1024]; /* the files of lost_count: "PATH: why; PATH: why; and 3 more"; or empty */
    /* An earlier backup with a longer transcript: the session lost something in between. Empty:
     * none. */
    char fuller_stem[80];
    int64_t fuller_bytes; /* size of that transcript */
    /* An earlier backup that may have a longer one: its transcript cannot be read. Empty: none. */
    char unread_stem[80];
    int unread_code; /* negative errno: why */
};

/*
 * Copies a session, with everything on disk that belongs to it, into a
 * directory: lossless, synced, read back and compared (doc/backup-format.md).
 * session is one of snapshot's. A live session can continue meanwhile.
 * Returns: 0, or a negative errno; then there is no new backup, and the old ones are intact.
 * -ENODATA: the session has no transcript yet, and no other file. -EBUSY: another export runs.
 */
int sr_export_session(const struct sr_snapshot *snapshot, const struct sr_session *session,
                      const struct sr_export_options *options, struct sr_export *out,
                      struct sr_error *error);

/* What sr_kill_process and sr_revive_process ask a person. */
enum sr_question {
    SR_ASK_SESSION,    /* end or revive this session? */
    SR_ASK_BY_FORCE,   /* it, or a process of one of its tools, ignores SIGTERM: SIGKILL? */
    SR_ASK_INCOMPLETE, /* some files cannot be read, and are in no backup: continue? */
    SR_ASK_HELPERS,    /* kill: helpers of the session ignore SIGTERM: SIGKILL? */
    SR_ASK_WANTED,     /* kill: the session started a process that may still be needed: end it? */
    SR_ASK_END,        /* revive: end these processes of the session? */
    SR_ASK_OTHERS,     /* kill: its process also runs these other sessions, which end: continue? */
};

struct sr_act_options {
    /* The options of the snapshot: the session is looked at again before it is touched. */
    const struct sr_options *look;
    double timeout_minutes;
    const struct sr_export_options *backup;
    bool force;  /* no questions, and SIGKILL if SIGTERM is ignored; but not for SR_ASK_WANTED */
    bool escape; /* revive: press Escape to get the prompt back, whatever the cause */
    int64_t grace_ms; /* between SIGTERM and SIGKILL */
    /* Asks a person; text: about what, with the known facts. Returns: true for yes. NULL: there is
     * nobody to ask. */
    bool (*ask)(void *context, enum sr_question question, const char *text);
    /* Gets a line about each step. May be NULL. */
    void (*tell)(void *context, const char *line);
    void *context;
    /* The user accepts to lose what is not on disk, and gave the first eight characters of the
     * session's id; "": ask_for them; NULL: not accepted. force does not imply it. */
    const char *without_backup;
    /* Asks for these characters; text: what would be lost. Returns: false if nothing was typed.
     * NULL: there is nobody to ask. */
    bool (*ask_for)(void *context, const char *text, char *typed, size_t size);
};

/* The outcome; after a failure: of the steps that were done. */
struct sr_act {
    bool was_refused;        /* nothing was done: it is not allowed */
    bool was_declined;       /* the user said no; no signal was sent, and nothing was changed */
    bool was_done;           /* kill: the process has ended; revive: it moves again */
    bool has_backup;         /* made before it was touched */
    bool has_transcript;     /* false: there was nothing to back up */
    struct sr_export backup; /* the newest one, with what the client wrote while it ended */
};

struct sr_kill {
    struct sr_act act;
    bool by_force;           /* it took SIGKILL */
    bool is_backup_complete; /* the client's last records are in it */
    size_t survivor_count;   /* processes that the session started and that still run */
};

/*
 * Ends a session's process, but only with a verified backup of the session and
 * with all of the conversation on disk, unless the user accepts the loss
 * (without_backup). It never ends the session or terminal in which the calling
 * process (look->own_pid) runs, an ancestor of it, a process of another user, or
 * a traced one.
 * Blocks: for the backup, the questions, up to twice grace_ms, and some 20 s more
 * if the process or its helpers ignore SIGTERM.
 * Returns: 0 when it has ended and all is cleaned up. -EPERM: refused.
 * -ECANCELED: declined. -EAGAIN: it has changed since the snapshot.
 * Others: see out for what was done.
 */
int sr_kill_process(struct sr_snapshot *snapshot, const struct sr_session *session,
                    const struct sr_act_options *options, struct sr_kill *out,
                    struct sr_error *error);

struct sr_revive {
    struct sr_act act;
    size_t tried;     /* how many pushes (attempts to make it move) were made */
    const char *push; /* the last one that worked: a stable word; NULL: none */
    char moved[256];  /* what showed that it moves: "a new request went out after 24 ms" */
};

/* Whether there is a push for the session's verdict, cause and advice. */
bool sr_can_revive(const struct sr_session *session);

/*
 * Makes a hung session move again without ending it: tries the pushes for its
 * cause, the gentlest first (doc/reviving.md), and checks after each whether it
 * moves. Always makes a verified backup first. Never touches what sr_kill_process
 * never ends, nor a session that works or waits for its user.
 * Blocks: for the backup, the questions, and up to half a minute for each push,
 * with grace_ms in addition if the push ends processes.
 * Returns: 0 when it moves again. -EPERM: refused. -ECANCELED: declined.
 * -EAGAIN: it has changed since the snapshot. -EOPNOTSUPP: there is no push for
 * its cause. -ETIMEDOUT: no push helped.
 */
int sr_revive_process(struct sr_snapshot *snapshot, const struct sr_session *session,
                      const struct sr_act_options *options, struct sr_revive *out,
                      struct sr_error *error);

#ifdef __cplusplus
}
#endif
