#!/usr/bin/env bats
# /proc mounted with hidepid=2: an ordinary user sees no process of others, not those above its own
# either. The kernel is asked for those (pidfd-info, Linux 6.13). Where it does not say, what was
# there before this program's topmost process that is shown cannot be ruled out, and is not ended.

load helper
load sessions
load invoker

setup()
{
    scratch_user_with_session
    nsenter --target="$world" --mount -- mount -t proc -o hidepid=2 proc /proc || skip "no /proc can be mounted here"
    run ! as_user test -e /proc/1/stat
    cp "$TEST_PROGRAMS/deny-call" "$shared/bin/"
    chmod 755 "$shared/bin/deny-call"
    old_kernel="'$shared/bin/deny-call' pidfd-info"
}

# That the kernel says it here: else all is as with one that does not.
with_info()
{
    run as_user sh -c "$old_kernel true"
    [ "$status" -eq 0 ] || skip "no system call can be denied here"
    [ "$(printf '6.13\n%s\n' "$(uname -r)" | sort -V | head -n 1)" = 6.13 ] || skip "needs Linux 6.13"
}

lives()
{
    [ -e "/proc/$1" ] && ! grep -q '^State:.Z' "/proc/$1/status"
}

has_answer()
{
    wait_until 60 test -s "$HOME/seen"
    cat "$HOME/seen"
}

# What the client runs as a tool: sudo, and below it the program as the user.
below_root()
{
    printf '%s' "env -u CLAUDE_CODE_SESSION_ID sudo -n ${before-} '$rescue_program' $* --config-dir '$CONFIG_DIR' >'$HOME/new' 2>&1; echo \"status \$?\" >>'$HOME/new'; mv '$HOME/new' '$HOME/seen'"
}

@test "hidepid: below a root process that cannot be read, the session above it is not ended" {
    with_sudo
    for before in "" "$old_kernel"; do
        for mode in "--kill $ID --force" "--kill $ID --force --dry-run" "--revive $ID --force"; do
            rm -f "$HOME/seen"
            users_fake --session "$ID" --cwd / --child "$(below_root "$mode")" -- "$client"
            has_answer
            grep -q 'status 4' "$HOME/seen"
            grep -q 'refused: pid [0-9]*.*\(cannot be read\|the session that this program runs in\|an ancestor of this program\)' "$HOME/seen"
            lives "$pid"
            kill "$pid"
            wait_until 60 is_over "$pid"
        done
    done
}

is_over()
{
    ! lives "$1"
}

@test "hidepid: another session, from below what cannot be read: ended where the kernel says who is above" {
    with_sudo
    with_info
    users_fake --session "$OTHER" --cwd / -- "$client"
    other=$pid
    before=$old_kernel
    users_fake --session "$ID" --cwd / --child "$(below_root --kill "$OTHER" --force)" -- "$client"
    has_answer
    grep -q 'status 4' "$HOME/seen"
    grep -q 'refused: pid [0-9]*, a parent of this program, cannot be read' "$HOME/seen"
    lives "$other"
    kill "$pid"
    wait_until 60 is_over "$pid"

    before=
    rm -f "$HOME/seen"
    users_fake --session "$ID" --cwd / --child "$(below_root --kill "$OTHER" --force)" -- "$client"
    has_answer
    grep -q 'status 0' "$HOME/seen"
    wait_until 60 is_over "$other"
    lives "$pid"
}

# As a login by ssh: above the shell is root's. A session that was there before it, and one that
# was begun after it. The shell runs COMMAND once both are there: logged_in COMMAND...
logged_in()
{
    users_fake --session "$OTHER" --cwd / -- "$client"
    older=$pid
    # shellcheck disable=SC2016 # the inner shell's
    as_user sh -c 'echo >"$HOME/shell"; until [ -e "$HOME/go" ]; do sleep 0.1; done
        "$@" >"$HOME/new" 2>&1 </dev/null
        echo "status $?" >>"$HOME/new"
        mv "$HOME/new" "$HOME/seen"
        exec sleep 100' sh "$@" >/dev/null 2>&1 3>&- &
    started_pids+=("$!")
    wait_until 60 test -e "$HOME/shell"
    sleep 0.05 # a start time has a resolution of 10 ms
    users_fake --session "$ID" --cwd / -- "$client"
    as_user touch "$HOME/go"
    has_answer
}

kills_both()
{
    local command="${before-} '$rescue_program' --force --config-dir '$CONFIG_DIR' --kill"
    printf '%s' "$command $OTHER; echo older: \$?; $command $ID"
}

@test "hidepid: after a login whose parent is hidden, sessions are ended, older ones and younger" {
    with_info
    logged_in sh -c "$(kills_both)"
    cat "$HOME/seen"
    grep -q 'older: 0' "$HOME/seen"
    grep -q 'status 0' "$HOME/seen"
    wait_until 60 is_over "$older"
    wait_until 60 is_over "$pid"
}

@test "hidepid: where the kernel does not say who is above, a younger session is ended, and an older is not" {
    with_info
    before=$old_kernel
    logged_in sh -c "$(kills_both)"
    cat "$HOME/seen"
    grep -q 'older: 4' "$HOME/seen"
    grep -q 'status 0' "$HOME/seen"
    grep -q "refused: pid [0-9]*, a parent of this program, cannot be read: pid $older may be above" "$HOME/seen"
    wait_until 60 is_over "$pid"
    lives "$older"
}

@test "hidepid: where all parents can be read, a session is ended" {
    users_fake --session "$ID" --cwd / -- "$client"
    # shellcheck disable=SC2016 # the inner shells'
    as_user sh -c 'setsid sh -c '\''
        until [ "$(cut -d" " -f4 /proc/$$/stat)" = 1 ]; do sleep 0.1; done
        "$@" >"$HOME/new" 2>&1 </dev/null
        echo "status $?" >>"$HOME/new"
        mv "$HOME/new" "$HOME/seen"'\'' sh "$@" >/dev/null 2>&1 3>&- &' sh \
        "$rescue_program" --kill "$ID" --force --config-dir "$CONFIG_DIR"
    has_answer
    grep -q 'status 0' "$HOME/seen"
    wait_until 60 is_over "$pid"
}

@test "hidepid: a process that is there and cannot be read may be a session: it is not called none" {
    start sleep 200 # root's
    for mode in --kill --revive --export; do
        run --separate-stderr as_user "$rescue_program" "$mode" "$started" --config-dir "$CONFIG_DIR" \
            --pending-dir "$HOME/kept" --log-dir "$HOME/log"
        printf '%s\n' "$mode: $status" "$output" "$stderr"
        [ "$status" -eq 3 ]
        [[ $stderr == *"process $started cannot be read"* ]]
    done
    run --separate-stderr as_user "$rescue_program" --kill 4194305 --config-dir "$CONFIG_DIR"
    [ "$status" -eq 2 ]
}

@test "hidepid: the listing says that the current session is not known, where the kernel does not tell" {
    with_info
    users_fake --session "$ID" --cwd / -- "$client"
    run --separate-stderr as_user "$rescue_program" --status --config-dir "$CONFIG_DIR"
    printf '%s\n' "$output" "$stderr"
    [ "$status" -le 1 ]
    [[ $stderr != *"which session this runs in is not known"* ]]
    run --separate-stderr as_user "$shared/bin/deny-call" pidfd-info "$rescue_program" --status --config-dir "$CONFIG_DIR"
    printf '%s\n' "$output" "$stderr"
    [ "$status" -le 1 ]
    [[ $stderr == *"a parent of this program that cannot be read: which session this runs in is not known"* ]]
}

# A tool that runs as root is not shown: that it is there is known, and not what it does.
@test "hidepid: a tool behind sudo is not taken for one that is gone" {
    with_sudo
    users_fake --session "$OTHER" --cwd / --status busy --turn tool --spinner --child 'exec sudo -n sleep 200' -- "$client"
    runs() { children=$(cat "/proc/$pid/task/$pid/children"); [ -n "$children" ] && grep -qz '^sudo$' "/proc/${children%% *}/cmdline"; }
    wait_until 60 runs
    past_patience()
    {
        run --separate-stderr as_user "$rescue_program" --status --json --timeout 0.01 --config-dir "$CONFIG_DIR"
        [[ $output =~ "has been open for "([2-9]|[1-9][0-9])" s" ]]
    }
    wait_until 60 past_patience
    printf '%s\n' "$output" "$stderr"
    [[ $output != *'"verdict": "hung"'* ]]
    [[ $output != *"no process"* ]]
    as_user sudo -n kill "${children%% *}"
}

# What is behind sudo is not ended with the session that started it, and that is said.
@test "hidepid: that a helper cannot be read is said before the session is ended, and after" {
    with_sudo
    users_fake --session "$ID" --cwd / --child 'exec sudo -n sleep 200' -- "$client"
    runs() { children=$(cat "/proc/$pid/task/$pid/children"); [ -n "$children" ] && grep -qz '^sudo$' "/proc/${children%% *}/cmdline"; }
    wait_until 60 runs
    run as_user "$rescue_program" --kill "$ID" --dry-run --config-dir "$CONFIG_DIR"
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"leave what pid $pid has started and cannot be read"* ]]
    run as_user "$rescue_program" --kill "$ID" --force --config-dir "$CONFIG_DIR"
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"left alone: what pid $pid had started and cannot be read"* ]]
    as_user sudo -n kill "${children%% *}" || true
}
