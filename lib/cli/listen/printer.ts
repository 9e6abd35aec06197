import type { UnknownEvent } from '../../events/schemas.ts'
import { createEventRedact } from '../../observe/inspector/redact.ts'
import { conversationOf } from '../../receive/identify.ts'
import type { WebhookContext } from '../../webhooks/context.ts'
import { describe } from '../describe.ts'
import type { Io } from '../io.ts'
import { columnsOf, isTerminal, jsonOf, onOneLine, paintFor } from '../terminal.ts'
import type { Paint } from '../terminal.ts'
import type { ListenOptions } from './options.ts'

type Context = Pick<WebhookContext, 'id' | 'receivedAt' | 'attempt'>

/** Prints an event. */
type Print = (event: UnknownEvent, context: Context) => void

export function createPrinter ({ json, redact }: ListenOptions, { stdout, env }: Io): Print {
  const redacted = createEventRedact(redact)
  const paint = paintFor(stdout, env)
  const show = json || !isTerminal(stdout) ? recordOf : (event: UnknownEvent, context: Context) => lineOf(event, context, paint, columnsOf(stdout))
  return (event, context) => { stdout.write(`${show(redacted(event), context)}\n`) }
}

/** For programs, such as `send --chaos --handled`. */
function recordOf (event: UnknownEvent, { id, receivedAt, attempt }: Context): string {
  return jsonOf({ id, name: event.event, conversation: conversationOf(event) ?? null, receivedAt, attempt, event })
}

/** For people. */
function lineOf (event: UnknownEvent, { receivedAt }: Context, paint: Paint, width: number): string {
  const { medium, who, content } = describe(event)
  const cells: Array<[format: Parameters<Paint>[0], text: string]> = [
    ['dim', clock(receivedAt)],
    ['cyan', onOneLine(medium === '' ? event.event : medium, 20).padEnd(9)],
    ['dim', onOneLine(conversationOf(event) ?? '', 36)],
    ['bold', onOneLine(who, 40)]
  ]
  const shown = cells.filter(([, text]) => text.trim() !== '')
  const used = shown.reduce((sum, [, text]) => sum + text.length + 2, 0)
  return [...shown.map(([format, text]) => paint(format, text)), onOneLine(content, Math.max(20, width - used))].join('  ')
}

export function clock (time: Date): string {
  return time.toTimeString().slice(0, 8)
}
