#!/usr/bin/env bash
set -euo pipefail
# tools
total() {
  local sum=0 x
  for x in "$@"; do
    sum=$((sum + x))
  done
  echo "$sum"
}

function usage {
  cat <<EOF
fake() {
}
EOF
}

sub_shell ()
(
  cd /
  pwd
)

check()
{
  if [[ ${1:-} == bad ]]; then
    return 3
  fi
  echo "ok ${#1}"
}

usage
echo "got $(total 1 2 3)"
check abc
if check bad; then echo no; else echo "status $?"; fi
read -r line < <(total 4 5); echo "$line"
check bad
echo unreachable
