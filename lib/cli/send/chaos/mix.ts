import { inQuotes } from '../../../errors/url-passwords.ts'
import { UsageError } from '../../usage-error.ts'

/** Per cent of the events that each kind of trouble comes to. */
export interface Mix {
  readonly repeats: number
  readonly reordered: number
  readonly delayed: number
  readonly truncated: number
  readonly forged: number
  readonly cut: number
  readonly bursts: number
}

export type Trouble = keyof Mix

export const DEFAULTS: Mix = { repeats: 10, reordered: 5, delayed: 5, truncated: 5, forged: 5, cut: 5, bursts: 10 }

const NONE: Mix = { repeats: 0, reordered: 0, delayed: 0, truncated: 0, forged: 0, cut: 0, bursts: 0 }

/** The mix that is asked for: 'repeats=20,cut=5', in which what is not named does not happen. */
export function parseMix (text: string | undefined, signed: boolean): Mix {
  if (text === undefined) return signed ? DEFAULTS : { ...DEFAULTS, forged: 0 }
  const entries = text.split(',').map((part) => entryOf(part, text))
  const mix = { ...NONE, ...Object.fromEntries(entries) }
  if (new Set(entries.map(([name]) => name)).size < entries.length) throw new UsageError(`--chaos-mix must name each kind once, got ${inQuotes(text)}`)
  if (mix.forged > 0 && !signed) throw new UsageError('--chaos-mix has forged signatures, which needs a key: give ONEROUTE_SECRET or --secret, or leave forged out')
  return mix
}

function entryOf (part: string, text: string): [Trouble, number] {
  const [, name = '', number = ''] = /^\s*(\w+)=(\d+(?:\.\d+)?)\s*$/.exec(part) ?? []
  if (!isTrouble(name) || Number(number) > 100) {
    throw new UsageError(`--chaos-mix must be such as ${writeMix(DEFAULTS)}, in per cent of the events, got ${inQuotes(text)}`)
  }
  return [name, Number(number)]
}

function isTrouble (name: string): name is Trouble {
  return Object.hasOwn(DEFAULTS, name)
}

export function writeMix (mix: Mix): string {
  return Object.entries(mix).map(([name, percent]) => `${name}=${percent}`).join(',')
}
