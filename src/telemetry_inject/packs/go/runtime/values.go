// SPDX-License-Identifier: Apache-2.0

// This file of telemetry-inject: values of the program as they may be recorded: short, of plain kinds, without
// secrets. No method of the program is called, no pointer or map of it followed.

package telemetryinject

import (
	"math"
	"reflect"
	"strconv"
	"unsafe"
)

const (
	maxText   = 120
	maxLabels = 100
	maxEvents = 128
	maxFrames = 32
	redacted  = "[redacted]"
)

var (
	secretNames = []string{"auth", "pwd", "pass", "pin", "otp", "ssn", "cvv", "cvc", "sid", "dsn"}
	// Of names without separators; the first five also before a colon in running text.
	secretParts = []string{
		"password", "passwd", "passphrase", "secret", "apikey", "token", "authorization", "cookie", "credential",
		"privatekey", "session", "accesskey", "signingkey", "encryptionkey", "bearer", "jwt", "creditcard",
		"cardnumber",
	}
	// How keys and tokens begin, and how many letters follow at least.
	secretStarts = []struct {
		start  string
		length int
	}{
		{"eyJ", 20}, {"AKIA", 16}, {"ASIA", 16}, {"AIza", 30}, {"sk-", 20}, {"sk_live_", 10}, {"rk_live_", 10},
		{"ghp_", 20}, {"gho_", 20}, {"ghs_", 20}, {"github_pat_", 20}, {"glpat-", 16}, {"xoxb-", 10}, {"xoxp-", 10},
		{"bearer ", 8}, {"Bearer ", 8}, {"BEARER ", 8}, {"-----BEGIN ", 3},
	}
)

// fact is a name with a value: a string, bool, int64 or float64.
type fact struct {
	key   string
	value interface{}
}

// plain is the letters and digits of text, in lower case.
func plain(text string) string {
	kept := make([]byte, 0, len(text))
	for _, c := range text {
		if plainRune(c) {
			kept = append(kept, string(c)...)
		}
	}
	return lower(string(kept))
}

func secretName(name string) bool {
	text := plain(short(name, maxText))
	for _, secret := range secretNames {
		if text == secret {
			return true
		}
	}
	for _, part := range secretParts {
		if contains(text, part) {
			return true
		}
	}
	return false
}

func isAlnum(c byte) bool {
	return plainRune(rune(c))
}

func secretText(text string) bool {
	for _, s := range secretStarts {
		for at := index(text, s.start, 0); at >= 0; at = index(text, s.start, at+1) {
			end := at + len(s.start)
			for end < len(text) && end < at+len(s.start)+s.length &&
				(isAlnum(text[end]) || contains("-_.+/=", text[end:end+1])) {
				end++
			}
			if end == at+len(s.start)+s.length && (at == 0 || !isAlnum(text[at-1])) {
				return true
			}
		}
	}
	if _, rest, found := cut(text, "://"); found {
		user, _, _ := cut(rest, "@")
		host, _, _ := cut(rest, "/")
		if contains(user, ":") && contains(host, "@") {
			return true // user:password@host
		}
	}
	return secretAssigned(text, '=') || secretAssigned(text, ':')
}

// secretAssigned finds password=..., "token": "..." by what stands before the sign.
func secretAssigned(text string, sign byte) bool {
	parts := secretParts[:5]
	for i, seen := 0, 0; i < len(text) && seen < 20; i++ {
		if text[i] != sign {
			continue
		}
		seen++
		before := text[:i]
		quoted := trim(before)
		sure := sign == '=' || hasSuffix(quoted, `"`) || hasSuffix(quoted, "'")
		if sure {
			parts = secretParts
		} else {
			parts = secretParts[:5]
		}
		if len(before) > 24 {
			before = before[len(before)-24:]
		}
		word := plain(before)
		for _, part := range parts {
			if hasSuffix(word, part) {
				return true
			}
		}
	}
	return false
}

// clean is text without secrets and cut. It is a copy when it is cut, so that it holds no larger text alive.
func clean(text string, limit int) string {
	if len(text) > 8 && secretText(short(text, 4*limit)) {
		return redacted
	}
	if cut := short(text, limit); len(cut) != len(text) {
		return cut
	}
	return string([]byte(text))
}

// word is the second word of an interface value: the pointer that it holds.
func word(v interface{}) unsafe.Pointer {
	return (*[2]unsafe.Pointer)(unsafe.Pointer(&v))[1]
}

// shown is the value to which a pointer points, as it may be recorded. Only the variable's own memory is read.
func shown(pointer interface{}) interface{} {
	kind := reflect.TypeOf(pointer)
	if kind == nil {
		return "nil"
	}
	at := word(pointer)
	if kind.Kind() != reflect.Ptr || at == nil {
		return "<" + short(kind.String(), 2*maxText) + ">"
	}
	kind = kind.Elem()
	switch kind.Kind() {
	case reflect.Bool:
		return *(*bool)(at)
	case reflect.Int:
		return int64(*(*int)(at))
	case reflect.Int8:
		return int64(*(*int8)(at))
	case reflect.Int16:
		return int64(*(*int16)(at))
	case reflect.Int32:
		return int64(*(*int32)(at))
	case reflect.Int64:
		return *(*int64)(at)
	case reflect.Uint:
		return unsigned(uint64(*(*uint)(at)))
	case reflect.Uint8:
		return int64(*(*uint8)(at))
	case reflect.Uint16:
		return int64(*(*uint16)(at))
	case reflect.Uint32:
		return int64(*(*uint32)(at))
	case reflect.Uint64:
		return unsigned(*(*uint64)(at))
	case reflect.Uintptr:
		return unsigned(uint64(*(*uintptr)(at)))
	case reflect.Float32:
		return float64(*(*float32)(at))
	case reflect.Float64:
		return *(*float64)(at)
	case reflect.Complex64:
		return strconv.FormatComplex(complex128(*(*complex64)(at)), 'g', -1, 64)
	case reflect.Complex128:
		return strconv.FormatComplex(*(*complex128)(at), 'g', -1, 128)
	case reflect.String:
		return clean(*(*string)(at), maxText)
	case reflect.Slice:
		length := (*[3]uintptr)(at)[1]
		return "<" + short(kind.String(), 2*maxText) + " of " + strconv.FormatUint(uint64(length), 10) + ">"
	case reflect.Ptr, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		if *(*unsafe.Pointer)(at) == nil {
			return "nil"
		}
	case reflect.Interface:
		if *(*unsafe.Pointer)(at) == nil {
			return "nil"
		}
		if kind.NumMethod() == 0 { // the first word is its type, and an empty interface is safe to copy
			return "<" + short(reflect.TypeOf(*(*interface{})(at)).String(), 2*maxText) + ">"
		}
	}
	return "<" + short(kind.String(), 2*maxText) + ">"
}

func unsigned(n uint64) interface{} {
	if n > math.MaxInt64 {
		return strconv.FormatUint(n, 10)
	}
	return int64(n)
}

// captured is names and pointers, in turn, as attributes.
func captured(prefix string, values []interface{}) []fact {
	all := make([]fact, 0, len(values)/2)
	for i := 0; i+1 < len(values) && i < 2*maxEvents; i += 2 {
		name, _ := values[i].(string)
		if secretName(name) {
			all = append(all, fact{prefix + name, redacted})
		} else {
			all = append(all, fact{prefix + name, shown(values[i+1])})
		}
	}
	return all
}
