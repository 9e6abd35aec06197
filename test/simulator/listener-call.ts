import type { CollectContext } from '../../lib/webhooks/collectors.ts'
import type { WebhookContext } from '../../lib/webhooks/context.ts'
import type { Run } from './ledger-entries.ts'
import type { Life } from './life.ts'
import type { World } from './world.ts'

/** A listener at work, or a collector. */
export interface Call {
  readonly world: World
  readonly life: Life
  readonly run: Run
  readonly context: WebhookContext | CollectContext
  /** What a report calls its kind. */
  readonly as: 'listener' | 'collector'
  /** And what it was given. */
  readonly given: string
  /** Tells how it has ended, as the listener's last words. */
  readonly end: (succeeded: boolean) => void
}

/** What a listener may do, by what a report calls it. The first is what it does if all goes well. */
export type Behaviours = Readonly<Record<string, { readonly weight: number, readonly act: (call: Call) => unknown }>>

export const later = async ({ world }: Call, delay: number) => await new Promise((resolve) => { world.clock.setTimeout(resolve, delay, [], 'listener') })
export const never = () => new Promise(() => {})

/** The names of what a listener may do, each as often as it weighs. */
const wheels = new Map<Behaviours, readonly string[]>()

function wheelOf (behaviours: Behaviours): readonly string[] {
  const wheel = wheels.get(behaviours) ?? Object.entries(behaviours).flatMap(([name, { weight }]) => Array<string>(weight).fill(name))
  wheels.set(behaviours, wheel)
  return wheel
}

/** Has the schedule choose one. */
export function behave (behaviours: Behaviours, call: Call): unknown {
  const { world, life, run: { listener }, context: { attempt }, as, given } = call
  const wheel = wheelOf(behaviours)
  const behaviour = String(wheel[world.tape.choose(wheel.length)])
  world.count(`${as}: ${behaviour}`)
  world.say(() => `    [${life.number}] ${listener}(${given}, attempt ${attempt}) ${behaviour}`)
  return behaviours[behaviour]?.act(call)
}
