import type { Awaitable, Claim, Inbox, InboxHost, InboxStats, NewEvent, Outcome, PageOptions, ReplayOptions, StoredEvent } from '../../lib/inbox/inbox.ts'
import type { Life } from './life.ts'
import type { Ledger } from './ledger.ts'

/** The inbox of a process. All that goes between it and the plugin is noted on the way. */
export class ObservedInbox implements Inbox {
  readonly durable: boolean
  readonly collects: boolean
  readonly completion?: NonNullable<Inbox['completion']>
  readonly #inbox: Inbox
  readonly #life: Life
  readonly #ledger: Ledger

  constructor (inbox: Inbox, life: Life, ledger: Ledger) {
    this.#inbox = inbox
    this.#life = life
    this.#ledger = ledger
    this.durable = inbox.durable
    this.collects = inbox.collects === true
    if (inbox.completion !== undefined) this.completion = inbox.completion.bind(inbox)
  }

  get isRecovering (): boolean {
    return this.#inbox.isRecovering === true
  }

  open (host: InboxHost): Awaitable<void> {
    return this.#inbox.open(host)
  }

  add (event: NewEvent): Awaitable<'accepted' | 'duplicate'> {
    const added = this.#ledger.order.adding(event, this.#life)
    this.#ledger.adding(event)
    const status = this.#inbox.add(event)
    if (status instanceof Promise) status.then(added, () => { added('failed') })
    else added(status)
    return status
  }

  claim (lanes: number): Awaitable<readonly Claim[]> {
    const claimed = (claims: readonly Claim[]) => {
      if (!this.#life.isOver) this.#ledger.claimed(this.#life, claims)
      return claims
    }
    const claims = this.#inbox.claim(lanes)
    return claims instanceof Promise ? claims.then(claimed) : claimed(claims)
  }

  settle (claim: Claim, outcomes: readonly Outcome[], dueAt?: number): Awaitable<void> {
    this.#ledger.settled(this.#life, claim, outcomes)
    return this.#inbox.settle(claim, outcomes, dueAt)
  }

  stats (): Awaitable<InboxStats> {
    return this.#inbox.stats()
  }

  list (options?: PageOptions): Awaitable<StoredEvent[]> {
    return this.#inbox.list(options)
  }

  get (id: string): Awaitable<StoredEvent | undefined> {
    return this.#inbox.get(id)
  }

  replay (ids: readonly string[], options?: ReplayOptions): Awaitable<number> {
    return this.#inbox.replay(ids, options)
  }

  discard (ids: readonly string[]): Awaitable<number> {
    return this.#inbox.discard(ids)
  }

  forget (lane: string): Awaitable<number> {
    return this.#inbox.forget(lane)
  }

  close (): Awaitable<void> {
    return this.#inbox.close()
  }
}
