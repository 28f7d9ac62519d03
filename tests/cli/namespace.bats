#!/usr/bin/env bats
# A program in a pid namespace of its own that still has its parent's /proc (unshare --pid without
# --mount-proc, some containers): a number there is another process than the one that a system call
# takes for it. What it shows is listed, and nothing is done to it.

load helper
load hung

id=00000000-0000-4000-8000-0000000000ad

setup()
{
    scratch_folders
    space=-pf
    [ "$(id -u)" -eq 0 ] || space=-Urpf
    unshare "$space" --kill-child true 2>/dev/null || skip "no pid namespace can be made here"
    fake --cwd "$project" --session "$id" -- "$client"
}

teardown()
{
    end_started
}

# The program in a namespace of its own, in which a stranger has the client's number: $victim says
# what became of it.  inside OPTIONS...
inside()
{
    # shellcheck disable=SC2016 # the inner shell's
    run --separate-stderr env -i HOME="$HOME" PATH="$PATH" TERM=dumb LANG=C.UTF-8 TZ=UTC \
        ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" UBSAN_OPTIONS="${UBSAN_OPTIONS-}" \
        unshare "$space" --kill-child bash -c '
            wanted=$1 seen=$2 program=$3
            shift 3
            if [ "$wanted" -gt 0 ]; then
                echo $((wanted - 1)) >/proc/sys/kernel/ns_last_pid || exit 77
                sleep 60 &
                [ "$!" = "$wanted" ] || exit 77
            fi
            "$program" "$@"
            status=$?
            [ "$wanted" = 0 ] || kill -0 "$wanted" || echo ended >"$seen"
            exit "$status"' bash "${stranger-$pid}" "$BATS_TEST_TMPDIR/stranger" "$SESSION_RESCUE" "$@"
    printf '%s: status %s\n%s\n--- stderr\n%s\n' "$*" "$status" "$output" "${stderr-}"
    [ "$status" -ne 77 ] || skip "no process can be given a number here"
    [ ! -e "$BATS_TEST_TMPDIR/stranger" ]
}

@test "a stranger that has the client's number is not ended for it, and nothing is said of the client's end" {
    for mode in "--kill $pid" "--kill $id" "--kill $pid --dry-run" "--revive $pid" "--revive $pid --dry-run"; do
        # shellcheck disable=SC2086 # words
        inside $mode --force --grace 1 "${scratch[@]}"
        [ "$status" -eq 4 ]
        [[ $stderr == *"refused: /proc is of another pid namespace than this program"* ]]
        [[ $output$stderr != *"has ended"* && $output != *"SIGTERM"* ]]
        is_alive "$pid"
    done
    [ "$(backups)" -eq 0 ]
}

@test "so it is where no process has that number: the client has not ended" {
    stranger=0 inside --kill "$pid" --force "${scratch[@]}"
    [ "$status" -eq 4 ]
    [[ $stderr == *"refused: /proc is of another pid namespace than this program"* ]]
    [[ $output$stderr != *"has ended"* ]]
    is_alive "$pid"
}

@test "the listing says so, and what is in it is right" {
    stranger=0 inside --status "${scratch[@]}"
    [ "$status" -eq 1 ]
    [[ $output == *"$pid"* ]]
    [[ $stderr == *"/proc: it is of another pid namespace than this program"* ]]
    rescue --status "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $stderr != *namespace* ]]
}

@test "no transcript is mended or brought back there: whether a process has it cannot be told" {
    other=11111111-0000-4000-8000-0000000000bb
    stored "$other" "$project"
    stranger=0 inside --export "$other" "${scratch[@]}"
    printf '{"torn' >>"$transcript"
    for mode in --repair --restore; do
        stranger=0 inside "$mode" "$other" --force "${scratch[@]}"
        [ "$status" -eq 4 ]
        [[ $stderr == *"refused: whether a process has the session cannot be told: /proc: "* ]]
    done
}
