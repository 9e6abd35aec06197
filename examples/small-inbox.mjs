// small-inbox.mjs
import { BacklogFullError, ClosingError, InvalidEventError, NotDeliveredError } from 'fastify-oneroute-webhooks'

/**
 * An inbox that is not durable: an array. `add` settles when the event's listeners have finished.
 * @returns {import('fastify-oneroute-webhooks').Inbox}
 */
export function smallInbox ({ history = 100 } = {}) {
  let host
  let seq = 0
  /** @type {any[]} pending and finished ones, the oldest first */
  let events = []
  const held = new Set() // lanes
  const isPending = (event) => event.state === 'pending'
  const shown = (state) => events.filter((event) => !event.isDiscarded && (state ?? event.state) === event.state)
  const dateOf = (event) => event === undefined ? null : new Date(event.receivedAt)
  /** @returns {any} */
  function show ({ answer, attempt, completed, problems, isDiscarded, error, ...event }) {
    return { ...event, receivedAt: dateOf(event), dueAt: event.state === 'pending' ? dateOf(event) : null, error: error ?? problems?.join('; ') ?? null }
  }
  function push ({ id, name, lane, event, receivedAt, problems }, completed = []) {
    const answer = Promise.withResolvers()
    answer.promise.catch(() => {}) // after a replay, nobody waits for it
    events.push({ id, name, lane, event, receivedAt, problems, completed, answer, seq: ++seq, attempt: 1, state: 'pending', attempts: 0, finishedAt: null, error: null, deliveries: [] })
    return answer.promise
  }
  function remove (gone) {
    for (const event of gone) event.isDiscarded = true // a pending one has its turn nevertheless: its sender waits for an answer
    events = events.filter((event) => !event.isDiscarded || isPending(event))
    host?.wake()
    return gone.length
  }
  return {
    durable: false,
    open (given) { host = given },
    add (added) {
      if (host === undefined) throw new ClosingError()
      const known = shown().filter(({ id }) => id === added.id)
      const repeated = known.find(({ state }) => state === 'pending' || state === 'done')
      if (repeated !== undefined) return repeated.answer.promise.then(() => 'duplicate')
      if (shown('pending').length >= host.maxBacklog) throw new BacklogFullError()
      const answer = push(added)
      remove(known) // what has failed gives way
      return answer
    },
    claim (lanes) {
      const free = Map.groupBy(events.filter((event) => isPending(event) && !held.has(event.lane)), ({ lane }) => lane)
      const claims = [...free].slice(0, lanes).map(([lane, [event]]) => ({ lane, events: [event] }))
      for (const { lane } of claims) held.add(lane)
      return claims
    },
    settle ({ lane, events: [claimed] }, [outcome]) {
      held.delete(lane)
      const event = events.find(({ seq }) => seq === claimed.seq)
      if (event === undefined || outcome === undefined) return // it is closed, or was not delivered
      const { state, error, completed, delivery } = outcome
      Object.assign(event, { state: state === 'pending' ? 'dead' : state, error, completed, attempts: 1, finishedAt: new Date(), deliveries: delivery === undefined ? [] : [delivery] })
      if (state === 'done') event.answer.resolve('accepted')
      else event.answer.reject(state === 'invalid' ? new InvalidEventError(event.problems.join('; ')) : new NotDeliveredError())
      remove(events.filter((event) => !isPending(event)).slice(0, -history))
    },
    stats () {
      const [pending, done, dead, invalid] = ['pending', 'done', 'dead', 'invalid'].map((state) => shown(state))
      const last = done.findLast(({ problems }) => problems === null)
      return { pending: pending.length, failing: 0, done: done.length, dead: dead.length, invalid: invalid.length, oldestPendingAt: dateOf(pending[0]), lastReceivedAt: dateOf(last) }
    },
    list: ({ state, limit = 100, before = Infinity } = {}) => shown(state).filter(({ seq }) => seq < before).reverse().slice(0, limit).map(show),
    get: (wanted) => shown().filter(({ id }) => id === wanted).map(show)[0],
    replay (ids, { all = false } = {}) {
      const finished = shown().filter((event) => !isPending(event) && ids.includes(event.id))
      for (const event of finished) push({ ...event, problems: event.state === 'invalid' ? null : event.problems }, event.state === 'dead' && !all ? event.completed : [])
      return remove(finished)
    },
    discard: (ids) => remove(shown().filter(({ id }) => ids.includes(id))),
    forget: (wanted) => remove(shown().filter(({ lane }) => lane === wanted)),
    close () {
      host = undefined
      for (const { answer } of events) answer.reject(new ClosingError())
      events = []
    }
  }
}
