// The same work done by Go's own ways to rewrite source: `peers TASK IN OUT`.
//
// Prints one JSON object. Only the work is timed (processor seconds, those of the collector and of child processes
// too), so the comparison favours the peers: the tool itself is timed as a whole process.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"syscall"

	"github.com/dave/dst"
	"github.com/dave/dst/decorator"
)

// rewrite gives the new source, and how many functions in it were instrumented.
type rewrite func(source []byte) ([]byte, int, error)

// withDst puts a deferred call first in every function that is declared, as a tool on top of decorated syntax trees
// does: comments stay where they belong, and the whole file is printed anew.
func withDst(source []byte) ([]byte, int, error) {
	file, err := decorator.Parse(source)
	if err != nil {
		return nil, 0, err
	}
	count := 0
	dst.Inspect(file, func(node dst.Node) bool {
		var body *dst.BlockStmt
		name := "func"
		switch function := node.(type) {
		case *dst.FuncDecl:
			body, name = function.Body, function.Name.Name
		case *dst.FuncLit:
			body = function.Body
		}
		if body == nil || len(body.List) == 0 {
			return true
		}
		call := &dst.CallExpr{Fun: dst.NewIdent("_tlm"), Args: []dst.Expr{
			&dst.BasicLit{Kind: token.STRING, Value: fmt.Sprintf("%q", name)},
		}}
		body.List = append([]dst.Stmt{&dst.DeferStmt{Call: &dst.CallExpr{Fun: call}}}, body.List...)
		count++
		return true
	})
	if count == 0 {
		return source, 0, nil
	}
	var out bytes.Buffer
	err = decorator.Fprint(&out, file)
	return out.Bytes(), count, err
}

// withAst does the same with the standard library's trees alone, in which comments are kept by their positions.
func withAst(source []byte) ([]byte, int, error) {
	positions := token.NewFileSet()
	file, err := parser.ParseFile(positions, "", source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, 0, err
	}
	count := 0
	ast.Inspect(file, func(node ast.Node) bool {
		var body *ast.BlockStmt
		name := "func"
		switch function := node.(type) {
		case *ast.FuncDecl:
			body, name = function.Body, function.Name.Name
		case *ast.FuncLit:
			body = function.Body
		}
		if body == nil || len(body.List) == 0 {
			return true
		}
		at := body.Lbrace
		call := &ast.CallExpr{Fun: &ast.Ident{NamePos: at, Name: "_tlm"}, Lparen: at, Rparen: at, Args: []ast.Expr{
			&ast.BasicLit{ValuePos: at, Kind: token.STRING, Value: fmt.Sprintf("%q", name)},
		}}
		deferred := &ast.DeferStmt{Defer: at, Call: &ast.CallExpr{Fun: call, Lparen: at, Rparen: at}}
		body.List = append([]ast.Stmt{deferred}, body.List...)
		count++
		return true
	})
	if count == 0 {
		return source, 0, nil
	}
	var out bytes.Buffer
	settings := printer.Config{Mode: printer.UseSpaces | printer.TabIndent, Tabwidth: 8}
	err = settings.Fprint(&out, positions, file)
	return out.Bytes(), count, err
}

// withFormat is what gofmt does to a file.
func withFormat(source []byte) ([]byte, int, error) {
	formatted, err := format.Source(source)
	return formatted, 0, err
}

var tasks = map[string]rewrite{"dst": withDst, "ast": withAst, "gofmt": withFormat}

type figures struct {
	Seconds   float64 `json:"seconds"`
	Files     int     `json:"files"`
	Failed    int     `json:"failed"`
	Functions int     `json:"functions"`
}

func used(who int) float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(who, &usage); err != nil {
		panic(err)
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}

func write(output, corpus, path string, text []byte) error {
	relative, err := filepath.Rel(corpus, path)
	if err != nil {
		return err
	}
	target := filepath.Join(output, relative)
	if err := os.MkdirAll(filepath.Dir(target), 0o777); err != nil {
		return err
	}
	return os.WriteFile(target, text, 0o666)
}

func sources(corpus string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(corpus, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(path, ".go") {
			found = append(found, path)
		}
		return err
	})
	sort.Strings(found)
	return found, err
}

func inProcess(task rewrite, corpus, output string, files []string) (found figures, err error) {
	before := used(syscall.RUSAGE_SELF)
	for _, path := range files {
		source, err := os.ReadFile(path)
		if err != nil {
			return found, err
		}
		text, count, err := safely(task, source)
		if err != nil {
			found.Failed++ // a peer's failure is a figure in the table, whatever it is
			continue
		}
		found.Functions += count
		if count > 0 {
			if err := write(output, corpus, path, text); err != nil {
				return found, err
			}
		}
	}
	found.Seconds = used(syscall.RUSAGE_SELF) - before
	return found, nil
}

func safely(task rewrite, source []byte) (text []byte, count int, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("%v", problem)
		}
	}()
	return task(source)
}

// withCover runs `go tool cover` as `go build -cover` does: once for each package. It edits text by position, like us.
func withCover(corpus, output string, files []string) (found figures, err error) {
	path, err := exec.Command("go", "tool", "-n", "cover").Output()
	if err != nil {
		return found, err
	}
	packages := map[string][]string{}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			return found, err
		}
		tree, err := parser.ParseFile(token.NewFileSet(), "", source, parser.PackageClauseOnly)
		if err != nil {
			found.Failed++
			continue
		}
		key := filepath.Dir(file) + "\n" + tree.Name.Name
		packages[key] = append(packages[key], file)
	}
	before := used(syscall.RUSAGE_CHILDREN)
	number := 0
	for key, members := range packages {
		folder, name, _ := strings.Cut(key, "\n")
		number++
		room := filepath.Join(output, fmt.Sprint(number))
		if err := os.MkdirAll(room, 0o777); err != nil {
			return found, err
		}
		settings, err := json.Marshal(map[string]any{
			"OutConfig": filepath.Join(room, "out.json"), "PkgPath": filepath.ToSlash(folder), "PkgName": name,
			"Granularity": "perblock", "ModulePath": "corpus", "EmitMetaFile": filepath.Join(room, "meta"),
		})
		if err != nil {
			return found, err
		}
		targets := []string{filepath.Join(room, "covervars.go")}
		for index, member := range members {
			targets = append(targets, filepath.Join(room, fmt.Sprintf("%d-%s", index, filepath.Base(member))))
		}
		list := []byte(strings.Join(targets, "\n") + "\n")
		if err := os.WriteFile(filepath.Join(room, "list"), list, 0o666); err != nil {
			return found, err
		}
		if err := os.WriteFile(filepath.Join(room, "package.json"), settings, 0o666); err != nil {
			return found, err
		}
		arguments := []string{"-pkgcfg", filepath.Join(room, "package.json"), "-mode=atomic", "-var=_tlm",
			"-outfilelist", filepath.Join(room, "list")}
		if said, err := exec.Command(strings.TrimSpace(string(path)), append(arguments, members...)...).CombinedOutput(); err != nil {
			if os.Getenv("SHOW_FAILURES") != "" {
				fmt.Fprintf(os.Stderr, "%s: %s\n", folder, said)
			}
			found.Failed += len(members)
			continue
		}
		for _, member := range members {
			found.Functions += functionsOf(member)
		}
	}
	found.Seconds = used(syscall.RUSAGE_CHILDREN) - before
	return found, nil
}

func functionsOf(path string) (count int) {
	tree, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return 0
	}
	ast.Inspect(tree, func(node ast.Node) bool {
		switch function := node.(type) {
		case *ast.FuncDecl:
			if function.Body != nil {
				count++
			}
		case *ast.FuncLit:
			count++
		}
		return true
	})
	return count
}

func run(name, corpus, output string) (found figures, err error) {
	files, err := sources(corpus)
	if err != nil {
		return found, err
	}
	if name == "cover" {
		found, err = withCover(corpus, output, files)
	} else if task, known := tasks[name]; known {
		found, err = inProcess(task, corpus, output, files)
	} else {
		err = fmt.Errorf("no task %q", name)
	}
	found.Files = len(files)
	return found, err
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "peers TASK IN OUT")
		os.Exit(2)
	}
	found, err := run(os.Args[1], os.Args[2], os.Args[3])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(found)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
