import type { Killed } from './deliveries.ts'
import type { Collected, Delivered } from './messages.ts'

/** What is known of the bursts of one conversation. */
class Conversation {
  readonly name: string
  readonly problems: string[] = []
  readonly #killed: readonly Killed[]
  readonly #isHeard: boolean
  /** The events that their listeners are through with. */
  readonly #heard = new Set<number>()
  /** The burst with which each event was handed over with success, last. */
  readonly #collected = new Map<number, Collected>()
  #upTo = 0
  /** The last that began. */
  #last: Collected | undefined
  #isRunning = false

  constructor (name: string, killed: readonly Killed[], isHeard: boolean) {
    this.name = name
    this.#isHeard = isHeard
    this.#killed = killed
  }

  note (line: Delivered | Collected): void {
    if ('ns' in line) this.#burst(line)
    else if (line.what === 'done' || line.what === 'dead') this.#heard.add(line.n)
  }

  lost (count: number): string[] {
    return Array.from({ length: count }, (_, n) => n).filter((n) => !this.#collected.has(n)).map((n) => `${this.name}: ${n} was not collected`)
  }

  #burst (burst: Collected): void {
    if (burst.what === 'collecting') {
      this.#begins(burst)
      return
    }
    if (this.#last?.pid === burst.pid) this.#isRunning = false
    if (burst.what !== 'collected') return
    for (const n of burst.ns) this.#collected.set(n, burst)
    while (this.#collected.has(this.#upTo)) this.#upTo++
  }

  #begins (burst: Collected): void {
    const { ns, at } = burst
    const [first = 0] = ns
    const say = (problem: string) => { this.problems.push(`${this.name}: ${ns.join()} ${problem}`) }
    if (ns.some((n, i) => n !== first + i)) say('leaves one out')
    if (first > this.#upTo) say(`before ${this.#upTo}`)
    if (this.#isHeard && ns.some((n) => !this.#heard.has(n))) say('before its listeners')
    if (this.#isRunning && this.#last !== undefined && !this.#hasEnded(this.#last, at)) say(`while ${this.#last.ns.join()} was at work`)
    if (ns.some((n) => this.#isThrough(n, at))) say('again')
    this.#last = burst
    this.#isRunning = true
  }

  /** It was handed over, and could be recorded: what a process does last for a conversation before it is killed may not be. */
  #isThrough (n: number, at: number): boolean {
    const collected = this.#collected.get(n)
    return collected !== undefined && (this.#upTo > collected.ns.length + Number(collected.ns[0]) || !this.#hasEnded(collected, at))
  }

  /** Whether the process was killed, or was about to be. */
  #hasEnded ({ pid, at: began }: Collected, at: number): boolean {
    return this.#killed.some((killed) => killed.pid === pid && killed.endedAt >= began && killed.at <= at)
  }
}

/**
 * What is wrong with the bursts of conversations of which so many events were posted: not all handed over with success, not in order, before
 * listeners had them if there are any, side by side, or again though no process was killed with them.
 */
export function burstProblems (lines: ReadonlyArray<Delivered | Collected>, posted: ReadonlyMap<string, number>, killed: readonly Killed[], isHeard = true): string[] {
  const conversations = new Map(Array.from(posted.keys(), (name) => [name, new Conversation(name, killed, isHeard)]))
  for (const line of lines) conversations.get(line.conversation)?.note(line)
  return [...conversations.values()].flatMap((conversation) => [...conversation.problems, ...conversation.lost(posted.get(conversation.name) ?? 0)])
}
