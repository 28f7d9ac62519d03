#!/usr/bin/env bats
# tools/run-tap: what a runner said, kept so that the file alone tells how it went.

setup()
{
    kept=$BATS_TEST_TMPDIR/kept.tap
}

@test "passes on what was said, keeps it, and returns the status" {
    run tools/run-tap "$kept" sh -c 'printf "1..1\nok 1 - a\n"'
    [ "$status" -eq 0 ]
    [ "$output" = $'1..1\nok 1 - a' ]
    [ "$(cat "$kept")" = "$output" ]
}

@test "a folder takes the name of the command" {
    run tools/run-tap "$BATS_TEST_TMPDIR/new/" true
    [ -e "$BATS_TEST_TMPDIR/new/true.tap" ]
}

@test "a runner that fails after its last case gets a bail out" {
    run tools/run-tap "$kept" sh -c 'printf "1..1\nok 1 - a\n"; exit 23'
    [ "$status" -eq 23 ]
    [ "$(tail -n 1 "$kept")" = "Bail out! sh: exit status 23" ]
}

@test "a runner that reported its failure does not" {
    run tools/run-tap "$kept" sh -c 'printf "1..1\nnot ok 1 - a\n"; exit 1'
    [ "$status" -eq 1 ]
    [ "$(tail -n 1 "$kept")" = "not ok 1 - a" ]
}

@test "a skipped case does not explain a failure, a failed one that speaks of skipping does" {
    run tools/run-tap "$kept" sh -c 'printf "1..1\nnot ok 1 # SKIP a\n"; exit 1'
    [ "$(tail -n 1 "$kept")" = "Bail out! sh: exit status 1" ]
    run tools/run-tap "$kept" sh -c 'printf "1..1\nnot ok 1 - skips line #3\n"; exit 1'
    [ "$(tail -n 1 "$kept")" = "not ok 1 - skips line #3" ]
}

@test "a crash is seen" {
    run tools/run-tap "$kept" sh -c 'printf "1..2\nok 1 - a\n"; kill -SEGV $$'
    [ "$status" -eq 139 ]
    grep -q '^Bail out!' "$kept"
}

@test "a runner that does not end is ended" {
    TAP_TIMEOUT=1 run tools/run-tap "$kept" sh -c 'echo 1..1; sleep 300'
    [ "$status" -eq 124 ]
    [ "$(tail -n 1 "$kept")" = "Bail out! sh: ended after 1 seconds" ]
}

@test "a process left behind does not hold us" {
    start=$SECONDS
    run tools/run-tap "$kept" sh -c 'printf "1..1\nok 1 - a\n"; sleep 60 2>/dev/null 3>&- & echo "# $!"'
    left_behind=$(sed -n 's/^# //p' "$kept")
    kill "$left_behind"
    [ "$status" -eq 0 ]
    [ $((SECONDS - start)) -lt 50 ]
}

@test "a case that cmocka skipped is passed on as skipped" {
    run tools/run-tap "$kept" sh -c 'printf "1..2\nok 1 - a\nnot ok 2 # SKIP b\n"'
    [ "$status" -eq 0 ]
    [ "${lines[2]}" = "ok 2 # SKIP b" ]
}
