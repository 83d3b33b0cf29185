// Answers what Go's YAML libraries make of the rows on standard input, one JSON object a line.
//
// A row has "value" (JSON, to be written as YAML) or "text" (YAML, to be read as JSON). The answer repeats it
// with what sigs.k8s.io/yaml ("kubernetes") and go-yaml v3 as kyaml uses it ("v3") answered; an error is a
// text that starts with "error: ".
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"strconv"

	yaml3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/kyaml/yaml"
	kubernetes "sigs.k8s.io/yaml"
)

type row struct {
	Value      json.RawMessage `json:"value,omitempty"`
	Text       *string         `json:"text,omitempty"`
	Kubernetes string          `json:"kubernetes"`
	V3         string          `json:"v3"`
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	decoder := json.NewDecoder(bufio.NewReader(os.Stdin))
	for {
		var r row
		if err := decoder.Decode(&r); err == io.EOF {
			break
		} else if err != nil {
			log.Fatal(err)
		}
		if r.Text != nil {
			r.Kubernetes = answer(func() ([]byte, error) { return kubernetes.YAMLToJSON([]byte(*r.Text)) })
			r.V3 = answer(func() ([]byte, error) { return read(*r.Text) })
		} else {
			r.Kubernetes = answer(func() ([]byte, error) { return kubernetes.JSONToYAML(canonical(r.Value)) })
			r.V3 = answer(func() ([]byte, error) { return write(r.Value) })
		}
		if err := encoder.Encode(r); err != nil {
			log.Fatal(err)
		}
	}
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
}

func answer(run func() ([]byte, error)) (text string) {
	defer func() {
		if problem := recover(); problem != nil {
			text = fmt.Sprintf("error: panic: %v", problem)
		}
	}()
	out, err := run()
	if err != nil {
		return "error: " + err.Error()
	}
	return string(out)
}

// canonical is what encoding/json writes for the value, as in sigs.k8s.io/yaml.Marshal.
func canonical(raw json.RawMessage) []byte {
	out, err := json.Marshal(value(raw))
	if err != nil {
		log.Fatal(err)
	}
	return out
}

// value keeps integers and floating-point numbers apart.
func value(raw json.RawMessage) any {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		log.Fatal(err)
	}
	return numbers(v)
}

func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		if u, err := strconv.ParseUint(v.String(), 10, 64); err == nil {
			return u
		}
		f, err := v.Float64()
		if err != nil {
			log.Fatal(err)
		}
		return f
	case map[string]any:
		for key, item := range v {
			v[key] = numbers(item)
		}
	case []any:
		for i, item := range v {
			v[i] = numbers(item)
		}
	}
	return v
}

func write(raw json.RawMessage) ([]byte, error) {
	var out bytes.Buffer
	encoder := yaml3.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(value(raw)); err != nil {
		return nil, err
	}
	err := encoder.Close()
	return out.Bytes(), err
}

func read(text string) ([]byte, error) {
	node, err := yaml.Parse(text)
	if err != nil {
		return nil, err
	}
	if node.YNode().Kind == yaml.MappingNode {
		return node.MarshalJSON()
	}
	var v any
	if err := yaml3.Unmarshal([]byte(text), &v); err != nil {
		return nil, err
	}
	return json.Marshal(v)
}
