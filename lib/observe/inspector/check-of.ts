import type { Static, TSchema } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { BadQuestionError } from '../../errors/errors.ts'

/** Not the app's validator, which may be told to change what it looks at. What has a description is refused in its words. */
export function checkOf<T extends TSchema> (schema: T): (value: unknown) => Static<T> {
  const check = TypeCompiler.Compile(schema)
  return (value) => {
    if (check.Check(value)) return value
    const [problem] = Array.from(check.Errors(value), ({ path, message, schema: { description } }) => description === undefined ? `${path}: ${message}` : `${path.slice(1)} must be ${description}`)
    throw new BadQuestionError(String(problem))
  }
}
