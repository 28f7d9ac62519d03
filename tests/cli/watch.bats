#!/usr/bin/env bats
# --watch from outside: stand-ins for clients come, hang and go, files grow old, disks fill up.
# Every wait is for an event. The interval is short, so that tests are.

load helper
load sessions

setup()
{
    scratch_home
    install_client
    PENDING=$HOME/pending
    LOG=$HOME/log
    EVENTS=$BATS_TEST_TMPDIR/events
    ERRORS=$BATS_TEST_TMPDIR/errors
    mkdir "$HOME/p"
}

teardown()
{
    [ -z "${watcher-}" ] || kill -KILL "$watcher" 2>/dev/null || true
    end_started
    cat "$EVENTS" "$ERRORS" 2>/dev/null || true
}

# What the watcher runs with; the words before -- are a command to run it under.
watch_under()
{
    local under options
    split_under "$@"
    env -i HOME="$HOME" PATH="${WATCH_PATH-$PATH}" TERM=dumb LANG=C.UTF-8 ASAN_OPTIONS="${ASAN_OPTIONS-}" \
        "${under[@]}" "$SESSION_RESCUE" --watch --json --interval 0.2 --timeout 0.03 --pending-dir "$PENDING" \
        --log-dir "$LOG" --config-dir "$CONFIG_DIR" "${options[@]}" </dev/null >>"$EVENTS" 2>>"$ERRORS" 3>&- &
    watcher=$!
    wait_until 60 saw watching
}

watch()
{
    watch_under env -- "$@"
}

# An event of that kind was told, with that text in it: saw KIND [TEXT].
saw()
{
    grep -F "\"event\":\"$1\"" "$EVENTS" | grep -qF -- "${2-}"
}

is_gone()
{
    ! kill -0 "$1" 2>/dev/null
}

end_watcher()
{
    kill -TERM "$watcher"
    wait "$watcher" && ended=0 || ended=$?
    watcher=
}

# An event, as JSON for json(): the first of a kind.
event()
{
    output=$(grep -F "\"event\":\"$1\"" "$EVENTS" | head -n 1)
}

@test "a session that begins and one that ends are told, and the end is clean" {
    watch
    [ ! -s "$ERRORS" ]
    fake --session "$ID" --cwd "$HOME/p" -- "$client"
    wait_until 60 saw session-new "$ID"
    kill -TERM "$pid"
    wait_until 60 saw session-ended "$ID"
    end_watcher
    [ "$ended" -eq 0 ]
    saw stopped
    event session-new
    [ "$(json .pid)" -eq "$pid" ]
    [ "$(json .cwd)" = "$HOME/p" ]
    [ "$(json .transcript)" = "$CONFIG_DIR/projects/$(tr -c 'A-Za-z0-9\n' - <<<"$HOME/p")/$ID.jsonl" ]
}

@test "sessions that were there before are counted, and not new" {
    fake --session "$ID" -- "$client"
    watch
    event watching
    [ "$(json .sessions)" -eq 1 ]
    [ "$(json .by)" = inotify ]
    fake --session "$OTHER" -- "$client"
    wait_until 60 saw session-new "$OTHER"
    run ! saw session-new "$ID"
}

@test "a stop is told, and how a session ended" {
    watch
    fake --session "$ID" -- "$client"
    wait_until 60 saw session-new "$ID"
    kill -STOP "$pid"
    wait_until 60 saw session-stopped "$ID"
    kill -CONT "$pid"
    wait_until 60 saw session-continued "$ID"
    kill -KILL "$pid"
    wait_until 60 saw session-ended "$ID"
    event session-ended
    case $(json .how) in
    signal) [ "$(json .signal)" -eq 9 ] ;; # the kernel says it since Linux 6.15
    *) [ "$(json .how)" = untidy ] ;;
    esac
    run ! saw hung
}

@test "a session that hangs is told, backed up and in the session log" {
    watch
    fake --session "$ID" --status busy --turn awaits-reply -- "$client"
    wait_until 60 saw hung "$ID"
    event hung
    [ "$(json .verdict)" = hung ]
    [ "$(json .cause)" = event-loop-asleep ]
    [ "$(json .evidence.length)" -gt 0 ]
    wait_until 60 saw backed-up "$ID"
    event backed-up
    [ "$(json .why)" = hung ]
    cmp "$(json .backup)" "$CONFIG_DIR"/projects/*/"$ID".jsonl
    grep -q '0a0a0a0a.* Exported | ✅' "$LOG"/SESSION-LOG-*.md
    # and once is enough
    [ "$(grep -c '"event":"hung"' "$EVENTS")" -eq 1 ]
    rescue --verify --pending-dir "$PENDING"
    [ "$status" -eq 0 ]
}

@test "a context window that fills up is told and backed up" {
    watch
    fake --session "$ID" --context 160000 -- "$client"
    wait_until 60 saw context-full "$ID"
    event context-full
    [ "$(json .context_percent)" = 80 ]
    wait_until 60 saw backed-up '"why":"context"'
    fake --session "$OTHER" --context 100000 -- "$client"
    wait_until 60 saw session-new "$OTHER"
    run ! saw context-full "$OTHER"
}

@test "transcripts that are about to be deleted are told and backed up" {
    stored "$ID" "$HOME/p" hello $((4 * 24))
    stored "$OTHER" "$HOME/p" hello 24
    echo '{"cleanupPeriodDays": 6}' >"$CONFIG_DIR/settings.json"
    watch
    wait_until 60 saw backed-up "$ID"
    event expiring
    [ "$(json .session_id)" = "$ID" ]
    [ "$(json '.deleted_at.length')" -eq 20 ]
    has_backup "$ID"
    run ! saw expiring "$OTHER"
    # thirty days is what the client keeps when nothing is set
    echo '{}' >"$CONFIG_DIR/settings.json"
    touch -d "28 days ago" "$CONFIG_DIR"/projects/*/"$OTHER".jsonl
    end_watcher
    watch
    wait_until 60 saw expiring "$OTHER"
}

@test "a backup that fails on a full disk is told, and made once there is room" {
    [ "$(id -u)" -eq 0 ] || skip "a small file system can only be mounted by root"
    unshare -m true 2>/dev/null || skip "no mount namespace can be made here"
    mkdir "$PENDING"
    fake --session "$ID" --status busy --turn awaits-reply -- "$client"
    # shellcheck disable=SC2016
    watch_under unshare -m sh -c 'mount -t tmpfs -o size=64k,mode=700 none "$0" && head -c 65536 /dev/zero >"$0/filler" 2>/dev/null; exec "$@"' "$PENDING" --
    wait_until 60 saw backup-failed "$ID"
    event backup-failed
    [[ $(json .error) == *" are needed, "*" free" || $(json .error) == *"no space left on device" ]]
    kill -0 "$watcher"
    nsenter -t "$watcher" -m mount -o remount,size=64m "$PENDING"
    wait_until 60 saw backed-up "$ID"
}

@test "a command gets each event on its standard input" {
    printf '#!/bin/sh\nshift\ncat >>"$1"\n' >"$BATS_TEST_TMPDIR/my command"
    chmod +x "$BATS_TEST_TMPDIR/my command"
    watch --on-event "'$BATS_TEST_TMPDIR/my command' \"two words\" $BATS_TEST_TMPDIR/got"
    fake --session "$ID" -- "$client"
    got() { grep -qF "\"event\":\"$1\"" "$BATS_TEST_TMPDIR/got"; }
    wait_until 60 got session-new
    end_watcher
    got watching
    got stopped
    node -e 'require("fs").readFileSync(process.argv[1], "utf8").trim().split("\n").map(JSON.parse)' "$BATS_TEST_TMPDIR/got"
}

@test "a command that cannot be run is an error at the start" {
    touch "$HOME/not-executable"
    for command in no-such-command "$HOME/not-executable" "$HOME" "/no/such/path --option" "'unclosed" " "; do
        rescue --watch --on-event "$command" --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
        [ "$status" -eq 2 ]
        [[ $stderr == *"--on-event"* ]]
    done
    [ ! -e "$PENDING" ]
    rescue --status --on-event true
    [ "$status" -eq 2 ]
}

@test "a command that hangs or fails is ended, and watching goes on" {
    watch --event-timeout 0.3 --on-event "sh -c 'sleep 4711 & echo \$! >>$BATS_TEST_TMPDIR/sleepers; wait'"
    fake --session "$ID" -- "$client"
    wait_until 60 saw session-new "$ID"
    wait_until 60 grep -q "sh took longer than" "$ERRORS"
    wait_until 60 is_gone "$(head -n 1 "$BATS_TEST_TMPDIR/sleepers")"
    kill -KILL "$watcher"
    : >"$EVENTS"
    : >"$ERRORS"
    wait_until 60 is_gone "$watcher"
    watch --on-event false
    wait_until 60 grep -q "false ended with status 1" "$ERRORS"
    fake --session "$OTHER" -- "$client"
    wait_until 60 saw session-new "$OTHER"
}

@test "a config directory that appears later is watched" {
    export CLAUDE_CONFIG_DIR=$HOME/later/claude
    CONFIG_DIR=$CLAUDE_CONFIG_DIR
    watch
    event watching
    [ "$(json .sessions)" -eq 0 ]
    mkdir "$HOME/later" "$CONFIG_DIR"
    fake --session "$ID" -- "$client"
    wait_until 60 saw session-new "$ID"
}

@test "there is one watcher; the second one says who" {
    watch
    rescue --watch --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
    [ "$status" -eq 4 ]
    [[ $stderr == *"is held by pid $watcher"* ]]
    end_watcher
    watch
}

@test "its own output may be moved away or cut" {
    watch
    mv "$EVENTS" "$EVENTS.1"
    fake --session "$ID" -- "$client"
    wait_until 60 saw session-new "$ID"
    : >"$EVENTS"
    fake --session "$OTHER" -- "$client"
    wait_until 60 saw session-new "$OTHER"
    run ! grep -q "$(printf '\001')" "$EVENTS"
    [ "$(head -c 1 "$EVENTS")" = "{" ]
}

@test "where no folder can be watched, it looks from time to time and says so" {
    unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_inotify_watches' 2>/dev/null || skip "no user namespace can be made here"
    # shellcheck disable=SC2016
    watch_under unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_inotify_watches; exec "$@"' sh --
    event watching
    [ "$(json .by)" = polling ]
    saw problem "max_user_watches"
    # it has to live in the same namespace to be seen
    mkdir "$BATS_TEST_TMPDIR/inside"
    printf '#!/bin/sh\nexec nsenter -t %d -U --preserve-credentials "%s/fake-agent" "$@"\n' "$watcher" "$TEST_PROGRAMS" \
        >"$BATS_TEST_TMPDIR/inside/fake-agent"
    chmod +x "$BATS_TEST_TMPDIR/inside/fake-agent"
    TEST_PROGRAMS=$BATS_TEST_TMPDIR/inside
    fake --session "$ID" --no-terminal -- "$client"
    wait_until 60 saw session-new "$ID"
}

@test "a config directory that does not answer stops nothing" {
    stuck=$BATS_TEST_TMPDIR/stuck
    mkdir "$stuck"
    "$TEST_PROGRAMS/stuck-mount" "$stuck" true || skip "no FUSE mount can be made here"
    watch_under "$TEST_PROGRAMS/stuck-mount" "$stuck" -- --config-dir "$stuck"
    wait_until 60 saw problem "$stuck"
    fake --session "$ID" --status busy --turn awaits-reply -- "$client"
    wait_until 60 saw backed-up "$ID"
}

@test "the desktop is told of what needs somebody, in words that cannot drive it" {
    mkdir "$BATS_TEST_TMPDIR/bin" "$HOME/<b>\$(touch x)"
    printf '#!/bin/sh\nfor word; do printf "%%s\\n" "$word"; done >>"%s"\n' "$BATS_TEST_TMPDIR/shown" \
        >"$BATS_TEST_TMPDIR/bin/notify-send"
    chmod +x "$BATS_TEST_TMPDIR/bin/notify-send"
    WATCH_PATH=$BATS_TEST_TMPDIR/bin:$PATH watch --notify desktop
    fake --session "$ID" --cwd "$HOME/<b>\$(touch x)" --status busy --turn awaits-reply -- "$client"
    wait_until 60 grep -qs "A session hangs" "$BATS_TEST_TMPDIR/shown"
    end_watcher
    grep -q -- "--urgency=critical" "$BATS_TEST_TMPDIR/shown"
    grep -qF "0a0a0a0a (pid $pid on " "$BATS_TEST_TMPDIR/shown"
    grep -qF '&lt;b&gt;$(touch x)' "$BATS_TEST_TMPDIR/shown"
}

@test "a terminal is rung at" {
    fake --session "$ID" --status busy --turn awaits-reply -- "$client"
    script -qfc "'$SESSION_RESCUE' --watch --notify bell --interval 0.2 --timeout 0.03 --pending-dir '$PENDING' --log-dir '$LOG' --config-dir '$CONFIG_DIR'" \
        "$EVENTS" </dev/null >/dev/null 2>&1 3>&- &
    watcher=$!
    wait_until 60 grep -q "$(printf '\a')" "$EVENTS"
    wait_until 60 grep -q " hung 0a0a0a0a (pid $pid on pts/" "$EVENTS"
    kill -TERM "$(sed -n 's/pid //p' "$PENDING/.watch")"
    wait_until 60 grep -q " stopped" "$EVENTS"
}

@test "bad values are refused" {
    for words in "--notify smoke" "--interval x" "--interval 0" "--interval 3601" "--event-timeout -1" "WORD"; do
        # shellcheck disable=SC2086
        rescue --watch $words
        [ "$status" -eq 2 ]
    done
}
