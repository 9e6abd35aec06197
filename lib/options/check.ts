import { InvalidOptionError } from '../errors/errors.ts'
import { inQuotes } from '../errors/url-passwords.ts'

/** Tells whether a value will do, and what it must be if not: "start with '/'". */
export interface Rule {
  readonly fits: (value: unknown) => boolean
  readonly must: string
  /** Such a value is never shown. */
  readonly secret?: boolean
}

const OF_REGISTER = ['prefix', 'logLevel', 'logSerializers']

/** Options with every default filled in. */
export type Filled<T> = { readonly [Key in keyof T]-?: Exclude<T[Key], undefined> }

/** Throws `InvalidOptionError` on an unknown key or a value that does not fit. `undefined` stands for the default. */
export function check (where: string, options: unknown, rules: Readonly<Record<string, Rule>>): void {
  if (!isObject(options)) throw new InvalidOptionError(`${where} must be an object, got ${show(options)}`)
  for (const [key, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, key) ? rules[key] : undefined
    if (rule === undefined) {
      throw new InvalidOptionError(`\`${key}\` is not one of ${where}: they are ${Object.keys(rules).join(', ')}`)
    }
    if (value !== undefined && !rule.fits(value)) {
      const got = rule.secret === true ? kindOf(value) : show(value)
      throw new InvalidOptionError(`\`${key}\` of ${where} must ${rule.must}, got ${got}`)
    }
  }
}

/** What a plugin was given, but for the options that Fastify takes itself and passes on. */
export function ownOptions (given: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(given).filter(([name]) => !OF_REGISTER.includes(name)))
}

/** Unlike `Array.isArray` it makes no `any` of what is in it. */
export function isList (value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

export function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export const bool: Rule = { fits: (value) => typeof value === 'boolean', must: 'be true or false' }

export const func: Rule = { fits: (value) => typeof value === 'function', must: 'be a function' }

export const string: Rule = { fits: (value) => typeof value === 'string', must: 'be a string' }

export const date: Rule = { fits: (value) => value instanceof Date && !Number.isNaN(value.getTime()), must: 'be a valid Date' }

export function integer (least: number, most = Number.MAX_SAFE_INTEGER): Rule {
  return {
    fits: (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most,
    must: most === Number.MAX_SAFE_INTEGER ? `be an integer of ${least} or more` : `be an integer from ${least} to ${most}`
  }
}

/** Node's timers fire at once when they are asked for more milliseconds than this. */
export const LONGEST_TIMER = 2 ** 31 - 1

/** Milliseconds that a timer can wait. */
export function duration (least = 0): Rule {
  return integer(least, LONGEST_TIMER)
}

function kindOf (value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'string' && value.trim() === '') return 'a blank string'
  return Array.isArray(value) ? 'array' : typeof value
}

function show (value: unknown): string {
  if (typeof value === 'string') return `${inQuotes(value)} (string)`
  if (typeof value === 'number' || typeof value === 'boolean') return `${String(value)} (${typeof value})`
  return kindOf(value)
}
