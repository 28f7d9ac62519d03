#!/usr/bin/env bats
# A client that has a session and is not seen: of another user, behind hidepid, outside of this pid
# namespace, or where /proc shows nothing. Nobody is known not to have it.

load helper
load sessions
load invoker

setup()
{
    scratch_user_with_session
    scratch=(--config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG")
    # damage that --repair mends: half a line at the end
    printf '{"parentUuid":"a","type":"us' >>"$TRANSCRIPT"
    settle
    by_user --export "$ID"
    has_backup "$ID"
}

by_user()
{
    run --separate-stderr as_user "${before[@]}" "$rescue_program" "$@" "${scratch[@]}"
    printf 'session-rescue %s: status %s\n%s\n--- stderr\n%s\n' "$*" "$status" "$output" "${stderr-}"
}

# root's client in the user's store, with an entry in the registry that everybody may read.
roots_client()
{
    fake --session "$ID" --cwd / --turn none -- "$client"
    printf '%s\n' "$(grep -o '"pid":[0-9]*' "$CONFIG_DIR/sessions/$pid.json")"
    chmod 644 "$CONFIG_DIR/sessions/$pid.json"
}

# An entry as a client leaves it that was killed: entry PID [MORE]
entry()
{
    printf '{"pid":%d,"sessionId":"%s","cwd":"/tmp/p","startedAt":%s,"procStart":"%s","version":"2.1.197"%s}\n' \
        "$1" "$ID" "$(date +%s%3N)" 12345 "${2-}" >"$CONFIG_DIR/sessions/$1.json"
    chmod 644 "$CONFIG_DIR/sessions/$1.json"
}

withheld()
{
    local sum
    sum=$(sha256sum "$TRANSCRIPT")
    by_user --repair "$ID" --force
    [ "$status" -eq 4 ]
    [[ $stderr == *"$1"* ]]
    [[ $stderr == *"pid $pid may have the session"* ]]
    [ "$(sha256sum "$TRANSCRIPT")" = "$sum" ]
    by_user --resume
    [[ $output == *"no command: $2"* ]]
    [[ $output != *"claude --resume"* ]]
    by_user --resume --json
    [ "$(json '.sessions[0].resume_command')" = null ]
    mv "$TRANSCRIPT" "$HOME/aside"
    by_user --restore "$ID" --force
    [ "$status" -eq 4 ]
    [[ $stderr == *"whether a process has the session cannot be told: $1"* ]]
    [ ! -e "$TRANSCRIPT" ]
    mv "$HOME/aside" "$TRANSCRIPT"
}

given()
{
    by_user --resume
    [ "$status" -eq 0 ]
    [[ $output == *"claude --resume "* ]]
    by_user --repair "$ID" --force
    [ "$status" -eq 0 ]
}

is_not_known()
{
    by_user --status
    [ "$status" -eq 1 ]
    [[ $output == *"whether there are any is not known."* ]]
}

@test "a client of another user that hidepid hides: nothing is repaired, restored or resumed" {
    nsenter --target="$world" --mount -- mount -t proc -o hidepid=2 proc /proc || skip "no /proc can be mounted here"
    roots_client
    run ! as_user test -e "/proc/$pid/stat"
    withheld "$CONFIG_DIR/sessions/$pid.json: names pid $pid" "pid $pid may have it"
    is_not_known
    [ -e "/proc/$pid" ]
}

@test "a client of another user that is shown, and is not ours to look at" {
    roots_client
    withheld "$CONFIG_DIR/sessions/$pid.json: names pid $pid" "pid $pid may have it"
    is_not_known
}

@test "a client outside of this pid namespace that shares the store" {
    roots_client
    before=(unshare -Urpf --mount-proc)
    as_user "${before[@]}" true || skip "no pid namespace can be made here"
    withheld "$CONFIG_DIR/sessions/$pid.json: names pid $pid" "pid $pid may have it"
    by_user --resume
    [[ $output == *"may run outside of this pid namespace; if that client has ended, remove the file"* ]]
    is_not_known
}

# tear PID: the entry breaks off, as a disk that is full leaves it; it may be of any session.
tear()
{
    head -c 30 "$CONFIG_DIR/sessions/$1.json" >"$HOME/part"
    cat "$HOME/part" >"$CONFIG_DIR/sessions/$1.json"
}

@test "a torn entry of a client outside of this pid namespace, and of one that hidepid hides" {
    roots_client
    tear "$pid"
    before=(unshare -Urpf --mount-proc)
    if as_user "${before[@]}" true; then
        withheld "$CONFIG_DIR/sessions/$pid.json: is torn: it may be of a client with pid $pid" "pid $pid may have it"
        is_not_known
    fi
    before=()
    nsenter --target="$world" --mount -- mount -t proc -o hidepid=2 proc /proc || skip "no /proc can be mounted here"
    withheld "$CONFIG_DIR/sessions/$pid.json: is torn: it may be of a client with pid $pid" "pid $pid may have it"
}

@test "a torn entry of a process that is gone, or is younger, and what is no client's entry, keep nobody from the session" {
    entry 4194303
    tear 4194303
    : >"$CONFIG_DIR/sessions/4194302.json"
    mkdir "$CONFIG_DIR/sessions/1.json"
    printf '{' >"$CONFIG_DIR/sessions/4294967297.json"
    start sleep 300
    printf '{' >"$CONFIG_DIR/sessions/$started.json"
    touch -d '2 hours ago' "$CONFIG_DIR/sessions/$started.json"
    given
}

@test "an empty /proc: which processes there are is not known" {
    # the sanitizer reads its options from /proc, and looks for leaks there
    ! grep -q __asan_init "$rescue_program" || skip "a build with ASan needs /proc"
    nsenter --target="$world" --mount -- mount -t tmpfs none /proc || skip "nothing can be mounted here"
    is_not_known
    [[ $stderr == *"/proc: does not show this program itself"* ]]
    by_user --repair "$ID" --force
    [ "$status" -eq 4 ]
    [[ $stderr == *"whether a process has the session cannot be told: /proc"* ]]
    by_user --resume
    [[ $output != *"claude --resume"* ]]
    [[ $output == *"no command: any process may have it, because /proc shows none"* ]]
}

@test "an entry whose process is gone keeps nobody from the session" {
    entry 4194303
    given
    by_user --status
    [ "$status" -eq 0 ]
}

@test "an entry whose number is another process's now keeps nobody from the session" {
    entry 1
    given
}

@test "in a container: an entry of its own namespace, and one from before the machine was booted" {
    before=(unshare -Urpf --mount-proc)
    as_user "${before[@]}" true || skip "no pid namespace can be made here"
    entry 4194303
    by_user --resume
    [[ $output == *"no command: pid 4194303 may have it"* ]]
    sed -i 's/"startedAt":[0-9]*/"startedAt":946684800000/' "$CONFIG_DIR/sessions/4194303.json"
    touch -d 2000-01-01 "$CONFIG_DIR/sessions/4194303.json"
    by_user --resume
    [[ $output == *"claude --resume "* ]]
    # the namespace of a shell that names it before it becomes the program
    run --separate-stderr as_user "${before[@]}" sh -c '
        printf "%s,\"pidDomain\":\"linux:x:%s\"}\n" "$2" "$(readlink /proc/self/ns/pid)" >"$1"
        shift 2
        exec "$@"' sh "$CONFIG_DIR/sessions/4194302.json" \
        '{"pid":4194302,"sessionId":"'"$ID"'","startedAt":'"$(date +%s%3N)"',"procStart":"5","version":"2.1.332"' \
        "$rescue_program" --resume "${scratch[@]}"
    printf '%s\n' "$output" "$stderr"
    [[ $output == *"claude --resume "* ]]
}

@test "a transcript without one record, or that cannot be read, gets no resume command" {
    for bytes in '\0\0\0\0' '\0\0\0\n' '{"tor'; do
        printf "$bytes" >"$TRANSCRIPT"
        by_user --resume
        [[ $output == *"no command: its transcript holds no conversation"* ]]
        [[ $output != *"claude --resume"* ]]
    done
    chmod 000 "$TRANSCRIPT"
    by_user --resume
    [[ $output == *"no command: its transcript cannot be read"* ]]
    by_user --resume --json
    [ "$(json '.sessions[0].no_command')" = unreadable ]
}
