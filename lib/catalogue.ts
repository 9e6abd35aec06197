import { Type } from '@sinclair/typebox'
import type { TSchema, TUnsafe } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { TypeCheck } from '@sinclair/typebox/compiler'
import { ValueErrorType } from '@sinclair/typebox/errors'
import { InvalidOptionError } from './errors.ts'
import { providerEvents } from './events.ts'
import type { UnknownEvent } from './events.ts'

const MOST_PROBLEMS = 10

/** The events that have a schema: their compiled checks, and what a body may be for the documentation. */
export class EventCatalogue {
  /** Every body that is accepted: an event of a schema, or one of another name. */
  readonly body: TUnsafe<UnknownEvent>
  readonly schemas: ReadonlyMap<string, TSchema>
  readonly #checks: ReadonlyMap<string, TypeCheck<TSchema>>

  constructor (further: Readonly<Record<string, TSchema>>) {
    const schemas = Object.entries<TSchema>({ ...providerEvents, ...further })
    const other = Type.Object({ event: Type.String() }, { title: 'unknown', description: 'An event of another name' })
    this.body = Type.Unsafe(Type.Union([...schemas.map(([, schema]) => schema), other]))
    this.schemas = new Map(schemas)
    this.#checks = new Map(schemas.map(([name, schema]) => [name, compile(name, schema)]))
  }

  /** The name of an event if it has a schema, or else `unknown`: a name that came over the network is nothing to call anything by. */
  nameOf ({ event }: UnknownEvent): string {
    return this.#checks.has(event) ? event : 'unknown'
  }

  /** Whether an event is of the schema that its name has, if any. */
  fits (event: UnknownEvent): boolean {
    const check = this.#checks.get(event.event)
    return check === undefined || check.Check(event)
  }

  /** Says where an event differs from its schema and what was expected there: never a value, for that is somebody's data. */
  problems (event: UnknownEvent): string[] {
    const messages = new Map<string, string>()
    for (const { type, path, message } of this.#checks.get(event.event)?.Errors(event) ?? []) {
      // The path of a field that is too much ends with its name, which the sender has chosen.
      const place = type === ValueErrorType.ObjectAdditionalProperties ? path.slice(0, path.lastIndexOf('/')) : path
      if (!messages.has(place)) messages.set(place, message)
      if (messages.size === MOST_PROBLEMS) break
    }
    return Array.from(messages, ([path, message]) => `${path}: ${message}`)
  }
}

function compile (name: string, schema: TSchema): TypeCheck<TSchema> {
  try {
    return TypeCompiler.Compile(schema)
  } catch (error) {
    throw new InvalidOptionError(`\`events\` must hold schemas that compile, got one for '${name}' that does not: ${String(error)}`)
  }
}
