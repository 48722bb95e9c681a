# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The runtime helper of telemetry-inject: spans without a dependency, as OTLP/JSON lines in a file.
#
# They go to telemetry/<service>-<pid>.jsonl under the working directory; TELEMETRY_INJECT_FILE names another file
# ("{pid}" and "{service}" are filled in). TELEMETRY_INJECT_DISABLED=true or OTEL_SDK_DISABLED=true switches it off.
# "{pid}" is that of the shell; spans of its subshells are in the same file, with the subshell's own process.pid.
# It never prints, and gives back the status that the function gave. A function that ends the program records nothing.
_tlm_ready=1
_tlm_span=''
_tlm_trace=''
_tlm_off=''
_tlm_file=''
case "${TELEMETRY_INJECT_DISABLED-}${OTEL_SDK_DISABLED-}" in *[Tt][Rr][Uu][Ee]*) _tlm_off=1 ;; esac
[ -n "${EPOCHREALTIME-}" ] && [ -n "${SRANDOM-}" ] || _tlm_off=1

if [ -z "$_tlm_off" ]; then
    _tlm_service=${OTEL_SERVICE_NAME-}
    [ -n "$_tlm_service" ] || { _tlm_service=${0##*/}; _tlm_service=${_tlm_service%.sh}; }
    _tlm_service=${_tlm_service//[!A-Za-z0-9_.-]/_}
    _tlm_file=${TELEMETRY_INJECT_FILE-}
    [ -n "$_tlm_file" ] || _tlm_file='telemetry/{service}-{pid}.jsonl'
    _tlm_file=${_tlm_file//'{pid}'/$$}
    _tlm_file=${_tlm_file//'{service}'/$_tlm_service}
    case "$_tlm_file" in /*) ;; *) _tlm_file=$PWD/$_tlm_file ;; esac
    [ -d "${_tlm_file%/*}" ] || mkdir -p -- "${_tlm_file%/*}" 2>/dev/null || _tlm_off=1
fi

_tlm_call() {
    if [ -n "$_tlm_off" ]; then
        shift
        "$@"
        return
    fi
    local _tlm_name=$1 _tlm_above=$_tlm_span _tlm_start=$EPOCHREALTIME _tlm_status _tlm_end _tlm_bad=''
    local _tlm_span _tlm_trace=$_tlm_trace
    printf -v _tlm_span '%08x%08x' "$SRANDOM" "$SRANDOM"
    [ -n "$_tlm_trace" ] || printf -v _tlm_trace '%08x%08x%08x%08x' "$SRANDOM" "$SRANDOM" "$SRANDOM" "$SRANDOM"
    shift
    "$@"
    _tlm_status=$?
    _tlm_end=$EPOCHREALTIME
    [ -z "$_tlm_above" ] || _tlm_above="\"parentSpanId\":\"$_tlm_above\","
    [ "$_tlm_status" -eq 0 ] || _tlm_bad=",{\"key\":\"process.exit.code\",\"value\":{\"intValue\":\"$_tlm_status\"}}"
    printf '{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"%s"}},{"key":"process.pid","value":{"intValue":"%s"}}]},"scopeSpans":[{"scope":{"name":"telemetry-inject"},"spans":[{"traceId":"%s","spanId":"%s",%s"name":"%s","kind":1,"startTimeUnixNano":"%s000","endTimeUnixNano":"%s000","attributes":[{"key":"code.function.name","value":{"stringValue":"%s"}}%s]}]}]}]}\n' \
        "$_tlm_service" "$BASHPID" "$_tlm_trace" "$_tlm_span" "$_tlm_above" "$_tlm_name" "${_tlm_start//[!0-9]/}" \
        "${_tlm_end//[!0-9]/}" "$_tlm_name" "$_tlm_bad" 2>/dev/null >>"$_tlm_file" || :
    return "$_tlm_status"
}
