package jinja

import (
	"testing"

	"github.com/galehq/gale/py"
)

func BenchmarkRender(b *testing.B) {
	vars := MapVars{
		"trigger": py.DictOf("body", py.DictOf("name", "disk-full", "host", "web1", "used", int64(97))),
		"l":       []any{int64(1), int64(2), int64(3), int64(4), int64(5)},
	}
	for name, src := range map[string]string{
		"text":   "no tags at all",
		"name":   "{{ trigger.body.name }}",
		"mixed":  "{{ trigger.body.host }} is at {{ trigger.body.used }}%",
		"filter": "{{ trigger.body.name|upper|default('x') }}",
		"if":     "{% if trigger.body.used > 90 and 'disk' in trigger.body.name %}page{% else %}mail{% endif %}",
		"loop":   "{% for x in l %}{{ loop.index }}:{{ x }} {% endfor %}",
		"mutate": "{% set x = [] %}{% for i in l %}{% set _ = x.append(i) %}{% endfor %}{{ x }}",
	} {
		tmpl, err := strictEnv.Parse(src)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := tmpl.Render(vars, Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEval(b *testing.B) {
	vars := MapVars{"trigger": py.DictOf("body", py.DictOf("used", int64(97)))}
	x, err := strictEnv.ParseExpr("trigger.body.used > 90")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := x.Eval(vars, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	const src = "{% if trigger.body.used > 90 %}{{ trigger.body.name|upper }}{% else %}{{ trigger.body.host }}{% endif %}"
	b.ReportAllocs()
	for b.Loop() {
		if _, err := strictEnv.Parse(src); err != nil {
			b.Fatal(err)
		}
	}
}
