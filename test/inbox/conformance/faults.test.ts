import { test } from 'tap'
import type { Claim, FindOptions, Found, Inbox, InboxHost, PageOptions, NewEvent, Outcome, ReplayOptions, StoredEvent } from '../../../index.ts'
import { ClosingError, memoryInbox } from '../../../index.ts'
import { conformance } from '../../../lib/inbox/conformance/conformance.ts'
import type { ConformanceOptions } from '../../../lib/inbox/conformance/conformance.ts'
import { turns } from '../../helpers/app.ts'
import { ModelInbox, modelInboxes } from '../../helpers/model-inbox.ts'

class LosesOrder extends ModelInbox {
  override async claim (lanes: number): Promise<Claim[]> {
    return (await super.claim(lanes)).map((claim) => ({ ...claim, events: claim.events.toReversed() }))
  }
}

class ForgetsDuplicates extends ModelInbox {
  override async add (event: NewEvent): Promise<'accepted' | 'duplicate'> {
    this.discard([event.id])
    return await super.add(event)
  }
}

class HoldsLanes extends ModelInbox {
  override async settle ({ events }: Claim, outcomes: readonly Outcome[]): Promise<void> {
    await super.settle({ lane: 'another', events }, outcomes)
  }
}

class SharesLanes extends ModelInbox {
  override async claim (lanes: number): Promise<Claim[]> {
    const claims = await super.claim(lanes)
    for (const claim of claims) await super.settle(claim, [])
    return claims
  }
}

class ReplaysAsAsked extends ModelInbox {
  override replay (ids: readonly string[], options?: ReplayOptions): number {
    return ids.map((id) => super.replay([id], options)).reduce((a, b) => a + b, 0)
  }
}

class TakesAll extends ModelInbox {
  override async open (host: InboxHost): Promise<void> {
    await super.open({ ...host, maxBacklog: Infinity })
  }
}

class NeverAside extends ModelInbox {
  override async settle (claim: Claim, outcomes: readonly Outcome[]): Promise<void> {
    await super.settle(claim, outcomes.map((outcome) => ({ ...outcome, aside: false })))
  }
}

class RunsAllAgain extends ModelInbox {
  override async settle (claim: Claim, outcomes: readonly Outcome[]): Promise<void> {
    await super.settle(claim, outcomes.map((outcome) => ({ ...outcome, completed: [], refused: undefined })))
  }
}

class NeverWakes extends ModelInbox {
  override async open (host: InboxHost): Promise<void> {
    await super.open({ ...host, wake: () => {} })
  }
}

class ForgetsWhatIsPending extends ModelInbox {
  override forget (lane: string): number {
    return this.discard(this.list({ state: 'pending' }).filter((event) => event.lane === lane).map(({ id }) => id))
  }
}

class TakesAfterClosing extends ModelInbox {
  override async add (event: NewEvent): Promise<'accepted' | 'duplicate'> {
    return await super.add(event).catch((error: unknown) => {
      if (error instanceof ClosingError) return 'accepted'
      throw error
    })
  }
}

class BreaksWhenClosed extends ModelInbox {
  #isClosed = false
  override list (options?: PageOptions): StoredEvent[] {
    if (this.#isClosed) throw new Error('no such table')
    return super.list(options)
  }

  override close () {
    this.#isClosed = true
    return super.close()
  }
}

/** It calls `wake` for what comes in, and not for what is due again. */
class ForgetsRetries extends ModelInbox {
  override async settle (claim: Claim, outcomes: readonly Outcome[]): Promise<void> {
    await super.settle(claim, outcomes.map((outcome) => ({ ...outcome, dueAt: outcome.dueAt === null ? null : outcome.dueAt + 3_600_000 })))
  }
}

class NeverCloses extends ModelInbox {
  override close () {
    void super.close()
    return new Promise<never>(() => {})
  }
}

class SettlesNothing extends ModelInbox {
  override async settle (claim: Claim): Promise<void> {
    await super.settle(claim, [])
  }
}

/** It goes on behind the page, and not behind the last event that it has shown of it. */
class SkipsWhatFits extends ModelInbox {
  override async find (options: FindOptions): Promise<Found> {
    const all = await super.find({ ...options, limit: 1_000 })
    const { limit = 100 } = options
    return { ...all, events: all.events.slice(0, limit), ids: all.ids.slice(0, limit) }
  }
}

class NeverFindsTheEnd extends ModelInbox {
  override async find ({ before = 1_000_000 }: FindOptions): Promise<Found> {
    return { events: [], ids: [], scanned: 0, before: before - 1 }
  }
}

class KnowsOneCase extends ModelInbox {
  override async find ({ text, ...options }: FindOptions): Promise<Found> {
    const { events, ...found } = await super.find({ ...options, idsOnly: false })
    const fitting = events.filter((event) => text === undefined || JSON.stringify(event).includes(text))
    return { ...found, events: options.idsOnly === true ? [] : fitting, ids: fitting.map(({ id }) => id) }
  }
}

const faults: Array<{ fault: string, promise: string, create: (store: string) => Inbox, options?: ConformanceOptions }> = [
  { fault: 'loses the order of a lane', promise: 'a lane is claimed by one at a time, in the order of its events', create: modelInboxes(() => new LosesOrder()) },
  { fault: 'forgets what it has handled', promise: 'a repeat of a done event is a duplicate, and a repeat of one under way waits for it', create: modelInboxes(() => new ForgetsDuplicates()) },
  { fault: 'loses all when it is closed', promise: 'what waits is there after a restart, in its order, and what was handled is a duplicate', create: () => new ModelInbox() },
  { fault: 'does not free a lane that is settled', promise: 'a claim that is settled with nothing is given back as it was', create: modelInboxes(() => new HoldsLanes()) },
  { fault: 'gives a lane to several', promise: 'a lane is claimed by one at a time, in the order of its events', create: modelInboxes(() => new SharesLanes()) },
  { fault: 'replays in the order of the ids', promise: 'replayed events keep the order of their lanes, whatever the order of their ids, and however many they are', create: modelInboxes(() => new ReplaysAsAsked()) },
  { fault: 'ignores maxBacklog', promise: 'more pending events than maxBacklog are refused', create: modelInboxes(() => new TakesAll()) },
  { fault: 'keeps every event in its lane', promise: 'what is behind an event that leaves its lane goes on in order, and the event does not go on before it is due', create: modelInboxes(() => new NeverAside()) },
  { fault: 'forgets who has completed an event', promise: 'an event that is to be tried again holds its lane until then, and remembers who has completed it', create: modelInboxes(() => new RunsAllAgain()) },
  { fault: 'never calls wake()', promise: 'a lane is claimed by one at a time, in the order of its events', create: modelInboxes(() => new NeverWakes()) },
  { fault: 'forgets only what is pending', promise: 'a lane is forgotten with all of its events, and no other', create: modelInboxes(() => new ForgetsWhatIsPending()) },
  { fault: 'takes events after it was closed', promise: 'nothing is added after it was closed, and it can be closed once more', create: modelInboxes(() => new TakesAfterClosing()) },
  { fault: 'breaks when it is closed', promise: 'what is asked around the time when it is closed is answered, or refused for that', create: modelInboxes(() => new BreaksWhenClosed()) },
  { fault: 'skips some of what is found', promise: 'a search goes on where it was, each event is found once, and what comes in meanwhile disturbs nothing', create: modelInboxes(() => new SkipsWhatFits()) },
  { fault: 'always has more to look at', promise: 'events are found by name, conversation, time and id, newest first, and by several of them at once', create: modelInboxes(() => new NeverFindsTheEnd()) },
  { fault: 'knows capitals from small letters', promise: 'a text is found in any text or number of an event, in capitals or not, however its JSON is written', create: modelInboxes(() => new KnowsOneCase()) },
  { fault: 'has the same events claimed for ever', promise: 'many events that come at once are delivered in the order of their lanes, each once', create: modelInboxes(() => new SettlesNothing()) },
  { fault: 'loses what was accepted when its process is killed', promise: 'what was accepted is there after the process was killed, and what was not settled is claimed again', create: modelInboxes(), options: { kill: (store) => `${store}_lost` } },
  { fault: 'does not notice what ends the process', promise: 'an event during which the process was killed while it was alone is interrupted, and dead if that is its last attempt', create: modelInboxes(), options: { kill: (store) => store } },
  { fault: 'says to be shared, and is not', promise: 'of several inboxes on one store, one has a lane at a time, and what one has accepted is a duplicate for the others', create: () => new ModelInbox(), options: { shared: true } }
]

for (const { fault, promise, create, options } of faults) {
  test(`a driver that ${fault} is found out`, async (t) => {
    const found = conformance(create, options).find(({ name }) => name === promise)
    await t.rejects(async () => { await found?.run() }, { code: 'ERR_ASSERTION' })
  })
}

test('a driver that does not end is found out, by a case that ends', async (t) => {
  const [first] = conformance(modelInboxes(() => new NeverCloses()), { timeout: 50 })
  await t.rejects(async () => { await first?.run() }, { message: 'It takes longer than 50 ms' })
})

test('a driver that never has a retry due is found out, by a case that ends', async (t) => {
  const found = conformance(modelInboxes(() => new ForgetsRetries()), { timeout: 200 }).find(({ name }) => name.startsWith('an event that is to be tried again holds its lane'))
  await t.rejects(async () => { await found?.run() }, { message: 'It takes longer than 200 ms' })
  await turns() // until it no longer waits
})

test('what goes wrong first is said, also if the inbox cannot be closed either', async (t) => {
  class Unusable extends NeverCloses {
    override async open (): Promise<void> { throw new Error('it has no store') }
  }
  const [first] = conformance(() => new Unusable(), { timeout: 50 })
  await t.rejects(async () => { await first?.run() }, { message: 'it has no store' })
})

test('what an inbox says of itself has to be true', async (t) => {
  const [notDurable] = conformance(() => memoryInbox({ history: 10 }))
  await t.rejects(async () => { await notDurable?.run() }, { code: 'ERR_ASSERTION' })
  const [durable] = conformance(() => new ModelInbox(), { durable: false })
  await t.rejects(async () => { await durable?.run() }, { code: 'ERR_ASSERTION' })
})

test('a driver may log as it does in an app', async (t) => {
  const open = async ({ log }: InboxHost) => {
    log.child({ inbox: 'mine' }).info('open')
    log.warn('something is slow')
  }
  class Talkative extends ModelInbox {
    override async open (host: InboxHost): Promise<void> {
      await open(host)
      await super.open(host)
    }
  }
  const [first] = conformance(() => new Talkative())
  await t.resolves(async () => { await first?.run() })
})

test('each promise has a name of its own, and the options say which there are', async (t) => {
  const names = (options?: ConformanceOptions) => conformance(() => new ModelInbox(), options).map(({ name }) => name)
  const [some, durable, all] = [names({ durable: false }), names(), names({ kill: (store) => store, shared: true })]
  t.equal(new Set(all).size, all.length)
  t.ok(some.length < durable.length && durable.length < all.length)
  t.same(some.filter((name) => !durable.includes(name)), ['an event is answered when it is done, and refused and forgotten when it is dead'])
  t.same(durable.filter((name) => !all.includes(name)), [])
  t.same(names({ durable: false, kill: (store) => store, shared: true }), some)
})

test('options that are none are refused', async (t) => {
  t.throws(() => conformance(() => new ModelInbox(), { durabel: true } as ConformanceOptions), { code: 'FST_ONEROUTE_INVALID_OPTION', message: /they are durable, shared, collects, kill, timeout$/ })
  t.throws(() => conformance(() => new ModelInbox(), { timeout: 0 }), { code: 'FST_ONEROUTE_INVALID_OPTION' })
})
