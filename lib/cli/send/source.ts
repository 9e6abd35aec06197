import { readFile } from 'node:fs/promises'
import { addAbortSignal } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { errorOf } from '../../errors/error-of.ts'
import { newMessage, smsDeliveryReport } from '../../testing/testing.ts'
import type { Io } from '../io.ts'
import { UsageError } from '../usage-error.ts'
import { conversationIds } from './conversation-ids.ts'
import type { SendOptions } from './options.ts'
import { variantsOf } from './variants.ts'

/** Makes the body of an event by its number, counted from 0. */
export type Source = (index: number) => Uint8Array

/** The bodies that the command line asks for. */
export async function openSource (options: SendOptions, io: Io): Promise<Source> {
  const source = await sourceOf(options, io)
  if (!options.repeat) return source
  const body = source(0)
  return () => body
}

async function sourceOf (options: SendOptions, io: Io): Promise<Source> {
  if (options.event === 'newMessage') return jsonOf(messages(options))
  if (options.event === 'smsDeliveryReport') return jsonOf(reports(options))
  const bytes = await readEvent(options, io)
  return staysAsItIs(options) ? () => bytes : jsonOf(variantsOf(bytes, options))
}

function staysAsItIs ({ repeat, count, content, conversation, conversations }: SendOptions): boolean {
  return (repeat || count === 1) && content === undefined && conversation === undefined && conversations === undefined
}

function jsonOf (make: (index: number) => object): Source {
  return (index) => Buffer.from(JSON.stringify(make(index)))
}

function messages (options: SendOptions) {
  const idOf = conversationIds(options, () => newMessage().conversation.id)
  const several = options.count > 1 && !options.repeat
  return (index: number) => {
    const event = newMessage({ message: { content: options.content }, conversation: { id: idOf(index) } })
    if (several && options.content === undefined) event.message.content += ` #${index + 1}`
    return event
  }
}

function reports (options: SendOptions) {
  if (options.content !== undefined) {
    throw new UsageError('--content is the text of a message, and a smsDeliveryReport has none: leave it out')
  }
  const idOf = conversationIds(options, () => smsDeliveryReport().conversation.id)
  return (index: number) => smsDeliveryReport({ conversation: { id: idOf(index) } })
}

/** The bytes of a file, or of standard input. */
export async function readEvent ({ event, eventName }: Pick<SendOptions, 'event' | 'eventName'>, { stdin, signal }: Io): Promise<Uint8Array> {
  if (event === '-') return await buffer(addAbortSignal(signal, stdin))
  try {
    return await readFile(event)
  } catch (error) {
    const { message } = errorOf(error)
    throw new UsageError(`${eventName} is neither newMessage nor smsDeliveryReport, nor a file that can be read (${message.replace(/, .*/s, '')})`)
  }
}
