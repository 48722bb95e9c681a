// Says of one Go file after another whether go/parser takes it, and whether it is as gofmt writes it.
//
// Questions come on stdin, answers go to stdout, both in frames (see parser_process.py); it ends when stdin ends.
// Kinds: "go" (does it parse) and "gofmt" (does gofmt leave it as it is).
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"go/format"
	"go/parser"
	"go/scanner"
	"go/token"
	"io"
	"os"
	"runtime"
	"runtime/debug"
)

const (
	accepted = iota
	refused
	unavailable
)

type answer struct {
	verdict byte
	line    int
	message string
}

// check answers one question. The positions of errors are taken as offsets: a //line comment moves the lines.
func check(kind string, source []byte) (found answer) {
	defer func() {
		if problem := recover(); problem != nil {
			found = answer{unavailable, 0, fmt.Sprintf("go/parser gives up: %v", problem)}
		}
	}()
	if kind != "go" && kind != "gofmt" {
		return answer{unavailable, 0, "go has no parser for " + kind}
	}
	_, err := parser.ParseFile(token.NewFileSet(), "", source, parser.AllErrors|parser.SkipObjectResolution)
	if err != nil {
		return refusal(source, err)
	}
	if kind == "go" {
		return answer{}
	}
	formatted, err := format.Source(source)
	if err != nil {
		return refusal(source, err)
	}
	if bytes.Equal(formatted, source) {
		return answer{}
	}
	return answer{refused, firstDifference(source, formatted), "gofmt would write this otherwise"}
}

func refusal(source []byte, err error) answer {
	var list scanner.ErrorList
	if !errors.As(err, &list) || len(list) == 0 {
		return answer{refused, 0, err.Error()}
	}
	first := list[0]
	for _, other := range list[1:] {
		if other.Pos.Offset < first.Pos.Offset {
			first = other
		}
	}
	if first.Pos.Offset < 0 || first.Pos.Offset > len(source) {
		return answer{refused, 0, first.Msg}
	}
	return answer{refused, 1 + bytes.Count(source[:first.Pos.Offset], []byte("\n")), first.Msg}
}

func firstDifference(source, formatted []byte) int {
	line := 1
	for i := 0; i < len(source) && i < len(formatted) && source[i] == formatted[i]; i++ {
		if source[i] == '\n' {
			line++
		}
	}
	return line
}

func field(input io.Reader) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(input, size[:]); err != nil {
		return nil, err
	}
	data := make([]byte, binary.BigEndian.Uint32(size[:]))
	_, err := io.ReadFull(input, data)
	return data, err
}

func send(found answer) error {
	message := []byte(found.message)
	if len(message) > 1000 {
		message = message[:1000]
	}
	frame := binary.BigEndian.AppendUint32(nil, uint32(5+len(message)))
	frame = append(frame, found.verdict)
	frame = binary.BigEndian.AppendUint32(frame, uint32(found.line))
	_, err := os.Stdout.Write(append(frame, message...))
	return err
}

func serve(input io.Reader) error {
	if err := send(answer{message: runtime.Version()}); err != nil {
		return err
	}
	for {
		var question [3][]byte // kind, place, source
		for i := range question {
			data, err := field(input)
			if err != nil {
				return err
			}
			question[i] = data
		}
		if err := send(check(string(question[0]), question[2])); err != nil {
			return err
		}
	}
}

func main() {
	debug.SetGCPercent(400) // trees are dropped at once: collect less often
	if err := serve(bufio.NewReader(os.Stdin)); err != nil && !errors.Is(err, io.EOF) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
