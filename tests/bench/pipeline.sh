#!/bin/sh
# pipeline.sh CONFIG_DIR - what people do by hand: the processes, the newest transcripts, and of
# each what was written last and when.
ps aux | grep '[c]laude'
# shellcheck disable=SC2012 # by hand it is ls
ls -lt "$1"/projects/*/*.jsonl | head -n 20 | awk '{ print $NF }' | while read -r transcript; do
    tail -n 50 "$transcript" | python3 -c '
import json, sys
last = {}
for line in sys.stdin:
    try:
        record = json.loads(line)
    except ValueError:
        continue
    if record.get("timestamp"):
        last = record
print(sys.argv[1], last.get("type"), last.get("timestamp"))
' "$transcript"
done
