import type { CollectContext } from '../../../lib/webhooks/collectors.ts'
import type { CollectListener } from '../../../lib/webhooks/webhooks.ts'
import { behave, never } from '../listener-call.ts'
import { BEHAVIOURS } from '../listeners.ts'
import type { Life } from '../life.ts'
import type { CollectorSettings } from '../settings.ts'
import type { World } from '../world.ts'

/** What the inbox remembers a collector by. */
export function keyOf ({ name }: CollectorSettings): string {
  return `collect:${name}`
}

/** The collectors of a process. What they do is for the schedule to say. */
export class LifeCollectors {
  readonly #life: Life
  readonly #world: World
  /** Those that are there, with what removes them. */
  readonly #added = new Map<CollectorSettings, () => void>()
  /** Each has a name of its own, by which it is known on a retry. It stays the same function if it is added again. */
  readonly #answer: CollectListener<'newMessage'>
  readonly #sum: CollectListener<'event'>

  constructor (life: Life, world: World) {
    this.#life = life
    this.#world = world
    const call = (name: string, context: CollectContext) => this.#call(name, context)
    this.#answer = function answer (_events, context) { return call('answer', context) }
    this.#sum = function sum (_events, context) { return call('sum', context) }
    for (const collector of world.collectors) this.#add(collector)
  }

  has (collector: CollectorSettings): boolean {
    return this.#added.has(collector)
  }

  /** Removes a collector, or adds one that was removed. */
  toggle (collector: CollectorSettings): void {
    const remove = this.#added.get(collector)
    this.#world.count(remove === undefined ? 'collector: is added again' : 'collector: is removed')
    this.#world.say(() => `process ${this.#life.number} ${remove === undefined ? 'adds' : 'removes'} ${keyOf(collector)}`)
    if (remove === undefined) {
      this.#add(collector)
      return
    }
    remove()
    this.#added.delete(collector)
    this.#world.ledger.collectorRemoved(this.#life, collector)
  }

  #add (collector: CollectorSettings): void {
    const { quiet, within, most } = collector
    const { webhooks } = this.#life
    const options = { quiet, within, most }
    this.#added.set(collector, collector.of === 'newMessage' ? webhooks.collect('newMessage', options, this.#answer) : webhooks.collect('event', options, this.#sum))
  }

  #call (name: string, context: CollectContext): unknown {
    const [world, life] = [this.#world, this.#life]
    const collector = world.collectors.find((collector) => collector.name === name)
    if (life.isOver || collector === undefined) return never()
    const runs = world.ledger.beganBurst(life, collector, context)
    const given = context.ids.map((id) => world.nameOf(id)).join(', ')
    world.count(`collector: gets ${context.ids.length > 1 ? 'several events' : 'one event'}`)
    const end = (succeeded: boolean) => { for (const run of runs) world.ledger.ended(run, succeeded) }
    return behave(BEHAVIOURS, { world, life, run: runs[0], context, as: 'collector', given, end })
  }
}
