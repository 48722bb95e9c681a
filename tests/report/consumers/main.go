// Command consumers loads exports with the code of the tools that they are for, and prints what it found as JSON.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	jaeger "github.com/jaegertracing/jaeger/model/json"
	metrics "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

func main() {
	file, err := os.Open(os.Args[2])
	check(err)
	var found any
	switch os.Args[1] {
	case "jaeger":
		found = loadJaeger(json.NewDecoder(file))
	case "prometheus":
		var parser expfmt.TextParser
		families, err := parser.TextToMetricFamilies(file)
		check(err)
		found = rowsOf(families)
	}
	check(json.NewEncoder(os.Stdout).Encode(found))
}

// loadJaeger reads a file as Jaeger's own structures; a field that they do not have is an error.
func loadJaeger(decoder *json.Decoder) any {
	var answer struct {
		Data []jaeger.Trace `json:"data"`
	}
	decoder.DisallowUnknownFields()
	check(decoder.Decode(&answer))
	for _, trace := range answer.Data {
		for _, span := range trace.Spans {
			if span.TraceID != trace.TraceID || trace.Processes[span.ProcessID].ServiceName == "" {
				check(fmt.Errorf("span %s is not of its trace or of no process", span.SpanID))
			}
		}
	}
	return answer.Data
}

// row is one series; of a histogram with the calls below each bound.
type row struct {
	Name, Kind string
	Labels     map[string]string
	Value      float64
	Buckets    map[string]uint64
}

func rowsOf(families map[string]*metrics.MetricFamily) (rows []row) {
	for name, family := range families {
		for _, metric := range family.Metric {
			one := row{name, family.GetType().String(), map[string]string{}, metric.GetCounter().GetValue(), map[string]uint64{}}
			for _, label := range metric.Label {
				one.Labels[label.GetName()] = label.GetValue()
			}
			if histogram := metric.Histogram; histogram != nil {
				one.Value = float64(histogram.GetSampleCount())
				for _, bucket := range histogram.Bucket {
					one.Buckets[fmt.Sprint(bucket.GetUpperBound())] = bucket.GetCumulativeCount()
				}
			}
			rows = append(rows, one)
		}
	}
	return rows
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
