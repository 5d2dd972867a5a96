// Package yaml reads and writes YAML as PyYAML's safe loader and safe dumper do.
//
// StackStorm content is written for PyYAML, hence for YAML 1.1: yes and off are booleans, 010 is eight, 1:30 is
// ninety, 1e3 is a text, of two equal keys the last counts. Reading starts from the nodes of go.yaml.in/yaml/v4,
// which know where they stand; what a scalar means is decided here.
//
// Values are those of package py: mappings are *py.Dict in the order of the file, timestamps py.Date and
// py.DateTime, !!binary py.Bytes, !!set *py.Set, the items of !!omap and !!pairs py.Tuple.
//
// Differences from PyYAML: a container that holds itself is refused, and so is a document that is larger or deeper
// than [Options] allow or that aliases blow up.
package yaml
