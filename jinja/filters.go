package jinja

import (
	"github.com/galehq/gale/py"
)

// builtinFilters are the filters of the language. Their signatures carry the
// names that the original's functions have, since error messages show them.
var builtinFilters = map[string]*Function{
	"abs":            Def("!abs(x, /)", filterAbs),
	"attr":           Def("do_attr(@environment, obj, name)", filterAttr),
	"batch":          Def("do_batch(value, linecount, fill_with=None)", filterBatch),
	"capitalize":     Def("do_capitalize(s)", textFilter("capitalize")),
	"center":         Def("do_center(value, width=80)", textFilter("center")),
	"count":          Def("!len(obj, /)", filterLength),
	"d":              Def("do_default(value, default_value='', boolean=False)", filterDefault),
	"default":        Def("do_default(value, default_value='', boolean=False)", filterDefault),
	"dictsort":       Def("do_dictsort(value, case_sensitive=False, by='key', reverse=False)", filterDictsort),
	"e":              Def("escape(s, /)", filterEscape),
	"escape":         Def("escape(s, /)", filterEscape),
	"filesizeformat": Def("do_filesizeformat(value, binary=False)", filterFilesizeformat),
	"first":          Def("sync_do_first(@environment, seq)", filterFirst),
	"float":          Def("do_float(value, default=0.0)", filterFloat),
	"forceescape":    Def("do_forceescape(value)", filterForceescape),
	"format":         Def("do_format(value, *args, **kwargs)", filterFormat),
	"groupby":        Def("sync_do_groupby(@environment, value, attribute, default=None, case_sensitive=False)", filterGroupby),
	"indent":         Def("do_indent(s, width=4, first=False, blank=False)", filterIndent),
	"int":            Def("do_int(value, default=0, base=10)", filterInt),
	"items":          Def("do_items(value)", filterItems),
	"join":           Def("sync_do_join(@eval_ctx, value, d='', attribute=None)", filterJoin),
	"last":           Def("do_last(@environment, seq)", filterLast),
	"length":         Def("!len(obj, /)", filterLength),
	"list":           Def("sync_do_list(value)", filterList),
	"lower":          Def("do_lower(s)", textFilter("lower")),
	"map":            Def("sync_do_map(@context, value, *args, **kwargs)", filterMap),
	"max":            Def("do_max(@environment, value, case_sensitive=False, attribute=None)", filterExtreme(">")),
	"min":            Def("do_min(@environment, value, case_sensitive=False, attribute=None)", filterExtreme("<")),
	"pprint":         Def("do_pprint(value)", filterPprint),
	"random":         Def("do_random(@context, seq)", filterRandom),
	"reject":         Def("sync_do_reject(@context, value, *args, **kwargs)", filterSelect(false, false)),
	"rejectattr":     Def("sync_do_rejectattr(@context, value, *args, **kwargs)", filterSelect(false, true)),
	"replace":        Def("do_replace(@eval_ctx, s, old, new, count=None)", filterReplace),
	"reverse":        Def("do_reverse(value)", filterReverse),
	"round":          Def("do_round(value, precision=0, method='common')", filterRound),
	"safe":           Def("do_mark_safe(value)", filterSafe),
	"select":         Def("sync_do_select(@context, value, *args, **kwargs)", filterSelect(true, false)),
	"selectattr":     Def("sync_do_selectattr(@context, value, *args, **kwargs)", filterSelect(true, true)),
	"slice":          Def("sync_do_slice(value, slices, fill_with=None)", filterSlice),
	"sort":           Def("do_sort(@environment, value, reverse=False, case_sensitive=False, attribute=None)", filterSort),
	"string":         Def("soft_str(s, /)", filterString),
	"striptags":      Def("do_striptags(value)", filterStriptags),
	"sum":            Def("sync_do_sum(@environment, iterable, attribute=None, start=0)", filterSum),
	"title":          Def("do_title(s)", filterTitle),
	"tojson":         Def("do_tojson(@eval_ctx, value, indent=None)", filterTojson),
	"trim":           Def("do_trim(value, chars=None)", textFilter("strip")),
	"truncate":       Def("do_truncate(@environment, s, length=255, killwords=False, end='...', leeway=None)", filterTruncate),
	"unique":         Def("sync_do_unique(@environment, value, case_sensitive=False, attribute=None)", filterUnique),
	"upper":          Def("do_upper(s)", textFilter("upper")),
	"urlencode":      Def("do_urlencode(value)", filterUrlencode),
	"urlize":         Def("do_urlize(@eval_ctx, value, trim_url_limit=None, nofollow=False, target=None, rel=None, extra_schemes=None)", filterUrlize),
	"wordcount":      Def("do_wordcount(s)", filterWordcount),
	"wordwrap":       Def("do_wordwrap(@environment, s, width=79, break_long_words=True, wrapstring=None, break_on_hyphens=True)", filterWordwrap),
	"xmlattr":        Def("do_xmlattr(@eval_ctx, d, autospace=True)", filterXmlattr),
}

func typeErrorf(format string, args ...any) error { return py.Errorf("TypeError", format, args...) }

// noAttribute is the AttributeError of v.name.
func noAttribute(v any, name string) error {
	if _, ok := v.(*namespace); ok {
		return py.Errorf("AttributeError", "%s", name)
	}
	return py.Errorf("AttributeError", "'%s' object has no attribute '%s'", py.TypeName(v), name)
}

func argumentErrorf(format string, args ...any) error {
	return errorf(ClassFilterArg, format, args...)
}

// intArg returns an argument that Python would use as an index or a count.
func intArg(v any) (int, error) {
	if err := strictError(v); err != nil {
		return 0, err
	}
	switch v := v.(type) {
	case int64:
		if v > py.MaxSize {
			v = py.MaxSize + 1 // as good as any larger one
		}
		return int(max(v, -py.MaxSize-1)), nil
	case bool:
		if v {
			return 1, nil
		}
		return 0, nil
	}
	return 0, typeErrorf("'%s' object cannot be interpreted as an integer", py.TypeName(v))
}
