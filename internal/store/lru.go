package store

import (
	"container/list"
	"sync"
)

// lru keeps the byte strings that were used last, up to a total size.
type lru struct {
	mu    sync.Mutex
	limit int
	size  int
	order *list.List // of *lruEntry; the front was used last
	byKey map[string]*list.Element
}

type lruEntry struct {
	key  string
	body []byte
}

func newLRU(limit int) *lru {
	return &lru{limit: limit, order: list.New(), byKey: map[string]*list.Element{}}
}

func (c *lru) get(key string) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byKey[key]
	if e == nil {
		return nil, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*lruEntry).body, true
}

func (c *lru) put(key string, body []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byKey[key] != nil || len(body) > c.limit/8 {
		return
	}
	c.byKey[key] = c.order.PushFront(&lruEntry{key, body})
	c.size += len(key) + len(body)
	for c.size > c.limit {
		last := c.order.Back()
		old := c.order.Remove(last).(*lruEntry)
		delete(c.byKey, old.key)
		c.size -= len(old.key) + len(old.body)
	}
}
