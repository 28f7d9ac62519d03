#!/usr/bin/env bats
# Conditions that people have: links, overlays, disks that are read-only, full or broken, a /proc that hides.
# In each every mode is tried that looks or acts: what it claims is true, and nothing is ended, pushed or
# rewritten without a whole backup.

load helper
load sessions
load hung
load invoker

setup()
{
    [ "$(id -u)" -eq 0 ] || skip "only root can mount here"
    command -v nsenter unshare >/dev/null || skip "no util-linux here"
    scratch_folders
    id=$ID
    target=$BATS_TEST_TMPDIR/target
    mkdir "$pending" "$log" "$target"
    # shellcheck disable=SC2016 # the inner shell's
    start unshare --mount --propagation private sh -c ': >"$1"; exec sleep 600' sh "$BATS_TEST_TMPDIR/ready"
    world=$started
    wait_until 60 eval '[ -e "$BATS_TEST_TMPDIR/ready" ] || is_gone "$world"'
    [ -e "$BATS_TEST_TMPDIR/ready" ] || skip "no mount namespace can be made here"
    mkdir "$BATS_TEST_TMPDIR/inside"
    real_program=$SESSION_RESCUE real_programs=$TEST_PROGRAMS
    broken_mount=$TEST_PROGRAMS/broken-mount
    move_inside "$BATS_TEST_TMPDIR/inside/session-rescue" "$SESSION_RESCUE"
    move_inside "$BATS_TEST_TMPDIR/inside/fake-agent" "$TEST_PROGRAMS/fake-agent"
    SESSION_RESCUE=$BATS_TEST_TMPDIR/inside/session-rescue
    TEST_PROGRAMS=$BATS_TEST_TMPDIR/inside
}

# Run a command where the mounts of the test are.
inside()
{
    nsenter --target="$world" --mount -- "$@"
}

mounted()
{
    inside mount "$@" || skip "cannot mount: $*"
}

# From now on a program runs where the mounts are, and so do clients, who see the same store.
move_inside()
{
    printf '#!/bin/sh\nexec nsenter --target=%d --mount -- %q "$@"\n' "$world" "$2" >"$1"
    chmod +x "$1"
}

# ---- the sessions

# One that lives: $pid, with its transcript as it is seen $inside, and a copy of it, $before.
live_client()
{
    "${1:-fake}" --cwd "$project" --session "$id" "${@:2}" -- "$client"
    transcript=$(inside find -L "$CONFIG_DIR/projects" -name "$id.jsonl")
    before=$BATS_TEST_TMPDIR/before
    inside cat "$transcript" >"$before"
}

# One that is damaged, and that nobody holds: $damaged.
damaged_session()
{
    store_session "$OTHER"
    damaged=$CONFIG_DIR/projects/-tmp-p/$OTHER.jsonl
    printf '{"type":"user","uu' >>"$damaged"
    cp "$damaged" "$BATS_TEST_TMPDIR/damaged"
}

# ---- what is true

is_whole()
{
    local sums=$1
    (cd "${sums%/*}" && sha256sum --check --status --strict "${sums##*/}") &&
        cmp --quiet --bytes="$(stat -c %s "$before")" "$before" "${sums%.sha256}.jsonl"
}

# A backup of the session with all that it held.
has_whole_backup()
{
    local sums
    for sums in "/proc/$world/root$pending"/*-LOSSLESS-"$id".sha256; do
        [ -e "$sums" ] && is_whole "$sums" && return
    done
    return 1
}

# What the program said and did last, against what there is.
is_true()
{
    local said=$output$'\n'${stderr-} sums
    for sums in "/proc/$world/root$pending"/*.sha256; do
        [ ! -e "$sums" ] || (cd "${sums%/*}" && sha256sum --check --status --strict "${sums##*/}") || { echo "listed, and not whole: $sums"; return 1; }
    done
    if is_gone "$pid"; then
        has_whole_backup || { echo "it has ended without a backup"; return 1; }
    else
        ! grep -E "pid $pid has ended|Sessions killed: [1-9]|--resume $id" <<<"$said" || { echo "and pid $pid lives"; return 1; }
    fi
    if grep -E 'backed up and verified|Sessions exported: [1-9]|^(already )?exported ' <<<"$said"; then
        has_whole_backup || { echo "and there is no such backup"; return 1; }
    fi
    ! inside test -e "$CONFIG_DIR/history.jsonl" || [ -z "$(inside tail -c 1 "$CONFIG_DIR/history.jsonl")" ] || { echo "half a line in history.jsonl"; return 1; }
}

lists_session()
{
    rescue --status --json "${scratch[@]}"
    is_true
    [ "$(json ".sessions.filter(s => s.pid === $pid).length")" -eq 1 ]
}

exports_it()
{
    rescue --export "$id" "${scratch[@]}"
    [ "$status" -eq 0 ]
    is_true
    has_whole_backup
}

kills_it()
{
    rescue --kill "$pid" --force "${scratch[@]}"
    [ "$status" -eq 0 ]
    is_true
    is_gone "$pid"
    forget "$pid"
}

# A mode that must not be done: not_done STATUSES OPTION...
not_done()
{
    local statuses=$1
    shift
    rescue "$@" "${scratch[@]}"
    [[ " $statuses " == *" $status "* ]]
    [ -n "$stderr$output" ]
    is_true
    is_alive "$pid"
}

restores_it()
{
    rescue --restore "$id" --config-dir "$target" --pending-dir "$pending" --log-dir "$log"
    [ "$status" -eq 0 ]
    inside find "$target" -name "$id.jsonl" -exec cmp --bytes="$(stat -c %s "$before")" "$before" {} \; -exec touch "$BATS_TEST_TMPDIR/compared" \;
    [ -e "$BATS_TEST_TMPDIR/compared" ]
}

repairs_it()
{
    rescue --repair "$OTHER" --force "${scratch[@]}"
    [ "$status" -eq 0 ]
    [ "$(inside cat "$damaged")" = "$(head -n 1 "$BATS_TEST_TMPDIR/damaged")" ]
}

does_not_repair_it()
{
    rescue --repair "$OTHER" --force "${scratch[@]}"
    [ "$status" -ne 0 ]
    [ -n "$stderr" ]
    inside cmp "$damaged" "$BATS_TEST_TMPDIR/damaged"
    [[ $output != *"repaired:"* ]]
}

# Everything works: on a client that hangs, then to its end, and back.
all_modes_work()
{
    damaged_session
    modes_work
}

modes_work()
{
    live_client hung --ask-again
    lists_session
    exports_it
    rescue --revive "$pid" --force "${scratch[@]}"
    [ "$status" -eq 0 ]
    is_true
    is_alive "$pid"
    kills_it
    restores_it
    repairs_it
}

# ---- links

@test "a home that is a link: every mode works" {
    mv "$HOME" "$BATS_TEST_TMPDIR/elsewhere"
    ln -s elsewhere "$HOME"
    all_modes_work
}

@test "a config directory that is a link: every mode works" {
    mv "$CONFIG_DIR" "$BATS_TEST_TMPDIR/dotfiles"
    ln -s "$BATS_TEST_TMPDIR/dotfiles" "$CONFIG_DIR"
    all_modes_work
}

@test "a projects folder and a history that are links: every mode works" {
    mkdir "$BATS_TEST_TMPDIR/disk"
    mv "$CONFIG_DIR/projects" "$BATS_TEST_TMPDIR/disk"
    ln -s "$BATS_TEST_TMPDIR/disk/projects" "$CONFIG_DIR/projects"
    : >"$BATS_TEST_TMPDIR/disk/history.jsonl"
    ln -s "$BATS_TEST_TMPDIR/disk/history.jsonl" "$CONFIG_DIR/history.jsonl"
    all_modes_work
}

# ---- mounts

@test "a store on an overlay: every mode works" {
    damaged_session
    mkdir "$BATS_TEST_TMPDIR/layers"
    mounted -t tmpfs tmpfs "$BATS_TEST_TMPDIR/layers"
    inside mkdir "$BATS_TEST_TMPDIR/layers/"{upper,work}
    mounted -t overlay overlay -o "lowerdir=$CONFIG_DIR,upperdir=$BATS_TEST_TMPDIR/layers/upper,workdir=$BATS_TEST_TMPDIR/layers/work" "$CONFIG_DIR"
    modes_work
    [ -z "$(find "$CONFIG_DIR" -name "$id.jsonl")" ]
}

@test "a store that is read-only: what is on disk is saved, nothing is said to be written that is not" {
    damaged_session
    live_client hung
    mounted --bind "$CONFIG_DIR" "$CONFIG_DIR"
    mounted -o remount,bind,ro "$CONFIG_DIR"
    lists_session
    exports_it
    does_not_repair_it
    # whether it may be ended is another matter: is all that it holds on the disk?
    rescue --kill "$pid" --force "${scratch[@]}"
    [[ " 0 4 " == *" $status "* ]]
    is_true
    [ "$status" -ne 0 ] || is_gone "$pid"
    # restoring into it
    rescue --restore "$id" --new-id --config-dir "$CONFIG_DIR" --pending-dir "$pending" --log-dir "$log"
    [ "$status" -ne 0 ]
    [[ $output != *restored* && $output != *--resume* ]]
    [ "$(find "$CONFIG_DIR/projects" -name '*.jsonl' | wc -l)" -eq 3 ]
}

# Backups go to a file system of these options, on which a command leaves no room.
full_disk_for_backups()
{
    damaged_session
    live_client hung --ask-again
    mounted -t tmpfs -o "mode=700,$1" tmpfs "$pending"
    inside sh -c "cd '$pending' && $2" 2>/dev/null || true
    lists_session
    not_done 3 --export "$id"
    not_done 3 --export
    not_done "3 4" --kill "$pid" --force
    not_done "3 4" --revive "$pid" --force
    does_not_repair_it
    cmp "$transcript" "$before" # it was not pushed
    [ -z "$(inside find "$pending" -name '*.sha256')" ]
    inside sh -c "rm '$pending'/fill*"
    exports_it
}

@test "a full disk for the backups: no backup is claimed, nobody is ended or pushed, nothing rewritten" {
    full_disk_for_backups size=6m "head -c 10M /dev/zero >fill"
}

@test "a disk for the backups that has bytes, and no room for files: the same" {
    full_disk_for_backups size=60m,nr_inodes=64 'for i in $(seq 80); do : >fill.$i; done'
}

@test "a full disk for the store: a restore leaves nothing, a repair the original" {
    damaged_session
    live_client
    exports_it
    mounted -t tmpfs -o size=32k,mode=700 tmpfs "$target"
    inside sh -c 'printf "{}\n" >"$1/history.jsonl"; head -c 1M /dev/zero >"$1/fill" 2>/dev/null' sh "$target" || true
    rescue --restore "$id" --config-dir "$target" --pending-dir "$pending" --log-dir "$log"
    [ "$status" -eq 3 ]
    [[ $stderr == *"$target"* && $output != *restored* && $output != *--resume* ]]
    [ -z "$(inside find "$target" -name '*.jsonl' ! -name history.jsonl)" ]
    [ "$(inside cat "$target/history.jsonl")" = "{}" ]

    mounted -t tmpfs -o size=64k,mode=700 tmpfs "$CONFIG_DIR/projects/-tmp-p"
    inside sh -c 'cp "$1" "$2"; head -c 1M /dev/zero >"${2%/*}/fill" 2>/dev/null' sh "$BATS_TEST_TMPDIR/damaged" "$damaged" || true
    does_not_repair_it
}

@test "a full disk behind a link of the store is the one that is named" {
    live_client
    exports_it
    mkdir -p "$target" "$BATS_TEST_TMPDIR/full"
    mounted -t tmpfs -o size=32k,mode=700 tmpfs "$BATS_TEST_TMPDIR/full"
    inside sh -c 'mkdir "$1/projects"; head -c 1M /dev/zero >"$1/fill" 2>/dev/null' sh "$BATS_TEST_TMPDIR/full" || true
    ln -s "$BATS_TEST_TMPDIR/full/projects" "$target/projects"
    rescue --restore "$id" --config-dir "$target" --pending-dir "$pending" --log-dir "$log"
    [ "$status" -eq 3 ]
    [[ $stderr == *"$target/projects/"*": "*" are needed, "* ]]
}

# ---- a file that cannot be read

# The store is a mount on which NAME answers EIO to CALL: broken NAME CALL
broken()
{
    local is_up=$BATS_TEST_TMPDIR/is-up
    "$broken_mount" "$world" "$CONFIG_DIR" "$@" >"$is_up" 2>"$is_up.errors" 3>&- &
    started_pids+=("$!")
    disown "$!"
    wait_until 60 eval '[ -s "$is_up" ] || [ -s "$is_up.errors" ]'
    [ -s "$is_up" ] || skip "no FUSE mount can be made here: $(<"$is_up.errors")"
    case $2 in
    stat) run ! inside stat "$CONFIG_DIR/$1" ;;
    read) run ! inside cat "$CONFIG_DIR/$1" ;;
    list) run ! inside ls "$CONFIG_DIR/$1" ;;
    esac
}

nothing_is_done_without_it()
{
    live_client hung --ask-again
    exports_it
    mv "$pending" "$BATS_TEST_TMPDIR/earlier" # none of it counts now
    mkdir "$pending"
    broken "$@"
    lists_session
    not_done "1 3 4" --export "$id"
    [[ $output$stderr == *"$CONFIG_DIR"* || $output$stderr == *"NOT WHOLE"* ]]
    not_done "1 3 4" --export
    not_done "3 4" --kill "$pid" --force
    not_done "3 4" --revive "$pid" --force
    cmp "$transcript" "$before" # it was not pushed
    rescue --restore "$id" --config-dir "$CONFIG_DIR" --pending-dir "$BATS_TEST_TMPDIR/earlier" --log-dir "$log"
    [ "$status" -ne 0 ]
    rescue --repair "$transcript" --force "${scratch[@]}"
    [ "$status" -ne 0 ]
    cmp "$transcript" "$before"
}

@test "a transcript that answers EIO to stat: nothing is done to its session" {
    nothing_is_done_without_it "projects/$(sed 's/[^A-Za-z0-9]/-/g' <<<"$project")/$id.jsonl" stat
}

@test "a transcript that answers EIO to read: nothing is done to its session" {
    nothing_is_done_without_it "projects/$(sed 's/[^A-Za-z0-9]/-/g' <<<"$project")/$id.jsonl" read
}

@test "a project folder that answers EIO to stat: nothing is done to its session" {
    nothing_is_done_without_it "projects/$(sed 's/[^A-Za-z0-9]/-/g' <<<"$project")" stat
}

@test "a projects folder that cannot be listed: nothing is done to a session that is nowhere registered" {
    fake --cwd "$project" --session "$id" --no-registry -- "$client"
    transcript=$(find "$CONFIG_DIR/projects" -name "$id.jsonl")
    before=$BATS_TEST_TMPDIR/before
    cp "$transcript" "$before"
    broken "projects/$(sed 's/[^A-Za-z0-9]/-/g' <<<"$project")" list
    lists_session
    not_done "3 4" --kill "$pid" --force
    not_done "3 4" --revive "$pid" --force
    not_done "1 3 4" --export
}

# ---- a /proc that hides

@test "hidepid=2: what an ordinary user is told is true, and nothing is done that could not be proven" {
    SESSION_RESCUE=$real_program TEST_PROGRAMS=$real_programs
    scratch_user
    pending=$HOME/pending log=$HOME/log project=$HOME
    scratch=(--config-dir "$CONFIG_DIR" --pending-dir "$pending" --log-dir "$log" --timeout 0.01)
    damaged_session
    settle
    mounted -t proc -o hidepid=2 proc /proc
    run ! as_user test -e /proc/1/stat
    live_client users_fake
    printf '#!/bin/sh\nexec nsenter --target=%d --mount -- setpriv --reuid=%d --regid=%d --clear-groups %q "$@"\n' \
        "$world" "$user_id" "$user_id" "$rescue_program" >"$BATS_TEST_TMPDIR/inside/session-rescue"
    SESSION_RESCUE=$BATS_TEST_TMPDIR/inside/session-rescue
    lists_session
    exports_it
    # where the kernel tells who is above (Linux 6.13) it is proven that this program is not below the session
    rescue --revive "$pid" --force "${scratch[@]}"
    [[ " 0 4 " == *" $status "* ]]
    is_true
    is_alive "$pid"
    repairs_it
    rescue --kill "$pid" --force "${scratch[@]}"
    [[ " 0 4 " == *" $status "* ]]
    is_true
    [ "$status" -ne 4 ] || [[ $stderr == *"cannot be read"* ]]
}
