#!/usr/bin/env bats
# Sessions ended from the command line: stand-ins for clients on terminals of their own.

load helper
load hung

id=00000000-0000-4000-8000-0000000000aa

setup()
{
    scratch_folders
}

teardown()
{
    end_started
}

idle()
{
    fake --cwd "$project" --session "$id" -- "$client"
}

ended()
{
    wait_until 60 is_gone "$1"
    forget "$1"
}

@test "a hung session is backed up, ended, logged, and its resume command printed" {
    hung --last-words 'last words'
    rescue --kill "$pid" --force "${scratch[@]}"
    [ "$status" -eq 0 ]
    ended "$pid"
    [[ $output == *"✅ COMMAND COMPLETE: /session-rescue"* ]]
    [[ $output == *"Sessions killed: 1"* ]]
    [[ $output == *"  cd $project && claude --resume $id"* ]]
    grep -q '| 00000000... | .* | Exported | ✅ |' "$log"/SESSION-LOG-*.md
    grep -q '| 00000000... | .* | Killed | ✅ |' "$log"/SESSION-LOG-*.md
    # what it wrote while it ended is in a backup too, and all of them are sound
    grep -q 'last words' "$pending"/*.jsonl
    [ "$(backups)" -eq 2 ]
    ( cd "$pending" && for sums in *.sha256; do sha256sum --quiet -c "$sums" || exit 1; done )
    [ "$(find "$CONFIG_DIR/sessions" -type f | wc -l)" -eq 0 ]
}

@test "it is named by its terminal or the beginning of its id as well" {
    idle
    local tty
    tty=$(ps -o tty= -p "$pid" | tr -d ' ')
    rescue --kill "/dev/$tty" --dry-run "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"send SIGTERM to pid $pid"* ]]
    rescue --kill 00000000-0000 --force "${scratch[@]}"
    [ "$status" -eq 0 ]
    ended "$pid"
}

@test "nothing and no session named: usage; and nothing is ended" {
    idle
    rescue --kill "${scratch[@]}"
    [ "$status" -eq 2 ]
    rescue --kill ffffffff --force "${scratch[@]}"
    [ "$status" -eq 2 ]
    [[ $stderr == *"no session is named by 'ffffffff'"* ]]
    rescue --kill "$pid" "$pid" --force "${scratch[@]}"
    [ "$status" -eq 2 ]
    rescue --kill "$pid" --grace soon "${scratch[@]}"
    [ "$status" -eq 2 ]
    is_alive "$pid"
}

@test "--dry-run says each step and changes nothing" {
    hung
    before=$(find "$BATS_TEST_TMPDIR/home" -type f -exec sha256sum {} + | sort)
    rescue --kill "$pid" --dry-run "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"hung: "* ]]
    [[ $output == *"1. back up the session into $pending"* ]]
    [[ $output == *"4. send SIGTERM to pid $pid and wait 10 s; then ask before SIGKILL"* ]]
    [[ $output == *"Nothing was changed"* ]]
    [ ! -e "$pending" ] && [ ! -e "$log" ]
    [ "$(find "$BATS_TEST_TMPDIR/home" -type f -exec sha256sum {} + | sort)" = "$before" ]
    is_alive "$pid"
}

@test "--dry-run foresees that the session log cannot be written" {
    hung
    : >"$log"
    for mode in --kill --revive; do
        rescue "$mode" "$pid" --dry-run "${scratch[@]}"
        [ "$status" -eq 3 ]
        [[ $output == *"1. back up the session into $pending"* ]]
        [[ $stderr == *"session log update failed: write to $log: not a directory"* ]]
    done
    is_alive "$pid"
}

@test "without a terminal to ask on, and without --force, it is refused" {
    hung
    rescue --kill "$pid" "${scratch[@]}"
    [ "$status" -eq 4 ]
    [[ $stderr == *"no terminal to ask on"* ]]
    [ ! -e "$log" ]
    is_alive "$pid"
}

@test "the question says what is hung; y ends it" {
    hung
    typed 'y\n' -- --kill "$pid" "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"Kill Claude process on pts/"*", session 00000000 ("*", hung: "*")? [y/N]"* ]]
    ended "$pid"
}

@test "anything but y leaves it running, with its backup" {
    hung
    typed '\n' -- --kill "$pid" "${scratch[@]}"
    [ "$status" -eq 4 ]
    [[ $output == *"not killed"* ]]
    is_alive "$pid"
    [ "$(backups)" -eq 1 ]
    grep -q 'Exported' "$log"/SESSION-LOG-*.md
    [ "$(grep -c Killed "$log"/SESSION-LOG-*.md)" -eq 0 ]
}

@test "a session that is not hung gets another question" {
    idle
    typed 'n\n' -- --kill "$pid" "${scratch[@]}"
    [[ $output == *"is not hung; idle: turn over. Kill it all the same?"* ]]
    is_alive "$pid"
}

@test "SIGTERM ignored: a second question, and no leaves it running" {
    hung --ignore-term
    typed 'y\nn\n' -- --kill "$pid" --grace 0.3 "${scratch[@]}"
    [ "$status" -eq 3 ]
    [[ $output == *"Send SIGKILL? What it has not written yet is lost. [y/N]"* ]]
    [[ $output == *"❌ COMMAND FAILED: /session-rescue"* ]]
    [[ $output == *"kill failed: pid $pid"*"its backup "*" is kept"* ]]
    is_alive "$pid"
    grep -q '| Killed | ❌ |' "$log"/SESSION-LOG-*.md
}

@test "a spinner that ignores SIGTERM ends with --force; its registry file is named and stays" {
    fake --cwd "$project" --session "$id" --status busy --turn awaits-reply --spin --ignore-term --age 900 -- "$client"
    rescue --kill "$pid" --force --grace 0.3 "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"pid $pid has ended by SIGKILL"* ]]
    [[ $output == *"left behind: $CONFIG_DIR/sessions/$pid.json"* ]]
    [ -e "$CONFIG_DIR/sessions/$pid.json" ]
    ended "$pid"
}

@test "a stopped one is continued to its end" {
    hung
    kill -STOP "$pid"
    rescue --kill "$pid" --force "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $output != *SIGKILL* ]]
    ended "$pid"
}

@test "its server ends with it" {
    fake --cwd "$project" --session "$id" --server 'exec sleep 100' -- "$client"
    helper=$(pgrep -P "$pid")
    started_pids+=("$helper")
    rescue --kill "$pid" --force "${scratch[@]}"
    [ "$status" -eq 0 ]
    ended "$pid"
    ended "$helper"
}

@test "a server that listens is left running, and said" {
    cat >"$BATS_TEST_TMPDIR/listen.mjs" <<-'END'
	import { createServer } from 'node:net';
	import { writeFileSync } from 'node:fs';
	process.on('SIGTERM', () => {}); // outlives the tree that it was started in
	createServer().listen(0, '127.0.0.1', function () { writeFileSync(process.argv[2], String(process.pid)); });
	END
    # as an npm script does, in a session of its own
    fake --cwd "$project" --session "$id" --child "exec sh -c 'trap \"\" TERM; node $BATS_TEST_TMPDIR/listen.mjs $BATS_TEST_TMPDIR/server & wait'" -- "$client"
    wait_until 60 test -s "$BATS_TEST_TMPDIR/server"
    server=$(<"$BATS_TEST_TMPDIR/server")
    started_pids+=("$server")
    rescue --kill "$pid" --force "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"left running: node (pid $server) listens on port "* ]]
    is_alive "$server"
    ended "$pid"
}

@test "refused from inside itself, as a tool of that session, --force or not" {
    cat >"$BATS_TEST_TMPDIR/tool" <<-END
	for force in '' --force; do
	    '$SESSION_RESCUE' --kill $id \$force ${scratch[*]} >'$BATS_TEST_TMPDIR/inside'\$force 2>&1
	    echo "status \$?" >>'$BATS_TEST_TMPDIR/inside'\$force
	done
	touch '$BATS_TEST_TMPDIR/inside.done'
	exec sleep 100
	END
    fake --cwd "$project" --session "$id" --status busy --turn tool --child "exec sh $BATS_TEST_TMPDIR/tool" -- "$client"
    wait_until 60 test -e "$BATS_TEST_TMPDIR/inside.done"
    cat "$BATS_TEST_TMPDIR"/inside*
    for force in '' --force; do
        grep -q "refused: pid $pid is the session that this program runs in" "$BATS_TEST_TMPDIR/inside$force"
        grep -q '^status 4$' "$BATS_TEST_TMPDIR/inside$force"
    done
    [ ! -e "$pending" ]
    is_alive "$pid"
}

@test "a twin keeps the session, and the resume command is withheld" {
    idle
    first=$pid
    fake --cwd "$project" --session "$id" -- "$client"
    second=$pid
    rescue --kill 00000000-0000 --force "${scratch[@]}"
    [ "$status" -eq 2 ]
    rescue --kill "$first" --force "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"(00000000... is held by pid $second)"* ]]
    [[ $output != *"claude --resume"* ]]
    ended "$first"
    is_alive "$second"
}

@test "a backup that cannot be made: no signal, --force or not" {
    hung
    touch "$pending" # a file where the folder should be
    rescue --kill "$pid" --force "${scratch[@]}"
    [ "$status" -eq 3 ]
    [[ $stderr == *"$pending"* ]]
    is_alive "$pid"
}

@test "a backup that is not whole: kept, named, and no signal" {
    hung
    mkfifo "$CONFIG_DIR/history.jsonl"
    rescue --kill "$pid" --force "${scratch[@]}"
    [ "$status" -eq 4 ] # --force answers no question about what would be lost
    [[ $stderr == *"incomplete: 1 file of the session could not be read: "*history.jsonl* ]]
    [ "$(backups)" -eq 1 ]
    is_alive "$pid"
}

@test "a log that cannot be written is a failure after the rescue, which is done" {
    hung
    touch "$log"
    rescue --kill "$pid" --force "${scratch[@]}"
    [ "$status" -eq 3 ]
    [[ $stderr == *"❌ COMMAND FAILED: /session-rescue"* ]]
    [[ $stderr == *"session log update failed"* ]]
    [[ $stderr == *"Sessions killed: 1"* ]]
    [[ $stderr == *"claude --resume $id"* ]]
    [ "$(backups)" -ge 1 ]
    ended "$pid"
}

@test "--json tells the same in one document" {
    hung
    rescue --kill "$pid" --force --json "${scratch[@]}"
    [ "$status" -eq 0 ]
    [ "$(json .outcome)" = killed ]
    [ "$(json .pid)" = "$pid" ]
    [ "$(json '.resume_commands[0]')" = "cd $project && claude --resume $id" ]
    [ -e "$(json .backup)" ]
    ended "$pid"
}

@test "a session that cannot be told apart: all that it may be are backed up first" {
    fake --cwd "$project" --session "$id" --no-registry -- "$client"
    first=$pid
    fake --cwd "$project" --session 11111111-0000-4000-8000-0000000000bb --no-registry -- "$client"
    rescue --kill "$first" --force "${scratch[@]}"
    [ "$status" -eq 0 ]
    ended "$first"
    [ "$(backups)" -eq 2 ]
    [[ $output == *"claude --resume $id"* ]]
    [[ $output == *"claude --resume 11111111-0000-4000-8000-0000000000bb"* ]]
}

@test "Ctrl-C at the question is a no" {
    hung
    typed '\003' -- --kill "$pid" "${scratch[@]}"
    [ "$status" -eq 4 ]
    [[ $output == *"not killed"* ]]
    is_alive "$pid"
}
