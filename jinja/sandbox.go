package jinja

import "strings"

// No value here has an attribute with an underscore in front that could be
// reached: the sandbox of the original refuses them all. It refuses those that
// exist with a SecurityError, while for others it goes on to look for an item
// of that name; so the names matter, and nothing else of them.

func names(s string) map[string]bool {
	m := map[string]bool{}
	for _, f := range strings.Fields(s) {
		m["__"+f+"__"] = true
	}
	return m
}

var objectDunders = names(`class delattr dir doc eq format ge getattribute getstate gt hash init init_subclass
	le lt ne new reduce reduce_ex repr setattr sizeof str subclasshook`)

const (
	textDunders  = "add contains getitem getnewargs iter len mod mul rmod rmul "
	floatDunders = `abs add bool divmod float floordiv int mod mul neg pos pow radd rdivmod rfloordiv rmod rmul round
		rpow rsub rtruediv sub truediv trunc getnewargs ceil floor `
	intDunders    = floatDunders + "and index invert lshift or rand rlshift ror rrshift rshift rxor xor "
	dictDunders   = "class_getitem contains delitem getitem ior iter len or reversed ror setitem "
	setDunders    = "and class_getitem contains iand ior isub iter ixor len or rand ror rsub rxor sub xor "
	viewDunders   = "and contains iter len or rand reversed ror rsub rxor sub xor "
	hostDunders   = "dict module weakref "
	methodDunders = "call module name qualname self text_signature "
)

// typeDunders holds what types have beyond object.
var typeDunders = map[string]map[string]bool{
	"str":                        names(textDunders),
	"Markup":                     names(textDunders + "html html_format module radd slots"),
	"bytes":                      names(textDunders + "bytes"),
	"int":                        names(intDunders),
	"bool":                       names(intDunders),
	"float":                      names(floatDunders + "getformat"),
	"NoneType":                   names("bool"),
	"list":                       names("add class_getitem contains delitem getitem iadd imul iter len mul reversed rmul setitem"),
	"tuple":                      names("add class_getitem contains getitem getnewargs iter len mul rmul"),
	"dict":                       names(dictDunders),
	"type":                       names(dictDunders),
	"set":                        names(setDunders),
	"frozenset":                  names(setDunders),
	"range":                      names("bool contains getitem iter len reversed"),
	"generator":                  names("del iter name next qualname"),
	"list_reverseiterator":       names("iter length_hint next setstate"),
	"dict_keys":                  names(viewDunders),
	"dict_items":                 names(viewDunders),
	"dict_values":                names("iter len reversed"),
	"builtin_function_or_method": names(methodDunders),
	"method":                     names(methodDunders + "func get"),
	"function":                   names("annotations builtins call closure code defaults dict get globals kwdefaults module name qualname"),
	"LoopContext":                names(hostDunders + "annotations call iter len next"),
	"Macro":                      names(hostDunders + "call"),
	"Cycler":                     names(hostDunders + "next"),
	"Joiner":                     names(hostDunders + "call"),
	"TemplateReference":          names(hostDunders + "getitem"),
	"BlockReference":             names(hostDunders + "call"),
	"Undefined":                  names(undefinedDunders),
	"StrictUndefined":            names(undefinedDunders + "contains"),
}

const undefinedDunders = `add aiter bool call complex div float floordiv getattr getitem int iter len mod module mul neg
	pos pow radd rdiv rfloordiv rmod rmul rpow rsub rtruediv slots sub truediv `

var privateNames = map[string][]string{
	"LoopContext": {"_after", "_before", "_current", "_iterable", "_iterator", "_last_changed_value", "_length",
		"_peek_next", "_recurse", "_to_iterator", "_undefined"},
	"Macro":     {"_argument_count", "_async_invoke", "_default_autoescape", "_environment", "_func", "_invoke"},
	"Undefined": undefinedPrivate, "StrictUndefined": undefinedPrivate,
	"TemplateReference": {"_TemplateReference__context"},
	"BlockReference":    {"_async_call", "_context", "_depth", "_stack"},
}

var undefinedPrivate = []string{"_fail_with_undefined_error", "_undefined_exception", "_undefined_hint",
	"_undefined_message", "_undefined_name", "_undefined_obj"}

// hasPrivate reports whether a value of the type has the attribute name, which
// begins with an underscore.
func hasPrivate(typeName, name string) bool {
	if typeName == "Namespace" {
		return name == "__class__" || name == "_Namespace__attrs"
	}
	if objectDunders[name] || typeDunders[typeName][name] {
		return true
	}
	for _, n := range privateNames[typeName] {
		if n == name {
			return true
		}
	}
	return false
}
