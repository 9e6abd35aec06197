import { ACTIONS, close } from './actions.ts'
import type { Action } from './actions.ts'
import { simulateTime } from './globals.ts'
import type { InboxKind } from './kind.ts'
import { Life } from './life.ts'
import type { Tape } from './tape.ts'
import { World } from './world.ts'

/** Steps at the end, in which all goes well, without any time passing: most schedules take fewer than a hundred. More go round in circles. */
const MOST_STEPS = 5_000
/** Virtual milliseconds at the end: an event is given up after a minute at most, and the clock may have been set back by some more. */
const LONGEST = 3_600_000
/** And once the app is told to close. */
const LONGEST_CLOSE = 60_000

let current: World | undefined

/** Prepares this thread for schedules of one kind. The returned function undoes it. */
export function install (kind: InboxKind): () => void {
  const time = simulateTime(() => {
    if (current === undefined) throw new Error('no schedule runs')
    return { clock: current.clock, random: () => Number(current?.random()) }
  })
  const more = kind.install?.()
  const onUncaught = (thrown: unknown) => { current?.violate('nothing-uncaught', String(thrown)) }
  process.on('uncaughtException', onUncaught) // also what a promise was rejected with
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0 // much of what goes wrong is meant to, and to find out where takes longer than all the rest of it
  return () => {
    Error.stackTraceLimit = stackTraceLimit
    process.removeListener('uncaughtException', onUncaught)
    more?.()
    time()
  }
}

/** Runs one schedule, and returns all that is known of it. `install` has to be called before. */
export async function runSchedule (kind: InboxKind, tape: Tape, options: { trace?: boolean } = {}): Promise<World> {
  const world = current = new World(kind, tape, options)
  try {
    await play(world)
  } finally {
    world.store.end?.()
  }
  return world
}

async function play (world: World): Promise<void> {
  const { tape } = world
  while (!tape.isOver && world.violations.length === 0) await step(world)
  world.store.heal()
  world.say(() => 'from here on, all goes well')
  await finish(world)
  if (world.violations.length === 0) judge(world)
  if (world.violations.length === 0) await closeAll(world)
}

/** One action, of those that are enabled. */
async function step (world: World): Promise<void> {
  const enabled = ACTIONS.filter((action) => action.isEnabled(world))
  const weightOf = (action: Action) => world.kind.weights?.[action.name] ?? action.weight
  let place = world.tape.choose(enabled.reduce((sum, action) => sum + weightOf(action), 0))
  const action = enabled.find((action) => (place -= weightOf(action)) < 0)
  if (action === undefined || world.tape.isOver) return
  world.count(`action: ${action.name}`)
  await action.run(world)
  judgeClosed(world)
}

/** Nothing is left to do: what has to end has done so. */
function isThrough (world: World): boolean {
  return world.asks.size === 0 && world.ledger.open().length === 0 && world.up.length > 0 && !world.store.rows().some(({ state }) => state === 'pending')
}

/** Lets everything run, each in its turn, until nothing is left to do. */
async function finish (world: World): Promise<void> {
  await settle(world, {
    longest: LONGEST,
    isOver: async () => {
      if (world.alive.length === 0) await world.run(undefined, () => { world.start() })
      if (world.collectors.length > 0) world.ledger.bursts.judgeWaiting(world.ledger.open())
      return isThrough(world)
    }
  })
  if (world.asks.size > 0 && world.violations.length === 0) world.violate([...world.asks].some(({ what }) => what === 'close') ? 'closing-ends' : 'claims-end', `never answered: ${Array.from(world.asks, ({ what }) => what).join(', ')}`)
}

async function settle (world: World, { longest, isOver }: { longest: number, isOver: () => boolean | Promise<boolean> }): Promise<void> {
  const { clock } = world
  const end = clock.now + longest
  let { now } = clock
  for (let steps = 0; steps < MOST_STEPS && now < end && world.violations.length === 0; steps++) {
    if (await isOver()) return
    const tasks = world.tasks()
    const task = tasks[steps % tasks.length]
    const next = clock.next()
    if (task !== undefined) {
      world.say(() => `run ${task.label}`)
      await world.run(task.owner, () => { task.run() })
      judgeClosed(world)
    } else if (next === undefined) return
    else clock.now = Math.max(clock.now, next)
    if (clock.now > now) [now, steps] = [clock.now, 0]
  }
}

function judge (world: World): void {
  const rows = world.store.rows()
  world.ledger.answers.judge(rows)
  world.ledger.order.judge(rows)
  world.store.app?.judge()
  for (const lane of world.ledger.open()) world.violate('claims-end', `lane ${lane} was claimed, and is never given back`)
}

async function closeAll (world: World): Promise<void> {
  for (const life of world.alive.filter(({ state }) => state !== 'closing')) await world.run(life, () => { close(world, life) })
  await settle(world, { longest: LONGEST_CLOSE, isOver: () => world.alive.length === 0 })
  for (const life of world.alive) world.violate('closing-ends', `process ${life.number} is told to close, and does not`)
}

/** Of a process that has just closed, nothing may be left that keeps it from ending. */
function judgeClosed (world: World): void {
  const life = world.clock.owner
  if (!(life instanceof Life) || life.state !== 'closed') return
  const left = world.clock.left(life).filter(({ label }) => label !== 'listener')
  if (left.length > 0) world.violate('closing-ends', `the app was closed, and ${left.map(({ label, delay }) => `${label} of ${delay} ms`).join(', ')} is left`)
}
