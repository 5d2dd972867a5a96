package trigger

import (
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/schedtime"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/py"
)

// CheckParameters checks the parameters of a trigger against its type's
// schema, and whether those of a timer say when it fires.
func CheckParameters(typ *gale.TriggerType, parameters *py.Dict) error {
	if err := check(typ.ParametersSchema, parameters); err != nil {
		return err
	}
	if typ.Ref != IntervalType && typ.Ref != DateType {
		return nil
	}
	_, err := schedtime.Parse(typ.Ref, parameters, time.Now())
	return err
}

// CheckPayload checks a payload against the schema of its trigger's type.
// Defaults count as given, and the payload itself is dispatched as it came.
func CheckPayload(typ *gale.TriggerType, payload *py.Dict) error {
	return check(typ.PayloadSchema, payload)
}

func check(doc, values *py.Dict) error {
	if doc.Len() == 0 {
		return nil
	}
	if values == nil {
		values = py.NewDict(0)
	}
	_, err := schema.Complete(doc, values)
	return err
}
