import fc from './property.ts'
import type { FastifyInstance } from 'fastify'
import type { NewMessage, WebhookContext } from '../../index.ts'
import { message } from './app.ts'

export const ATTEMPTS = 3

const CONVERSATIONS = ['a', 'b', 'c'] as const

/** An event: how its attempts fail, from the first on. After these it succeeds, unless it is dead by then. */
export interface Planned {
  conversation: string
  failures: Array<'throws' | 'rejects' | 'hangs'>
  /** Posted once more, at once. */
  repeated: boolean
  /** Not of its schema: for the listener of `invalid`. */
  invalid: boolean
}

export const planned = fc.record<Planned>({
  conversation: fc.constantFrom(...CONVERSATIONS),
  failures: fc.array(fc.constantFrom('throws', 'rejects', 'hangs'), { maxLength: ATTEMPTS }),
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
  step: 'begin' | 'end' | 'fail' | 'crash'
}

export async function turn (times: number): Promise<void> {
  for (let i = 0; i < times; i++) await new Promise((resolve) => { setImmediate(resolve) })
}

/** What a test of one plan knows: what was posted and answered, and what listeners did. */
export class OrderModel {
  readonly steps: Step[] = []
  readonly events: readonly Planned[]
  readonly #bodies: object[]
  readonly #posted = new Map<number, number>()
  readonly #accepted = new Map<number, number>()

  constructor (events: readonly Planned[]) {
    this.events = events
    this.#bodies = events.map(({ conversation, invalid }, i) => bodyOf(conversation, i, invalid))
  }

  /** Has an app do what is planned. */
  listen ({ webhooks }: FastifyInstance, life: Life): void {
    const listener = (event: number, context: WebhookContext) => {
      const failure = this.events[event]?.failures[context.attempt - 1]
      if (life.crashed) return new Promise(() => {})
      this.steps.push({ life: life.number, event, attempt: context.attempt, step: 'begin' })
      if (failure !== 'throws') return this.#run(event, failure, life, context)
      this.steps.push({ life: life.number, event, attempt: context.attempt, step: 'fail' })
      throw new Error('planned')
    }
    webhooks.on('newMessage', ({ message }, context) => listener(Number(message.content), context))
    webhooks.on('invalid', (event, context) => listener(Number((event as NewMessage).message.content), context)) // but for one field it is
  }

  async #run (event: number, failure: string | undefined, life: Life, { attempt, signal }: WebhookContext): Promise<void> {
    const late = new Promise((resolve) => { signal.addEventListener('abort', resolve) })
    await (failure === 'hangs' ? late : Promise.race([turn(2), late]))
    if (life.crashed) await new Promise(() => {})
    const failed = failure !== undefined || signal.aborted // on a machine that is busy with other things, too
    this.steps.push({ life: life.number, event, attempt, step: failed ? 'fail' : 'end' })
    if (failed) throw new Error('planned') // one that still ran would not be called again
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

  /** One that was dead already is a new event if it comes again. */
  #isNew (event: number, before: readonly Step[]): boolean {
    return Number(this.#posted.get(event)) > 1 && isDead(before, event)
  }

  #problemsOf (conversation: string): string[] {
    const inOrder = this.events.flatMap((planned, event) => planned.conversation === conversation ? [event] : [])
    const ours = this.steps.filter((step, i) => step.event === undefined ||
      (this.events[step.event]?.conversation === conversation && !this.#isNew(step.event, this.steps.slice(0, i))))
    const lost = inOrder.filter((event) => !hasEnded(ours, event) && !isDead(ours, event)).map((event) => `${event} is lost`)
    return [...ours.flatMap((step, i) => problemsAt(step, ours.slice(0, i), inOrder)), ...lost]
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
const hasEnded = (steps: readonly Step[], event: number) => steps.some((step) => step.event === event && step.step === 'end')

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
