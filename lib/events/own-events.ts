import { FormatRegistry, Kind, KindGuard, TypeGuard } from '@sinclair/typebox'
import type { TSchema } from '@sinclair/typebox'
import { InvalidOptionError } from '../errors/errors.ts'
import { partsOf } from './parts.ts'
import { providerEvents } from './schemas.ts'

/**
 * What `Type` of `@sinclair/typebox` 0.34 makes. Not its own type `TSchema`: the one that is imported and the one that is required do not
 * fit each other, and an app in CommonJS has the latter.
 */
export interface EventSchema {
  readonly static: unknown
  readonly params: readonly unknown[]
}

/** The names that a listener may have besides those of events, `EventEmitter`'s own included. */
export const OTHER_NAMES = ['unknown', 'event', 'invalid', 'error', 'newListener', 'removeListener'] as const

const RESERVED_NAMES: readonly string[] = [...OTHER_NAMES, '__proto__', ...Object.keys(providerEvents)]

/** Throws if an event of the `events` option has a name that is taken, or a schema that cannot check what comes. */
export function checkEvents (events: Readonly<Record<string, unknown>>): asserts events is Readonly<Record<string, TSchema>> {
  for (const [name, schema] of Object.entries(events)) {
    if (RESERVED_NAMES.includes(name)) {
      throw new InvalidOptionError(`\`events\` must not name '${name}': it is taken, as are ${RESERVED_NAMES.join(', ')}`)
    }
    const problem = problemOf(schema)
    if (problem !== undefined) throw new InvalidOptionError(`\`events\` must hold schemas of @sinclair/typebox 0.34, got for '${name}' ${problem}`)
  }
}

function problemOf (schema: unknown): string | undefined {
  const parts = partsOf(schema)
  if (parts.some((part) => typeof part['~kind'] === 'string')) {
    return "one of the package 'typebox' 1.x, which are made in another way: import Type from '@sinclair/typebox'"
  }
  if (parts.some((part) => part[Kind] === 'Unsafe')) {
    return 'a Type.Unsafe of a plain JSON Schema, which TypeBox cannot check: put a schema in it that was made with Type'
  }
  if (!TypeGuard.IsSchema(schema)) {
    return 'something else. A plain JSON Schema has to be written with Type, or give Type.Object({}) and check the event in the listener'
  }
  const format = parts.filter((part) => KindGuard.IsString(part)).map((part) => part.format)
    .find((format) => format !== undefined && !FormatRegistry.Has(format))
  return format === undefined
    ? undefined
    : `the format '${format}', which TypeBox does not know, so that it refuses every string: call FormatRegistry.Set('${format}', …) before, or use a \`pattern\`. In CommonJS it is the FormatRegistry of await import('@sinclair/typebox'): require() has another`
}
