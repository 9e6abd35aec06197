import { Type } from '@sinclair/typebox'
import type { TSchema, TUnsafe } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { TypeCheck } from '@sinclair/typebox/compiler'
import { InvalidOptionError } from '../errors/errors.ts'
import { nameInLogs } from './name-in-logs.ts'
import { fieldNamesOf, problemsOf } from './problems.ts'
import { providerEvents } from './schemas.ts'
import type { UnknownEvent } from './schemas.ts'

/** The events that have a schema: their compiled checks, and what a body may be for the documentation. */
export class EventCatalogue {
  /** Every body that is accepted: an event of a schema, or one of another name. */
  readonly body: TUnsafe<UnknownEvent>
  readonly schemas: ReadonlyMap<string, TSchema>
  readonly #checks: ReadonlyMap<string, TypeCheck<TSchema>>
  readonly #fieldNames: ReadonlyMap<string, ReadonlySet<string>>

  constructor (further: Readonly<Record<string, TSchema>>) {
    const schemas = Object.entries<TSchema>({ ...providerEvents, ...further })
    const other = Type.Object({ event: Type.String({ minLength: 1 }) }, { title: 'unknown', description: 'An event of another name' })
    this.body = Type.Unsafe(Type.Union([...schemas.map(([, schema]) => schema), other]))
    this.schemas = new Map(schemas)
    this.#checks = new Map(schemas.map(([name, schema]) => [name, compile(name, schema)]))
    this.#fieldNames = new Map(schemas.map(([name, schema]) => [name, fieldNamesOf(schema)]))
  }

  /** The name of an event if it has a schema, or else `unknown`: a name that came over the network is nothing to call anything by. */
  nameOf ({ event }: UnknownEvent): string {
    return this.#checks.has(event) ? event : 'unknown'
  }

  /** What the log calls an event. */
  labelOf ({ event }: UnknownEvent): string {
    return this.#checks.has(event) ? event : nameInLogs(event)
  }

  /** Whether an event is of the schema that its name has, if any. */
  fits (event: UnknownEvent): boolean {
    const check = this.#checks.get(event.event)
    return check === undefined || isOf(check, event)
  }

  /** Says where an event differs from its schema and what was expected there, in ten places at the most. */
  problems (event: UnknownEvent): string[] {
    const errors = this.#checks.get(event.event)?.Errors(event)
    const fieldNames = this.#fieldNames.get(event.event)
    return errors === undefined || fieldNames === undefined ? [] : problemsOf(event, errors, fieldNames)
  }
}

/** A check of the app's own that throws, as a format made with `new URL(value)` does, says no. */
function isOf (check: TypeCheck<TSchema>, event: UnknownEvent): boolean {
  try {
    return check.Check(event)
  } catch {
    return false
  }
}

function compile (name: string, schema: TSchema): TypeCheck<TSchema> {
  try {
    return TypeCompiler.Compile(schema)
  } catch (error) {
    throw new InvalidOptionError(`\`events\` must hold schemas that compile, got one for '${name}' that does not: ${String(error)}`)
  }
}
