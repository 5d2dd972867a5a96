package store

import (
	"slices"
	"strings"
)

// Statements that both dialects share, save for a few words: least/min, and
// what "now" is. On PostgreSQL that is the server's clock at that moment,
// wrapped in a select so that it is computed once and an index can use it.
const (
	pushSQL = `insert into queue (kind, key, pool, run_at, priority) values ($1, $2, $3, $4, $5)
on conflict (kind, key) do update set gen = queue.gen + 1, pool = excluded.pool,
 priority = least(queue.priority, excluded.priority),
 run_at = case when queue.owner is null or queue.gen > queue.seen
  then least(queue.run_at, excluded.run_at) else excluded.run_at end`

	releaseSQL = `update queue set owner = null, token = null, until = null, attempt = 0,
 run_at = case when gen > seen then least(run_at, $5) else $5 end
 where kind = $1 and key = $2 and owner = $3 and token = $4`

	heldSQL = `select 1 from queue where kind = $1 and key = $2 and owner = $3 and token = $4`

	// priorities steps from one priority that occurs to the next, so that
	// waiting items of one priority are never read to find those of another.
	prioritiesSQL = `with recursive p(x) as (
 select (select priority from queue where kind = $1 and pool = $2 and owner is null order by priority limit 1)
 union all
 select (select q.priority from queue q where q.kind = $1 and q.pool = $2 and q.owner is null and q.priority > p.x
  order by q.priority limit 1) from p where p.x is not null)`

	nextSQL = prioritiesSQL + `
select min((select q.run_at from queue q where q.kind = $1 and q.pool = $2 and q.owner is null and q.priority = p.x
 order by q.run_at limit 1)) from p where p.x is not null`

	statsSQL = `select kind, sum(case when owner is null and run_at <= $1 then 1 else 0 end),
 sum(case when owner is null and run_at > $1 then 1 else 0 end),
 sum(case when owner is not null then 1 else 0 end),
 min(case when owner is null and run_at <= $1 then run_at end)
from queue group by kind order by kind`
)

func retryOf(release string) string { return strings.Replace(release, " attempt = 0,\n", "\n", 1) }

var sqliteLeast = strings.NewReplacer("least(", "min(")

var sqliteQueue = queueSQL{
	push:    sqliteLeast.Replace(pushSQL),
	claim:   claimSQLite,
	held:    heldSQL,
	release: sqliteLeast.Replace(releaseSQL),
	retry:   sqliteLeast.Replace(retryOf(releaseSQL)),
	renew:   `update queue set until = $4 + $3 where owner = $1 and token in (select value from json_each($2))`,
	expired: `select kind, key, pool, owner, token, gen, attempt, run_at from queue
 where owner is not null and until < $4 and not (owner = $2 and token in (select value from json_each($3)))
 order by until limit ` + sqliteNumber("$1"),
	stillLost: heldSQL + ` and until < $5`,
	next:      nextSQL,
	stats:     statsSQL,
}

var sqliteClaimSQL = `update queue set owner = $1, token = $2 + c.i, until = $3, attempt = attempt + 1, seen = gen
 from (select key, row_number() over () as i from
  (select key from queue where kind = $4 and pool = $5 and owner is null and priority = $6 and run_at <= $7
   order by run_at limit ` + sqliteNumber("$8") + `)) as c
 where queue.kind = $4 and queue.key = c.key
returning key, gen, token, attempt, run_at`

// claimSQLite goes from priority to priority; there is mostly one.
func claimSQLite(tx *Tx, kind, pool string, n int) ([][]any, error) {
	priorities, err := tx.query(prioritiesSQL+` select x from p where x is not null`, kind, pool)
	if err != nil {
		return nil, err
	}
	var all [][]any
	token := tx.claimToken()
	until := tx.Now.Add(leaseTime)
	for _, p := range priorities {
		rows, err := tx.query(sqliteClaimSQL, tx.s.cfg.Owner, token+int64(len(all)), until, kind, pool, p[0], tx.Now, n-len(all))
		if err != nil {
			return nil, err
		}
		all = slices.Concat(all, rows)
		if len(all) >= n {
			break
		}
	}
	return all, nil
}

// claimToken returns a random number that leaves room for the items of a
// claim, which get the numbers after it: their order is the claim's.
func (tx *Tx) claimToken() int64 { return tx.s.newToken() &^ (1<<20 - 1) }
