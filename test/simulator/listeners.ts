import { NonRetriableError, RetryAfterError } from '../../lib/errors/errors.ts'
import type { WebhookContext } from '../../lib/webhooks/context.ts'
import { COMPLETING } from './completing-listener.ts'
import { behave, later, never } from './listener-call.ts'
import type { Behaviours, Call } from './listener-call.ts'
import type { Life } from './life.ts'
import type { World } from './world.ts'

function fail ({ end }: Call, error = new Error('planned')): never {
  end(false)
  throw error
}

export const BEHAVIOURS: Behaviours = {
  returns: { weight: 8, act: ({ end }) => { end(true) } },
  'succeeds later': {
    weight: 4,
    act: async (call) => {
      await later(call, call.world.tape.pick([1, 4, 1_200]))
      call.end(true)
    }
  },
  throws: { weight: 4, act: (call) => fail(call) },
  'rejects later': {
    weight: 3,
    act: async (call) => {
      await later(call, call.world.tape.pick([1, 4, 1_200]))
      fail(call)
    }
  },
  'asks for a retry later': { weight: 2, act: (call) => fail(call, new RetryAfterError(call.world.tape.pick([20, 300, 3_000, 100_000]))) },
  'fails for good': { weight: 2, act: (call) => fail(call, new NonRetriableError('planned')) },
  'never ends': { weight: 1, act: never },
  'succeeds after its time': {
    weight: 2,
    act: async (call) => {
      await later(call, call.world.settings.timeout + call.world.tape.pick([1, 10, 60]))
      call.end(true)
    }
  },
  'fails after its time': {
    weight: 1,
    act: async (call) => {
      await later(call, call.world.settings.timeout + call.world.tape.pick([1, 10, 60]))
      fail(call)
    }
  },
  'blocks the event loop': {
    weight: 2,
    act: ({ world, end }) => {
      world.clock.now += 15
      end(true)
    }
  },
  'ends the process': {
    weight: 1,
    act: ({ life, world }) => {
      world.crash(life)
      return never()
    }
  }
}

/** What they do where collectors are to have most of the events. */
const CALM: Behaviours = Object.fromEntries(Object.entries({ returns: 12, 'succeeds later': 2, throws: 2, 'fails for good': 1 }).map(([name, weight]) => [name, { act: () => undefined, ...BEHAVIOURS[name], weight }]))

/** Has a process listen. What its listeners do is for the schedule to say. */
export function listen (life: Life, world: World): void {
  const { settings: { listeners, hearsInvalid }, store: { app }, ledger } = world
  const call = (name: string, context: WebhookContext): unknown => {
    if (life.isOver) return never()
    const run = ledger.began(life, name, context)
    const behaviours = app?.completing.includes(name) === true ? COMPLETING : world.isCalm ? CALM : BEHAVIOURS
    return behave(behaviours, { world, life, run, context, as: 'listener', given: world.nameOf(context.id), end: (succeeded) => { ledger.ended(run, succeeded) } })
  }
  // Each has a name of its own, by which it is known on a retry.
  if (listeners > 0) life.webhooks.on('newMessage', function first (_event, context) { return call('first', context) })
  else life.webhooks.on('unknown', () => {}) // which never comes: an app without any listener and collector delivers nothing
  if (listeners > 1) life.webhooks.on('event', function second (_event, context) { return call('second', context) })
  if (hearsInvalid) life.webhooks.on('invalid', function onInvalid (_event, context) { return call('onInvalid', context) })
}

/** The listeners of an event. */
export function listenersOf ({ listeners }: World['settings'], isInvalid: boolean): readonly string[] {
  if (isInvalid) return ['onInvalid']
  return ['first', 'second'].slice(0, listeners)
}
