package pyre

import (
	"container/list"
	"sync"
)

// Patterns that were compiled lately are kept, as rules and templates use the same few over and over. A very long
// one is not, so that the cache holds at most a few megabytes.
const (
	cacheSize   = 512
	cacheLength = 8 << 10 // bytes of a pattern
)

var recent = cache{entries: map[cacheKey]*list.Element{}, order: list.New()}

type cacheKey struct {
	pattern string
	flags   Flags
}

// cache forgets the entry that was used the longest time ago.
type cache struct {
	mu      sync.Mutex
	entries map[cacheKey]*list.Element
	order   *list.List // of cacheEntry, the latest first
}

type cacheEntry struct {
	key     cacheKey
	pattern *Pattern
}

func (c *cache) get(k cacheKey) *Pattern {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[k]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(cacheEntry).pattern
}

func (c *cache) put(k cacheKey, p *Pattern) {
	if len(k.pattern) > cacheLength {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries[k] != nil {
		return
	}
	c.entries[k] = c.order.PushFront(cacheEntry{k, p})
	if c.order.Len() > cacheSize {
		last := c.order.Remove(c.order.Back()).(cacheEntry)
		delete(c.entries, last.key)
	}
}
