#!/usr/bin/env bats
# --check and --repair on every damage of tests/fixtures/damage, and on everything there that only looks
# like damage. All is done once, by damage.mjs, which also says what these lines mean, and what holds for
# every repair; a test compares what was said and done about one damage.

load helper

setup_file()
{
    node tests/cli/damage.mjs "$SESSION_RESCUE" "$BATS_FILE_TMPDIR"
}

# it_is NAME, and the lines on standard input
it_is()
{
    diff -u --label expected --label seen - "$BATS_FILE_TMPDIR/$1"
}

@test "healthy: as the client wrote it" {
    it_is healthy <<'END'
check 0 0/26
repair 0 nothing-to-repair
sound
END
}

@test "no-final-newline: the last line is not ended, and is whole" {
    it_is no-final-newline <<'END'
check 0 0/26 .odd-bytes
repair 0 nothing-to-repair
sound
END
}

@test "crlf: lines end with CR LF" {
    it_is crlf <<'END'
check 0 0/26 .odd-bytes
repair 0 nothing-to-repair
sound
END
}

@test "bom: a byte order mark" {
    it_is bom <<'END'
check 0 0/26 .odd-bytes
repair 0 nothing-to-repair
sound
END
}

@test "blank-lines: blank lines" {
    it_is blank-lines <<'END'
check 0 0/26 .odd-bytes
repair 0 nothing-to-repair
sound
END
}

@test "duplicate-records: records that were written twice" {
    it_is duplicate-records <<'END'
check 0 0/26 .duplicate-record:37@18368 .duplicate-record:38@19116
repair 0 nothing-to-repair
sound
END
}

@test "whole-file-twice: all lines twice" {
    it_is whole-file-twice <<'END'
check 0 0/26 .duplicate-record x52
repair 0 nothing-to-repair
sound
END
}

@test "shuffled: the lines since the compaction in another order, but for the last records" {
    it_is shuffled <<'END'
check 0 0/26
repair 0 nothing-to-repair
sound
END
}

@test "first-flush: a session of one turn, whose lines are as a client first writes them: children before parents" {
    it_is first-flush <<'END'
check 0 0/2
repair 0 nothing-to-repair
sound
END
}

@test "white-space-alone: D16: a record of nothing but white space before the words of its message, as clients of 2.1.32 to 2.1.42 wrote them" {
    it_is white-space-alone <<'END'
check 0 0/26 .empty-text:35@16375
repair 0 nothing-to-repair
sound
END
}

@test "stale-leaf: the last prompt names a record that is not there" {
    it_is stale-leaf <<'END'
check 0 0/26 .stale-leaf:75@43242
repair 0 nothing-to-repair
sound
END
}

@test "hollow-thinking: thinking of which only the signature was kept" {
    it_is hollow-thinking <<'END'
check 0 0/26
repair 0 nothing-to-repair
sound
END
}

@test "sidechain-inside: records of a subagent in the file of the session, as older clients wrote them" {
    it_is sidechain-inside <<'END'
check 0 0/26
repair 0 nothing-to-repair
sound
END
}

@test "unknown-types: records of types that no client of today knows" {
    it_is unknown-types <<'END'
check 0 0/26
repair 0 nothing-to-repair
sound
END
}

@test "backwards-times: a record that is older than its parent" {
    it_is backwards-times <<'END'
check 0 0/26
repair 0 nothing-to-repair
sound
END
}

@test "other-spelling: the same records with blanks, another order of keys, escapes and numbers" {
    it_is other-spelling <<'END'
check 0 0/26
repair 0 nothing-to-repair
sound
END
}

@test "open-call-at-end: the last record is a call" {
    it_is open-call-at-end <<'END'
check 0 0/18
repair 0 nothing-to-repair
sound
END
}

@test "interrupted: the last record is a prompt" {
    it_is interrupted <<'END'
check 0 0/25
repair 0 nothing-to-repair
sound
END
}

@test "foreign-session-ids: D20: records of another session id" {
    it_is foreign-session-ids <<'END'
check 0 0/26 .foreign-session-id
repair 0 nothing-to-repair
sound
END
}

@test "moved-directory: D20: records of another directory than that of the folder" {
    it_is moved-directory <<'END'
check 0 0/26
repair 0 nothing-to-repair
sound
END
}

@test "two-tips: D13: a branch that was given up, beside the one that went on" {
    it_is two-tips <<'END'
check 0 0/26
repair 0 nothing-to-repair
sound
END
}

@test "cut-tail: D1: the last record breaks off" {
    it_is cut-tail <<'END'
check 1 0/25 !torn-tail:72@41689
repair 0 drop:torn-tail:72@41689
after 0 0/25
sound
END
}

@test "cut-newline: D1: the last record is whole, its line is not ended" {
    it_is cut-newline <<'END'
check 0 0/26 .odd-bytes
repair 0 nothing-to-repair
sound
END
}

@test "stub-glued-to-prompt: D2: a record broke off, and the next one, a prompt, was appended to it" {
    it_is stub-glued-to-prompt <<'END'
check 1 12/26 !stub:40@20506
repair 0 drop:stub:40@20506
after 0 0/26
sound
END
}

@test "stub-glued-to-answer: D2: the same within a turn" {
    it_is stub-glued-to-answer <<'END'
check 1 1/25 .unanswered-tool:36@17330 !stub:37@18368 !missing-parent:37@18741
repair 0 drop:stub:37@18368 relink:missing-parent:37@18755?
after 0 0/25 .unanswered-tool:36@17330
sound
END
}

@test "stub-line: D1, D2: a record that broke off has a line of its own" {
    it_is stub-line <<'END'
check 1 0/25 !stub:38@19116 ~missing-parent:39@19588
repair 0 drop:stub:38@19116 relink:missing-parent:39@19602?
after 0 0/25
sound
END
}

@test "two-on-a-line: D3: two whole records on one line" {
    it_is two-on-a-line <<'END'
check 1 1/26 !glued:37@18368
repair 0 split:glued:37@19115
after 0 0/26
sound
END
}

@test "two-on-a-line-prompt: D3: the same, the second a prompt" {
    it_is two-on-a-line-prompt <<'END'
check 1 12/26 !glued:40@20506
repair 0 split:glued:40@20741
after 0 0/26
sound
END
}

@test "nul-line: D4: what was a record is a line of NULs" {
    it_is nul-line <<'END'
check 1 0/25 !nul-padding:38@19116 ~missing-parent:39@20059
repair 0 drop:nul-padding:38@19116 relink:missing-parent:39@20073?
after 0 0/25
sound
END
}

@test "nul-block: D4: a block of NULs has taken the end of one record and the beginning of another" {
    it_is nul-block <<'END'
check 1 10/25 !stub:38@19116 !nul-padding:38@19816 !fragment:38@20216 !missing-parent:40@20742
repair 0 drop:stub:38@19116 relink:missing-parent:40@20756?
after 0 0/25
sound
END
}

@test "nul-before-prompt: D4: NULs before a whole record" {
    it_is nul-before-prompt <<'END'
check 1 12/26 !nul-padding:41@20742
repair 0 drop:nul-padding:41@20742
after 0 0/26
sound
END
}

@test "nul-after-record: D4: NULs behind a whole record" {
    it_is nul-after-record <<'END'
check 1 0/26 !nul-padding:31@15163
repair 0 drop:nul-padding:31@15163
after 0 0/26
sound
END
}

@test "nul-at-end: D4: NULs after the last line" {
    it_is nul-at-end <<'END'
check 1 0/26 !nul-padding:75@43242
repair 0 drop:nul-padding:75@43242
after 0 0/26
sound
END
}

@test "fragment: D5: the end of a record that another writer cut" {
    it_is fragment <<'END'
check 1 0/26 !fragment:38@19116
repair 0 drop:fragment:38@19116
after 0 0/26
sound
END
}

@test "torn-by-other-writer: D5: a record in two parts, with a line of another writer between them" {
    it_is torn-by-other-writer <<'END'
check 1 0/25 !stub:38@19116 ~missing-parent:39@19517 !fragment:40@19964
repair 0 drop:stub:38@19116 relink:missing-parent:39@19531? drop:fragment:40@19964
after 0 0/25
sound
END
}

@test "missing-parent: D8: a record is gone, and the one behind it is seconds later" {
    it_is missing-parent <<'END'
check 1 11/26 !missing-parent:40@20295
repair 0 relink:missing-parent:40@20309?
after 0 0/26
sound
END
}

@test "missing-parent-twice: D8: the same at two places" {
    it_is missing-parent-twice <<'END'
check 1 24/26 !missing-parent:40@20295 !missing-parent:69@40237
repair 0 relink:missing-parent:40@20309? relink:missing-parent:69@40251?
after 0 0/26
sound
END
}

@test "missing-parent-near: D8: a record is gone within a turn" {
    it_is missing-parent-near <<'END'
check 0 0/25 ~missing-parent:38@19116
repair 0 relink:missing-parent:38@19130?
after 0 0/25
sound
END
}

@test "missing-parent-behind-boundary: D8: between a compaction and the first prompt after it" {
    it_is missing-parent-behind-boundary <<'END'
check 1 5/26 !missing-parent:29@13145
repair 0 relink:missing-parent:29@13159?
after 0 0/26
sound
END
}

@test "missing-boundary: D12: the record of the compaction is gone" {
    it_is missing-boundary <<'END'
check 0 0/25 .missing-parent:23@8757
repair 0 nothing-to-repair
sound
END
}

@test "missing-root: D8: the first prompt is gone" {
    it_is missing-root <<'END'
check 0 0/26 .missing-parent:8@1960
repair 0 nothing-to-repair
sound
END
}

@test "phantom-parent: D8: a parent that was never written" {
    it_is phantom-parent <<'END'
check 1 11/26 !missing-parent:41@20742
repair 0 relink:missing-parent:41@20756?
after 0 0/26
sound
END
}

@test "self-parent: D9: a record is its own parent" {
    it_is self-parent <<'END'
check 1 11/26 !cycle:41@20742
repair 0 relink:cycle:41@20756?
after 0 0/26
sound
END
}

@test "cycle: D9: two records are each other's parent" {
    it_is cycle <<'END'
check 1 11/26 !cycle:41@20742
repair 0 relink:cycle:41@20756?
after 0 0/26
sound
END
}

@test "progress-fork: D10: progress records in the chain, written behind their children" {
    it_is progress-fork <<'END'
check 1 0/26 !progress-fork:38@19092
repair 0 relink:progress-fork:38@19106
after 0 0/26
sound
END
}

@test "dead-end-leaf: D11: a second tip, older than the true one" {
    it_is dead-end-leaf <<'END'
check 1 19/26 !dead-end-leaf:75@43242
repair 0 insert:dead-end-leaf:76@43804?
after 0 0/26
sound
END
}

@test "explicit-leaf-gone: D11: the tip was chosen explicitly, and is not there" {
    it_is explicit-leaf-gone <<'END'
check 0 0/26 .stale-leaf:75@43242
repair 0 nothing-to-repair
sound
END
}

@test "summary-leaf-gone: D11: a summary of a tip that is not there" {
    it_is summary-leaf-gone <<'END'
check 0 0/26
repair 0 nothing-to-repair
sound
END
}

@test "boundary-parent-gone: D12: what was compacted is gone" {
    it_is boundary-parent-gone <<'END'
check 0 0/25 .boundary-parent-gone:2@236
repair 0 nothing-to-repair
sound
END
}

@test "boundary-parent-phantom: D12: the compaction names a record that was never written" {
    it_is boundary-parent-phantom <<'END'
check 0 0/26 .boundary-parent-gone:23@8757
repair 0 nothing-to-repair
sound
END
}

@test "orphan-result: D6: a tool result, and no call" {
    it_is orphan-result <<'END'
check 0 0/26 ~orphan-result:36@17330 ~missing-parent:36@17330
repair 0 relink:missing-parent:36@17344? replace:orphan-result:36@17503
after 0 0/26
sound
END
}

@test "orphan-result-linked: D6: the same, with the chain closed over the gap" {
    it_is orphan-result-linked <<'END'
check 0 0/26 ~orphan-result:36@17330
repair 0 replace:orphan-result:36@17503
after 0 0/26
sound
END
}

@test "orphan-result-refused: D6: the same, and the API has refused it" {
    it_is orphan-result-refused <<'END'
check 1 0/25 !orphan-result:36@17330 ~error-tail:71@40651
repair 0 replace:orphan-result:36@17503 drop:error-tail:71@40651
after 0 0/25
sound
END
}

@test "unanswered-call: D7: a call whose result is gone" {
    it_is unanswered-call <<'END'
check 0 0/25 .unanswered-tool:36@17330 ~missing-parent:37@18368
repair 0 relink:missing-parent:37@18382?
after 0 0/25 .unanswered-tool:36@17330
sound
END
}

@test "unanswered-call-refused: D7: the same, and the API has refused it" {
    it_is unanswered-call-refused <<'END'
check 1 0/24 !unanswered-tool:36@17330 ~error-tail:71@40941
repair 0 insert:unanswered-tool:36@18368 drop:error-tail:71@40941
after 0 0/25
sound
END
}

@test "one-of-two-results: D7, D13: of two calls at once, one has no result" {
    it_is one-of-two-results <<'END'
check 0 0/25 .unanswered-tool:44@23263
repair 0 nothing-to-repair
sound
END
}

@test "duplicate-call: D14: a call is there twice, with the same id" {
    it_is duplicate-call <<'END'
check 0 0/26 .duplicate-tool-id:37@18368
repair 0 nothing-to-repair
sound
END
}

@test "duplicate-call-refused: D14: the same, and the API has refused it" {
    it_is duplicate-call-refused <<'END'
check 1 0/25 !duplicate-tool-id:37@18368 ~error-tail:73@42727
repair 0 drop:duplicate-tool-id:37@18368 relink:duplicate-tool-id:38@19420 drop:error-tail:73@42727
after 0 0/25
sound
END
}

@test "changed-thinking: D15: thinking that is not what was signed" {
    it_is changed-thinking <<'END'
check 0 0/26
repair 0 nothing-to-repair
sound
END
}

@test "changed-thinking-refused: D15: the same, and the API has refused it" {
    it_is changed-thinking-refused <<'END'
check 1 0/25 !stale-thinking:51@27970 !stale-thinking:56@32209 ~error-tail:72@41690
repair 0 drop:stale-thinking:51@27970 relink:stale-thinking:52@29055 drop:stale-thinking:56@32209 relink:stale-thinking:57@33278 drop:error-tail:72@41690
after 0 0/25
sound
END
}

@test "unsigned-thinking: D15: thinking without a signature" {
    it_is unsigned-thinking <<'END'
check 0 0/26
repair 0 nothing-to-repair
sound
END
}

@test "empty-text: D16: a text block without text" {
    it_is empty-text <<'END'
check 1 0/26 !empty-text:35@16396
repair 0 drop:empty-text:35@16396 relink:empty-text:36@17329
after 0 0/26
sound
END
}

@test "empty-text-alone: D16: an answer that is nothing but such a block" {
    it_is empty-text-alone <<'END'
check 0 0/26 .empty-text:31@14230
repair 0 nothing-to-repair
sound
END
}

@test "empty-text-refused: D16: the same, and the API has refused it" {
    it_is empty-text-refused <<'END'
check 1 0/25 !empty-text:35@16396 ~error-tail:72@41674
repair 0 drop:empty-text:35@16396 relink:empty-text:36@17329 drop:error-tail:72@41674
after 0 0/25
sound
END
}

@test "lone-surrogate: D17: half of a pair" {
    it_is lone-surrogate <<'END'
check 0 0/26 .bad-text:31@14230
repair 0 nothing-to-repair
sound
END
}

@test "lone-surrogate-old: D17: the same, by a client that sends it as it is" {
    it_is lone-surrogate-old <<'END'
check 1 0/26 !bad-text:31@14230
repair 0 replace:bad-text:31@14461
after 0 0/26
sound
END
}

@test "nul-escape: D17: an escaped NUL" {
    it_is nul-escape <<'END'
check 0 0/26 .bad-text:31@14230
repair 0 nothing-to-repair
sound
END
}

@test "bad-utf8: D17: bytes that are not UTF-8" {
    it_is bad-utf8 <<'END'
check 0 0/26 .bad-text:31@14230
repair 0 nothing-to-repair
sound
END
}

@test "large-image: D18: a picture of more than 5 MB in base64" {
    it_is large-image <<'END'
check 1 0/26 !oversized-image:34@15847
repair 0 replace:oversized-image:34@16062
after 0 0/26
sound
END
}

@test "wide-image: D18: a picture more than 8000 pixels wide" {
    it_is wide-image <<'END'
check 1 0/26 !oversized-image:34@15847
repair 0 replace:oversized-image:34@16062
after 0 0/26
sound
END
}

@test "wide-image-in-result: D18: the same in a tool result" {
    it_is wide-image-in-result <<'END'
check 1 0/26 !oversized-image:37@18368
repair 0 replace:oversized-image:37@18659
after 0 0/26
sound
END
}

@test "many-images: D18: 21 pictures, one of them more than 2000 pixels wide" {
    it_is many-images <<'END'
check 1 0/26 !oversized-image:34@15847
repair 0 replace:oversized-image:34@18282
after 0 0/26
sound
END
}

@test "huge-record: D19: a tool result whose copy for the screen has 6 MB" {
    it_is huge-record <<'END'
check 0 0/26 .huge-record:37@18368
repair 0 nothing-to-repair
sound
END
}

@test "malformed-attachment: D21: an attachment that is none" {
    it_is malformed-attachment <<'END'
check 1 26/26 !malformed-metadata:55@31770
repair 0 drop:malformed-metadata:55@31770 relink:malformed-metadata:56@32176
after 0 0/26
sound
END
}

@test "malformed-attachment-kind: D21: an attachment without what its kind has" {
    it_is malformed-attachment-kind <<'END'
check 1 26/26 !malformed-metadata:55@31770
repair 0 drop:malformed-metadata:55@31770 relink:malformed-metadata:56@32210
after 0 0/26
sound
END
}

@test "malformed-snapshot: D21: a file history without files" {
    it_is malformed-snapshot <<'END'
check 0 0/26
repair 0 nothing-to-repair
sound
END
}

@test "malformed-input: D21: a call whose command is a number" {
    it_is malformed-input <<'END'
check 0 0/26
repair 0 nothing-to-repair
sound
END
}

@test "error-tail: D22: the API has refused a prompt" {
    it_is error-tail <<'END'
check 0 0/26 .error-tail:72@41689
repair 0 nothing-to-repair
sound
END
}

@test "too-long: the API has called the conversation too long" {
    it_is too-long <<'END'
check 1 0/26 .error-tail:72@41689 !too-long:72@41689
repair 1 nothing-to-repair
sound
END
}

@test "null-content: an answer whose content is null" {
    it_is null-content <<'END'
check 1 0/25 !bad-content:38@19116
repair 0 drop:bad-content:38@19116 relink:bad-content:39@20026
after 0 0/25
sound
END
}

@test "string-content: an answer whose content is a string" {
    it_is string-content <<'END'
check 1 0/26 !bad-content:38@19116
repair 0 replace:bad-content:38@19308 replace:bad-content:38@19334
after 0 0/26
sound
END
}

@test "no-message: an answer without its message" {
    it_is no-message <<'END'
check 1 25/25 !no-message:38@19116
repair 0 drop:no-message:38@19116 relink:no-message:39@19503
after 0 0/25
sound
END
}

@test "no-timestamps: no record has a time" {
    it_is no-timestamps <<'END'
check 1 26/26 !no-timestamps
repair 0 insert x52
after 0 0/26
sound
END
}

@test "only-sidechain: all records are said to be a subagent's" {
    it_is only-sidechain <<'END'
check 1 0/0 !no-conversation
repair 1 nothing-to-repair
sound
END
}

@test "only-metadata: no record of a conversation" {
    it_is only-metadata <<'END'
check 0 0/0 .no-conversation .stale-leaf:2@100 .stale-leaf:7@884 .stale-leaf:17@2745 .stale-leaf:22@3431
repair 0 nothing-to-repair
sound
END
}

@test "empty: a file of no bytes" {
    it_is empty <<'END'
check 1 0/0 .no-conversation
repair 0 nothing-to-repair
sound
END
}
