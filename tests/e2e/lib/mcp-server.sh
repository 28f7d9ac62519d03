#!/bin/bash
# A tool server (MCP over standard input and output), small enough that twelve of them are nothing:
#   mcp-server.sh NAME [noisy]
# Two tools: `answer`, which does, and `hang`, which never does. A noisy one starts a short process every 0.4 s,
# as servers do that ask git, or a compiler.
if [ "${2-}" = noisy ]; then
  while sleep 0.2; do sleep 0.2 & wait; done </dev/null >/dev/null 2>&1 &
fi
while IFS= read -r line; do
  [[ $line =~ \"id\":([0-9]+) ]] || continue
  id=${BASH_REMATCH[1]}
  case $line in
    *'"method":"initialize"'*)
      result='{"protocolVersion":"2024-11-05","capabilities":{"tools":{}},"serverInfo":{"name":"'$1'","version":"1"}}' ;;
    *'"method":"tools/list"'*)
      schema='"inputSchema":{"type":"object","properties":{}}'
      result='{"tools":[{"name":"answer","description":"answers",'$schema'},{"name":"hang","description":"hangs",'$schema'}]}' ;;
    *'"name":"hang"'*) continue ;;
    *'"method":"tools/call"'*) result='{"content":[{"type":"text","text":"answered"}]}' ;;
    *) result='{}' ;;
  esac
  printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$result"
done
