#!/usr/bin/env bats
# States that a real client cannot be brought to, and what is said of them. All of them live side
# by side, as on a real machine, and are looked at together once the user's patience is over.

load helper

setup()
{
    scratch_project
}

teardown()
{
    end_started
}

scene()
{
    scenes=$((${scenes-0} + 1))
    local name=$1 id
    id=$(printf '%08d-0000-4000-8000-000000000000' "$scenes")
    shift
    fake --cwd "$project" --session "$id" "$@" -- "$client"
    pid_of[$name]=$pid
}

verdict_of()
{
    json ".sessions.filter(s => s.pid === ${pid_of[$1]}).map(s => [s.verdict, s.cause, s.advice].join(' ')).join()"
}

# Each is as it says once the listing was taken often enough for a slow machine.
all_are()
{
    local line name expected
    rescue_under env ${clocks[@]+"${clocks[@]}"} -- --status --json --timeout "$1" --config-dir "$CONFIG_DIR" >/dev/null
    shift
    for line in "$@"; do
        name=${line%%:*} expected=${line#*: }
        [ "$(verdict_of "$name")" = "$expected" ] || { echo "$name: $(verdict_of "$name"), not $expected"; return 1; }
    done
}

@test "states that need no patience" {
    declare -A pid_of
    scene idle
    scene shell --status shell
    scene asks --status waiting --waiting-for 'permission prompt' --turn tool
    scene dialog --status waiting --waiting-for 'dialog open'
    scene new --turn none
    scene orphan --lose-terminal
    scene stopped --status busy --turn awaits-reply --spinner
    kill -STOP "${pid_of[stopped]}"
    wait_until 60 all_are 10 "idle: idle turn-over none" "shell: idle background-jobs none" \
        "asks: waiting permission-prompt answer" "dialog: waiting question answer" \
        "new: idle nothing-yet none" "orphan: orphaned terminal-gone kill" \
        "stopped: stopped job-control continue"
    [ "$status" -eq 0 ]
    [ "$(json '.counts.hung')" -eq 0 ]
}

@test "at work, for less than the user's patience" {
    declare -A pid_of
    scene asked --status busy --turn awaits-reply --spinner
    scene tool --status busy --turn tool --spinner --child 'exec sleep 100'
    scene compacts --status busy --spinner
    all_are 10 "asked: working awaiting-reply wait" "tool: working tool-running wait" \
        "compacts: working compacting wait"
    [ "$status" -eq 0 ]
}

@test "past the user's patience: hung, and why; and what is not" {
    declare -A pid_of
    mkfifo "$BATS_TEST_TMPDIR/fifo"
    scene stalled --status busy --turn awaits-reply --spinner --model 5000
    scene unanswered --status busy --turn awaits-reply --spinner --model 0
    scene asleep --status busy --turn awaits-reply
    scene unread --status busy --turn awaits-reply --flood
    scene password --status busy --turn tool --spinner --child "exec cat <'$BATS_TEST_TMPDIR/fifo'"
    scene stoppedtool --status busy --turn tool --spinner --child 'kill -STOP $$'
    scene mcp --status busy --turn tool --tool mcp__db__query --spinner --server 'exec timeout 100 cat /proc/self/fd/1 3<>/dev/null | sleep 100'
    scene deaf --queue-input
    scene builds --status busy --turn tool --spinner --child 'exec cat </dev/zero >/dev/null'
    scene sleeps --status busy --turn tool --spinner --child 'exec sleep 100'
    scene permission --status waiting --waiting-for 'permission prompt' --turn tool
    scene idle
    # with 3 s of patience; 5 s after its last byte a stream is not a stream
    wait_until 60 all_are 0.05 "stalled: hung reply-stalled wait" "unanswered: hung no-reply wait" \
        "asleep: hung event-loop-asleep kill" "unread: hung terminal-not-read look" \
        "password: hung tool-blocked-on-input kill-child" "stoppedtool: hung tool-stuck kill-child" \
        "mcp: hung mcp-stuck kill-child" "deaf: hung event-loop-asleep kill"
    # and at the same time
    all_are 0.05 "builds: working tool-running wait" "sleeps: working tool-running wait" \
        "permission: waiting permission-prompt answer" "idle: idle turn-over none"
    [ "$status" -eq 1 ]
    [ "$(json '.counts.hung')" -eq 8 ]
    # the same listing for people has the hung ones first
    rescue --status --timeout 0.05 --config-dir "$CONFIG_DIR"
    [ "$status" -eq 1 ]
    [[ $(sed -n 2p <<<"$output") == HUNG* ]]
    [[ ${output##*$'\n'} == "12 sessions: 8 hung, 1 waiting, 2 working, 1 idle" ]]
}

@test "a main thread that spins" {
    declare -A pid_of
    scene spins --status busy --turn awaits-reply --spin
    hung() { rescue --status --json --timeout 0.03 --config-dir "$CONFIG_DIR" >/dev/null; [ "$status" -eq 1 ]; }
    wait_until 60 hung
    [ "$(json '.counts.hung')" -eq 1 ]
}

@test "with no patience at all, and with all of it" {
    declare -A pid_of
    scene asked --status busy --turn awaits-reply
    scene idle
    hung() { all_are 0 "asked: hung event-loop-asleep kill" "idle: idle turn-over none"; }
    wait_until 60 hung
    all_are 1000000 "asked: working awaiting-reply wait"
}

# The clients' clocks are a day behind or ahead of ours: as when ours was set since they started.
@test "a clock that was set makes nothing hung, and hides nothing" {
    declare -A pid_of
    scene ahead --clock -86400 --status busy --turn tool --spinner --child 'exec sleep 100'
    scene back --clock 86400 --status busy --turn tool --spinner --child 'exec sleep 100'
    scene asked --clock -86400 --status busy --turn awaits-reply --spinner --model 5000
    scene queued --clock -86400 --queue-input
    # no record is taken for another process's, and none for a day old
    wait_until 60 all_are 10 "ahead: working tool-running wait" "back: working tool-running wait" \
        "queued: idle turn-over none"
    [ "$(json ".sessions.filter(s => s.pid === ${pid_of[ahead]})[0].silent_s < 60")" = true ]
    [ "$(json '.counts.hung')" -eq 0 ]
    # and what stands still is found, by the time that has really passed
    wait_until 60 all_are 0.05 "asked: hung reply-stalled wait" "queued: hung event-loop-asleep kill"
}

# By the clocks that the program is shown: milliseconds that the wall clock was set, and that the machine slept.
show_clocks()
{
    echo "$1 $2" >"$BATS_TEST_TMPDIR/clocks"
    clocks=(LD_PRELOAD="$TEST_PROGRAMS/step-clock.so" STEP_CLOCK_FILE="$BATS_TEST_TMPDIR/clocks"
        ASAN_OPTIONS="verify_asan_link_order=0:${ASAN_OPTIONS-}")
}

@test "a machine that has slept: what one look cannot know is not said" {
    declare -A pid_of
    mkfifo "$BATS_TEST_TMPDIR/fifo"
    scene unanswered --status busy --turn awaits-reply --spinner --model 0
    scene password --status busy --turn tool --spinner --child "exec cat <'$BATS_TEST_TMPDIR/fifo'"
    scene idle
    wait_until 60 all_are 0.05 "unanswered: hung no-reply wait" "password: hung tool-blocked-on-input kill-child"
    # An hour of sleep since then, or before it: with ten minutes of patience that decides. A connection is
    # dated by time awake.
    show_clocks 0 3600000
    wait_until 60 all_are 10 "unanswered: working awaiting-reply wait" "password: unknown slept look" "idle: idle turn-over none"
    [[ $(json ".sessions.filter(s => s.pid === ${pid_of[password]})[0].evidence.join()") == *"has been open for "*" to 36"*" s"*"the machine slept"* ]]
    # what is hung however long it slept is hung
    all_are 0.05 "unanswered: hung no-reply wait" "password: hung tool-blocked-on-input kill-child"
    # It slept before, by the wall clock of today: the youngest reading is no age at all.
    show_clocks -3600000 3600000
    all_are 0.05 "unanswered: hung no-reply wait" "idle: idle turn-over none"
    [ "$(verdict_of password)" = "unknown slept look" ]
}

of_session()
{
    json ".sessions.filter(s => s.pid === ${pid_of[$1]}).map(s => $2).join()"
}

# It has a processor to itself: with 3 s of patience, it is seen once it has used half of that.
@test "a dialog whose client computes without a pause: doubted, and said" {
    declare -A pid_of
    scene asks --status waiting --waiting-for 'permission prompt' --turn tool --spin
    is_doubted()
    {
        all_are 0.05 "asks: waiting permission-prompt answer" && [ "$(of_session asks s.confidence)" = low ]
    }
    wait_until 120 is_doubted
    [[ $(of_session asks 's.evidence.join()') == *"computes without a pause: it may not take an answer"* ]]
}

@test "a dialog whose client computes without a pause, and what was typed is left: hung" {
    declare -A pid_of
    scene ignores --status waiting --waiting-for 'permission prompt' --turn tool --queue-input --spin
    wait_until 120 all_are 0.05 "ignores: hung event-loop-asleep kill"
}

# Servers that are called the same: the first of them to make the folder does what COMMAND says, as if it was
# asked that; the others wait for their input. alike NAME SERVERS COMMAND
alike()
{
    local script=$BATS_TEST_TMPDIR/$1.sh
    echo "if mkdir '$BATS_TEST_TMPDIR/$1' 2>/dev/null; then echo \$\$ >'$BATS_TEST_TMPDIR/$1/asked'; $3; fi; while read -r line; do :; done" >"$script"
    scene "$1" --status busy --turn tool --tool mcp__db__query --spinner --servers "$2" --server "exec bash '$script'"
}

@test "one of several servers that are called the same: told by what it waits for, or by what it computes" {
    declare -A pid_of
    mkfifo "$BATS_TEST_TMPDIR/fifo"
    alike child 4 'sleep 600; :'
    alike other 4 "exec 5<>'$BATS_TEST_TMPDIR/fifo'; read -r -u 5 line"
    alike two 2 'sleep 600; :'
    alike computes 4 'while :; do :; done'
    alike reads 4 ':'
    are_told()
    {
        all_are 0.05 "child: hung mcp-stuck kill-child" "other: hung mcp-stuck kill-child" \
            "two: hung mcp-stuck look" "reads: hung mcp-stuck look" "computes: working tool-running wait" || return
        local each
        for each in child other computes; do
            [[ $(of_session "$each" 's.evidence.join()') == *"of 4 MCP servers bash (pid $(cat "$BATS_TEST_TMPDIR/$each/asked")) was asked: "*"the only one that does not "* ]] || return
        done
        [[ $(of_session two 's.evidence.join()') == *"of 2 MCP servers was asked cannot be told"* ]] || return
        [[ $(of_session reads 's.evidence.join()') == *"of 4 MCP servers was asked cannot be told"* ]]
    }
    wait_until 60 are_told
    rescue --status --timeout 0.05 --config-dir "$CONFIG_DIR"
    [ "$(grep -c 'kill-child: session-rescue --revive' <<<"$output")" -eq 2 ]
}

@test "a subagent that its client left in mid-turn is not waited for in a later turn" {
    declare -A pid_of
    scene inside --status busy --turn tool --spinner --model 5000
    local transcript
    transcript=$(find "$CONFIG_DIR/projects" -name '00000001-*.jsonl')
    mkdir -p "${transcript%.jsonl}/subagents"
    # as its call: then it is a subagent's reply that is due
    subagent()
    {
        sed -e 's/"isSidechain":false/"isSidechain":true/' -e "s/\"timestamp\":\"[^\"]*\"/\"timestamp\":\"$1\"/" \
            "$transcript" >"${transcript%.jsonl}/subagents/agent-a.jsonl"
    }
    subagent "$(date -u -d '-1 hour' +%Y-%m-%dT%H:%M:%S.000Z)"
    wait_until 60 all_are 0.05 "inside: unknown needs-eyes look"
    subagent "$(date -u +%Y-%m-%dT%H:%M:%S.999Z)"
    wait_until 60 all_are 0.05 "inside: hung reply-stalled wait"
}
