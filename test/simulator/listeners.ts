import { NonRetriableError, RetryAfterError } from '../../lib/errors/errors.ts'
import type { WebhookContext } from '../../lib/webhooks/context.ts'
import type { Life } from './life.ts'
import type { World } from './world.ts'

interface Call {
  readonly world: World
  readonly life: Life
  /** To be called just before the listener returns or throws. */
  readonly end: (succeeded: boolean) => void
}

const later = async ({ world }: Call, delay: number) => await new Promise((resolve) => { world.clock.setTimeout(resolve, delay, [], 'listener') })
const never = () => new Promise(() => {})

function fail ({ end }: Call, error = new Error('planned')): never {
  end(false)
  throw error
}

/** What a listener may do. The first is what it does if all goes well. */
const BEHAVIOURS: Record<string, (call: Call) => unknown> = {
  returns: ({ end }) => { end(true) },
  'succeeds later': async (call) => {
    await later(call, call.world.tape.pick([1, 4, 1_200]))
    call.end(true)
  },
  throws: (call) => fail(call),
  'rejects later': async (call) => {
    await later(call, call.world.tape.pick([1, 4, 1_200]))
    fail(call)
  },
  'asks for a retry later': (call) => fail(call, new RetryAfterError(call.world.tape.pick([20, 300, 3_000, 100_000]))),
  'fails for good': (call) => fail(call, new NonRetriableError('planned')),
  'never ends': never,
  'succeeds after its time': async (call) => {
    await later(call, call.world.settings.timeout + call.world.tape.pick([1, 10, 60]))
    call.end(true)
  },
  'fails after its time': async (call) => {
    await later(call, call.world.settings.timeout + call.world.tape.pick([1, 10, 60]))
    fail(call)
  },
  'blocks the event loop': ({ world, end }) => {
    world.clock.now += 15
    end(true)
  },
  'ends the process': ({ life, world }) => {
    world.crash(life)
    return never()
  }
}

const NAMES = Object.keys(BEHAVIOURS)
/** How often each is chosen, compared with the others. */
const WEIGHTS = [8, 4, 4, 3, 2, 2, 1, 2, 1, 2, 1]
const WHEEL = NAMES.flatMap((name, i) => Array<string>(Number(WEIGHTS[i])).fill(name))

/** Adds listeners to a process. The schedule decides what each call does. */
export function listen (life: Life, world: World): void {
  const { listeners, hearsInvalid } = world.settings
  const call = (name: string, { id, attempt }: WebhookContext): unknown => {
    if (life.isOver) return never()
    const run = world.ledger.began(life, name, { id, attempt })
    const behaviour = String(WHEEL[world.tape.choose(WHEEL.length)])
    world.count(`listener: ${behaviour}`)
    world.say(() => `    [${life.number}] ${name}(${world.nameOf(id)}, attempt ${attempt}) ${behaviour}`)
    return BEHAVIOURS[behaviour]?.({ world, life, end: (succeeded) => { world.ledger.ended(run, succeeded) } })
  }
  // Each has a name of its own, by which it is known on a retry.
  life.webhooks.on('newMessage', function first (_event, context) { return call('first', context) })
  if (listeners > 1) life.webhooks.on('event', function second (_event, context) { return call('second', context) })
  if (hearsInvalid) life.webhooks.on('invalid', function onInvalid (_event, context) { return call('onInvalid', context) })
}

/** The listeners of an event. */
export function listenersOf ({ listeners }: World['settings'], isInvalid: boolean): readonly string[] {
  if (isInvalid) return ['onInvalid']
  return listeners > 1 ? ['first', 'second'] : ['first']
}
