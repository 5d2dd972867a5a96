package expr

import "github.com/galehq/gale/py"

// Cast turns a rendered value into the type of a parameter: array, boolean, integer, number, object or string. Of any
// other type the value stays as it is. [NoneMarker] becomes null for every type, which integer and number then refuse.
// Errors are *py.Error with Python's class and words.
//
// An array or object given as a text is read as JSON or else as a Python literal; that it is one is not checked.
func Cast(kind string, v any) (any, error) {
	switch kind {
	case "array", "object":
		return castObject(castNone(v))
	case "boolean":
		return castBoolean(castNone(v))
	case "integer":
		return py.Int(castNone(v))
	case "number":
		f, err := py.Float(castNone(v))
		if err != nil {
			return nil, err
		}
		return f, nil
	case "string":
		return castString(v)
	}
	return v, nil
}

func castNone(v any) any {
	if v = text(v); v == any(NoneMarker) {
		return nil
	}
	return v
}

func castObject(v any) (any, error) {
	s, ok := v.(string)
	if !ok {
		return v, nil
	}
	if parsed, err := py.DecodeJSON([]byte(s)); err == nil {
		return parsed, nil
	}
	return py.LiteralEval(s)
}

func castBoolean(v any) (any, error) {
	s, ok := v.(string)
	if !ok {
		return v, nil
	}
	capital, err := py.CallMethod(s, "capitalize", nil, nil)
	if err != nil {
		return nil, err
	}
	return py.LiteralEval(capital.(string))
}

func castString(v any) (any, error) {
	switch s := castNone(v).(type) {
	case nil, string:
		return s, nil
	}
	return nil, py.Errorf("ValueError", `Value "%s" must either be a string or None. Got "%s".`, py.Str(v), py.TypeName(v))
}
