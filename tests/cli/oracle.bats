#!/usr/bin/env bats
# What the model of the client's loader once said otherwise than the client did: tests/oracle/fixtures, made small.

load helper

@test "every transcript that was once said to load otherwise than the client loads it is right now" {
    run -0 node tests/oracle/replay.mjs
    [[ $output == *", 0 disagree" ]]
}
