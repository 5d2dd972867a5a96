package py

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// execution is a document of 6 kB such as the store holds by the million.
var execution = func() []byte {
	var b strings.Builder
	b.WriteString(`{"id":"64f1c0ffee64f1c0ffee0001","status":"succeeded","start_timestamp":"2024-05-01T10:00:00.123456Z","end_timestamp":"2024-05-01T10:00:03.5Z",` +
		`"action":{"ref":"core.remote","runner":{"name":"remote-shell-cmd","enabled":true},"tags":[],"parameters":{"cmd":{"type":"string","required":true},"timeout":{"type":"integer","default":60}}},` +
		`"context":{"user":"stanley","pack":"core","trace_context":{"trace_tag":"deploy-1234"}},"elapsed_seconds":3.376544,"parameters":{"hosts":"web1,web2","cmd":"uptime"},"result":{`)
	for i := range 12 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"web%d.example.net":{"stdout":" 10:00:0%d up %d days,  3:14,  1 user,  load average: 0.0%d, 0.03, 0.05\n","stderr":"","return_code":0,"succeeded":true,"failed":false,"load":[0.%d,0.03,0.05],"pid":%d}`, i, i%10, i*37, i%10, i, 4711+i*1000)
	}
	b.WriteString(`},"log":[`)
	for i := range 20 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"timestamp":"2024-05-01T10:00:%02d.000000Z","status":"running","seq":%d,"note":"step %d of \"deploy\" — ok"}`, i, i, i)
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}()

func BenchmarkDecodeJSON(b *testing.B) {
	b.SetBytes(int64(len(execution)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeJSON(execution); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeStandardLibrary(b *testing.B) {
	b.SetBytes(int64(len(execution)))
	b.ReportAllocs()
	for b.Loop() {
		var v any
		if err := json.Unmarshal(execution, &v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	v, err := DecodeJSON(execution)
	if err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, 0, 2*len(execution))
	b.SetBytes(int64(len(execution)))
	b.ReportAllocs()
	for b.Loop() {
		if buf, err = AppendJSON(buf[:0], v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendStandardLibrary(b *testing.B) {
	var v any
	if err := json.Unmarshal(execution, &v); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(execution)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := json.Marshal(v); err != nil {
			b.Fatal(err)
		}
	}
}

// stored is a struct of the kind the store keeps.
type stored struct {
	ID         string       `json:"id"`
	Status     string       `json:"status"`
	Start      string       `json:"start_timestamp"`
	End        string       `json:"end_timestamp"`
	Action     *Dict        `json:"action"`
	Context    *Dict        `json:"context"`
	Elapsed    float64      `json:"elapsed_seconds"`
	Parameters *Dict        `json:"parameters"`
	Result     any          `json:"result"`
	Log        []entryOfLog `json:"log"`
}

type entryOfLog struct {
	Timestamp string `json:"timestamp"`
	Status    string `json:"status"`
	Seq       int    `json:"seq"`
	Note      string `json:"note"`
}

func BenchmarkUnmarshalStruct(b *testing.B) {
	b.SetBytes(int64(len(execution)))
	b.ReportAllocs()
	for b.Loop() {
		var v stored
		if err := Unmarshal(execution, &v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMarshalStruct(b *testing.B) {
	var v stored
	if err := Unmarshal(execution, &v); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Marshal(&v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDict(b *testing.B) {
	for _, n := range []int{4, 8, 20, 200} {
		keys := make([]string, n)
		for i := range keys {
			keys[i] = fmt.Sprintf("key_%d", i)
		}
		b.Run(fmt.Sprintf("build/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				d := NewDict(n)
				for _, k := range keys {
					d.Set(k, true)
				}
			}
		})
		d := NewDict(n)
		for _, k := range keys {
			d.Set(k, true)
		}
		b.Run(fmt.Sprintf("get/%d", n), func(b *testing.B) {
			i := 0
			for b.Loop() {
				d.GetString(keys[i%n])
				i++
			}
		})
	}
}
