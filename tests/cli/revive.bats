#!/usr/bin/env bats
# Sessions revived from the command line: stand-ins for clients on terminals of their own.

load helper
load hung

id=00000000-0000-4000-8000-0000000000dd

setup()
{
    scratch_folders
}

teardown()
{
    # a tool is a group of its own, in which what it has started may still read
    [ -z "${tool-}" ] || kill -KILL -- "-$tool" 2>/dev/null || true
    end_started
}

# The same process runs: by its pid and its start.
runs_on()
{
    [ "$(start_of "$pid")" = "$started_at" ]
    [ "$(sed 's/.*) //' "/proc/$pid/stat" | cut -c1)" != Z ]
}

@test "a stalled reply: backed up, its connection closed, asked again, logged" {
    hung --raw --ask-again
    rescue --revive "$pid" --force "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"backed up and verified: $pending/"* ]]
    [[ $output == *"close the connection to 127.0.0.1:"* ]]
    [[ $output == *"it moves: a new request went out after "* ]]
    [[ $output == *"✅ COMMAND COMPLETE: /session-rescue"*"Sessions revived: 1"* ]]
    grep -q '| 00000000... | .* | Exported | ✅ |' "$log"/SESSION-LOG-*.md
    grep -q '| 00000000... | .* | Revived | ✅ |' "$log"/SESSION-LOG-*.md
    ( cd "$pending" && sha256sum --quiet -c ./*.sha256 )
    runs_on
}

@test "an idle connection that looks the same: one at a time, until it moves" {
    hung --raw --ask-again --pooled
    rescue --revive "$pid" --force "${scratch[@]}"
    [ "$status" -eq 0 ]
    [ "$(grep -c '^close the connection' <<<"$output")" -eq 2 ]
    [[ $output == *"no movement"*"it moves: a new request went out after "* ]]
    runs_on
}

@test "none that moves it: said, logged, and --kill is offered" {
    hung --raw
    rescue --revive "$pid" --force "${scratch[@]}"
    [ "$status" -eq 3 ]
    [[ $stderr == *"❌ COMMAND FAILED: /session-rescue"* ]]
    [[ $stderr == *"pushes given, and it does not move"*"session-rescue --kill $pid"* ]]
    grep -q '| Revived | ❌ |' "$log"/SESSION-LOG-*.md
    runs_on
}

@test "--dry-run says each step and changes nothing" {
    hung --raw --ask-again
    before=$(find "$BATS_TEST_TMPDIR/home" -type f -exec sha256sum {} + | sort)
    rescue --revive "$pid" --dry-run "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"1. back up the session into $pending"* ]]
    [[ $output == *"3. look again, and if all is as it was: close the connection to 127.0.0.1:"* ]]
    [[ $output == *"Nothing was changed"* ]]
    [ ! -e "$pending" ] && [ ! -e "$log" ]
    [ "$(find "$BATS_TEST_TMPDIR/home" -type f -exec sha256sum {} + | sort)" = "$before" ]
    is_hung
    runs_on
}

@test "the plan is shown before the question; y revives it" {
    hung --raw --ask-again
    typed 'y\n' -- --revive "$pid" "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"plan: close the connection to "*"Revive Claude process on pts/"*", session 00000000 ("*", hung: "*")? [y/N]"*"it moves"* ]]
    runs_on
}

@test "anything but y leaves it as it was, with its backup" {
    hung --raw --ask-again
    typed '\n' -- --revive "$pid" "${scratch[@]}"
    [ "$status" -eq 4 ]
    [[ $output == *"nothing was done: pid $pid is as it was"* ]]
    [ "$(backups)" -eq 1 ]
    is_hung
}

@test "without a terminal to ask on, and without --force, it is refused" {
    hung --raw --ask-again
    rescue --revive "$pid" "${scratch[@]}"
    [ "$status" -eq 4 ]
    [[ $stderr == *"no terminal to ask on"* ]]
    [ ! -e "$pending" ] && [ ! -e "$log" ]
    is_hung
}

@test "a session that is not hung is not pushed" {
    fake --cwd "$project" --session "$id" --raw -- "$client"
    rescue --revive "$pid" --force "${scratch[@]}"
    [ "$status" -eq 4 ]
    [[ $stderr == *"refused: pid $pid is not hung (idle, turn-over)"* ]]
    [ ! -e "$pending" ]
}

@test "one that waits for its user is not pushed: a dialog is on its screen" {
    fake --cwd "$project" --session "$id" --status waiting --waiting-for 'permission prompt' --turn tool --raw -- "$client"
    rescue --revive "$pid" --force "${scratch[@]}"
    [ "$status" -eq 4 ]
    [[ $stderr == *"refused: pid $pid waits for you (permission-prompt)"* ]]
    [ ! -e "$pending" ]
}

@test "what no push is known for: said, with the other way" {
    fake --cwd "$project" --session "$id" --status busy --turn awaits-reply --spin --age 900 -- "$client"
    started_at=$(start_of "$pid")
    wait_until 60 is_hung
    rescue --revive "$pid" --force "${scratch[@]}"
    [ "$status" -eq 3 ]
    [[ $stderr == *"is hung (spinning), and no push is known for that"*"session-rescue --kill $pid"* ]]
    runs_on
}

@test "refused from inside itself, as a tool of that session" {
    cat >"$BATS_TEST_TMPDIR/tool" <<-END
	'$SESSION_RESCUE' --revive $id --force ${scratch[*]} >'$BATS_TEST_TMPDIR/inside' 2>&1
	echo "status \$?" >>'$BATS_TEST_TMPDIR/inside'
	touch '$BATS_TEST_TMPDIR/inside.done'
	exec sleep 100
	END
    fake --cwd "$project" --session "$id" --status busy --turn tool --child "exec sh $BATS_TEST_TMPDIR/tool" -- "$client"
    wait_until 60 test -e "$BATS_TEST_TMPDIR/inside.done"
    cat "$BATS_TEST_TMPDIR/inside"
    grep -q "refused: pid $pid is the session that this program runs in" "$BATS_TEST_TMPDIR/inside"
    grep -q '^status 4$' "$BATS_TEST_TMPDIR/inside"
    [ ! -e "$pending" ]
}

@test "a backup that cannot be made: no push" {
    hung --raw --ask-again
    touch "$pending" # a file where the folder should be
    rescue --revive "$pid" --force "${scratch[@]}"
    [ "$status" -eq 3 ]
    [[ $stderr == *"$pending"* ]]
    is_hung
}

@test "--json tells the same in one document" {
    hung --raw --ask-again
    rescue --revive "$pid" --force --json "${scratch[@]}"
    [ "$status" -eq 0 ]
    [ "$(json .outcome)" = revived ]
    [ "$(json .pid)" = "$pid" ]
    [ "$(json .push)" = close-connection ]
    [[ $(json .movement) == "a new request went out after "* ]]
    [ -e "$(json .backup)" ]
    runs_on
}

# A client with a tool that waits for input which never comes: with_tool COMMAND
with_tool()
{
    with_child tool "$1"
}

# The same at another point of the turn: with_child TURN COMMAND OPTION...
with_child()
{
    local turn=$1 command=$2
    shift 2
    mkfifo "$BATS_TEST_TMPDIR/fifo"
    fake --cwd "$project" --session "$id" --status busy --turn "$turn" --spinner --raw --hook "$command" "$@" -- "$client"
    started_at=$(start_of "$pid")
    wait_until 60 waits_for_input
    tool=$(pgrep -n -P "$pid")
    tool_started_at=$(start_of "$tool")
    started_pids+=("$tool")
}

# A hook is told from what draws the status line by its age: 8 s.
waits_for_input()
{
    is_hung && [ "$(json '.sessions[0].cause')" = tool-blocked-on-input ]
}

tool_runs_on()
{
    [ "$(start_of "$tool")" = "$tool_started_at" ]
}

@test "a tool that waits for input: named, asked about, and a no leaves it running" {
    with_tool "cat $BATS_TEST_TMPDIR/fifo; exit 0"
    typed 'y\nn\n' -- --revive "$pid" "${scratch[@]}"
    [ "$status" -eq 3 ]
    [[ $output == *"plan: end sh (pid $tool, sh -c cat "*"cat (pid "* ]]
    [[ $output == *". End it? [y/N]"*"stays running, as you answered"* ]]
    tool_runs_on
    runs_on
}

@test "a tool that waits for input and ignores SIGTERM: SIGKILL with --force" {
    with_tool "trap '' TERM; cat $BATS_TEST_TMPDIR/fifo; cat $BATS_TEST_TMPDIR/fifo"
    rescue --revive "$pid" --force --grace 0.3 "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"it moves: its transcript grew after "* ]]
    is_gone "$tool"
    runs_on
}

@test "a tool that listens may be wanted: not ended without having been asked about" {
    cat >"$BATS_TEST_TMPDIR/listen.mjs" <<-'END'
	import { createServer } from 'node:net';
	import { openSync, writeFileSync, readSync } from 'node:fs';
	createServer().listen(0, '127.0.0.1', function () {
	    writeFileSync(process.argv[2], String(process.pid));
	    readSync(openSync(process.argv[3], 'r'), Buffer.alloc(1));
	});
	END
    with_tool "node $BATS_TEST_TMPDIR/listen.mjs $BATS_TEST_TMPDIR/server $BATS_TEST_TMPDIR/fifo; exit 0"
    wait_until 60 test -s "$BATS_TEST_TMPDIR/server"
    rescue --revive "$pid" --force "${scratch[@]}"
    [ "$status" -eq 3 ]
    [[ $output == *"listens on port "*"may be wanted: without --force it is asked about"* ]]
    tool_runs_on
}

@test "a hook that waits for input: named, and ended; what the client has started besides runs on" {
    with_child awaits-reply "cat $BATS_TEST_TMPDIR/fifo; exit 0" --server 'exec sleep 110'
    rescue --revive "$pid" --force "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"end sh (pid $tool, sh -c cat "*"cat (pid "*"it moves: its transcript grew after "* ]]
    is_gone "$tool"
    [ "$(pgrep -c -P "$pid")" -eq 1 ]
    runs_on
}

@test "a tool that is at work is not ended, however long it takes" {
    fake --cwd "$project" --session "$id" --status busy --turn tool --spinner --raw \
        --hook 'while :; do :; done' -- "$client"
    started_at=$(start_of "$pid")
    tool=$(pgrep -n -P "$pid")
    tool_started_at=$(start_of "$tool")
    # past the patience: it was looked at twice
    seen_at_work() { rescue --status --json "${scratch[@]}" >/dev/null; [[ $(json '.sessions[0].evidence.join()') == *"(pid $tool) makes progress"* ]]; }
    wait_until 60 seen_at_work
    rescue --revive "$pid" --force "${scratch[@]}"
    [ "$status" -eq 4 ]
    [[ $stderr == *"refused: pid $pid is not hung (working, tool-running)"* ]]
    [ ! -e "$pending" ]
    tool_runs_on
    runs_on
}

@test "Escape is not pressed where a dialog is on the screen, whatever the client says of itself" {
    mkfifo "$BATS_TEST_TMPDIR/fifo"
    private_tmux new-session -d -x 80 -y 24 -s s "cd '$project' && printf 'Do you want to proceed?' && exec env HOME='$HOME' '$TEST_PROGRAMS/fake-agent' --here --session $id --status busy --turn tool --spinner --raw --hook 'cat $BATS_TEST_TMPDIR/fifo; exit 0' -- '$client'"
    wait_until 60 compgen -G "$CONFIG_DIR/sessions/*.json"
    pid=$(basename "$(echo "$CONFIG_DIR"/sessions/*.json)" .json)
    started_pids+=("$pid")
    started_at=$(start_of "$pid")
    wait_until 60 is_hung
    tool=$(pgrep -n -P "$pid")
    tool_started_at=$(start_of "$tool")
    rescue --revive "$pid" --escape --force "${scratch[@]}"
    [ "$status" -eq 4 ]
    [[ $stderr == *"refused: a dialog is on the screen of pid $pid: Escape would be an answer"* ]]
    [ ! -e "$pending" ]
    tool_runs_on
    runs_on
}

@test "a search of the client's own that computes without end: that one alone is ended" {
    fake --cwd "$project" --session "$id" --status busy --turn tool --tool Grep --spinner --raw \
        --hook "exec bash -c 'exec -a rg bash -c \"while :; do :; done\"'" --server 'exec sleep 110' -- "$client"
    started_at=$(start_of "$pid")
    tool=$(pgrep -n -P "$pid")
    wait_until 60 is_hung
    rescue --revive "$pid" --force --json "${scratch[@]}"
    [ "$status" -eq 0 ]
    [ "$(json .cause)" = tool-stuck ]
    [ "$(json .push)" = end-tool ]
    is_gone "$tool"
    [ "$(pgrep -c -P "$pid")" -eq 1 ]
    runs_on
}

# A client with a process that a hook has left behind: with_left_over COMMAND OPTION...
with_left_over()
{
    local command=$1
    shift
    fake --cwd "$project" --session "$id" --status busy --spinner --raw --hook "$command" "$@" -- "$client"
    started_at=$(start_of "$pid")
    wait_until 60 test -s "$BATS_TEST_TMPDIR/left-over"
    tool=$(<"$BATS_TEST_TMPDIR/left-over")
    tool_started_at=$(start_of "$tool")
    started_pids+=("$tool")
    wait_until 60 is_hung
}

@test "a process that a hook left behind has its output: ended, and the turn goes on" {
    with_left_over "sleep 110 & echo \$! >'$BATS_TEST_TMPDIR/left-over'" --turn tool
    rescue --revive "$pid" --dry-run "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *": end sleep (pid $tool, sleep 110): SIGTERM"* ]]
    tool_runs_on
    rescue --revive "$pid" --force --json "${scratch[@]}"
    [ "$status" -eq 0 ]
    [ "$(json .cause)" = pipe-held ]
    [ "$(json .push)" = end-pipe-holder ]
    [[ $(json .movement) == "its transcript grew after "* ]]
    is_gone "$tool"
    runs_on
}

@test "the same with a pipe, and before a prompt is written down" {
    with_left_over "sleep 110 & echo \$! >'$BATS_TEST_TMPDIR/left-over'" --turn over --piped
    rescue --revive "$pid" --force --json "${scratch[@]}"
    [ "$status" -eq 0 ]
    [ "$(json .cause)" = pipe-held ]
    [ "$(json .push)" = end-pipe-holder ]
    is_gone "$tool"
    runs_on
}

@test "one whose process group another process leads is not ended" {
    with_left_over "setsid sh -c 'sleep 110 & echo \$! >\"\$1\"; exec >/dev/null; wait' - '$BATS_TEST_TMPDIR/left-over' &" --turn tool
    started_pids+=("$(ps -o ppid= -p "$tool" | tr -d ' ')")
    rescue --revive "$pid" --force "${scratch[@]}"
    [ "$status" -eq 4 ]
    [[ $stderr == *"pid $pid is held up by sleep (pid $tool), whose process group is led by sh (pid "*"end it yourself (kill $tool)"* ]]
    [ ! -e "$pending" ]
    tool_runs_on
    runs_on
}

@test "a server that went into the background before the tool is not what holds it" {
    fake --cwd "$project" --session "$id" --status busy --turn tool --spinner --raw \
        --server "sleep 110 & echo \$! >'$BATS_TEST_TMPDIR/left-over'" -- "$client"
    started_pids+=("$(<"$BATS_TEST_TMPDIR/left-over")")
    is_called() { rescue --status --json "${scratch[@]}" >/dev/null; [ "$(json '.sessions[0].cause')" = "$1" ]; }
    wait_until 60 is_called needs-eyes
    rescue --revive "$pid" --force "${scratch[@]}"
    [ "$status" -eq 4 ]
    [[ $stderr == *"is not hung (unknown, needs-eyes)"* ]]
}

@test "an idle session whose terminal holds keys back: raw again" {
    fake --cwd "$project" --session "$id" -- "$client" # a stand-in sets no modes without --raw
    rescue --revive "$pid" --force --json "${scratch[@]}"
    [ "$status" -eq 0 ]
    [ "$(json .push)" = raw-mode ]
    rescue --revive "$pid" --force "${scratch[@]}"
    [ "$status" -eq 4 ]
}

@test "stopped, with no shell before it: continued" {
    fake --cwd "$project" --session "$id" --status busy --turn awaits-reply --spinner -- "$client"
    started_at=$(start_of "$pid")
    kill -STOP "$pid"
    rescue --revive "$pid" --force --json "${scratch[@]}"
    [ "$status" -eq 0 ]
    [ "$(json .push)" = continue ]
    [[ $(json .movement) == "it runs again, and has its terminal" ]]
    runs_on
}

@test "stopped below something that is no shell: said, and nothing is typed" {
    cat >"$BATS_TEST_TMPDIR/parent.py" <<-'END'
	import os, signal, subprocess, sys
	signal.signal(signal.SIGTTOU, signal.SIG_IGN)
	child = subprocess.Popen(sys.argv[1:], process_group=0)
	os.tcsetpgrp(0, child.pid)
	os.waitpid(child.pid, os.WUNTRACED)
	os.tcsetpgrp(0, os.getpgrp())
	open(os.environ['OUT'], 'w').write(str(child.pid))
	while os.read(0, 1):
	    open(os.environ['OUT'] + '.typed', 'w').write('typed')
	END
    private_tmux new-session -d -x 80 -y 24 -s s "cd '$project' && exec env HOME='$HOME' OUT='$BATS_TEST_TMPDIR/out' python3 '$BATS_TEST_TMPDIR/parent.py' '$TEST_PROGRAMS/fake-agent' --here --session $id --status busy --turn awaits-reply --spinner -- '$client'"
    wait_until 60 compgen -G "$CONFIG_DIR/sessions/*.json"
    pid=$(basename "$(echo "$CONFIG_DIR"/sessions/*.json)" .json)
    started_pids+=("$pid")
    started_at=$(start_of "$pid")
    kill -STOP "$pid"
    wait_until 60 test -s "$BATS_TEST_TMPDIR/out"
    rescue --revive "$pid" --force "${scratch[@]}"
    [ "$status" -eq 4 ]
    [[ $stderr == *"nothing of the plan is possible: what started it is no shell that is known: bring it back there with fg yourself"* ]]
    [ ! -e "$BATS_TEST_TMPDIR/out.typed" ] && [ ! -e "$pending" ]
    runs_on
}

@test "--escape goes with --revive, and never into a session that is not in the middle of a turn" {
    rescue --kill 1 --escape
    [ "$status" -eq 2 ]
    fake --cwd "$project" --session "$id" -- "$client"
    rescue --revive "$pid" --escape --force "${scratch[@]}"
    [ "$status" -eq 4 ]
    [[ $stderr == *"is not hung (idle, turn-over)"* ]]
}
