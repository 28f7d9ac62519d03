#!/usr/bin/env bats
# The interactive rescue, driven by keystrokes in a terminal of a private tmux server. What is seen
# is compared to tests/fixtures/screens; pids, terminals and times are made alike first.

load helper
load hung

id=00000000-0000-4000-8000-0000000000cc
other=11111111-0000-4000-8000-0000000000bb
screens=$PWD/tests/fixtures/screens

setup()
{
    scratch_folders
}

teardown()
{
    end_started
}

# One that waits for its model, and one that is through.
sessions()
{
    fake --cwd "$project" --session "$other" -- "$client"
    idle=$pid
    fake --cwd "$project" --session "$id" --status busy --turn awaits-reply --spinner --model 10 "$@" -- "$client"
    hung=$pid
    wait_until 60 is_hung
}

# The program in a pane of 80 columns and 24 rows: opened NAME=VALUE... -- OPTIONS...
opened()
{
    local settings=(HOME="$HOME" PATH="$PATH" LC_ALL=C.UTF-8 TZ=UTC ASAN_OPTIONS="${ASAN_OPTIONS-}")
    while [ "$1" != -- ]; do
        settings+=("$1")
        shift
    done
    shift
    cat >"$BATS_TEST_TMPDIR/run" <<-END
	stty -a >'$BATS_TEST_TMPDIR/stty.before'
	$(printf '%q ' env -i TERM=screen "${settings[@]}" "$SESSION_RESCUE" "$@")
	echo "status \$?"
	stty -a >'$BATS_TEST_TMPDIR/stty.after'
	exec sleep 100
	END
    LC_ALL=C.UTF-8 private_tmux -u new-session -d -x 80 -y 24 -s s "exec bash '$BATS_TEST_TMPDIR/run'"
}

press()
{
    private_tmux send-keys -t s "$@"
}

# Without what is said of files that other tests write at the moment.
screen()
{
    LC_ALL=C.UTF-8 private_tmux -u capture-pane -pJ -t s | grep -v -e '^session-rescue: ' -e '^nothing salvaged' | sed -E "s|$BATS_TEST_TMPDIR|DIR|g" | sed -E '
        s/pts\/[0-9]+/pts\/N/g; s/PID [0-9]+/PID N/g; s/pid [0-9]+/pid N/g; s/[0-9]{2}:[0-9]{2} \(/HH:MM (/
        s/[0-9]+B\b/SIZE/g; s/SESSION-LOG-[0-9-]+/SESSION-LOG-DATE/; s/, *$//
        s/Last activity: NOW/Last activity: HH:MM/; s/NOW \(/HH:MM (/; s/stalled [0-9]+ (s|min)/stalled AGE/
        s/no reply [0-9]+ (s|min)/no reply AGE/; s/ +(│|\|) *$/\1/; s/[0-9]{4}-[0-9-]{5}T[0-9-]{8}Z/TIME/
        s/─+/─/g; s/-{3,}/-/g' | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'
}

shows()
{
    [[ $(screen) == *"$1"* ]]
}

await()
{
    wait_until 60 shows "$1" || { screen; return 1; }
}

# The screen is that of the file; with UPDATE_SCREENS it becomes it.
same_as()
{
    if [ -n "${UPDATE_SCREENS-}" ]; then
        screen >"$screens/$1"
    fi
    diff "$screens/$1" <(screen)
}

same_modes()
{
    wait_until 60 test -s "$BATS_TEST_TMPDIR/stty.after"
    diff "$BATS_TEST_TMPDIR/stty.before" "$BATS_TEST_TMPDIR/stty.after"
}

@test "the hung session is asked about first; arrows move, q leaves all as it was" {
    sessions
    opened -- "${scratch[@]}"
    await "Select action"
    same_as menu
    press Down
    await "> Revive in place"
    same_as menu-second
    press Up
    await "> Export to pending"
    press Up
    await "> Skip"
    press q
    await "status 1"
    shows "Nothing was changed."
    same_modes
    is_alive "$hung"
    [ ! -e "$pending" ]
}

@test "without UTF-8 the box is ASCII" {
    sessions
    opened LC_ALL=C -- "${scratch[@]}"
    await "Select action"
    same_as menu-ascii
    press q
    await "status 1"
}

@test "another size is drawn anew" {
    sessions
    opened -- "${scratch[@]}"
    await "Select action"
    private_tmux resize-window -t s -x 40 -y 12
    await " 1. pts/N (PID N) - 00000000..."
    await "hung: reply stalled"
    shows "Select action for pts/N session:"
    await "> Export to pending"
    press Down
    await "> Revive in place"
    private_tmux resize-window -t s -x 80 -y 24
    await "(HUNG)"
    await "> Revive in place"
    press q
    await "status 1"
}

@test "another size is drawn anew at every question, not only at the first" {
    sessions
    opened -- "${scratch[@]}"
    await "> Export to pending"
    press 1
    await "Exported: "
    private_tmux resize-window -t s -x 40 -y 12
    await "hung: reply stalled"
    private_tmux resize-window -t s -x 80 -y 24
    await "(HUNG)"
    press 4
    await "Withheld while pid N"
    private_tmux resize-window -t s -x 40 -y 12
    await "hung: reply stalled"
    press q
    await "status 1"
}

@test "of twelve sessions the page of the one asked about is shown, and the others by Page Down" {
    local i
    for i in $(seq -w 11); do
        fake --cwd "$project" --session "11111111-0000-4000-8000-0000000000$i" -- "$client"
    done
    hung
    opened -- "${scratch[@]}"
    await "Select action"
    shows "CLAUDE SESSIONS 1-6 OF 12 [PageDown]"
    shows " 1. pts/N (PID N) - 00000000... ("
    shows "(HUNG)"
    shows "pts/N hung: "
    press PageDown
    await "CLAUDE SESSIONS 7-12 OF 12"
    shows "1 of 12: pts/N hung: "
    private_tmux resize-window -t s -x 40 -y 12
    await "CLAUDE SESSIONS 1-2 OF 12 [PageDown]"
    shows "1 of 12: pts/N hung: "
    press PageUp
    await "CLAUDE SESSIONS 11-12 OF 12"
    private_tmux resize-window -t s -x 20 -y 5
    await "1 of 12: pts/N"
    await "> Export to pending"
    await "v Kill process"
    press Up
    await "> Skip"
    shows "1 of 12: pts/N"
    await "^ Kill process"
    private_tmux resize-window -t s -x 80 -y 24
    await "CLAUDE SESSIONS 1-6 OF 12"
    press PageDown
    await "CLAUDE SESSIONS 7-12 OF 12"
    press PageUp
    await "CLAUDE SESSIONS 1-6 OF 12"
    press q
    await "status 1"
}

@test "without UTF-8 what came of a choice is shown in the terminal's own signs" {
    sessions
    pending=$BATS_TEST_TMPDIR/grün
    pending=${pending/xfc/ü}
    opened LC_ALL=C -- "${scratch[@]}" --pending-dir "$BATS_TEST_TMPDIR/ü"
    await "> Export to pending"
    press 1
    await 'Exported: DIR/\u00fc'
    shows "> Export to pending"
    press q
    await "status 1"
}

@test "what came of a choice is printed at the end without the control characters of a name" {
    sessions
    opened -- "${scratch[@]}" --pending-dir "$BATS_TEST_TMPDIR/"$'a\e]0;title\ab'
    await "Select action"
    press 1
    await "Exported: "
    private_tmux pipe-pane -t s "cat >'$BATS_TEST_TMPDIR/bytes'"
    press q
    await "status 1"
    wait_until 60 grep -q "status 1" "$BATS_TEST_TMPDIR/bytes"
    grep -q "Exported: " "$BATS_TEST_TMPDIR/bytes"
    run ! grep -q $'\e\\]0;title' "$BATS_TEST_TMPDIR/bytes"
}

@test "Ctrl-C leaves everything as it was" {
    sessions
    opened -- "${scratch[@]}"
    await "Select action"
    press C-c
    # the shell of the pane goes on after a program that SIGINT has ended
    await "status 130"
    same_modes
    is_alive "$hung"
    [ ! -e "$pending" ]
}

@test "export, then the resume command that is withheld, then skip: by digits" {
    sessions
    opened -- "${scratch[@]}"
    await "Select action"
    press 1
    await "Exported: "
    press 4
    await "Withheld while pid N holds the session"
    press 5
    await "status 1"
    shows "Sessions exported: 1"
    same_modes
    is_alive "$hung"
    [ "$(find "$pending" -name '*.sha256' | wc -l)" -eq 1 ]
}

@test "kill: asked once more, then gone, and the resume command is there" {
    sessions
    opened -- "${scratch[@]}"
    await "Select action"
    press Down Down Enter
    await "[y/N]"
    press y Enter
    await "status 0"
    same_as killed
    same_modes
    wait_until 60 is_gone "$hung"
    forget "$hung"
    is_alive "$idle"
}

# /proc is taken away from the program alone, after its first look.
@test "what cannot be looked at any more is not called gone: an empty /proc after the first look" {
    unshare --mount true 2>/dev/null || skip "no mount namespace can be made here"
    ! grep -q __asan_init "$SESSION_RESCUE" || skip "a build with ASan needs /proc"
    sessions
    printf '#!/bin/sh\necho $$ >"%s"\nexec unshare --mount --propagation private "%s" "$@"\n' \
        "$BATS_TEST_TMPDIR/rescuer" "$SESSION_RESCUE" >"$BATS_TEST_TMPDIR/covered"
    chmod +x "$BATS_TEST_TMPDIR/covered"
    SESSION_RESCUE=$BATS_TEST_TMPDIR/covered opened -- "${scratch[@]}"
    await "Select action"
    nsenter --target="$(<"$BATS_TEST_TMPDIR/rescuer")" --mount -- mount -t tmpfs none /proc
    press 3
    await "[y/N]"
    press y Enter
    await "status 1"
    private_tmux capture-pane -pJ -t s -S - >"$BATS_TEST_TMPDIR/all"
    cat "$BATS_TEST_TMPDIR/all"
    grep -q "refused: whether pid $hung is still a session cannot be told: /proc" "$BATS_TEST_TMPDIR/all"
    run ! grep -q "no longer a session" "$BATS_TEST_TMPDIR/all"
    is_alive "$hung"
}

@test "a further look that fails: what came of the choice is told, and why the look failed" {
    sessions --ignore-term
    opened -- "${scratch[@]}" --grace 1
    await "Select action"
    press 3
    await "[y/N]"
    press y Enter
    await "Send SIGKILL?"
    mv "$CONFIG_DIR" "$BATS_TEST_TMPDIR/aside"
    press y Enter
    await "status 3"
    private_tmux capture-pane -pJ -t s -S - >"$BATS_TEST_TMPDIR/all"
    cat "$BATS_TEST_TMPDIR/all"
    mv "$BATS_TEST_TMPDIR/aside" "$CONFIG_DIR"
    grep -q 'COMMAND FAILED' "$BATS_TEST_TMPDIR/all"
    grep -q 'Sessions killed: 1' "$BATS_TEST_TMPDIR/all"
    grep -q "^$CONFIG_DIR: no such file or directory" "$BATS_TEST_TMPDIR/all"
    wait_until 60 is_gone "$hung"
    forget "$hung"
    is_alive "$idle"
}

@test "kill, and then no: it runs on, with its backup" {
    sessions
    opened -- "${scratch[@]}"
    await "Select action"
    press 3
    await "[y/N]"
    press n Enter
    await "status 1"
    shows "not killed"
    [ "$(private_tmux capture-pane -pJ -t s -S - | grep -c 'not killed')" -eq 1 ] # once
    is_alive "$hung"
}

@test "revive: the plan, a question, and it asks its model again" {
    sessions --ask-again
    opened -- "${scratch[@]}"
    await "Select action"
    press 2
    await "[y/N]"
    press y Enter
    await "it moves: a new request went out"
    await "Sessions revived: 1"
    is_alive "$hung"
    grep -q '| Revived | ✅ |' "$log"/SESSION-LOG-*.md
}

@test "one that was stopped is asked about, and continued" {
    fake --cwd "$project" --session "$id" --raw -- "$client"
    kill -STOP "$pid"
    opened -- "${scratch[@]}"
    await "Select action"
    shows "(STOPPED)"
    press Down
    await "> Revive in place"
    press Enter
    await "send SIGCONT to pid"
    await "[y/N]"
    press y Enter
    await "it runs again"
    await "status 0"
    ! grep -q '^State:.T' "/proc/$pid/status"
}

@test "nothing hung: what runs, and why that is fine" {
    fake --cwd "$project" --session "$other" -- "$client"
    opened -- "${scratch[@]}"
    await "status 0"
    same_as all-is-well
}

@test "a dumb terminal gets numbered questions" {
    sessions
    opened TERM=dumb -- "${scratch[@]}"
    await "Number from 1 to 5"
    same_as numbered
    press 9 Enter
    press 5 Enter
    await "status 1"
    is_alive "$hung"
}

@test "a screen reader gets no box" {
    sessions
    opened ACCESSIBLE=1 -- "${scratch[@]}"
    await "Number from 1 to 5"
    same_as spoken
    press q Enter
    await "status 1"
}

# ---- the terminal of the killed ----

# A shell of the user's, with a client in front that has set up the terminal: of the pane.
client_in_shell()
{
    LC_ALL=C.UTF-8 private_tmux -u new-session -d -x 80 -y 24 -s s "cd '$project' && exec env -i HOME='$HOME' PATH='$PATH' TERM=screen PS1='$ ' $1"
    press "stty -a >'$BATS_TEST_TMPDIR/stty.before'" Enter
    wait_until 60 test -s "$BATS_TEST_TMPDIR/stty.before"
    shift
    press "$TEST_PROGRAMS/fake-agent --here --raw --session $id --status busy --turn awaits-reply --spinner $* -- $client" Enter
    wait_until 60 has_client
    pid=$(basename "$(echo "$CONFIG_DIR"/sessions/*.json)" .json)
    started_pids+=("$pid")
    wait_until 60 is_raw
    private_tmux display -p -t s '#{pane_tty}' >"$BATS_TEST_TMPDIR/tty"
}

has_client()
{
    compgen -G "$CONFIG_DIR/sessions/*.json" >/dev/null
}

is_raw()
{
    stty -a <"$(private_tmux display -p -t s '#{pane_tty}')" | grep -q -- -isig
}

for_the_shell()
{
    press C-u "stty -a >'$BATS_TEST_TMPDIR/stty.after'" Enter
    wait_until 60 test -s "$BATS_TEST_TMPDIR/stty.after"
    diff "$BATS_TEST_TMPDIR/stty.before" "$BATS_TEST_TMPDIR/stty.after"
    [ "$(private_tmux display -p -t s '#{mouse_any_flag}#{cursor_flag}#{alternate_on}')" = 010 ]
}

@test "killed by force below a plain shell: the terminal is as before, and nothing typed is run" {
    client_in_shell "dash -i" --ignore-term --spin
    press -l "touch $BATS_TEST_TMPDIR/was-run"
    press C-m
    rescue --kill "$pid" --force --grace 0.2 "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"was left raw, and is in order again"* ]]
    [[ $output == *"were typed and never read are thrown away"* ]]
    for_the_shell
    [ ! -e "$BATS_TEST_TMPDIR/was-run" ]
    forget "$pid"
}

@test "killed by force below bash, which sets its own modes: reports are off" {
    client_in_shell "bash --norc -i" --ignore-term --spin
    rescue --kill "$pid" --force --grace 0.2 "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"was left raw, and is in order again"* ]]
    for_the_shell
    forget "$pid"
}

@test "ended by SIGTERM: it has put its terminal in order itself" {
    client_in_shell "bash --norc -i"
    rescue --kill "$pid" --force "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $output != *"left raw"* ]]
    for_the_shell
    forget "$pid"
}

is_stopped()
{
    grep -q '^State:.T' "/proc/$pid/status"
}

@test "stopped below its shell: brought to the front by fg, where SIGTERM ends it" {
    client_in_shell "bash --norc -i"
    kill -STOP "$pid"
    wait_until 60 is_stopped
    wait_until 60 shows "Stopped"
    rescue --kill "$pid" --dry-run "${scratch[@]}"
    [[ $output == *"send SIGTERM to pid $pid, type fg into the shell on pts/"*" and wait 10 s"* ]]
    rescue --kill "$pid" --force --grace 30 "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"typed fg into the shell"*"pid $pid has ended"* ]]
    [[ $output != *SIGKILL* ]]
    for_the_shell
    forget "$pid"
}
