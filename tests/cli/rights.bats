#!/usr/bin/env bats
# What --revive does with the rights that there are: as root, as an ordinary user, by sudo; where a
# process may be traced, and where it may not, as under Yama.

load helper
load sessions
load hung
load invoker

id=00000000-0000-4000-8000-0000000000ee

setup()
{
    scratch_user
    cp "$TEST_PROGRAMS/deny-call" "$shared/bin/"
    chmod 755 "$shared/bin/deny-call"
    settle
    places=(--config-dir "$CONFIG_DIR" --pending-dir "$HOME/kept" --log-dir "$HOME/log" --timeout 0.01)
    # shellcheck disable=SC2034 # is_hung reads it
    scratch=("${places[@]}")
    "$shared/bin/deny-call" pidfd_getfd true || skip "no system call can be denied here"
}

# A client of the user's whose reply has stalled: users_hung OPTION...
users_hung()
{
    users_fake --session "$id" --cwd / --status busy --turn awaits-reply --spinner --model 10 --age 900 --raw "$@" -- "$client"
    started_at=$(start_of "$pid")
    wait_until 60 is_hung
}

# The program as the user: by_user [COMMAND...] -- OPTIONS...
by_user()
{
    local under=(env)
    while [ "$1" != -- ]; do
        under+=("$1")
        shift
    done
    shift
    run --separate-stderr as_user "${under[@]}" "$rescue_program" "$@"
    printf 'session-rescue %s: status %s\n%s\n--- stderr\n%s\n' "$*" "$status" "$output" "${stderr-}"
}

untouched()
{
    [ ! -e "$HOME/kept" ] && [ ! -e "$HOME/log" ]
    [ "$(start_of "$pid")" = "$started_at" ]
    is_hung
}

# Bit 12 of the capabilities is CAP_NET_ADMIN.
needs_net_admin()
{
    (($(sed -n 's/^CapEff:\t/0x/p' /proc/self/status) >> 12 & 1)) || skip "no CAP_NET_ADMIN here"
}

by_the_kernel()
{
    [[ $output != *"close the connection: "*"not supported"* ]] || skip "a kernel without CONFIG_INET_DIAG_DESTROY"
    [ "$status" -eq 0 ]
    [[ $output == *"by the kernel's socket diagnosis; the client asks again"*"it moves: a new request went out after "* ]]
    [ "$(start_of "$pid")" = "$started_at" ]
}

@test "an ordinary user revives a session of theirs" {
    users_hung --ask-again
    by_user -- --revive "$pid" --force "${places[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"by a duplicate of its descriptor"*"it moves"* ]]
    is_users_alone "$HOME/kept"
    is_users_alone "$HOME/log"
}

@test "an ordinary user who may not trace is told before anything is done, with the other way" {
    users_hung --ask-again
    by_user "$shared/bin/deny-call" pidfd_getfd -- --revive "$pid" --force "${places[@]}"
    [ "$status" -eq 4 ]
    [[ $stderr == *"refused: nothing of the plan is possible: it takes the right to trace the process, or CAP_NET_ADMIN: sudo session-rescue --revive $pid"* ]]
    untouched || { cat "$HOME"/log/*; false; }
    by_user "$shared/bin/deny-call" pidfd_getfd -- --revive "$pid" --dry-run "${places[@]}"
    [[ $output == *"not possible as this user: close the connection to 127.0.0.1:"*"sudo session-rescue --revive $pid"* ]]
    untouched
}

@test "the same by sudo: the kernel closes the connection, and the backup is the user's" {
    with_sudo
    needs_net_admin
    users_hung --ask-again
    run --separate-stderr as_user sudo -n "$shared/bin/deny-call" pidfd_getfd "$rescue_program" --revive "$pid" --force "${places[@]}"
    printf '%s\n' "status $status" "$output" "$stderr"
    by_the_kernel
    is_users_alone "$HOME/kept"
    is_users_alone "$HOME/log"
}

@test "root does not act on a user's session: as that user, or not at all" {
    users_hung --ask-again
    rescue --revive "$pid" --force "${places[@]}"
    [ "$status" -eq 4 ]
    [[ $stderr == *"belongs to user $user_id; run this as that user"* ]]
    untouched
}

@test "root who may not trace: the kernel closes the connection" {
    needs_net_admin
    fake --session "$id" --cwd / --status busy --turn awaits-reply --spinner --model 10 --age 900 --raw --ask-again -- "$client"
    started_at=$(start_of "$pid")
    wait_until 60 is_hung
    rescue_under "$shared/bin/deny-call" pidfd_getfd -- --revive "$pid" --force "${places[@]}"
    by_the_kernel
}

@test "Escape without a multiplexer takes a right, and that is said before" {
    users_hung
    by_user -- --revive "$pid" --escape --force "${places[@]}"
    [ "$status" -eq 4 ]
    [[ $stderr == *"no tmux pane is known for its terminal, and TIOCSTI takes CAP_SYS_ADMIN: press it there yourself, or sudo session-rescue --revive $pid"* ]]
    untouched
}

@test "another user's session is not found, and not touched" {
    HOME=$BATS_TEST_TMPDIR fake --session "$id" --cwd / --status busy --turn awaits-reply --spinner --model 10 --age 900 --raw -- "$client"
    by_user -- --revive "$pid" --force "${places[@]}"
    [ "$status" -eq 4 ]
    [[ $stderr == *"refused: process $pid belongs to root, another user"* ]]
    kill -0 "$pid"
    [ ! -e "$HOME/kept" ]
}
