#include "backup/session_log.h"

#include "backup/backup_dir.h"
#include "base/io/durable.h"
#include "base/io/fs.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOG_MODE = 0600, ID_SHOWN = 8, ENTRY_BYTES = 4096 };

static void add_entry(struct buf *out, const char *stamp, const struct session_log_row *rows,
                      size_t count)
{
    buf_addf(out, "### %s - [ADMIN] Session Rescue\n\n**Sessions Recovered:**\n\n", stamp);
    buf_adds(out, "| UUID | Size | Action | Result |\n|------|------|--------|--------|\n");
    for (size_t i = 0; i < count; i++) {
        char size[STR_SIZE_TEXT] = "-";
        if (rows[i].size_bytes >= 0)
            str_format_size(rows[i].size_bytes, size);
        buf_addf(out, "| %.*s... | %s | %s | %s |\n", ID_SHOWN, rows[i].session_id, size,
                 rows[i].action, rows[i].is_done ? "✅" : "❌");
    }
    buf_adds(out, "\n");
}

static void name_file(struct wall at, char stamp[static WALL_TEXT_SIZE],
                      char file[static SESSION_LOG_NAME_SIZE])
{
    wall_format(at, stamp);
    snprintf(file, SESSION_LOG_NAME_SIZE, "SESSION-LOG-%.10s.md", stamp);
}

int session_log_foresee(const char *folder, struct wall at, struct sr_error *error)
{
    char stamp[WALL_TEXT_SIZE], file[SESSION_LOG_NAME_SIZE];
    struct stat st;
    name_file(at, stamp, file);
    if (backup_dir_foresee(folder, ENTRY_BYTES, error) < 0)
        return err_wrap(error, "session log update failed");
    FS_CLOSE int at_folder = fs_open_dir(AT_FDCWD, folder);
    int r = at_folder < 0 ? at_folder : 0;
    if (r == 0 && fstatat(at_folder, file, &st, AT_SYMLINK_NOFOLLOW) < 0)
        r = -errno;
    if (r == 0 && !S_ISREG(st.st_mode))
        r = S_ISLNK(st.st_mode) ? -ELOOP : -EISDIR;
    if (r == 0 && faccessat(at_folder, file, R_OK | W_OK, AT_EACCESS) < 0)
        r = -errno;
    return r < 0 && r != -ENOENT ? err_set(error, r, "session log update failed: open %s/%s: %s",
                                           folder, file, err_reason(r))
                                 : 0;
}

int session_log_append(const char *folder, struct wall at, const struct session_log_row *rows,
                       size_t count, char name[static SESSION_LOG_NAME_SIZE],
                       struct sr_error *error)
{
    char stamp[WALL_TEXT_SIZE], file[SESSION_LOG_NAME_SIZE];
    name_file(at, stamp, file);

    int r = durable_make_dirs(AT_FDCWD, folder, true);
    if (r < 0)
        return err_set(error, r, "session log update failed: make %s: %s", folder, err_reason(r));
    FS_CLOSE int at_folder = r;
    int opened = durable_open(at_folder, file, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW);
    if (opened < 0)
        return err_set(error, opened, "session log update failed: open %s/%s: %s", folder, file,
                       err_reason(opened));
    FS_CLOSE int fd = opened;

    BUF_RELEASE struct buf entry = {0};
    add_entry(&entry, stamp, rows, count);
    r = fchmod(fd, LOG_MODE) < 0 ? -errno : durable_append(fd, "\n\n", entry.p, entry.n);
    if (r == 0)
        r = durable_sync(at_folder);
    if (r < 0)
        return err_set(error, r, "session log update failed: write %s/%s: %s", folder, file,
                       err_reason(r));
    memcpy(name, file, sizeof file);
    return 0;
}
