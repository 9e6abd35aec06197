import { eventOf, idsOfLane, laneNameOf, MOST_OF_A_LANE } from './events.ts'
import type { Planned } from './events.ts'
import type { Life } from './life.ts'
import type { World } from './world.ts'

/** What a schedule may do next. */
export interface Action {
  readonly name: string
  /** How often it is chosen, compared with others. */
  readonly weight: number
  isEnabled (world: World): boolean
  run (world: World): Promise<void>
}

const isUp = ({ up }: World) => up.length > 0
const anyOf = <T>(world: World, items: readonly T[]): T => items[world.tape.choose(items.length)] as T // there is one, or it would not be enabled

/** Has one of the processes that are up do something. */
function byLife (name: string, weight: number, work: (world: World, life: Life) => void, isEnabled = isUp): Action {
  return {
    name,
    weight,
    isEnabled,
    run: async (world) => {
      const life = anyOf(world, world.up)
      await world.run(life, () => { work(world, life) })
    }
  }
}

function byWorld (name: string, weight: number, work: (world: World) => void, isEnabled: Action['isEnabled'] = () => true): Action {
  return { name, weight, isEnabled, run: async (world) => { await world.run(undefined, () => { work(world) }) } }
}

export function post (world: World, life: Life, event: Planned): void {
  const { posted, ledger } = world
  posted.set(event.id, event)
  world.say(() => `post ${event.name} to process ${life.number}`)
  const answered = ledger.answers.posting(event)
  world.ask(life, `post ${event.name}`, life.post(event.body), {
    done: (status) => {
      world.count(`answer: ${status}`)
      answered(status)
    },
    failed: (error) => {
      world.count(`answer: ${error instanceof Error && 'code' in error ? String(error.code) : String(error)}`)
    }
  })
}

function plannedBy (world: World, isInvalid: boolean): Planned {
  return eventOf(world.tape.choose(world.settings.lanes), world.tape.choose(MOST_OF_A_LANE), isInvalid)
}

const idsOf = (world: World): string[] => {
  const ids = [...world.posted.keys()]
  const from = world.tape.choose(ids.length)
  return ids.slice(from, from + 1 + world.tape.choose(3))
}
const hasPosted = (world: World) => isUp(world) && world.posted.size > 0

/** The first is what happens if all goes well. */
export const ACTIONS: readonly Action[] = [
  {
    name: 'run what is due',
    weight: 40,
    isEnabled: (world) => world.tasks().length > 0,
    run: async (world) => {
      const task = anyOf(world, world.tasks())
      world.count(`run: ${task.label}`)
      world.say(() => `run ${task.label}`)
      await world.run(task.owner, () => { task.run() })
    }
  },
  byWorld('wait for the next timer', 6, (world) => {
    world.clock.now = Math.max(world.clock.now, world.clock.next() ?? 0)
  }, (world) => world.clock.next() !== undefined),
  byWorld('wait', 1, (world) => { world.clock.now += world.tape.pick([1, 7, 60, 700]) }),
  byWorld('start a process', 30, (world) => { world.start() }, (world) => world.alive.length === 0),
  byWorld('start a process beside another', 1, (world) => { world.start() }, ({ alive, kind }) => alive.length > 0 && alive.length < kind.processes),
  byLife('post', 8, (world, life) => { post(world, life, plannedBy(world, false)) }),
  byLife('post one that is invalid', 1, (world, life) => { post(world, life, plannedBy(world, true)) }),
  byLife('post one again', 2, (world, life) => { post(world, life, anyOf(world, [...world.posted.values()])) }, hasPosted),
  byLife('replay', 2, (world, life) => {
    const ids = idsOf(world)
    const all = world.tape.choose(2) === 1
    world.say(() => `replay ${ids.map((id) => world.nameOf(id)).join(', ')}${all ? ' for all listeners' : ''}`)
    for (const id of ids) world.ledger.order.move(id)
    world.ask(life, 'replay', life.webhooks.inbox.replay(ids, { all }), { done: (count) => { if (count > 0) world.count('replayed') } })
  }, hasPosted),
  byLife('discard', 1, (world, life) => {
    const ids = idsOf(world)
    world.say(() => `discard ${ids.map((id) => world.nameOf(id)).join(', ')}`)
    remove(world, life, 'discard', ids, async () => await life.webhooks.inbox.discard(ids))
  }, hasPosted),
  byLife('forget', 1, (world, life) => {
    const lane = world.tape.choose(world.settings.lanes)
    world.say(() => `forget ${laneNameOf(lane)}`)
    remove(world, life, 'forget', idsOfLane(lane), async () => await life.webhooks.inbox.forget(laneNameOf(lane)))
  }, hasPosted),
  byLife('remove a collector, or add it again', 2, (world, life) => {
    const collector = anyOf(world, world.collectors)
    life.collectors.toggle(collector)
  }, (world) => isUp(world) && world.collectors.length > 0),
  byLife('close', 1, (world, life) => { close(world, life) }),
  byWorld('end a process', 1, (world) => { world.crash(anyOf(world, world.alive)) }, (world) => world.alive.length > 0),
  byWorld('a fault', 2, (world) => {
    const fault = anyOf(world, world.store.faults())
    world.count(`fault: ${fault.name}`)
    world.say(() => `fault: ${fault.name}`)
    world.wasFaulty = true
    fault.begin()
  }, (world) => world.store.faults().length > 0),
  byWorld('the clock is set', 1, (world) => {
    const jump = world.tape.pick([1, -1, 1_000, -1_000, 60_000, -60_000])
    world.say(() => `the clock is set by ${jump} ms`)
    world.clock.offset += jump
    world.wasClockSet = true
    world.setBack += Math.max(0, -jump)
  })
]

const REMOVED = { discard: 'discarded', forget: 'forgotten' }

function remove (world: World, life: Life, what: keyof typeof REMOVED, ids: readonly string[], ask: () => Promise<number>): void {
  const done = world.ledger.answers.removing(ids)
  world.ask(life, what, ask(), {
    done: (count) => {
      done()
      if (count > 0) world.count(REMOVED[what])
    }
  })
}

export function close (world: World, life: Life): void {
  world.say(() => `close process ${life.number}`)
  world.ask(life, 'close', life.close(), { done: () => { world.ledger.closed(life) } })
}
