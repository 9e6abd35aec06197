import { newMessage, smsDeliveryReport } from '../../../testing/testing.ts'
import type { Io } from '../../io.ts'
import type { SendOptions } from '../options.ts'
import { readEvent } from '../source.ts'
import type { Source } from '../source.ts'
import { variantsOf } from '../variants.ts'
import { idFrom } from './random.ts'

/** The samples are of this time, for the bodies of a seed are always the same. */
const NOW = '2026-01-01T12:00:00.000Z'

/** The bodies of a seed: all different, and the same whenever they are asked for. */
export async function openBodies (options: SendOptions, seed: number, io: Io): Promise<Source> {
  const make = variantsOf(await templateOf(options, io), { ...options, count: Infinity }, (name) => idFrom(seed, name))
  return (index) => Buffer.from(JSON.stringify(make(index)))
}

async function templateOf (options: SendOptions, io: Io): Promise<Uint8Array> {
  const { event } = options
  if (event === 'newMessage') {
    return jsonOf(newMessage({
      message: { sender: { lastActivity: NOW } },
      conversation: { lastMessageAt: NOW, createdAt: NOW, updatedAt: NOW }
    }))
  }
  if (event === 'smsDeliveryReport') return jsonOf(smsDeliveryReport({ conversation: { delivered_time: NOW, createdAt: NOW } }))
  return await readEvent(options, io)
}

function jsonOf (event: object): Uint8Array {
  return Buffer.from(JSON.stringify(event))
}
