#!/usr/bin/env bats
# tools/count-tests: the figures that a change is judged by.

setup()
{
    results=$BATS_TEST_TMPDIR/results
    mkdir -p "$results/native" "$results/asan"
}

tap() # FILE, the TAP on standard input
{
    cat >"$results/$1.tap"
}

counts() # EXPECTED-STATUS EXPECTED-LINE
{
    run --separate-stderr tools/count-tests "$results"
    echo "status $status, said: $output; $stderr"
    [ "$status" -eq "$1" ]
    [ "$output" = "$2" ]
}

bats_require_minimum_version 1.5.0

@test "what passed and what failed, over several files" {
    printf '1..3\nok 1 - a\nok 2 - b\nnot ok 3 - c\n' | tap native/one
    printf 'TAP version 13\nok\nok - with a description\n1..2\n' | tap native/two
    counts 1 "4 passed, 1 failed"
    [[ $stderr == *"one.tap: 3 - c"* ]]
}

@test "all passed: status 0" {
    printf '1..2\nok 1 - a\n# a remark\nok 2 - b\n' | tap native/one
    counts 0 "2 passed, 0 failed"
}

@test "skipped cases are named when there are any" {
    printf '1..3\nok 1 - a\nok 2 # skip no tmux here\nok 3 - c # SKIP\n' | tap native/one
    counts 0 "1 passed, 0 failed, 2 skipped"
}

@test "cmocka's way to say skipped is not a failure" {
    printf '1..2\nok 1 - a\nnot ok 2 # SKIP b\n' | tap native/one
    counts 0 "1 passed, 0 failed, 1 skipped"
}

@test "a whole file skipped is one skipped case" {
    printf '1..0 # SKIP the registry cannot be reached\n' | tap native/e2e
    printf '1..1\nok 1\n' | tap native/one
    counts 0 "1 passed, 0 failed, 1 skipped"
}

@test "an empty plan without a reason is a failure" {
    printf '1..0\n' | tap native/one
    counts 1 "0 passed, 1 failed"
}

@test "todo: a known gap is skipped, a gap that closed has passed" {
    printf '1..2\nnot ok 1 - a # TODO later\nok 2 - b # TODO\n' | tap native/one
    counts 0 "1 passed, 0 failed, 1 skipped"
}

@test "a description may speak of skipping" {
    printf '1..2\nnot ok 1 - torn lines are skipped\nnot ok 2 - as with issue \\# skip\n' | tap native/one
    counts 1 "0 passed, 2 failed"
}

@test "bail out is a failure, and so is all that it kept from running" {
    printf '1..4\nok 1 - a\nBail out! exit status 139\n' | tap native/one
    counts 1 "1 passed, 4 failed"
    [[ $stderr == *"exit status 139"* ]]
}

@test "truncated output: what the plan promised and nobody reported has failed" {
    printf '1..5\nok 1 - a\nok 2 - b\nok' | tap native/one
    counts 1 "3 passed, 2 failed"
}

@test "more cases than planned" {
    printf '1..1\nok 1 - a\nok 2 - b\n' | tap native/one
    counts 1 "2 passed, 1 failed"
}

@test "a plan that never came" {
    printf 'ok 1 - a\n' | tap native/one
    printf '' | tap native/two
    counts 1 "1 passed, 2 failed"
}

@test "two plans in one file: the second group would hide behind the first" {
    printf '1..1\nok 1 - a\n1..1\nok 1 - b\n' | tap native/one
    counts 1 "1 passed, 2 failed"
}

@test "a case that ran in two builds counts once" {
    printf '1..2\nok 1 - a\nok 2 - b\n' | tee "$results/asan/str_test.tap" | tap native/str_test
    counts 0 "2 passed, 0 failed"
}

@test "a case that failed in one of two builds has failed" {
    printf '1..2\nok 1 - a\nok 2 - b\n' | tap native/str_test
    printf '1..2\nok 1 - a\nnot ok 2 - b\n' | tap asan/str_test
    counts 1 "1 passed, 1 failed"
}

@test "a case that crashed one of two builds has failed" {
    printf '1..3\nok 1 - a\nok 2 - b\nok 3 - c\n' | tap native/str_test
    printf '1..3\nok 1 - a\nBail out! exit status 134\n' | tap asan/str_test
    counts 1 "1 passed, 3 failed"
}

@test "a case skipped in one build and passed in the other has passed" {
    printf '1..1\nok 1 - a\n' | tap native/str_test
    printf '1..1\nok 1 # SKIP a\n' | tap asan/str_test
    counts 0 "1 passed, 0 failed"
}

@test "indented subtests belong to their parent" {
    printf '    1..2\n    ok 1 - x\n    not ok 2 - y\nnot ok 1 - parent\n1..1\n' | tap native/one
    counts 1 "0 passed, 1 failed"
}

@test "what a test printed is not a result" {
    printf '1..1\nokay then\nok: really\nnot okay\nok 1 - a\n' | tap native/one
    counts 0 "1 passed, 0 failed"
}

@test "nothing found is not a success" {
    counts 1 "0 passed, 0 failed"
}
