// own-inbox.mjs
import { DatabaseSync } from 'node:sqlite'
import { BacklogFullError, ClosingError } from 'fastify-oneroute-webhooks'

// Events of one queue are delivered one after the other: those of a lane, or one that has left its lane.
const SCHEMA = `PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;
  CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, name, lane, queue, state, received, due, finished, failed,
    attempts DEFAULT 0, tried DEFAULT 0, problems, error, completed DEFAULT '[]', refused DEFAULT '[]', deliveries DEFAULT '[]', body);
  CREATE INDEX IF NOT EXISTS events_of_queue ON events (state, queue, seq)`
const ADD = `INSERT OR REPLACE INTO events (id, name, lane, queue, state, body, received, due, finished, problems, error)
  VALUES (:id, :name, :lane, :lane, :state, :body, :receivedAt, iif(:state = 'pending', :receivedAt, NULL), iif(:state = 'pending', NULL, :receivedAt), :problems, :error)`
const DUE = "SELECT *, min(seq) FROM events WHERE state = 'pending' GROUP BY queue HAVING due <= ? ORDER BY seq"
// tried: 1 while it is under way; 2 if it was so when a process ended, and is under way again, with no other such event beside it.
const TAKE = 'UPDATE events SET tried = min(tried + 1, 2), attempts = attempts + (tried = 1) WHERE seq IN (SELECT value FROM json_each(?))'
const GIVE_BACK = 'UPDATE events SET tried = tried - 1, attempts = attempts - (tried = 2) WHERE seq = ?'
const SETTLE = `UPDATE events SET state = :state, due = :dueAt, attempts = :attempt, tried = 0, completed = :completed, refused = :refused,
  error = iif(:state = 'done', NULL, coalesce(:error, error)), finished = iif(:state = 'pending', NULL, :now), failed = iif(:state = 'pending', coalesce(failed, :now), failed),
  queue = iif(:aside, 'aside ' || id, queue), deliveries = iif(:delivery IS NULL, deliveries, json_insert(deliveries, '$[#]', json(:delivery))) WHERE seq = :seq`
const REPLAY = `INSERT OR REPLACE INTO events (id, name, lane, queue, state, body, received, due, problems, error, completed, deliveries)
  SELECT id, name, lane, lane, 'pending', body, received, ?, iif(state = 'invalid', NULL, problems), error, iif(state = 'dead' AND NOT ?, completed, '[]'), deliveries
  FROM events WHERE state <> 'pending' AND id IN (SELECT value FROM json_each(?)) ORDER BY seq RETURNING seq`
const TIMES = `SELECT min(received) FILTER (WHERE state = 'pending') AS oldest, max(received) FILTER (WHERE problems IS NULL) AS last,
  count(failed) FILTER (WHERE state = 'pending') AS failing FROM events`

/**
 * A durable inbox for one process. What a method has changed is on disk when it returns.
 * @returns {import('fastify-oneroute-webhooks').Inbox}
 */
export function ownInbox (path) {
  const held = new Map() // the claimed event of each queue
  let db, host, timer, suspect
  let isRecovering = false

  /** @returns {any[]} */
  function all (sql, ...values) {
    if (db === undefined) throw new ClosingError()
    return db.prepare(sql).all(...values)
  }
  const count = (state) => all('SELECT count(*) AS n FROM events WHERE state = ?', state)[0].n
  function removed (rows) {
    for (const { seq, queue } of rows) if (held.get(queue)?.seq === seq) held.get(queue).isDiscarded = true
    host.wake()
    return rows.length
  }

  return {
    durable: true,
    get isRecovering () { return isRecovering },
    open (given) {
      host = given
      db = new DatabaseSync(path)
      db.exec(SCHEMA)
      isRecovering = all('SELECT seq FROM events WHERE tried > 0 LIMIT 1').length > 0
      timer = setInterval(() => { host.wake() }, 500) // a retry may be due
    },
    add ({ id, name, lane, state, body, receivedAt, problems }) {
      const [known] = all('SELECT state FROM events WHERE id = ?', id)
      if (known !== undefined && known.state !== 'dead' && (known.state !== 'invalid' || problems !== null)) return 'duplicate'
      if (count(state) >= host.maxBacklog || (problems !== null && count('invalid') >= host.maxBacklog)) throw new BacklogFullError()
      all(ADD, { id, name, lane, state, body, receivedAt, problems: problems && JSON.stringify(problems), error: problems && problems.join('; ') })
      host.wake()
      return 'accepted'
    },
    claim (most) {
      let room = suspect === undefined ? 1 : 0
      const rows = all(DUE, Date.now()).filter(({ queue, tried }) => !held.has(queue) && (tried === 0 || room-- > 0)).slice(0, most)
      all(TAKE, JSON.stringify(rows.map(({ seq }) => seq)))
      return rows.map((row) => {
        const event = claimed(row)
        held.set(row.queue, event)
        if (row.tried > 0) suspect = row.queue
        return { lane: row.queue, events: [event] }
      })
    },
    settle ({ lane, events: [{ seq, attempt }] }, [outcome]) {
      if (outcome === undefined) all(GIVE_BACK, seq)
      else {
        const { state, dueAt, error, completed, refused = [], aside = false, delivery } = outcome
        const lists = { completed: JSON.stringify(completed), refused: JSON.stringify(refused), delivery: JSON.stringify(delivery) ?? null }
        all(SETTLE, { seq, state, dueAt, attempt, error, aside: Number(aside), now: Date.now(), ...lists })
      }
      held.delete(lane)
      if (suspect === lane) suspect = undefined
    },
    stats () {
      const [{ oldest, last, failing }] = all(TIMES)
      const [pending, done, dead, invalid] = ['pending', 'done', 'dead', 'invalid'].map(count)
      return { pending, failing, done, dead, invalid, oldestPendingAt: date(oldest), lastReceivedAt: date(last) }
    },
    list: ({ state = null, limit = 100, before = Number.MAX_SAFE_INTEGER } = {}) =>
      all('SELECT * FROM events WHERE seq < ? AND state = coalesce(?, state) ORDER BY seq DESC LIMIT ?', before, state, limit).map(stored),
    get: (id) => all('SELECT * FROM events WHERE id = ?', id).map(stored)[0],
    replay (ids, { all: toAll = false } = {}) {
      const { length } = all(REPLAY, Date.now(), Number(toAll), JSON.stringify(ids))
      host.wake()
      return length
    },
    discard: (ids) => removed(all('DELETE FROM events WHERE id IN (SELECT value FROM json_each(?)) RETURNING seq, queue', JSON.stringify(ids))),
    forget (lane) {
      const length = removed(all('DELETE FROM events WHERE lane = ? RETURNING seq, queue', lane))
      db.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)') // nothing of them is left in the file
      return length
    },
    close () {
      if (db === undefined) return
      clearInterval(timer)
      db.close()
      db = undefined
    }
  }
}

const date = (time) => time === null ? null : new Date(time)
const parse = (body) => JSON.parse(new TextDecoder().decode(body))

function stored ({ seq, id, name, lane, state, attempts, error, ...row }) {
  const deliveries = JSON.parse(row.deliveries, (key, value) => key === 'startedAt' ? new Date(value) : value)
  const dates = { receivedAt: new Date(row.received), dueAt: date(row.due), finishedAt: date(row.finished) }
  return { seq, id, name, lane, state, event: parse(row.body), ...dates, attempts, error, deliveries }
}

function claimed ({ seq, id, name, attempts, tried, failed, ...row }) {
  const lists = { completed: JSON.parse(row.completed), refused: JSON.parse(row.refused), problems: JSON.parse(row.problems) }
  const interrupted = tried === 2
  const attempt = interrupted ? attempts : attempts + 1
  const failingFor = failed === null ? 0 : Date.now() - failed
  return { seq, id, name, event: parse(row.body), receivedAt: row.received, attempt, interrupted, failingFor, ...lists, isAside: row.queue !== row.lane, isDiscarded: false }
}
