import { isObject } from '../options/check.ts'

type Plain = string | number | bigint | boolean | null | undefined

/** `T` with every field left to choice, at every depth. Arrays are given whole. */
export type DeepPartial<T> =
  // First, because `string & {}`, which an open list of known values is made of, would pass for an object.
  T extends Plain ? T
    : T extends readonly unknown[] ? T
      : T extends object ? { [Key in keyof T]?: DeepPartial<T[Key]> | undefined }
        : T

/** A copy of `base` with the given fields: objects are merged, anything else is replaced, `undefined` is ignored. */
export function merge<T> (base: T, overrides: DeepPartial<NoInfer<T>>): T {
  return merged(base, overrides) as T // a DeepPartial<T> only replaces what it names, by values of the same type
}

function merged (base: unknown, override: unknown): unknown {
  if (!isObject(base) || !isObject(override)) return override
  const given = Object.entries(override).filter(([, value]) => value !== undefined)
  const fields = given.map(([key, value]) => [key, Object.hasOwn(base, key) ? merged(base[key], value) : value] as const)
  // A spread and `fromEntries` define fields, where an assignment to `__proto__` would change the object's prototype.
  return { ...base, ...Object.fromEntries(fields) }
}
