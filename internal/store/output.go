package store

import (
	"context"
	"fmt"

	"github.com/galehq/gale"
)

// OutputTopic is rung when any output was committed, and, with a colon and
// the execution's id after it, when output of that execution was.
const OutputTopic = "output"

// AppendOutput stores what actions printed, in the order given, and returns
// when it is committed. Seq is set by the store; an empty Timestamp becomes
// now. The chunks of one execution keep their order if one call returns before
// the next begins. The embedded store may lose the last chunks in a power
// failure, but not when only the process dies.
func (s *Store) AppendOutput(ctx context.Context, chunks []gale.OutputChunk) error {
	if len(chunks) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	err := s.db.output().update(ctx, func(tx *Tx) error {
		for i := range chunks {
			if err := tx.appendOutput(&chunks[i]); err != nil {
				return err
			}
		}
		tx.Ring(OutputTopic)
		return nil
	})
	if err != nil {
		return fmt.Errorf("append output: %w", err)
	}
	return nil
}

func (tx *Tx) appendOutput(c *gale.OutputChunk) error {
	at := c.Timestamp
	if at == 0 {
		at = tx.Now
	}
	tx.Ring(OutputTopic + ":" + c.ExecutionID)
	return tx.send("insert into output (execution_id, action_ref, runner_ref, ts, type, data) values ($1, $2, $3, $4, $5, $6)",
		c.ExecutionID, c.ActionRef, c.RunnerRef, at, c.Type, []byte(c.Data))
}

const outputColumns = "seq, execution_id, action_ref, runner_ref, ts, type, data"

// Output returns up to limit chunks (0: all) of one execution after a cursor,
// in order; types selects stdout, stderr or output (none: all of them). With
// an empty executionID it returns those of all executions, of every type, and
// then, like Events, stops where an earlier one may still appear.
func (s *Store) Output(ctx context.Context, executionID string, types []string, after int64, limit int) ([]gale.OutputChunk, error) {
	if limit <= 0 {
		limit = 1<<31 - 1
	}
	db := s.db.output()
	var rows [][]any
	var err error
	if executionID == "" {
		rows, err = s.readLog(ctx, db, &s.outputLog, db.dialect().events.readOutput, after, limit)
	} else {
		query := "select " + outputColumns + " from output where execution_id = $1 and seq > $2 order by seq limit " + db.dialect().number("$3")
		args := []any{executionID, after, limit}
		if len(types) > 0 {
			query = "select " + outputColumns + " from output where execution_id = $1 and seq > $2 and " +
				db.dialect().in("type", "$4") + " order by seq limit " + db.dialect().number("$3")
			args = append(args, types)
		}
		rows, err = s.readRows(ctx, db, query, args)
	}
	if err != nil {
		return nil, fmt.Errorf("read output: %w", err)
	}
	return outputChunks(rows)
}

func outputChunks(rows [][]any) ([]gale.OutputChunk, error) {
	chunks := make([]gale.OutputChunk, 0, len(rows))
	for _, row := range rows {
		var c gale.OutputChunk
		err := scan(row[:7], []any{&c.Seq, &c.ExecutionID, &c.ActionRef, &c.RunnerRef, &c.Timestamp, &c.Type, &c.Data})
		if err != nil {
			return nil, fmt.Errorf("read output: %w", err)
		}
		chunks = append(chunks, c)
	}
	return chunks, nil
}

// DeleteOutput removes the output of executions.
func (s *Store) DeleteOutput(ctx context.Context, executionIDs ...string) error {
	if len(executionIDs) == 0 {
		return nil
	}
	db := s.db.output()
	return db.update(ctx, func(tx *Tx) error {
		return tx.send("delete from output where "+db.dialect().in("execution_id", "$1"), executionIDs)
	})
}
