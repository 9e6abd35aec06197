import { hash } from 'node:crypto'

/** What is known of one event. Times are counted in posts and answers, for which came first is all that is asked. */
export interface Entry {
  readonly index: number
  readonly id: string
  readonly conversation: number
  /** When it was first posted whole: from then on the receiver may have it. */
  posted: number
  /** How often it was. */
  posts: number
  /** When it was first answered 200: from then on the receiver must have it. */
  answered: number
  /** How often the receiver said 'accepted'. */
  accepted: number
}

/** What the receiver is to do with a body that is posted whole. */
export type Due = 'accepted' | 'duplicate' | 'either'

/** What was posted, and what was answered: what a receiver may have, must have, and must not have. */
export class Ledger {
  /** By id. */
  readonly events = new Map<string, Entry>()
  /** What must never be handled, by id: what it was. */
  readonly refusable = new Map<string, string>()
  #now = 0

  /** A body is about to be posted whole, once more or for the first time. Returns the entry to record the answer in, and when it was posted. */
  post (index: number, conversation: number, body: Uint8Array): { entry: Entry, at: number } {
    const at = ++this.#now
    const id = idOf(body)
    const entry = this.events.get(id) ?? { index, id, conversation, posted: at, posts: 0, answered: Infinity, accepted: 0 }
    this.events.set(id, entry)
    entry.posts++
    return { entry, at }
  }

  /** What the answer to a post has to be: the receiver had the event before, or had not, or nobody can know. */
  due ({ entry, at }: { entry: Entry, at: number }): Due {
    if (entry.answered < at || entry.accepted > 0) return 'duplicate'
    return entry.posts === 1 ? 'accepted' : 'either'
  }

  answer (entry: Entry, isAccepted: boolean): void {
    entry.answered = Math.min(entry.answered, ++this.#now)
    if (isAccepted) entry.accepted++
  }

  /** A body is about to be posted that has to be refused. */
  refuse (body: Uint8Array, what: string): void {
    this.refusable.set(idOf(body), what)
  }
}

/** As a listener's `context.id`: SHA-256 of the body, base64url. */
function idOf (body: Uint8Array): string {
  return hash('sha256', body, 'base64url')
}
