import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import type { SqliteInboxOptions } from '../../lib/inbox/sqlite/inbox.ts'
import { requestChange } from '../../lib/inbox/sqlite/request-change.ts'
import type { Patch } from './patches.ts'
import { shortLog } from './patches.ts'
import type { User } from './recorder/user.ts'

/** What one process does. */
export interface Part {
  /** Without it, the process is another one beside the inbox, or after it: it does not open it. */
  readonly inbox?: Partial<SqliteInboxOptions>
  /** Whether it is killed at the end. Otherwise it closes the inbox. */
  readonly killed?: boolean
  readonly run: (user: User, path: string) => Promise<unknown>
}

export interface Scenario {
  readonly about: string
  readonly patches?: readonly Patch[]
  /** One process after the other, all with the same folder. */
  readonly parts: readonly Part[]
}

const LANES = ['a', 'b', 'c'] as const

/** So many rounds: events come in, some are delivered, and some fail. */
async function rounds (user: User, count: number, size = 200): Promise<void> {
  for (let round = 0; round < count; round++) {
    await user.post(LANES, size)
    await user.deliver(round % 3 === 1 ? 'dead' : 'done')
  }
}

/** Until events are gone that become old at once. */
async function untilGone (user: User, ids: readonly string[]): Promise<void> {
  for (const id of ids) while (await user.stateOf(id) !== undefined) await wait(20)
  user.note({ what: 'removed', ids })
}

async function forgetBeside (user: User, path: string): Promise<void> {
  user.note({ what: 'forget', lane: 'a' })
  await requestChange(path, { action: 'forget', lane: 'a' }, new AbortController().signal)
  user.note({ what: 'forgotten', lane: 'a' })
}

/** By their names. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  creation: {
    about: 'an inbox is created and closed; it is opened again, an event comes in, and the process is killed',
    parts: [{ inbox: {}, run: async () => {} }, { inbox: {}, killed: true, run: async (user) => { await user.post(['a']) } }]
  },
  commits: {
    about: 'events come in alone and together, are delivered, fail, are dead; the process is killed, and the next one goes on',
    parts: [{
      inbox: {},
      killed: true,
      async run (user) {
        await user.post(['a'])
        await user.post(['a', 'b', 'a', 'c'], 2_000)
        await user.deliver()
        await user.post(['a', 'b'])
        await user.deliver('pending', 1)
        await user.deliver('dead', 1)
        await user.post(['d'], 20_000)
        await user.post(['a'])
      }
    }, { inbox: {}, run: async (user) => { await rounds(user, 2) } }]
  },
  checkpoint: {
    about: 'the write-ahead log is written to the file and begins anew, also while somebody reads',
    patches: shortLog,
    parts: [{
      inbox: {},
      killed: true,
      async run (user, path) {
        await rounds(user, 4)
        const reader = new DatabaseSync(path, { readOnly: true })
        reader.exec('BEGIN; SELECT count(*) FROM events')
        await rounds(user, 3)
        reader.exec('COMMIT')
        await rounds(user, 3)
        reader.close()
      }
    }, { inbox: {}, run: async (user) => { await rounds(user, 3) } }]
  },
  purge: {
    about: 'old events are removed',
    patches: shortLog,
    parts: [{
      inbox: { keep: 0, keepFailed: 0 },
      async run (user) {
        let waiting: string[] = []
        for (const state of ['done', 'dead'] as const) {
          const ids = [...waiting, ...await user.post(LANES, 1_500)]
          user.note({ what: 'remove', ids }) // from when they are settled on
          await user.deliver(state)
          await untilGone(user, ids)
          waiting = await user.post(LANES)
        }
      }
    }]
  },
  forget: {
    about: 'conversations are forgotten: by the app, by another process beside it, and by one that has the file for itself',
    parts: [{
      inbox: {},
      killed: true,
      async run (user, path) {
        await rounds(user, 2)
        await user.forget('b')
        await user.post(LANES)
        await forgetBeside(user, path)
        await user.post(LANES)
      }
    }, { run: forgetBeside }, { inbox: {}, run: async (user) => { await user.post(LANES) } }]
  },
  changes: {
    about: 'events are replayed and discarded',
    patches: shortLog,
    parts: [{
      inbox: {},
      async run (user) {
        await user.post(LANES)
        const dead = await user.deliver('dead')
        await user.replay(dead.slice(0, 2))
        await user.discard(dead.slice(2))
        const done = await user.deliver()
        await user.discard(await user.post(LANES))
        await user.replay(done)
        await user.post(LANES)
      }
    }]
  }
}

/** What comes after a power loss, and can be interrupted by another one. */
export const restart: Scenario = {
  about: 'an inbox starts with what the disk has',
  patches: shortLog,
  parts: [{
    inbox: {},
    killed: true,
    async run (user) {
      await user.post(['a'])
      await user.deliver()
    }
  }, { inbox: {}, run: async (user) => { await user.post(LANES) } }]
}
