import type { DeliveryRecord, StoredEvent } from '../../inbox/inbox.ts'
import { recordOf } from '../../inbox/record.ts'
import { storedConversation } from '../../inbox/stored-conversation.ts'
import { createRedact } from '../../observe/inspector/redact.ts'
import { EXIT } from '../exit.ts'
import type { Io } from '../io.ts'
import { isTerminal, onOneLine, paintFor, prettyJson } from '../terminal.ts'
import type { Paint } from '../terminal.ts'
import { find } from './find.ts'
import type { InboxOptions } from './options.ts'
import { colourOf, quietUntil } from './row.ts'
import type { Source } from './source.ts'

export async function show (source: Source, { ids, json, redact }: InboxOptions, { stdout, env }: Io): Promise<number> {
  const event = createRedact(redact)(await find(source, ids.join())) // of which there is one
  const text = json || !isTerminal(stdout) ? recordOf(event) : fullOf(event, paintFor(stdout, env))
  stdout.write(`${text}\n`)
  return EXIT.ok
}

function fullOf (event: StoredEvent, paint: Paint): string {
  const { id, name, state, receivedAt, attempts, dueAt, isCollected = false, finishedAt, error, deliveries } = event
  const conversation = storedConversation(event)
  const until = quietUntil(event)
  const fields = {
    id,
    name: onOneLine(name),
    conversation: conversation === null ? undefined : onOneLine(conversation),
    state: `${paint(colourOf(state), state)}${isCollected ? ', waits for its collectors' : ''}`,
    received: receivedAt.toISOString(),
    deliveries: String(attempts),
    due: until === undefined ? dueAt?.toISOString() : `${until.toISOString()}, or later if more of its conversation comes`,
    finished: finishedAt?.toISOString(),
    error: error === null ? undefined : onOneLine(error)
  }
  return [
    ...Object.entries(fields).filter(([, value]) => value !== undefined).map(([field, value]) => `${paint('dim', field.padEnd(12))}  ${String(value)}`),
    ...deliveries.flatMap((delivery, i) => linesOf(delivery, paint, i === 0)),
    prettyJson(event.event, paint)
  ].join('\n')
}

/** When it was, how long it took, and what each listener that failed had to say. */
function linesOf ({ attempt, startedAt, duration, completed, failures }: DeliveryRecord, paint: Paint, isFirst: boolean): string[] {
  const done = completed.map((listener) => `  ${paint('green', 'ok')}      ${onOneLine(listener)}`)
  const failed = failures.map(({ listener, duration, error }) =>
    `  ${paint('red', 'failed')}  ${onOneLine(listener)}, ${Math.round(duration)} ms: ${onOneLine(error)}`)
  const ignored = done.length + failed.length === 0 ? [`  ${isFirst ? 'no listener wanted it' : 'no listener was left that had not done it'}`] : []
  return [`${paint('dim', 'delivery')} ${attempt}    ${startedAt.toISOString()}, ${Math.round(duration)} ms`, ...ignored, ...done, ...failed]
}
