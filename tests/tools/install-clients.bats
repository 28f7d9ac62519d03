#!/usr/bin/env bats
# tests/install-clients, with an npm of its own: what is installed, and why it is not.

setup()
{
    TREE=$BATS_TEST_TMPDIR/tree
    mkdir -p "$TREE/tests/e2e/agents" "$TREE/tests/oracle" "$BATS_TEST_TMPDIR/bin"
    cp "$BATS_TEST_DIRNAME/../install-clients" "$TREE/tests/"
    for folder in e2e oracle e2e/agents; do echo "{}" >"$TREE/tests/$folder/package-lock.json"; done
    PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

# npm_that STATUS TEXT
npm_that()
{
    printf '#!/bin/bash\npwd >>"%s"\necho "%s"\n[ %s -ne 0 ] || mkdir -p node_modules\nexit %s\n' \
        "$BATS_TEST_TMPDIR/calls" "$2" "$1" "$1" >"$BATS_TEST_TMPDIR/bin/npm"
    chmod +x "$BATS_TEST_TMPDIR/bin/npm"
}

install() { run bash -c "'$TREE/tests/install-clients' 2>/dev/null"; }

@test "each folder is installed once, and again when its lock file is another" {
    npm_that 0 "added 1 package"
    install
    [ "$status" -eq 0 ]
    [ "$(wc -l <"$BATS_TEST_TMPDIR/calls")" -eq 3 ]
    install
    [ "$status" -eq 0 ]
    [ "$(wc -l <"$BATS_TEST_TMPDIR/calls")" -eq 3 ]
    echo '{"a": 1}' >"$TREE/tests/e2e/agents/package-lock.json"
    install
    [ "$(tail -1 "$BATS_TEST_TMPDIR/calls")" = "$TREE/tests/e2e/agents" ]
    [ "$(wc -l <"$BATS_TEST_TMPDIR/calls")" -eq 4 ]
}

@test "a registry that cannot be reached: 3, and why in one line" {
    for code in ENOTFOUND ECONNREFUSED EAI_AGAIN ETIMEDOUT; do
        npm_that 1 "npm error code $code"
        install
        [ "$status" -eq 3 ]
        [ "$output" = "the clients cannot be installed: npm error code $code" ]
    done
}

@test "npm that takes too long: 3" {
    printf '#!/bin/bash\nexec sleep 60\n' >"$BATS_TEST_TMPDIR/bin/npm"
    chmod +x "$BATS_TEST_TMPDIR/bin/npm"
    export SR_E2E_INSTALL_S=1
    install
    [ "$status" -eq 3 ]
    [ "$output" = "the clients cannot be installed: npm took too long, or said nothing (status 124)" ]
}

@test "anything else that is wrong with the clients: 1" {
    npm_that 1 "npm error code EINTEGRITY"
    install
    [ "$status" -eq 1 ]
    [ "$output" = "the clients cannot be installed: npm error code EINTEGRITY" ]
}
