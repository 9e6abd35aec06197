import type { Claim, Inbox } from '../../lib/inbox/inbox.ts'
import type { PostgresClient } from '../../lib/inbox/postgres/pool.ts'
import type { Task } from './clock.ts'
import type { Run } from './ledger-entries.ts'
import type { Life } from './life.ts'
import type { World } from './world.ts'

/** A kind of inbox that the simulator can run: what is behind it is simulated, and the inbox itself is the real one. */
export interface InboxKind {
  readonly name: string
  /** Whether what was accepted outlives its process. */
  readonly durable: boolean
  /** Processes that may share a store at the same time. */
  readonly processes: number
  /** Replaces what this kind needs of Node. The returned function puts it back. */
  install? (): () => void
  /** An empty store, for one schedule. */
  open (world: World): SimulatedStore
  /** Weights of actions, by name, where they differ from those of other inboxes. */
  readonly weights?: Readonly<Record<string, number>>
  /** Numbers that a schedule consists of, at most. @default 200 */
  readonly longest?: number
  /** Whether its apps have collectors. @default false */
  readonly collects?: boolean
  /** Whether an attempt at what was claimed counts beside those that an event has: it was under way when a process ended, or its lease ran out. */
  isSuspect? (claim: Claim): boolean
}

/** What the inboxes of all processes of a schedule share. */
export interface SimulatedStore {
  /** The inbox of a new process, which opens it. What it makes (timers aside) belongs to this process: remember whose it is. */
  inbox (life: Life): Inbox
  /** What may happen next behind the inbox: a message arrives, a statement is run. The schedule chooses one. */
  tasks (): readonly Task[]
  /** What may go wrong now. The schedule decides whether and when; what a fault has broken stays so until it is healed. */
  faults (): readonly Fault[]
  /** From here on all goes well. */
  heal (): void
  /** A process has ended without closing its inbox: what was under way between it and the store is lost or not, as it would be. */
  crash (life: Life): void
  /** What the apps have in the same database, if they have anything there. */
  readonly app?: SimulatedApp | undefined
  /** What is committed. */
  rows (): readonly Row[]
  /** Whether what a process has claimed is still its own, if that may end before it has settled it. */
  holds? (life: Life, claim: Claim): boolean
  /** What a closed process has not given back. */
  left? (life: Life): readonly string[]
  /** The schedule is over: whatever it has left outside of memory can go. */
  end? (): void
}

/** The apps' own data, and the listeners that write it in one transaction with `completeIn`. */
export interface SimulatedApp {
  readonly completing: readonly string[]
  connect (life: Life): Promise<PostgresClient>
  /** One of them is called. Returns what it is to insert. */
  began (run: Run): string
  /** At the end, when nothing is left to do. */
  judge (): void
}

export interface Fault {
  readonly name: string
  begin (): void
}

/** An event, as the store has it. */
export interface Row {
  readonly seq: number
  readonly id: string
  /** The lane that it waits in: one of its own if it has left that of its conversation. */
  readonly lane: string
  readonly state: 'pending' | 'done' | 'dead' | 'invalid'
  readonly attempts: number
  /** If the last of its attempts is one that was noted before it began: the process that it was noted for, as far as that is known. */
  readonly notedFor?: Life | undefined
}
