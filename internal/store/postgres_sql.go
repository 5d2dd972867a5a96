package store

import (
	"strconv"
	"strings"
)

// pgNow is the server's clock in microseconds.
const pgNow = "(extract(epoch from clock_timestamp()) * 1000000)::bigint"

var pgDialect = dialect{
	name:   "postgres",
	shared: true,
	// hashtextextended gives 64 bits; two names that fall together only wait for each other.
	lock:   "select pg_advisory_xact_lock(hashtextextended($1, 0))",
	wrap:   pgError,
	queue:  pgQueue,
	events: pgEvents,
	in: func(column, param string) string {
		return column + " = any(" + param + ")"
	},
	contains: func(column, param string) string { return "position(" + param + " in " + column + ") > 0" },
	number:   func(param string) string { return param },
}

const pgXmin = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"

var pgEvents = eventSQL{
	read:       "select seq, topic, kind, key, body, ts, " + pgXmin + " from event where seq > $1 order by seq limit $2",
	readOutput: "select " + outputColumns + ", " + pgXmin + " from output where seq > $1 order by seq limit $2",
	fence:      "select pg_current_xact_id()::text::bigint",
	xmin:       "select " + pgXmin,
}

var pgQueue = queueSQL{
	push:    pushSQL,
	claim:   claimPostgres,
	held:    heldSQL + " for update",
	release: releaseSQL,
	retry:   retryOf(releaseSQL),
	renew:   "update queue set until = " + pgNow + " + $3 where owner = $1 and token = any($2) and $4::bigint > 0",
	expired: `select kind, key, pool, owner, token, gen, attempt, run_at from queue
 where owner is not null and until < (select ` + pgNow + `) and not (owner = $2 and token = any($3)) and $4::bigint > 0
 order by until limit $1`,
	stillLost: heldSQL + " and until < " + pgNow + " and $5::bigint > 0 for update",
	fresh: "select case when clock_timestamp() - pg_postmaster_start_time() < interval '" +
		strconv.Itoa(int(leaseTime.Seconds())) + " s' then 1 else 0 end",
	next:  nextSQL,
	stats: strings.ReplaceAll(statsSQL, "$1", "$1::bigint"),
}

// pgClaimSQL takes, for each priority in turn, the items that are due longest
// and that no other claim is taking at this moment. The row numbers make each
// item's token from that of the claim.
const pgClaimSQL = prioritiesSQL + `, c as materialized (
 select q.kind, q.key, q.priority, q.run_at from p cross join lateral (
  select kind, key, priority, run_at from queue
   where kind = $1 and pool = $2 and owner is null and priority = p.x and run_at <= (select ` + pgNow + `)
   order by run_at limit $3 for update skip locked) q
 where p.x is not null limit $3),
n as (select kind, key, row_number() over (order by priority, run_at) as i from c)
update queue set owner = $4, token = $5 + n.i, until = ` + pgNow + ` + $6, attempt = attempt + 1, seen = gen
 from n where queue.kind = n.kind and queue.key = n.key
returning queue.key, queue.gen, queue.token, queue.attempt, queue.run_at, pg_current_xact_id()::text::bigint`

func claimPostgres(tx *Tx, kind, pool string, n int) ([][]any, error) {
	rows, err := tx.query(pgClaimSQL, kind, pool, n, tx.s.cfg.Owner, tx.claimToken(), leaseTime.Microseconds())
	if err != nil {
		return nil, err
	}
	for i, row := range rows {
		last := len(row) - 1
		tx.conn.(*pgConn).xid = row[last].(int64)
		rows[i] = row[:last]
	}
	return rows, nil
}
