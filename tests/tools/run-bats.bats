#!/usr/bin/env bats
# tools/run-bats: bats files side by side, each with a TAP file of its own.

setup()
{
    some=$BATS_TEST_TMPDIR/some
    results=$BATS_TEST_TMPDIR/results
    mkdir "$some"
}

@test "two files run at the same time, and each is kept and printed whole" {
    # each ends only when the other has begun
    for name in one two; do
        other=$([ "$name" = one ] && echo two || echo one)
        printf '@test "%s" {\n    : >"%s"\n    until [ -e "%s" ]; do sleep 0.05; done\n}\n' \
            "$name" "$BATS_TEST_TMPDIR/$name" "$BATS_TEST_TMPDIR/$other" >"$some/$name.bats"
    done
    JOBS=2 BATS_TEST_TIMEOUT=60 run tools/run-bats "$results" "$some"
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"some/one.bats"$'\n1..1\nok 1 one'* && $output == *"some/two.bats"$'\n1..1\nok 1 two'* ]]
    [ "$(tools/count-tests "$results")" = "2 passed, 0 failed" ]
}

@test "one that fails does not keep the others from running, and is seen in the status" {
    printf '@test "bad" {\n    false\n}\n' >"$some/a.bats"
    printf '@test "good" {\n    true\n}\n' >"$some/b.bats"
    JOBS=1 run tools/run-bats "$results" "$some"
    [ "$status" -ne 0 ]
    run tools/count-tests "$results"
    [ "${lines[-1]}" = "1 passed, 1 failed" ]
}

@test "a file that cannot be read by bats is a failure" {
    echo '@test "never ends {' >"$some/a.bats"
    JOBS=1 run tools/run-bats "$results" "$some"
    [ "$status" -ne 0 ]
    run tools/count-tests "$results"
    [ "$status" -ne 0 ]
}

@test "a folder without a bats file is a failure, and so is one that is not there" {
    printf '@test "good" {\n    true\n}\n' >"$some/a.bats"
    mkdir "$BATS_TEST_TMPDIR/empty"
    for folder in empty absent; do
        run tools/run-bats "$results" "$some" "$BATS_TEST_TMPDIR/$folder"
        [ "$status" -ne 0 ]
        [[ $output == *"$folder: no bats files"* ]]
    done
    run tools/run-bats "$results"
    [ "$status" -ne 0 ]
}

@test "two folders with files of one name are not taken for one" {
    mkdir "$BATS_TEST_TMPDIR/other"
    printf '@test "first" {\n    true\n}\n' | tee "$some/a.bats" >"$BATS_TEST_TMPDIR/other/a.bats"
    run tools/run-bats "$results" "$some" "$BATS_TEST_TMPDIR/other"
    [ "$status" -eq 0 ]
    [ "$(tools/count-tests "$results")" = "2 passed, 0 failed" ]
}
