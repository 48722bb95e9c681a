"""Go programs build, pass vet, do and print the same when they are instrumented, with the real helper."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from telemetry_inject.engine import Options, instrument, load_pack, strip
from telemetry_inject.helper_places import places_for
from telemetry_inject.types import Level

GO = load_pack("go")

PROGRAM = """package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
)

type stack[T any] struct{ rows []T }

func (s *stack[T]) pop(context.Context) (T, error) {
	var none T
	if len(s.rows) == 0 {
		return none, errors.New("empty")
	}
	last := s.rows[len(s.rows)-1]
	s.rows = s.rows[:len(s.rows)-1]
	return last, nil
}

type key struct{}

func value(ctx context.Context, _ int) (_ string, _ error) {
	return fmt.Sprint(ctx.Value(key{})), nil
}

func named(n int) (double int, err error) {
	defer func() {
		if found := recover(); found != nil {
			err = fmt.Errorf("recovered: %v", found)
		}
	}()
	if n > 1 {
		panic("many")
	}
	double = 2 * n
	return
}

func größe(контекст context.Context, φ int) (β int, ошибка error) {
	β = φ
	if контекст.Err() != nil {
		ошибка = контекст.Err()
	}
	return
}

func label(n int) (out []string) {
again:
	switch {
	case n == 2,
		n == 4:
		out = append(out, "even")
		fallthrough
	case n > 100:
	default:
		out = append(out, fmt.Sprint(n))
	}
	n--
	if n > 0 {
		goto again
	}
	return
}

func sequence(n int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func where() string {
	_, file, _, _ := runtime.Caller(1)
	return file[strings.LastIndex(file, "/")+1:]
}

func main() {
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), key{}, "v"))
	s := &stack[int]{rows: []int{1}}
	fmt.Println(s.pop(ctx))
	fmt.Println(s.pop(ctx))
	fmt.Println(value(ctx, 1))
	fmt.Println(named(1))
	fmt.Println(named(2))
	cancel()
	fmt.Println(größe(ctx, 3))
	fmt.Println(label(4))
	for v := range sequence(5) {
		if v == 3 {
			break
		}
		fmt.Print(v, " ")
	}
	var pick func(int) error = func(n int) error { return map[bool]error{true: errors.New("x")}[n > 0] }
	fmt.Println(pick(0), pick(1), where())
	done := make(chan error)
	go func() { done <- pick(1) }()
	if err := <-done; err != nil {
		os.Exit(len(err.Error()) + 2)
	}
}
"""


@pytest.fixture(scope="module")
def go() -> str:
    """The path of go; skips without it, but never in CI."""
    found = shutil.which("go")
    if found is None:
        assert os.environ.get("CI") != "true", "CI has to have go"
        pytest.skip("no go on this machine")
    return found


def module(folder: Path, source: bytes) -> Path:
    folder.mkdir()
    (folder / "go.mod").write_text("module example.com/program\n\ngo 1.23\n")
    (folder / "main.go").write_bytes(source)
    return folder


def ran(go: str, folder: Path) -> tuple[int, str, str]:
    subprocess.run([go, "vet", "./..."], cwd=folder, check=True, timeout=300)
    subprocess.run([go, "build", "-o", "program", "."], cwd=folder, check=True, timeout=300)
    environment = {**os.environ, "TELEMETRY_INJECT_FILE": str(folder / "spans.jsonl")}
    done = subprocess.run([folder / "program"], capture_output=True, text=True, env=environment, timeout=60)
    return done.returncode, done.stdout, done.stderr


def test_a_program_prints_the_same_at_every_level(go: str, tmp_path: Path) -> None:
    source = PROGRAM.encode()
    expected = ran(go, module(tmp_path / "before", source))
    assert expected[0] == 3
    for level in Level:
        folder = module(tmp_path / level.value, source)
        places = places_for(folder, GO)
        place = places.place("main.go")
        result = instrument(source, GO, Options(level, everything=True), place.placement)
        assert all(not function.reason for function in result.functions)
        assert strip(result.output, GO) == source
        (folder / "main.go").write_bytes(result.output)
        (folder / place.home).mkdir(parents=True)
        for name, data in places.files(place.home, GO.helpers).items():
            (folder / place.home / name).write_bytes(data)
        assert ran(go, folder) == expected, level
        spans = (folder / "spans.jsonl").read_text()
        assert '"name":"main"' in spans  # also of a program that leaves through os.Exit
        assert "recovered: many" in spans


def test_functions_with_several_lines_stay_as_gofmt_wants_them(tmp_path: Path) -> None:
    gofmt = shutil.which("gofmt")
    if gofmt is None:
        assert os.environ.get("CI") != "true", "CI has to have gofmt"
        pytest.skip("no gofmt on this machine")
    lines = [line for line in PROGRAM.splitlines() if "func(int) error =" not in line and "go func()" not in line]
    source = "\n".join(lines).encode() + b"\n"
    assert subprocess.run([gofmt], input=source, capture_output=True).stdout == source
    output = instrument(source, GO, Options(Level.FUNCTION, everything=True)).output
    assert subprocess.run([gofmt], input=output, capture_output=True).stdout == output
