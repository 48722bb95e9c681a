// Routes reads parcels as JSON lines, and writes them with the shortest way to where they go.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Args[1], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(roads string, in io.Reader, out io.Writer) error {
	file, err := os.Open(roads)
	if err != nil {
		return err
	}
	defer file.Close()
	graph, err := ReadGraph(file)
	if err != nil {
		return err
	}
	parcels, encoder := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var parcel map[string]any
		if err := parcels.Decode(&parcel); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := route(graph, parcel); err != nil {
			return fmt.Errorf("parcel %v: %w", parcel["id"], err)
		}
		if err := encoder.Encode(parcel); err != nil {
			return err
		}
	}
}

func route(graph Graph, parcel map[string]any) error {
	from, _ := parcel["from"].(string)
	to, _ := parcel["to"].(string)
	way, kilometres, err := graph.Shortest(from, to)
	if err != nil {
		return err
	}
	parcel["way"], parcel["kilometres"] = way, kilometres
	return nil
}
