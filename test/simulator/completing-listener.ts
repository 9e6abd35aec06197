import { NonRetriableError } from '../../lib/errors/errors.ts'
import { later, never } from './listener-call.ts'
import type { Behaviours, Call } from './listener-call.ts'
import { BEGIN, COMMIT, INSERT, ROLLBACK } from './postgres/app-session.ts'

/** Happens between two steps of a transaction. */
type Event = (call: Call) => unknown

/** Where it may happen: before each of the four statements, and after the last. */
const PLACES = 5

/** What a listener may do that does its work in a transaction. */
export const COMPLETING: Behaviours = {
  completes: { weight: 5, act: async (call) => { await complete(call) } },
  // The longest is longer than a lease.
  'completes, and takes its time': { weight: 8, act: async (call) => { await complete(call, () => later(call, call.world.tape.pick([1, 4, 1_200, 40_000]))) } },
  'throws in its transaction': { weight: 3, act: async (call) => { await complete(call, () => { throw new Error('planned') }) } },
  'fails for good in its transaction': { weight: 1, act: async (call) => { await complete(call, () => { throw new NonRetriableError('planned') }) } },
  'ends the process in its transaction': {
    weight: 1,
    act: async (call) => {
      await complete(call, () => {
        call.world.crash(call.life)
        return never()
      })
    }
  }
}

/** As docs/delivery.md shows it. */
async function complete (call: Call, happens?: Event): Promise<void> {
  const { world: { tape, store: { app } }, life, run, context, end } = call
  if (app === undefined) return
  const place = happens === undefined ? undefined : tape.choose(PLACES)
  const at = async (here: number) => { if (here === place) await happens?.(call) }
  const row = app.began(run)
  try {
    const client = await app.connect(life)
    client.on('error', ignore) // who waits for it learns of it
    try {
      await at(0)
      await client.query({ text: BEGIN })
      await at(1)
      await client.query({ text: INSERT, values: [row] })
      await at(2)
      await context.completeIn((text, values) => client.query({ text, values }))
      await at(3)
      await client.query({ text: COMMIT })
      await at(4)
    } catch (error) {
      await client.query({ text: ROLLBACK })
      throw error
    } finally {
      client.removeListener('error', ignore)
      client.release()
    }
  } catch (error) {
    end(false)
    throw error
  }
  end(true)
}

function ignore (): void {}
