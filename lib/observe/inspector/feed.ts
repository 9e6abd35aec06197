import type { Writable } from 'node:stream'
import type { FastifyBaseLogger } from 'fastify'
import { ignore } from '../../errors/error-of.ts'
import type { StoredEvent } from '../../inbox/inbox.ts'
import type { InboxView } from '../../inbox/view.ts'
import type { Activity } from './activity.ts'
import { blockersOf } from './blockers.ts'
import type { Summary } from './summary.ts'

/** Between two looks at the inbox, in milliseconds: for what other processes do. */
const LOOK_EVERY = 1_000
/** After something was told of, in milliseconds: what comes in meanwhile is shown with it. */
const LOOK_SOON = 250
/** In milliseconds: proxies cut what is silent for long. */
const HEARTBEAT = 15_000
/** The newest events, which are looked at each time. */
const NEWEST = 200
/** Older ones that are looked at because something was told of them. */
const MOST_OLDER = 50
/** How long a page is told, in milliseconds: then it has to ask anew, and whoever may look no longer is told no more. */
const LIFETIME = 300_000
/** After so long a page is told to ask anew, in milliseconds: it does before its old stream has ended, and misses nothing. */
const RENEW_AFTER = 270_000
/** A page that is slower than this is cut, and begins anew when it comes back, in bytes. */
const MOST_BUFFERED = 1_048_576

interface Known {
  readonly seq: number
  readonly mark: string
}

interface Parts {
  readonly inbox: InboxView
  readonly activity: Activity
  readonly log: FastifyBaseLogger
  /** As the page shows it, with the failing event that it waits for. */
  readonly show: (event: StoredEvent, blocker: StoredEvent | null) => Summary
  readonly lifetime?: number
  readonly renewAfter?: number
}

/** Tells pages what changes, by server-sent events. It does nothing while there is no page. */
export class Feed {
  readonly #parts: Parts
  /** With what ends each, in time. */
  readonly #pages = new Map<Writable, NodeJS.Timeout>()
  /** What the pages were last told of the newest events, by id. */
  #known = new Map<string, Known>()
  #newest = 0
  readonly #changed = new Set<string>()
  /** More was changed than pages can be told of one by one. */
  #isMore = false
  #timer: NodeJS.Timeout | undefined
  #heartbeat: NodeJS.Timeout | undefined
  #looking = false
  #isClosed = false
  /** Whether the timer is one that waits for what comes in with what has changed. */
  #isSoon = false

  constructor (parts: Parts) {
    this.#parts = parts
  }

  /** Something has become of an event, or of several as one. */
  change (...ids: ReadonlyArray<string | null>): void {
    if (this.#pages.size === 0) return
    // Of those of a burst, none is left out.
    if (this.#changed.size < MOST_OLDER) for (const id of ids) if (id !== null) this.#changed.add(id)
    // Not put off by each that follows: while events come in all the time, pages would see none of them.
    if (!this.#isSoon) this.#lookIn(LOOK_SOON)
    this.#isSoon = true
  }

  /** Somebody who looks has changed or removed these; null if it is not known which. */
  changeAll (ids: readonly string[] | null): void {
    if (this.#pages.size === 0) return
    this.#isMore ||= ids === null || this.#changed.size + ids.length > MOST_OLDER
    this.change(...ids?.slice(0, MOST_OLDER) ?? [])
  }

  add (page: Writable): void {
    if (page.destroyed) return // it has left while it was asked whether it may look
    if (this.#isClosed) {
      page.end()
      return
    }
    if (this.#pages.size === 0) this.#begin()
    const { lifetime = LIFETIME, renewAfter = RENEW_AFTER } = this.#parts
    this.#pages.set(page, setTimeout(() => { this.#renew(page, lifetime - renewAfter) }, renewAfter).unref())
    page.on('error', ignore) // a page that has left is no failure; 'close' comes, too
    page.on('close', () => { this.#remove(page) })
    page.write('retry: 2000\n\n')
    void this.#look()
  }

  close (): void {
    this.#isClosed = true
    for (const page of this.#pages.keys()) this.#finish(page)
  }

  #begin (): void {
    this.#heartbeat = setInterval(this.#write.bind(this), HEARTBEAT, ': still here\n\n').unref()
  }

  #renew (page: Writable, left: number): void {
    page.write('event: renew\ndata: {}\n\n')
    this.#pages.set(page, setTimeout(() => { this.#finish(page) }, left).unref())
  }

  #finish (page: Writable): void {
    this.#remove(page)
    if (page.writableLength > 0) page.destroy() // it does not read, and would never end
    else page.end()
  }

  #remove (page: Writable): void {
    clearTimeout(this.#pages.get(page))
    this.#pages.delete(page)
    if (this.#pages.size === 0) this.#end()
  }

  #end (): void {
    clearTimeout(this.#timer)
    clearInterval(this.#heartbeat)
    this.#timer = undefined
    this.#known.clear()
    this.#changed.clear()
    this.#isMore = false
    this.#isSoon = false
    this.#newest = 0
  }

  #lookIn (milliseconds: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => { void this.#look() }, milliseconds).unref()
  }

  async #look (): Promise<void> {
    this.#isSoon = false
    if (this.#looking) return
    this.#looking = true
    try {
      await this.#tell()
    } catch (err) {
      this.#parts.log.debug({ err }, 'the inspector could not look into the inbox')
    }
    this.#looking = false
    if (this.#pages.size > 0) this.#lookIn(this.#changed.size > 0 || this.#isMore ? LOOK_SOON : LOOK_EVERY)
  }

  async #tell (): Promise<void> {
    const { inbox, activity, show } = this.#parts
    const changed = [...this.#changed]
    const isMore = this.#isMore
    this.#changed.clear()
    this.#isMore = false
    const stats = await inbox.stats()
    const newest = await inbox.list({ limit: NEWEST })
    const ids = new Set([...changed.filter((id) => !newest.some((event) => event.id === id)), ...this.#missing(newest)])
    const others = await Promise.all(Array.from(ids, async (id) => await inbox.get(id) ?? id))
    const gone = others.filter((other) => typeof other === 'string')
    const older = others.filter((other) => typeof other !== 'string')
    // Or as many as one look shows came in since, or more: pages have to read the list again.
    const gap = isMore || (this.#newest > 0 && newest.length > 0 && newest.every(({ seq }) => seq > this.#newest))
    const blockerOf = await blockersOf(inbox, { events: [...newest, ...older], failing: stats.failing })
    const markOf = (event: StoredEvent) => mark(event, blockerOf(event))
    const events = [...newest, ...older].filter((event) => this.#known.get(event.id)?.mark !== markOf(event)).map((event) => show(event, blockerOf(event)))
    this.#known = new Map(newest.map((event) => [event.id, { seq: event.seq, mark: markOf(event) }]))
    this.#newest = newest[0]?.seq ?? 0
    this.#write(`event: update\ndata: ${JSON.stringify({ stats, activity: activity.counts(), events, gone, gap })}\n\n`)
  }

  /** Those that pages know and that are not among the newest any more, although no others have pushed them out: they may have been removed. */
  #missing (newest: readonly StoredEvent[]): string[] {
    const oldest = newest[NEWEST - 1]?.seq ?? 0
    const ids = new Set(newest.map(({ id }) => id))
    return Array.from(this.#known).filter(([id, { seq }]) => seq > oldest && !ids.has(id)).map(([id]) => id)
  }

  #write (text: string): void {
    for (const page of this.#pages.keys()) {
      if (page.writableLength > MOST_BUFFERED) page.destroy()
      else page.write(text)
    }
  }
}

/** What makes an event look different. */
function mark ({ seq, state, attempts, dueAt, finishedAt, isAside, isCollected }: StoredEvent, blocker: StoredEvent | null): string {
  return [seq, state, attempts, dueAt?.getTime(), finishedAt?.getTime(), isAside, isCollected, blocker?.id, blocker?.attempts, blocker?.dueAt?.getTime()].join()
}
