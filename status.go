package gale

// Status is where an execution stands. The words are StackStorm's; users match on them.
type Status string

const (
	Requested Status = "requested"
	Scheduled Status = "scheduled"
	Delayed   Status = "delayed"
	Running   Status = "running"
	Succeeded Status = "succeeded"
	Failed    Status = "failed"
	TimedOut  Status = "timeout"
	Abandoned Status = "abandoned"
	Canceling Status = "canceling"
	Canceled  Status = "canceled"
	Pending   Status = "pending"
	Pausing   Status = "pausing"
	Paused    Status = "paused"
	Resuming  Status = "resuming"
)

// transitions lists what each status may become. A status that is absent is final.
var transitions = map[Status][]Status{
	Requested: {Scheduled, Delayed, Canceling, Canceled, Failed},
	Delayed:   {Requested, Scheduled, Canceling, Canceled, Failed},
	Scheduled: {Running, Delayed, Canceling, Canceled, Failed, Abandoned},
	Running:   {Succeeded, Failed, TimedOut, Abandoned, Canceling, Canceled, Pending, Pausing, Paused},
	Pending:   {Succeeded, Failed, TimedOut, Canceling, Canceled},
	Pausing:   {Paused, Running, Succeeded, Failed, TimedOut, Abandoned, Canceling, Canceled},
	Paused:    {Resuming, Running, Canceling, Canceled, Failed},
	Resuming:  {Running, Paused, Canceling, Canceled, Succeeded, Failed, TimedOut, Abandoned},
	Canceling: {Canceled, Abandoned},
}

// Statuses are all values of Status, in the order of an execution's life.
var Statuses = []Status{Requested, Scheduled, Delayed, Running, Succeeded, Failed, TimedOut, Abandoned,
	Canceling, Canceled, Pending, Pausing, Paused, Resuming}

// CanBecome reports whether an execution in status s may go to status to.
func (s Status) CanBecome(to Status) bool {
	for _, t := range transitions[s] {
		if t == to {
			return true
		}
	}
	return false
}

// Final reports whether an execution in status s has ended for good.
func (s Status) Final() bool {
	switch s {
	case Succeeded, Failed, TimedOut, Canceled, Abandoned:
		return true
	}
	return false
}

// Bad reports whether s is an end that notifications and chains count as a failure.
func (s Status) Bad() bool { return s == Failed || s == TimedOut || s == Abandoned }

// Cancelable reports whether a cancel request for an execution in status s is
// accepted. Pending is accepted too, unlike in StackStorm, where a question
// that nobody answers cannot be withdrawn.
func (s Status) Cancelable() bool {
	switch s {
	case Requested, Scheduled, Delayed, Running, Pending, Pausing, Paused, Resuming:
		return true
	}
	return false
}

// Known reports whether s is one of the words above.
func (s Status) Known() bool {
	_, moving := transitions[s]
	return moving || s.Final()
}
