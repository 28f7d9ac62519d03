#!/usr/bin/env bats
# /proc mounted with hidepid=2: an ordinary user sees no process of others, not those above its own
# either. What runs above cannot be ruled out there, so nothing is ended.

load helper
load sessions
load invoker

setup()
{
    scratch_user
    store_session "$ID"
    settle
    nsenter --target="$world" --mount -- mount -t proc -o hidepid=2 proc /proc || skip "no /proc can be mounted here"
    run ! as_user test -e /proc/1/stat
}

teardown()
{
    end_user
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
    printf '%s' "env -u CLAUDE_CODE_SESSION_ID sudo -n '$rescue_program' $* --config-dir '$CONFIG_DIR' >'$HOME/new' 2>&1; echo \"status \$?\" >>'$HOME/new'; mv '$HOME/new' '$HOME/seen'"
}

@test "hidepid: below a root process that cannot be read, the session above it is not ended" {
    with_sudo
    for mode in "--kill $ID --force" "--kill $ID --force --dry-run" "--revive $ID --force"; do
        rm -f "$HOME/seen"
        users_fake --session "$ID" --cwd / --child "$(below_root "$mode")" -- "$client"
        has_answer
        grep -q 'status 4' "$HOME/seen"
        grep -q 'refused: pid [0-9]*, .* cannot be read' "$HOME/seen"
        lives "$pid"
        kill "$pid"
        wait_until 30 is_over "$pid"
    done
}

is_over()
{
    ! lives "$1"
}

@test "hidepid: another session is not ended either, from below what cannot be read" {
    with_sudo
    users_fake --session "$OTHER" --cwd / -- "$client"
    other=$pid
    users_fake --session "$ID" --cwd / --child "$(below_root --kill "$OTHER" --force)" -- "$client"
    has_answer
    grep -q 'status 4' "$HOME/seen"
    lives "$other"
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
    wait_until 30 is_over "$pid"
}

@test "hidepid: the listing says that the current session is not known" {
    users_fake --session "$ID" --cwd / -- "$client"
    run --separate-stderr as_user "$rescue_program" --status --config-dir "$CONFIG_DIR"
    printf '%s\n' "$output" "$stderr"
    [ "$status" -le 1 ]
    [[ $stderr == *"a parent of this program that cannot be read: which session this runs in is not known"* ]]
}
