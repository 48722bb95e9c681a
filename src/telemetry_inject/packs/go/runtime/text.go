// SPDX-License-Identifier: Apache-2.0

// This file of telemetry-inject: the few functions on text that it needs. Package strings is not imported, so that
// it and what builds on it can be instrumented themselves.

package telemetryinject

import "unicode/utf8"

func hasPrefix(text, start string) bool {
	return len(text) >= len(start) && text[:len(start)] == start
}

func hasSuffix(text, end string) bool {
	return len(text) >= len(end) && text[len(text)-len(end):] == end
}

// index is where part begins in text at or after from, or -1.
func index(text, part string, from int) int {
	for i := from; i+len(part) <= len(text); i++ {
		if text[i:i+len(part)] == part {
			return i
		}
	}
	return -1
}

func contains(text, part string) bool {
	return index(text, part, 0) >= 0
}

// cut is what is before and after the first sep; all of text is before when there is none.
func cut(text, sep string) (before, after string, found bool) {
	if i := index(text, sep, 0); i >= 0 {
		return text[:i], text[i+len(sep):], true
	}
	return text, "", false
}

// split is the parts of text between sep; none of an empty text.
func split(text string, sep byte) (parts []string) {
	if text == "" {
		return nil
	}
	from := 0
	for i := 0; i < len(text); i++ {
		if text[i] == sep {
			parts = append(parts, text[from:i])
			from = i + 1
		}
	}
	return append(parts, text[from:])
}

func replace(text, old, by string) string {
	for {
		i := index(text, old, 0)
		if i < 0 {
			return text
		}
		text = text[:i] + by + text[i+len(old):]
	}
}

func trim(text string) string {
	for text != "" && isSpace(text[0]) {
		text = text[1:]
	}
	for text != "" && isSpace(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	return text
}

func isSpace(c byte) bool {
	return c == ' ' || '\t' <= c && c <= '\r'
}

func lower(text string) string {
	b := []byte(text)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// plainRune says whether c is a letter or digit of ASCII, or anything beyond it.
func plainRune(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c >= utf8.RuneSelf && c != utf8.RuneError
}

func validText(text string) bool {
	return utf8.ValidString(text)
}

// short is text of at most limit characters; a longer one ends with an ellipsis.
func short(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	n, last := 0, 0
	for i := range text {
		if n == limit-1 {
			last = i
		}
		if n == limit {
			return text[:last] + "\u2026"
		}
		n++
	}
	return text
}
