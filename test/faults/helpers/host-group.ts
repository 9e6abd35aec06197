import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { randomFrom } from '../../../lib/cli/send/chaos/random.ts'
import { createRateLimiter } from '../../../lib/cli/send/rate-limiter.ts'
import type { Scope } from '../../helpers/scope.ts'
import { Client, job } from './client.ts'
import type { Answer } from './client.ts'
import { deliveriesIn, firstDeliveries, lostOf, overlapping, overtaking, unordered } from './deliveries.ts'
import { folder } from './folder.ts'
import { HostProcess } from './host-process.ts'
import type { Killed } from './deliveries.ts'
import type { Ended } from './host-process.ts'
import type { Delivered, Settings } from './messages.ts'
import { monotonic } from './monotonic.ts'
import { until } from './until.ts'

const ATTEMPTS = 3
/** Between the events of a conversation while a process starts, in milliseconds: at full speed, its start would only take longer. */
const PAUSE = 250

/** How events are posted. */
export interface Load {
  /** So many events a second, instead of as many as are answered. */
  readonly rate?: number
  /** How long a listener takes at most, in milliseconds, besides some turns of the event loop. */
  readonly pause?: number
}

/** What must not be, as texts that name the events: lost, not stored once, out of order, two of a conversation side by side. */
export type Findings = Readonly<Record<'lost' | 'miscounted' | 'unordered' | 'overlapping', readonly string[]>>

export interface Member {
  readonly host: HostProcess
  readonly client: Client
}

/** A process that has loaded its files, and starts when it is told to. */
export interface Held {
  readonly host: HostProcess
  readonly start: () => Promise<Member>
}

/** Whether what was noted is of this process. */
export const isOf = ({ host }: Member) => ({ pid }: { pid: number }) => pid === host.process.pid

/** Processes with one inbox, one after the other or side by side, and what their listeners did. */
export class HostGroup {
  readonly deliveries: string
  /** Events that were answered 200. */
  accepted = 0
  members: Member[] = []
  going = true
  #starting = 0
  /** When each process that was killed was sent its signal. */
  readonly killed: Killed[] = []
  readonly #t: Scope
  readonly #settings: Settings
  readonly #load: Load

  constructor (t: Scope, settings: Settings, load: Load = {}) {
    this.#t = t
    this.#settings = settings
    this.#load = load
    this.deliveries = join(folder(t), 'deliveries')
    appendFileSync(this.deliveries, '')
  }

  async start (options: Settings['options'] = {}, ahead = 0, stuck?: string, dist?: string): Promise<Member> {
    return await this.#join(this.#host({ dist, ahead, stuck }, options))
  }

  held (): Held {
    const host = this.#host({ held: true })
    const start = async () => {
      host.go()
      return await this.#join(host)
    }
    return { host, start }
  }

  #host (more: Partial<Settings>, options: Settings['options'] = {}): HostProcess {
    return new HostProcess(this.#t, {
      ...this.#settings,
      deliveries: this.deliveries,
      options: { retry: { attempts: ATTEMPTS, minDelay: 1, maxDelay: 8, factor: 2 }, concurrency: 8, ...this.#settings.options, ...options },
      ...more
    })
  }

  async #join (host: HostProcess): Promise<Member> {
    this.#starting++
    const port = await host.port().finally(() => { this.#starting-- })
    const member = { host, client: new Client(this.#t, port, 8) }
    this.members.push(member)
    return member
  }

  /** Also one that has not started yet. */
  async kill ({ host }: Pick<Member, 'host'>): Promise<void> {
    this.members = this.members.filter((other) => other.host !== host)
    const at = monotonic()
    await host.kill()
    this.killed.push({ pid: host.process.pid, at, endedAt: monotonic() })
  }

  /** Has one end by itself. */
  async retire (member: Member): Promise<Ended> {
    this.members = this.members.filter((other) => other !== member)
    return await member.host.kill('SIGTERM')
  }

  noted (): Delivered[] {
    return deliveriesIn(this.deliveries)
  }

  /** The same with so many conversations, until it is told to stop. Returns how many of each. */
  async sendAll (count: number, seed: number): Promise<Map<string, number>> {
    const due = createRateLimiter(this.#load.rate, new AbortController().signal)
    let posted = 0
    const conversations = Array.from({ length: count }, (_, i) => `conversation ${i}`)
    return new Map(await Promise.all(conversations.map(async (conversation, i) => [conversation, await this.#send(conversation, randomFrom(seed + i), async () => await due(posted++))] as const)))
  }

  /** Posts the events of a conversation one after the other, each to anybody, until it is answered 200. Returns how many. */
  async #send (conversation: string, random: () => number, due: () => Promise<unknown>): Promise<number> {
    const { rate, pause = 0 } = this.#load
    let n = 0
    for (await due(); this.going; n++) {
      const dice = random()
      const event = job(conversation, n, { fails: dice < 0.02 ? ATTEMPTS : dice < 0.1 ? 1 : 0, turns: Math.floor(random() * 20), pause: Math.floor(random() * pause) })
      while (!(await this.#post(event, random))) await setTimeout(1)
      if (this.#starting > 0 && rate === undefined) await setTimeout(PAUSE)
      await due()
    }
    return n
  }

  async #post (event: unknown, random: () => number): Promise<boolean> {
    const member = this.members[Math.floor(random() * this.members.length)]
    const answer = await member?.client.post(event).catch(() => undefined) // killed: whether it was accepted is not known
    if (answer === undefined) return false
    this.heard(answer)
    const isAccepted = answer.statusCode === 200
    if (isAccepted) this.accepted++
    return isAccepted
  }

  /** Told of each answer. */
  protected heard (_answer: Answer): void {}

  async stats (): Promise<Answer['body']> {
    return (await this.members[0]?.client.get('/stats'))?.body ?? {}
  }

  /** The same as one list. */
  async problems (posted: ReadonlyMap<string, number>): Promise<string[]> {
    return Object.values(await this.findings(posted)).flat()
  }

  /** What is wrong with what became of these conversations, if anything. */
  async findings (posted: ReadonlyMap<string, number>): Promise<Findings> {
    await until(async () => (await this.stats()).pending === 0)
    const all = this.noted()
    const firsts = firstDeliveries(all)
    const { done = 0, dead = 0 } = await this.stats()
    const total = [...posted.values()].reduce((sum, count) => sum + count, 0)
    return {
      lost: lostOf(posted, firsts),
      miscounted: done + dead === total ? [] : [`${done} done and ${dead} dead, of ${total}`],
      unordered: [...unordered(firsts), ...overtaking(all)],
      overlapping: overlapping(all, this.killed)
    }
  }
}
