// Renders the templates of a table with helm's own engine.
//
// Reads a table from standard input and writes it anew to standard output. Its first line is a header,
// {"tool": …, "zone": …, "strict": …, "values": {…}}; each other line is a row, [template] or [template, result]. The
// result is the output; {"error": …} where the engine fails, {"hex": …} where the output is not UTF-8.
//
// With the argument "functions", writes the names of all functions of templates, one a line.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"
	"time"
	_ "time/tzdata"
	"unicode/utf8"

	"github.com/Masterminds/sprig/v3"
	"helm.sh/helm/v4/pkg/chart/common"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/engine"
)

const name = "templates/t"

func render(template string, values map[string]any, strict bool) (string, error) {
	c := &chart.Chart{
		Metadata:  &chart.Metadata{APIVersion: "v2", Name: "c", Version: "0.1.0"},
		Templates: []*common.File{{Name: name, Data: []byte(template)}},
	}
	top := common.Values{
		"Values":  common.Values(values),
		"Release": map[string]any{"Name": "r", "Namespace": "n", "Service": "Helm", "IsInstall": true},
	}
	rendered, err := engine.Engine{Strict: strict}.Render(c, top)
	return rendered["c/"+name], err
}

func result(template string, values map[string]any, strict bool) any {
	text, err := render(template, values, strict)
	switch {
	case err != nil:
		return map[string]string{"error": err.Error()}
	case utf8.ValidString(text):
		return text
	default:
		return map[string]string{"hex": hex.EncodeToString([]byte(text))}
	}
}

// functions asks the engine itself: a name is known if a template that uses it can be parsed.
func functions() {
	names := map[string]bool{}
	for name := range sprig.TxtFuncMap() {
		names[name] = true
	}
	for _, name := range strings.Fields(`and or not len index slice call eq ne lt le gt ge print printf println
		html js urlquery include tpl required lookup toToml mustToToml fromToml toYaml mustToYaml toYamlPretty
		fromYaml fromYamlArray toJson mustToJson fromJson fromJsonArray mustToDuration durationSeconds
		durationMilliseconds durationMicroseconds durationNanoseconds durationMinutes durationHours
		durationDays durationWeeks durationRoundTo durationTruncateTo`) {
		names[name] = true
	}
	var known []string
	for name := range names {
		if _, err := render("{{ if false }}{{ "+name+" }}{{ end }}", nil, false); err == nil {
			known = append(known, name)
		}
	}
	sort.Strings(known)
	fmt.Println(strings.Join(known, "\n"))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "functions" {
		functions()
		return
	}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	var header struct {
		Zone   string          `json:"zone"`
		Strict bool            `json:"strict"`
		Values json.RawMessage `json:"values"`
	}
	in.Scan()
	fmt.Fprintln(out, in.Text())
	check(json.Unmarshal(in.Bytes(), &header))
	zone, err := time.LoadLocation(header.Zone)
	check(err)
	time.Local = zone
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for in.Scan() {
		var row []any
		check(json.Unmarshal(in.Bytes(), &row))
		template := row[0].(string)
		// Templates may change the values, so each row has its own.
		var values map[string]any
		check(json.Unmarshal(header.Values, &values))
		check(encoder.Encode([]any{template, result(template, values, header.Strict)}))
	}
	check(in.Err())
}
