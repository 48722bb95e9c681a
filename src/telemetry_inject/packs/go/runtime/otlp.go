// SPDX-License-Identifier: Apache-2.0

// This file of telemetry-inject: spans as OTLP/JSON.

package telemetryinject

import (
	"math"
	"strconv"
	"sync/atomic"
	"syscall"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// appendRequest writes an ExportTraceServiceRequest.
func appendRequest(b []byte, spans []*Span, dropped int64) []byte {
	b = append(b, `{"resourceSpans":[{"resource":{"attributes":[`...)
	for _, p := range resource {
		b = append(appendText(b, p.key, p.value), ',')
	}
	b = appendInt(b, "process.pid", int64(syscall.Getpid()))
	b = append(b, `]},"scopeSpans":[{"scope":{"name":"telemetry-inject","version":"`+Version+`","attributes":[`...)
	if dropped > 0 {
		b = appendInt(b, "telemetry.dropped_spans", dropped)
	}
	b = append(b, `]},"spans":[`...)
	for i, s := range spans {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendSpan(b, s)
	}
	return append(b, `]}]}]}`...)
}

func appendSpan(b []byte, s *Span) []byte {
	b = append(b, `{"traceId":"`...)
	b = appendHex(appendHex(b, s.traceID[0]), s.traceID[1])
	b = append(b, `","spanId":"`...)
	b = append(appendHex(b, s.id), `",`...)
	flags := `"flags":257,`
	if s.parentID != 0 {
		b = append(b, `"parentSpanId":"`...)
		b = append(appendHex(b, s.parentID), `",`...)
		if by := s.asker; by != nil {
			if s.parentID == by.span {
				flags = `"flags":769,`
			}
			if by.state != "" {
				b = append(appendQuoted(append(b, `"traceState":`...), by.state), ',')
			}
		}
	}
	b = append(b, flags...)
	b = appendTime(b, `"startTimeUnixNano":"`, s.start+s.offset)
	b = appendTime(b, `"endTimeUnixNano":"`, s.end+s.offset)
	b = append(b, s.site.text...)
	b = appendInt(b, "thread.id", int64(s.epoch))
	n := (*notes)(atomic.LoadPointer(&s.notes))
	if n == nil {
		return append(b, `]}`...)
	}
	n.Lock()
	defer n.Unlock()
	n.closed = true
	for _, a := range n.attributes() {
		b = appendAttribute(append(b, ','), a)
	}
	b = append(b, ']')
	for i, e := range n.events {
		if i == 0 {
			b = append(b, `,"events":[`...)
		} else {
			b = append(b, ',')
		}
		b = appendTime(append(b, '{'), `"timeUnixNano":"`, e.at+s.offset)
		b = append(b, `"name":"`...)
		b = append(append(b, e.name...), `","attributes":[`...)
		b = appendAttributes(b, e.attributes())
		b = append(b, `]}`...)
	}
	if len(n.events) > 0 {
		b = append(b, ']')
	}
	if n.lost > 0 {
		b = append(b, `,"droppedEventsCount":`...)
		b = strconv.AppendInt(b, int64(n.lost), 10)
	}
	if n.kind != "" {
		b = append(b, `,"status":{"code":2}`...)
	}
	return append(b, '}')
}

// attributes are all of what was noted but the events; the last of those with one key counts.
func (n *notes) attributes() []fact {
	all := make([]fact, 0, len(n.values)+len(n.counts)+1)
	all = append(all, n.values...)
	for _, c := range n.counts {
		all = append(all, fact{c.key, c.n})
	}
	if n.kind != "" {
		all = append(all, fact{"error.type", n.kind})
	}
	return all
}

func (e *event) attributes() []fact {
	if e.stack == nil {
		return e.values
	}
	return append(e.values[:len(e.values):len(e.values)], fact{"exception.stacktrace", stackText(e.stack)})
}

func appendAttributes(b []byte, all []fact) []byte {
	for i, a := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendAttribute(b, a)
	}
	return b
}

func appendAttribute(b []byte, a fact) []byte {
	switch value := a.value.(type) {
	case string:
		return appendText(b, a.key, value)
	case int64:
		return appendInt(b, a.key, value)
	case bool:
		b = appendKey(b, a.key, `{"boolValue":`)
		return append(strconv.AppendBool(b, value), `}}`...)
	case float64:
		b = appendKey(b, a.key, `{"doubleValue":`)
		switch {
		case math.IsNaN(value):
			b = append(b, `"NaN"`...)
		case math.IsInf(value, 1):
			b = append(b, `"Infinity"`...)
		case math.IsInf(value, -1):
			b = append(b, `"-Infinity"`...)
		default:
			b = strconv.AppendFloat(b, value, 'g', -1, 64)
		}
		return append(b, `}}`...)
	}
	return appendText(b, a.key, "")
}

func appendKey(b []byte, key, start string) []byte {
	b = append(b, `{"key":`...)
	b = append(appendQuoted(b, key), `,"value":`...)
	return append(b, start...)
}

func appendText(b []byte, key, value string) []byte {
	b = appendKey(b, key, `{"stringValue":`)
	return append(appendQuoted(b, value), `}}`...)
}

func appendInt(b []byte, key string, value int64) []byte {
	b = appendKey(b, key, `{"intValue":"`)
	return append(strconv.AppendInt(b, value, 10), `"}}`...)
}

func appendTime(b []byte, start string, at int64) []byte {
	b = strconv.AppendInt(append(b, start...), at, 10)
	return append(b, `",`...)
}

func appendHex(b []byte, n uint64) []byte {
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, hexDigits[n>>uint(shift)&15])
	}
	return b
}

// appendQuoted writes a JSON string; what is not UTF-8 becomes U+FFFD.
func appendQuoted(b []byte, text string) []byte {
	b = append(b, '"')
	for i, c := range text {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', byte(c))
		case c < ' ' || c == 0x7f || c == '\u2028' || c == '\u2029':
			b = append(b, '\\', 'u', hexDigits[c>>12&15], hexDigits[c>>8&15], hexDigits[c>>4&15], hexDigits[c&15])
		case c == utf8.RuneError:
			b = append(b, "\ufffd"...)
		default:
			b = append(b, text[i:i+utf8.RuneLen(c)]...)
		}
	}
	return append(b, '"')
}
