package runner

import (
	"context"
	"fmt"

	"github.com/galehq/gale/internal/proc"
)

const lingering = "[the command ended, but processes it had started kept its output open and were ended]\n"

// RunProcess runs a command as the job's own: marked, streamed to out, ended
// with everything it started when ctx ends. The error says that it could not
// be started.
func RunProcess(ctx context.Context, job *Job, c proc.Command, out Output) (proc.Exit, error) {
	c.Marker, c.Grace, c.Output = job.Marker(), job.Grace, out.Write
	exit, err := proc.Run(ctx, c)
	if err != nil {
		return exit, err
	}
	note := ""
	if exit.Lingering && !exit.Killed {
		note = lingering
	}
	if exit.Survivors > 0 {
		note += fmt.Sprintf("[%d processes of the action could not be ended]\n", exit.Survivors)
	}
	if note != "" {
		exit.Stderr += note
		out.Write(proc.Stderr, []byte(note))
	}
	return exit, nil
}
