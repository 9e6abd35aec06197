import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Test } from 'tap'
import type { PostgresInboxOptions } from '../../../lib/inbox/postgres/inbox.ts'
import { randomFrom } from '../../../lib/cli/send/chaos/random.ts'
import { newSchema } from '../../helpers/postgres.ts'
import { Client, job } from './client.ts'
import type { Answer } from './client.ts'
import { deliveriesIn, firstDeliveries, overtaking } from './deliveries.ts'
import { folder } from './folder.ts'
import { HostProcess } from './host-process.ts'
import type { Ended } from './host-process.ts'
import type { Delivered, Settings } from './messages.ts'
import { until } from './until.ts'

const ATTEMPTS = 3
/** Between the events of a conversation while a process starts, in milliseconds: at full speed, its start would only take longer. */
const PAUSE = 250

export interface Member {
  readonly host: HostProcess
  readonly client: Client
}

/** Whether what was noted is of this process. */
export const isOf = ({ host }: Member) => ({ pid }: { pid: number }) => pid === host.process.pid

/** Processes that share a schema, and what their listeners did. */
export class Fleet {
  readonly schema = newSchema()
  readonly deliveries: string
  readonly answers: Answer[] = []
  members: Member[] = []
  going = true
  #starting = 0
  /** How much was noted when a process had been killed. */
  readonly #killed = new Map<number | undefined, number>()
  readonly #t: Test
  readonly #inbox: PostgresInboxOptions

  constructor (t: Test, connectionString: string, inbox: Pick<PostgresInboxOptions, 'lease' | 'keep'> = {}) {
    this.#t = t
    this.#inbox = { connectionString, schema: this.schema, lease: 1_000, ...inbox }
    this.deliveries = join(folder(t), 'deliveries')
    appendFileSync(this.deliveries, '')
  }

  async start (options: Settings['options'] = {}, ahead = 0, stuck?: string, dist?: string): Promise<Member> {
    return await this.#join(this.#host({ dist, ahead, stuck }, options))
  }

  /** A process that has loaded its files, and starts when it is told to. */
  held (): { start: () => Promise<Member> } {
    const host = this.#host({ held: true })
    const start = async () => {
      host.go()
      return await this.#join(host)
    }
    return { start }
  }

  #host (more: Partial<Settings>, options: Settings['options'] = {}): HostProcess {
    return new HostProcess(this.#t, {
      postgres: this.#inbox,
      deliveries: this.deliveries,
      options: { retry: { attempts: ATTEMPTS, minDelay: 1, maxDelay: 8, factor: 2 }, concurrency: 8, ...options },
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

  async kill (member: Member): Promise<void> {
    this.members = this.members.filter((other) => other !== member)
    await member.host.kill()
    this.#killed.set(member.host.process.pid, this.noted().length)
  }

  /** Has one end by itself. */
  async retire (member: Member): Promise<Ended> {
    this.members = this.members.filter((other) => other !== member)
    return await member.host.kill('SIGTERM')
  }

  noted (): Delivered[] {
    return deliveriesIn(this.deliveries)
  }

  /** Posts the events of a conversation one after the other, each to anybody, until it is answered 200. Returns how many. */
  async send (conversation: string, random: () => number): Promise<number> {
    let n = 0
    for (; this.going; n++) {
      const dice = random()
      const event = job(conversation, n, { fails: dice < 0.02 ? ATTEMPTS : dice < 0.1 ? 1 : 0, turns: Math.floor(random() * 20) })
      while (!(await this.#post(event, random))) await setTimeout(1)
      if (this.#starting > 0) await setTimeout(PAUSE)
    }
    return n
  }

  /** The same with so many conversations, until it is told to stop. Returns how many of each. */
  async sendAll (count: number, seed: number): Promise<Map<string, number>> {
    const conversations = Array.from({ length: count }, (_, i) => `conversation ${i}`)
    return new Map(await Promise.all(conversations.map(async (conversation, i) => [conversation, await this.send(conversation, randomFrom(seed + i))] as const)))
  }

  async #post (event: unknown, random: () => number): Promise<boolean> {
    const member = this.members[Math.floor(random() * this.members.length)]
    const answer = await member?.client.post(event).catch(() => undefined) // killed: whether it was accepted is not known
    if (answer !== undefined) this.answers.push(answer)
    return answer?.statusCode === 200
  }

  async stats (): Promise<Answer['body']> {
    return (await this.members[0]?.client.get('/stats'))?.body ?? {}
  }

  /** What is wrong with what became of these conversations, if anything. */
  async problems (posted: ReadonlyMap<string, number>): Promise<string[]> {
    await until(async () => (await this.stats()).pending === 0)
    const all = this.noted()
    const firsts = firstDeliveries(all)
    const { done = 0, dead = 0 } = await this.stats()
    const total = [...posted.values()].reduce((sum, count) => sum + count, 0)
    return [
      ...done + dead === total ? [] : [`${done} done and ${dead} dead, of ${total}`],
      ...overtaking(all),
      ...this.#overlapping(all),
      ...[...posted].flatMap(([conversation, count]) => {
        const heard = firsts.get(conversation) ?? []
        return heard.length === count && heard.every((n, i) => n === i) ? [] : [`${conversation}: ${heard.join()} of ${count}`]
      })
    ]
  }

  /** Events that were begun while another of their conversation was under way, in a process that was alive. */
  #overlapping (all: readonly Delivered[]): string[] {
    const underWay = new Map<string, Delivered>()
    return all.flatMap((line, i) => {
      const before = underWay.get(line.conversation)
      if (line.what !== 'start') {
        if (before?.pid === line.pid) underWay.delete(line.conversation)
        return []
      }
      underWay.set(line.conversation, line)
      return before === undefined || (this.#killed.get(before.pid) ?? Infinity) <= i ? [] : [`${line.conversation}: ${line.n} beside ${before.n}`]
    })
  }
}
