// Past one PostgreSQL: the processes that receive spread conversations over several. Which one a conversation is in depends on its lane
// alone, so that each keeps the order of its own. Processes that deliver have one of them each, and know nothing of the others.
import { hash } from 'node:crypto'
import type { Inbox, InboxStats, NewEvent } from 'fastify-oneroute-webhooks'

/** For `deliver: false`. The shards and their order must be the same in every process, and stay the same. */
export function shardedInbox (shards: readonly Inbox[]): Inbox {
  const all = async <T>(ask: (shard: Inbox) => T): Promise<Array<Awaited<T>>> => await Promise.all(shards.map(ask))

  function shardOf ({ lane }: NewEvent): Inbox {
    const number = Number.parseInt(hash('sha256', lane).slice(0, 12), 16)
    const shard = shards[number % shards.length]
    if (shard === undefined) throw new Error('there has to be a shard')
    return shard
  }

  return {
    durable: true,
    open: async (host) => { await all((shard) => shard.open({ ...host, maxBacklog: Math.ceil(host.maxBacklog / shards.length) })) },
    add: (event) => shardOf(event).add(event),
    claim: () => [],
    settle: () => {},
    stats: async () => (await all((shard) => shard.stats())).reduce(sum),
    // `seq` counts in each shard for itself: across them, events are in the order in which they came in.
    list: async ({ limit = 100, ...options } = {}) => (await all((shard) => shard.list({ limit, ...options }))).flat()
      .sort((a, b) => b.receivedAt.getTime() - a.receivedAt.getTime())
      .slice(0, limit),
    get: async (id) => (await all((shard) => shard.get(id))).find((event) => event !== undefined),
    replay: async (ids, options) => total(await all((shard) => shard.replay(ids, options))),
    discard: async (ids) => total(await all((shard) => shard.discard(ids))),
    forget: async (lane) => total(await all((shard) => shard.forget(lane))),
    close: async () => { await all((shard) => shard.close()) }
  }
}

function total (counts: readonly number[]): number {
  return counts.reduce((a, b) => a + b)
}

function sum (a: InboxStats, b: InboxStats): InboxStats {
  return {
    pending: a.pending + b.pending,
    failing: a.failing + b.failing,
    done: a.done + b.done,
    dead: a.dead + b.dead,
    invalid: a.invalid + b.invalid,
    oldestPendingAt: datesOf(a.oldestPendingAt, b.oldestPendingAt)[0] ?? null,
    lastReceivedAt: datesOf(a.lastReceivedAt, b.lastReceivedAt).at(-1) ?? null
  }
}

/** Earliest first. */
function datesOf (...dates: Array<Date | null>): Date[] {
  return dates.filter((date) => date !== null).sort((a, b) => a.getTime() - b.getTime())
}
