import fc from './property.ts'
import type { FastifyInstance } from 'fastify'
import type { CollectContext, NewMessage, WebhookContext } from '../../index.ts'
import { message } from './app.ts'

export const ATTEMPTS = 3

const CONVERSATIONS = ['a', 'b', 'c'] as const

/** Of a collector. In milliseconds but for `most`. */
const COLLECT = { quiet: 3, within: 12, most: 2 }

/** How attempts fail, from the first on. After these they succeed, unless the event is dead by then. */
type Failures = Array<'throws' | 'rejects' | 'hangs'>

/** An event. */
export interface Planned {
  conversation: string
  failures: Failures
  /** Of a burst that begins with it. */
  burstFailures: Failures
  /** Posted once more, at once. */
  repeated: boolean
  /** Not of its schema: for the listener of `invalid`. */
  invalid: boolean
}

const failures: fc.Arbitrary<Failures> = fc.array(fc.constantFrom('throws', 'rejects', 'hangs'), { maxLength: ATTEMPTS })

export const planned = fc.record<Planned>({
  conversation: fc.constantFrom(...CONVERSATIONS),
  failures,
  burstFailures: failures,
  repeated: fc.boolean(),
  invalid: fc.boolean()
})

/** An app. Once it has crashed, it does nothing that anybody could see. */
export interface Life {
  readonly number: number
  crashed: boolean
}

interface Step {
  life: number
  /** None if it is the life that ends. */
  event?: number
  attempt?: number
  /** Which call of a collector it is a part of. None if it is a listener's. */
  burst?: number
  step: 'begin' | 'end' | 'fail' | 'crash'
}

/** A call of a listener or a collector. */
interface Call {
  readonly life: Life
  readonly events: readonly number[]
  readonly context: WebhookContext | CollectContext
  readonly failure: Failures[number] | undefined
  readonly burst?: number
}

export async function turn (times: number): Promise<void> {
  for (let i = 0; i < times; i++) await new Promise((resolve) => { setImmediate(resolve) })
}

/** What a test of one plan knows: what was posted and answered, and what listeners did. */
export class OrderModel {
  readonly steps: Step[] = []
  readonly events: readonly Planned[]
  readonly #bodies: object[]
  readonly #collects: boolean
  #bursts = 0
  readonly #posted = new Map<number, number>()
  readonly #accepted = new Map<number, number>()

  constructor (events: readonly Planned[], collects: boolean) {
    this.events = events
    this.#bodies = events.map(({ conversation, invalid }, i) => bodyOf(conversation, i, invalid))
    this.#collects = collects
  }

  /** Has an app do what is planned. */
  listen ({ webhooks }: FastifyInstance, life: Life): void {
    const listener = (event: number, context: WebhookContext) => this.#call({ life, events: [event], context, failure: this.events[event]?.failures[context.attempt - 1] })
    webhooks.on('newMessage', ({ message }, context) => listener(Number(message.content), context))
    webhooks.on('invalid', (event, context) => listener(Number((event as NewMessage).message.content), context)) // but for one field it is
    if (!this.#collects) return
    webhooks.collect('newMessage', COLLECT, (collected, context) => {
      const events = collected.map(({ message }) => Number(message.content))
      return this.#call({ life, events, context, failure: this.events[Number(events[0])]?.burstFailures[context.attempt - 1], burst: ++this.#bursts })
    })
  }

  #call (call: Call): unknown {
    if (call.life.crashed) return new Promise(() => {})
    this.#note(call, 'begin')
    if (call.failure !== 'throws') return this.#run(call)
    this.#note(call, 'fail')
    throw new Error('planned')
  }

  async #run (call: Call): Promise<void> {
    const { failure, life, context: { signal } } = call
    const late = new Promise((resolve) => { signal.addEventListener('abort', resolve) })
    await (failure === 'hangs' ? late : Promise.race([turn(2), late]))
    if (life.crashed) await new Promise(() => {})
    const failed = failure !== undefined || signal.aborted // on a machine that is busy with other things, too
    this.#note(call, failed ? 'fail' : 'end')
    if (failed) throw new Error('planned') // one that still ran would not be called again
  }

  #note ({ life, events, context: { attempt }, burst }: Call, step: Step['step']): void {
    for (const event of events) this.steps.push({ life: life.number, event, attempt, ...burst === undefined ? {} : { burst }, step })
  }

  crash (life: Life): void {
    life.crashed = true
    this.steps.push({ life: life.number, step: 'crash' })
  }

  /** Rejects if the event is not answered 200. */
  async post ({ webhooks }: FastifyInstance, event: number): Promise<void> {
    this.#posted.set(event, (this.#posted.get(event) ?? 0) + 1)
    const { status } = await webhooks.receive(this.#bodies[event] ?? {})
    if (status !== 'duplicate') this.#accepted.set(event, (this.#accepted.get(event) ?? 0) + 1)
  }

  /** Says what is wrong with what became of the events, if anything. */
  problems (): string[] {
    const twice = [...this.#accepted].filter(([event, times]) => times > 1 && !isDead(this.steps, event)).map(([event]) => `${event} was accepted twice`)
    return [...CONVERSATIONS.flatMap((conversation) => this.#problemsOf(conversation)), ...twice]
  }

  /** One that was dead already is a new event if it comes again. If a collector wants it, it is not dead before that is through. */
  #isNew (event: number, before: readonly Step[]): boolean {
    return Number(this.#posted.get(event)) > 1 && isDead(before, event) && (!this.#isWanted(event) || isCollected(before, event))
  }

  #isWanted (event: number): boolean {
    return this.#collects && this.events[event]?.invalid === false
  }

  #problemsOf (conversation: string): string[] {
    const inOrder = this.events.flatMap((planned, event) => planned.conversation === conversation ? [event] : [])
    const ours = this.steps.filter((step, i) => step.event === undefined ||
      (this.events[step.event]?.conversation === conversation && !this.#isNew(step.event, this.steps.slice(0, i))))
    const wanted = inOrder.filter((event) => this.#isWanted(event))
    const lost = inOrder.filter((event) => !hasEnded(ours, event) && !isDead(ours, event)).map((event) => `${event} is lost`)
    const neverCollected = wanted.filter((event) => !isCollected(ours, event)).map((event) => `${event} is never collected`)
    const wrong = ours.flatMap((step, i) => step.burst === undefined
      ? problemsAt(step, ours.slice(0, i).filter(({ burst }) => burst === undefined), inOrder)
      : problemsInBurst(step, ours.slice(0, i), wanted))
    return [...wrong, ...lost, ...neverCollected]
  }
}

function bodyOf (conversation: string, i: number, invalid: boolean): object {
  const event = message(conversation, String(i))
  return invalid ? { ...event, conversation: { ...event.conversation, read: 'no' } } : event
}

/** Its last attempt has failed, or a life has ended in it. An attempt may be missing: that of a life that has ended before it called a listener. */
const isDead = (steps: readonly Step[], event: number) => steps.some(({ event: other, attempt = 0, life, step }) =>
  other === event && attempt >= ATTEMPTS && (step === 'fail' || (step === 'begin' && hasCrashed(steps, life))))
const hasCrashed = (steps: readonly Step[], life: number) => steps.some((step) => step.life === life && step.step === 'crash')
const hasEnded = (steps: readonly Step[], event: number) => steps.some((step) => step.event === event && step.step === 'end' && step.burst === undefined)
/** Whether a collector is through with it, or its attempts may have ended in a crash. */
const isCollected = (steps: readonly Step[], event: number) => steps.some(({ event: other, attempt = 0, burst, life, step }) => other === event &&
  ((burst !== undefined && (step === 'end' || (step === 'fail' && attempt >= ATTEMPTS))) || (attempt >= ATTEMPTS && hasCrashed(steps, life))))

/** Of one step, after others of its conversation. */
function problemsAt ({ life, event, step }: Step, before: readonly Step[], inOrder: readonly number[]): string[] {
  if (event === undefined) return []
  const crashed = new Set(before.filter(({ step }) => step === 'crash').map(({ life }) => life))
  const steps = before.filter(({ step }) => step !== 'crash')
  const last = steps.at(-1)
  if (step !== 'begin') return last?.step === 'begin' && last.event === event && last.life === life ? [] : [`${event} ${step} while another was under way`]
  const overlaps = last?.step === 'begin' && !crashed.has(last.life)
  const overtaken = inOrder.filter((other) => other < event && !hasEnded(steps, other) && !isDead(before, other)) // with the ends of lives
  const again = steps.some((other) => !crashed.has(other.life) && other.event !== undefined &&
    (other.event > event || (other.event === event && other.step === 'end')))
  return [
    ...overlaps ? [`${event} begins while ${last.event ?? ''} is under way`] : [],
    ...overtaken.map((other) => `${event} begins before ${other} is through`),
    ...again ? [`${event} begins again though nothing has crashed`] : []
  ]
}

/** Of an event of a burst, after other steps of its conversation. */
function problemsInBurst ({ event, burst, step }: Step, before: readonly Step[], wanted: readonly number[]): string[] {
  if (event === undefined || step !== 'begin') return []
  const listened = before.filter(({ burst }) => burst === undefined)
  const crashed = new Set(before.filter(({ step }) => step === 'crash').map(({ life }) => life))
  const bursts = before.filter((other) => other.burst !== undefined && !crashed.has(other.life))
  const own = before.filter((other) => other.burst === burst).map(({ event }) => event)
  const isOver = (other: Step) => bursts.some(({ burst, step }) => burst === other.burst && step !== 'begin')
  const others = bursts.filter((other) => other.burst !== burst && !isOver(other)).map(({ event }) => event)
  const overtaken = wanted.filter((other) => other < event && !own.includes(other) && !isCollected(before, other))
  return [
    ...wanted.includes(event) ? [] : [`${event} is collected, and is invalid`],
    ...own.length < COLLECT.most ? [] : [`${event} is one too many in its burst`],
    ...hasEnded(listened, event) || isDead(listened, event) ? [] : [`${event} is collected before its listener is through`],
    ...others.map((other) => `${event} is collected while ${other ?? ''} is`),
    ...overtaken.map((other) => `${event} is collected before ${other}`),
    ...bursts.some((other) => other.event === event && other.step === 'end') ? [`${event} is collected again though nothing has crashed`] : []
  ]
}
