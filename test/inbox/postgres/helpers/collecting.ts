import tap from 'tap'
import type { Test } from 'tap'
import type { Claim, Inbox, NewEvent, Outcome } from '../../../../index.ts'
import { openPool, postgresUrl } from '../../../helpers/postgres.ts'
import { claimSoon, Processes, settleAll } from '../../../helpers/processes.ts'
import { adds, newEvent } from '../../conformance.ts'

export const url = await postgresUrl(tap)
export const admin = openPool(tap, url)
export const HOUR = 3_600_000

export const ended = (seq: number, more: Partial<Outcome> = {}): Outcome => ({ seq, state: 'done', dueAt: null, completed: [], error: null, ...more })

/** What waits for collectors until the time, or is tried again then. */
export const collects = (dueAt = 0, more: Partial<Outcome> = {}): Partial<Outcome> => ({ state: 'pending', collects: true, dueAt, ...more })
export const fails = (dueAt = 0, more: Partial<Outcome> = {}): Partial<Outcome> => ({ state: 'pending', error: 'broken', dueAt, ...more })
export const later = (): number => Date.now() + HOUR

/** The outcomes of a claim's events, in order; of more events, the last one. */
export function each (...outcomes: ReadonlyArray<Partial<Outcome>>): (claim: Claim) => Outcome[] {
  return ({ events }) => events.map(({ seq }, i) => ended(seq, outcomes[i] ?? outcomes.at(-1)))
}

interface Lane {
  readonly lane: string
  readonly adds: string
  readonly held: boolean
  readonly suspect: boolean
  /** Seconds. */
  readonly due: number
}

/** Processes, as it were, and what is in their tables. */
export class Collecting extends Processes {
  constructor (t: Test) {
    super(t, admin, url)
  }

  /** An inbox with events of a conversation `a`, which wait for collectors until then. */
  async waiting (names: readonly string[], dueAt = 0): Promise<Inbox> {
    const inbox = await this.open()
    await this.collect(inbox, names, dueAt)
    return inbox
  }

  async collect (inbox: Inbox, names: readonly string[], dueAt = 0): Promise<void> {
    await Promise.all(adds(inbox, ...names.map((id) => eventOf(id))))
    const claims = await claimSoon(inbox, 64)
    await settleAll(inbox, claims, each(collects(dueAt)))
  }

  async row (lane: string): Promise<Lane | undefined> {
    const { rows } = await admin.query<Lane>(`SELECT lane, adds, holder IS NOT NULL AS held, suspect, extract(epoch FROM due - now())::float8 AS due FROM ${this.tables}.lanes WHERE lane = $1`, [lane])
    return rows[0]
  }

  /** Of each pending event, in which lane it is and what is said of it there. */
  async pending (): Promise<unknown[]> {
    const { rows } = await admin.query<Record<string, unknown>>(`SELECT p.lane, attempts, since IS NOT NULL AS failing, trial, aside, error, completed FROM ${this.tables}.pending p ORDER BY seq`)
    return rows
  }

  async makeDue (...lanes: readonly string[]): Promise<void> {
    await admin.query(`UPDATE ${this.tables}.lanes SET due = now() WHERE lane = ANY ($1)`, [lanes])
  }
}

/** 'a1' is of the conversation 'a'. */
export function eventOf (id: string, more: Partial<NewEvent> = {}): NewEvent {
  return newEvent(id.charAt(0), { id, ...more })
}

export function held (claims: readonly Claim[]): Claim {
  const [claim] = claims
  if (claim === undefined) throw new Error('nothing is claimed')
  return claim
}
