"""HTTP handlers: their spans, and requests that stay the program's own."""

from __future__ import annotations

from pathlib import Path

from runtime_go_support import Outcome, build

SERVER = """
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"

	§
)

func middleware(next http.Handler) http.Handler {
	defer _tlm.Enter(nil, "middleware").Exit(nil)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer _tlm.EnterRequest(&r, "middleware.func1").Exit(nil)
		next.ServeHTTP(w, r)
		fmt.Println("pattern", r.Pattern)
	})
}

func handle(w http.ResponseWriter, r *http.Request) {
	defer _tlm.EnterRequest(&r, "handle").Exit(nil)
	service(r.Context())
	if r.Method == "POST" {
		if err := r.ParseMultipartForm(10); err != nil {
			panic(err)
		}
		file, _, err := r.FormFile("file")
		if err != nil {
			panic(err)
		}
		path := file.(*os.File).Name()
		fmt.Println("temporary", path)
	}
}

func service(ctx context.Context) {
	defer _tlm.Enter(&ctx, "service").Exit(nil)
	var wait sync.WaitGroup
	wait.Add(1)
	go func() {
		defer wait.Done()
		query(ctx)
	}()
	wait.Wait()
}

func query(ctx context.Context) { defer _tlm.Enter(&ctx, "query").Exit(nil) }

func aborts(w http.ResponseWriter, r *http.Request) {
	defer _tlm.EnterWith(r, "aborts").Exit(nil)
	panic(http.ErrAbortHandler)
}

func nothing(r *http.Request) { defer _tlm.EnterRequest(&r, "nothing").Exit(nil) }

func client(url string) (err error) {
	defer _tlm.Enter(nil, "client").Exit(&err)
	if _, err := http.Get(url + "/items/1"); err != nil {
		return err
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	file, _ := form.CreateFormFile("file", "name")
	_, _ = io.Copy(file, bytes.NewReader(make([]byte, 1<<16)))
	_ = form.Close()
	_, err = http.Post(url+"/items/2", form.FormDataContentType(), &body)
	return err
}

func main() {
	defer _tlm.Enter(nil, "main").Exit(nil)
	mux := http.NewServeMux()
	mux.HandleFunc("/items/{id}", handle)
	mux.HandleFunc("/aborts", aborts)
	server := httptest.NewServer(middleware(mux))
	if err := client(server.URL); err != nil {
		fmt.Println(err)
	}
	_, err := http.Get(server.URL + "/aborts")
	fmt.Println("aborted", err != nil)
	nothing(nil)
	server.Close()
}
"""


def _run(tmp_path: Path, *flags: str) -> Outcome:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    program = build(tmp_path, SERVER, flags=flags, http=True, go_version="1.23")
    outcome = program.run(env={"TMPDIR": str(temporary)})
    assert list(temporary.iterdir()) == []
    return outcome


def test_handlers_nest_and_their_requests_are_the_servers_own(tmp_path: Path) -> None:
    outcome = _run(tmp_path)
    parents = outcome.parents()
    assert parents["query"] == "service" and parents["service"] == "handle" and parents["handle"] == "middleware.func1"
    assert parents["middleware.func1"] == "" and parents["nothing"] == "main"
    assert outcome.out.count("pattern /items/{id}") == 2  # what the mux wrote into the request is seen
    assert outcome.out.count("temporary ") == 1  # and the server has removed the file
    assert "aborted true" in outcome.out and outcome.err == ""


def test_handlers_have_no_races(tmp_path: Path) -> None:
    assert _run(tmp_path, "-race").err == ""
